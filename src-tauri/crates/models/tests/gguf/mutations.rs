//! Thousands of broken files, the same ones every time. Whatever is read, nothing panics, little
//! is allocated, and what is refused is refused by name.

use braincells_models::ModelsError;
use braincells_models::fit::{Machine, Shape, Wanted, judge};
use braincells_models::gguf::{Gguf, Prefix};

use super::allocations::most_bytes;
use super::sound::read;
use super::writer::{File, array, text, texts, u32_value};

/// What reading may take at most: 16 MiB that are kept, and the tables of entries and tensors.
const MOST_BYTES: usize = 48 << 20;

/// Numbers that break programs.
const EXTREMES: [u64; 12] = [
    0,
    1,
    u64::MAX,
    u64::MAX - 31,
    i64::MAX as u64,
    1 << 63,
    1 << 62,
    1 << 32,
    u32::MAX as u64,
    65_536,
    65_537,
    256 << 20,
];

/// The same numbers for the same seed, on every machine.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }
}

fn corpus() -> Vec<Vec<u8>> {
    let sound = File::sound;
    let every_kind = (0..13_u32).filter(|&kind| kind != 9).fold(sound(), |file, kind| {
        let value = if kind == 8 { text("x").1 } else { vec![1; 8] };
        let bytes = [1, 1, 2, 2, 4, 4, 4, 1, 9, 0, 8, 8, 8][kind as usize];
        file.with(&format!("kind.{kind}"), (kind, value[..bytes].to_vec()))
            .with(&format!("list.{kind}"), array(kind, 2, &value[..bytes].repeat(2)))
    });
    let gemma = sound()
        .with("general.architecture", text("gemma3"))
        .with("gemma3.block_count", u32_value(26))
        .with("gemma3.embedding_length", u32_value(64))
        .with("gemma3.attention.sliding_window", u32_value(512))
        .with("gemma3.attention.sliding_window_pattern", array(7, 26, &[1; 26]));
    let hybrid = sound()
        .with("general.architecture", text("qwen35"))
        .with("qwen35.block_count", u32_value(8))
        .with("qwen35.embedding_length", u32_value(64))
        .with("qwen35.ssm.inner_size", u32_value(128))
        .with("qwen35.ssm.state_size", u32_value(16))
        .with("qwen35.full_attention_interval", u32_value(4));
    let split = sound().with("split.no", u32_value(0)).with("split.count", u32_value(2));
    let aligned = File { alignment: 64, ..sound() }.with("general.alignment", u32_value(64));
    let long = sound().with("tokenizer.ggml.tokens", texts(&vec!["token"; 1500]));
    let bare = File { tensors: Vec::new(), data_bytes: 0, ..sound() };
    [sound(), every_kind, gemma, hybrid, split, aligned, long, bare].map(|file| file.bytes()).into()
}

fn mutate(bytes: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
    let place = numbers.below(bytes.len());
    match numbers.below(8) {
        0 => bytes.truncate(place),
        1 => bytes[place] ^= 1 << numbers.below(8),
        2 => bytes[place] = numbers.next() as u8,
        3 => {
            let extreme = EXTREMES[numbers.below(EXTREMES.len())].to_le_bytes();
            let length = (bytes.len() - place).min(if numbers.below(2) == 0 { 4 } else { 8 });
            bytes[place..place + length].copy_from_slice(&extreme[..length]);
        }
        // The counts of the header, and those before the first key and value.
        4 => {
            let place = [4, 8, 16, 24].into_iter().filter(|place| place + 8 <= bytes.len());
            let places: Vec<usize> = place.collect();
            if let Some(&place) = places.get(numbers.below(places.len())) {
                let extreme = EXTREMES[numbers.below(EXTREMES.len())].to_le_bytes();
                bytes[place..place + 8].copy_from_slice(&extreme);
            }
        }
        5 => {
            let from = numbers.below(other.len());
            let length = numbers.below(200).min(other.len() - from);
            let end = (place + numbers.below(200)).min(bytes.len());
            bytes.splice(place..end, other[from..from + length].iter().copied());
        }
        6 => {
            let end = (place + 1 + numbers.below(64)).min(bytes.len());
            bytes.drain(place..end);
        }
        _ => {
            let end = (place + 1 + numbers.below(64)).min(bytes.len());
            let again = bytes[place..end].to_vec();
            bytes.splice(place..place, again);
        }
    }
}

/// Reads it every way there is. Returns whether it was taken.
fn look_at(bytes: &[u8], numbers: &mut Numbers) -> bool {
    let found = read(bytes);
    let cut = numbers.below(bytes.len() + 1);
    let prefix = Gguf::read_prefix(&bytes[..cut], bytes.len() as u64);
    match (&found, &prefix) {
        (Ok(whole), Ok(Prefix::Whole(of_prefix))) => {
            // What is no number is not equal to itself, and prints alike.
            let entries = |header: &Gguf| format!("{:?}", header.metadata.entries());
            assert!(whole == of_prefix.as_ref() || entries(whole) == entries(of_prefix));
            assert_eq!(whole.tensors, of_prefix.tensors);
        }
        (_, Ok(Prefix::NeedsMore { bytes: more })) => {
            assert!(*more >= 1 && cut as u64 + more <= bytes.len() as u64, "{cut} and {more}");
        }
        (Err(one), Err(other)) => {
            // Of a file of another kind less may be seen.
            let both = (one, other);
            let named = matches!(both, (ModelsError::NotGguf { .. }, ModelsError::NotGguf { .. }));
            assert!(named || one == other, "{one} and {other}");
        }
        other => panic!("{other:?}"),
    }
    match found {
        Ok(whole) => {
            if let Ok(shape) = Shape::of(&whole) {
                let machine = Machine { ram_bytes: 8 << 30, gpu_bytes: 4 << 30 };
                assert!(
                    !judge(
                        &shape,
                        &Wanted {
                            cells: 8192,
                            sequences: 40,
                            batch_tokens: 512,
                            flash_attention: true
                        },
                        &machine
                    )
                    .reason
                    .is_empty()
                );
            }
            let _ = (whole.quantisation(), whole.parameters(), whole.split(), whole.licence());
            true
        }
        Err(ModelsError::Malformed { .. } | ModelsError::NotGguf { .. }) => false,
        Err(other) => panic!("{other:?}"),
    }
}

/// Mutates the files of the corpus, and reads each. Returns how many were still taken.
pub fn mutate_and_read(corpus: &[Vec<u8>], count: usize, seed: u64) -> usize {
    let mut numbers = Numbers(seed);
    let mut taken = 0;
    for round in 0..count {
        let mut bytes = corpus[round % corpus.len()].clone();
        let other = &corpus[numbers.below(corpus.len())];
        for _ in 0..=numbers.below(4) {
            if !bytes.is_empty() {
                mutate(&mut bytes, other, &mut numbers);
            }
        }
        let (is_taken, most) = most_bytes(|| look_at(&bytes, &mut numbers));
        assert!(most < MOST_BYTES, "round {round} of seed {seed} took {most} bytes");
        taken += usize::from(is_taken);
    }
    taken
}

#[test]
fn nothing_that_a_file_says_makes_the_reader_panic_or_take_much_memory() {
    let corpus = corpus();
    assert!(corpus.iter().all(|bytes| read(bytes).is_ok()));
    let taken = mutate_and_read(&corpus, 20_000, 1);
    println!("{taken} of 20,000 mutated files were still taken");
    // Most change a name or a number that may have any value, or the tensors' bytes.
    assert!((500..19_000).contains(&taken), "{taken}");
}
