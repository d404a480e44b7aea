"""The pure parts of `bench/engine`, and its client against a server on the loopback."""

import http.server
import json
import os
import random
import sys
import tempfile
import threading
import types
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench/engine"))

import answers  # noqa: E402
import check_cells  # noqa: E402
import figures  # noqa: E402
import llama_server  # noqa: E402
import peers  # noqa: E402
import report  # noqa: E402
import reviews  # noqa: E402
import workloads  # noqa: E402

PROCESSES = "cpu  100 5 50 800 10 3 2 40 0 0"


class Workloads(unittest.TestCase):
    def setUp(self):
        self.texts = reviews.synthetic()

    def test_the_same_seed_makes_the_same_bytes(self):
        for name in workloads.MAKERS:
            one, same, other = (json.dumps(workloads.make(name, self.texts, 60, seed))
                                for seed in (1, 1, 2))
            self.assertEqual(one, same, name)
            if name != "W5":  # documents stand in the order of the table
                self.assertNotEqual(one, other, name)

    def test_three_fifths_of_w4_are_duplicates(self):
        rows = workloads.make("W4", self.texts, 500)
        different = {json.dumps(row["request"]["messages"]) for row in rows}
        self.assertAlmostEqual(len(different) / len(rows), 0.4, delta=0.01)

    def test_w5_asks_each_document_everything_before_the_next(self):
        rows = workloads.make("W5", self.texts)
        self.assertEqual(len(rows), 600)
        asked = [row["request"]["messages"][1]["content"].split("\n\n") for row in rows]
        for at in range(0, 600, 20):
            self.assertEqual(len({document for document, _question in asked[at:at + 20]}), 1)
            self.assertEqual(len({question for _document, question in asked[at:at + 20]}), 20)
        self.assertEqual(len({document for document, _question in asked}), 30)

    def test_no_two_prompts_of_w6_begin_alike(self):
        rows = workloads.make("W6", self.texts)
        starts = [row["request"]["messages"][0]["content"].split(".")[0] for row in rows]
        self.assertEqual(len(set(starts)), len(rows))

    def test_texts_of_w3_end_between_24_and_32_tokens(self):
        limits = {row["request"]["max_tokens"] for row in workloads.make("W3", self.texts)}
        self.assertEqual(limits, set(range(24, 33)))

    def test_too_few_reviews_are_an_error_and_no_smaller_measurement(self):
        with self.assertRaises(SystemExit):
            workloads.make("W1", self.texts[:10], 20)

    def test_a_table_without_texts_is_refused(self):
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.write("id,words\n1,hello\n")
            file.flush()
            with self.assertRaises(SystemExit):
                reviews.read(file.name)


class Answers(unittest.TestCase):
    labels = {"answers": ["good", "bad"]}
    fields = {"schema": workloads.JSON_SCHEMA}

    def test_a_value_is_read_only_where_it_is_valid(self):
        right = '{"overall_sentiment":"neutral","mentions_a_defect":false,"stars_out_of_five":3}'
        for text, row, is_valid in [
            ("good", self.labels, True), ('"bad"', self.labels, True),
            ("goodish", self.labels, False), ("", self.labels, False),
            (right, self.fields, True), (right.replace("3", "6"), self.fields, False),
            (right.replace("3", "true"), self.fields, False), (right[:-1], self.fields, False),
            (right.replace("neutral", "fine"), self.fields, False),
            ("a text", {}, True), (" ", {}, False),
        ]:
            found = answers.value(row, {"content": text})
            self.assertEqual(found is not None, is_valid, text)
        self.assertIsNone(answers.value(self.labels, {"error": "timeout"}))

    def test_a_label_that_was_cut_is_read_where_only_one_begins_so(self):
        self.assertEqual(answers.value(self.labels, {"content": "goo"}), "good")
        row = {"answers": ["good", "bad", "bad luck"]}
        self.assertIsNone(answers.value(row, {"content": "ba"}))
        self.assertEqual(answers.value(row, {"content": "bad"}), "bad")
        self.assertEqual(answers.value(row, {"content": "bad l"}), "bad luck")

    def test_the_flags_are_those_of_the_build_that_is_linked_into_programs(self):
        with tempfile.TemporaryDirectory() as folder:
            for at, (name, shared) in enumerate([("linked", "OFF"), ("with-modules", "ON")]):
                path = Path(folder) / f"release/build/llama-cpp-sys-2-{name}/out/build/CMakeCache.txt"
                path.parent.mkdir(parents=True)
                path.write_text(f"BUILD_SHARED_LIBS:BOOL={shared}\n")
                os.utime(path, (at, at))
            self.assertIn("linked", str(peers.crate_cache(Path(folder))))

    def test_steady_speed_leaves_out_the_beginning(self):
        slow_start = [{"seconds": 100 + at / 10} for at in range(100)]
        self.assertAlmostEqual(answers.steady_rows_per_second(slow_start), 10.0)
        self.assertIsNone(answers.steady_rows_per_second(slow_start[:5]))
        # Sixteen in each call, a call a second.
        calls = [{"seconds": 1 + at // 16 + at % 16 * 1e-5} for at in range(320)]
        self.assertAlmostEqual(answers.steady_rows_per_second(calls), 16.0, places=3)

    def test_the_margin_of_a_flip_is_the_original_one(self):
        def answer(content, good):
            return {"content": content, "label_probabilities": [
                {"label": "good", "probability": good},
                {"label": "bad", "probability": 1 - good}]}

        original = [answer("good", 0.6), answer("good", 0.9), answer("bad", 0.5)]
        other = [answer("bad", 0.1), answer("good", 0.6), answer("bad", 0.2)]
        found = answers.flips(original, other)
        self.assertAlmostEqual(found["same"], 2 / 3)
        self.assertAlmostEqual(found["largest_margin"], 0.405, places=3)


class Cells(unittest.TestCase):
    def test_a_cell_is_judged_without_the_program(self):
        right = {"sentiment": "mixed", "product": {"kind": "device", "name": "x"},
                 "topics": ["price"], "stars": 5, "reason": "y"}
        for name, good, bad in [
            ("label", ["mixed"], ["Mixed", None]),
            ("labels", [[], ["price", "other"]], [["other", "price"], ["price", "price"], "price"]),
            ("number", [-5, 0.5, 5], [5.5, True, None, "3"]),
            ("integer", [-5, 3, 3.0], [0.5, 6]),
            ("boolean", [True], ["true", 1, None]),
            ("date", ["2024-02-29"], ["2023-02-29", "2024-2-9", "20240229", None]),
            ("json", [right, json.dumps(right)], [
                None, {}, right | {"stars": 6}, right | {"topics": ["price"] * 4},
                right | {"product": {"kind": "device"}}, right | {"more": 1}]),
        ]:
            is_valid = check_cells.TYPES[name][1]
            for value in good:
                self.assertTrue(is_valid(value), f"{name}: {value}")
            for value in bad:
                self.assertFalse(is_valid(value), f"{name}: {value}")


class Figures(unittest.TestCase):
    def test_waiting_is_not_busy_and_stolen_time_is(self):
        self.assertEqual(figures.busy_seconds(PROCESSES) * figures.TICKS_PER_SECOND, 200)

    def test_flags_of_two_builds_are_compared_by_name(self):
        text = "GGML_AVX2:BOOL=ON\nCMAKE_C_FLAGS:STRING= -O3\n//GGML_X:BOOL=ON\nOTHER:BOOL=ON\n"
        ours = peers.flags_of(text)
        self.assertEqual(ours, {"GGML_AVX2": "ON", "CMAKE_C_FLAGS": "-O3"})
        theirs = peers.flags_of(text.replace("AVX2:BOOL=ON", "AVX2:BOOL=OFF"))
        self.assertEqual(peers.different_flags(ours, ours), [])
        self.assertEqual(peers.different_flags(ours, theirs), ["GGML_AVX2: `ON` and `OFF`"])


class Report(unittest.TestCase):
    def test_a_ratio_is_the_median_of_the_rounds_and_tuning_does_not_count(self):
        def run(name, number, speed):
            return {"kind": "run", "model": "smollm2", "workload": "W1", "competitor": name,
                    "round": number, "figures": {"rows_per_second": speed}}

        lines = [{"kind": "work", "model": "smollm2", "workload": "W1", "rows": 10},
                 run(report.TUNED, -1, 99.0)]
        for number, ours, theirs in [(1, 10.0, 5.0), (2, 30.0, 10.0), (3, 20.0, 16.0)]:
            lines += [run(report.OURS, number, ours), run(report.TUNED, number, theirs)]
        runs = report.Runs(lines, "smollm2", "W1")
        self.assertEqual(runs.ratios(report.OURS, report.TUNED), [2.0, 3.0, 1.25])
        self.assertEqual(report.ratio_text(runs.ratios(report.OURS, report.TUNED)),
                         "2.00 (1.25 to 3.00)")
        self.assertEqual(runs.median(report.TUNED, "rows_per_second"), 10.0)

    def test_a_bar_that_was_not_measured_is_not_met(self):
        self.assertEqual(report.verdict(None, 1.25), "1.25: not measured")
        self.assertEqual(report.verdict(1.25, 1.25), "1.25: met")
        self.assertEqual(report.verdict(0.06, 0.05, at_most=True), "0.05: MISSED")

    def test_an_empty_page_says_so(self):
        self.assertIn("Nothing was measured yet", report.table([]))


class Client(unittest.TestCase):
    """Every third request loses its connection; nothing may get lost or mixed up."""

    def setUp(self):
        asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                asked.append(body["number"])
                if asked.count(body["number"]) == 1 and body["number"] % 3 == 0:
                    self.close_connection = True
                    return
                status = 500 if body["number"] == 7 else 200
                answer = {"content": f"answer {body['number']}", "tokens_predicted": 2}
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *arguments):
                pass

        class Loopback(http.server.ThreadingHTTPServer):
            request_queue_size = 64

        self.http = Loopback(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01},
                         daemon=True).start()
        self.addCleanup(self.http.server_close)
        self.addCleanup(self.http.shutdown)

    def test_answers_stand_where_they_were_asked(self):
        server = object.__new__(llama_server.Server)
        server.port = self.http.server_address[1]
        server.process = types.SimpleNamespace(pid=os.getpid())
        bodies = [("/completion", {"number": number}) for number in range(20)]
        found, sums = llama_server.measure(server, bodies, 4)
        for number, answer in enumerate(found):
            if number == 7:
                self.assertIn("error", answer)
            else:
                self.assertEqual(answer["content"], f"answer {number}")
        self.assertEqual((sums["rows"], sums["failed"], sums["completion_tokens"]), (20, 1, 38))


class Grammars(unittest.TestCase):
    def test_a_grammar_allows_what_the_schema_does(self):
        [row] = workloads.make("W2", reviews.synthetic(), 1)
        dice = random.Random(1)
        for _instance in range(20):
            text = instance(row["grammar"], dice)
            self.assertIsNotNone(answers.value(row, {"content": text}), text)


def instance(grammar, dice):
    """A random text of the two kinds of grammars that the workloads use."""
    text, rest = "", grammar.removeprefix("root ::= ")
    while rest := rest.strip():
        if rest.startswith("("):
            inside, _, rest = rest[1:].partition(")")
            text += json.loads(dice.choice(inside.split(" | ")))
        elif rest.startswith("[1-5]"):
            text, rest = text + dice.choice("12345"), rest[5:]
        else:
            literal, end = json.JSONDecoder().raw_decode(rest)
            text, rest = text + literal, rest[end:]
    return text


if __name__ == "__main__":
    unittest.main()
