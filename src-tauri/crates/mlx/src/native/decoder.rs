//! The one decoder of all architectures: from tokens to logits.
//!
//! Structure and order of the operations are those of mlx-lm 0.32.2, to which the tests hold the
//! logits.

use mlx_rs::ops::indexing::TryIndexOp;
use mlx_rs::{Array, Dtype, fast, transforms};

use super::block::{Block, Mask, Place, offset_norm};
use super::cache::Cache;
use super::columns::Columns;
use super::matrix::Matrix;
use super::rope::Start;
use super::weights::Weights;
use crate::{Architecture, Checkpoint, MlxError, ModelConfig, PositionScale};

/// A model whose weights are in memory. Belongs to the thread that loaded it.
pub struct Decoder {
    config: ModelConfig,
    embedding: Matrix,
    /// What embeddings are multiplied by, where they are.
    embedding_scale: Option<Array>,
    blocks: Vec<Block>,
    norm: Array,
    last: Option<Matrix>,
    /// What fails in place of MLX.
    #[cfg(test)]
    fails: Option<Fails>,
}

/// Asked with the tokens of each row before every call; answers whether that fails.
#[cfg(test)]
pub type Fails = Box<dyn Fn(&[&[braincells_llm::decoding::Token]]) -> bool>;

impl Decoder {
    /// Reads all weights into memory. `progress` hears 0 to 1 and may answer `false` to stop, which
    /// ends in [`MlxError::Cancelled`].
    pub fn load(
        checkpoint: &Checkpoint,
        config: ModelConfig,
        mut progress: impl FnMut(f32) -> bool,
    ) -> Result<Self, MlxError> {
        checkpoint.check(&config)?;
        let mut weights = Weights::open(checkpoint, &config)?;
        let embedding = weights.matrix("model.embed_tokens")?;
        let norm = offset_norm(&config, weights.vector("model.norm")?)?;
        let last = if checkpoint.has_last_matrix(&config) {
            Some(weights.matrix("lm_head")?)
        } else {
            None
        };
        let ends = embedding.arrays().chain(last.iter().flat_map(Matrix::arrays));
        transforms::eval(ends.chain([&norm]))?;
        let steps = config.layers.len() as f32 + 1.0;
        let mut blocks = Vec::with_capacity(config.layers.len());
        for number in 0..config.layers.len() {
            if !progress((number as f32 + 1.0) / steps) {
                return Err(MlxError::Cancelled);
            }
            let block = Block::load(&mut weights, &config, number)?;
            // Lazy arrays would fail later, and count as nothing until then.
            transforms::eval(block.arrays())?;
            blocks.push(block);
        }
        if !progress(1.0) {
            return Err(MlxError::Cancelled);
        }
        drop(weights);
        let embedding_scale = (config.architecture == Architecture::Gemma3)
            .then(|| embedding_scale(config.hidden))
            .transpose()?;
        Ok(Self {
            config,
            embedding,
            embedding_scale,
            blocks,
            norm,
            last,
            #[cfg(test)]
            fails: None,
        })
    }

    /// Lets calls fail.
    #[cfg(test)]
    pub fn pretend_failing(&mut self, fails: Fails) {
        self.fails = Some(fails);
    }

    #[cfg(test)]
    pub(super) fn ask(
        &self,
        tokens: &[&[braincells_llm::decoding::Token]],
    ) -> Result<(), MlxError> {
        match &self.fails {
            Some(fails) if fails(tokens) => {
                Err(MlxError::Mlx { reason: "it was told to".to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// What model it is.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// Bytes that the keys and values of one token take.
    pub fn token_bytes(&self) -> u64 {
        let numbers = u64::from(self.config.key_heads) * u64::from(self.config.head_width);
        // Norms are never packed: they are of the kind that is computed with.
        2 * self.blocks.len() as u64 * numbers * self.norm.item_size() as u64
    }

    /// An empty cache of so many rows.
    pub(super) fn cache(&self, rows: usize) -> Cache {
        Cache::empty(self.blocks.len(), rows)
    }

    /// Computes tokens `[rows, new]` behind those of the cache, and the logits `[rows, vocabulary]`
    /// of the last column. Tokens must be of the vocabulary.
    pub(super) fn forward(
        &self,
        tokens: &Array,
        cache: &mut Cache,
        columns: &Columns,
    ) -> Result<Array, MlxError> {
        let new = tokens.dim(1) as usize;
        let mut state = self.embedding.rows(tokens)?;
        if let Some(scale) = &self.embedding_scale {
            state = state.multiply(&scale.as_dtype(state.dtype())?)?;
        }
        let place = self.place(cache.length(), new, columns, state.dtype())?;
        for (layer, block) in self.blocks.iter().enumerate() {
            state = block.forward(&self.config, &state, cache, layer, &place)?;
        }
        cache.grown(new);
        let last = state.try_index((.., -1, ..))?;
        let last = fast::rms_norm(&last, Some(&self.norm), self.config.norm_epsilon)?;
        match &self.last {
            Some(matrix) => matrix.apply(&last),
            None => self.embedding.apply(&last),
        }
    }

    fn place(
        &self,
        computed: usize,
        new: usize,
        columns: &Columns,
        kind: Dtype,
    ) -> Result<Place, MlxError> {
        let rows = columns.rows();
        let total = computed + new;
        let starts: Vec<i32> =
            (0..rows).map(|row| columns.position(row, computed) as i32).collect();
        let start = match starts[..] {
            [first, ref others @ ..] if others.iter().all(|start| *start == first) => {
                Start::Same(first)
            }
            _ => Start::Each(Array::from_slice(&starts, &[rows as i32])),
        };
        let mut masks: Vec<(Option<u32>, Mask)> = Vec::new();
        for block in &self.blocks {
            if masks.iter().any(|(window, _)| *window == block.window()) {
                continue;
            }
            let is_short = block.window().is_none_or(|window| total <= window as usize);
            let mask = match (columns.is_plain() && is_short, new) {
                (true, 1) => Mask::None,
                (true, _) => Mask::Causal,
                (false, _) => {
                    let visible = columns.visible(computed..total, block.window());
                    let shape = [rows as i32, 1, new as i32, total as i32];
                    Mask::Array(Array::from_slice(&visible, &shape))
                }
            };
            masks.push((block.window(), mask));
        }
        let query_scale = self
            .config
            .position_scale
            .map(|scale| query_scale(scale, columns, computed, new).as_dtype(kind))
            .transpose()?;
        Ok(Place { start, masks, query_scale })
    }
}

/// Gemma 3's embeddings grow with the root of their width, rounded to half precision as they were
/// in its training.
fn embedding_scale(hidden: u32) -> Result<Array, MlxError> {
    Ok(Array::from_f32((hidden as f32).sqrt()).as_dtype(Dtype::Bfloat16)?)
}

/// What queries are multiplied by, `[rows, 1, new, 1]`; see [`PositionScale`].
fn query_scale(scale: PositionScale, columns: &Columns, computed: usize, new: usize) -> Array {
    let rows = columns.rows();
    let of_position = |position: i64| {
        let times = (position.max(0) as f32 / scale.original).floor();
        1.0 + scale.beta * times.ln_1p()
    };
    let scales: Vec<f32> = (0..rows)
        .flat_map(|row| (computed..computed + new).map(move |column| (row, column)))
        .map(|(row, column)| of_position(columns.position(row, column)))
        .collect();
    Array::from_slice(&scales, &[rows as i32, 1, new as i32, 1])
}
