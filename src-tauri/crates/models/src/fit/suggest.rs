use serde::Serialize;

use super::judge::{Machine, Verdict};

/// Labels of files whose numbers were not made smaller. The gain over eight bits cannot be
/// measured in answers, and they take twice the memory and time.
const UNQUANTISED: [&str; 3] = ["F32", "F16", "BF16"];

/// One quantisation of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Its label, such as `Q4_K_M`.
    pub label: String,
    /// The size of its file, or of all its files.
    pub bytes: u64,
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
/// holds, since that is the fastest; else the largest that fits with room to spare; if
/// none does, the smallest of at least four bits that can be run at all, since a slow model is
/// faster the smaller it is; if there is none of these, the largest that can be run. `None` if
/// nothing will fit.
///
/// `besides_bytes` is what the model takes besides its weights
/// ([`super::Memory::besides_weights_bytes`]), the same for all of them.
pub fn suggest(
    candidates: &[Candidate],
    besides_bytes: u64,
    machine: &Machine,
) -> Option<Suggestion> {
    let verdict =
        |candidate: &Candidate| verdict(candidate.bytes.saturating_add(besides_bytes), machine);
    let is_plain = |c: &Candidate| UNQUANTISED.contains(&c.label.to_ascii_uppercase().as_str());
    let any_quantised = candidates.iter().any(|candidate| !is_plain(candidate));
    let mut order: Vec<usize> = (0..candidates.len())
        .filter(|&index| !(any_quantised && is_plain(&candidates[index])))
        .collect();
    order.sort_by_key(|&index| std::cmp::Reverse(candidates[index].bytes));
    let found = |index: usize, wanted: Verdict| verdict(&candidates[index]) == wanted;
    let is_on_gpu = |index: usize| {
        let bytes = candidates[index].bytes.saturating_add(besides_bytes);
        bytes <= machine.usable_gpu_bytes() && bits(&candidates[index].label) >= 4
    };
    let on_gpu = order.iter().copied().find(|&index| is_on_gpu(index));
    let fitting = on_gpu.or(order.iter().copied().find(|&index| found(index, Verdict::Fits)));
    let slow: Vec<usize> =
        order.iter().copied().filter(|&index| found(index, Verdict::MayBeSlow)).collect();
    let four_bits = slow.iter().rev().copied().find(|&index| bits(&candidates[index].label) >= 4);
    let index = fitting.or(four_bits).or(slow.first().copied())?;
    Some(Suggestion { index, verdict: verdict(&candidates[index]) })
}

fn verdict(bytes: u64, machine: &Machine) -> Verdict {
    let both = machine.ram_bytes.saturating_add(machine.usable_gpu_bytes());
    let in_ram = bytes <= machine.comfortable_ram_bytes();
    if in_ram || bytes <= machine.usable_gpu_bytes() {
        Verdict::Fits
    } else if bytes <= both {
        Verdict::MayBeSlow
    } else {
        Verdict::WillNotFit
    }
}

/// The bits that a label names: 4 of `Q4_K_M`, `IQ4_XS`, `UD-Q4_K_XL` and `MXFP4`.
fn bits(label: &str) -> u32 {
    label.chars().find_map(|letter| letter.to_digit(10)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[(&str, u64)]) -> Vec<Candidate> {
        let candidate = |&(label, tenths): &(&str, u64)| Candidate {
            label: label.to_owned(),
            bytes: tenths * 100_000_000,
        };
        bytes.iter().map(candidate).collect()
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
            let machine =
                Machine { ram_bytes: ram * 1_000_000_000, gpu_bytes: gpu * 1_000_000_000 };
            let found = suggest(&all, 1_000_000_000, &machine);
            assert_eq!(
                found.map(|found| (found.index, found.verdict)),
                expected,
                "{ram} and {gpu} GB"
            );
        }
    }

    #[test]
    fn what_is_not_quantised_is_suggested_only_if_nothing_else_is_there() {
        let machine = Machine { ram_bytes: 64_000_000_000, gpu_bytes: 0 };
        let plain = of(&[("BF16", 152)]);
        assert_eq!(suggest(&plain, 0, &machine).map(|found| found.index), Some(0));
        assert_eq!(suggest(&[], 0, &machine), None);
    }
}
