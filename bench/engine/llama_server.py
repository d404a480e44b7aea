"""llama.cpp's own server as a peer: how it is started, what it is asked, how fast it answers.

Two ways are measured. `Tuned`: `/completion` with token ids that were made before, grammars
without optional white space, sampling that takes the likeliest token at once, and as few tokens
as the answer needs. `AsShipped`: no flag but model and port, `/v1/chat/completions` with
messages and a response format, five requests at a time.
"""

import contextlib
import http.client
import json
import queue
import socket
import subprocess
import threading
import time
from dataclasses import dataclass

import chat
import figures

START_SECONDS = 120
ANSWER_SECONDS = 600
#: Requests at a time of a person who did not think about it.
SHIPPED_CONCURRENCY = 5
#: Beyond prompt and answer, for what the server adds by itself.
SPARE_TOKENS = 16
CONTEXT_STEP = 256


@dataclass(frozen=True)
class Tuned:
    """A set of flags, and how many requests are open at a time."""

    slots: int
    unified: bool
    concurrency: int

    @property
    def name(self):
        unified = " -kvu" if self.unified else ""
        return f"-np {self.slots}{unified}, {self.concurrency} at a time"

    def flags(self, row_tokens, threads):
        a_slot = -(-(row_tokens + SPARE_TOKENS) // CONTEXT_STEP) * CONTEXT_STEP
        return ["-np", str(self.slots), "-c", str(self.slots * a_slot),
                "-kvu" if self.unified else "-no-kvu", "--no-cache-idle-slots", "--cache-ram", "0",
                "-b", "2048", "-ub", "512", "-fa", "on", "-t", str(threads), "-tb", str(threads),
                # A connection that is kept open keeps a thread; without enough of them requests
                # wait outside.
                "--threads-http", str(self.concurrency + 4)]


@dataclass(frozen=True)
class AsShipped:
    """As a person runs it who reads no flags."""

    concurrency: int = SHIPPED_CONCURRENCY
    name: str = f"no flags, chat, {SHIPPED_CONCURRENCY} at a time"

    def flags(self, _row_tokens, _threads):
        return []


class Server:
    """A running server; `with` ends it."""

    def __init__(self, program, model, flags, log):
        self.port = free_port()
        command = [str(program), "-m", str(model), "--host", "127.0.0.1", "--port",
                   str(self.port), *flags]
        self.log = open(log, "ab")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT,
                                        stdin=subprocess.DEVNULL)

    def __enter__(self):
        try:
            self.wait()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_error):
        self.end()

    def wait(self):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"llama-server ended by itself, see {self.log.name}")
            with contextlib.suppress(OSError, http.client.HTTPException):
                with self.connection() as connection:
                    if ask(connection, "GET", "/health", None)[0] == 200:
                        return
            time.sleep(0.05)
        raise RuntimeError("llama-server is not ready")

    def end(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def connection(self):
        return contextlib.closing(
            http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(connection, method, path, body):
    data = None if body is None else json.dumps(body).encode()
    connection.request(method, path, data, {"Content-Type": "application/json"})
    response = connection.getresponse()
    return response.status, json.loads(response.read() or b"null")


def ask_again_if_closed(connection, path, body):
    """A server may close a connection after so many requests, just as the next one is sent."""
    try:
        return ask(connection, "POST", path, body)
    except (ConnectionError, http.client.RemoteDisconnected):
        connection.close()
        return ask(connection, "POST", path, body)


def tokenise(server, rows, has_template, bos):
    """The prompts of the rows as token ids, by the server's own template and tokenizer."""
    prompts, answers = [], {}
    with server.connection() as connection:
        def post(path, body):
            status, answer = ask(connection, "POST", path, body)
            if status != 200:
                raise RuntimeError(f"llama-server says {status} to {path}: {answer}")
            return answer

        for row in rows:
            messages = row["request"]["messages"]
            text = (post("/apply-template", {"messages": messages})["prompt"] if has_template
                    else chat.plain(messages))
            begins = bool(bos) and text.startswith(bos)
            prompts.append(post("/tokenize", {
                "content": text, "add_special": not begins, "parse_special": True})["tokens"])
        for answer in {answer for row in rows for answer in row.get("answers", [])}:
            tokens = post("/tokenize", {"content": answer, "add_special": False})["tokens"]
            answers[answer] = len(tokens)
    return prompts, answers


def completion(row, tokens, answer_tokens, stops):
    """The body for `/completion`. A label is cut after as many tokens as the longest one has, so
    that no step is spent on the token that ends it."""
    body = {
        "prompt": tokens, "temperature": 0.0, "samplers": ["top_k"], "top_k": 1,
        "cache_prompt": True, "response_fields": ["content", "tokens_predicted", "stop_type"],
    }
    if "answers" in row:
        body["n_predict"] = max(answer_tokens[answer] for answer in row["answers"])
    else:
        body["n_predict"] = row["request"]["max_tokens"] or 512
        body["stop"] = stops
    if "grammar" in row:
        body["grammar"] = row["grammar"]
    return "/completion", body


def chat_completion(row):
    """The body for `/v1/chat/completions`, as the documentation of chat APIs has it."""
    body = {"messages": row["request"]["messages"], "temperature": 0.0,
            "max_tokens": row["request"]["max_tokens"] or 512}
    if "schema" in row:
        body["response_format"] = {
            "type": "json_schema", "json_schema": {"name": "answer", "schema": row["schema"]}}
    return "/v1/chat/completions", body


def content(answer):
    """The text and the number of its tokens, from either kind of answer."""
    if "choices" in answer:
        return answer["choices"][0]["message"]["content"], answer["usage"]["completion_tokens"]
    return answer["content"], answer["tokens_predicted"]


def measure(server, bodies, concurrency):
    """Asks for everything, in order, with `concurrency` connections that are kept open."""
    waiting = queue.SimpleQueue()
    for numbered in enumerate(bodies):
        waiting.put(numbered)
    answers = [None] * len(bodies)
    pid = server.process.pid
    server_cpu, client_cpu = figures.cpu_seconds(pid), time.process_time()
    begin = time.monotonic()

    def client():
        with server.connection() as connection:
            while True:
                try:
                    at, (path, body) = waiting.get_nowait()
                except queue.Empty:
                    return
                try:
                    status, answer = ask_again_if_closed(connection, path, body)
                except (OSError, http.client.HTTPException, ValueError) as error:
                    answers[at] = {"error": str(error)}
                    connection.close()
                    continue
                seconds = time.monotonic() - begin
                if status != 200:
                    answers[at] = {"error": f"{status}: {answer}"}
                    continue
                text, tokens = content(answer)
                answers[at] = {"content": text, "completion_tokens": tokens, "seconds": seconds}

    threads = [threading.Thread(target=client, name=f"client-{at}", daemon=True)
               for at in range(min(concurrency, len(bodies)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.monotonic() - begin
    client_cpu = time.process_time() - client_cpu
    return answers, {
        "rows": len(bodies), "seconds": seconds, "rows_per_second": len(bodies) / seconds,
        "first_cell_seconds": min((one["seconds"] for one in answers if one and "seconds" in one),
                                  default=None),
        "failed": sum(1 for one in answers if not one or "error" in one),
        "completion_tokens": sum(one.get("completion_tokens", 0) for one in answers if one),
        "cpu_seconds": figures.cpu_seconds(pid) - server_cpu + client_cpu,
        "client_cpu_seconds": client_cpu,
        "peak_rss_bytes": figures.peak_rss_bytes(pid),
    }
