//! One layer: attention, and the part behind it.

use mlx_rs::{Array, Dtype, fast, nn};

use super::cache::Cache;
use super::matrix::Matrix;
use super::rope::{Start, Turn};
use super::weights::Weights;
use crate::{Architecture, MlxError, ModelConfig};

/// The largest number of 16 bits with a point, as IEEE 754 has it.
const MOST_HALF: f32 = 65_504.0;

/// A layer's weights.
pub struct Block {
    turn: Option<Turn>,
    window: Option<u32>,
    queries: Matrix,
    keys: Matrix,
    values: Matrix,
    output: Matrix,
    query_norm: Option<Array>,
    key_norm: Option<Array>,
    gate: Matrix,
    up: Matrix,
    down: Matrix,
    before_attention: Array,
    /// Behind it in Gemma 3, where each part has norms on both sides; else before the second part.
    after_attention: Array,
    around_second: Option<(Array, Array)>,
}

/// Where the columns of one call stand and what they see, for all layers.
pub struct Place {
    pub start: Start,
    /// By windows: `None` is everything.
    pub masks: Vec<(Option<u32>, Mask)>,
    pub query_scale: Option<Array>,
}

/// What the columns of a call see.
pub enum Mask {
    /// All that is computed.
    None,
    /// All up to themselves.
    Causal,
    /// `[rows, 1, new, total]`.
    Array(Array),
}

/// Gemma 3's norms multiply with one more than they hold.
pub fn offset_norm(config: &ModelConfig, norm: Array) -> Result<Array, MlxError> {
    if config.architecture != Architecture::Gemma3 {
        return Ok(norm);
    }
    Ok(norm.add(&Array::from_f32(1.0).as_dtype(norm.dtype())?)?)
}

impl Block {
    /// Takes the weights of one layer.
    pub fn load(
        weights: &mut Weights<'_>,
        config: &ModelConfig,
        number: usize,
    ) -> Result<Self, MlxError> {
        let layer = &config.layers[number];
        let name = |part: &str| format!("model.layers.{number}.{part}");
        let mut matrix = |part: &str| weights.matrix(&name(part));
        let [queries, keys, values, output] = [
            matrix("self_attn.q_proj")?,
            matrix("self_attn.k_proj")?,
            matrix("self_attn.v_proj")?,
            matrix("self_attn.o_proj")?,
        ];
        let [gate, up, down] =
            [matrix("mlp.gate_proj")?, matrix("mlp.up_proj")?, matrix("mlp.down_proj")?];
        let mut norm = |part: &str| offset_norm(config, weights.vector(&name(part))?);
        let before_attention = norm("input_layernorm")?;
        let after_attention = norm("post_attention_layernorm")?;
        let around_second = if config.architecture == Architecture::Gemma3 {
            Some((norm("pre_feedforward_layernorm")?, norm("post_feedforward_layernorm")?))
        } else {
            None
        };
        let (query_norm, key_norm) = if config.has_head_norms() {
            (Some(norm("self_attn.q_norm")?), Some(norm("self_attn.k_norm")?))
        } else {
            (None, None)
        };
        Ok(Self {
            turn: layer.rope.as_ref().map(|rope| Turn::new(rope, config.head_width)),
            window: layer.window,
            queries,
            keys,
            values,
            output,
            query_norm,
            key_norm,
            gate,
            up,
            down,
            before_attention,
            after_attention,
            around_second,
        })
    }

    /// How many positions back it sees; `None` for all.
    pub fn window(&self) -> Option<u32> {
        self.window
    }

    /// All that it has in memory.
    pub fn arrays(&self) -> impl Iterator<Item = &Array> {
        let attention = [&self.queries, &self.keys, &self.values, &self.output];
        let second = [&self.gate, &self.up, &self.down];
        let norms = [&self.before_attention, &self.after_attention];
        let around = self.around_second.iter().flat_map(|(before, after)| [before, after]);
        attention
            .into_iter()
            .chain(second)
            .flat_map(Matrix::arrays)
            .chain(norms)
            .chain(around)
            .chain(&self.query_norm)
            .chain(&self.key_norm)
            .chain(self.turn.iter().flat_map(Turn::arrays))
    }

    /// `state [rows, new, hidden]` through this layer.
    pub fn forward(
        &self,
        config: &ModelConfig,
        state: &Array,
        cache: &mut Cache,
        layer: usize,
        place: &Place,
    ) -> Result<Array, MlxError> {
        let norm = |state: &Array, weight: &Array| {
            fast::rms_norm(state, Some(weight), config.norm_epsilon)
        };
        let seen = norm(state, &self.before_attention)?;
        let attention = self.attend(config, &seen, cache, layer, place)?;
        if let Some((before, after)) = &self.around_second {
            let state = sum(state, &norm(&attention, &self.after_attention)?)?;
            let seen = norm(&state, before)?;
            let gate = nn::gelu_approximate(self.gate.apply(&seen)?)?;
            let second = self.down.apply(&gate.multiply(&self.up.apply(&seen)?)?)?;
            return sum(&state, &norm(&second, after)?);
        }
        let state = state.add(&attention)?;
        let seen = norm(&state, &self.after_attention)?;
        let gate = nn::silu(self.gate.apply(&seen)?)?;
        let second = self.down.apply(&gate.multiply(&self.up.apply(&seen)?)?)?;
        Ok(state.add(&second)?)
    }

    fn attend(
        &self,
        config: &ModelConfig,
        seen: &Array,
        cache: &mut Cache,
        layer: usize,
        place: &Place,
    ) -> Result<Array, MlxError> {
        let (rows, new) = (seen.dim(0), seen.dim(1));
        let width = config.head_width as i32;
        let heads = |matrix: &Matrix, norm: Option<&Array>, count: u32| {
            let mut all = matrix.apply(seen)?.reshape(&[rows, new, count as i32, width])?;
            if let Some(norm) = norm {
                all = fast::rms_norm(&all, Some(norm), config.norm_epsilon)?;
            }
            Ok::<_, MlxError>(all.transpose_axes(&[0, 2, 1, 3])?)
        };
        let mut queries = heads(&self.queries, self.query_norm.as_ref(), config.heads)?;
        let mut keys = heads(&self.keys, self.key_norm.as_ref(), config.key_heads)?;
        let values = heads(&self.values, None, config.key_heads)?;
        if let Some(turn) = &self.turn {
            queries = turn.apply(&queries, &place.start)?;
            keys = turn.apply(&keys, &place.start)?;
        }
        let (keys, values) = cache.add(layer, &keys, &values)?;
        if let Some(scale) = &place.query_scale {
            queries = queries.multiply(scale)?;
        }
        let mask = place.masks.iter().find(|(window, _)| *window == self.window);
        let mask = mask.and_then(|(_, mask)| match mask {
            Mask::None => None,
            Mask::Causal => Some(fast::ScaledDotProductAttentionMask::Causal),
            Mask::Array(mask) => Some(fast::ScaledDotProductAttentionMask::Array(mask)),
        });
        let scale = config.attention_scale;
        let mixed = fast::scaled_dot_product_attention(queries, keys, values, scale, mask, None)?;
        let mixed = mixed.transpose_axes(&[0, 2, 1, 3])?;
        self.output.apply(&mixed.reshape(&[rows, new, config.heads as i32 * width])?)
    }
}

/// Gemma 3's states outgrow 16 bits with a point of IEEE 754: there they end at its largest number.
fn sum(state: &Array, other: &Array) -> Result<Array, MlxError> {
    if state.dtype() != Dtype::Float16 {
        return Ok(state.add(other)?);
    }
    let wide = state.as_dtype(Dtype::Float32)?.add(&other.as_dtype(Dtype::Float32)?)?;
    let bound = (&Array::from_f32(-MOST_HALF), &Array::from_f32(MOST_HALF));
    Ok(mlx_rs::ops::clip(&wide, bound)?.as_dtype(Dtype::Float16)?)
}
