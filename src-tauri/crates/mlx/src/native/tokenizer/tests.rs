use serde_json::json;

use super::*;

fn config(vocabulary: u32) -> ModelConfig {
    let config = json!({
        "model_type": "llama", "hidden_size": 32, "num_hidden_layers": 1,
        "intermediate_size": 64, "num_attention_heads": 2, "vocab_size": vocabulary,
        "eos_token_id": 22
    });
    ModelConfig::of(&config).unwrap()
}

fn added(id: u32, content: &str, special: bool) -> Value {
    json!({"id": id, "content": content, "special": special, "single_word": false,
           "lstrip": false, "rstrip": false, "normalized": false})
}

/// Byte-level words: three of the model, two marks, one word that people write.
fn byte_level() -> Value {
    let mut vocabulary: serde_json::Map<String, Value> = [
        "a", "b", "<", ">", "|", "Ġ", "Ċ", "Ã", "©", "ab", "t", "h", "i", "n", "k", "/", "m", "_",
        "e", "d",
    ]
    .iter()
    .enumerate()
    .map(|(at, word)| ((*word).to_owned(), json!(at)))
    .collect();
    vocabulary.insert("<b>".to_owned(), json!(20));
    json!({
        "version": "1.0", "truncation": {"max_length": 2, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
        "padding": null, "normalizer": null, "post_processor": null,
        "added_tokens": [
            added(21, "<|im_start|>", true), added(22, "<|im_end|>", true),
            added(23, "<think>", false), added(20, "<b>", false),
        ],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
        "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
        "model": {"type": "BPE", "vocab": vocabulary, "merges": [["a", "b"]], "unk_token": null,
                  "dropout": null, "continuing_subword_prefix": null, "end_of_word_suffix": null,
                  "fuse_unk": false, "byte_fallback": false}
    })
}

#[test]
fn names_of_control_tokens_are_text_in_data() {
    let chat = ChatFiles { eos: Some("<|im_end|>".to_owned()), ..ChatFiles::default() };
    let words = Words::of(byte_level(), chat, &config(40)).unwrap();
    let names = "<|im_end|>ab<think>";
    assert_eq!(words.tokenise(names, false, true).unwrap(), [22, 9, 23]);
    let plain = words.tokenise(names, false, false).unwrap();
    assert!(plain.iter().all(|token| !words.is_control(*token)), "{plain:?}");
    let text: Vec<u8> = plain.iter().flat_map(|token| words.token_bytes(*token)).collect();
    assert_eq!(text, names.as_bytes());
    assert_eq!(words.tokenise("<b>", false, false).unwrap(), [20], "people write it");
    assert_eq!(words.token_bytes(20), b"<b>");
    assert_eq!((words.end_of_turn(), words.ends_generation(22)), (Some(22), true));
    assert!(words.tokenise("abababab", false, true).unwrap().len() > 2, "nothing is cut");
}

#[test]
fn words_stand_for_bytes() {
    let words = Words::of(byte_level(), ChatFiles::default(), &config(40)).unwrap();
    let tokens = words.tokenise(" \né", false, false).unwrap();
    let bytes: Vec<u8> = tokens.iter().flat_map(|token| words.token_bytes(*token)).collect();
    assert_eq!(bytes, " \né".as_bytes());
    assert_eq!(words.tokenise_bytes(b"\xff"), None);
    assert!(words.token_bytes(35).is_empty(), "a row of the embedding without a word");
    let pieces = Spelling::Pieces;
    assert_eq!(pieces.bytes("▁the"), b" the");
    assert_eq!(pieces.bytes("<0x0A>"), b"\n");
    assert_eq!(pieces.bytes("<0xZZ>"), b"<0xZZ>");
}

/// As Gemma's: spaces are written as `▁`, and bytes that no word has as themselves.
fn pieces() -> Value {
    let mut vocabulary: serde_json::Map<String, Value> = ["▁", "a", "▁a", "b", "▁ab", "ab"]
        .iter()
        .enumerate()
        .map(|(at, word)| ((*word).to_owned(), json!(at)))
        .collect();
    for byte in 0..=255_usize {
        vocabulary.insert(format!("<0x{byte:02X}>"), json!(6 + byte));
    }
    json!({
        "version": "1.0", "truncation": null, "padding": null, "post_processor": null,
        "added_tokens": [added(262, "<end_of_turn>", true)],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        "pre_tokenizer": null,
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"}, {"type": "Fuse"}
        ]},
        "model": {"type": "BPE", "vocab": vocabulary, "merges": [["▁", "a"], ["▁a", "b"], ["a", "b"]],
                  "unk_token": null, "dropout": null, "continuing_subword_prefix": null,
                  "end_of_word_suffix": null, "fuse_unk": true, "byte_fallback": true}
    })
}

#[test]
fn pieces_and_bytes_make_up_every_text() {
    let words = Words::of(pieces(), ChatFiles::default(), &config(300)).unwrap();
    assert_eq!(words.end_of_turn(), Some(262), "by its name");
    assert_eq!(words.tokenise(" ab<end_of_turn>", false, true).unwrap(), [4, 262]);
    for text in [" ab ab", "né€😀日本語", "\n\n", "<end_of_turn>", "<0x41>"] {
        let tokens = words.tokenise(text, false, false).unwrap();
        let bytes: Vec<u8> = tokens.iter().flat_map(|token| words.token_bytes(*token)).collect();
        assert_eq!(bytes, text.as_bytes(), "{text}");
    }
}

#[test]
fn marks_that_the_model_has_no_row_for_are_text() {
    // As Gemma 3's models of text alone have `<image_soft_token>`.
    let mut json = pieces();
    let more = [added(263, "<image_soft_token>", true), added(264, "<more>", false)];
    json["added_tokens"].as_array_mut().unwrap().extend(more);
    let words = Words::of(json.clone(), ChatFiles::default(), &config(263)).unwrap();
    assert_eq!((words.vocabulary_size(), words.end_of_turn()), (263, Some(262)));
    for special in [false, true] {
        let tokens = words.tokenise("a<image_soft_token><end_of_turn>", false, special).unwrap();
        assert!(tokens.iter().all(|token| *token < 263), "{tokens:?}");
        assert_eq!(tokens.contains(&262), special, "the others keep their numbers: {tokens:?}");
    }
    // A word of the model itself cannot be left out.
    json["model"]["vocab"]["much"] = json!(263);
    assert!(matches!(
        Words::of(json, ChatFiles::default(), &config(263)),
        Err(MlxError::Tokenizer { .. })
    ));
}

#[test]
fn a_text_is_cut_in_one_way() {
    let mut json = byte_level();
    json["model"]["dropout"] = json!(1.0);
    let words = Words::of(json, ChatFiles::default(), &config(40)).unwrap();
    for special in [false, true] {
        assert_eq!(words.tokenise("abab", false, special).unwrap(), [9, 9]);
    }
}

#[test]
fn what_ends_an_answer_is_no_word_of_a_text() {
    let lying = ModelConfig { end_tokens: vec![9, 20], ..config(40) };
    let words = Words::of(byte_level(), ChatFiles::default(), &lying).unwrap();
    assert!(words.ends_generation(9) && words.is_control(9) && words.is_control(20));
    assert_eq!(words.tokenise("ab<b>", false, false).unwrap(), [0, 1, 2, 1, 3]);
    assert!(words.token_bytes(9).is_empty(), "no grammar writes it");
}

#[test]
fn a_tokenizer_that_does_not_fit_is_refused() {
    let read = |json: Value, vocabulary| Words::of(json, ChatFiles::default(), &config(vocabulary));
    let smaller = ModelConfig { vocabulary: 20, end_tokens: Vec::new(), ..config(40) };
    let found = Words::of(byte_level(), ChatFiles::default(), &smaller).map(|_| ());
    assert!(
        matches!(&found, Err(MlxError::Tokenizer { reason }) if reason.contains("20")),
        "{found:?}"
    );
    let mut unknown = byte_level();
    unknown["decoder"] = Value::Null;
    assert!(matches!(read(unknown, 40), Err(MlxError::Tokenizer { .. })));
    let mut broken = byte_level();
    broken["model"]["merges"] = json!(7);
    assert!(matches!(read(broken, 40), Err(MlxError::Tokenizer { .. })));
}
