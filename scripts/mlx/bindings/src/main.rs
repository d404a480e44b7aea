//! Writes the bindings of mlx-c as mlx-sys' build script would: `mlx-bindings MLX_C_FOLDER OUT.rs`.

use std::path::Path;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(root), Some(out)) = (arguments.next(), arguments.next()) else {
        panic!("mlx-bindings needs the folder of mlx-c and the file to write");
    };
    let folder = Path::new(&root).join("mlx/c");
    let mut headers: Vec<_> = std::fs::read_dir(folder)
        .expect("mlx-c has headers")
        .map(|entry| entry.expect("the folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "h"))
        .collect();
    headers.sort();
    let builder = bindgen::Builder::default()
        .rust_target("1.73.0".parse().expect("a version of Rust"))
        .clang_arg(format!("-I{root}"))
        .blocklist_function("malloc")
        .blocklist_function("realloc")
        // Of the system's headers nothing: the same on every machine.
        .allowlist_function("_?mlx_.*")
        .allowlist_type("mlx_.*")
        .allowlist_var("(mlx|MLX)_.*");
    headers
        .iter()
        .fold(builder, |builder, header| builder.header(header.to_string_lossy()))
        .generate()
        .expect("bindgen understands mlx-c")
        .write_to_file(out)
        .expect("the file can be written");
}
