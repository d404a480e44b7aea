use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

/// The files of a checkpoint for MLX of a few kilobytes, its weights in so many files: whatever
/// looks at checkpoints finds it sound, and nothing that would answer anything is in it.
pub fn small_checkpoint(weight_files: usize) -> Vec<(String, Vec<u8>)> {
    const HIDDEN: usize = 8;
    const INNER: usize = 16;
    const WORDS: usize = 32;
    // One head for keys and values, two for queries.
    const HEAD: usize = 4;
    let layer = |name: &str| format!("model.layers.0.{name}.weight");
    let tensors: Vec<(String, Vec<usize>)> = vec![
        ("model.embed_tokens.weight".to_owned(), vec![WORDS, HIDDEN]),
        ("model.norm.weight".to_owned(), vec![HIDDEN]),
        (layer("self_attn.q_proj"), vec![2 * HEAD, HIDDEN]),
        (layer("self_attn.k_proj"), vec![HEAD, HIDDEN]),
        (layer("self_attn.v_proj"), vec![HEAD, HIDDEN]),
        (layer("self_attn.o_proj"), vec![HIDDEN, 2 * HEAD]),
        (layer("mlp.gate_proj"), vec![INNER, HIDDEN]),
        (layer("mlp.up_proj"), vec![INNER, HIDDEN]),
        (layer("mlp.down_proj"), vec![HIDDEN, INNER]),
        (layer("input_layernorm"), vec![HIDDEN]),
        (layer("post_attention_layernorm"), vec![HIDDEN]),
    ];
    let config = json!({
        "model_type": "llama", "hidden_size": HIDDEN, "num_hidden_layers": 1,
        "intermediate_size": INNER, "num_attention_heads": 2, "num_key_value_heads": 1,
        "head_dim": HEAD, "vocab_size": WORDS, "rms_norm_eps": 1e-5,
        "max_position_embeddings": 2048, "tie_word_embeddings": true, "eos_token_id": 1,
    });
    let mut files = vec![
        ("config.json".to_owned(), config.to_string().into_bytes()),
        ("tokenizer.json".to_owned(), b"{}".to_vec()),
        ("tokenizer_config.json".to_owned(), b"{\"chat_template\": \"{{ messages }}\"}".to_vec()),
    ];
    let count = weight_files.clamp(1, tensors.len());
    let mut places = Map::new();
    for (number, part) in (1..).zip(tensors.chunks(tensors.len().div_ceil(count))) {
        let name = match count {
            1 => "model.safetensors".to_owned(),
            _ => format!("model-{number:05}-of-{count:05}.safetensors"),
        };
        for (tensor, _) in part {
            places.insert(tensor.clone(), json!(name));
        }
        files.push((name, weights(part)));
    }
    if count > 1 {
        let index = json!({ "weight_map": places });
        files.push(("model.safetensors.index.json".to_owned(), index.to_string().into_bytes()));
    }
    files
}

/// Puts the files of [`small_checkpoint`] into a folder, which is made.
///
/// # Panics
/// If the folder cannot be written.
pub fn write_small_checkpoint(folder: &Path, weight_files: usize) {
    fs::create_dir_all(folder).expect("a folder can be made");
    for (name, bytes) in small_checkpoint(weight_files) {
        fs::write(folder.join(name), bytes).expect("the folder can be written");
    }
}

/// A safetensors file of these tensors, all of whose numbers are zero.
fn weights(tensors: &[(String, Vec<usize>)]) -> Vec<u8> {
    const F32_BYTES: usize = 4;
    let mut header = Map::new();
    let mut end = 0;
    for (name, shape) in tensors {
        let start = end;
        end += shape.iter().product::<usize>() * F32_BYTES;
        header.insert(
            name.clone(),
            json!({ "dtype": "F32", "shape": shape, "data_offsets": [start, end] }),
        );
    }
    let header = Value::Object(header).to_string().into_bytes();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.resize(bytes.len() + end, 0);
    bytes
}
