//! Checks `tauri.conf.json` and the capabilities, and makes the folder of the built page where it
//! is missing, so that `cargo check` works in a fresh clone. Tells a program with the feature
//! `dynamic-backends` where the libraries of llama.cpp will be, as the command line's does.

fn main() {
    // A failure shows as the clearer message of `generate_context!`.
    drop(std::fs::create_dir_all("../dist"));
    // The page is inside the program: one that was built before its page would show nothing for
    // ever, since only files that were there then are watched.
    println!("cargo:rerun-if-changed=../dist");
    if cfg!(all(feature = "dynamic-backends", target_os = "linux")) {
        println!(
            "cargo:rustc-link-arg-bins=-Wl,--disable-new-dtags,-rpath,$ORIGIN/backends:$ORIGIN/../lib/braincells/backends"
        );
    }
    tauri_build::build();
}
