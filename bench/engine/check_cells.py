#!/usr/bin/env python3
"""Every output type over many rows, by the command line; started by `bench/engine/validity`.

Whether a cell is valid is decided here again and not believed: from the JSON Lines that
`braincells fill` writes, with nothing of Braincells.
"""

import argparse
import csv
import datetime
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import reviews

LABELS = ["positive", "negative", "neutral", "mixed"]
TOPICS = ["price", "battery", "sound", "screen", "delivery", "software", "other"]
LEAST, GREATEST = -5, 5
SCHEMA = {
    "type": "object",
    "properties": {
        "sentiment": {"enum": LABELS},
        "product": {
            "type": "object",
            "properties": {
                "kind": {"enum": ["device", "accessory", "software", "unknown"]},
                "name": {"type": "string", "maxLength": 40},
            },
            "required": ["kind", "name"],
            "additionalProperties": False,
        },
        "topics": {"type": "array", "items": {"enum": TOPICS}, "maxItems": 3},
        "stars": {"type": "integer", "minimum": 1, "maximum": 5},
        "reason": {"type": "string", "maxLength": 120},
    },
    "required": ["sentiment", "product", "topics", "stars", "reason"],
    "additionalProperties": False,
}


def is_text(value, most):
    return isinstance(value, str) and len(value) <= most


def is_whole(value, least, greatest):
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= greatest


def label(value):
    return value in LABELS


def labels(value):
    """Each at most once, in the order of the set."""
    return isinstance(value, list) and value == [one for one in TOPICS if one in value]


def number(value):
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and LEAST <= value <= GREATEST


def whole(value):
    # A whole number may be written as `3.0` where the column holds decimals.
    return number(value) and float(value).is_integer()


def boolean(value):
    return isinstance(value, bool)


def date(value):
    try:
        return len(value) == 10 and bool(datetime.date.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def nested(value):
    """The schema above, by hand."""
    if isinstance(value, str):  # formats without nested values hold JSON as text
        try:
            value = json.loads(value)
        except ValueError:
            return False
    if not isinstance(value, dict) or set(value) != set(SCHEMA["required"]):
        return False
    product, topics = value["product"], value["topics"]
    kinds = SCHEMA["properties"]["product"]["properties"]["kind"]["enum"]
    return (value["sentiment"] in LABELS
            and isinstance(product, dict) and set(product) == {"kind", "name"}
            and product["kind"] in kinds and is_text(product["name"], 40)
            and isinstance(topics, list) and len(topics) <= 3
            and all(topic in TOPICS for topic in topics)
            and is_whole(value["stars"], 1, 5) and is_text(value["reason"], 120))


TYPES = {
    "label": (f"label:{','.join(LABELS)}", label,
              "How does the writer feel about the product? {{text}}"),
    "labels": (f"labels:{','.join(TOPICS)}", labels, "Which topics are mentioned? {{text}}"),
    "number": (f"number:{LEAST}..{GREATEST}", number,
               "Rate the feeling of this review from -5 to 5: {{text}}"),
    "integer": (f"integer:{LEAST}..{GREATEST}", whole,
                "Rate the feeling of this review from -5 to 5: {{text}}"),
    "boolean": ("boolean", boolean, "Does the writer recommend the product? {{text}}"),
    "date": ("date", date, "When was this probably written? {{text}}"),
    "json": (f"json:{json.dumps(SCHEMA, separators=(',', ':'))}", nested,
             "Describe this review: {{text}}"),
}


def fill(options, name, folder):
    """Fills one column. Returns the number of rows, of valid cells, and the seconds."""
    output, is_valid, prompt = TYPES[name]
    table, out = folder / f"{name}.csv", folder / f"{name}.jsonl"
    count = options.json_rows if name == "json" else options.rows
    texts = [review.text for review in options.texts[:count]]
    with table.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["number", "text"])
        rows.writerows(enumerate(texts))
    # `text` stays text, even where every review is a number.
    command = [options.program, "--home", folder / "home", "--quiet", "fill", table,
               "--prompt", prompt, "--type", output, "--name", "answer", "--model", options.model,
               "--column-type", "text=text", "--out", out, "--temperature",
               str(options.temperature), "--seed", "1"]
    begin = time.monotonic()
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    seconds = time.monotonic() - begin
    # 3 is "finished, but some cells failed", which the cells say themselves.
    if done.returncode not in (0, 3):
        sys.exit(f"validity: {name}: {done.stderr.strip()}")
    cells = [json.loads(line).get("answer") for line in out.read_text().splitlines()]
    wrong = [(text, cell) for text, cell in zip(texts, cells) if not is_valid(cell)]
    for text, cell in wrong[:5]:
        print(f"  {name}: {cell!r} for {text[:60]!r}", file=sys.stderr)
    return len(texts), len(cells) - len(wrong), seconds


def main():
    parser = argparse.ArgumentParser(prog="bench/engine/validity")
    parser.add_argument("reviews", nargs="?", type=Path)
    parser.add_argument("--rows", type=int, help="[default: all]")
    parser.add_argument("--json-rows", type=int, default=500)
    parser.add_argument("--temperature", type=float, default=0.0)
    parser.add_argument("--types", default=",".join(TYPES))
    parser.add_argument("--program", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--model", type=Path, required=True)
    options = parser.parse_args()
    options.texts = reviews.read(options.reviews) if options.reviews else reviews.synthetic()
    options.rows = options.rows or len(options.texts)
    everything = True
    print("| type | rows | valid | rows/s |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.types.split(","):
            rows, valid, seconds = fill(options, name, Path(folder))
            everything &= valid == rows
            print(f"| {name} | {rows} | {valid / rows:.2%} | {rows / seconds:.1f} |", flush=True)
    print("every cell is valid" if everything else "NOT every cell is valid")
    sys.exit(0 if everything else 1)


if __name__ == "__main__":
    main()
