use serde::Serialize;

use super::memory::{Memory, Wanted, estimate, place};
use super::shape::Shape;
use crate::size::size as in_words;

/// Of main memory, in tenths: what a model may take and leave the machine usable.
const COMFORTABLE_TENTHS: u64 = 8;
/// Of a GPU's memory, in tenths. The rest is for the driver, the display and fragments.
const GPU_TENTHS: u64 = 9;
/// On a processor every token reads all weights that it needs once. Main memory of desktop
/// computers gives 40 to 80 GB a second, so that with more than this a single row makes fewer
/// than some five tokens a second.
pub(super) const SLOW_ON_CPU_BYTES: u64 = 10_000_000_000;

/// The memory that there is for a model: what is free, and what will be once the models are
/// unloaded that this one replaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Machine {
    /// Main memory, all of it.
    pub ram_bytes: u64,
    /// What GPUs can use; 0 without one.
    pub gpu_bytes: u64,
    /// Whether `gpu_bytes` is a part of `ram_bytes`, as on Apple Silicon and with graphics in the
    /// processor: what lies on such a GPU takes main memory.
    pub gpu_is_ram: bool,
}

impl Machine {
    /// What a GPU can hold.
    pub(super) fn usable_gpu_bytes(&self) -> u64 {
        self.gpu_bytes / 10 * GPU_TENTHS
    }

    /// What main memory can hold and leave the machine usable.
    pub(super) fn comfortable_ram_bytes(&self) -> u64 {
        self.ram_bytes / 10 * COMFORTABLE_TENTHS
    }

    /// All that can hold a model, counted once.
    pub(super) fn all_bytes(&self) -> u64 {
        let beside = if self.gpu_is_ram { 0 } else { self.usable_gpu_bytes() };
        self.ram_bytes.saturating_add(beside)
    }
}

/// Whether a model fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum Verdict {
    /// It fits, with room to spare.
    Fits,
    /// It fits, and may be slow or make the machine slow.
    MayBeSlow,
    /// It will not fit.
    WillNotFit,
}

/// A verdict with its figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Judgement {
    /// Whether it fits.
    pub verdict: Verdict,
    /// Why, in one line.
    pub reason: String,
    /// What it takes, by what for.
    pub memory: Memory,
    /// How many layers would be on the GPU; all, and the output, are one more than there are.
    pub gpu_layers: u64,
    /// How many layers it has.
    pub layers: u64,
    /// What would be on the GPU.
    pub gpu_bytes: u64,
    /// What would be in main memory; where a GPU shares it, with what would be on the GPU.
    pub ram_bytes: u64,
    /// Main memory that there is.
    pub available_ram_bytes: u64,
    /// Memory of the GPU that there is.
    pub available_gpu_bytes: u64,
}

/// How many layers at most fit a GPU of so much memory with what they need besides; all, and the
/// output, are one more than there are.
pub fn most_gpu_layers(shape: &Shape, wanted: &Wanted, gpu_bytes: u64) -> u64 {
    let usable = Machine { gpu_bytes, ..Machine::default() }.usable_gpu_bytes();
    // More layers never take less of the GPU, so those that fit come before those that do not; no
    // layer takes nothing.
    let (mut fit, mut beyond) = (0, shape.layers.len() as u64 + 2);
    while beyond - fit > 1 {
        let middle = fit.midpoint(beyond);
        if place(shape, wanted, middle).gpu_bytes <= usable {
            fit = middle;
        } else {
            beyond = middle;
        }
    }
    fit
}

/// Whether the model fits the machine when it is used so.
pub fn judge(shape: &Shape, wanted: &Wanted, machine: &Machine) -> Judgement {
    let memory = estimate(shape, wanted);
    let layers = shape.layers.len() as u64;
    let most = most_gpu_layers(shape, wanted, machine.gpu_bytes);
    let gpu_layers = wanted.gpu_layers.map_or(most, |asked| asked.min(most));
    let placed = place(shape, wanted, gpu_layers);
    let shared_bytes = if machine.gpu_is_ram { placed.gpu_bytes } else { 0 };
    let in_ram = placed.ram_bytes.saturating_add(shared_bytes);
    let is_comfortable = in_ram <= machine.comfortable_ram_bytes();
    let (verdict, reason) = if in_ram > machine.ram_bytes {
        // What is computed with has room on both sides of a GPU, so that more may be needed.
        let needed = memory.total_bytes().max(in_ram);
        let there = machine.all_bytes();
        (Verdict::WillNotFit, format!("needs {} and {} are free", size(needed), size(there)))
    } else if gpu_layers > layers && (is_comfortable || !machine.gpu_is_ram) {
        (Verdict::Fits, format!("all of it on the GPU, {}", size(placed.gpu_bytes)))
    } else if !is_comfortable {
        let (needed, there) = (size(in_ram), size(machine.ram_bytes));
        (
            Verdict::MayBeSlow,
            format!("{needed} of {there} of memory, with little left for the rest"),
        )
    } else if shape.active_bytes > SLOW_ON_CPU_BYTES {
        let read = size(shape.active_bytes);
        (Verdict::MayBeSlow, format!("the processor reads {read} for every token"))
    } else {
        let (needed, there) = (size(in_ram), size(machine.ram_bytes));
        let on_gpu = match gpu_layers {
            0 | 1 => String::new(),
            more => format!(", and {} of {layers} layers on the GPU", more - 1),
        };
        (Verdict::Fits, format!("{needed} of {there} of memory{on_gpu}"))
    };
    Judgement {
        verdict,
        reason,
        memory,
        gpu_layers,
        layers,
        gpu_bytes: placed.gpu_bytes,
        ram_bytes: in_ram,
        available_ram_bytes: machine.ram_bytes,
        available_gpu_bytes: machine.gpu_bytes,
    }
}

/// Bytes as people write them.
pub(super) fn size(bytes: u64) -> String {
    if bytes == u64::MAX { "more memory than any machine has".to_owned() } else { in_words(bytes) }
}

#[cfg(test)]
mod tests {
    use super::super::shape::Layer;
    use super::*;

    /// 32 layers of 125 MB, half a gigabyte at either end; 8 KiB of keys and values a token.
    fn shape() -> Shape {
        let layer = Layer { weight_bytes: 125_000_000, cell_bytes: 4096, ..Layer::default() };
        Shape {
            layers: vec![layer; 32],
            input_bytes: 500_000_000,
            output_bytes: 500_000_000,
            active_bytes: 4_500_000_000,
            embedding_length: 4096,
            feed_forward_length: 14_336,
            heads: 32,
            vocabulary_size: 128_256,
            context_length: 131_072,
            ..Shape::default()
        }
    }

    fn wanted(cells: u64) -> Wanted {
        Wanted { cells, sequences: 40, batch_tokens: 512, flash_attention: true, gpu_layers: None }
    }

    fn verdict(ram: u64, gpu: u64) -> (Verdict, u64, String) {
        let found = judge(&shape(), &wanted(8192), &machine(ram, gpu, false));
        (found.verdict, found.gpu_layers, found.reason)
    }

    fn machine(ram: u64, gpu: u64, gpu_is_ram: bool) -> Machine {
        let (ram_bytes, gpu_bytes) = (ram * 1_000_000_000, gpu * 1_000_000_000);
        Machine { ram_bytes, gpu_bytes, gpu_is_ram }
    }

    #[test]
    fn the_verdict_follows_the_memory() {
        assert_eq!(verdict(32, 0).0, Verdict::Fits);
        assert_eq!(verdict(7, 0).0, Verdict::MayBeSlow, "little would be left");
        assert_eq!(verdict(4, 0).0, Verdict::WillNotFit);
        assert_eq!(verdict(32, 16), (Verdict::Fits, 33, verdict(32, 16).2));
        let (partly, layers, reason) = verdict(32, 4);
        assert_eq!(partly, Verdict::Fits, "a GPU that holds a part makes nothing slower");
        assert!((10..30).contains(&layers), "{layers}");
        assert!(reason.contains("of 32 layers on the GPU"), "{reason}");
        let (both, _, _) = verdict(4, 4);
        assert_eq!(both, Verdict::Fits, "neither alone would do");
    }

    #[test]
    fn memory_that_a_gpu_shares_counts_once() {
        let found = |ram, gpu| judge(&shape(), &wanted(8192), &machine(ram, gpu, true));
        let roomy = found(16, 12);
        assert_eq!((roomy.verdict, roomy.gpu_layers), (Verdict::Fits, 33), "{}", roomy.reason);
        assert!(roomy.ram_bytes > roomy.gpu_bytes, "what is on the GPU is in main memory");
        // All layers are on the GPU in both, and in the memory that programs need in the first.
        let tight = found(7, 7);
        assert_eq!((tight.verdict, tight.gpu_layers), (Verdict::MayBeSlow, 33));
        let short = found(5, 12);
        assert_eq!(short.verdict, Verdict::WillNotFit);
        assert!(short.reason.ends_with("and 5.0 GB are free"), "{}", short.reason);
        assert_eq!(found(5, 3).verdict, Verdict::WillNotFit, "three of the five are the GPU's");
        assert_eq!(judge(&shape(), &wanted(8192), &machine(5, 3, false)).verdict, Verdict::Fits);
    }

    #[test]
    fn no_more_layers_are_on_the_gpu_than_were_asked_for() {
        let layers = |asked, gpu| {
            let wanted = Wanted { gpu_layers: asked, ..wanted(8192) };
            judge(&shape(), &wanted, &machine(32, gpu, false)).gpu_layers
        };
        let part = layers(None, 4);
        for (asked, gpu, expected) in
            [(Some(0), 16, 0), (Some(7), 16, 7), (Some(99), 16, 33), (Some(99), 4, part)]
        {
            assert_eq!(layers(asked, gpu), expected, "{asked:?} of {gpu} GB");
        }
    }

    #[test]
    fn a_model_that_reads_much_for_a_token_is_slow_on_a_processor() {
        let slow = Shape { active_bytes: 20_000_000_000, ..shape() };
        let machine = Machine { ram_bytes: 64 << 30, ..Machine::default() };
        let found = judge(&slow, &wanted(4096), &machine);
        assert_eq!(found.verdict, Verdict::MayBeSlow);
        assert_eq!(found.reason, "the processor reads 20.0 GB for every token");
    }

    #[test]
    fn more_layers_on_the_gpu_take_more_there_and_less_here() {
        let (shape, wanted) = (shape(), wanted(8192));
        let all: Vec<_> = (0..=33).map(|layers| place(&shape, &wanted, layers)).collect();
        assert!(all.windows(2).all(|two| two[0].gpu_bytes < two[1].gpu_bytes));
        assert!(all.windows(2).all(|two| two[0].ram_bytes > two[1].ram_bytes));
        assert!(all[33].ram_bytes > shape.input_bytes, "the embeddings stay");
    }

    #[test]
    fn numbers_that_no_model_has_fit_nowhere() {
        let layer = Layer { weight_bytes: u64::MAX, cell_bytes: u64::MAX, ..Layer::default() };
        let hostile = Shape { layers: vec![layer; 3], heads: u64::MAX, ..shape() };
        let machine = Machine { ram_bytes: 1 << 40, gpu_bytes: 1 << 40, gpu_is_ram: false };
        let wanted = Wanted { cells: u64::MAX, sequences: u64::MAX, ..wanted(1) };
        let found = judge(&hostile, &wanted, &machine);
        assert_eq!(found.verdict, Verdict::WillNotFit);
        assert_eq!(found.memory.total_bytes(), u64::MAX);
    }
}
