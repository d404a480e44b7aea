/// The bytes of a model file of a few kilobytes: a sound header with two tensors and nothing that
/// would answer anything. For whoever looks at model files without loading them.
///
/// Two of them with other names are other files.
pub fn small_model(name: &str) -> Vec<u8> {
    written(name, None)
}

/// The bytes of one part of [`small_model`] that was split, `number` counted from 1.
pub fn small_model_part(name: &str, number: u16, count: u16) -> Vec<u8> {
    written(name, Some((number - 1, count)))
}

/// The bytes of [`small_model`] with one word of its header exchanged for another of the same
/// length, such as a key or an architecture.
pub fn small_model_with(name: &str, word: &str, other: &str) -> Vec<u8> {
    assert_eq!(word.len(), other.len(), "places in the file stay as they are");
    let mut bytes = small_model(name);
    let places: Vec<usize> = bytes
        .windows(word.len())
        .enumerate()
        .filter_map(|(at, found)| (found == word.as_bytes()).then_some(at))
        .collect();
    for at in places {
        bytes[at..at + word.len()].copy_from_slice(other.as_bytes());
    }
    bytes
}

const UINT16: u32 = 2;
const UINT32: u32 = 4;
const TEXT: u32 = 8;
const ARRAY: u32 = 9;
const F32: u32 = 0;
const ALIGNMENT: usize = 32;

fn written(name: &str, part: Option<(u16, u16)>) -> Vec<u8> {
    let mut entries: Vec<(&str, u32, Vec<u8>)> = Vec::new();
    if part.is_none_or(|(number, _)| number == 0) {
        let mut tokens = TEXT.to_le_bytes().to_vec();
        tokens.extend(3_u64.to_le_bytes());
        tokens.extend(["a", "b", "c"].into_iter().flat_map(text));
        entries.extend([
            ("general.architecture", TEXT, text("llama")),
            ("general.name", TEXT, text(name)),
            ("general.license", TEXT, text("apache-2.0")),
            ("llama.block_count", UINT32, number(1)),
            ("llama.context_length", UINT32, number(2048)),
            ("llama.embedding_length", UINT32, number(64)),
            ("llama.attention.head_count", UINT32, number(4)),
            ("llama.attention.head_count_kv", UINT32, number(2)),
            ("tokenizer.ggml.tokens", ARRAY, tokens),
            ("tokenizer.chat_template", TEXT, text("{{ messages }}")),
        ]);
    }
    if let Some((number, count)) = part {
        entries.push(("split.no", UINT16, number.to_le_bytes().to_vec()));
        entries.push(("split.count", UINT16, count.to_le_bytes().to_vec()));
    }
    let place = part.map_or(0, |(number, _)| number);
    let tensors = [
        (format!("blk.{place}.attn_q.weight"), 64 * 64),
        (format!("blk.{place}.attn_norm.weight"), 64),
    ];
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(3_u32.to_le_bytes());
    bytes.extend((tensors.len() as u64).to_le_bytes());
    bytes.extend((entries.len() as u64).to_le_bytes());
    for (key, kind, value) in entries {
        bytes.extend(text(key));
        bytes.extend(kind.to_le_bytes());
        bytes.extend(value);
    }
    let mut data_bytes = 0_u64;
    for (tensor, numbers) in tensors {
        bytes.extend(text(&tensor));
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend(u64::to_le_bytes(numbers));
        bytes.extend(F32.to_le_bytes());
        bytes.extend(data_bytes.to_le_bytes());
        data_bytes += 4 * numbers;
    }
    let header_bytes = bytes.len().next_multiple_of(ALIGNMENT);
    bytes.resize(header_bytes + data_bytes as usize, 0);
    bytes
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

fn number(number: u32) -> Vec<u8> {
    number.to_le_bytes().to_vec()
}
