//! Reads model files that were made to break the reader, millions of them: see
//! `tests/gguf/fuzz`, of which a test runs a few thousand.
//!
//! `cargo run --release -p braincells-models --example fuzz_gguf -- [COUNT [SEED]]`
//!
//! Prints how many files gave each answer. A file that makes the reader panic, take too long or
//! too much memory, or contradict itself ends the run: it is written to `fuzz-failure.bin` and
//! the exit code is 1.
#![expect(clippy::unwrap_used, reason = "it shares its code with the tests")]
#![expect(clippy::print_stdout, reason = "a program that people start prints")]

#[path = "../tests/gguf/allocations.rs"]
mod allocations;
#[expect(dead_code, unused_imports, reason = "the tests use more of it")]
#[path = "../tests/gguf/fuzz/mod.rs"]
mod fuzz;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../tests/gguf/writer.rs"]
mod writer;

use std::process::ExitCode;
use std::time::Instant;

use fuzz::{Report, fuzz, seeds};

/// How often it says how far it is.
const SAID_EVERY: u64 = 500_000;

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|text| text.replace('_', "").parse::<u64>());
    let mut next = |usual| numbers.next().unwrap_or(Ok(usual));
    let (Ok(count), Ok(seed)) = (next(10_000_000), next(1)) else {
        println!("usage: fuzz_gguf [COUNT [SEED]]");
        return ExitCode::from(2);
    };
    // What panics is caught, counted and shown once.
    std::panic::set_hook(Box::new(|_| ()));
    let begin = Instant::now();
    let heard = |done: u64, report: &Report| {
        if done.is_multiple_of(SAID_EVERY) {
            let rate = done as f64 / begin.elapsed().as_secs_f64();
            println!("{done}: {rate:.0} a second, {} became seeds", report.found);
        }
    };
    match fuzz(&seeds(), count, seed, heard) {
        Ok(report) => {
            for (name, count) in &report.outcomes {
                println!("{count:>10}  {name}");
            }
            println!("{count} files of seed {seed}, no failure, {} became seeds", report.found);
            println!("most memory {} bytes, longest {:?}", report.most_bytes, report.longest);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            let written = std::fs::write("fuzz-failure.bin", &failure.input.bytes);
            println!("round {}: {}", failure.round, failure.reason);
            println!("of {} bytes; written: {written:?}", failure.input.file_bytes);
            ExitCode::FAILURE
        }
    }
}
