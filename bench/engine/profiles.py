"""Where the processor time of a run goes, by `perf`: `bench/engine/run --profile`.

A share is of all samples of a program, loading and warming up included, so a run should be long.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

SAMPLES_PER_SECOND = 499
#: What runs in the processor, by the name of the function; the first class that fits.
CLASSES = {
    "attention": re.compile(r"flash_attn|simd_gemm|vec_(dot|mad|scale)_f(16|32)|fp16_to_fp32"),
    "matrix products": re.compile(
        r"vec_dot_q|mul_mat|gemm|gemv|tinyBLAS|quantize_(row|mat)|from_float|repack"),
    "other layers": re.compile(
        r"ggml_compute_forward|ggml_vec_|rms_norm|rope|silu|soft_?max|get_rows|apply_\w+_op|"
        r"binary_op|unary_op|ggml_graph_compute"),
    "threads waiting": re.compile(r"gomp|omp_|ggml_barrier|do_spin|do_wait|\[libgomp"),
}
#: Of the rest, what the system does.
SYSTEM, REST = "the system", "all else"
NAMES = [*CLASSES, SYSTEM, REST]


def class_of(symbol):
    found = next((name for name, fits in CLASSES.items() if fits.search(symbol)), None)
    return found or (SYSTEM if symbol.startswith("[k]") else REST)


def shares(command):
    """The share of each class in the processor time of a command."""
    if shutil.which("perf") is None:
        raise RuntimeError("perf is missing: apt-get install linux-perf")
    with tempfile.TemporaryDirectory() as folder:
        data = str(Path(folder) / "perf.data")
        done = subprocess.run(
            ["perf", "record", "--quiet", "-F", str(SAMPLES_PER_SECOND), "-o", data, "--",
             *map(str, command)], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"perf: {(done.stderr.strip() or 'no reason given')[-300:]}")
        said = subprocess.run(
            ["perf", "report", "-i", data, "--no-children", "--sort", "dso,symbol", "--stdio",
             "--field-separator", "\t"],
            capture_output=True, text=True, check=True).stdout
    found = dict.fromkeys(NAMES, 0.0)
    for line in said.splitlines():
        parts = [part.strip() for part in line.split("\t")]
        # Behind these three are columns that only some versions have.
        if len(parts) < 3 or line.startswith("#"):
            continue
        share, program, symbol = parts[:3]
        # A function without a name is told by where it is.
        name = class_of(symbol) if "gomp" not in program else "threads waiting"
        found[name] += float(share.rstrip("%")) / 100
    return found


def table(rows):
    """Rows of a title and the shares."""
    lines = ["| | " + " | ".join(NAMES) + " |", "|---|" + "---|" * len(NAMES)]
    lines += [f"| {title} | " + " | ".join(f"{found[name]:.1%}" for name in NAMES) + " |"
              for title, found in rows]
    return "\n".join(lines)
