use super::numbers::Numbers;
use crate::writer::{File, Tensor, Value, array, text};

/// Architectures that are told apart, and one that is not.
const ARCHITECTURES: [&str; 14] = [
    "llama",
    "gemma2",
    "gemma3",
    "gemma3n",
    "gpt-oss",
    "cohere2",
    "olmo2",
    "llama4",
    "qwen35",
    "qwen3next",
    "falcon-h1",
    "mamba",
    "lfm2",
    "none",
];
/// What is read behind the name of the architecture.
const OWN: [&str; 26] = [
    "block_count",
    "context_length",
    "embedding_length",
    "vocab_size",
    "feed_forward_length",
    "expert_feed_forward_length",
    "expert_count",
    "expert_used_count",
    "full_attention_interval",
    "shortconv.l_cache",
    "ssm.inner_size",
    "ssm.state_size",
    "ssm.group_count",
    "ssm.conv_kernel",
    "attention.head_count",
    "attention.head_count_kv",
    "attention.key_length",
    "attention.value_length",
    "attention.key_length_swa",
    "attention.value_length_swa",
    "attention.key_length_mla",
    "attention.sliding_window",
    "attention.sliding_window_pattern",
    "attention.shared_kv_layers",
    "attention.recurrent_layers",
    "rope.freq_base",
];
const COMMON: [&str; 14] = [
    "general.architecture",
    "general.name",
    "general.alignment",
    "general.file_type",
    "general.license",
    "general.size_label",
    "general.quantization_version",
    "split.no",
    "split.count",
    "split.tensors.count",
    "tokenizer.ggml.tokens",
    "tokenizer.ggml.merges",
    "tokenizer.chat_template",
    "tokenizer.ggml.model",
];
const TENSORS: [&str; 9] = [
    "token_embd.weight",
    "output.weight",
    "output_norm.weight",
    "blk.0.ffn_up_exps.weight",
    "blk.1.attn_q.weight",
    "blk.511.ffn_down.weight",
    "blk.18446744073709551615.x",
    "blk..x",
    "v.blk.0.attn_q.weight",
];
/// Names that are none, or do harm where they are shown.
const BAD_NAMES: [&[u8]; 8] = [
    b"",
    b"\0",
    b"a\nb",
    b"\xff\xfe",
    "a\u{202e}b".as_bytes(),
    "\u{2066}".as_bytes(),
    &[b'k'; 64],
    &[b'k'; 1025],
];

/// Changes one thing of a file.
pub fn change(file: &mut File, other: &File, numbers: &mut Numbers) {
    match numbers.below(20) {
        0..=6 => put(file, numbers),
        7 | 8 => rename(file, numbers.one_of::<&str>(&ARCHITECTURES)),
        10 => {
            if let Some((_, value)) = pick(&mut file.entries, numbers) {
                value.0 = (numbers.next() % 15) as u32;
            }
        }
        11 => {
            if let Some((_, value)) = pick(&mut file.entries, numbers) {
                claim(&mut value.1, numbers);
            }
        }
        12 => {
            if let Some((key, _)) = pick(&mut file.entries, numbers) {
                *key = numbers.one_of(&BAD_NAMES).to_vec();
            }
        }
        13 => {
            if !file.entries.is_empty() {
                let gone = numbers.below(file.entries.len());
                file.entries.remove(gone);
            }
        }
        14 => {
            if let Some(entry) = other.entries.get(numbers.below(other.entries.len())) {
                let place = numbers.below(file.entries.len() + 1);
                file.entries.insert(place, entry.clone());
            }
        }
        15 => match numbers.below(6) {
            0 => file.version = numbers.hostile() as u32,
            1 => file.entry_count = Some(numbers.hostile()),
            2 => file.tensor_count = Some(numbers.hostile()),
            3 => file.version = 2,
            4 => file.entry_count = Some(file.entries.len() as u64 + 1),
            _ => file.tensor_count = Some(file.tensors.len() as u64 + 1),
        },
        16 => {
            if let Some(tensor) = other.tensors.get(numbers.below(other.tensors.len())) {
                let place = numbers.below(file.tensors.len() + 1);
                file.tensors.insert(place, tensor.clone());
            }
        }
        17 => {
            if !file.tensors.is_empty() {
                let gone = numbers.below(file.tensors.len());
                file.tensors.remove(gone);
            }
        }
        _ => {
            if let Some(tensor) = pick(&mut file.tensors, numbers) {
                change_tensor(tensor, numbers);
            }
        }
    }
}

fn pick<'a, T>(all: &'a mut [T], numbers: &mut Numbers) -> Option<&'a mut T> {
    let place = numbers.below(all.len());
    all.get_mut(place)
}

fn architecture(file: &File) -> String {
    let entry = file.entries.iter().find(|entry| entry.0 == b"general.architecture");
    let name = entry.and_then(|entry| entry.1.1.get(8..)).unwrap_or_default();
    String::from_utf8_lossy(name).into_owned()
}

/// Makes it another architecture, all its keys with it.
fn rename(file: &mut File, to: &str) {
    let from = format!("{}.", architecture(file)).into_bytes();
    for (key, value) in &mut file.entries {
        if key == b"general.architecture" {
            *value = text(to);
        } else if key.starts_with(&from) {
            *key = [to.as_bytes(), b".", &key[from.len()..]].concat();
        }
    }
}

/// Puts something where it is looked for, most often what may stand there.
fn put(file: &mut File, numbers: &mut Numbers) {
    let key = match numbers.below(4) {
        0 => (*numbers.one_of(&COMMON)).to_owned(),
        _ => format!("{}.{}", architecture(file), numbers.one_of(&OWN)),
    };
    let value = value(file, numbers);
    file.entries.retain(|entry| entry.0 != key.as_bytes());
    file.entries.push((key.into_bytes(), value));
}

fn value(file: &File, numbers: &mut Numbers) -> Value {
    match numbers.below(8) {
        0..=3 => (4, (numbers.hostile() as u32).to_le_bytes().to_vec()),
        4 => single(numbers),
        5 => text(numbers.one_of::<&str>(&["", "x", "{{ messages }}", "llama", "apache-2.0"])),
        // One for each layer, as some models have it.
        6 => {
            let key = format!("{}.block_count", architecture(file)).into_bytes();
            let entry = file.entries.iter().find(|entry| entry.0 == key);
            let count = entry
                .and_then(|entry| entry.1.1.get(..2))
                .map_or(3, |two| u16::from_le_bytes([two[0], two[1]]) as usize % 600);
            let kind = *numbers.one_of(&[4_u32, 5, 7]);
            let item = |numbers: &mut Numbers| match kind {
                7 => vec![numbers.below(2) as u8],
                _ => (numbers.below(9) as u32).to_le_bytes().to_vec(),
            };
            let items: Vec<u8> = (0..count).flat_map(|_| item(numbers)).collect();
            array(kind, count as u64, &items)
        }
        _ => {
            let (kind, item) = single(numbers);
            let count = numbers.below(1100);
            let claimed = if numbers.below(4) == 0 { numbers.hostile() } else { count as u64 };
            let kind = if numbers.below(8) == 0 { (numbers.next() % 14) as u32 } else { kind };
            array(kind, claimed, &item.repeat(count))
        }
    }
}

/// A number of any type.
fn single(numbers: &mut Numbers) -> Value {
    let kind = *numbers.one_of(&[0_usize, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12]);
    let width = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8][kind];
    (kind as u32, numbers.hostile().to_le_bytes()[..width].to_vec())
}

/// Lets a text or an array claim another length than it has.
fn claim(bytes: &mut [u8], numbers: &mut Numbers) {
    let place = *numbers.one_of(&[0, 4]);
    if let Some(length) = bytes.get_mut(place..place + 8) {
        length.copy_from_slice(&numbers.hostile().to_le_bytes());
    }
}

fn change_tensor(tensor: &mut Tensor, numbers: &mut Numbers) {
    match numbers.below(7) {
        0 => tensor.name = numbers.one_of(&TENSORS).as_bytes().to_vec(),
        1 => tensor.name = numbers.one_of(&BAD_NAMES).to_vec(),
        2 => tensor.kind = numbers.hostile() as u32,
        3 => tensor.kind = (numbers.next() % 43) as u32,
        4 => tensor.offset = numbers.hostile(),
        5 => tensor.shape = (0..numbers.below(6)).map(|_| numbers.hostile()).collect(),
        _ => tensor.shape = (0..numbers.below(5)).map(|_| 256 * numbers.below(64) as u64).collect(),
    }
}
