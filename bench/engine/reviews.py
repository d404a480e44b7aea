"""Texts to fill columns from: a person's own table, or reviews made up here.

Used by `workloads`. The same seed makes the same texts on every machine.
"""

import csv
import random
from dataclasses import dataclass

PRODUCTS = ["camera", "phone", "router", "player", "printer", "tablet", "speaker", "headset",
            "keyboard", "vacuum cleaner", "blender", "monitor", "charger", "watch", "scanner"]
PARTS = ["battery", "screen", "lens", "menu", "manual", "remote", "case", "cable", "button",
         "software", "picture", "sound", "warranty", "packaging", "firmware", "hinge"]
GOOD = ["works better than i expected", "is easy to use", "lasts for days", "looks great",
        "was set up in five minutes", "is worth every cent", "feels solid", "never let me down"]
BAD = ["stopped working after two weeks", "is far too slow", "arrived scratched",
       "froze a couple of times", "is hard to reach", "was a waste of money", "broke at once",
       "gets hot after an hour"]
PLAIN = ["comes in a small box", "is made of black plastic", "is the same as in the older model",
         "sits on the left side", "needs two screws", "was bought in march"]
JOINTS = [", but ", ", and ", "; on the other hand ", ", although "]
OPENINGS = ["", "honestly, ", "after a month: ", "just so you know, ", "i must say ", "well, "]


@dataclass(frozen=True)
class Review:
    """One text, and what it is a part of."""

    text: str
    document: str


def read(path):
    """The reviews of a CSV file with a column `text`; `id` like `12_3` is part 3 of document 12.

    Without such ids every ten texts are a document.
    """
    with open(path, newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        if "text" not in (rows.fieldnames or []):
            raise SystemExit(f"{path} has no column `text`")
        reviews = []
        for row in rows:
            text = row["text"].strip()
            document, divider, _part = row.get("id", "").rpartition("_")
            if text:
                reviews.append(Review(text, document if divider else str(len(reviews) // 10)))
    if not reviews:
        raise SystemExit(f"{path} has no texts")
    return reviews


def synthetic(count=4000, seed=1):
    """Reviews in the manner of shops: one to three clauses, as many good as bad ones."""
    dice = random.Random(seed)
    reviews = []
    while len(reviews) < count:
        document, product = str(len(reviews)), dice.choice(PRODUCTS)
        for _part in range(dice.randint(4, 24)):
            reviews.append(Review(sentence(dice, product), document))
    return reviews[:count]


def sentence(dice, product):
    clauses = []
    for _clause in range(dice.choice([1, 1, 2, 2, 3])):
        part = dice.choice(PARTS)
        said = dice.choice(dice.choice([GOOD, BAD, PLAIN]))
        clauses.append(f"the {part} of this {product} {said}")
    text = clauses[0]
    for clause in clauses[1:]:
        text += dice.choice(JOINTS) + clause
    return dice.choice(OPENINGS) + text + dice.choice([".", ".", "!", ""])


def documents(reviews, count, words):
    """`count` texts of about `words` words, each from one document where that is long enough."""
    found, parts, length, document = [], [], 0, None
    for review in reviews:
        if review.document != document and length < words // 2:
            parts, length = [], 0
        document = review.document
        parts.append(review.text)
        length += len(review.text.split())
        if length >= words:
            found.append(" ".join(parts))
            parts, length = [], 0
            if len(found) == count:
                return found
    raise SystemExit(f"the reviews are enough for {len(found)} documents, and {count} are needed")
