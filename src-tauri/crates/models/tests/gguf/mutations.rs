//! Thousands of broken files, the same ones every time. Whatever is read, nothing panics, waits or
//! takes much memory, and what is refused is refused by name.

use super::fuzz::{Report, fuzz, seeds};
use super::sound::read;
use super::writer::File;

/// Makes and reads so many files.
pub fn fuzzed(files: &[File], rounds: u64, seed: u64) -> Report {
    let found = fuzz(files, rounds, seed, |_, _| ());
    found.unwrap_or_else(|failure| {
        let bytes = &failure.input.bytes;
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).into_owned();
        panic!("round {} of seed {seed}: {}\n{shown:?}", failure.round, failure.reason)
    })
}

#[test]
fn every_seed_is_taken() {
    for (index, seed) in seeds().iter().enumerate() {
        let file_bytes = seed.claimed_bytes();
        let found =
            braincells_models::gguf::Gguf::read(std::io::Cursor::new(seed.header()), file_bytes);
        assert!(found.is_ok(), "{index}: {found:?}");
    }
    assert!(read(&File::sound().bytes()).is_ok());
}

#[test]
fn nothing_that_a_file_says_makes_the_reader_panic_or_take_much_memory() {
    let report = fuzzed(&seeds(), 20_000, 1);
    println!("{:?}, {} bytes, {:?}", report.longest, report.most_bytes, report.outcomes);
    // Both sides of the reader are met: most change a name or a number that may have any value.
    let (taken, refused) = (report.count("taken"), report.count("refused"));
    assert!(taken > 5000 && refused > 5000, "{taken} and {refused} of 20,000");
    assert!(report.count("taken, judged") > 3000, "{:?}", report.outcomes);
    let causes = report.outcomes.keys().filter(|name| name.starts_with("refused")).count();
    assert!(causes >= 30, "{causes}: {:?}", report.outcomes);
}
