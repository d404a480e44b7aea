"""From finished runs to the table in bench/RESULTS.md: medians, ratios, bounds, bars.

A ratio is the median of the rounds' own ratios: both sides of it ran within minutes.
"""

import json

import workloads
from figures import median

OURS, NO_DEDUP, COPY = "Braincells", "Braincells, no dedup", "Braincells, tuned copy"
TUNED, SHIPPED, NODE = "llama-server, tuned", "llama-server, as shipped", "node-llama-cpp"
PREFILL, DECODE = "llama-bench pp512", "llama-batched-bench"
NAMES = {"smollm2": "SmolLM2-135M-Instruct Q4_1, as shipped",
         "smollm2-q4_0": "SmolLM2-135M-Instruct, requantised to Q4_0",
         "gemma3": "Gemma-3-270M Q4_K_M, base model, 262,144 tokens"}
#: What is wanted: (model, workload, peer) to the least ratio. 1.0 for node: ahead.
BARS = {
    ("smollm2", "W1", TUNED): 1.25, ("smollm2", "W2", TUNED): 1.8, ("gemma3", "W2", TUNED): 3.0,
    ("smollm2", "W3", TUNED): 1.15, ("smollm2", "W4", TUNED): 2.5, ("smollm2", "W5", TUNED): 2.0,
    ("smollm2", "W6", TUNED): 1.05, ("smollm2", "W1", SHIPPED): 1.7,
    ("smollm2", "W2", SHIPPED): 2.5, ("smollm2", "W3", SHIPPED): 1.5,
    **{("smollm2", f"W{number}", NODE): 1.0 for number in range(1, 7)},
}
COPY_BAR, COPY_AGREEMENT, COPY_MARGIN = 2.5, 0.95, 0.5
PREFILL_BAR, DECODE_BAR = 0.95, 0.90
#: What the engine counts: tokens and the seconds that computing them took.
COUNTED = {"prefill": ("prompt_tokens", "prompt_seconds"),
           "decode": ("generated_tokens", "generation_seconds")}
SAME_WORK = 0.97
MEMORY_BAR_MB = 150
OUTSIDE_BARS = {"gemma3": 0.10}
OUTSIDE_BAR = 0.05


def read(path):
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


class Runs:
    """The counted rounds of one workload with one model."""

    def __init__(self, lines, model, workload):
        self.model, self.workload = model, workload
        here = [line for line in lines
                if line.get("model") == model and line.get("workload") == workload]
        self.work = next(line for line in here if line["kind"] == "work")
        self.rounds = {}
        for line in here:
            if line["kind"] == "run" and line["round"] > 0:
                self.rounds.setdefault(line["competitor"], {})[line["round"]] = line

    def all(self, name, get):
        return [get(line) for line in self.rounds.get(name, {}).values()]

    def median(self, name, figure):
        return median(self.all(name, lambda line: line["figures"].get(figure)))

    def ratios(self, name, other, get=lambda line: line["figures"]["rows_per_second"]):
        """Of one competitor to another, round by round."""
        ours, theirs = self.rounds.get(name, {}), self.rounds.get(other, {})
        pairs = [(get(ours[number]), get(theirs[number])) for number in sorted(ours)
                 if number in theirs]
        return [one / two for one, two in pairs if one and two]

    def has_failed(self, name):
        """Whether rows were left without a valid answer; being fast at that is no win."""
        return any(self.all(name, lambda line: line["figures"].get("failed") or line["invalid"]))

    def one(self, name):
        return next(iter(self.rounds.get(name, {}).values()), None)


def number(value, digits=1):
    return "-" if value is None else f"{value:.{digits}f}"


def ratio_text(ratios):
    if not ratios:
        return "-"
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def lines_of(header, rows):
    head = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return head + ["| " + " | ".join(map(str, row)) + " |" for row in rows]


def speed_rows(every):
    for runs in every:
        mine = number(runs.median(OURS, "rows_per_second"), 2)
        row = [f"{runs.workload} {workloads.NAMES[runs.workload]}", mine]
        for peer in (TUNED, SHIPPED, NODE):
            row += [number(runs.median(peer, "rows_per_second"), 2),
                    ratio_text(runs.ratios(OURS, peer))]
        row.append(ratio_text(runs.ratios(OURS, TUNED, lambda line:
                                          line["steady_rows_per_second"])))
        yield row


def cost_rows(every):
    for runs in every:
        for name in (OURS, NO_DEDUP, COPY, TUNED, SHIPPED, NODE):
            line = runs.one(name)
            if line is None:
                continue
            cpu = runs.median(name, "cpu_seconds")
            count = runs.work["rows"]
            tokens = runs.median(name, "completion_tokens")
            agreement = median(runs.all(name, lambda line: line.get("agreement")))
            yield [
                runs.workload, name, line["variant"] or "default",
                number(runs.median(name, "rows_per_second"), 2),
                number(cpu and 1000 * cpu / count, 0),
                number((runs.median(name, "peak_rss_bytes") or 0) / 1e6, 0),
                number(runs.median(name, "first_cell_seconds"), 2),
                number(tokens and tokens / count), sum(runs.all(name, lambda line: line["invalid"])),
                "-" if agreement is None else f"{agreement:.1%}",
                "yes" if any(runs.all(name, lambda line: line["disturbed"])) else "no",
            ]


def engine_speed(line, kind):
    """Tokens a second inside the engine's calls for prompts (`prefill`) or answers (`decode`)."""
    own = line["figures"].get("engine") or {}
    tokens, seconds = (own.get(name) for name in COUNTED[kind])
    return tokens / seconds if tokens and seconds else None


def outside(line):
    """The share of wall time that is not spent computing the model."""
    own = line["figures"].get("engine") or {}
    inside = [own.get(seconds) for _tokens, seconds in COUNTED.values()]
    if None in inside:
        return None
    return 1 - sum(inside) / line["figures"]["seconds"]


def bound_rows(every):
    for runs in every:
        for peer, kind, bar in ((PREFILL, "prefill", PREFILL_BAR), (DECODE, "decode", DECODE_BAR)):
            if peer not in runs.rounds:
                continue
            bound = median(runs.all(peer, lambda line: line["figures"]["tokens_per_second"]))
            mine = median(runs.all(OURS, lambda line: engine_speed(line, kind)))
            share = mine / bound if mine and bound else None
            yield [runs.model, f"{runs.workload} {kind}", number(mine, 0), f"{peer} "
                   f"{runs.one(peer)['variant']}".strip(), number(bound, 0), number(share, 2),
                   verdict(share, bar)]


def verdict(value, bar, at_most=False):
    if value is None:
        return f"{bar:g}: not measured"
    fine = value <= bar if at_most else value >= bar
    return f"{bar:g}: {'met' if fine else 'MISSED'}"


def bar_rows(every):
    for runs in every:
        for (model, workload, peer), bar in BARS.items():
            if (model, workload) == (runs.model, runs.workload):
                found = median(runs.ratios(OURS, peer))
                wanted = "MISSED: rows failed" if runs.has_failed(OURS) else verdict(found, bar)
                yield [runs.model, runs.workload, f"rows/s against {peer}", number(found, 2),
                       wanted]
        if runs.workload in ("W1", "W2", "W3"):
            share = median(runs.all(OURS, outside))
            yield [runs.model, runs.workload, "share of time outside `llama_decode`",
                   number(share, 3),
                   verdict(share, OUTSIDE_BARS.get(runs.model, OUTSIDE_BAR), at_most=True)]
            beyond = beyond_model(runs)
            yield [runs.model, runs.workload, "MB beyond model and keys and values",
                   number(beyond, 0), verdict(beyond, MEMORY_BAR_MB, at_most=True)]
        if runs.workload == "W3":
            # An answer that ends early is no faster one.
            found = median(runs.ratios(OURS, TUNED, lambda line:
                                       line["figures"]["completion_tokens"]))
            yield [runs.model, "W3", "tokens of the answers against llama-server, tuned",
                   number(found, 3), verdict(found, SAME_WORK)]
        if COPY in runs.rounds:
            found = median(runs.ratios(COPY, TUNED))
            flips = next((line["flips"] for line in runs.rounds[COPY].values()
                          if "flips" in line), {})
            yield [runs.model, runs.workload, "tuned copy, rows/s against llama-server on the "
                   "file as shipped", number(found, 2), verdict(found, COPY_BAR)]
            yield [runs.model, runs.workload, "tuned copy, labels that stay",
                   number(flips.get("same"), 3), verdict(flips.get("same"), COPY_AGREEMENT)]
            yield [runs.model, runs.workload, "tuned copy, largest original margin of a flip",
                   number(flips.get("largest_margin"), 2),
                   verdict(flips.get("largest_margin"), COPY_MARGIN, at_most=True)]


def beyond_model(runs):
    """Megabytes of memory that are neither the model file nor the memory of keys and values."""
    line = runs.one(OURS)
    estimate = line and line["figures"].get("memory_estimate")
    peak = runs.median(OURS, "peak_rss_bytes")
    if not estimate or not peak:
        return None
    return (peak - runs.work["model_bytes"] - estimate["kv_bytes"]) / 1e6


def table(lines):
    """The whole page."""
    about = next((line for line in reversed(lines) if line["kind"] == "about"), None)
    pairs = list(dict.fromkeys((line["model"], line["workload"])
                               for line in lines if line["kind"] == "work"))
    every = [Runs(lines, *pair) for pair in pairs]
    page = ["# Results of the engine beside its peers", ""]
    if about is None:
        return "\n".join([*page, "Nothing was measured yet: `bench/engine/run --publish`.", ""])
    flags = " ".join(f"`{name}={value}`" for name, value in about["flags"].items())
    page += [
        "Written by `bench/engine/run --publish`; [what the lines mean](README.md#the-engine).",
        "",
        f"- Date: {about['date']}. Machine: {about['machine']}. {about['threads']} threads.",
        f"- Engine and peers of one llama.cpp: `{about['engine']}`, `{about['peer']}`, with equal "
        f"flags: {flags}",
        f"- `{about['node']}` with its own prebuilt llama.cpp, which has AVX-512 kernels.",
        f"- {about['rounds']} rounds in turn, medians; reviews: {about['reviews']}, "
        f"seed {about['seed']}.",
        "",
    ]
    for model in dict.fromkeys(runs.model for runs in every):
        mine = [runs for runs in every if runs.model == model]
        page += [f"## {NAMES.get(model, model)}", ""]
        page += [f"- {runs.workload}: {runs.work['rows']} rows, {runs.work['shared_tokens']} "
                 f"tokens shared by all, {runs.work['own_tokens']:.0f} of their own"
                 for runs in mine]
        page += ["", "Rows a second; behind each peer the ratio to it: median of the rounds, "
                 "least and greatest.", ""]
        page += lines_of(["workload", "Braincells", TUNED, "ratio", SHIPPED, "ratio", NODE,
                          "ratio", "ratio to tuned once it runs"], speed_rows(mine))
        page += [""]
        page += lines_of(["", "who", "how", "rows/s", "CPU-ms a row", "peak MB", "first cell s",
                          "tokens a row", "invalid", "same value as ours", "disturbed"],
                         cost_rows(mine))
        page += [""]
    bounds = list(bound_rows(every))
    if bounds:
        page += ["## Bounds", "", *lines_of(
            ["model", "", "Braincells tokens/s", "bound", "tokens/s", "share", "wanted"],
            bounds), ""]
    page += ["## What is wanted", "", *lines_of(
        ["model", "workload", "", "measured", "wanted"], bar_rows(every)), ""]
    return "\n".join(page)
