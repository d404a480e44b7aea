//! Every architecture and every way of packing: the same logits as mlx-lm has, for a prompt that is
//! computed alone and for several that are computed together behind what they share.

use super::*;

/// Logits of these models are up to 20. Where MLX computes the same numbers in another order they
/// differ by rounding: by up to 4e-5 where this was written, of which it is five times.
const TOLERANCE: f32 = 2e-4;
/// Behind hundreds of tokens more is added up.
const LONG_TOLERANCE: f32 = 5e-4;

fn check(name: &str) {
    let (decoder, reference) = load(name);
    for (prompt, expected) in reference.prompts.iter().zip(&reference.logits) {
        let (mut cache, logits) = alone(&decoder, prompt);
        let mut all = vec![logits];
        for token in &reference.following {
            all.extend(batch::step(&decoder, &mut cache, &[&[*token]]).unwrap());
        }
        for (step, (found, expected)) in all.iter().zip(expected).enumerate() {
            let difference = difference(found, expected);
            assert!(difference < TOLERANCE, "{name}, step {step}: {difference}");
        }
    }

    let shared = reference.prefix;
    let (start, _) = alone(&decoder, &reference.prompts[0][..shared]);
    let ends: Vec<&[Token]> = reference.prompts.iter().map(|prompt| &prompt[shared..]).collect();
    let rows = vec![0; ends.len()];
    let (mut cache, logits) = extend(&decoder, &start, &rows, shared, &ends);
    let mut steps = vec![logits];
    for token in &reference.following {
        let same: &[Token] = &[*token];
        steps.push(batch::step(&decoder, &mut cache, &vec![same; ends.len()]).unwrap());
    }
    for (step, rows) in steps.iter().enumerate() {
        for (row, found) in rows.iter().enumerate() {
            let difference = difference(found, &reference.logits[row][step]);
            assert!(difference < TOLERANCE, "{name}, row {row}, step {step}: {difference}");
        }
    }
}

/// Windows that slide for long, positions far behind those of the training, several calls.
#[test]
fn a_long_prompt_says_what_it_says_to_mlx_lm() {
    for name in ["gemma3", "ministral3"] {
        let (decoder, reference) = load(name);
        assert_eq!((reference.long.len(), reference.long_logits.len()), (700, 4));
        let (mut cache, logits) = alone(&decoder, &reference.long);
        let mut all = vec![logits];
        for token in &reference.following {
            all.extend(batch::step(&decoder, &mut cache, &[&[*token]]).unwrap());
        }
        for (step, (found, expected)) in all.iter().zip(&reference.long_logits).enumerate() {
            let difference = difference(found, expected);
            assert!(difference < LONG_TOLERANCE, "{name}, step {step}: {difference}");
        }
    }
}

macro_rules! checks {
    ($($test:ident: $name:literal,)*) => {
        $(#[test]
        fn $test() {
            check($name);
        })*
    };
}

checks! {
    llama: "llama",
    llama_with_four_bits: "llama-4bit",
    llama_with_windows: "llama-windows",
    qwen2: "qwen2",
    qwen2_with_four_bits: "qwen2-4bit",
    qwen3: "qwen3",
    qwen3_with_four_bits: "qwen3-4bit",
    qwen3_with_six_bits: "qwen3-6bit",
    qwen3_with_eight_bits_and_half_precision: "qwen3-8bit-bf16",
    qwen3_with_two_ways_of_packing: "qwen3-mixed",
    qwen3_in_parts: "qwen3-parts",
    gemma3: "gemma3",
    gemma3_with_four_bits: "gemma3-4bit",
    gemma3_as_part_of_a_larger_model: "gemma3-whole",
    smollm3: "smollm3",
    smollm3_with_four_bits: "smollm3-4bit",
    ministral3: "ministral3",
    ministral3_with_four_bits: "ministral3-4bit",
    ministral3_as_part_of_a_larger_model: "ministral3-whole",
}
