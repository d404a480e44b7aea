"""The workloads, as requests that do not know who answers them.

Each is a list of dictionaries: `request` is an `LLMRequest` as Braincells reads it, `grammar` is
the same constraint for llama.cpp (GBNF, without any optional white space, which is the fewest
tokens that it can take), `schema` the same as a JSON Schema for chat APIs. Seeded: the same
table and seed give the same bytes.

    W1  labels: four of them, one review a row, behind rules that all rows share
    W2  JSON with three fields, most of its tokens forced
    W3  free text of 24 to 32 tokens
    W4  W1 with 60 % duplicate rows
    W5  30 documents x 20 questions, document by document
    W6  labels, and no two prompts begin alike
"""

import json
import random

import reviews as texts

LABELS = ["positive", "negative", "neutral", "mixed"]
ROWS = {"W1": 400, "W2": 240, "W3": 160, "W4": 500, "W5": 600, "W6": 240}
NAMES = {
    "W1": "labels", "W2": "JSON, three fields", "W3": "text, 24 to 32 tokens",
    "W4": "labels, 60 % duplicates", "W5": "30 documents x 20 questions", "W6": "no shared prefix",
}
DUPLICATES = 0.6
DOCUMENTS, QUESTIONS_EACH, DOCUMENT_WORDS = 30, 20, 150

LABEL_RULES = """You fill in one column of a table, one row at a time. Each request from the user \
is about one row and is complete in itself. Do exactly what it asks, from what it contains; do not \
make up what is not there.

The column says how the writer of a review feels about the product. Read the whole review before \
you decide.
- positive: the writer praises the product or a part of it, is glad to have bought it, or \
recommends it to others.
- negative: the writer complains, reports a defect, wants the money back, or warns others.
- neutral: the writer states a fact, asks a question or describes a step, and shows no feeling \
about it.
- mixed: the writer names good and bad sides, and neither clearly outweighs the other.
Irony counts as what is meant, not as what is said. A problem that was solved in the end is \
positive. The opinion of other people that the writer only quotes does not count.

Reply with exactly one of these labels, spelled as here, and nothing else:
- positive
- negative
- neutral
- mixed"""

JSON_SCHEMA = {
    "type": "object",
    "properties": {
        "overall_sentiment": {"enum": ["positive", "negative", "neutral"]},
        "mentions_a_defect": {"type": "boolean"},
        "stars_out_of_five": {"type": "integer", "minimum": 1, "maximum": 5},
    },
    "required": ["overall_sentiment", "mentions_a_defect", "stars_out_of_five"],
    "additionalProperties": False,
}
JSON_RULES = """You fill in one column of a table, one row at a time. Each request from the user \
is about one row and is complete in itself.

Reply with one JSON value and nothing else: no explanation, no code fence. It must satisfy this \
JSON Schema:
""" + json.dumps(JSON_SCHEMA, separators=(",", ":"))

TEXT_RULES = """You answer customers of a shop. Each request from the user is one review of a \
product. Write back to the customer in several full and friendly sentences: thank them, say what \
they wrote in your own words, and explain in detail what the shop will do about it. Never answer \
in fewer than fifty words."""

QUESTION_RULES = """You read a document and answer one question about it. Reply with `true` or \
`false` and nothing else."""
QUESTIONS = [
    "Does the writer recommend the product?", "Is a price mentioned?",
    "Did something break or stop working?", "Does the writer compare it with another product?",
    "Is the battery mentioned?", "Is the delivery mentioned?", "Did the writer return the product?",
    "Is the product described as easy to use?", "Does the writer address the reader directly?",
    "Is customer service mentioned?", "Is the sound or the noise mentioned?",
    "Is the size or the weight mentioned?", "Does the text contain a question?",
    "Has the writer owned the product for more than a month?", "Is software mentioned?",
    "Is the picture or the screen mentioned?", "Is there a tip for other buyers?",
    "Does the writer sound angry?", "Is a brand named?", "Is a warranty mentioned?",
]

# For models that only go on with a text: short rules, and examples that show what is wanted.
SHORT_LABEL_RULES = """How does the writer of the review feel about the product? Answer with one \
of these words: positive, negative, neutral, mixed."""
LABEL_SHOTS = [
    ("The hinge broke after a week and nobody answers my letters.", "negative"),
    ("I bought it for my daughter and she takes it everywhere, what a lovely little thing!",
     "positive"),
    ("Press the button on the left side to open the drawer.", "neutral"),
    ("The picture is the best I have seen, but the sound is thin and the menu is slow.", "mixed"),
    ("It does what it should, day after day, and the battery is still full in the evening.",
     "positive"),
    ("I paid for the fast delivery and waited three weeks, never again.", "negative"),
]
JSON_SHOTS = [
    ("The hinge broke after a week and nobody answers my letters.",
     '{"overall_sentiment":"negative","mentions_a_defect":true,"stars_out_of_five":1}'),
    ("She takes it everywhere, what a lovely little thing!",
     '{"overall_sentiment":"positive","mentions_a_defect":false,"stars_out_of_five":5}'),
]
TEXT_SHOTS = [
    ("The hinge broke after a week and nobody answers my letters.",
     "Thank you very much for writing to us. We are sorry to hear that the hinge of your new "
     "laptop broke after only a week, and that you had to wait for an answer for so long. A "
     "colleague will call you tomorrow to arrange a repair that costs you nothing."),
]


def request(model, messages, output, max_tokens=None):
    return {
        "messages": [{"role": role, "content": content} for role, content in messages],
        "model": model, "max_tokens": max_tokens, "temperature": 0.0, "top_p": 1.0, "top_k": 0,
        "seed": 0, "stop_sequences": [], "output": output,
    }


def one_of(answers):
    return "root ::= " + " | ".join(json.dumps(answer) for answer in answers)


def turns(shots, question):
    """Examples as earlier turns of the chat."""
    return [turn for text, answer in shots
            for turn in (("user", question(text)), ("assistant", answer))]


def label_question(text):
    return f"Review: {text}\nSentiment:"


def label_row(model, text, is_base):
    rules, shots = (SHORT_LABEL_RULES, LABEL_SHOTS) if is_base else (LABEL_RULES, [])
    messages = [("system", rules), *turns(shots, label_question), ("user", label_question(text))]
    return {
        "request": request(model, messages, {"type": "label", "labels": LABELS}),
        "answers": LABELS, "grammar": one_of(LABELS), "schema": {"enum": LABELS},
    }


def labels(model, reviews, rows, _dice, is_base):
    return [label_row(model, review.text, is_base) for review in reviews[:rows]]


def fields(model, reviews, rows, _dice, is_base):
    shots = JSON_SHOTS if is_base else []

    def question(text):
        return f"Review: {text}"

    def literal(text):
        return json.dumps(text)

    sentiments = " | ".join(literal(f'"{word}"')
                            for word in JSON_SCHEMA["properties"]["overall_sentiment"]["enum"])
    grammar = (f'root ::= {literal("{" + chr(34) + "overall_sentiment" + chr(34) + ":")} '
               f'({sentiments}) {literal("," + chr(34) + "mentions_a_defect" + chr(34) + ":")} '
               f'("true" | "false") '
               f'{literal("," + chr(34) + "stars_out_of_five" + chr(34) + ":")} [1-5] "}}"')
    return [{
        "request": request(model, [("system", JSON_RULES), *turns(shots, question),
                                   ("user", question(review.text))],
                           {"type": "json", "schema": JSON_SCHEMA}),
        "grammar": grammar, "schema": JSON_SCHEMA,
    } for review in reviews[:rows]]


def free_text(model, reviews, rows, dice, is_base):
    shots = turns(TEXT_SHOTS if is_base else [], str)
    return [{
        "request": request(model, [("system", TEXT_RULES), *shots, ("user", review.text)],
                           {"type": "text"}, dice.randint(24, 32)),
    } for review in reviews[:rows]]


def duplicates(model, reviews, rows, dice, is_base):
    """Each text at least once, the rest at random among them, in random order."""
    different = max(1, round(rows * (1 - DUPLICATES)))
    chosen = reviews[:different]
    chosen = chosen + dice.choices(chosen, k=rows - different)
    dice.shuffle(chosen)
    return [label_row(model, review.text, is_base) for review in chosen]


def questions(model, reviews, rows, _dice, _is_base):
    count = -(-rows // QUESTIONS_EACH)
    made = []
    for document in texts.documents(reviews, count, DOCUMENT_WORDS):
        for question in QUESTIONS:
            messages = [("system", QUESTION_RULES),
                        ("user", f"Document: {document}\n\nQuestion: {question}")]
            made.append({
                "request": request(model, messages, {"type": "boolean"}),
                "answers": ["true", "false"], "grammar": one_of(["true", "false"]),
                "schema": {"type": "boolean"},
            })
    return made[:rows]


def nothing_shared(model, reviews, rows, dice, _is_base):
    """The row comes first, and a number before it, so that even equal words differ in place."""
    made = []
    for number, review in enumerate(reviews[:rows]):
        rules = (f"{dice.randrange(10_000)}-{number}. A customer wrote: {review.text}\nDecide how "
                 "the customer feels about the product: positive, negative, neutral or mixed. "
                 "Reply with one of these words and nothing else.")
        messages = [("system", rules), ("user", "Sentiment:")]
        made.append({
            "request": request(model, messages, {"type": "label", "labels": LABELS}),
            "answers": LABELS, "grammar": one_of(LABELS), "schema": {"enum": LABELS},
        })
    return made


MAKERS = {"W1": labels, "W2": fields, "W3": free_text, "W4": duplicates, "W5": questions,
          "W6": nothing_shared}


def make(name, reviews, rows=None, seed=1, model="model", is_base=False):
    """The rows of a workload, in the order in which they are asked; `is_base` is for models that
    were never taught to chat."""
    dice = random.Random(f"{seed} {name}")
    shuffled = list(reviews)
    if name != "W5":  # a document is what stands together
        dice.shuffle(shuffled)
    rows = rows or ROWS[name]
    made = MAKERS[name](model, shuffled, rows, dice, is_base)
    if len(made) < rows:
        raise SystemExit(f"{name} needs {rows} rows, and the reviews give {len(made)}")
    return made


def warm_up(model, rows=16):
    """Requests that share nothing with any workload: they wake threads and file caches."""
    return [{
        "request": request(model, [("user", f"{number} + {number} ="), ], {"type": "text"}, 8),
    } for number in range(1, rows + 1)]
