"""How right labels are, by wording and calibration. Started by `bench/labels/run`.

Each wording is filled by the command line over three tables: shuffled reviews, good ones only, bad
ones only: once with each cell as the model says it right behind the prompt, once calibrated. The
scores come from `braincells labels --cells`; what is not the program's own calibration is computed
from them here, so no model is asked twice.
"""

import argparse
import csv
import json
import math
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from figures import accuracy, calibration_error, mean, moved, reliability
from prompts import PROMPTS, labels, recipe

METHODS = ["written", "alone", "raw", "said", "batch", "prior"]
SETS = ["mixed", "good only", "bad only"]


class Program:
    """The command line with a home of its own."""

    def __init__(self, program, folder, threads):
        self.command = [str(program), "--home", str(folder / "bench-home"), "--json"]
        self.engine = ["--threads", str(threads)] if threads else []

    def __call__(self, *arguments):
        done = subprocess.run(
            [*self.command, *map(str, arguments)], capture_output=True, text=True, check=False
        )
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode != 0:
            sys.exit(f"braincells {arguments[0]} ended with {done.returncode}: {done.stderr}\n{lines[-1:]}")
        return lines


def tables(path, text, rating, rows, class_rows, folder, seed):
    """Writes the tables; returns for each the truths: whether a row is a good review."""
    with open(path, newline="", encoding="utf-8") as file:
        reviews = [
            (row[text], float(row[rating]) > 0)
            for row in csv.DictReader(file)
            if abs(float(row[rating])) >= 1 and row[text].strip()
        ]
    # One text, one row: identical prompts are asked once and would count twice.
    reviews = list(dict.fromkeys(reviews))
    random.Random(seed).shuffle(reviews)
    chosen = {
        "mixed": reviews[:rows],
        "good only": [review for review in reviews if review[1]][:class_rows],
        "bad only": [review for review in reviews if not review[1]][:class_rows],
    }
    for name, table in chosen.items():
        with open(folder / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["text"])
            writer.writerows([[review] for review, _ in table])
    return {name: [is_good for _, is_good in table] for name, table in chosen.items()}


def filled(program, folder, name, prompt, table, model, **how):
    """Fills a table; returns its sheet."""
    file = folder / "recipe.yaml"
    file.write_text(json.dumps(recipe(name, prompt, model, **how)), encoding="utf-8")
    out = folder / "out.csv"
    lines = program("run", file, folder / f"{table}.csv", "--out", out, "--force", *program.engine)
    return next(line["sheet"] for line in reversed(lines) if "sheet" in line)


def label_cells(program, sheet, name, *options):
    result = program("labels", sheet, name, "--cells", *options)[-1]
    return result["figures"], result["cells"]


def scores(cells):
    return [[math.log(max(share["raw"], 1e-300)) for share in cell["labels"]] for cell in cells]


def calibrated(cells):
    return [
        [share["raw"] if share["calibrated"] is None else share["calibrated"] for share in cell["labels"]]
        for cell in cells
    ]


def centred(values):
    return [value - mean(values) for value in values]


def written(program, folder, name, prompt, table, model, truths):
    """How often the first label in what the model writes by itself is the right one."""
    sheet = filled(program, folder, name, prompt, table, model, free=True)
    shown = program("show", sheet, "--rows", len(truths), "--columns", name)[-1]
    names, good = labels(prompt)
    wanted = [names[good] if is_good else names[1 - good] for is_good in truths]
    label = re.compile(r"\b(" + "|".join(map(re.escape, names)) + r")\b", re.IGNORECASE)
    answers = [label.search(str(row["cells"][0]["value"])) for row in shown["window"]["rows"]]
    return mean(
        answer is not None and answer[1].lower() == right for answer, right in zip(answers, wanted)
    )


def measure(program, folder, name, prompt, model, truths, checked):
    """Accuracy by set and method, and the shares over the mixed rows."""
    names, good = labels(prompt)
    right = {
        table: [good if is_good else 1 - good for is_good in truths[table]] for table in SETS
    }
    result, mixed = {}, {}
    for table in SETS:
        by_method = {"written": math.nan}
        if table == "mixed":
            by_method["written"] = written(
                program, folder, name, prompt, table, model, truths[table]
            )
        sheet = filled(program, folder, name, prompt, table, model, calibration="none")
        alone = scores(label_cells(program, sheet, name)[1])
        sheet = filled(program, folder, name, prompt, table, model)
        figures, cells = label_cells(program, sheet, name)
        rows = scores(cells)
        said = centred(figures["calibration"]["prior"])
        nothing = [0.0] * len(names)
        shares = {
            "alone": [moved(row, nothing) for row in alone],
            "raw": [moved(row, nothing) for row in rows],
            "said": [moved(row, said) for row in rows],
        }
        shares["prior"] = calibrated(cells)
        # The program's own, over the same scores; nothing is asked.
        shares["batch"] = calibrated(label_cells(program, sheet, name, "--calibration", "batch")[1])
        by_method |= {method: accuracy(shares[method], right[table]) for method in shares}
        result[table] = by_method
        lead_in = figures["calibration"].get("lead_in")
        print(f"{name}, {table}: scored behind {lead_in!r}", file=sys.stderr, flush=True)
        if table == "mixed":
            mixed = shares
            program("labels", sheet, name, "--calibration", "prior")
            if checked:
                # A person says of some cells what they are; the others are looked at.
                for row in range(checked):
                    program("rows", sheet, "set", row + 1, name, names[right[table][row]])
                cells = label_cells(program, sheet, name, "--calibration", "prior")[1]
                mixed["checked"] = calibrated(cells)
    return result, mixed, right["mixed"]


def percent(value):
    return "  -  " if math.isnan(value) else f"{value * 100:5.1f}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("reviews", help="CSV file with a text and a rating, of which the sign is the truth")
    arguments.add_argument("--text", default="text")
    arguments.add_argument("--rating", default="rating")
    arguments.add_argument("--rows", type=int, default=360, help="shuffled reviews for each wording")
    arguments.add_argument("--class-rows", type=int, default=300, help="reviews of one class")
    arguments.add_argument("--checked", type=int, default=40, help="cells that a person corrects")
    arguments.add_argument("--prompts", default=",".join(PROMPTS))
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--threads", type=int, help="of the engine; 1 is faster where others compute, too")
    arguments.add_argument("--model", required=True)
    arguments.add_argument("--program", required=True)
    arguments.add_argument("--folder", help="work here and keep it: the same again asks no model")
    arguments.add_argument("--out", help="also write everything that was measured here, as JSON")
    given = arguments.parse_args()
    names = given.prompts.split(",")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(given.folder or temporary).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        # Of an earlier run only the answers are of use: its sheets have corrected cells.
        for left in (folder / "bench-home").glob("*"):
            if not left.name.startswith("responses"):
                shutil.rmtree(left) if left.is_dir() else left.unlink()
        program = Program(given.program, folder, given.threads)
        truths = tables(
            given.reviews, given.text, given.rating, given.rows, given.class_rows, folder, given.seed
        )
        found = {}
        for name in names:
            found[name] = measure(
                program, folder, name, PROMPTS[name], given.model, truths, given.checked
            )
            print(f"{name}: done", file=sys.stderr, flush=True)
            if given.out:
                Path(given.out).write_text(json.dumps(found), encoding="utf-8")
    report(found, given.checked)


def report(found, checked):
    for table in SETS:
        print(f"\n{table}: per cent of rows with the right label")
        print(f"{'wording':14}" + "".join(f"{method:>14}" for method in METHODS))
        for name, (result, _, _) in found.items():
            print(f"{name:14}" + "".join(f"{percent(result[table][m]):>14}" for m in METHODS))
        lines = {"mean": mean, "worst": min}
        for line, how in lines.items():
            figures = [percent(how(r[table][m] for r, _, _ in found.values())) for m in METHODS]
            print(f"{line:14}" + "".join(f"{figure:>14}" for figure in figures))
    print("\nmixed: expected calibration error, per cent; `checked` is `prior` refined by "
          f"{checked} cells, over the other rows")
    methods = ["alone", "raw", "said", "batch", "prior"] + (["checked"] if checked else [])
    print(f"{'wording':14}" + "".join(f"{method:>14}" for method in methods) + f"{'right, checked':>18}")
    pooled = {method: ([], []) for method in methods}
    for name, (_, shares, right) in found.items():
        figures = []
        for method in methods:
            rows, truths = shares[method], right
            if method == "checked":
                rows, truths = rows[checked:], truths[checked:]
            pooled[method][0].extend(rows)
            pooled[method][1].extend(truths)
            figures.append(percent(calibration_error(rows, truths)))
        last = percent(accuracy(shares["checked"][checked:], right[checked:])) if checked else ""
        print(f"{name:14}" + "".join(f"{figure:>14}" for figure in figures) + f"{last:>18}")
    print("\nmixed, all wordings: cells, mean confidence and per cent right by confidence")
    columns = [method for method in ["alone", "raw", "prior", "checked"] if method in pooled]
    print(f"{'confidence':12}" + "".join(f"{method:>24}" for method in columns))
    bins = {method: reliability(*pooled[method]) for method in columns}
    for at in range(10):
        if all(bins[method][at][0] == 0 for method in columns):
            continue
        cells = []
        for method in columns:
            count, sure, right = bins[method][at]
            cells.append(f"{count:>8} {percent(sure):>7} {percent(right):>7}")
        print(f"{at * 10}-{at * 10 + 10} %".ljust(12) + "".join(cells))


if __name__ == "__main__":
    main()
