//! Checks `tauri.conf.json` and the capabilities, and makes the folder of the built page where it
//! is missing, so that `cargo check` works in a fresh clone.

fn main() {
    // A failure shows as the clearer message of `generate_context!`.
    drop(std::fs::create_dir_all("../dist"));
    tauri_build::build();
}
