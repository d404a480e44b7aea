mod grammar;

use serde::Serialize;

use super::shape::{Layer, Shape};

/// Bytes of a number while it is computed with.
const NUMBER_BYTES: u64 = 4;
/// llama.cpp gives out the memory of keys and values in pieces of so many cells: `GGML_PAD(_,
/// 256)` in `llama-kv-cache-iswa.cpp` and `llama-context.cpp`.
const CELL_PIECE: u64 = 256;

// Measured, as the tests below say.
/// Rows of the model's width that lie in the compute buffer at once, for each token of a call.
const WIDTHS: u64 = 5;
/// As `WIDTHS`, of the width of a feed-forward layer: gate, up, and their product.
const FEED_FORWARD_WIDTHS: u64 = 3;
/// As `WIDTHS`, while attention weights are computed as a whole.
const ATTENTION_WIDTHS: u64 = 7;
/// The code of llama.cpp that runs, stacks, and the descriptions of the graph.
const PROGRAM_BYTES: u64 = 8_500_000;

// The tokeniser, `llama-vocab.cpp`, on 64 bits with glibc: what a token and a merge take in its
// tables, and what malloc keeps of their texts after the header was read.
/// 40 in `id_to_token`, 64 for a node of `token_to_id` and 16 for its bucket, 32 in
/// `cache_token_to_piece`, 32 in the header, and some have texts of more than 15 bytes.
const TOKEN_BYTES: u64 = 190;
/// 96 for a node of `bpe_ranks` and 12 for its bucket, 32 in the header.
const MERGE_BYTES: u64 = 140;

/// How the model is to be used. The engine says how it would size itself (`llm::llama::wanted`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Wanted {
    /// Tokens that all rows together can have in memory.
    pub cells: u64,
    /// Sequences that share them.
    pub sequences: u64,
    /// Tokens computed in one call.
    pub batch_tokens: u64,
    /// Whether attention is computed without its weights ever being there as a whole.
    pub flash_attention: bool,
    /// The most layers on a GPU, where somebody said so; the output is one of them.
    pub gpu_layers: Option<u64>,
}

impl Wanted {
    /// Cells of a layer that sees everything.
    fn full_cells(&self) -> u64 {
        self.cells.checked_next_multiple_of(CELL_PIECE).unwrap_or(u64::MAX)
    }

    /// Cells of a layer: with a window `min(cells, window x sequences + batch)`, rounded up, as in
    /// `llama-kv-cache-iswa.cpp` for a memory that all sequences share. Without flash attention
    /// the engine asks for whole layers (`swa_full`).
    fn cells_of(&self, window: Option<u64>) -> u64 {
        let Some(window) = window.filter(|_| self.flash_attention) else {
            return self.full_cells();
        };
        let needed = window.saturating_mul(self.sequences).saturating_add(self.batch_tokens);
        let cells = needed.min(self.full_cells());
        cells.checked_next_multiple_of(CELL_PIECE).unwrap_or(u64::MAX)
    }
}

/// What a model takes, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Memory {
    /// The weights, as they lie in the file.
    pub weights_bytes: u64,
    /// Keys and values of all cells, and recurrent states of all sequences.
    pub kv_bytes: u64,
    /// A row of logits for each sequence: `output_reserve` in `llama-context.cpp`.
    pub output_bytes: u64,
    /// What one call needs while it computes.
    pub compute_bytes: u64,
    /// The program itself, the tokeniser, and the tables that typed answers are written by.
    pub program_bytes: u64,
}

impl Memory {
    /// All of it.
    pub fn total_bytes(&self) -> u64 {
        sum([
            self.weights_bytes,
            self.kv_bytes,
            self.output_bytes,
            self.compute_bytes,
            self.program_bytes,
        ])
    }

    /// All but the weights.
    pub fn besides_weights_bytes(&self) -> u64 {
        self.total_bytes().saturating_sub(self.weights_bytes)
    }
}

/// Headers come from anywhere: what they make too large is as large as can be.
fn sum<const PARTS: usize>(parts: [u64; PARTS]) -> u64 {
    parts.into_iter().fold(0, u64::saturating_add)
}

fn product<const FACTORS: usize>(factors: [u64; FACTORS]) -> u64 {
    factors.into_iter().fold(1, u64::saturating_mul)
}

fn layer_kv_bytes(layer: &Layer, wanted: &Wanted) -> u64 {
    let cells = product([layer.cell_bytes, wanted.cells_of(layer.window)]);
    sum([cells, product([layer.state_bytes, wanted.sequences])])
}

/// What one call needs: the masks, `cells x tokens` in half precision with flash attention and in
/// single without (`build_attn_inp_kq_mask` in `llama-graph.cpp`), one for layers that see
/// everything and one for those with a window; and the widest moment of the graph, which is in a
/// feed-forward layer, at the logits, or in attention if its weights are there as a whole.
fn compute_bytes(shape: &Shape, wanted: &Wanted) -> u64 {
    let tokens = wanted.batch_tokens;
    let mask_bytes = if wanted.flash_attention { 2 } else { NUMBER_BYTES };
    let mut kinds: Vec<Option<u64>> = Vec::new();
    for layer in shape.layers.iter().filter(|layer| layer.cell_bytes > 0) {
        // All windows of a model are of one size.
        if !kinds.iter().any(|kind| kind.is_some() == layer.window.is_some()) {
            kinds.push(layer.window);
        }
    }
    let cells = kinds.into_iter().fold(0, |all, kind| sum([all, wanted.cells_of(kind)]));
    let masks = product([cells, tokens, mask_bytes]);
    let numbers = |widths: u64, width: u64| product([widths, width, tokens, NUMBER_BYTES]);
    let feed_forward = numbers(FEED_FORWARD_WIDTHS, shape.feed_forward_length);
    let narrow = numbers(WIDTHS, shape.embedding_length);
    let usual = sum([narrow, feed_forward.max(logits_bytes(shape, wanted))]);
    let attention = if wanted.flash_attention {
        0
    } else {
        let weights = product([shape.heads, tokens, wanted.full_cells(), NUMBER_BYTES]);
        sum([weights, numbers(ATTENTION_WIDTHS, shape.embedding_length)])
    };
    sum([masks, usual.max(attention)])
}

fn logits_bytes(shape: &Shape, wanted: &Wanted) -> u64 {
    product([shape.vocabulary_size, wanted.sequences, NUMBER_BYTES])
}

/// Estimates what a model takes in main memory, with nothing on a GPU.
pub fn estimate(shape: &Shape, wanted: &Wanted) -> Memory {
    let kv_bytes =
        shape.layers.iter().fold(0, |all, layer| sum([all, layer_kv_bytes(layer, wanted)]));
    Memory {
        weights_bytes: shape.weight_bytes(),
        kv_bytes,
        output_bytes: logits_bytes(shape, wanted),
        compute_bytes: compute_bytes(shape, wanted),
        program_bytes: sum([
            PROGRAM_BYTES,
            product([shape.vocabulary_size, TOKEN_BYTES]),
            product([shape.merges, MERGE_BYTES]),
            grammar::bytes(shape.vocabulary_size),
        ]),
    }
}

/// Where a model lies if some of it is on a GPU.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Placement {
    /// How many layers are on the GPU, counted from the last; the output is one more.
    pub gpu_layers: u64,
    /// What is on the GPU.
    pub gpu_bytes: u64,
    /// What is in main memory.
    pub ram_bytes: u64,
}

/// Where a model lies with so many layers on a GPU.
///
/// `load_tensors` in `llama-model.cpp`: the output goes first, as the layer after the last, then
/// the layers from the last to the first; the embeddings stay. Keys and values lie with their
/// layer. What is computed needs room on both sides as soon as there are two.
pub fn place(shape: &Shape, wanted: &Wanted, gpu_layers: u64) -> Placement {
    let whole = estimate(shape, wanted);
    let gpu_layers = gpu_layers.min(shape.layers.len() as u64 + 1);
    if gpu_layers == 0 {
        return Placement { gpu_layers, gpu_bytes: 0, ram_bytes: whole.total_bytes() };
    }
    let on_gpu = shape.layers.iter().rev().take(gpu_layers as usize - 1);
    let layers = on_gpu.fold((0, 0), |(weights, kv), layer| {
        (sum([weights, layer.weight_bytes]), sum([kv, layer_kv_bytes(layer, wanted)]))
    });
    let copied = if shape.is_tied { shape.input_bytes } else { 0 };
    let gpu_bytes = sum([layers.0, layers.1, shape.output_bytes, copied, whole.compute_bytes]);
    let moved = sum([layers.0, layers.1, shape.output_bytes]);
    // The embeddings are looked up in main memory in any case, which takes next to nothing; with
    // layers there it computes as much as without a GPU.
    let all_there = gpu_layers > shape.layers.len() as u64;
    let moved = if all_there { sum([moved, whole.compute_bytes]) } else { moved };
    Placement { gpu_layers, gpu_bytes, ram_bytes: whole.total_bytes().saturating_sub(moved) }
}

#[cfg(test)]
mod tests;
