//! What typed answers take: the engine writes them under a grammar, token by token, and looks up
//! which tokens may come next in tries of the whole vocabulary (`llm::llama::grammar`, `toktrie`
//! 1.9 and `llguidance` 1.9). The tables are made with the first typed answer and stay.

/// A vocabulary with more tokens than this is sliced once instead of four times: `slices` in
/// `llm::llama::grammar`.
const LARGE_VOCABULARY: u64 = 100_000;
/// Of all tries, one is the vocabulary, and a slice has one with what it contains, one without,
/// and one without each of its parts: `TokenizerSlice` in `slicer.rs`. Some hold nearly all
/// tokens, the others hardly any.
const TRIES: [Tries; 2] = [Tries { all: 15, full: 7 }, Tries { all: 6, full: 4 }];
/// What a trie takes for a token that it does not have: eight for its place, four in the order of
/// the alphabet.
const PLACE_BYTES: u64 = 12;
/// What it takes for one that it has besides: its text, 7 to 8 bytes in both models that were
/// measured, and 2.0 to 2.3 nodes of eight.
const CONTENT_BYTES: u64 = 26;
/// The texts from which tries are made, 24 for the `Vec` and 32 that malloc gives it.
const TEXT_BYTES: u64 = 56;
/// Lexers, compiled grammars and their states.
const GRAMMARS_BYTES: u64 = 3_000_000;

struct Tries {
    all: u64,
    full: u64,
}

/// What they take for so many tokens.
pub(super) fn bytes(vocabulary_size: u64) -> u64 {
    let [small, large] = TRIES;
    let tries = if vocabulary_size > LARGE_VOCABULARY { large } else { small };
    let token_bytes = tries.all * PLACE_BYTES + tries.full * CONTENT_BYTES + TEXT_BYTES;
    vocabulary_size.saturating_mul(token_bytes).saturating_add(GRAMMARS_BYTES)
}
