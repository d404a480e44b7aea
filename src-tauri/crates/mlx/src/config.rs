//! What model a checkpoint is: `config.json`, checked entry by entry.
//!
//! Everything that the decoder later multiplies, divides or indexes by is bounded here, so that
//! a made-up file ends in an [`MlxError::Config`] and not in a huge allocation. Entries that mean
//! nothing to the decoder are left alone.

mod architecture;
mod layers;
mod quantization;
mod read;
mod rope;

use std::path::Path;

use serde_json::Value;

use crate::MlxError;
use crate::file;

pub use architecture::Architecture;
pub use quantization::{Packing, Quantization};
pub use rope::{Rope, RopeScaling};

use layers::layers;
use read::{Fields, config_error};

/// More layers than any model has, and so on: limits that only a made-up file passes.
const MOST_LAYERS: u32 = 512;
const MOST_WIDTH: u32 = 1 << 17;
const MOST_HEADS: u32 = 512;
const MOST_HEAD_WIDTH: u32 = 1024;
const MOST_WORDS: u32 = 1 << 21;
const MOST_CONTEXT: u32 = 1 << 24;

/// One layer, where layers differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// How positions turn queries and keys; `None` where they do not.
    pub rope: Option<Rope>,
    /// How many tokens back a token sees, itself included; `None` for all.
    pub window: Option<u32>,
}

/// Queries grow with their position: by `1 + beta * ln(1 + floor(position / original))`, as Llama 4
/// introduced it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PositionScale {
    /// How much.
    pub beta: f32,
    /// Positions below this are not scaled.
    pub original: f32,
}

/// A model's shape. Widths and counts are above zero and bounded.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelConfig {
    /// Its family.
    pub architecture: Architecture,
    /// What the names of its weights begin with: a text model may be part of a larger one.
    pub weight_prefix: &'static str,
    /// Numbers in the state of a token.
    pub hidden: u32,
    /// Numbers between the two halves of a layer's second part.
    pub intermediate: u32,
    /// Heads of queries.
    pub heads: u32,
    /// Heads of keys and values; divides `heads`.
    pub key_heads: u32,
    /// Numbers in a head; even.
    pub head_width: u32,
    /// Rows of the embedding: tokens are below it.
    pub vocabulary: u32,
    /// The layers, from the first to the last.
    pub layers: Vec<Layer>,
    /// What norms add under the root.
    pub norm_epsilon: f32,
    /// What products of queries and keys are multiplied by.
    pub attention_scale: f32,
    /// Whether queries grow with their position.
    pub position_scale: Option<PositionScale>,
    /// Whether the embedding is also the last matrix.
    pub ties_embeddings: bool,
    /// The most tokens that the model was made for.
    pub context_tokens: u32,
    /// How its matrices are packed; `None` if none is.
    pub quantization: Option<Quantization>,
    /// Tokens that end an answer.
    pub end_tokens: Vec<u32>,
}

impl ModelConfig {
    /// Reads `config.json` in a folder, and what `generation_config.json` adds to it.
    pub fn read(folder: &Path) -> Result<Self, MlxError> {
        let mut config = Self::of(&file::settings(&folder.join("config.json"))?)?;
        let generation = file::settings_if_any(&folder.join("generation_config.json"))?;
        if let Some(generation) = generation {
            config.end_tokens.extend(end_tokens(&generation, config.vocabulary)?);
            config.end_tokens.sort_unstable();
            config.end_tokens.dedup();
        }
        Ok(config)
    }

    /// The model that a `config.json` describes.
    pub fn of(whole: &Value) -> Result<Self, MlxError> {
        if !whole.is_object() {
            return Err(config_error("the file", "is not an object"));
        }
        let outer = Fields::new(whole, "");
        let model_type = outer.text("model_type")?.ok_or_else(|| missing("model_type"))?;
        let (fields, inner_type) = match model_type {
            "gemma3" | "mistral3" => {
                let inner = outer.object("text_config")?.ok_or_else(|| missing("text_config"))?;
                let default = if model_type == "gemma3" { "gemma3_text" } else { "mistral" };
                let inner_type = inner.text("model_type")?.unwrap_or(default);
                (inner, inner_type)
            }
            other => (outer, other),
        };
        let unknown = || MlxError::UnknownModel { model_type: inner_type.to_owned() };
        let architecture = Architecture::of_text(inner_type).ok_or_else(unknown)?;
        let is_part = fields.path() != outer.path();
        let mut config = Self::of_text(architecture, fields, outer)?;
        config.weight_prefix = if is_part { "language_model." } else { "" };
        Ok(config)
    }

    /// Whether queries and keys are normalised head by head.
    pub(crate) fn has_head_norms(&self) -> bool {
        matches!(self.architecture, Architecture::Qwen3 | Architecture::Gemma3)
    }

    fn of_text(
        architecture: Architecture,
        fields: Fields<'_>,
        outer: Fields<'_>,
    ) -> Result<Self, MlxError> {
        let is_gemma = architecture == Architecture::Gemma3;
        let is_part = fields.path() != outer.path();
        check_activation(fields, is_gemma)?;
        let hidden = fields
            .count("hidden_size", MOST_WIDTH)?
            .ok_or_else(|| missing_in(fields, "hidden_size"))?;
        let layer_count = fields
            .count("num_hidden_layers", MOST_LAYERS)?
            .ok_or_else(|| missing_in(fields, "num_hidden_layers"))?;
        let intermediate = fields
            .count("intermediate_size", MOST_WIDTH)?
            .ok_or_else(|| missing_in(fields, "intermediate_size"))?;
        // The parts of Gemma 3 leave out what its family has in common.
        let heads = match fields.count("num_attention_heads", MOST_HEADS)? {
            Some(heads) => heads,
            None if is_gemma && is_part => 8,
            None => return Err(missing_in(fields, "num_attention_heads")),
        };
        let key_heads = match fields.count("num_key_value_heads", MOST_HEADS)? {
            Some(key_heads) => key_heads,
            None if is_gemma && is_part => 4,
            None => heads,
        };
        if heads % key_heads != 0 {
            let reason = format!("is {key_heads}, which does not divide {heads}");
            return Err(config_error(&fields.name("num_key_value_heads"), reason));
        }
        let head_width = match fields.count("head_dim", MOST_HEAD_WIDTH)? {
            // mlx-lm does not ask for it either: Qwen 2 never had another.
            Some(width) if architecture != Architecture::Qwen2 => width,
            _ if is_gemma => 256,
            _ if hidden % heads == 0 && hidden / heads <= MOST_HEAD_WIDTH => hidden / heads,
            _ => return Err(config_error(&fields.name("head_dim"), "is missing")),
        };
        if head_width % 2 != 0 {
            return Err(config_error(&fields.name("head_dim"), "is odd"));
        }
        // mlx-lm takes the outer one, too, where both are there.
        let words = outer.count("vocab_size", MOST_WORDS)?;
        let vocabulary = match words.or(fields.count("vocab_size", MOST_WORDS)?) {
            Some(words) => words,
            None if is_gemma && is_part => 262_208,
            None => return Err(missing_in(fields, "vocab_size")),
        };
        let epsilon = fields.positive("rms_norm_eps", 1.0)?;
        let attention_scale = match fields.positive("query_pre_attn_scalar", 1e6)? {
            Some(scalar) if is_gemma => scalar,
            _ if is_gemma => 256.0,
            _ => head_width as f32,
        };
        let ties = fields.truth("tie_word_embeddings")?.or(outer.truth("tie_word_embeddings")?);
        let quantization = match Quantization::of(outer)? {
            Some(found) => Some(found),
            None => Quantization::of(fields)?,
        };
        let mut end_tokens = end_tokens(outer.value(), vocabulary)?;
        end_tokens.extend(self::end_tokens(fields.value(), vocabulary)?);
        end_tokens.sort_unstable();
        end_tokens.dedup();
        let context = fields.count("max_position_embeddings", MOST_CONTEXT)?;
        Ok(Self {
            architecture,
            weight_prefix: "",
            hidden,
            intermediate,
            heads,
            key_heads,
            head_width,
            vocabulary,
            layers: layers(architecture, fields, layer_count)?,
            norm_epsilon: epsilon.unwrap_or(1e-6),
            attention_scale: attention_scale.sqrt().recip(),
            position_scale: position_scale(architecture, fields)?,
            // Of Gemma the files themselves say it: there is a last matrix or there is none.
            ties_embeddings: ties.unwrap_or(is_gemma || !is_part),
            context_tokens: context.unwrap_or(4096),
            quantization,
            end_tokens,
        })
    }
}

fn missing(field: &str) -> MlxError {
    config_error(field, "is missing")
}

fn missing_in(fields: Fields<'_>, field: &str) -> MlxError {
    missing(&fields.name(field))
}

/// A model with another function between its halves would answer nonsense.
fn check_activation(fields: Fields<'_>, is_gemma: bool) -> Result<(), MlxError> {
    let named = match fields.text("hidden_act")? {
        Some(named) => Some(named),
        None => fields.text("hidden_activation")?,
    };
    let known: &[&str] = if is_gemma { &["gelu_pytorch_tanh"] } else { &["silu", "swiglu"] };
    match named {
        Some(name) if !known.contains(&name) => {
            Err(MlxError::Unsupported { what: format!("the activation `{name}`") })
        }
        _ => Ok(()),
    }
}

/// `eos_token_id`, a number or a list of them.
fn end_tokens(value: &Value, vocabulary: u32) -> Result<Vec<u32>, MlxError> {
    let wrong = || config_error("eos_token_id", "is no token of the vocabulary");
    let one = |value: &Value| {
        let token = value.as_u64().and_then(|token| u32::try_from(token).ok());
        token.filter(|token| *token < vocabulary).ok_or_else(wrong)
    };
    match &value["eos_token_id"] {
        Value::Null => Ok(Vec::new()),
        Value::Array(several) if several.len() > 64 => Err(wrong()),
        Value::Array(several) => several.iter().map(one).collect(),
        single => Ok(vec![one(single)?]),
    }
}

fn position_scale(
    architecture: Architecture,
    fields: Fields<'_>,
) -> Result<Option<PositionScale>, MlxError> {
    if architecture != Architecture::Ministral3 {
        return Ok(None);
    }
    let rope =
        fields.object("rope_parameters")?.ok_or_else(|| missing_in(fields, "rope_parameters"))?;
    let needed = |name: &str, value: Option<f32>| value.ok_or_else(|| missing_in(rope, name));
    let beta = needed("llama_4_scaling_beta", rope.number("llama_4_scaling_beta", 0.0..=100.0)?)?;
    let name = "original_max_position_embeddings";
    let original = needed(name, rope.positive(name, MOST_CONTEXT as f32)?)?;
    Ok(Some(PositionScale { beta, original }))
}

#[cfg(test)]
mod tests;
