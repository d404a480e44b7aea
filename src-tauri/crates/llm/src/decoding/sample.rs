//! Choosing the next token from the logits. Pure functions; the random numbers come from the
//! row's own generator, so that a cell does not depend on which rows it is computed with.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

use super::Token;

/// How a row chooses its tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// 0 is greedy.
    pub temperature: f32,
    /// Nucleus; 1 keeps all.
    pub top_p: f32,
    /// 0 keeps all.
    pub top_k: u32,
    /// Keeps tokens at least this share as likely as the likeliest; 0 keeps all. Like `top_k` it
    /// looks at the model's own probabilities, before the temperature.
    pub min_p: f32,
}

/// How many of the likeliest tokens are looked at first where a nucleus is wanted; eight times as
/// many each time that they are not enough.
const FIRST_LOOK: usize = 64;

/// The index of the highest logit; the first of equals. NaN never wins.
pub fn argmax(logits: &[f32]) -> Token {
    // Eight running maxima, so that the compiler can use vector instructions.
    let mut best = [f32::NEG_INFINITY; 8];
    let chunks = logits.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (best, &logit) in best.iter_mut().zip(chunk) {
            *best = if logit > *best { logit } else { *best };
        }
    }
    let highest = best.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max);
    // At least as high: the first that is, is the highest itself.
    logits.iter().position(|&logit| logit >= highest).unwrap_or(0) as Token
}

/// Chooses among all tokens, or among `allowed` if given.
pub fn choose(
    logits: &[f32],
    allowed: Option<&[Token]>,
    choice: Choice,
    random: &mut ChaCha8Rng,
) -> Token {
    if choice.temperature <= 0.0 {
        let Some(allowed) = allowed else { return argmax(logits) };
        let best = allowed.iter().copied().fold(None, |best: Option<Token>, token| match best {
            Some(best) if logits[best as usize] >= logits[token as usize] => Some(best),
            _ => Some(token),
        });
        return best.unwrap_or(0);
    }
    let token = match allowed {
        None => draw(|| (0..).zip(logits).map(|(token, &logit)| (token, logit)), choice, random),
        Some(allowed) => {
            let all = || allowed.iter().map(|&token| (token, logits[token as usize]));
            draw(all, choice, random)
        }
    };
    token.unwrap_or_else(|| argmax(logits))
}

/// Draws one of the candidates; `None` if none is possible. The vocabulary is never sorted: a
/// pass finds the highest logit, another what passes the limits.
fn draw<I: Iterator<Item = (Token, f32)>>(
    all: impl Fn() -> I,
    choice: Choice,
    random: &mut ChaCha8Rng,
) -> Option<Token> {
    let highest = all().map(|(_, logit)| logit).fold(f32::NEG_INFINITY, f32::max);
    if !highest.is_finite() {
        return None;
    }
    // ln(0) is minus infinity, which every logit passes.
    let floor = highest + choice.min_p.clamp(0.0, 1.0).ln();
    let possible = || all().filter(|(_, logit)| logit.is_finite() && *logit >= floor);
    let weight = |logit: f32| (f64::from(logit - highest) / f64::from(choice.temperature)).exp();
    let limit = choice.top_k as usize;
    if limit == 0 && choice.top_p >= 1.0 {
        let total: f64 = possible().map(|(_, logit)| weight(logit)).sum();
        return pick(possible(), weight, total, random);
    }
    if limit > 0 {
        let mut kept = likeliest(possible(), limit);
        let total: f64 = kept.iter().map(|(_, logit)| weight(*logit)).sum();
        cut(&mut kept, weight, total * f64::from(choice.top_p));
        let total: f64 = kept.iter().map(|(_, logit)| weight(*logit)).sum();
        return pick(kept.into_iter(), weight, total, random);
    }
    let total: f64 = possible().map(|(_, logit)| weight(logit)).sum();
    let mut look = FIRST_LOOK;
    loop {
        let mut kept = likeliest(possible(), look);
        let is_all = kept.len() < look;
        if cut(&mut kept, weight, total * f64::from(choice.top_p)) || is_all {
            let total: f64 = kept.iter().map(|(_, logit)| weight(*logit)).sum();
            return pick(kept.into_iter(), weight, total, random);
        }
        look *= 8;
    }
}

/// The `count` candidates with the highest logits, the highest first.
fn likeliest(candidates: impl Iterator<Item = (Token, f32)>, count: usize) -> Vec<(Token, f32)> {
    let room = count.saturating_mul(2).max(FIRST_LOOK);
    let mut kept: Vec<(Token, f32)> = Vec::with_capacity(room.min(1 << 16));
    let mut least = f32::NEG_INFINITY;
    for candidate in candidates {
        // Of equals the first tokens stay, and the later of two comes later here.
        if kept.len() >= count && candidate.1 <= least {
            continue;
        }
        kept.push(candidate);
        if kept.len() == room {
            kept.select_nth_unstable_by(count - 1, by_logit);
            kept.truncate(count);
            least = kept[count - 1].1;
        }
    }
    kept.sort_unstable_by(by_logit);
    kept.truncate(count);
    kept
}

/// Keeps the first candidates that have `wanted` together. Answers whether they have.
fn cut(kept: &mut Vec<(Token, f32)>, weight: impl Fn(f32) -> f64, wanted: f64) -> bool {
    let mut sum = 0.0;
    let last = kept.iter().position(|(_, logit)| {
        sum += weight(*logit);
        sum >= wanted
    });
    if let Some(last) = last {
        kept.truncate(last + 1);
    }
    last.is_some()
}

/// Draws one by weight. `total` is the sum of all weights.
fn pick(
    candidates: impl Iterator<Item = (Token, f32)>,
    weight: impl Fn(f32) -> f64,
    total: f64,
    random: &mut ChaCha8Rng,
) -> Option<Token> {
    let mut left = unit(random) * total;
    let mut last = None;
    for (token, logit) in candidates {
        left -= weight(logit);
        last = Some(token);
        if left < 0.0 {
            break;
        }
    }
    last
}

/// Highest logit first; equal logits in token order, so that the result is reproducible.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that sorting asks for")]
fn by_logit(a: &(Token, f32), b: &(Token, f32)) -> std::cmp::Ordering {
    b.1.total_cmp(&a.1).then(a.0.cmp(&b.0))
}

/// A number in [0, 1) with 53 random bits.
fn unit(random: &mut ChaCha8Rng) -> f64 {
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// The share of the probability of the whole vocabulary that `of` has together.
pub fn share(logits: &[f32], of: &[Token]) -> f64 {
    let highest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weight = |logit: f32| f64::from(logit - highest).exp();
    let total: f64 = logits.iter().map(|&logit| weight(logit)).sum();
    of.iter().map(|&token| weight(logits[token as usize])).sum::<f64>() / total
}

/// The share of the probability of `allowed` that `chosen`, one of them, has.
pub fn share_among(logits: &[f32], chosen: Token, allowed: &[Token]) -> f64 {
    let of = |token: Token| f64::from(logits[token as usize]);
    let highest = allowed.iter().map(|&token| of(token)).fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = allowed.iter().map(|&token| (of(token) - highest).exp()).sum();
    (of(chosen) - highest).exp() / total
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    fn random(seed: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(seed)
    }

    #[test]
    fn argmax_finds_the_first_highest_at_every_length() {
        for length in 1..40 {
            for place in 0..length {
                let mut logits = vec![-1.0; length];
                logits[place] = 2.0;
                logits[length - 1] = 2.0;
                assert_eq!(argmax(&logits), place as Token, "{length} {place}");
            }
        }
        assert_eq!(argmax(&[f32::NAN, 1.0, f32::NEG_INFINITY]), 1);
    }

    #[test]
    fn greedy_among_the_allowed_never_leaves_them() {
        let logits = [9.0, 1.0, 3.0];
        let choice = Choice { temperature: 0.0, top_p: 1.0, top_k: 0, min_p: 0.0 };
        let token = choose(&logits, Some(&[1, 2]), choice, &mut random(1));
        assert_eq!(token, 2);
        let share = share_among(&logits, token, &[1, 2]);
        assert!((share - 1.0 / (1.0 + (-2.0_f64).exp())).abs() < 1e-9);
    }

    #[test]
    fn the_share_of_some_tokens_is_of_all() {
        let logits = [0.0, 0.0, 0.0, f32::NEG_INFINITY, 0.0];
        assert!((share(&logits, &[0, 3, 4]) - 0.5).abs() < 1e-9);
        assert!(share(&logits, &[]).abs() < 1e-9);
    }

    #[test]
    fn sampling_follows_the_probabilities_and_the_seed() {
        let logits = [0.0, 3.0_f32.ln(), f32::NEG_INFINITY];
        let choice = Choice { temperature: 1.0, top_p: 1.0, top_k: 0, min_p: 0.0 };
        let draw = |seed| {
            let mut random = random(seed);
            (0..4000).map(|_| choose(&logits, None, choice, &mut random)).collect::<Vec<_>>()
        };
        let first = draw(7);
        assert_eq!(first, draw(7), "the same seed draws the same tokens");
        assert_ne!(first, draw(8));
        let ones = first.iter().filter(|&&token| token == 1).count();
        assert!((2850..3150).contains(&ones), "{ones} of 4000, 3000 expected");
        assert!(!first.contains(&2));
    }

    #[test]
    fn each_limit_cuts_the_tail() {
        let logits = [1.0, 5.0, 4.9, 0.0];
        for choice in [
            Choice { temperature: 5.0, top_p: 1.0, top_k: 2, min_p: 0.0 },
            Choice { temperature: 1.0, top_p: 0.6, top_k: 0, min_p: 0.0 },
            Choice { temperature: 5.0, top_p: 1.0, top_k: 0, min_p: 0.5 },
        ] {
            let mut random = random(3);
            for _ in 0..500 {
                assert!([1, 2].contains(&choose(&logits, None, choice, &mut random)));
            }
        }
    }

    /// As it is defined: sorted, then cut, then drawn.
    fn allowed_by_definition(logits: &[f32], choice: Choice) -> Vec<Token> {
        let mut all: Vec<(Token, f32)> = (0..).zip(logits.iter().copied()).collect();
        all.retain(|(_, logit)| logit.is_finite());
        all.sort_by(by_logit);
        let highest = all[0].1;
        all.retain(|(_, logit)| *logit >= highest + choice.min_p.ln());
        if choice.top_k > 0 {
            all.truncate(choice.top_k as usize);
        }
        let weight =
            |logit: f32| (f64::from(logit - highest) / f64::from(choice.temperature)).exp();
        let total: f64 = all.iter().map(|(_, logit)| weight(*logit)).sum();
        if choice.top_p < 1.0 {
            cut(&mut all, weight, total * f64::from(choice.top_p));
        }
        all.into_iter().map(|(token, _)| token).collect()
    }

    proptest! {
        #[test]
        fn only_what_passes_every_limit_is_drawn(
            logits in proptest::collection::vec(-6.0_f32..6.0, 1..700),
            temperature in 0.2_f32..2.0,
            top_p in prop_oneof![Just(1.0_f32), 0.05_f32..1.0],
            top_k in prop_oneof![Just(0_u32), 1_u32..200],
            min_p in prop_oneof![Just(0.0_f32), 0.001_f32..1.0],
            seed: u64,
        ) {
            let choice = Choice { temperature, top_p, top_k, min_p };
            let expected = allowed_by_definition(&logits, choice);
            let mut random = random(seed);
            for _ in 0..20 {
                let token = choose(&logits, None, choice, &mut random);
                // A sum in another order may keep one token more or less at the edge.
                let is_edge = top_p < 1.0 && {
                    let nearly = Choice { top_p: (top_p * 1.0001).min(0.99999), ..choice };
                    allowed_by_definition(&logits, nearly).contains(&token)
                };
                prop_assert!(expected.contains(&token) || is_edge, "{token} of {expected:?}");
            }
        }

        #[test]
        fn the_likeliest_are_those_of_a_sort(
            logits in proptest::collection::vec(prop_oneof![Just(1.0_f32), -3.0_f32..3.0], 0..400),
            count in 1_usize..300,
        ) {
            let all: Vec<(Token, f32)> = (0..).zip(logits).collect();
            let mut sorted = all.clone();
            sorted.sort_by(by_logit);
            sorted.truncate(count);
            prop_assert_eq!(likeliest(all.into_iter(), count), sorted);
        }
    }
}
