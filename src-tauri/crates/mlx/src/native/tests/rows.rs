//! Rows that come and go: what one computes does not depend on which others are beside it.

use mlx_rs::Array;

use super::*;
use crate::native::columns::Columns;

/// As for the logits beside mlx-lm's; longer texts add up more.
const TOLERANCE: f32 = 5e-4;

/// A text of the tiny models' 128 tokens.
fn text(seed: usize, length: usize) -> Vec<Token> {
    (0..length).map(|place| ((seed * 31 + place * place * 7 + place * 3) % 128) as Token).collect()
}

#[test]
fn a_long_prompt_is_computed_in_several_calls() {
    for name in ["qwen3", "gemma3", "ministral3"] {
        let (decoder, _) = load(name);
        let prompt = text(1, 1300);
        let (cache, found) = alone(&decoder, &prompt);
        assert_eq!(cache.length(), 1300);
        let mut whole = decoder.cache(1);
        let tokens = Array::from_slice(&prompt, &[1, 1300]);
        let logits = decoder.forward(&tokens, &mut whole, &Columns::padded(&[0])).unwrap();
        let difference = difference(&found, &logits.to_vec_cast::<f32>().unwrap());
        assert!(difference < TOLERANCE, "{name}: {difference}");
    }
}

#[test]
fn rows_of_any_length_may_join_and_leave() {
    for name in ["llama", "gemma3", "smollm3", "ministral3"] {
        let (decoder, _) = load(name);
        let texts = [text(1, 700), text(2, 9), text(3, 300)];
        let expected =
            |row: usize, more: &[Token]| alone(&decoder, &[texts[row].as_slice(), more].concat()).1;
        let close = |found: &[f32], row: usize, more: &[Token]| {
            let difference = difference(found, &expected(row, more));
            assert!(difference < TOLERANCE, "{name}, row {row}: {difference}");
        };
        let (first, _) = alone(&decoder, &texts[0]);
        let both: Vec<&[Token]> = vec![&texts[1], &texts[2]];
        let (others, logits) = extend(&decoder, &decoder.cache(1), &[0, 0], 0, &both);
        close(&logits[0], 1, &[]);
        close(&logits[1], 2, &[]);
        let mut cache = decoder.cache(0).joined(first).unwrap().joined(others).unwrap();
        assert_eq!((cache.rows(), cache.pads()), (3, [0, 691, 400].as_slice()));
        let logits = batch::step(&decoder, &mut cache, &[&[5], &[6], &[7]]).unwrap();
        for (row, token) in [5, 6, 7].into_iter().enumerate() {
            close(&logits[row], row, &[token]);
        }
        let length = cache.length();
        let mut cache = cache.picked(&[2, 1], length).unwrap().shortened().unwrap();
        assert_eq!(cache.length(), 301, "what was the pad of both is gone");
        let logits = batch::step(&decoder, &mut cache, &[&[8, 9], &[10, 11]]).unwrap();
        close(&logits[0], 2, &[7, 8, 9]);
        close(&logits[1], 1, &[6, 10, 11]);
        // Several looks behind one row, as labels take them.
        let length = cache.length();
        let looks: Vec<&[Token]> = vec![&[1], &[2, 3, 4]];
        let (_, logits) = extend(&decoder, &cache, &[1, 1], length, &looks);
        close(&logits[0], 1, &[6, 10, 11, 1]);
        close(&logits[1], 1, &[6, 10, 11, 2, 3, 4]);
    }
}
