"""Who answers a workload: one class each, all with `name` and `run(work, rows) -> Outcome`.

Every run is a process of its own that loads the model, answers some unrelated requests, and then
fills the column from nothing: no prompt of the workload was seen before, as when a person fills
a column. Loading and the unrelated requests are not counted.
"""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import chat
import llama_server

WARM_UP_SECONDS = 600
RUN_SECONDS = 3600


@dataclass
class Work:
    """A workload for a model, ready to be asked by anyone."""

    model_name: str
    workload: str
    model: Path
    rows: list
    warm_up: list
    folder: Path
    threads: int
    has_template: bool
    #: Token ids of every prompt, in order.
    prompts: list = field(default_factory=list)
    #: Tokens of each label or literal answer.
    answer_tokens: dict = field(default_factory=dict)

    @property
    def stops(self):
        return [] if self.has_template else chat.STOPS

    def most_tokens(self):
        """Of one prompt and its answer together."""
        new = max((row["request"]["max_tokens"] or 96) for row in self.rows)
        return max(map(len, self.prompts)) + new

    def sizes(self):
        """Tokens that all prompts begin with, and the mean of what each has beyond."""
        shared = common_start(self.prompts)
        return shared, sum(map(len, self.prompts)) / len(self.prompts) - shared

    def autotune(self):
        """The option of `measure_engine` for requests of these sizes."""
        shared, own = self.sizes()
        scored = all("answers" in row for row in self.rows)
        return ("--autotune", f"{shared},{round(own)},{0 if scored else 28}")

    def completion(self, at):
        return llama_server.completion(self.rows[at], self.prompts[at], self.answer_tokens,
                                       self.stops)


def common_start(prompts):
    first = prompts[0]
    for length, token in enumerate(first):
        if any(len(prompt) <= length or prompt[length] != token for prompt in prompts):
            return length
    return len(first)


@dataclass
class Outcome:
    """What one run found."""

    figures: dict
    answers: list
    variant: str = ""


def write_lines(path, items):
    path.write_text("".join(json.dumps(item) + "\n" for item in items))
    return path


@dataclass(frozen=True)
class Braincells:
    """Our engine, by the program `measure_engine`."""

    program: Path
    options: tuple = ()
    name: str = "Braincells"
    #: Another file than the workload's model.
    model: Path = None

    def command(self, work, count):
        requests = write_lines(work.folder / f"{work.workload}.requests.jsonl",
                               [row["request"] for row in work.rows[:count]])
        warm_up = write_lines(work.folder / "warm-up.jsonl",
                              [row["request"] for row in work.warm_up])
        return [self.program, self.model or work.model, requests, "--warm-up", warm_up,
                "--threads", str(work.threads), *self.options]

    def run(self, work, count):
        done = subprocess.run(self.command(work, count), capture_output=True, text=True,
                              timeout=RUN_SECONDS)
        lines = done.stderr.strip().splitlines()
        if done.returncode != 0 or not lines:
            raise RuntimeError(f"measure_engine: {lines[-1] if lines else done.returncode}")
        figures = json.loads(lines[-1])
        return Outcome(figures, list(map(json.loads, done.stdout.splitlines())),
                       f"{figures.get('parallel_rows')} rows at a time")


@dataclass(frozen=True)
class Server:
    """llama-server with the flags and the endpoint of `variant`."""

    program: Path
    variant: object
    name: str

    def run(self, work, count):
        tuned = isinstance(self.variant, llama_server.Tuned)
        if tuned:
            bodies = [work.completion(at) for at in range(count)]
        else:
            bodies = [llama_server.chat_completion(row) for row in work.rows[:count]]
        flags = self.variant.flags(work.most_tokens(), work.threads)
        log = work.folder / "llama-server.log"
        with llama_server.Server(self.program, work.model, flags, log) as server:
            warm_up = [llama_server.chat_completion(row) for row in work.warm_up]
            llama_server.measure(server, warm_up, self.variant.concurrency)
            answers, figures = llama_server.measure(server, bodies, self.variant.concurrency)
        return Outcome(figures, answers, self.variant.name)


@dataclass(frozen=True)
class Node:
    """node-llama-cpp as it is installed from npm."""

    folder: Path
    script: Path
    sequences: int
    #: `None` is what it takes by itself.
    threads: int = None
    name: str = "node-llama-cpp"

    @property
    def key(self):
        """Names the variant in the results."""
        return f"{self.sequences} sequences, {self.threads or 'its own'} threads"

    def run(self, work, count):
        rows = []
        for at in range(count):
            _path, body = work.completion(at)
            rows.append({"tokens": body["prompt"], "maxTokens": body["n_predict"],
                         "grammar": body.get("grammar"), "stops": body.get("stop", [])})
        warm_up = [{"tokens": work.prompts[0][-8:], "maxTokens": 8}] * self.sequences
        file = work.folder / f"{work.workload}.node.json"
        file.write_text(json.dumps({
            "model": str(work.model), "sequences": self.sequences, "threads": self.threads,
            "rows": rows,
            "warmUp": warm_up, "context": -(-(work.most_tokens() + 16) // 256) * 256}))
        done = subprocess.run(["node", self.script, self.folder, file], capture_output=True,
                              text=True, timeout=RUN_SECONDS)
        if done.returncode != 0:
            raise RuntimeError(f"node-llama-cpp: {done.stderr.strip()[-300:]}")
        found = json.loads(done.stdout)
        return Outcome(found["figures"], found["answers"], self.key)


@dataclass(frozen=True)
class PrefillBound:
    """llama-bench: how fast 512 tokens of a prompt are computed, with nothing around it."""

    program: Path
    name: str = "llama-bench pp512"

    def command(self, work, _count):
        return [self.program, "-m", work.model, "-p", "512", "-n", "0", "-t", str(work.threads),
                "-fa", "1", "-b", "2048", "-ub", "512", "-r", "5", "-o", "json"]

    def run(self, work, count):
        done = subprocess.run(self.command(work, count), capture_output=True, text=True,
                              check=True, timeout=RUN_SECONDS)
        [test] = json.loads(done.stdout)
        return Outcome({"tokens_per_second": test["avg_ts"]}, [])


@dataclass(frozen=True)
class DecodeBound:
    """llama-batched-bench: how fast many sequences behind one prefix go on."""

    program: Path
    sequences: int
    new_tokens: int = 28
    name: str = "llama-batched-bench"

    def command(self, work, _count):
        prompt = round(sum(map(len, work.prompts)) / len(work.prompts))
        cells = prompt + self.sequences * (self.new_tokens + 8)
        return [self.program, "-m", work.model, "-npp", str(prompt), "-ntg",
                str(self.new_tokens), "-npl", str(self.sequences), "-pps", "-kvu", "-c",
                str(-(-cells // 256) * 256), "-b", "2048", "-ub", "512", "-fa", "on", "-t",
                str(work.threads), "-tb", str(work.threads), "--output-format", "jsonl"]

    def run(self, work, count):
        done = subprocess.run(self.command(work, count), capture_output=True, text=True,
                              check=True, timeout=RUN_SECONDS)
        lines = [line for line in (done.stdout + done.stderr).splitlines()
                 if line.startswith("{") and "speed_tg" in line]
        return Outcome({"tokens_per_second": json.loads(lines[-1])["speed_tg"]}, [],
                       f"{self.sequences} sequences")
