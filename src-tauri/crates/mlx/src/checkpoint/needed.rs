//! What a model's decoder multiplies with, held to what the files have.

use crate::{Architecture, Checkpoint, MlxError, ModelConfig, Number, Packing, Tensor};

/// Checks every tensor of the model.
pub fn check(checkpoint: &Checkpoint, config: &ModelConfig) -> Result<(), MlxError> {
    let needed = Needed { checkpoint, config };
    let prefix = config.weight_prefix;
    let (hidden, inner) = (config.hidden, config.intermediate);
    let (queries, keys) = (config.heads * config.head_width, config.key_heads * config.head_width);
    needed.matrix(&format!("{prefix}model.embed_tokens"), config.vocabulary, hidden)?;
    needed.vector(&format!("{prefix}model.norm.weight"), hidden)?;
    let last = format!("{prefix}lm_head");
    if has_last_matrix(checkpoint, config) {
        needed.matrix(&last, config.vocabulary, hidden)?;
    } else if !config.ties_embeddings {
        return Err(MlxError::MissingTensor { name: format!("{last}.weight") });
    }
    let is_gemma = config.architecture == Architecture::Gemma3;
    for layer in 0..config.layers.len() {
        let place = format!("{prefix}model.layers.{layer}");
        for (name, rows, columns) in [
            ("self_attn.q_proj", queries, hidden),
            ("self_attn.k_proj", keys, hidden),
            ("self_attn.v_proj", keys, hidden),
            ("self_attn.o_proj", hidden, queries),
            ("mlp.gate_proj", inner, hidden),
            ("mlp.up_proj", inner, hidden),
            ("mlp.down_proj", hidden, inner),
        ] {
            needed.matrix(&format!("{place}.{name}"), rows, columns)?;
        }
        needed.vector(&format!("{place}.input_layernorm.weight"), hidden)?;
        needed.vector(&format!("{place}.post_attention_layernorm.weight"), hidden)?;
        if is_gemma {
            needed.vector(&format!("{place}.pre_feedforward_layernorm.weight"), hidden)?;
            needed.vector(&format!("{place}.post_feedforward_layernorm.weight"), hidden)?;
        }
        if config.has_head_norms() {
            needed.vector(&format!("{place}.self_attn.q_norm.weight"), config.head_width)?;
            needed.vector(&format!("{place}.self_attn.k_norm.weight"), config.head_width)?;
        }
    }
    Ok(())
}

/// Whether logits come from a matrix of their own. Of Gemma the files decide, of others the
/// settings: some repositories hold a copy that is not meant to be used.
pub fn has_last_matrix(checkpoint: &Checkpoint, config: &ModelConfig) -> bool {
    let name = format!("{}lm_head.weight", config.weight_prefix);
    let is_there = checkpoint.tensor(&name).is_some();
    is_there && (config.architecture == Architecture::Gemma3 || !config.ties_embeddings)
}

struct Needed<'a> {
    checkpoint: &'a Checkpoint,
    config: &'a ModelConfig,
}

impl Needed<'_> {
    fn tensor(&self, name: &str) -> Result<&Tensor, MlxError> {
        let found = self.checkpoint.tensor(name);
        found.ok_or_else(|| MlxError::MissingTensor { name: name.to_owned() })
    }

    fn vector(&self, name: &str, length: u32) -> Result<(), MlxError> {
        floats(name, self.tensor(name)?, &[length])
    }

    /// A matrix, packed where it has scales, and what is added behind it where it has that.
    fn matrix(&self, name: &str, rows: u32, columns: u32) -> Result<(), MlxError> {
        let weight = format!("{name}.weight");
        let tensor = self.tensor(&weight)?;
        let bias = format!("{name}.bias");
        if let Some(bias_tensor) = self.checkpoint.tensor(&bias) {
            floats(&bias, bias_tensor, &[rows])?;
        }
        let scales = format!("{name}.scales");
        let Some(scales_tensor) = self.checkpoint.tensor(&scales) else {
            return floats(&weight, tensor, &[rows, columns]);
        };
        let Packing { group, bits } = match &self.config.quantization {
            Some(quantization) => quantization.of_matrix(name),
            None => {
                return Err(MlxError::Config {
                    field: "quantization".to_owned(),
                    reason: format!("is missing, and `{name}` is packed"),
                });
            }
        };
        if !columns.is_multiple_of(group) {
            let what = format!("groups of {group} in the {columns} columns of `{name}`");
            return Err(MlxError::Unsupported { what });
        }
        // Bounded above: columns below 2^17, bits at most 8.
        let words = columns * bits / u32::BITS;
        form(&weight, tensor, tensor.number == Number::U32, "U32", &[rows, words])?;
        let groups = [rows, columns / group];
        floats(&scales, scales_tensor, &groups)?;
        let biases = format!("{name}.biases");
        floats(&biases, self.tensor(&biases)?, &groups)
    }
}

fn floats(name: &str, tensor: &Tensor, shape: &[u32]) -> Result<(), MlxError> {
    form(name, tensor, tensor.number.is_float(), "floats", shape)
}

fn form(
    name: &str,
    tensor: &Tensor,
    is_number: bool,
    number: &str,
    shape: &[u32],
) -> Result<(), MlxError> {
    let same = tensor.shape.iter().copied().eq(shape.iter().map(|axis| u64::from(*axis)));
    if is_number && same {
        return Ok(());
    }
    Err(MlxError::TensorForm {
        name: name.to_owned(),
        found: tensor.to_string(),
        wanted: format!("{number} of shape {shape:?}"),
    })
}
