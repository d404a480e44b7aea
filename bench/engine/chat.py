"""How chats are written for models without a chat template, as Braincells writes them.

`bench/engine/run` compares the number of tokens of every prompt with what the engine says that
it used, so a difference between this and the engine is an error and no unfair measurement.
"""

HEADINGS = {"system": "### Instructions", "user": "### Request", "assistant": "### Answer"}
STOPS = [f"\n{heading}" for heading in HEADINGS.values()]


def plain(messages):
    sections = [f"{HEADINGS[one['role']]}\n{one['content'].strip()}" for one in messages]
    return "\n\n".join([*sections, f"{HEADINGS['assistant']}\n"])
