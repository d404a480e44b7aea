//! Measuring what `tuning` decides over: single calls on synthetic tokens, with a context of their
//! own. The content of tokens has no influence on how long they take.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ffi::{Batch, Context, ContextSize, DecodeError, Model, Sequence, Token};
use super::load::{BATCH_TOKENS, ModelFacts, Sizes, gpu_layers};
use super::tuning::{Choice, Probe, Setup, Tuning, TypicalSizes, choose};
use super::{LoadOptions, devices};
use crate::LLMError;

/// How long measuring may take, loading not counted.
const BUDGET_SECONDS: f64 = 4.0;
/// When a call is stopped that takes longer than all were to take. A GPU's cannot be.
const DEADLINE: Duration = Duration::from_secs(8);
const CPU_ROWS: [u32; 5] = [8, 16, 24, 32, 48];
const GPU_ROWS: [u32; 5] = [16, 32, 64, 96, 120];

/// Loads the model, measures and lets it go again.
pub fn autotune(
    path: &Path,
    options: &LoadOptions,
    sizes: TypicalSizes,
    progress: impl FnMut(f32) -> bool + Send + 'static,
) -> Result<Tuning, LLMError> {
    let cores = devices::physical_cores() as u32;
    let gpu_layers = gpu_layers(path, options);
    let device = devices::computing(gpu_layers);
    if options.exact {
        // One row at a time, whatever is measured.
        let threads = options.threads.unwrap_or(cores);
        return Ok(Choice::unmeasured(Setup { rows: 1, threads }).on(device));
    }
    let model = Arc::new(Model::load(path, gpu_layers, progress)?);
    let without = LoadOptions { tuning: None, ..options.clone() };
    let plan = Sizes::new(ModelFacts::of(&model), gpu_layers, cores, &without);
    let default = Setup { rows: plan.slots, threads: plan.context.threads };
    let rows: &[u32] = match options.parallel_rows {
        Some(_) => &[],
        None if gpu_layers == 0 => &CPU_ROWS,
        None => &GPU_ROWS,
    };
    let most_rows = rows.iter().copied().max().unwrap_or(0).max(default.rows);
    let threads: Vec<u32> = match options.threads {
        Some(_) => Vec::new(),
        None => vec![cores, cores.saturating_sub(1).max(1)],
    };
    let sizes = TypicalSizes {
        prefix_tokens: sizes.prefix_tokens.min(plan.row_context / 2),
        own_tokens: sizes.own_tokens.min(plan.row_context / 2),
        ..sizes
    };
    let size = ContextSize {
        // Besides the prefix never more than the tokens of one call.
        cells: sizes.prefix_tokens + 2 * BATCH_TOKENS,
        sequences: most_rows + 1,
        batch_tokens: BATCH_TOKENS,
        ..plan.context
    };
    let deadline = Instant::now() + DEADLINE;
    let context = Context::new(&model, size, Box::new(move || Instant::now() >= deadline))?;
    let mut bench = Bench {
        context,
        sizes,
        prefix: most_rows as Sequence,
        batch: Batch::default(),
        vocabulary_size: model.vocabulary_size(),
    };
    let measured = bench.begin().and_then(|()| {
        choose(default, rows, &threads, sizes, BUDGET_SECONDS, |probe| bench.measure(probe))
    });
    let failed = |reason: String| Err(LLMError::InferenceFailed { reason });
    match measured {
        Ok(choice) => Ok(choice.on(device)),
        Err(DecodeError::Aborted) => Ok(Choice::unmeasured(default).on(device)),
        Err(DecodeError::NoRoom) => failed("no room to measure the engine's speed".to_owned()),
        Err(DecodeError::Failed(code)) => failed(format!("llama.cpp's decode answered {code}")),
    }
}

struct Bench {
    context: Context,
    sizes: TypicalSizes,
    /// The sequence of the shared prefix, behind those of the rows.
    prefix: Sequence,
    batch: Batch,
    vocabulary_size: usize,
}

impl Bench {
    /// Computes the prefix, which also warms everything up.
    fn begin(&mut self) -> Result<(), DecodeError> {
        let tokens: Vec<usize> = (0..self.sizes.prefix_tokens.max(1) as usize).collect();
        for chunk in tokens.chunks(BATCH_TOKENS as usize) {
            self.batch.clear();
            for &position in chunk {
                let is_last = Some(&position) == chunk.last();
                self.batch.push(self.token(position), position, self.prefix, is_last);
            }
            self.decode()?;
        }
        Ok(())
    }

    fn decode(&mut self) -> Result<f64, DecodeError> {
        let began = Instant::now();
        self.context.decode(&self.batch)?;
        // On a GPU a call returns early; its result does not.
        self.context.logits(self.batch.len() - 1);
        Ok(began.elapsed().as_secs_f64())
    }

    fn measure(&mut self, probe: Probe) -> Result<f64, DecodeError> {
        let begin = self.sizes.prefix_tokens.max(1) as usize;
        let (rows, tokens_per_row, threads) = match probe {
            Probe::Prompt { tokens, threads } => {
                let own = self.sizes.own_tokens.max(1);
                (tokens.div_ceil(own), own, threads)
            }
            Probe::Generation { rows, threads } => (rows, 1, threads),
        };
        let total = match probe {
            Probe::Prompt { tokens, .. } => tokens as usize,
            Probe::Generation { rows, .. } => rows as usize,
        };
        self.context.set_threads(threads);
        self.batch.clear();
        for row in 0..rows as Sequence {
            self.context.share_all(self.prefix, row);
            for step in 0..tokens_per_row as usize {
                if self.batch.len() < total {
                    let wants_logits =
                        step + 1 == tokens_per_row as usize || self.batch.len() + 1 == total;
                    self.batch.push(self.token(step), begin + step, row, wants_logits);
                }
            }
        }
        let result = self.decode();
        for row in 0..rows as Sequence {
            self.context.forget(row);
        }
        result
    }

    /// Some token.
    fn token(&self, place: usize) -> Token {
        ((64 + place % 128) % self.vocabulary_size.max(1)) as Token
    }
}
