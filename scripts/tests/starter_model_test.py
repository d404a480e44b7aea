"""What `scripts/starter-model` promises, against a hub on the loopback and a few bytes of model."""

import hashlib
import http.server
import importlib.machinery
import importlib.util
import io
import os
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

SCRIPT = Path(__file__).resolve().parents[1] / "starter-model"
RIGHT = b"GGUF the right bytes"
WRONG = b"GGUF the wrong bytes"


def load_script():
    loader = importlib.machinery.SourceFileLoader("starter_model", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    module.SHA256 = hashlib.sha256(RIGHT).hexdigest()
    module.SIZE_BYTES = len(RIGHT)
    module.say = lambda text: None
    return module


class Hub:
    """Serves the same bytes for every path."""

    def __init__(self, body):
        self.paths = paths = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                paths.append(self.path)
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self):
        serve = self.server.serve_forever
        threading.Thread(target=serve, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *ignored):
        self.server.shutdown()
        self.server.server_close()


class StarterModel(unittest.TestCase):
    def setUp(self):
        self.script = load_script()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.target = Path(folder.name) / "models" / self.script.NAME
        # The loopback is reached directly, whatever proxy the machine has.
        settings = mock.patch.dict(os.environ, {"no_proxy": "127.0.0.1", "HF_HUB_OFFLINE": ""})
        settings.start()
        self.addCleanup(settings.stop)

    def install_from(self, hub):
        with mock.patch.dict(os.environ, {"HF_ENDPOINT": hub.endpoint}):
            self.script.install(self.target, [self.script.from_hub])

    def assert_nothing_else_is_there(self):
        left = [path for path in self.target.parent.iterdir() if path != self.target]
        self.assertEqual(left, [])

    def test_the_hub_is_asked_for_the_pinned_revision(self):
        with Hub(RIGHT) as hub:
            self.install_from(hub)
        self.assertEqual(self.target.read_bytes(), RIGHT)
        self.assertIn(self.script.HUB_REVISION, hub.paths[0])
        self.assert_nothing_else_is_there()

    def test_other_bytes_of_the_same_size_are_refused(self):
        with Hub(WRONG) as hub, self.assertRaises(self.script.SourceFailed):
            self.install_from(hub)
        self.assertFalse(self.target.exists())
        self.assert_nothing_else_is_there()

    def test_a_cut_file_is_refused(self):
        with Hub(RIGHT[:-1]) as hub, self.assertRaises(self.script.SourceFailed):
            self.install_from(hub)
        self.assertFalse(self.target.exists())

    def test_the_next_source_is_tried_and_starts_from_nothing(self):
        def second(partial):
            self.script.copy_checked(io.BytesIO(RIGHT), partial, "second")

        with Hub(WRONG) as hub, mock.patch.dict(os.environ, {"HF_ENDPOINT": hub.endpoint}):
            self.script.install(self.target, [self.script.from_hub, second])
        self.assertEqual(self.target.read_bytes(), RIGHT)

    def test_a_right_file_is_not_fetched_again(self):
        with Hub(RIGHT) as hub:
            self.install_from(hub)
            self.install_from(hub)
        self.assertEqual(len(hub.paths), 1)

    def test_a_damaged_file_is_replaced(self):
        self.target.parent.mkdir()
        self.target.write_bytes(WRONG)
        with Hub(RIGHT) as hub:
            self.install_from(hub)
        self.assertEqual(self.target.read_bytes(), RIGHT)

    def test_a_second_home_shares_the_bytes(self):
        with Hub(RIGHT) as hub:
            self.install_from(hub)
        second = self.target.parent.parent / "second" / "models" / self.script.NAME
        self.script.share(self.target, second)
        self.assertTrue(second.samefile(self.target))

    def test_a_relative_data_folder_is_ignored(self):
        with mock.patch.dict(os.environ, {"XDG_DATA_HOME": "relative", "BRAINCELLS_HOME": ""}), \
                mock.patch.object(self.script.sys, "platform", "linux"):
            self.assertEqual(self.script.default_home(), Path.home() / ".local/share/braincells")


if __name__ == "__main__":
    unittest.main()
