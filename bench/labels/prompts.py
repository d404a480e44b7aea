"""Ways to ask for the same two labels. The first label of each pair means that the review is good."""

QUESTION = "What is the sentiment of this sentence from a product review?\n\n{{text}}"

EXAMPLES = [
    ("the battery lasts for days and the screen is gorgeous .", True),
    ("it stopped working after one week and nobody answered my emails .", False),
    ("very easy to set up , even my parents managed .", True),
    ("the menu is slow and the buttons feel cheap .", False),
    ("great value , i would buy it again .", True),
]

# Name: instruction, label of a good review, label of a bad one, order of the labels, examples.
PROMPTS = {
    "zero-shot": (QUESTION, "positive", "negative", False, []),
    "few-shot": (QUESTION, "positive", "negative", False, EXAMPLES),
    "other order": (QUESTION, "positive", "negative", True, []),
    "other words": (QUESTION, "good", "bad", False, []),
    "mood": ("How does the writer feel?\n\n{{text}}", "happy", "unhappy", False, []),
    "terse": ("Classify: {{text}}", "positive", "negative", False, []),
}


def labels(prompt):
    """The labels as the recipe lists them, and where the label of a good review is among them."""
    _, good, bad, reversed_order, _ = prompt
    return ([bad, good], 1) if reversed_order else ([good, bad], 0)


def recipe(name, prompt, model, calibration="prior", free=False):
    """A recipe file with one column. `free` has the model write its answer instead of scoring."""
    instruction, good, bad, _, examples = prompt
    names, _ = labels(prompt)
    own = {
        "version": 1,
        "output": {"type": "label", "labels": names},
        "examples": {"max_count": 8, "max_tokens": 1024},
        "calibration": calibration,
    }
    if examples:
        own["example_rows"] = [
            {"inputs": {"text": text}, "value": good if is_good else bad}
            for text, is_good in examples
        ]
    if free:
        listed = "".join(f"\n- {label}" for label in names)
        own["output"] = {"type": "text"}
        own["sampling"] = {"max_tokens": 16}
        own["system"] = (
            "You fill in one column of a table, one row at a time. Reply with exactly one of these "
            f"labels, spelled as here, and nothing else:{listed}"
        )
    return {
        "columns": {
            name: {
                "instruction": instruction,
                "modelName": str(model),
                "columnsReferences": ["text"],
                "braincells": own,
            }
        }
    }
