//! Tells a program with the feature `dynamic-backends` where the libraries of llama.cpp will be,
//! seen from itself; the same as `use_modules_of` in the workbench.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if cfg!(all(feature = "dynamic-backends", target_os = "linux")) {
        println!(
            "cargo:rustc-link-arg-bins=-Wl,--disable-new-dtags,-rpath,$ORIGIN/backends:$ORIGIN/../lib/braincells/backends"
        );
    }
}
