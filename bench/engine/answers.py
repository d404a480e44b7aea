"""What answers say about each other: steady speed, validity, agreement, flips."""

import json
import math

#: Rows at the beginning that do not count for the steady speed: filling slots, first prefixes.
STARTING = 0.2
#: Ends of rows that one call of the model computed lie no further apart.
SAME_MOMENT_SECONDS = 0.005


def steady_rows_per_second(answers):
    """Rows a second once it runs; `None` for too few rows."""
    times = sorted(one["seconds"] for one in answers if one and "seconds" in one)
    skipped = int(len(times) * STARTING)
    if len(times) - skipped < 10 or times[-1] <= times[skipped]:
        return None
    # Rows that ended with the first one, in the same call, were computed before the clock starts.
    begin = times[skipped] + SAME_MOMENT_SECONDS
    return sum(one > begin for one in times) / (times[-1] - times[skipped])


def value(row, answer):
    """The answer as a value that can be compared, or `None` if it is not valid."""
    if not answer or answer.get("content") is None:
        return None
    text = answer["content"].strip()
    if "answers" in row:
        return label(text.strip('"'), row["answers"])
    if "schema" not in row:
        return text or None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    properties = row["schema"]["properties"]
    if not isinstance(found, dict) or list(found) != list(properties):
        return None
    return found if all(fits(found[name], properties[name]) for name in properties) else None


def label(text, labels):
    """The label that a text is, or the only one that it begins: a label that was written in more
    tokens than it has by itself was cut, and whoever reads it knows what it is."""
    if text in labels:
        return text
    begun = [one for one in labels if text and one.startswith(text)]
    return begun[0] if len(begun) == 1 else None


def fits(found, schema):
    if "enum" in schema:
        return found in schema["enum"]
    if schema["type"] == "boolean":
        return isinstance(found, bool)
    is_whole = isinstance(found, int) and not isinstance(found, bool)
    return is_whole and schema["minimum"] <= found <= schema["maximum"]


def invalid(rows, answers):
    return sum(1 for row, answer in zip(rows, answers) if value(row, answer) is None)


def agreement(rows, ours, theirs):
    """The share of rows with the same value, of those that both answered validly."""
    pairs = [(value(row, one), value(row, other)) for row, one, other in zip(rows, ours, theirs)]
    pairs = [pair for pair in pairs if None not in pair]
    return sum(one == other for one, other in pairs) / len(pairs) if pairs else None


def flips(original, other):
    """Labels that another model file changed: the share that stayed, and the largest margin in
    nats that the original had between its choice and what the other one chose."""
    same, total, largest = 0, 0, 0.0
    for one, two in zip(original, other):
        if "label_probabilities" not in one or "content" not in two:
            continue
        total += 1
        if one["content"] == two["content"]:
            same += 1
            continue
        share = {entry["label"]: entry["probability"] for entry in one["label_probabilities"]}
        least = 1e-300
        margin = math.log(max(share[one["content"]], least) / max(share[two["content"]], least))
        largest = max(largest, margin)
    return {"rows": total, "same": same / total if total else None, "largest_margin": largest}
