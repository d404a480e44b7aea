//! Which tokens several prompts share. Pure arithmetic on token lists; the engine keeps one
//! evaluated prefix and lets every row start from as much of it as the row really has in common.
//!
//! Nobody declares a prefix: whole prompts are compared token by token, so a prefix can neither
//! be cut inside a token nor belong to another prompt.

use super::ffi::Token;

/// Below this many tokens a prefix costs more bookkeeping than it saves.
const LEAST_PREFIX_TOKENS: usize = 16;

/// How many tokens two lists have in common at their start.
pub fn common(a: &[Token], b: &[Token]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// How many tokens of `prefix` a prompt may start from: at least one token must be left to be
/// computed, because its logits are the answer's beginning. Memories that cannot be copied in
/// part take all of the prefix or nothing.
pub fn shared(prefix: &[Token], prompt: &[Token], in_part: bool) -> usize {
    let own = prompt.split_last().map_or(&[][..], |(_, rest)| rest);
    let length = common(prefix, own);
    if in_part || length == prefix.len() { length } else { 0 }
}

/// Whether a group of prompts is better off with a new prefix than with the present one:
/// the new prefix, if what it saves over the group is more than it costs.
pub fn better<'a>(
    present: &[Token],
    prompts: &[&'a [Token]],
    in_part: bool,
) -> Option<&'a [Token]> {
    let (first, others) = prompts.split_first()?;
    let length = others
        .iter()
        .map(|prompt| shared(first, prompt, true))
        .min()?
        .min(first.len().saturating_sub(1));
    if length < LEAST_PREFIX_TOKENS {
        return None;
    }
    let saved_now: usize = prompts.iter().map(|prompt| shared(present, prompt, in_part)).sum();
    let saved_then = length * prompts.len();
    (saved_then > saved_now + length).then(|| &first[..length])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompt(shared: usize, own: &[Token]) -> Vec<Token> {
        (0..shared as Token).chain(own.iter().copied()).collect()
    }

    #[test]
    fn the_last_token_is_always_computed() {
        assert_eq!(shared(&[1, 2, 3], &[1, 2, 3], true), 2);
        assert_eq!(shared(&[1, 2, 3], &[1, 2, 3], false), 0);
        assert_eq!(shared(&[1, 2, 3], &[1, 2, 3, 4], false), 3);
        assert_eq!(shared(&[1, 2, 3], &[], true), 0);
    }

    #[test]
    fn a_group_finds_what_it_has_in_common() {
        let a = prompt(40, &[100, 101]);
        let b = prompt(40, &[200]);
        assert_eq!(better(&[], &[&a, &b], true), Some(&a[..40]));
        assert_eq!(better(&a[..40], &[&a, &b], true), None, "the present one is as good");
        assert_eq!(better(&[], &[&a], true), None, "one row alone shares with nobody");
        let short = prompt(10, &[7]);
        assert_eq!(better(&[], &[&a, &short], true), None, "ten tokens are too few");
    }

    #[test]
    fn equal_prompts_keep_their_last_token() {
        let a = prompt(30, &[]);
        assert_eq!(better(&[], &[&a, &a], true), Some(&a[..29]));
    }

    #[test]
    fn a_longer_prefix_pays_only_for_enough_rows() {
        let rows: Vec<Vec<Token>> = (0..4).map(|row| prompt(60, &[1000 + row])).collect();
        let rows: Vec<&[Token]> = rows.iter().map(Vec::as_slice).collect();
        assert_eq!(better(&rows[0][..40], &rows, true).map(<[Token]>::len), Some(60));
        assert_eq!(better(&rows[0][..40], &rows[..2], true), None);
        assert_eq!(
            better(&prompt(20, &[999]), &rows[..2], false).map(<[Token]>::len),
            Some(60),
            "a memory that cannot be copied in part gets nothing from a prefix that only half fits"
        );
    }
}
