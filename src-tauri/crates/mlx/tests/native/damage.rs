//! Checkpoints that are cut off, damaged or made up end in typed errors, and in nothing else.

use std::fs;
use std::path::Path;

use braincells_llm::{LLMEngine, LLMError, LLMRequest};
use braincells_mlx::LoadOptions;
use braincells_mlx::native::MlxEngine;
use serde_json::{Value, json};

use crate::support::{answers, load, question, tiny};

const WEIGHTS: &str = "model.safetensors";

fn reason(folder: &Path) -> String {
    match load(folder, 1) {
        Err(LLMError::ModelBroken { path, reason }) => {
            assert_eq!(path, folder);
            reason
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was loaded"),
    }
}

#[test]
fn weights_that_are_cut_off_anywhere_are_refused() {
    let folder = tiny("qwen3-4bit");
    let path = folder.path().join(WEIGHTS);
    let whole = fs::read(&path).unwrap();
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let places = [0, 1, 7, 8, header / 2, header - 1, header, header + 1, whole.len() - 1];
    let between = (1..12).map(|part| whole.len() * part / 12);
    for length in places.into_iter().chain(between) {
        fs::write(&path, &whole[..length]).unwrap();
        let reason = reason(folder.path());
        assert!(reason.contains("damaged"), "{length}: {reason}");
    }
    fs::remove_file(&path).unwrap();
    assert!(
        matches!(load(folder.path(), 1), Err(LLMError::ModelNotFound { path: told }) if told == path)
    );
}

#[test]
fn a_header_with_any_other_bytes_is_an_error_or_the_same_model() {
    let folder = tiny("qwen3");
    let path = folder.path().join(WEIGHTS);
    let whole = fs::read(&path).unwrap();
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    // A generator of its own, so that every run changes the same bytes.
    let mut state = 7_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % below
    };
    let answer = |engine: &MlxEngine| {
        let request = LLMRequest { max_tokens: Some(8), ..question("What is this?") };
        answers(engine, vec![request]).remove(0).content
    };
    let expected = answer(&load(folder.path(), 1).unwrap());
    for turn in 0..150 {
        let mut bytes = whole.clone();
        for _ in 0..=random(3) {
            bytes[random(header)] = random(256) as u8;
        }
        fs::write(&path, &bytes).unwrap();
        match load(folder.path(), 1) {
            Ok(engine) => assert_eq!(answer(&engine), expected, "turn {turn}"),
            Err(LLMError::ModelBroken { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn weights_that_the_model_does_not_have_change_nothing() {
    let folder = tiny("llama");
    let path = folder.path().join(WEIGHTS);
    let whole = fs::read(&path).unwrap();
    let answer = || {
        let request = LLMRequest { max_tokens: Some(8), ..question("What is this?") };
        answers(&load(folder.path(), 1).unwrap(), vec![request]).remove(0).content
    };
    let expected = answer();
    // Norms of heads, of the right form, in a family that has none.
    let end = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let mut header: Value = serde_json::from_slice(&whole[8..end]).unwrap();
    let mut numbers = whole[end..].to_vec();
    for name in ["q_norm", "k_norm"] {
        let from = numbers.len();
        numbers.extend([7.0_f32; 32].iter().flat_map(|number| number.to_le_bytes()));
        let entry = json!({"dtype": "F32", "shape": [32], "data_offsets": [from, numbers.len()]});
        header[format!("model.layers.0.self_attn.{name}.weight")] = entry;
    }
    let header = header.to_string();
    let length = (header.len() as u64).to_le_bytes();
    fs::write(&path, [&length, header.as_bytes(), numbers.as_slice()].concat()).unwrap();
    assert_eq!(answer(), expected);
}

#[test]
fn weights_of_another_model_are_refused() {
    let folder = tiny("qwen3");
    let config: Value =
        serde_json::from_slice(&fs::read(folder.path().join("config.json")).unwrap()).unwrap();
    for (field, value, said) in [
        ("hidden_size", json!(96), "is due"),
        ("num_hidden_layers", json!(3), "missing"),
        ("vocab_size", json!(256), "is due"),
        ("vocab_size", json!(16), "is due"),
        ("intermediate_size", json!(64), "is due"),
        ("head_dim", json!(16), "is due"),
        ("tie_word_embeddings", json!(false), "lm_head.weight"),
        ("num_attention_heads", json!(0), "whole number"),
        ("hidden_size", json!(1_u64 << 50), "whole number"),
        ("model_type", json!("deepseek_v3"), "not supported"),
        ("rope_scaling", json!({"type": "longrope"}), "not supported"),
    ] {
        let mut other = config.clone();
        other[field] = value;
        fs::write(folder.path().join("config.json"), other.to_string()).unwrap();
        let reason = reason(folder.path());
        assert!(reason.contains(said), "{field}: {reason}");
    }
}

#[test]
fn a_tokenizer_with_more_words_than_the_model_is_refused() {
    let folder = tiny("qwen3");
    let path = folder.path().join("tokenizer.json");
    let mut tokenizer: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    tokenizer["model"]["vocab"]["much"] = json!(128);
    fs::write(&path, tokenizer.to_string()).unwrap();
    assert!(reason(folder.path()).contains("tokenizer"));
    fs::write(&path, b"{}").unwrap();
    assert!(reason(folder.path()).contains("tokenizer"));
    fs::write(&path, b"{").unwrap();
    assert!(reason(folder.path()).contains("not valid JSON"));
}

#[test]
fn a_load_can_be_stopped() {
    let folder = tiny("smollm3");
    let mut told = Vec::new();
    let (heard, listens) = std::sync::mpsc::sync_channel(64);
    let stopped = MlxEngine::load(folder.path(), &LoadOptions::default(), move |fraction| {
        heard.send(fraction).unwrap();
        fraction < 0.5
    });
    assert!(matches!(stopped.map(|_| ()), Err(LLMError::Cancelled)));
    told.extend(listens.try_iter());
    assert!(told.windows(2).all(|pair| pair[0] < pair[1]) && told.last() >= Some(&0.5), "{told:?}");
}

#[test]
fn a_defect_in_a_load_is_told() {
    let folder = tiny("smollm3");
    let options = LoadOptions::default();
    let found = MlxEngine::load(folder.path(), &options, |_| panic!("nobody listens")).map(|_| ());
    assert!(
        matches!(&found, Err(LLMError::ModelBroken { reason, .. }) if reason.contains("listens")),
        "{found:?}"
    );
}

#[test]
fn no_more_rows_are_computed_at_once_than_are_of_use() {
    let folder = tiny("smollm3");
    for (wished, found) in [(0, 1), (8, 8), (u32::MAX, 64)] {
        let engine = load(folder.path(), wished).unwrap();
        assert_eq!(engine.capabilities().parallel_requests, found);
    }
}
