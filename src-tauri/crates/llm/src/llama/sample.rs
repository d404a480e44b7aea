//! Choosing the next token from the logits. Pure functions; the random numbers come from the
//! row's own generator, so that a cell does not depend on which rows it is computed with.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

use super::ffi::Token;

/// How a row chooses its tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// 0 is greedy.
    pub temperature: f32,
    /// Nucleus; 1 keeps all.
    pub top_p: f32,
    /// 0 keeps all.
    pub top_k: u32,
}

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
///
/// Returns the token and the probability it had among the candidates at temperature 1.
pub fn choose(
    logits: &[f32],
    allowed: Option<&[Token]>,
    choice: Choice,
    random: &mut ChaCha8Rng,
) -> (Token, Option<f64>) {
    if choice.temperature <= 0.0 {
        return match allowed {
            None => (argmax(logits), None),
            Some(allowed) => {
                let best =
                    allowed.iter().copied().fold(None, |best: Option<Token>, token| match best {
                        Some(best) if logits[best as usize] >= logits[token as usize] => Some(best),
                        _ => Some(token),
                    });
                let best = best.unwrap_or(0);
                (best, Some(probability(logits, allowed, best)))
            }
        };
    }
    let mut candidates: Vec<(Token, f32)> = match allowed {
        Some(allowed) => allowed.iter().map(|&token| (token, logits[token as usize])).collect(),
        None => logits.iter().zip(0..).map(|(&logit, token)| (token, logit)).collect(),
    };
    candidates.retain(|(_, logit)| logit.is_finite());
    let limit = choice.top_k as usize;
    if limit > 0 && limit < candidates.len() {
        candidates.select_nth_unstable_by(limit - 1, by_logit);
        candidates.truncate(limit);
    }
    candidates.sort_unstable_by(by_logit);
    let Some(&(first, highest)) = candidates.first() else {
        return (argmax(logits), None);
    };
    let weights: Vec<f64> = candidates
        .iter()
        .map(|(_, logit)| (f64::from(logit - highest) / f64::from(choice.temperature)).exp())
        .collect();
    let total: f64 = weights.iter().sum();
    let mut kept = weights.len();
    if choice.top_p < 1.0 {
        let mut sum = 0.0;
        kept = weights
            .iter()
            .position(|weight| {
                sum += weight;
                sum >= total * f64::from(choice.top_p)
            })
            .map_or(weights.len(), |last| last + 1);
    }
    let kept_total: f64 = weights[..kept].iter().sum();
    let mut left = unit(random) * kept_total;
    let token = candidates[..kept]
        .iter()
        .zip(&weights)
        .find(|(_, weight)| {
            left -= **weight;
            left < 0.0
        })
        .map_or(first, |((token, _), _)| *token);
    (token, allowed.map(|allowed| probability(logits, allowed, token)))
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

fn probability(logits: &[f32], allowed: &[Token], chosen: Token) -> f64 {
    let of = |token: Token| f64::from(logits[token as usize]);
    let highest = allowed.iter().map(|&token| of(token)).fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = allowed.iter().map(|&token| (of(token) - highest).exp()).sum();
    (of(chosen) - highest).exp() / total
}

#[cfg(test)]
mod tests {
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
        let choice = Choice { temperature: 0.0, top_p: 1.0, top_k: 0 };
        let (token, probability) = choose(&logits, Some(&[1, 2]), choice, &mut random(1));
        assert_eq!(token, 2);
        assert!((probability.unwrap() - 1.0 / (1.0 + (-2.0_f64).exp())).abs() < 1e-9);
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
        let choice = Choice { temperature: 1.0, top_p: 1.0, top_k: 0 };
        let draw = |seed| {
            let mut random = random(seed);
            (0..4000).map(|_| choose(&logits, None, choice, &mut random).0).collect::<Vec<_>>()
        };
        let first = draw(7);
        assert_eq!(first, draw(7), "the same seed draws the same tokens");
        assert_ne!(first, draw(8));
        let ones = first.iter().filter(|&&token| token == 1).count();
        assert!((2850..3150).contains(&ones), "{ones} of 4000, 3000 expected");
        assert!(!first.contains(&2));
    }

    #[test]
    fn top_k_and_top_p_cut_the_tail() {
        let logits = [1.0, 5.0, 4.9, 0.0];
        for choice in [
            Choice { temperature: 5.0, top_p: 1.0, top_k: 2 },
            Choice { temperature: 1.0, top_p: 0.6, top_k: 0 },
        ] {
            let mut random = random(3);
            for _ in 0..500 {
                assert!([1, 2].contains(&choose(&logits, None, choice, &mut random).0));
            }
        }
    }
}
