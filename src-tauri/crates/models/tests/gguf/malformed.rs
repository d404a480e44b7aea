//! Files that were damaged, or made to do damage. Each is refused with its cause.

use braincells_core::{AppError, Code};
use braincells_models::ModelsError;
use braincells_models::gguf::{Gguf, Lookalike};

use super::sound::read;
use super::writer::{File, Value, array, length_and, text, texts, u32_value};

fn refused(bytes: &[u8]) -> String {
    let error = read(bytes).unwrap_err();
    assert!(matches!(error, ModelsError::Malformed { .. }), "{error:?}");
    // What the first bytes already show needs no more of them.
    if let Err(of_prefix) = Gguf::read_prefix(bytes, bytes.len() as u64) {
        assert_eq!(of_prefix, error);
    }
    let app = AppError::from(error.clone());
    assert_eq!(app.code, Code::ModelBroken);
    assert!(app.hint.is_some());
    error.to_string()
}

fn u64_value(number: u64) -> Value {
    (10, number.to_le_bytes().to_vec())
}

/// A file in which the named text claims so many bytes.
fn claiming(bytes: u64) -> Value {
    (8, bytes.to_le_bytes().to_vec())
}

/// A value in the place of the last one, where nothing behind it matters.
fn last(key: &str, value: Value) -> File {
    File { tensors: Vec::new(), ..File::sound() }.with(key, value)
}

fn with_key(key: &[u8]) -> File {
    let mut file = File::sound();
    file.entries.push((key.to_vec(), u32_value(1)));
    file
}

fn starts() -> Vec<(&'static str, File)> {
    let sound = File::sound;
    vec![
        ("it is of version 1;", File { version: 1, ..sound() }),
        ("it is of version 0;", File { version: 0, ..sound() }),
        ("it is of version 4;", File { version: 4, ..sound() }),
        ("it is for big-endian computers", File { version: 3 << 24, ..sound() }),
        ("it claims 65537 metadata entries", File { entry_count: Some(65_537), ..sound() }),
        (
            "it claims 18446744073709551615 metadata",
            File { entry_count: Some(u64::MAX), ..sound() },
        ),
        ("it claims 65537 tensors", File { tensor_count: Some(65_537), ..sound() }),
        ("it claims 9223372036854775808 tensors", File { tensor_count: Some(1 << 63), ..sound() }),
        // What is behind the last entry is taken for another, which claims nonsense.
        ("entry 3 of the tensor table claims a text", File { tensor_count: Some(4), ..sound() }),
        ("metadata entry 11", File { entry_count: Some(12), tensors: Vec::new(), ..sound() }),
    ]
}

fn metadata() -> Vec<(&'static str, File)> {
    let key = "tiny.value";
    let long_key = "k".repeat(1025);
    let many = vec![("split.no", u32_value(3)), ("split.count", u32_value(3))];
    let split = many.into_iter().fold(File::sound(), |file, (key, value)| file.with(key, value));
    let mut twice = File::sound();
    twice.entries.push(twice.entries[0].clone());
    let mut heavy = File::sound();
    for index in 0..100 {
        heavy = heavy.with(&format!("tiny.{index}"), text(&"x".repeat(200 << 10)));
    }
    vec![
        ("metadata entry 11 has no key", with_key(b"")),
        ("metadata entry 11 has 1025 bytes; 1024 is the most", with_key(long_key.as_bytes())),
        ("metadata entry 11 is not printable text", with_key(b"a\0b")),
        ("metadata entry 11 is not printable text", with_key(b"a\xff")),
        ("`general.architecture` is there twice", twice),
        ("of the unknown type 13", last(key, (13, vec![0; 8]))),
        ("of the unknown type 4294967295", last(key, (u32::MAX, vec![0; 8]))),
        ("`tiny.value` is an array of arrays", last(key, array(9, 1, &[0; 16]))),
        ("of the unknown type 99", last(key, array(99, 1, &[0; 16]))),
        ("claims 18446744073709551615 items", last(key, array(4, u64::MAX, &[]))),
        ("claims 2305843009213693952 items", last(key, array(10, 1 << 61, &[]))),
        ("claims 1000000 items", last(key, array(8, 1_000_000, &[0; 64]))),
        ("`tiny.value` claims a text of 18446744073709551615", last(key, claiming(u64::MAX))),
        ("`tiny.value` claims a text of 1099511627776", last(key, claiming(1 << 40))),
        ("`tiny.value` claims a text of 1000000", {
            last(key, array(8, 2000, &length_and(b"a").repeat(1999)))
                .with("zz", claiming(1_000_000))
                .reordered()
        }),
        ("`tiny.value` is not UTF-8", last(key, (8, length_and(b"\xc3\x28")))),
        ("`tiny.value` is not UTF-8", last(key, array(8, 1, &length_and(b"\xff")))),
        ("neither true nor false but 2", last(key, (7, vec![2]))),
        ("`general.architecture` is of type uint32", last("general.architecture", u32_value(1))),
        ("`llama.block_count` is of type string", last("llama.block_count", text("1"))),
        ("`llama.block_count` is of type int32", last("llama.block_count", (5, vec![255; 4]))),
        (
            "`llama.context_length` is of type float32",
            last("llama.context_length", (6, vec![0; 4])),
        ),
        ("head_count` is of type array", last("llama.attention.head_count", texts(&["4"]))),
        ("has 2 items for 1 layers", last("llama.attention.head_count", array(4, 2, &[1; 8]))),
        ("has 5000 items for 1 layers", {
            last("llama.attention.head_count_kv", array(0, 1, &[1]))
                .with("llama.feed_forward_length", array(4, 5000, &vec![1; 20_000]))
        }),
        ("`tokenizer.ggml.tokens` is of type uint32", last("tokenizer.ggml.tokens", u32_value(1))),
        ("is 1000000, which no model has", last("llama.block_count", u32_value(1_000_000))),
        ("it is part 3 of 3, counted from 0", split),
        ("`general.alignment` is of type uint64", last("general.alignment", u64_value(32))),
        ("aligned to 0 bytes", last("general.alignment", u32_value(0))),
        ("aligned to 24 bytes", last("general.alignment", u32_value(24))),
        ("aligned to 4 bytes", last("general.alignment", u32_value(4))),
        ("aligned to 2147483648 bytes", last("general.alignment", u32_value(1 << 31))),
        ("take more than 16777216 bytes of memory", heavy),
    ]
}

fn tensors() -> Vec<(&'static str, File)> {
    let changed = |change: fn(&mut super::writer::Tensor)| File::sound().with_tensor(change);
    vec![
        ("tensor 1 has no name", changed(|tensor| tensor.name.clear())),
        ("name of tensor 1 has 64 bytes; 63 is the most", changed(|t| t.name = vec![b'n'; 64])),
        ("name of tensor 1 is not printable text", changed(|t| t.name = b"a\0b".to_vec())),
        ("name of tensor 1 is not printable text", changed(|t| t.name = b"\xff".to_vec())),
        ("`token_embd.weight` is there twice", changed(|t| t.name = b"token_embd.weight".to_vec())),
        ("has 5 dimensions; 4 is the most", changed(|t| t.shape = vec![32; 5])),
        ("has a negative dimension", changed(|t| t.shape = vec![u64::MAX, 1])),
        ("more numbers than can be counted", changed(|t| t.shape = vec![1 << 32, 1 << 32])),
        ("more numbers than can be counted", changed(|t| t.shape = vec![1 << 62, 2, 2, 0])),
        ("more bytes than can be counted", changed(|t| (t.shape, t.kind) = (vec![1 << 62], 27))),
        ("of the unknown type 43", changed(|tensor| tensor.kind = 43)),
        ("of the unknown type 4294967295", changed(|tensor| tensor.kind = u32::MAX)),
        ("of type 4, which llama.cpp no longer reads", changed(|tensor| tensor.kind = 4)),
        ("of type 31, which llama.cpp no longer reads", changed(|tensor| tensor.kind = 31)),
        ("have 33 numbers, no multiple of 32", changed(|t| t.shape = vec![33, 64])),
        ("have 64 numbers, no multiple of 256", changed(|tensor| tensor.kind = 12)),
        ("begins at 700, no multiple of 32", changed(|tensor| tensor.offset = 700)),
        ("begins at 672, inside the one before it", changed(|tensor| tensor.offset = 672)),
        ("begins at 0, inside the one before it", changed(|tensor| tensor.offset = 0)),
        ("begins at 736 and not at 704", changed(|tensor| tensor.offset = 736)),
        ("of the file, which has", changed(|tensor| tensor.offset = 1 << 40)),
        ("more bytes than can be counted", changed(|tensor| tensor.offset = u64::MAX - 31)),
        ("of the file, which has", changed(|tensor| tensor.shape = vec![64, 1 << 40])),
        ("of the file, which has", File { data_bytes: 3008, ..File::sound() }),
    ]
}

impl File {
    /// With a long list of texts whose last is broken, whole in one value.
    fn reordered(mut self) -> Self {
        let broken = self.entries.pop().unwrap().1.1;
        self.entries.last_mut().unwrap().1.1.extend(broken);
        self
    }
}

#[test]
fn every_broken_file_is_refused_with_its_cause() {
    let cases: Vec<_> = [starts(), metadata(), tensors()].into_iter().flatten().collect();
    let count = cases.len();
    for (expected, file) in cases {
        let message = refused(&file.bytes());
        assert!(message.contains(expected), "{message} where {expected} is due");
    }
    assert!(count >= 60, "{count}");
}

#[test]
fn a_file_that_ends_anywhere_is_refused() {
    let file = File::sound();
    let bytes = file.bytes();
    for length in 4..bytes.len() {
        let message = refused(&bytes[..length]);
        let is_named = ["it ends inside", "more than the file has", "of the file, which has"];
        assert!(is_named.iter().any(|named| message.contains(named)), "{length}: {message}");
    }
    assert!(read(&bytes).is_ok());
    let short = refused(&bytes[..20]);
    assert!(
        short.contains("its first 24 bytes: at byte 16 8 more are due and 4 are left"),
        "{short}"
    );
}

#[test]
fn another_kind_of_file_is_named() {
    let cases: [(&[u8], Lookalike); 8] = [
        (b"", Lookalike::Empty),
        (b"GG", Lookalike::Unknown),
        (b"PK\x03\x04 and so on", Lookalike::Zip),
        (b"<!doctype html><title>Sign in</title>", Lookalike::Html),
        (b"{\"error\":\"Repository not found\"}", Lookalike::Json),
        (b"version https://git-lfs.github.com/spec/v1\n", Lookalike::GitLfsPointer),
        (b"\x10\x02\0\0\0\0\0\0{\"lm_head.weight\":", Lookalike::Safetensors),
        (b"tjgg\x03\0\0\0", Lookalike::LegacyGgml),
    ];
    for (bytes, found) in cases {
        assert_eq!(read(bytes).unwrap_err(), ModelsError::NotGguf { file: None, found });
    }
}

#[test]
fn a_path_says_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Gguf::open(&folder.path().join("none.gguf")).unwrap_err();
    assert!(matches!(missing, ModelsError::Missing { .. }));
    assert!(Gguf::open(folder.path()).unwrap_err().to_string().ends_with("it is a folder"));
    let path = folder.path().join("zeros.gguf");
    std::fs::write(&path, [0; 4096]).unwrap();
    let zeros = Gguf::open(&path).unwrap_err().to_string();
    assert!(zeros.contains("zeros.gguf` is not a GGUF file: it begins with zeros"), "{zeros}");
    let path = folder.path().join("sound.gguf");
    std::fs::write(&path, File::sound().bytes()).unwrap();
    assert_eq!(Gguf::open(&path).unwrap().name(), Some("Tiny"));
}
