use serde::Serialize;

use crate::ModelsError;
use crate::gguf::Gguf;

use super::windows::{keeps_both, own_layers, recurrent, windows};

/// Bytes of one number in the memory of keys and values: half precision, as the engine asks for.
const KV_BYTES: u64 = 2;
/// Bytes of one number of a recurrent state.
const STATE_BYTES: u64 = 4;

/// One layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Its weights.
    pub weight_bytes: u64,
    /// The key and the value of one token.
    ///
    /// `kv_heads x (key_length + value_length) x 2`, `llama_kv_cache` in `llama-kv-cache.cpp`;
    /// without the values where attention is compressed (`is_mla`).
    pub cell_bytes: u64,
    /// How many tokens back it looks; `None` if at all of them.
    pub window: Option<u64>,
    /// The state of one sequence, where it is recurrent: `n_embd_r + n_embd_s` of
    /// `llama-hparams.cpp`, in single precision.
    pub state_bytes: u64,
}

/// What a model's memory depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Shape {
    /// Its layers.
    pub layers: Vec<Layer>,
    /// The table of embeddings. llama.cpp leaves it in main memory even if all else is on a GPU.
    pub input_bytes: u64,
    /// What makes logits of the last layer. Goes to the GPU after the last layer.
    pub output_bytes: u64,
    /// Whether the output uses the table of embeddings, which a GPU then gets a copy of.
    pub is_tied: bool,
    /// All other weights.
    pub other_bytes: u64,
    /// Weights that a token needs: with experts, only some of them are chosen.
    pub active_bytes: u64,
    /// Its width.
    pub embedding_length: u64,
    /// How many numbers of a feed-forward layer one token makes: all of its width, or that of the
    /// chosen experts.
    pub feed_forward_length: u64,
    /// Heads of attention.
    pub heads: u64,
    /// Tokens of its vocabulary.
    pub vocabulary_size: u64,
    /// Pairs of tokens that its tokeniser joins, if it works so.
    pub merges: u64,
    /// Tokens that it was trained to take.
    pub context_length: u64,
}

impl Shape {
    /// The shape of the model in this file.
    pub fn of(model: &Gguf) -> Result<Self, ModelsError> {
        Self::of_parts(std::slice::from_ref(model))
    }

    /// The shape of a model that is split into these files; the first has the metadata.
    pub fn of_parts(parts: &[Gguf]) -> Result<Self, ModelsError> {
        let lacking =
            |lacks: &str| ModelsError::NotALanguageModel { file: None, lacks: lacks.to_owned() };
        let model = parts.first().ok_or_else(|| lacking("first part"))?;
        if model.architecture().is_none() {
            return Err(lacking("general.architecture"));
        }
        let count = model.block_count().filter(|&layers| layers > 0);
        let count = count.ok_or_else(|| lacking("block_count"))?;
        let embedding_length =
            model.embedding_length().ok_or_else(|| lacking("embedding_length"))?;
        let mut shape = Self {
            layers: layers(model, count),
            embedding_length,
            feed_forward_length: active_width(model, embedding_length),
            heads: most(model.head_counts()),
            vocabulary_size: model.vocabulary_size().unwrap_or(0),
            merges: model.merges().unwrap_or(0),
            context_length: model.context_length().unwrap_or(0),
            ..Self::default()
        };
        shape.add_weights(model, parts);
        if shape.weight_bytes() == 0 {
            return Err(lacking("tensors"));
        }
        Ok(shape)
    }

    /// All weights.
    pub fn weight_bytes(&self) -> u64 {
        let layers = self.layers.iter().fold(0_u64, |all, l| all.saturating_add(l.weight_bytes));
        [self.input_bytes, self.output_bytes, self.other_bytes]
            .into_iter()
            .fold(layers, u64::saturating_add)
    }

    fn add_weights(&mut self, model: &Gguf, parts: &[Gguf]) {
        let (mut idle_bytes, mut has_output) = (0_u64, false);
        let experts = model.expert_count().unwrap_or(0);
        let used = model.own_count("expert_used_count").unwrap_or(experts).min(experts);
        for tensor in parts.iter().flat_map(|part| &part.tensors) {
            let layer = tensor.layer().and_then(|layer| self.layers.get_mut(layer as usize));
            let place = match (layer, tensor.name.as_str()) {
                (Some(layer), _) => &mut layer.weight_bytes,
                (None, "token_embd.weight") => &mut self.input_bytes,
                (None, "output.weight") => {
                    has_output = true;
                    &mut self.output_bytes
                }
                (None, name) if name.starts_with("output") => &mut self.output_bytes,
                (None, _) => &mut self.other_bytes,
            };
            *place = place.saturating_add(tensor.bytes);
            // `ffn_gate_exps`, `ffn_up_exps` and `ffn_down_exps` hold all experts of a layer.
            if experts > 0 && tensor.name.contains("_exps") {
                let idle =
                    u128::from(tensor.bytes) * u128::from(experts - used) / u128::from(experts);
                idle_bytes = idle_bytes.saturating_add(idle as u64);
            }
        }
        self.is_tied = !has_output;
        // A row of the table of embeddings is looked up; only as an output is it read whole.
        let input_bytes = if self.is_tied { 0 } else { self.input_bytes };
        self.active_bytes =
            self.weight_bytes().saturating_sub(idle_bytes.saturating_add(input_bytes));
    }
}

fn most(counts: Option<Vec<u64>>) -> u64 {
    counts.into_iter().flatten().max().unwrap_or(0)
}

fn active_width(model: &Gguf, embedding_length: u64) -> u64 {
    let dense = most(model.feed_forward_lengths());
    let of_one = model.own_count("expert_feed_forward_length").unwrap_or(0);
    let experts = of_one.saturating_mul(model.own_count("expert_used_count").unwrap_or(0));
    match dense.max(experts) {
        0 => embedding_length.saturating_mul(4),
        width => width,
    }
}

/// The layers without their weights.
fn layers(model: &Gguf, count: u64) -> Vec<Layer> {
    let per_layer = |counts: Option<Vec<u64>>| match counts {
        Some(each) if each.len() as u64 == count => each,
        Some(all) => vec![all.first().copied().unwrap_or(0); count as usize],
        None => vec![0; count as usize],
    };
    let kv_heads = per_layer(model.kv_head_counts().or_else(|| model.head_counts()));
    let (windows, recurrent) = (windows(model, count), recurrent(model, count, &kv_heads));
    let (own, keeps_both) = (own_layers(model, count), keeps_both(model));
    let state_bytes = state_numbers(model).saturating_mul(STATE_BYTES);
    // Compressed attention keeps one key for all heads, and no value: `is_mla`.
    let is_compressed = model.own("attention.key_length_mla").is_some();
    let length = |is_key: bool, has_window: bool| {
        let (name, all) = if is_key {
            ("attention.key_length_swa", model.key_length())
        } else {
            ("attention.value_length_swa", model.value_length())
        };
        let of_window = model.own_count(name).filter(|_| has_window);
        of_window.or(all).unwrap_or(0)
    };
    let layer = |index: usize| {
        let window = windows[index];
        let has_own = (index as u64) < own && !recurrent[index];
        let value = if is_compressed { 0 } else { length(false, window.is_some()) };
        let numbers = length(true, window.is_some()).saturating_add(value);
        let cell_bytes = kv_heads[index].saturating_mul(numbers).saturating_mul(KV_BYTES);
        Layer {
            weight_bytes: 0,
            cell_bytes: if has_own { cell_bytes } else { 0 },
            window,
            state_bytes: if recurrent[index] || keeps_both { state_bytes } else { 0 },
        }
    };
    (0..count as usize).map(layer).collect()
}

/// Numbers in the state of one recurrent layer of one sequence: `n_embd_r` and `n_embd_s` of
/// `llama-hparams.cpp`, by kind: RWKV, short convolutions, and those after Mamba.
fn state_numbers(model: &Gguf) -> u64 {
    let own = |name: &str| model.own_count(name);
    if let (Some(head), Some(width)) = (own("wkv.head_size"), model.embedding_length()) {
        let shifted = own("token_shift_count").unwrap_or(2);
        return width.saturating_mul(head.saturating_add(shifted));
    }
    if let (Some(kept), Some(width)) = (own("shortconv.l_cache"), model.embedding_length()) {
        return width.saturating_mul(kept.saturating_sub(1));
    }
    let [inner, state, groups] =
        ["ssm.inner_size", "ssm.state_size", "ssm.group_count"].map(|name| own(name).unwrap_or(0));
    let kernel = own("ssm.conv_kernel").unwrap_or(0).saturating_sub(1);
    let width = inner.saturating_add(groups.saturating_mul(state).saturating_mul(2));
    inner.saturating_mul(state).saturating_add(kernel.saturating_mul(width))
}
