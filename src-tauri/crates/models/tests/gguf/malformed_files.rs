//! Files that were damaged, or made to do damage.

use super::writer::{File, Tensor, Value, array, length_and, text, texts, u32_value};

/// The defect that is due, a part of what is said of it, and the file.
pub type Case = (&'static str, &'static str, File);

/// All of them.
pub fn cases() -> Vec<Case> {
    [starts(), metadata(), known_keys(), tensors()].into_iter().flatten().collect()
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

fn starts() -> Vec<Case> {
    let sound = File::sound;
    vec![
        ("Version", "it is of version 1;", File { version: 1, ..sound() }),
        ("Version", "it is of version 0;", File { version: 0, ..sound() }),
        ("Version", "it is of version 4;", File { version: 4, ..sound() }),
        ("BigEndian", "it is for big-endian computers", File { version: 3 << 24, ..sound() }),
        (
            "TooManyEntries",
            "it claims 65537 metadata entries",
            File { entry_count: Some(65_537), ..sound() },
        ),
        (
            "TooManyEntries",
            "it claims 18446744073709551615 metadata",
            File { entry_count: Some(u64::MAX), ..sound() },
        ),
        (
            "TooManyTensors",
            "it claims 65537 tensors",
            File { tensor_count: Some(65_537), ..sound() },
        ),
        (
            "TooManyTensors",
            "it claims 9223372036854775808 tensors",
            File { tensor_count: Some(1 << 63), ..sound() },
        ),
        // What is behind the last entry is taken for another, which claims nonsense.
        (
            "TextTooLong",
            "entry 3 of the tensor table claims a text",
            File { tensor_count: Some(4), ..sound() },
        ),
        (
            "TextTooLong",
            "metadata entry 11 claims a text",
            File { entry_count: Some(12), tensors: Vec::new(), ..sound() },
        ),
    ]
}

fn metadata() -> Vec<Case> {
    let key = "tiny.value";
    let long_key = "k".repeat(1025);
    let mut twice = File::sound();
    twice.entries.push(twice.entries[0].clone());
    vec![
        ("EmptyKey", "metadata entry 11 has no key", with_key(b"")),
        (
            "KeyTooLong",
            "metadata entry 11 has 1025 bytes; 1024 is the most",
            with_key(long_key.as_bytes()),
        ),
        ("KeyNotText", "metadata entry 11 is not printable text", with_key(b"a\0b")),
        ("KeyNotText", "metadata entry 11 is not printable text", with_key(b"a\xff")),
        // Shown, the first reads `tiny.evil` as `tiny.live`; the second is `tiny.a` for the eye.
        (
            "KeyNotText",
            "metadata entry 11 is not printable",
            with_key("tiny.\u{202e}evil".as_bytes()),
        ),
        ("KeyNotText", "metadata entry 11 is not printable", with_key("tiny.\u{200b}a".as_bytes())),
        ("KeyNotText", "metadata entry 11 is not printable", with_key(b"a\x1b[2Jb")),
        ("DuplicateKey", "`general.architecture` is there twice", twice),
        ("UnknownValueType", "of the unknown type 13", last(key, (13, vec![0; 8]))),
        ("UnknownValueType", "of the unknown type 4294967295", last(key, (u32::MAX, vec![0; 8]))),
        ("NestedArray", "`tiny.value` is an array of arrays", last(key, array(9, 1, &[0; 16]))),
        ("UnknownValueType", "of the unknown type 99", last(key, array(99, 1, &[0; 16]))),
        ("ArrayTooLong", "claims 18446744073709551615 items", last(key, array(4, u64::MAX, &[]))),
        ("ArrayTooLong", "claims 2305843009213693952 items", last(key, array(10, 1 << 61, &[]))),
        ("ArrayTooLong", "claims 1000000 items", last(key, array(8, 1_000_000, &[0; 64]))),
        (
            "TextTooLong",
            "`tiny.value` claims a text of 18446744073709551615",
            last(key, claiming(u64::MAX)),
        ),
        (
            "TextTooLong",
            "`tiny.value` claims a text of 1099511627776",
            last(key, claiming(1 << 40)),
        ),
        ("TextTooLong", "`tiny.value` claims a text of 1000000", {
            last(key, array(8, 2000, &length_and(b"a").repeat(1999)))
                .with("zz", claiming(1_000_000))
                .reordered()
        }),
        ("NotText", "`tiny.value` is not UTF-8", last(key, (8, length_and(b"\xc3\x28")))),
        ("NotText", "`tiny.value` is not UTF-8", last(key, array(8, 1, &length_and(b"\xff")))),
        ("NotBool", "neither true nor false but 2", last(key, (7, vec![2]))),
    ]
}

/// Keys that llama.cpp or this program relies on.
fn known_keys() -> Vec<Case> {
    let many = vec![("split.no", u32_value(3)), ("split.count", u32_value(3))];
    let split = many.into_iter().fold(File::sound(), |file, (key, value)| file.with(key, value));
    let mut heavy = File::sound();
    for index in 0..100 {
        heavy = heavy.with(&format!("tiny.{index}"), text(&"x".repeat(200 << 10)));
    }
    vec![
        (
            "WrongType",
            "`general.architecture` is of type uint32",
            last("general.architecture", u32_value(1)),
        ),
        (
            "WrongType",
            "`llama.block_count` is of type string",
            last("llama.block_count", text("1")),
        ),
        (
            "WrongType",
            "`llama.block_count` is of type int32",
            last("llama.block_count", (5, vec![255; 4])),
        ),
        (
            "WrongType",
            "`llama.context_length` is of type float32",
            last("llama.context_length", (6, vec![0; 4])),
        ),
        (
            "WrongType",
            "head_count` is of type array",
            last("llama.attention.head_count", texts(&["4"])),
        ),
        (
            "WrongCount",
            "has 2 items for 1 layers",
            last("llama.attention.head_count", array(4, 2, &[1; 8])),
        ),
        ("WrongCount", "has 5000 items for 1 layers", {
            last("llama.attention.head_count_kv", array(0, 1, &[1]))
                .with("llama.feed_forward_length", array(4, 5000, &vec![1; 20_000]))
        }),
        (
            "WrongType",
            "`tokenizer.ggml.tokens` is of type uint32",
            last("tokenizer.ggml.tokens", u32_value(1)),
        ),
        (
            "Absurd",
            "is 1000000, which no model has",
            last("llama.block_count", u32_value(1_000_000)),
        ),
        ("BadSplit", "it is part 3 of 3, counted from 0", split),
        ("WrongType", "`split.count` is of type string", last("split.count", text("3"))),
        ("WrongType", "`tokenizer.chat_template` is of type uint32", {
            last("tokenizer.chat_template", u32_value(1))
        }),
        ("WrongType", "`general.alignment` is of type array", {
            last("general.alignment", array(4, 1, &[32, 0, 0, 0]))
        }),
        (
            "WrongType",
            "`general.alignment` is of type uint64",
            last("general.alignment", u64_value(32)),
        ),
        ("Alignment", "aligned to 0 bytes", last("general.alignment", u32_value(0))),
        ("Alignment", "aligned to 24 bytes", last("general.alignment", u32_value(24))),
        ("Alignment", "aligned to 4 bytes", last("general.alignment", u32_value(4))),
        ("Alignment", "aligned to 2147483648 bytes", last("general.alignment", u32_value(1 << 31))),
        ("TooMuchMetadata", "take more than 16777216 bytes of memory", heavy),
    ]
}

fn tensors() -> Vec<Case> {
    let changed = |change: fn(&mut Tensor)| File::sound().with_tensor(change);
    vec![
        ("EmptyTensorName", "tensor 1 has no name", changed(|tensor| tensor.name.clear())),
        (
            "TensorNameTooLong",
            "name of tensor 1 has 64 bytes; 63 is the most",
            changed(|t| t.name = vec![b'n'; 64]),
        ),
        (
            "TensorNameNotText",
            "name of tensor 1 is not printable text",
            changed(|t| t.name = b"a\0b".to_vec()),
        ),
        (
            "TensorNameNotText",
            "name of tensor 1 is not printable text",
            changed(|t| t.name = b"\xff".to_vec()),
        ),
        ("TensorNameNotText", "not printable text", changed(|t| t.name = "\u{2066}a".into())),
        ("TensorNameNotText", "not printable text", changed(|t| t.name = "a\u{2028}b".into())),
        (
            "DuplicateTensor",
            "`token_embd.weight` is there twice",
            changed(|t| t.name = b"token_embd.weight".to_vec()),
        ),
        (
            "TooManyDimensions",
            "has 5 dimensions; 4 is the most",
            changed(|t| t.shape = vec![32; 5]),
        ),
        ("NegativeDimension", "has a negative dimension", changed(|t| t.shape = vec![u64::MAX, 1])),
        (
            "TooManyNumbers",
            "more numbers than can be counted",
            changed(|t| t.shape = vec![1 << 32, 1 << 32]),
        ),
        (
            "TooManyNumbers",
            "more numbers than can be counted",
            changed(|t| t.shape = vec![1 << 62, 2, 2, 0]),
        ),
        (
            "TensorTooLarge",
            "more bytes than can be counted",
            changed(|t| (t.shape, t.kind) = (vec![1 << 62], 27)),
        ),
        ("UnknownTensorType", "of the unknown type 43", changed(|tensor| tensor.kind = 43)),
        (
            "UnknownTensorType",
            "of the unknown type 4294967295",
            changed(|tensor| tensor.kind = u32::MAX),
        ),
        (
            "RetiredTensorType",
            "of type 4, which llama.cpp no longer reads",
            changed(|tensor| tensor.kind = 4),
        ),
        (
            "RetiredTensorType",
            "of type 31, which llama.cpp no longer reads",
            changed(|tensor| tensor.kind = 31),
        ),
        ("RaggedRow", "have 33 numbers, no multiple of 32", changed(|t| t.shape = vec![33, 64])),
        ("RaggedRow", "have 64 numbers, no multiple of 256", changed(|tensor| tensor.kind = 12)),
        ("Misaligned", "begins at 700, no multiple of 32", changed(|tensor| tensor.offset = 700)),
        (
            "Overlap",
            "begins at 672, inside the one before it",
            changed(|tensor| tensor.offset = 672),
        ),
        ("Overlap", "begins at 0, inside the one before it", changed(|tensor| tensor.offset = 0)),
        ("Gap", "begins at 736 and not at 704", changed(|tensor| tensor.offset = 736)),
        ("OutsideFile", "of the file, which has", changed(|tensor| tensor.offset = 1 << 40)),
        (
            "TensorTooLarge",
            "more bytes than can be counted",
            changed(|tensor| tensor.offset = u64::MAX - 31),
        ),
        (
            "OutsideFile",
            "of the file, which has",
            changed(|tensor| tensor.shape = vec![64, 1 << 40]),
        ),
        ("OutsideFile", "of the file, which has", File { data_bytes: 3008, ..File::sound() }),
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
