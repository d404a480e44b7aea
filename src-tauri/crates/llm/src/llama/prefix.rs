//! Which tokens several prompts share. Pure arithmetic on token lists; the actor keeps the
//! prefixes that are chosen here in sequences of their own and lets every row start from as much
//! of one as the row really has in common with it.
//!
//! Nobody declares a prefix: whole prompts are compared token by token, so a prefix can neither
//! be cut inside a token nor belong to another prompt. Prefixes form a tree. The rows of a
//! column share their instruction; those that also share a value that comes early, such as a
//! document that many questions are asked about, share that too, in a prefix behind the first.
//!
//! Laws, held by tests against brute force: every prompt is its start followed by its own tokens,
//! and no choice computes more tokens than the best single prefix would.

mod tree;

use self::tree::Tree;
use super::ffi::Token;

/// Below this many tokens a prefix costs more bookkeeping than it saves.
pub const LEAST_SAVED_TOKENS: usize = 16;

/// How many tokens two lists have in common at their start.
pub fn common(a: &[Token], b: &[Token]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// How many tokens of a prompt are computed at least. One, because its logits are the answer's
/// beginning; and a second, because llama.cpp computes a single token with other kernels than
/// several, and an answer must not depend on how much was shared.
pub const LEAST_OWN_TOKENS: usize = 2;

/// What of a prompt can be shared.
pub fn shareable(prompt: &[Token]) -> &[Token] {
    &prompt[..prompt.len().saturating_sub(LEAST_OWN_TOKENS)]
}

/// How many tokens of `prefix` a path may start from. Memories that cannot be copied in part
/// give all of it or nothing.
pub fn covered(prefix: &[Token], path: &[Token], in_part: bool) -> usize {
    let length = common(prefix, path);
    if in_part || length == prefix.len() { length } else { 0 }
}

/// The longest start that any of `kept` gives to `path`.
fn best_covered(kept: &[&[Token]], path: &[Token], in_part: bool) -> usize {
    kept.iter().map(|prefix| covered(prefix, path, in_part)).max().unwrap_or(0)
}

/// What new prefixes may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many.
    pub prefixes: usize,
    /// Cells of memory, all together.
    pub cells: usize,
    /// Whether a memory can be copied in part.
    pub in_part: bool,
    /// A prefix has a multiple of this many tokens. At least 1.
    pub step: usize,
}

/// A prefix worth computing: the first `length` tokens of prompt `prompt`, of which the first
/// `start` are there already, in a kept prefix or in one named earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewPrefix {
    /// Index of a prompt that begins with it.
    pub prompt: usize,
    /// Its tokens.
    pub length: usize,
    /// Of them, the first that need not be computed.
    pub start: usize,
    /// Which others must be there before: 0 if it starts from kept ones only, else one more than
    /// the one that it starts from. Prefixes of one depth can be computed together.
    pub depth: usize,
}

/// Chooses the prefixes to compute before the first `now` of `prompts` are. The other prompts wait
/// behind them: what they share counts as gain, but what only they share is left for later.
///
/// `kept` are the prefixes in memory. The answer names a prefix before those that start from it.
pub fn choose(
    kept: &[&[Token]],
    prompts: &[&[Token]],
    now: usize,
    limits: Limits,
) -> Vec<NewPrefix> {
    let mut tree = Tree::of(kept, prompts, limits.in_part, limits.step);
    tree.keep_paths_of(now.min(prompts.len()));
    tree.drop_hopeless();
    let candidates: Vec<usize> = tree.chosen().collect();
    tree.prune();
    if !tree.is_within(limits) {
        tree.select(candidates, limits);
    }
    tree.into_prefixes()
}

/// In which order the prompts of a window are best taken, as indices: those that share a prefix
/// behind each other, groups in the order of their first prompt. `by_length` puts rows of about
/// equal length together inside a group, which memories need that compute sequences in step.
pub fn order(prompts: &[&[Token]], by_length: bool) -> Vec<usize> {
    // Groups inside groups matter here even where the inner one serves the outer one's rows.
    let mut tree = Tree::of(&[], prompts, false, 1);
    tree.drop_hopeless();
    tree.prune();
    tree.order(by_length)
}

#[cfg(test)]
mod tests;
