//! Files that are as they should be.

use std::io::Cursor;

use braincells_models::ModelsError;
use braincells_models::fit::{Layer, Shape, Wanted, estimate};
use braincells_models::gguf::{Gguf, Prefix, Split, TensorType, Value};

use super::allocations::most_bytes;
use super::writer::{File, array, text, texts, u32_value};

pub fn read(bytes: &[u8]) -> Result<Gguf, ModelsError> {
    Gguf::read(Cursor::new(bytes), bytes.len() as u64)
}

#[test]
fn what_a_file_says_is_read() {
    for version in [2, 3] {
        let file = File { version, ..File::sound() };
        let found = read(&file.bytes()).unwrap();
        assert_eq!(found.version, version);
        assert_eq!(found.architecture(), Some("llama"));
        assert_eq!(found.name(), Some("Tiny"));
        assert_eq!(found.quantisation(), Some("Q4_K_M"));
        assert_eq!(found.licence(), Some("apache-2.0"));
        assert_eq!((found.block_count(), found.context_length()), (Some(1), Some(2048)));
        assert_eq!(found.head_counts(), Some(vec![4]));
        assert_eq!(found.kv_head_counts(), Some(vec![2]));
        assert_eq!((found.key_length(), found.value_length()), (Some(16), Some(16)));
        assert_eq!(found.vocabulary_size(), Some(3));
        assert!(found.has_chat_template());
        assert_eq!(
            (found.split(), found.sliding_window(), found.expert_count()),
            (None, None, None)
        );
        assert_eq!(found.tensors.len(), 3);
        assert_eq!(found.tensors[0].kind, TensorType::from_id(8).unwrap());
        assert_eq!(found.parameters(), 640 + 4096 + 64);
        assert_eq!(found.weights_bytes(), 680 + 2304 + 256);
        let json = serde_json::to_value(&found.metadata).unwrap();
        assert_eq!(json["llama.block_count"], 1);
        assert_eq!(json["tokenizer.ggml.tokens"]["items"][2], "c");
    }
}

#[test]
fn long_lists_and_texts_are_passed_over_and_their_length_is_kept() {
    let tokens: Vec<String> = (0..200_000).map(|number| format!("token {number}")).collect();
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let file = File::sound()
        .with("tokenizer.ggml.tokens", texts(&tokens))
        .with("tokenizer.ggml.scores", array(6, 200_000, &vec![0; 800_000]))
        .with("tokenizer.huggingface.json", text(&"x".repeat(1 << 20)));
    let bytes = file.bytes();
    let (found, most) = most_bytes(|| read(&bytes).unwrap());
    assert_eq!(found.vocabulary_size(), Some(200_000));
    let scores = found.metadata.get("tokenizer.ggml.scores").and_then(Value::as_array).unwrap();
    assert_eq!((scores.length, scores.items.is_none()), (200_000, true));
    let long = found.metadata.get("tokenizer.huggingface.json");
    assert_eq!(long, Some(&Value::LongText { bytes: 1 << 20 }));
    assert!(most < 200_000, "{most} bytes for what is passed over");
}

#[test]
fn a_part_of_a_split_model_says_which_it_is() {
    let part = |number: u32| {
        File::sound().with("split.no", u32_value(number)).with("split.count", u32_value(3)).bytes()
    };
    assert_eq!(read(&part(2)).unwrap().split(), Some(Split { number: 2, count: 3 }));
    let parts: Vec<Gguf> = (0..3).map(|number| read(&part(number)).unwrap()).collect();
    let (one, three) = (Shape::of(&parts[0]).unwrap(), Shape::of_parts(&parts).unwrap());
    assert_eq!(three.weight_bytes(), 3 * one.weight_bytes());
}

#[test]
fn a_prefix_says_how_much_more_it_needs_until_it_is_enough() {
    let file = File::sound().with("tokenizer.ggml.tokens", texts(&vec!["token"; 1100]));
    let bytes = file.bytes();
    let whole = read(&bytes).unwrap();
    let header_bytes = file.header().len();
    for length in (0..600).chain((600..header_bytes).step_by(37)) {
        match Gguf::read_prefix(&bytes[..length], bytes.len() as u64).unwrap() {
            Prefix::NeedsMore { bytes: more } => {
                assert!(more >= 1 && length + more as usize <= header_bytes, "{length} and {more}");
            }
            Prefix::Whole(_) => panic!("{length} of {header_bytes} bytes are not all"),
        }
    }
    let found = Gguf::read_prefix(&bytes[..header_bytes], bytes.len() as u64).unwrap();
    assert_eq!(found, Prefix::Whole(Box::new(whole.clone())));
    // As a caller asks: twice as much, or what is said to be needed.
    let (mut length, mut requests) = (1 << 10, 1);
    while let Prefix::NeedsMore { bytes: more } =
        Gguf::read_prefix(&bytes[..length], bytes.len() as u64).unwrap()
    {
        length = (2 * length).max(length + more as usize).min(bytes.len());
        requests += 1;
    }
    assert!(requests < 7, "{requests}");
    assert_eq!(Gguf::read_prefix(&[], 0).unwrap_err().to_string(), {
        "the model file is not a GGUF file: it is empty"
    });
}

#[test]
fn a_window_and_experts_are_seen_in_the_shape() {
    let base = || {
        File::sound()
            .with("general.architecture", text("gemma3"))
            .with("gemma3.block_count", u32_value(12))
            .with("gemma3.embedding_length", u32_value(64))
            .with("gemma3.attention.head_count", u32_value(4))
            .with("gemma3.attention.head_count_kv", u32_value(1))
            .with("gemma3.attention.key_length", u32_value(32))
            .with("gemma3.attention.value_length", u32_value(32))
    };
    let windows = |file: File| -> Vec<u64> {
        let shape = Shape::of(&read(&file.bytes()).unwrap()).unwrap();
        (0..)
            .zip(&shape.layers)
            .filter(|(_, layer)| layer.window.is_some())
            .map(|(i, _)| i)
            .collect()
    };
    assert!(windows(base()).is_empty());
    let with_window = || base().with("gemma3.attention.sliding_window", u32_value(512));
    assert_eq!(windows(with_window()), [0, 1, 2, 3, 4, 6, 7, 8, 9, 10], "every sixth sees all");
    let named = with_window().with("gemma3.attention.sliding_window_pattern", u32_value(2));
    assert_eq!(windows(named), [0, 2, 4, 6, 8, 10]);
    let mut each = [0_u8; 12];
    each[7] = 1;
    let listed = with_window().with("gemma3.attention.sliding_window_pattern", array(7, 12, &each));
    assert_eq!(windows(listed), [7]);

    let shape = Shape::of(&read(&base().bytes()).unwrap()).unwrap();
    let wanted = Wanted {
        cells: 1024,
        sequences: 1,
        batch_tokens: 512,
        flash_attention: true,
        gpu_layers: None,
    };
    assert_eq!(estimate(&shape, &wanted).kv_bytes, 12 * 1024 * (32 + 32) * 2);

    let experts = File::sound()
        .with("llama.expert_count", u32_value(8))
        .with("llama.expert_used_count", u32_value(2))
        .with_tensor(|tensor| tensor.name = b"blk.0.ffn_up_exps.weight".to_vec());
    let shape = Shape::of(&read(&experts.bytes()).unwrap()).unwrap();
    assert_eq!(shape.weight_bytes(), 680 + 2304 + 256);
    // The table of embeddings is the output too, and read whole as that.
    assert_eq!(shape.active_bytes, 680 + 2304 / 4 + 256, "two of eight experts");
}

#[test]
fn a_layer_may_have_cells_or_a_state_or_both() {
    let of = |architecture: &str| {
        let own = |name: &str| format!("{architecture}.{name}");
        let file = File::sound()
            .with("general.architecture", text(architecture))
            .with(&own("attention.head_count"), u32_value(4));
        let counts = [("block_count", 8), ("embedding_length", 64), ("ssm.inner_size", 128)];
        let more = [("attention.head_count_kv", 2), ("ssm.state_size", 16), ("ssm.conv_kernel", 4)];
        let with = |file: File, (name, count): (&str, u32)| file.with(&own(name), u32_value(count));
        let shape =
            Shape::of(&read(&counts.into_iter().chain(more).fold(file, with).bytes()).unwrap());
        let kind = |layer: &Layer| (layer.cell_bytes > 0, layer.state_bytes);
        shape.unwrap().layers.iter().map(kind).collect::<Vec<_>>()
    };
    // 16 x 128 of the state, and three columns of the convolution's 128.
    let state_bytes = 4 * (16 * 128 + 3 * 128);
    assert_eq!(of("falcon-h1"), [(true, state_bytes); 8]);
    assert_eq!(of("llama"), [(true, 0); 8]);
    let every_fourth: Vec<_> = (1..=8).map(|layer| layer % 4 == 0).collect();
    let expected = every_fourth.iter().map(|&sees| (sees, if sees { 0 } else { state_bytes }));
    assert_eq!(of("qwen35"), expected.collect::<Vec<_>>());
}

#[test]
fn what_is_no_language_model_has_no_shape() {
    for (file, lacks) in [
        (File::sound().with("general.architecture", text("clip")), "block_count"),
        (File { tensors: Vec::new(), data_bytes: 0, ..File::sound() }, "tensors"),
    ] {
        let error = Shape::of(&read(&file.bytes()).unwrap()).unwrap_err();
        let lacks = lacks.to_owned();
        assert_eq!(error, ModelsError::NotALanguageModel { file: None, lacks });
    }
}
