//! Weights of four or five bits written in eight so that nearly nothing of them is lost.
//!
//! A block of the small kinds has one scale `d` and one shift `m`: each of its 32 weights is
//! `d q + m` with a whole `q` from 0 to 15 or 31. `Q8_0` has no shift: a weight is `s p` with a
//! whole `p` from -127 to 127. llama.cpp takes `s` from the largest weight, which puts every weight
//! beside a grid that knows nothing of `d`. Here `s` is `d / k` with a whole `k`: every step between
//! weights is then hit, the shift is nearly all that is rounded, and of the few `k` for which the
//! largest weight still fits, one mostly hits the shift as well. On SmolLM2's Q4_1 this leaves 0.23 %
//! of the weights' size as error where llama.cpp leaves 0.56 %; without a shift (`Q4_0`, `Q5_0`)
//! it leaves none but the rounding of the scale to 16 bits. What that does to answers is in
//! `docs/adr/0010-tuned-copies.md`.
//!
//! Called by [`super::quantise`] when llama.cpp has written the file. What this leaves out: kinds
//! whose blocks have other than 32 weights for a scale, and weights that were never quantised; they
//! stay as llama.cpp wrote them.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::ffi::{self, EvenBlocks, Header, Tensor};
use super::not_written;
use crate::LLMError;

/// Weights that share a scale in `Q8_0`, and in the kinds that are rewritten.
const BLOCK: usize = 32;

/// Bytes of such a block: the scale in 16 bits, then the weights.
const BLOCK_BYTES: usize = 2 + BLOCK;

/// The largest whole number of a weight in eight bits.
const LARGEST: f32 = 127.0;

/// Weights that are rewritten at once: some megabytes, and whole blocks of every kind.
const PIECE: usize = 1 << 20;

/// A run of weights of one tensor, and where it lies in both files.
struct Piece {
    kind: EvenBlocks,
    weights: usize,
    source: u64,
    target: u64,
}

/// Writes those tensors of the `Q8_0` file `target` anew that `source` has in four or five bits.
/// Leaves `target` as it is when either header cannot be read.
pub fn rewrite(source: &Path, target: &Path, threads: u32) -> Result<(), LLMError> {
    let (Some(from), Some(to)) = (Header::read(source), Header::read(target)) else {
        return Ok(());
    };
    let pieces = pieces(&from, &to);
    let next = AtomicUsize::new(0);
    let not_read = |error: io::Error| LLMError::ModelBroken {
        path: source.to_owned(),
        reason: error.to_string(),
    };
    let not_written = |error: io::Error| not_written(target, &error);
    let work = || -> Result<(), LLMError> {
        let mut from = File::open(source).map_err(not_read)?;
        let mut to = OpenOptions::new().write(true).open(target).map_err(not_written)?;
        while let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
            let blocks = piece.blocks(&mut from).map_err(not_read)?;
            to.seek(SeekFrom::Start(piece.target)).map_err(not_written)?;
            to.write_all(&blocks).map_err(not_written)?;
        }
        Ok(())
    };
    let threads = (threads as usize).clamp(1, pieces.len().max(1));
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| {
            let ended = || not_written(io::Error::other("a thread of this program ended early"));
            worker.join().unwrap_or_else(|_| Err(ended()))
        })
    })
}

/// What both files have, in pieces. A tensor that is in one of them alone is left out, as are those
/// of a model's second file and on.
fn pieces(from: &Header, to: &Header) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for tensor in to.tensors().into_iter().filter(Tensor::is_q8_0) {
        let Some(old) = from.tensor(&tensor.name) else { continue };
        let Some(kind) = old.even_blocks() else { continue };
        let weights = tensor.bytes / BLOCK_BYTES * BLOCK;
        if kind.bytes(weights) != Some(old.bytes) {
            continue;
        }
        for begin in (0..weights).step_by(PIECE) {
            let count = PIECE.min(weights - begin);
            let Some(before) = kind.bytes(begin) else { break };
            pieces.push(Piece {
                kind,
                weights: count,
                source: old.start + before as u64,
                target: tensor.start + (begin / BLOCK * BLOCK_BYTES) as u64,
            });
        }
    }
    pieces
}

impl Piece {
    /// The weights of the source as blocks of eight bits.
    fn blocks(&self, source: &mut File) -> io::Result<Vec<u8>> {
        let cut = || io::Error::new(io::ErrorKind::InvalidData, "a tensor is cut off");
        let mut old = vec![0; self.kind.bytes(self.weights).ok_or_else(cut)?];
        source.seek(SeekFrom::Start(self.source))?;
        source.read_exact(&mut old)?;
        let weights = self.kind.weights(&old).ok_or_else(cut)?;
        let mut new = Vec::with_capacity(self.weights / BLOCK * BLOCK_BYTES);
        let (blocks, _) = weights.as_chunks::<BLOCK>();
        for block in blocks {
            let (scale, numbers) = closest(block);
            new.extend(scale.to_le_bytes());
            new.extend(numbers.map(i8::cast_unsigned));
        }
        Ok(new)
    }
}

/// The scale, in 16 bits, and the whole numbers whose products are closest to `weights`, of those
/// scales that the module's page names. Never worse than the one that llama.cpp takes.
fn closest(weights: &[f32; BLOCK]) -> (u16, [i8; BLOCK]) {
    let largest = weights.iter().fold(0.0f32, |largest, weight| largest.max(weight.abs()));
    let mut best = Fit::new(weights, largest / LARGEST);
    if let Some(step) = step(weights) {
        let most = (step * LARGEST / largest).floor();
        // Half as many numbers cost as much as the shift can cost.
        let mut parts = most;
        while parts >= 1.0 && parts >= most / 2.0 {
            let fit = Fit::new(weights, step / parts);
            if fit.error < best.error {
                best = fit;
            }
            parts -= 1.0;
        }
    }
    (best.half, best.numbers(weights))
}

/// The distance between neighbouring values of a block: what all distances are multiples of, if its
/// values are `d q + m`. `None` for a block of one value.
fn step(weights: &[f32; BLOCK]) -> Option<f32> {
    let mut sorted = *weights;
    sorted.sort_unstable_by(f32::total_cmp);
    let gaps = sorted.windows(2).map(|pair| pair[1] - pair[0]).filter(|gap| *gap > 0.0);
    let least = gaps.reduce(f32::min)?;
    let all = sorted[BLOCK - 1] - sorted[0];
    // From the whole range, where rounding weighs the least.
    Some(all / (all / least).round())
}

/// A scale and how far from the weights its products are.
struct Fit {
    half: u16,
    scale: f32,
    error: f32,
}

impl Fit {
    fn new(weights: &[f32; BLOCK], scale: f32) -> Self {
        let (half, scale) = ffi::half(scale);
        let mut fit = Self { half, scale, error: 0.0 };
        let inverse = fit.inverse();
        for weight in weights {
            let off = weight - scale * number(weight * inverse);
            fit.error += off * off;
        }
        // A scale beyond what 16 bits can say.
        if !fit.error.is_finite() {
            fit.error = f32::INFINITY;
        }
        fit
    }

    fn inverse(&self) -> f32 {
        if self.scale == 0.0 { 0.0 } else { 1.0 / self.scale }
    }

    fn numbers(&self, weights: &[f32; BLOCK]) -> [i8; BLOCK] {
        let inverse = self.inverse();
        weights.map(|weight| number(weight * inverse) as i8)
    }
}

/// The nearest whole number in eight bits. By adding and taking away 1.5 x 2^23, behind which a
/// float has no digits: without a call, so that the compiler makes vectors of it.
fn number(value: f32) -> f32 {
    const DIGITS: f32 = 12_582_912.0;
    value.clamp(-LARGEST, LARGEST) + DIGITS - DIGITS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The squared error that is left, and what llama.cpp's choice of the scale leaves.
    fn errors(weights: &[f32; BLOCK]) -> (f32, f32) {
        let (half, numbers) = closest(weights);
        let scale = ffi::from_half(half);
        let left = weights.iter().zip(numbers).map(|(weight, number)| {
            let off = weight - scale * f32::from(number);
            off * off
        });
        let largest = weights.iter().fold(0.0f32, |largest, weight| largest.max(weight.abs()));
        (left.sum(), Fit::new(weights, largest / LARGEST).error)
    }

    fn spread(scale: f32, shift: f32) -> [f32; BLOCK] {
        std::array::from_fn(|at| scale * ((at * 7 + 3) % 16) as f32 + shift)
    }

    #[test]
    fn a_block_without_a_shift_comes_back_as_it_was() {
        // 1/64 is a number of 16 bits, as the scale of a block in four bits always is.
        let block = spread(1.0 / 64.0, -8.0 / 64.0);
        let (half, numbers) = closest(&block);
        let back = numbers.map(|number| ffi::from_half(half) * f32::from(number));
        assert_eq!(back.map(f32::to_bits), block.map(f32::to_bits));
        assert!(errors(&block).1 > 0.0, "llama.cpp's own scale would have done as well");
    }

    #[test]
    fn a_block_with_a_shift_loses_a_fraction_of_what_it_lost() {
        let (mut left, mut before) = (0.0, 0.0);
        for at in 0..200u16 {
            let scale = 0.01 + f32::from(at) * 0.0001;
            let (mine, its) = errors(&spread(scale, -scale * (6.0 + f32::from(at % 37) / 12.0)));
            left += mine;
            before += its;
        }
        assert!(left < before / 4.0, "{left} of {before}");
    }

    #[test]
    fn blocks_of_one_value_and_of_zeros_are_written() {
        assert_eq!(closest(&[0.0; BLOCK]), (0, [0; BLOCK]));
        let (half, numbers) = closest(&[-0.75; BLOCK]);
        assert!((ffi::from_half(half) * f32::from(numbers[0]) + 0.75).abs() < 1e-3);
    }

    proptest! {
        #[test]
        fn no_block_is_worse_than_llama_cpp_writes_it(
            weights in prop::array::uniform32(-4.0f32..4.0),
        ) {
            let (left, before) = errors(&weights);
            prop_assert!(left <= before * 1.0001, "{left} of {before}");
        }
    }

    mod real_model {
        use super::*;
        use crate::llama::fidelity::real_model::model_path;
        use crate::llama::{Quantisation, TunedOrigin, quantise};

        #[test]
        fn every_tensor_of_a_copy_is_written_anew_where_it_belongs() {
            let folder = tempfile::tempdir().unwrap();
            let (model, copy) = (model_path(), folder.path().join("copy.gguf"));
            let origin =
                TunedOrigin { file: "model.gguf".to_owned(), sha256: String::new(), at_ms: 0 };
            quantise(&model, &copy, Quantisation::Q8_0, &origin, 2, |_share| ()).unwrap();
            let (from, to) = (Header::read(&model).unwrap(), Header::read(&copy).unwrap());
            let (mut old, mut new) = (File::open(&model).unwrap(), File::open(&copy).unwrap());
            let pieces = pieces(&from, &to);
            assert!(pieces.len() > 100, "the model's tensors are found in both files");
            for piece in pieces.iter().step_by(10) {
                let wanted = piece.blocks(&mut old).unwrap();
                let mut found = vec![0; wanted.len()];
                new.seek(SeekFrom::Start(piece.target)).unwrap();
                new.read_exact(&mut found).unwrap();
                assert!(found == wanted, "at {}", piece.target);
            }
        }
    }
}
