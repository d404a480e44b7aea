//! Files that were made to break the reader, by the million, the same ones for the same seed.
//!
//! The test reads 20,000 of them, `cargo run --release --example fuzz_gguf` as many as one likes.
//! A file begins as one of the seeds, is taken apart, changed where it hurts, put together again,
//! and often damaged once more as bytes. What was taken, and is of a kind that no file was before,
//! becomes a seed itself, so that changes add up. Each is read in every way there is; then it is judged
//! and a quantisation suggested, as of a model that somebody wants.

mod change;
mod damage;
mod dissect;
mod look;
mod numbers;
mod seeds;

use std::collections::{BTreeMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::allocations::most_bytes;
use crate::writer::File;
pub use dissect::dissect;
use look::look_at;
pub use look::variant;
use numbers::Numbers;
pub use seeds::seeds;

/// What reading may take at most: 16 MiB that are kept, and the tables of entries and tensors.
const MOST_BYTES: usize = 48 << 20;
/// What reading, judging and suggesting may take together, in a debug build too. Measured again
/// where it took longer, since something else may have had the processor.
const MOST_TIME: Duration = Duration::from_millis(500);
/// Seeds besides the first ones.
const MOST_FOUND: usize = 2000;

/// A file to read: its first bytes, and how many it claims to have.
#[derive(Clone)]
pub struct Input {
    pub bytes: Vec<u8>,
    pub file_bytes: u64,
}

/// What came of it.
#[derive(Default)]
pub struct Report {
    /// How many files gave each answer.
    pub outcomes: BTreeMap<String, u64>,
    /// The most that one took.
    pub most_bytes: usize,
    /// The longest that one took.
    pub longest: Duration,
    /// How many files became seeds.
    pub found: usize,
}

/// What went wrong, and the file that did it.
pub struct Failure {
    pub round: u64,
    pub reason: String,
    pub input: Input,
}

impl Report {
    /// Of how many it gives the outcome whose name begins so.
    pub fn count(&self, beginning: &str) -> u64 {
        let begins = |(name, _): &(&String, &u64)| name.starts_with(beginning);
        self.outcomes.iter().filter(begins).map(|(_, count)| count).sum()
    }
}

/// Makes and reads files. `heard` is told after each how many there were.
pub fn fuzz(
    seeds: &[File],
    rounds: u64,
    seed: u64,
    mut heard: impl FnMut(u64, &Report),
) -> Result<Report, Box<Failure>> {
    let (mut pool, first) = (seeds.to_vec(), seeds.len());
    let mut known = HashSet::new();
    let mut report = Report::default();
    for round in 0..rounds {
        let mut numbers = Numbers::new(seed, round);
        let from = if numbers.below(2) == 0 { first } else { pool.len() };
        let mut file = pool[numbers.below(from)].clone();
        let other = &pool[numbers.below(pool.len())];
        let changes = *numbers.one_of(&[0, 1, 1, 2, 2, 3, 6]);
        for _ in 0..changes {
            change::change(&mut file, other, &mut numbers);
        }
        if numbers.below(8) > 0 {
            file.lay_out();
        }
        let mut input = Input { bytes: file.header(), file_bytes: file.claimed_bytes() };
        let is_damaged = changes == 0 || numbers.below(5) == 0;
        if is_damaged {
            damage::damage(&mut input, &other.header(), &mut numbers);
        }
        let failed = |reason: String| Box::new(Failure { round, reason, input: input.clone() });
        let mut again = numbers.clone();
        let begin = Instant::now();
        let looked =
            catch_unwind(AssertUnwindSafe(|| most_bytes(|| look_at(&input, &mut numbers))));
        let mut time = begin.elapsed();
        let (outcome, bytes) = match looked {
            Ok((Ok(outcome), bytes)) => (outcome, bytes),
            Ok((Err(reason), _)) => return Err(failed(reason)),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().cloned();
                let text = text.or(panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                return Err(failed(format!("it panics: {}", text.unwrap_or_default())));
            }
        };
        if bytes > MOST_BYTES {
            return Err(failed(format!("it takes {bytes} bytes")));
        }
        for _ in 0..3 {
            if time > MOST_TIME {
                let begin = Instant::now();
                drop(look_at(&input, &mut again));
                time = time.min(begin.elapsed());
            }
        }
        if time > MOST_TIME {
            return Err(failed(format!("it takes {time:?}")));
        }
        let is_seed = !is_damaged && outcome.name.starts_with("taken");
        if is_seed && pool.len() < first + MOST_FOUND && known.insert(outcome.detail) {
            pool.push(file);
        }
        *report.outcomes.entry(outcome.name).or_default() += 1;
        report.most_bytes = report.most_bytes.max(bytes);
        report.longest = report.longest.max(time);
        report.found = pool.len() - first;
        heard(round + 1, &report);
    }
    Ok(report)
}
