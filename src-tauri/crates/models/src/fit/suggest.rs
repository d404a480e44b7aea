use serde::Serialize;

use super::judge::{Machine, SLOW_ON_CPU_BYTES, Verdict};
use crate::hub::label_of;

/// Labels of files whose numbers were not made smaller. The gain over eight bits cannot be
/// measured in answers, and they take twice the memory and time.
const UNQUANTISED: [&str; 6] = ["F64", "F32", "FP32", "F16", "FP16", "BF16"];
/// What fewer bits lose can be seen in answers.
const ENOUGH_BITS: u32 = 4;

/// One quantisation of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Its label, such as `Q4_K_M`; a repository with two files of one quantisation has their
    /// names instead.
    pub label: String,
    /// The size of its file, or of all its files.
    pub bytes: u64,
    /// What of it is read for every token: all, but of a mixture of experts.
    pub active_bytes: u64,
}

impl Candidate {
    /// Of a model of which every token needs all.
    pub fn dense(label: &str, bytes: u64) -> Self {
        Self { label: label.to_owned(), bytes, active_bytes: bytes }
    }
}

/// The quantisation to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Suggestion {
    /// Which of the candidates, counted from 0.
    pub index: usize,
    /// How it fits.
    pub verdict: Verdict,
}

/// The best of these quantisations for the machine: the largest of at least four bits that a GPU
/// holds, since that is the fastest; else the largest of them that fits with room to spare; else the
/// smallest of them with room to spare that is slow to read, since a slow model is faster the
/// smaller it is; else the largest that fits at all; else the smallest of at least four bits
/// that can be run; if there is none of these, the largest that can be run. `None` if nothing will
/// fit.
///
/// `besides_bytes` is what the model takes besides its weights
/// ([`super::Memory::besides_weights_bytes`]), the same for all of them.
pub fn suggest(
    candidates: &[Candidate],
    besides_bytes: u64,
    machine: &Machine,
) -> Option<Suggestion> {
    let verdict = |candidate: &Candidate| verdict(candidate, besides_bytes, machine);
    let mut order = worth_having(candidates);
    order.sort_by_key(|&index| std::cmp::Reverse(candidates[index].bytes));
    let found = |index: usize, wanted: Verdict| verdict(&candidates[index]) == wanted;
    let is_on_gpu = |index: usize| {
        let bytes = candidates[index].bytes.saturating_add(besides_bytes);
        is_held_by_gpu(bytes, machine) && bits(&candidates[index].label) >= ENOUGH_BITS
    };
    let has_room = |index: &usize| {
        let bytes = candidates[*index].bytes.saturating_add(besides_bytes);
        bytes <= machine.comfortable_ram_bytes()
    };
    let has_enough = |index: &usize| bits(&candidates[*index].label) >= ENOUGH_BITS;
    let on_gpu = order.iter().copied().find(|&index| is_on_gpu(index));
    let mut fitting = order.iter().copied().filter(|&index| found(index, Verdict::Fits));
    let fitting = (fitting.clone().find(has_enough), fitting.next());
    let slow: Vec<usize> =
        order.iter().copied().filter(|&index| found(index, Verdict::MayBeSlow)).collect();
    let enough: Vec<usize> = slow.iter().rev().copied().filter(has_enough).collect();
    // What is slow only to read is better than what lost too much.
    let with_room = enough.iter().copied().find(has_room);
    let index = on_gpu
        .or(fitting.0)
        .or(with_room)
        .or(fitting.1)
        .or(enough.first().copied())
        .or(slow.first().copied())?;
    Some(Suggestion { index, verdict: verdict(&candidates[index]) })
}

/// The smallest of these quantisations of at least four bits, else the smallest: the least that is
/// worth having where nothing is known of the machine, or nothing will fit it. `None` if there is
/// none at all.
pub fn smallest(candidates: &[Candidate]) -> Option<usize> {
    let has_little = |index: usize| bits(&candidates[index].label) < ENOUGH_BITS;
    let order = worth_having(candidates).into_iter();
    order.min_by_key(|&index| (has_little(index), candidates[index].bytes))
}

/// All candidates, but those that are not quantised only if there is nothing else.
fn worth_having(candidates: &[Candidate]) -> Vec<usize> {
    let is_plain = |candidate: &Candidate| {
        UNQUANTISED.contains(&kind(&candidate.label).to_ascii_uppercase().as_str())
    };
    let all = 0..candidates.len();
    let quantised: Vec<usize> =
        all.clone().filter(|&index| !is_plain(&candidates[index])).collect();
    if quantised.is_empty() { all.collect() } else { quantised }
}

/// As [`super::judge`] would say, as far as the size alone tells.
fn verdict(candidate: &Candidate, besides_bytes: u64, machine: &Machine) -> Verdict {
    let bytes = candidate.bytes.saturating_add(besides_bytes);
    let is_quick = candidate.active_bytes <= SLOW_ON_CPU_BYTES;
    if is_held_by_gpu(bytes, machine) || (is_quick && bytes <= machine.comfortable_ram_bytes()) {
        Verdict::Fits
    } else if bytes <= machine.all_bytes() {
        Verdict::MayBeSlow
    } else {
        Verdict::WillNotFit
    }
}

/// Whether a GPU holds all of it, and the machine stays usable.
fn is_held_by_gpu(bytes: u64, machine: &Machine) -> bool {
    let is_free = !machine.gpu_is_ram || bytes <= machine.comfortable_ram_bytes();
    bytes <= machine.usable_gpu_bytes() && is_free
}

/// The quantisation in a label, which may be the name of a file, with numbers of its own.
fn kind(label: &str) -> String {
    label_of(label).unwrap_or_else(|| label.to_owned())
}

/// The bits that a label names: 4 of `Q4_K_M`, `IQ4_XS`, `UD-Q4_K_XL`, `MXFP4` and `4bit`, 16 of
/// `BF16`; 0 of the name of a file that names none.
fn bits(label: &str) -> u32 {
    let is_known = label_of(label).is_some();
    let kind = kind(label);
    let Some(start) = kind.find(|letter: char| letter.is_ascii_digit()) else { return 0 };
    if !is_known && (start > 0 || !kind.to_ascii_lowercase().contains("bit")) {
        return 0;
    }
    let digits: String = kind[start..].chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[(&str, u64)]) -> Vec<Candidate> {
        let candidate =
            |&(label, tenths): &(&str, u64)| Candidate::dense(label, tenths * 100_000_000);
        bytes.iter().map(candidate).collect()
    }

    fn machine(ram: u64, gpu: u64, gpu_is_ram: bool) -> Machine {
        let (ram_bytes, gpu_bytes) = (ram * 1_000_000_000, gpu * 1_000_000_000);
        Machine { ram_bytes, gpu_bytes, gpu_is_ram }
    }

    #[test]
    fn the_largest_that_fits_with_room_to_spare_is_suggested() {
        let all = of(&[("Q4_K_M", 47), ("F16", 152), ("Q8_0", 81), ("Q2_K", 30), ("Q6_K", 63)]);
        for (ram, gpu, expected) in [
            (64, 0, Some((2, Verdict::Fits))),
            (64, 24, Some((2, Verdict::Fits))),
            (10, 0, Some((4, Verdict::Fits))),
            (7, 0, Some((3, Verdict::Fits))),
            (5, 0, Some((3, Verdict::Fits))),
            (16, 4, Some((2, Verdict::Fits))),
            (16, 7, Some((0, Verdict::Fits))),
            (4, 0, Some((3, Verdict::MayBeSlow))),
            (2, 0, None),
        ] {
            let machine = machine(ram, gpu, false);
            let found = suggest(&all, 1_000_000_000, &machine);
            assert_eq!(
                found.map(|found| (found.index, found.verdict)),
                expected,
                "{ram} and {gpu} GB"
            );
        }
    }

    #[test]
    fn what_a_processor_reads_for_too_long_may_be_slow_whatever_room_there_is() {
        let all = of(&[("Q6_K", 193), ("Q4_K_M", 143), ("Q8_0", 251), ("Q4_0", 134), ("Q2_K", 89)]);
        let found = |all: &[Candidate], gpu| suggest(all, 1_000_000_000, &machine(64, gpu, false));
        let slow = Suggestion { index: 3, verdict: Verdict::MayBeSlow };
        assert_eq!(found(&all, 0), Some(slow), "the fastest of four bits");
        let quick = Suggestion { index: 0, verdict: Verdict::Fits };
        assert_eq!(found(&all, 24), Some(quick), "the largest that the GPU holds");
        let experts = |one: &Candidate| Candidate { active_bytes: one.bytes / 8, ..one.clone() };
        let experts: Vec<Candidate> = all.iter().map(experts).collect();
        let few = Suggestion { index: 2, verdict: Verdict::Fits };
        assert_eq!(found(&experts, 0), Some(few), "only a part is read");
    }

    #[test]
    fn what_is_not_quantised_is_suggested_only_if_nothing_else_is_there() {
        let machine = machine(64, 0, false);
        let plain = of(&[("BF16", 152)]);
        assert_eq!(suggest(&plain, 0, &machine).map(|found| found.index), Some(0));
        assert_eq!(suggest(&[], 0, &machine), None);
        for label in ["fp16", "FP32", "m-2b-F16", "a/m-bf16.gguf"] {
            let two = of(&[("Q4_0", 40), (label, 152)]);
            assert_eq!(suggest(&two, 0, &machine).map(|found| found.index), Some(0), "{label}");
        }
    }

    #[test]
    fn what_a_gpu_holds_of_the_memory_that_it_shares_is_not_there_twice() {
        let all = of(&[("Q4_K_M", 47), ("Q8_0", 81), ("Q6_K", 63)]);
        for (ram, gpu, expected) in [
            (16, 12, Some((1, Verdict::Fits))),
            (8, 6, Some((0, Verdict::Fits))),
            (6, 6, Some((0, Verdict::MayBeSlow))),
            (5, 5, None),
        ] {
            let found = suggest(&all, 1_000_000_000, &machine(ram, gpu, true));
            let found = found.map(|found| (found.index, found.verdict));
            assert_eq!(found, expected, "{ram} GB, of which {gpu} for a GPU");
        }
        let beside = suggest(&all, 1_000_000_000, &machine(5, 5, false));
        assert_eq!(beside.map(|found| found.verdict), Some(Verdict::MayBeSlow), "both will do");
    }

    #[test]
    fn the_least_that_is_worth_having_has_four_bits() {
        for (labels, expected) in [
            (&[("Q2_K", 30), ("Q8_0", 81), ("Q4_0", 45), ("Q4_K_M", 47)][..], Some(2)),
            (&[("F16", 152), ("Q2_K", 30), ("Q5_K_M", 55)], Some(2)),
            (&[("Q3_K_M", 39), ("Q2_K", 30), ("BF16", 152)], Some(1)),
            (&[("BF16", 152), ("F32", 304)], Some(0)),
            (&[], None),
        ] {
            assert_eq!(smallest(&of(labels)), expected, "{labels:?}");
        }
    }

    #[test]
    fn bits_are_those_of_the_quantisation_whatever_else_is_in_a_name() {
        for (label, expected) in [
            ("Q4_K_M", 4),
            ("IQ2_XXS", 2),
            ("UD-Q4_K_XL", 4),
            ("MXFP4", 4),
            ("F16", 16),
            ("bf16", 16),
            ("FP32", 32),
            ("TQ1_0", 1),
            ("4bit", 4),
            ("llama-3.2-1b-Q8_0", 8),
            ("x/qwen2.5-7b-instruct-q4_k_m", 4),
            ("m-2b-Q6_K.gguf", 6),
            ("tinyllama-1.1b", 0),
            ("7b-chat", 0),
            ("MLX", 0),
        ] {
            assert_eq!(bits(label), expected, "{label}");
        }
    }
}
