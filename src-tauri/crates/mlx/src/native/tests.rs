//! The decoder beside mlx-lm, with the checkpoints that `scripts/mlx/reference` has made.

mod cancelling;
mod case;
mod logits;
mod prefixes;
mod recovery;
mod rows;

use std::path::PathBuf;

use braincells_llm::decoding::Token;
use serde::Deserialize;

use super::batch::{self, Extended};
use super::cache::Cache;
use super::decoder::Decoder;
use crate::{Checkpoint, ModelConfig};

/// What mlx-lm computes with a checkpoint.
#[derive(Deserialize)]
struct Reference {
    /// Tokens that all prompts begin with.
    prefix: usize,
    prompts: Vec<Vec<Token>>,
    /// Tokens that follow every prompt.
    following: Vec<Token>,
    /// For each prompt the logits behind it and behind each of these.
    logits: Vec<Vec<Vec<f32>>>,
    /// A prompt of hundreds of tokens, where there is one.
    #[serde(default)]
    long: Vec<Token>,
    /// The logits behind it and behind each of those that follow.
    #[serde(default)]
    long_logits: Vec<Vec<f32>>,
}

/// Where `scripts/test-mlx` says that they are.
#[expect(clippy::disallowed_methods, reason = "the one setting that tests take from outside")]
fn folder(name: &str) -> PathBuf {
    let all = std::env::var_os("BRAINCELLS_MLX_REFERENCE")
        .expect("BRAINCELLS_MLX_REFERENCE must name the references: run scripts/test-mlx");
    PathBuf::from(all).join("tiny").join(name)
}

fn load(name: &str) -> (Decoder, Reference) {
    let folder = folder(name);
    let config = ModelConfig::read(&folder).unwrap();
    let checkpoint = Checkpoint::open(&folder).unwrap();
    let reference = std::fs::read(folder.join("logits.json")).unwrap();
    let decoder = Decoder::load(&checkpoint, config, |_| true).unwrap();
    (decoder, serde_json::from_slice(&reference).unwrap())
}

fn extend(
    decoder: &Decoder,
    base: &Cache,
    rows: &[usize],
    shared: usize,
    ends: &[&[Token]],
) -> (Cache, Vec<Vec<f32>>) {
    match batch::extend(decoder, base, rows, shared, ends, || true).unwrap() {
        Extended::Done(cache, logits) => (cache, logits),
        Extended::Stopped => panic!("nobody stops it"),
    }
}

/// The logits behind a prompt that is computed alone.
fn alone(decoder: &Decoder, prompt: &[Token]) -> (Cache, Vec<f32>) {
    let (cache, mut logits) = extend(decoder, &decoder.cache(1), &[0], 0, &[prompt]);
    (cache, logits.remove(0))
}

/// The largest difference between two rows of logits.
fn difference(one: &[f32], other: &[f32]) -> f32 {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max)
}
