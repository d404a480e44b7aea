"""What is shipped for Apple Silicon, as far as it can be held together without a Mac."""

import json
import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


class Bundle(unittest.TestCase):
    def setUp(self):
        self.bundle = json.loads(text("src-tauri/tauri.apple-silicon.conf.json"))["bundle"]
        self.script = text("scripts/mlx/bundle")

    def test_the_helper_is_called_what_the_app_looks_for(self):
        source = text("src-tauri/crates/llm/src/mlx.rs")
        name = re.search(r'pub const HELPER: &str = "([^"]+)"', source)[1]
        self.assertEqual(self.bundle["externalBin"], [f"binaries/{name}"])
        # Tauri wants the target in the name, and takes it off.
        self.assertIn(f"/{name}-aarch64-apple-darwin", self.script)

    def test_the_kernels_lie_where_the_helper_looks(self):
        name = re.search(r'with_file_name\("([^"]+\.metallib)"\)',
                         text("src-tauri/crates/mlx/src/main.rs"))[1]
        # Programs of an app are in MacOS; the kernels are to lie beside the helper.
        self.assertEqual(self.bundle["macOS"]["files"], {f"MacOS/{name}": f"binaries/{name}"})
        self.assertIn(f'cp "$MLX_RS_METAL_PATH/{name}" "$out/{name}"', self.script)

    def test_the_oldest_macos_is_the_same_everywhere(self):
        oldest = self.bundle["macOS"]["minimumSystemVersion"]
        self.assertIn(f"MACOSX_DEPLOYMENT_TARGET={oldest}\n", self.script)
        self.assertIn(f"macOS {oldest.split('.')[0]} or newer", text("docs/mlx.md"))

    def test_the_ordinary_bundle_has_no_helper(self):
        ordinary = json.loads(text("src-tauri/tauri.conf.json"))["bundle"]
        self.assertNotIn("externalBin", ordinary)


if __name__ == "__main__":
    unittest.main()
