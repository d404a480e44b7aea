//! How a model is loaded: the options, and the sizes that follow from them. Pure, but for the
//! question how much memory there is.

use std::path::{Path, PathBuf};

use braincells_models::fit::{self, Memory};
use serde::{Deserialize, Serialize};

use super::actor::{FEW_PREFIX_SEQUENCES, PREFIX_SEQUENCES};
use super::devices;
use super::ffi::{ContextSize, MOST_THREADS, Model};
use super::memory;
use super::plan::MOST_CPU_ROWS;
use super::tuning::Tuning;
use crate::LLMError;

/// Rows computed together on a CPU and on a GPU, where nothing else is asked for. 16 measured
/// best on CPUs; a GPU has more to gain from a larger batch.
const CPU_ROWS: u32 = 16;
const GPU_ROWS: u32 = 32;
/// The most rows: llama.cpp has at most 256 sequences, a row may take two, prefixes the rest.
pub const MOST_ROWS: u32 = (256 - PREFIX_SEQUENCES as u32) / 2;
/// Tokens per call. Small enough that a call on a GPU, which cannot be aborted, ends soon.
pub const BATCH_TOKENS: u32 = 512;
/// The context of one row, where the model allows more and nothing else is asked for.
const ROW_CONTEXT: u32 = 8192;
/// Cells of memory per row that are there in any case.
const CELLS_PER_ROW: u32 = 512;
/// What the logits of one call may take on a CPU, in bytes, as long as every slot has a sequence:
/// llama.cpp keeps a row of the whole vocabulary for each sequence, twice. With 262,144 tokens a
/// row is 1 MiB, and twice as many sequences as slots would cost more memory than they save time.
const LOGITS_BYTES: u64 = 24 << 20;
/// What the folder of kept prefixes may take, where nothing else is asked for.
const KEPT_PREFIX_BYTES: u64 = 1 << 30;
/// How long a prefix must take to compute to be kept.
const KEPT_PREFIX_MS: u32 = 500;

/// Where the state of prefixes is kept between loads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptPrefixes {
    /// A folder that is used for nothing else. It is made when it is needed.
    pub folder: PathBuf,
    /// The most bytes it may hold; what was used longest ago goes first.
    pub limit_bytes: u64,
    /// What takes less than this to compute is not kept.
    pub least_ms: u32,
}

impl KeptPrefixes {
    /// In this folder, with the usual limits: 1 GiB, and half a second.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), limit_bytes: KEPT_PREFIX_BYTES, least_ms: KEPT_PREFIX_MS }
    }
}

/// How a model is loaded. `None` lets the engine decide.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoadOptions {
    /// Rows computed together: 1 to 63 on a CPU, 1 to 124 with a GPU.
    pub parallel_rows: Option<u32>,
    /// The most tokens of prompt and answer of one row.
    pub context_tokens: Option<u32>,
    /// Layers on the GPU; 0 computes on the CPU.
    pub gpu_layers: Option<u32>,
    /// Threads; the default is the number of physical cores.
    pub threads: Option<u32>,
    /// One row at a time without flash attention: on a CPU every answer is then the same, bit
    /// for bit, whatever else is computed. Several times slower; `parallel_rows` has no effect.
    pub exact: bool,
    /// The time that chat templates see, Unix milliseconds. Without it, templates that print
    /// today's date print the one they were written with, or are refused.
    pub now_ms: Option<i64>,
    /// What `LlamaEngine::autotune` measured for this model. What is asked for above comes first,
    /// and it has no effect on another device.
    pub tuning: Option<Tuning>,
    /// Cells of key-value memory for all rows together; the default has room for a usual row in
    /// each place. Never fewer than one row may need.
    pub memory_cells: Option<u32>,
    /// Whether prompts and generation share their calls; the default is yes with a GPU.
    pub mixed_calls: Option<bool>,
    /// Where prefixes are kept that took long to compute. Used once the model's hash is known.
    pub kept_prefixes: Option<KeptPrefixes>,
    /// The memory that the model may take, in bytes; the default is what the device has.
    pub available_memory_bytes: Option<u64>,
    /// Loads a model for which there seems to be too little memory.
    pub load_anyway: bool,
}

/// What is known of a model before its sizes are decided.
#[derive(Clone, Copy, Debug)]
pub struct ModelFacts {
    /// Tokens that it was trained to take.
    pub trained_context: u32,
    /// Tokens of its vocabulary.
    pub vocabulary_size: u32,
    /// Whether each sequence has one state.
    pub keeps_one_state: bool,
}

impl ModelFacts {
    /// Of a loaded model.
    pub fn of(model: &Model) -> Self {
        Self {
            trained_context: model.trained_context(),
            vocabulary_size: model.vocabulary_size() as u32,
            keeps_one_state: model.keeps_one_state(),
        }
    }
}

/// The sizes of an engine.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Rows that generate together.
    pub slots: u32,
    /// The most tokens of one row.
    pub row_context: u32,
    /// Sequences for rows: an even number, at most twice as many as slots.
    pub row_sequences: u32,
    /// Sequences for prefixes.
    pub prefixes: u32,
    /// Whether prompts and generation share their calls.
    pub is_mixed: bool,
    /// Those of its context.
    pub context: ContextSize,
}

impl Sizes {
    /// Decides the sizes. `gpu_layers` of 0 is a CPU.
    pub fn new(facts: ModelFacts, gpu_layers: i32, cores: u32, options: &LoadOptions) -> Self {
        let on_cpu = gpu_layers == 0;
        let (usual, most) =
            if on_cpu { (CPU_ROWS, MOST_CPU_ROWS as u32) } else { (GPU_ROWS, MOST_ROWS) };
        let tuning = options.tuning.as_ref();
        let wished = options.parallel_rows.or(tuning.map(|tuning| tuning.parallel_rows));
        // Kernels and the order of sums differ with the number of rows, so exact means one.
        let slots = if options.exact { 1 } else { wished.unwrap_or(usual).clamp(1, most) };
        let trained = facts.trained_context.max(256);
        let row_context =
            options.context_tokens.unwrap_or(trained.min(ROW_CONTEXT)).clamp(64, trained);
        let prefixes = match (options.exact, facts.keeps_one_state) {
            (true, _) => 1,
            (false, true) => FEW_PREFIX_SEQUENCES as u32,
            (false, false) => PREFIX_SEQUENCES as u32,
        };
        let row_sequences = if on_cpu {
            let row_bytes = 4 * u64::from(facts.vocabulary_size.max(1));
            let most = u32::try_from(LOGITS_BYTES / row_bytes).unwrap_or(u32::MAX);
            most.saturating_sub(prefixes).clamp(slots, 2 * slots).next_multiple_of(2)
        } else {
            2 * slots
        };
        let cells =
            row_context.max(options.memory_cells.unwrap_or(slots.saturating_mul(CELLS_PER_ROW)));
        let threads = options.threads.or(tuning.map(|tuning| tuning.threads)).unwrap_or(cores);
        Self {
            slots,
            row_context,
            row_sequences,
            prefixes,
            is_mixed: !options.exact && options.mixed_calls.unwrap_or(!on_cpu),
            context: ContextSize {
                cells,
                sequences: row_sequences + prefixes,
                // llama.cpp takes no call that is larger than the memory.
                batch_tokens: BATCH_TOKENS.min(cells),
                threads: threads.clamp(1, MOST_THREADS),
                flash_attention: !options.exact,
            },
        }
    }
}

/// The options without a setup that was measured on another device.
pub fn on_this_device(options: &LoadOptions, gpu_layers: i32) -> LoadOptions {
    let is_here = |tuning: &Tuning| tuning.device == devices::computing(gpu_layers);
    LoadOptions { tuning: options.tuning.clone().filter(is_here), ..options.clone() }
}

/// How many layers go to the GPU.
pub fn gpu_layers(path: &Path, options: &LoadOptions) -> i32 {
    match options.gpu_layers {
        Some(layers) => i32::try_from(layers).unwrap_or(i32::MAX),
        None => devices::automatic_gpu_layers(path, options),
    }
}

/// Estimates the memory that a model takes with these options; `None` if its header does not say
/// enough.
#[must_use]
pub fn memory_estimate(path: &Path, options: &LoadOptions) -> Option<Memory> {
    let shape = memory::shape(path)?;
    let gpu_layers = gpu_layers(path, options);
    let options = on_this_device(options, gpu_layers);
    Some(fit::estimate(&shape, &memory::wanted(&shape, gpu_layers != 0, &options)))
}

/// Refuses a file that is no sound model, and a model for which there is too little memory unless
/// it is to be loaded anyway.
pub fn check_model(path: &Path, options: &LoadOptions) -> Result<(), LLMError> {
    memory::read_headers(path)?;
    if options.load_anyway {
        return Ok(());
    }
    let Some(estimate) = memory_estimate(path, options) else { return Ok(()) };
    let available_bytes = options.available_memory_bytes.unwrap_or_else(|| {
        devices::available_bytes(&devices::devices(), gpu_layers(path, options) == 0)
    });
    let needed_bytes = estimate.total_bytes();
    // A device that does not say how much it has refuses nothing.
    if available_bytes == 0 || needed_bytes <= available_bytes {
        Ok(())
    } else {
        Err(LLMError::ModelTooLarge { needed_bytes, available_bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: ModelFacts =
        ModelFacts { trained_context: 2048, vocabulary_size: 49_152, keeps_one_state: false };

    fn sizes(gpu_layers: i32, options: &LoadOptions) -> Sizes {
        Sizes::new(FACTS, gpu_layers, 4, options)
    }

    #[test]
    fn the_usual_sizes() {
        let cpu = sizes(0, &LoadOptions::default());
        assert_eq!((cpu.slots, cpu.row_context, cpu.context.threads), (16, 2048, 4));
        assert_eq!((cpu.context.cells, cpu.context.sequences), (16 * 512, 2 * 16 + 8));
        assert!(!cpu.is_mixed && cpu.context.flash_attention);
        let gpu = sizes(-1, &LoadOptions::default());
        assert_eq!((gpu.slots, gpu.is_mixed), (32, true));
        let exact = sizes(-1, &LoadOptions { exact: true, ..LoadOptions::default() });
        assert_eq!((exact.slots, exact.is_mixed, exact.context.flash_attention), (1, false, false));
    }

    #[test]
    fn a_large_vocabulary_has_fewer_sequences_but_one_for_every_slot() {
        for (vocabulary_size, gpu_layers, rows, expected) in [
            (49_152, 0, 16, 32),
            (151_936, 0, 16, 32),
            (262_144, 0, 16, 16),
            (262_144, 0, 10, 16),
            (262_144, 0, 33, 34),
            (262_144, 0, 1, 2),
            (262_144, -1, 16, 32),
        ] {
            let facts = ModelFacts { vocabulary_size, ..FACTS };
            let options = LoadOptions { parallel_rows: Some(rows), ..LoadOptions::default() };
            let found = Sizes::new(facts, gpu_layers, 4, &options);
            assert_eq!(found.row_sequences, expected, "{vocabulary_size} tokens, {rows} rows");
            assert_eq!(found.context.sequences, expected + found.prefixes);
        }
    }

    #[test]
    fn nothing_asked_for_goes_beyond_what_llama_cpp_takes() {
        for gpu_layers in [0, -1, 7] {
            for rows in [0, 1, 2, 63, 64, 127, 1000, u32::MAX] {
                let options = LoadOptions {
                    parallel_rows: Some(rows),
                    threads: Some(rows),
                    context_tokens: Some(rows),
                    memory_cells: Some(rows.min(100_000)),
                    ..LoadOptions::default()
                };
                let sizes = sizes(gpu_layers, &options);
                assert!(sizes.context.batch_tokens <= sizes.context.cells, "{rows}");
                assert!((sizes.slots..=2 * sizes.slots).contains(&sizes.row_sequences));
                assert!(sizes.context.sequences <= 256 && sizes.slots >= 1, "{rows}");
                assert!(gpu_layers != 0 || sizes.slots < 64, "{rows}");
                assert!((1..=512).contains(&sizes.context.threads));
                assert!(sizes.context.cells >= sizes.row_context);
            }
        }
    }

    #[test]
    fn a_tuning_is_taken_unless_something_else_is_asked_for() {
        let device = "any".to_owned();
        let tuning = Tuning { device, parallel_rows: 24, threads: 3, row_us: 1, default_row_us: 2 };
        let tuned = LoadOptions { tuning: Some(tuning), ..LoadOptions::default() };
        let found = sizes(0, &tuned);
        assert_eq!((found.slots, found.context.threads), (24, 3));
        let asked = LoadOptions { parallel_rows: Some(8), threads: Some(2), ..tuned.clone() };
        let found = sizes(0, &asked);
        assert_eq!((found.slots, found.context.threads), (8, 2));
        let exact = LoadOptions { exact: true, ..tuned };
        assert_eq!(sizes(0, &exact).slots, 1);
    }

    #[test]
    fn options_written_before_there_were_more_are_still_read() {
        let old = r#"{"parallel_rows":4,"context_tokens":null,"gpu_layers":null,"threads":null,
            "exact":false,"now_ms":null}"#;
        let read: LoadOptions = serde_json::from_str(old).unwrap();
        assert_eq!(read, LoadOptions { parallel_rows: Some(4), ..LoadOptions::default() });
    }
}
