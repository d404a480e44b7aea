#!/usr/bin/env python3
"""Runs the workloads by Braincells and its peers in turn, and writes the table.

Started by `bench/engine/run`. Every finished run is a line of `results.jsonl` in the folder
`--out`; with the same folder again, what is there is not measured again.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import answers as compare_answers
import figures
import gguf
import llama_server
import models
import peers
import profiles
import report
import reviews
import workloads
from competitors import Braincells, DecodeBound, Node, PrefillBound, Server, Work

HERE = Path(__file__).resolve().parent
#: Which workloads a model is asked by default.
PLAN = {
    "smollm2": ["W1", "W2", "W3", "W4", "W5", "W6"],
    "smollm2-q4_0": ["W1", "W2", "W3"],
    "gemma3": ["W1", "W2", "W3"],
}
SLOTS = [4, 8, 16, 32]
NODE_SEQUENCES = [8, 16]
NODE_FEW_ROWS = 8
#: Of the rows of a workload, for choosing the best variant of a peer.
TUNING_SHARE, TUNING_LEAST = 0.5, 48
#: How often a round is repeated that others disturbed, and how long quiet is waited for.
REPEATS, QUIET_SECONDS = 3, 60
BEST, SHIPPED = "llama-server, tuned", "llama-server, as shipped"
TUNED_COPY = "Braincells, tuned copy"


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(prog="bench/engine/run", description=__doc__.splitlines()[0])
    parser.add_argument("reviews", nargs="?", type=Path,
                        help="CSV with a column `text`; without it, reviews are made up")
    parser.add_argument("--models", default=",".join(name for name in PLAN if PLAN[name]),
                        help=f"of {', '.join(models.NAMES)}, or GGUF files of chat models")
    parser.add_argument("--workloads", help="of W1 to W6 [default: by the model]")
    parser.add_argument("--without", default="", help="leave out, of node,shipped,bounds,copy")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="of the number of rows")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=figures.physical_cores())
    parser.add_argument("--autotune", action="store_true",
                        help="let our engine find its best setup first, as its peers' is found")
    parser.add_argument("--tuned-copy", type=Path, help="made by `braincells models tune` from "
                        "SmolLM2 [default: made anew, without looking for the fastest]")
    parser.add_argument("--out", type=Path, default=None, help="folder of results [default: new]")
    parser.add_argument("--publish", action="store_true", help="write bench/RESULTS.md")
    parser.add_argument("--report", action="store_true", help="only write the table of --out anew")
    parser.add_argument("--profile", action="store_true",
                        help="only say where the time of our engine and of the bounds goes, by perf")
    parser.add_argument("--build-only", action="store_true", help="only get the peers and models")
    parser.add_argument("--jobs", type=int, default=figures.CORES, help="for building the peers")
    parser.add_argument("--engine", type=Path, required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.report and not options.out:
        parser.error("--report needs --out")
    return options


class Bench:
    def __init__(self, options):
        self.options = options
        self.without = set(filter(None, options.without.split(",")))
        self.out = options.out or peers.cache_folder() / time.strftime("results-%Y-%m-%d-%H%M%S")
        self.out.mkdir(parents=True, exist_ok=True)
        self.lines = self.out / "results.jsonl"
        self.results = report.read(self.lines)
        if not options.report:
            self.prepare()

    def prepare(self):
        target = self.options.engine.parents[1]
        self.bins, flags = peers.build(target, self.options.jobs, say)
        self.node = None if "node" in self.without else peers.install_node(say)
        self.texts = reviews.read(self.options.reviews) if self.options.reviews \
            else reviews.synthetic()
        self.about = {
            "kind": "about", "machine": figures.machine(), "date": time.strftime("%Y-%m-%d"),
            "threads": self.options.threads, "rounds": self.options.rounds,
            "reviews": "given" if self.options.reviews else "made up",
            "seed": self.options.seed, "peer": f"{peers.PACKAGE} {peers.VERSION}",
            "engine": peers.CRATE, "node": peers.NODE_PACKAGES[0],
            "flags": {name: flags[name] for name in sorted(flags)
                      if name.startswith("CMAKE") or name in (
                          "GGML_NATIVE", "GGML_AVX2", "GGML_AVX512", "GGML_OPENMP",
                          "GGML_CPU_REPACK", "GGML_LLAMAFILE")},
        }
        self.about["same"] = {
            "scale": self.options.scale, "autotune": self.options.autotune,
            "reviews": models.sha256(self.options.reviews) if self.options.reviews else None,
            "copy": str(self.options.tuned_copy or ""),
            "program": models.sha256(self.options.engine),
        }
        self.check_goes_on()
        self.keep(self.about)

    def check_goes_on(self):
        """Runs of a folder that is gone on with were made as those to come will be."""
        same = ("machine", "threads", "rounds", "seed", "peer", "engine", "node", "flags", "same")
        for earlier in self.known(kind="about"):
            different = [name for name in same if earlier.get(name) != self.about[name]]
            if different:
                raise SystemExit(f"bench: {self.out} has runs with another {different[0]}: "
                                 f"{earlier.get(different[0])}, not {self.about[different[0]]}")

    def keep(self, line):
        self.results.append(line)
        with self.lines.open("a") as file:
            file.write(json.dumps(line) + "\n")

    def known(self, **key):
        return [line for line in self.results
                if all(line.get(name) == value for name, value in key.items())]

    def model_path(self, name):
        return models.path(name, self.bins / "llama-quantize", say)

    def tuned_copy(self):
        """What `models tune` makes of SmolLM2 on most CPUs, by the program that is measured."""
        if self.options.tuned_copy:
            return self.options.tuned_copy
        copy = self.out / "tuned.gguf"
        if not copy.exists():
            partial = copy.with_suffix(".partial")
            subprocess.run([self.options.engine, self.model_path("smollm2"), "--tuned-copy",
                            partial], check=True, stderr=subprocess.DEVNULL)
            partial.rename(copy)
        return copy

    def go(self):
        names = [name for name in self.options.models.split(",") if name]
        paths = {name: self.model_path(name) for name in names}
        if self.options.build_only:
            return
        todo = [(name, workload) for name in names for workload in self.workloads_of(name)]
        if self.options.profile:
            print(profiles.table([row for name, workload in todo
                                 for row in self.profile(name, paths[name], workload)]))
            return
        for name, workload in todo:
            self.workload(name, paths[name], workload)
            self.write()

    def workloads_of(self, name):
        chosen = self.options.workloads or ",".join(PLAN.get(name) or ["W1", "W2", "W3"])
        return chosen.split(",")

    def profile(self, name, path, workload):
        """Where the time of our engine goes, and that of llama.cpp's own benchmark beside it."""
        work = self.work(name, path, workload)
        ours = Braincells(self.options.engine)
        rows = ours.run(work, min(len(work.rows), 48)).figures.get("parallel_rows") or 16
        beside = DecodeBound(self.bins / "llama-batched-bench", rows) if workload == "W3" \
            else PrefillBound(self.bins / "llama-bench")
        for competitor in (ours, beside):
            figures.wait_for_quiet(say, QUIET_SECONDS)
            command = competitor.command(work, len(work.rows))
            yield f"{name} {workload}, {competitor.name}", profiles.shares(command)

    def write(self):
        table = report.table(self.results)
        (self.out / "table.md").write_text(table)
        if self.options.publish:
            (HERE.parent / "RESULTS.md").write_text(table)
        return table

    def work(self, name, path, workload):
        keys = gguf.metadata(path)
        has_template = "tokenizer.chat_template" in keys
        count = max(48, round(workloads.ROWS[workload] * self.options.scale))
        rows = workloads.make(workload, self.texts, count, self.options.seed, name,
                              is_base=not has_template)
        folder = self.out / Path(name).stem
        folder.mkdir(exist_ok=True)
        work = Work(name, workload, path, rows, workloads.warm_up(name), folder,
                    self.options.threads, has_template)
        flags = ["-np", "1", "-c", "512", "--no-warmup"]
        with llama_server.Server(self.bins / "llama-server", path, flags,
                                 folder / "llama-server.log") as server:
            with server.connection() as connection:
                properties = llama_server.ask(connection, "GET", "/props", None)[1]
            work.prompts, work.answer_tokens = llama_server.tokenise(
                server, rows, has_template, properties.get("bos_token"))
        shared, own = work.sizes()
        say(f"{name} {workload}: {len(rows)} rows, {shared} tokens shared, {own:.0f} of their own")
        if not self.known(kind="work", model=name, workload=workload):
            self.keep({"kind": "work", "model": name, "workload": workload, "rows": len(rows),
                       "shared_tokens": shared, "own_tokens": own,
                       "model_bytes": path.stat().st_size})
        return work

    def workload(self, name, path, workload):
        work = self.work(name, path, workload)
        own_options = work.autotune() if self.options.autotune else ()
        ours = Braincells(self.options.engine, own_options)
        line = self.measured(work, ours, 0, len(work.rows))
        check_tokens(work)
        competitors = [ours]
        if workload == "W4":
            competitors.append(Braincells(self.options.engine,
                                          (*own_options, "--no-dedup"), "Braincells, no dedup"))
        competitors.append(self.best(work, self.server_variants(work), BEST))
        if "shipped" not in self.without:
            competitors.append(Server(self.bins / "llama-server", llama_server.AsShipped(),
                                      SHIPPED))
        if self.node:
            threads = self.node_threads(work)
            variants = [self.node_peer(count, threads) for count in NODE_SEQUENCES]
            competitors.append(self.best(work, [variants], "node-llama-cpp"))
        if "bounds" not in self.without and workload == "W1":
            competitors.append(PrefillBound(self.bins / "llama-bench"))
        if "bounds" not in self.without and workload == "W3":
            sequences = line["figures"].get("parallel_rows") or 16
            competitors.append(DecodeBound(self.bins / "llama-batched-bench", sequences))
        if "copy" not in self.without and (name, workload) == ("smollm2", "W1"):
            competitors.append(Braincells(self.options.engine, own_options, TUNED_COPY,
                                          self.tuned_copy()))
        for round_number in range(1, self.options.rounds + 1):
            # Nobody is always first.
            turn = round_number % len(competitors)
            for competitor in competitors[turn:] + competitors[:turn]:
                self.measured(work, competitor, round_number, len(work.rows))

    def node_peer(self, sequences, threads):
        return Node(self.node, HERE / "node_peer.mjs", sequences, threads)

    def node_threads(self, work):
        """How many threads node-llama-cpp is fastest with: as many as it takes by itself, or one.
        On virtual cores its threads can wait for each other most of the time. Looked at once for
        each model, on a few rows, because the slower way can take very long."""
        if known := self.known(kind="node threads", model=work.model_name):
            return known[0]["threads"]
        speeds = {}
        for threads in (None, 1):
            figures.wait_for_quiet(say, QUIET_SECONDS)
            found = self.node_peer(NODE_SEQUENCES[0], threads).run(work, NODE_FEW_ROWS).figures
            speeds[threads] = found["rows_per_second"] if found["failed"] == 0 else 0.0
        threads = max(speeds, key=speeds.get)
        say(f"node-llama-cpp, rows/s with its own number of threads: {speeds[None]:.2f}, with one: "
            f"{speeds[1]:.2f}")
        self.keep({"kind": "node threads", "model": work.model_name, "threads": threads,
                   "rows_per_second": {str(key): speed for key, speed in speeds.items()}})
        return threads

    def server_variants(self, work):
        """All slots and both kinds of memory with twice as many requests as slots; then, of the
        two best, with as many as slots."""
        program = self.bins / "llama-server"
        make = lambda *variant: Server(program, llama_server.Tuned(*variant), BEST)
        first = [make(slots, unified, 2 * slots) for slots in SLOTS for unified in (False, True)]
        yield first
        ranked = sorted(first, key=lambda one: self.tuning_speed(work, one), reverse=True)
        yield [make(one.variant.slots, one.variant.unified, one.variant.slots)
               for one in ranked[:2]]

    def tuning_rows(self, work):
        return min(len(work.rows), max(TUNING_LEAST, round(len(work.rows) * TUNING_SHARE)))

    def tuning_speed(self, work, competitor):
        line = self.measured(work, competitor, -1, self.tuning_rows(work), attempts=2)
        failed = line["figures"]["failed"] + line["invalid"]
        # A variant that cannot answer everything is no choice.
        return line["figures"]["rows_per_second"] if failed == 0 else -failed

    def best(self, work, stages, name):
        tried = [competitor for stage in stages for competitor in stage]
        best = max(tried, key=lambda one: self.tuning_speed(work, one))
        say(f"{name}: the best variant is {getattr(best, 'variant', best)}")
        return best

    def measured(self, work, competitor, round_number, count, attempts=REPEATS):
        """The line of one run, from the results if it is there."""
        variant = getattr(getattr(competitor, "variant", None), "name", None) or \
            getattr(competitor, "key", "")
        key = {"kind": "run", "model": work.model_name, "workload": work.workload,
               "competitor": competitor.name, "key": variant, "round": round_number}
        if known := self.known(**key):
            return known[0]
        tries = []
        for _attempt in range(attempts):
            figures.wait_for_quiet(say, QUIET_SECONDS)
            watch = figures.Watch()
            outcome = competitor.run(work, count)
            tries.append((watch.others(), outcome))
            if tries[-1][0] <= figures.OTHERS_MOST:
                break
            say(f"others took {tries[-1][0]:.0%} of the cores: again")
        others, outcome = min(tries, key=lambda one: one[0])
        line = key | {
            "variant": outcome.variant, "figures": outcome.figures, "others": others,
            "disturbed": others > figures.OTHERS_MOST,
            "steady_rows_per_second": compare_answers.steady_rows_per_second(outcome.answers),
            "invalid": compare_answers.invalid(work.rows, outcome.answers),
        }
        self.compare_with_ours(work, competitor, outcome, line)
        speed = outcome.figures.get("rows_per_second")
        told = f"{speed:.2f} rows/s" if speed else \
            f"{outcome.figures['tokens_per_second']:.0f} tokens/s"
        say(f"{work.model_name} {work.workload} round {round_number} {competitor.name} "
            f"{outcome.variant}: {told}")
        self.keep(line)
        return line

    def compare_with_ours(self, work, competitor, outcome, line):
        """Keeps the answers of the first run of each, and says how many agree with ours."""
        ours = work.folder / f"{work.workload}.answers.jsonl"
        if not outcome.answers:
            return
        if competitor.name == "Braincells":
            if not ours.exists():
                ours.write_text("".join(json.dumps(one) + "\n" for one in outcome.answers))
            return
        if not ours.exists():
            return
        own = [json.loads(text) for text in ours.read_text().splitlines()]
        line["agreement"] = compare_answers.agreement(work.rows, own, outcome.answers)
        if competitor.name == TUNED_COPY:
            line["flips"] = compare_answers.flips(own, outcome.answers)


def check_tokens(work):
    """The engine computed the same prompts as its peers, or nothing can be compared."""
    ours = (work.folder / f"{work.workload}.answers.jsonl").read_text().splitlines()
    for at, (text, tokens) in enumerate(zip(ours, work.prompts)):
        used = json.loads(text).get("prompt_tokens")
        if used is not None and used != len(tokens):
            raise SystemExit(f"{work.workload}, row {at}: Braincells asks {used} tokens, "
                             f"llama-server {len(tokens)}")


def main():
    options = arguments()
    bench = Bench(options)
    if not options.report:
        bench.go()
    if not options.profile:
        print(bench.write())
    say(f"results are in {bench.out}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except (RuntimeError, OSError) as error:
        sys.exit(f"bench: {error}")
