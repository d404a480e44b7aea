"""Holds a column that the command line fills to what mlx-lm answers.

    column.py COMMAND_LINE REFERENCE FOLDER

`REFERENCE` is what `scripts/mlx/reference` has made; in `FOLDER` a home is made.
"""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import smollm2

MODEL = "braincells--SmolLM2-135M-Instruct"
PROMPT = "What is this review about? {{review}}"
TOKENS = 6
#: Below it two tokens are as good as equally likely, and either is right.
LEAST_GAP = 1e-3


def reviews():
    return [opinion.format(thing) for thing in smollm2.THINGS for opinion in smollm2.OPINIONS]


def main():
    program, reference, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    dense, home = reference / "smollm2", folder / "home"
    model = home / "models" / MODEL
    model.mkdir(parents=True)
    for name in ("model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(dense / name, model / name)
    table = folder / "reviews.csv"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([["review"], *([text] for text in reviews())])
    # What this process computes with is not for the program.
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}

    def run(*arguments):
        asked = [program, "--home", str(home), "fill", str(table), "--prompt", PROMPT, "--model",
                 MODEL, "--max-tokens", str(TOKENS),
                 *arguments]
        done = subprocess.run(asked, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"column: {' '.join(asked)}\n{done.stdout}{done.stderr}")
        return done.stdout

    def filled(name, *arguments):
        out = folder / name
        run("--fresh", "--out", str(out), *arguments)
        with out.open(newline="") as file:
            return [row["answer"] for row in csv.DictReader(file)]

    together = filled("together.csv")
    alone = filled("alone.csv", "--parallel-rows", "1")
    shown = [json.loads(line) for line in run(f"--preview={len(together)}", "--json").splitlines()]
    rows = shown[-1]["rows"]
    answers = smollm2.Answers(dense)
    different = 0
    for row, (one, other, preview) in enumerate(zip(together, alone, rows, strict=True)):
        expected = answers.greedy(preview["messages"], TOKENS)
        text = expected["text"].strip()
        if expected["least_gap"] < LEAST_GAP:
            raise SystemExit(f"column: row {row} is too close to call: {expected['least_gap']}")
        if not one == other == text:
            different += 1
            print(f"row {row}: together {one!r}, alone {other!r}, mlx-lm {text!r}", file=sys.stderr)
    if different or len(together) != len(reviews()):
        raise SystemExit(f"column: {different} of {len(together)} cells differ")
    print(f"column: {len(together)} cells, together, alone and by mlx-lm the same; "
          f"the first: {together[0]!r}")


main()
