//! How much memory a model will take, from the header of its file, before it is loaded.
//!
//! A pure estimate with its parts named: weights as they lie in the file; the key-value memory,
//! `2 x layers x key-value heads x head size x 2 bytes` for every cell; a state for every sequence
//! where layers are recurrent; one row of logits per sequence, in llama.cpp's output buffer and
//! again in its compute buffer; activations, attention mask and, without flash attention, the
//! attention weights of one call. Within a quarter of what a process really grows by, which a
//! test holds against the starter model.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::ffi::{ContextSize, Header};

/// Bytes of one number in the key-value memory.
const KV_BYTES: u64 = 2;
/// Bytes of one number of an activation.
const ACTIVATION_BYTES: u64 = 4;

/// The figures of a model that its memory depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelFigures {
    /// Bytes of its file.
    pub file_bytes: u64,
    /// Key-value heads of each layer; 0 where a layer is recurrent.
    pub kv_heads: Vec<u64>,
    /// Heads of attention.
    pub heads: u64,
    /// Numbers in a key and in a value of one head.
    pub key_length: u64,
    /// As `key_length`, for values.
    pub value_length: u64,
    /// Width of the model.
    pub embedding_length: u64,
    /// Width of its feed-forward layers.
    pub feed_forward_length: u64,
    /// Tokens of its vocabulary.
    pub vocabulary_size: u64,
    /// Tokens that it was trained to take.
    pub trained_context: u64,
    /// Numbers in the state of one recurrent layer of one sequence.
    pub state_length: u64,
}

/// Layers of a model; a header that names more is no model's.
const MOST_LAYERS: u64 = 4096;

/// Headers come from anywhere: what they make too large is as large as can be.
fn product<const FACTORS: usize>(factors: [u64; FACTORS]) -> u64 {
    factors.into_iter().fold(1, u64::saturating_mul)
}

fn sum<const PARTS: usize>(parts: [u64; PARTS]) -> u64 {
    parts.into_iter().fold(0, u64::saturating_add)
}

impl ModelFigures {
    /// Reads the header of a GGUF file; `None` if it lacks what every language model has.
    pub fn read(path: &Path) -> Option<Self> {
        let header = Header::read(path)?;
        let architecture = header.text("general.architecture")?;
        let numbers = |key: &str| header.numbers(&format!("{architecture}.{key}"));
        let number = |key: &str| numbers(key).and_then(|all| all.iter().copied().max());
        let layers = number("block_count").filter(|layers| *layers <= MOST_LAYERS)?;
        let heads = number("attention.head_count").unwrap_or(0);
        let embedding_length = number("embedding_length")?;
        let kv_heads = match numbers("attention.head_count_kv") {
            Some(each) if each.len() > 1 => each,
            Some(all) => vec![all.first().copied().unwrap_or(heads); layers as usize],
            None => vec![heads; layers as usize],
        };
        let head_length = embedding_length.checked_div(heads).unwrap_or(0);
        let inner = number("ssm.inner_size").unwrap_or(0);
        let states = number("ssm.state_size").unwrap_or(0);
        let groups = number("ssm.group_count").unwrap_or(0);
        let kernel = number("ssm.conv_kernel").unwrap_or(1).saturating_sub(1);
        Some(Self {
            file_bytes: std::fs::metadata(path).ok()?.len(),
            kv_heads,
            heads,
            key_length: number("attention.key_length").unwrap_or(head_length),
            value_length: number("attention.value_length").unwrap_or(head_length),
            embedding_length,
            feed_forward_length: number("feed_forward_length")
                .unwrap_or(embedding_length.saturating_mul(4)),
            vocabulary_size: number("vocab_size")
                .or_else(|| header.length("tokenizer.ggml.tokens"))
                .unwrap_or(0),
            trained_context: number("context_length").unwrap_or(0),
            state_length: inner.saturating_mul(states).saturating_add(
                kernel.saturating_mul(inner.saturating_add(product([2, groups, states]))),
            ),
        })
    }
}

/// What a model and its context take, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryEstimate {
    /// The weights.
    pub weights_bytes: u64,
    /// The memory of what was computed: keys and values, and recurrent states.
    pub kv_bytes: u64,
    /// The rows of logits that are handed out.
    pub output_bytes: u64,
    /// What one call needs while it computes.
    pub compute_bytes: u64,
}

impl MemoryEstimate {
    /// All of it.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        sum([self.weights_bytes, self.kv_bytes, self.output_bytes, self.compute_bytes])
    }
}

/// Estimates what a model takes with a context of this size.
pub fn estimate(model: &ModelFigures, size: &ContextSize) -> MemoryEstimate {
    let cells = u64::from(size.cells).next_multiple_of(256);
    let (tokens, sequences) = (u64::from(size.batch_tokens), u64::from(size.sequences));
    let kv_heads = model.kv_heads.iter().copied().fold(0, u64::saturating_add);
    let recurrent = model.kv_heads.iter().filter(|&&heads| heads == 0).count() as u64;
    let kv_length = sum([model.key_length, model.value_length]);
    let cell_bytes = product([kv_heads, kv_length, KV_BYTES]);
    let state_bytes = product([recurrent.max(u64::from(kv_heads == 0)), model.state_length, 4]);
    let logits_bytes = product([sequences, model.vocabulary_size, 4]);
    let widths =
        sum([product([4, model.embedding_length]), product([2, model.feed_forward_length])]);
    let activations = product([tokens, widths, ACTIVATION_BYTES]);
    // As whole and as half precision.
    let mask_bytes = product([tokens, cells, 4 + 2]);
    let attention_bytes = if size.flash_attention {
        0
    } else {
        product([model.heads, tokens, cells, ACTIVATION_BYTES])
    };
    MemoryEstimate {
        weights_bytes: model.file_bytes,
        kv_bytes: sum([product([cell_bytes, cells]), product([state_bytes, sequences])]),
        output_bytes: logits_bytes,
        compute_bytes: sum([logits_bytes, activations, mask_bytes, attention_bytes]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starter() -> ModelFigures {
        ModelFigures {
            file_bytes: 98_000_000,
            kv_heads: vec![3; 30],
            heads: 9,
            key_length: 64,
            value_length: 64,
            embedding_length: 576,
            feed_forward_length: 1536,
            vocabulary_size: 49_152,
            trained_context: 2048,
            state_length: 0,
        }
    }

    fn size(cells: u32, flash_attention: bool) -> ContextSize {
        ContextSize { cells, sequences: 40, batch_tokens: 512, threads: 2, flash_attention }
    }

    #[test]
    fn each_part_is_counted() {
        let found = estimate(&starter(), &size(8192, true));
        assert_eq!(found.kv_bytes, 2 * 30 * 3 * 64 * 2 * 8192);
        assert_eq!(found.output_bytes, 40 * 49_152 * 4);
        assert!(found.compute_bytes > found.output_bytes);
        assert_eq!(estimate(&starter(), &size(8000, true)).kv_bytes, found.kv_bytes, "rounded up");
        let exact = estimate(&starter(), &size(8192, false));
        assert_eq!(exact.compute_bytes - found.compute_bytes, 9 * 512 * 8192 * 4);
    }

    #[test]
    fn numbers_that_no_model_has_are_more_than_any_memory() {
        let hostile = ModelFigures {
            kv_heads: vec![u64::MAX; 3],
            key_length: u64::MAX,
            embedding_length: u64::MAX,
            vocabulary_size: u64::MAX,
            ..starter()
        };
        assert_eq!(estimate(&hostile, &size(8192, false)).total_bytes(), u64::MAX);
    }

    #[test]
    fn a_recurrent_layer_takes_a_state_and_no_cells() {
        let mut hybrid = starter();
        hybrid.kv_heads = (0..30).map(|layer| if layer % 3 == 0 { 3 } else { 0 }).collect();
        hybrid.state_length = 1000;
        let found = estimate(&hybrid, &size(8192, true));
        assert_eq!(found.kv_bytes, 2 * 10 * 3 * 64 * 2 * 8192 + 20 * 40 * 1000 * 4);
    }
}
