//! Files that are sound, cut off, damaged and made up.

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

/// A file of safetensors with this header and so many bytes of numbers.
fn file(header: &Value, data: usize) -> Vec<u8> {
    with_header(&header.to_string(), data)
}

fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

fn opened(bytes: Vec<u8>) -> Result<Checkpoint, MlxError> {
    Checkpoint::open(folder(&[("model.safetensors", bytes)]).path())
}

fn reason(bytes: Vec<u8>) -> String {
    match opened(bytes) {
        Err(MlxError::Weights { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

fn entry(dtype: &str, shape: &Value, from: u64, to: u64) -> Value {
    json!({"dtype": dtype, "shape": shape, "data_offsets": [from, to]})
}

fn two() -> Value {
    json!({
        "__metadata__": {"format": "mlx"},
        "b": entry("U32", &json!([2, 1]), 12, 20),
        "a": entry("F16", &json!([2, 3]), 0, 12),
    })
}

#[test]
fn a_sound_file_is_read() {
    let checkpoint = opened(file(&two(), 20)).unwrap();
    let tensor = checkpoint.tensor("a").unwrap();
    assert_eq!((tensor.number, tensor.shape.as_slice()), (Number::F16, [2, 3].as_slice()));
    assert_eq!((checkpoint.bytes(), checkpoint.files().len()), (20, 1));
}

#[test]
fn every_cut_is_seen() {
    let whole = file(&two(), 20);
    for length in 0..whole.len() {
        reason(whole[..length].to_vec());
    }
    let mut longer = whole;
    longer.push(0);
    assert!(reason(longer).contains("21 bytes of numbers"));
}

#[test]
fn a_header_that_lies_is_refused() {
    let huge = json!([u64::from(u32::MAX), u64::from(u32::MAX), 4]);
    for (header, said) in [
        (json!({"a": entry("F16", &json!([2, 3]), 0, 13)}), "not its shape"),
        (json!({"a": entry("F16", &json!([2, 3]), 12, 0)}), "not its shape"),
        (json!({"a": entry("F16", &json!([1 << 20, 1 << 20, 1 << 20, 1 << 20]), 0, 0)}), "shape"),
        (json!({"a": entry("F16", &huge, 0, 12)}), "has the shape"),
        (json!({"a": entry("F16", &json!([1, 1, 1, 1, 1, 1, 1, 1, 6]), 0, 12)}), "8 axes"),
        (json!({"a": entry("F13", &json!([6]), 0, 12)}), "unknown numbers"),
        (json!({"a": entry("F16", &json!([-6]), 0, 12)}), "not valid"),
        (json!({"a": entry("F16", &json!([6]), 1, 13)}), "begins at byte 1"),
        (json!({"a": 5}), "not valid"),
        (json!([]), "not valid"),
        (
            json!({"a": entry("F16", &json!([6]), 0, 12), "b": entry("F16", &json!([6]), 0, 12)}),
            "begins at byte 0",
        ),
        (
            json!({"a": entry("F16", &json!([2]), 0, 4), "b": entry("F16", &json!([2]), 8, 12)}),
            "begins at byte 8",
        ),
    ] {
        let found = reason(file(&header, 12));
        assert!(found.contains(said), "{header}: {found}");
    }
    let mut endless = u64::MAX.to_le_bytes().to_vec();
    endless.extend_from_slice(b"{}");
    assert!(reason(endless).contains("cut off"));
}

/// A file with this text as its header.
fn with_header(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

#[test]
fn what_is_no_tensor_is_read_over() {
    let one = r#""dtype": "F32", "shape": [1], "data_offsets": [0, 4]"#;
    for about in ["{}", "null", r#"{"format": "pt", "parts": {"a": [1, {"b": 2}]}}"#, "[[1], 2]"] {
        let header = format!(r#"{{"__metadata__": {about}, "a": {{{one}, "more": [1, {{}}]}}}}"#);
        assert_eq!(opened(with_header(&header, 4)).unwrap().bytes(), 4, "{about}");
    }
    let twice = format!(r#"{{"a": {{{one}}}, "a": {{{one}}}}}"#);
    assert!(reason(with_header(&twice, 4)).contains("same name"));
    let endless = format!(r#"{{"a": {{"dtype": "F32", "shape": [{}1]}}}}"#, "1,".repeat(100_000));
    assert!(reason(with_header(&endless, 4)).contains("8 axes"));
}

#[test]
fn an_index_leads_to_files_of_the_folder_only() {
    let part = |name: &str| file(&json!({name: entry("F32", &json!([1]), 0, 4)}), 4);
    let index = |map: Value| json!({"metadata": {}, "weight_map": map}).to_string().into_bytes();
    let open = |files: &[(&str, Vec<u8>)]| Checkpoint::open(folder(files).path());
    let name = "model.safetensors.index.json";
    let both = json!({"a": "x.safetensors", "b": "y.safetensors"});
    let files = [
        (name, index(both.clone())),
        ("x.safetensors", part("a")),
        ("y.safetensors", part("b")),
        ("model-old.safetensors", b"not asked for".to_vec()),
    ];
    assert_eq!(open(&files).unwrap().bytes(), 8);
    assert!(
        matches!(open(&files[..2]), Err(MlxError::Missing { path }) if path.ends_with("y.safetensors"))
    );
    let mut other = files.clone();
    other[2].1 = part("c");
    assert!(
        matches!(open(&other), Err(MlxError::Weights { reason, .. }) if reason.contains("`b`"))
    );
    other[2].1 = part("a");
    assert!(matches!(open(&other), Err(MlxError::Weights { .. })), "twice");
    for outside in
        ["../x.safetensors", "/x.safetensors", "a\\x.safetensors", "x.bin", ".safetensors"]
    {
        let found = open(&[(name, index(json!({"a": outside})))]);
        assert!(matches!(found, Err(MlxError::Weights { .. })), "{outside}");
    }
    assert!(matches!(open(&[(name, index(json!({})))]), Err(MlxError::Weights { .. })));
    assert!(matches!(open(&[(name, b"[]".to_vec())]), Err(MlxError::NotJson { .. })));
    assert!(matches!(open(&[]), Err(MlxError::Missing { .. })));
    assert!(matches!(Checkpoint::open(Path::new("nowhere")), Err(MlxError::Missing { .. })));
}

/// The smallest model, as a config and as the header of its weights.
fn tiny(quantization: &Value) -> (ModelConfig, Value) {
    let config = json!({
        "model_type": "llama", "hidden_size": 32, "num_hidden_layers": 1,
        "intermediate_size": 64, "num_attention_heads": 2, "vocab_size": 8,
        "tie_word_embeddings": true, "quantization": quantization
    });
    let config = ModelConfig::of(&config).unwrap();
    let mut header = serde_json::Map::new();
    let mut end = 0;
    let mut add = |name: String, dtype: &str, shape: &[u64]| {
        let width = if dtype == "F16" { 2 } else { 4 };
        let bytes: u64 = shape.iter().product::<u64>() * width;
        header.insert(name, entry(dtype, &json!(shape), end, end + bytes));
        end += bytes;
    };
    let mut matrix = |name: &str, rows: u64, columns: u64| {
        if config.quantization.is_some() {
            add(format!("{name}.weight"), "U32", &[rows, columns / 8]);
            add(format!("{name}.scales"), "F16", &[rows, columns / 32]);
            add(format!("{name}.biases"), "F16", &[rows, columns / 32]);
        } else {
            add(format!("{name}.weight"), "F16", &[rows, columns]);
        }
    };
    matrix("model.embed_tokens", 8, 32);
    let layer = "model.layers.0";
    for name in ["q_proj", "k_proj", "v_proj", "o_proj"] {
        matrix(&format!("{layer}.self_attn.{name}"), 32, 32);
    }
    matrix(&format!("{layer}.mlp.gate_proj"), 64, 32);
    matrix(&format!("{layer}.mlp.up_proj"), 64, 32);
    matrix(&format!("{layer}.mlp.down_proj"), 32, 64);
    for name in
        ["model.norm", "model.layers.0.input_layernorm", "model.layers.0.post_attention_layernorm"]
    {
        add(format!("{name}.weight"), "F16", &[32]);
    }
    (config, Value::Object(header))
}

fn checked(config: &ModelConfig, header: &Value) -> Result<(), MlxError> {
    let ends = header.as_object().unwrap().values();
    let bytes = ends.filter_map(|entry| entry["data_offsets"][1].as_u64()).max().unwrap();
    opened(file(header, bytes as usize))?.check(config)
}

#[test]
fn what_the_model_multiplies_with_must_be_there_in_its_form() {
    for quantization in [Value::Null, json!({"group_size": 32, "bits": 4})] {
        let (config, header) = tiny(&quantization);
        checked(&config, &header).unwrap();
        let names: Vec<String> = header.as_object().unwrap().keys().cloned().collect();
        for name in names {
            // Renamed it is missing, and nothing else has changed. Without its scales a matrix is
            // taken for one that is not packed, and is not of that form.
            let mut without = header.clone();
            let entry = without.as_object_mut().unwrap().remove(&name).unwrap();
            without[format!("{name}.old")] = entry.clone();
            let found = checked(&config, &without);
            let is_told = match &found {
                Err(MlxError::MissingTensor { name: told }) => *told == name,
                Err(MlxError::TensorForm { .. }) => name.ends_with(".scales"),
                _ => false,
            };
            assert!(is_told, "{name}: {found:?}");
            let mut other = header.clone();
            let mut shape = entry["shape"].as_array().unwrap().clone();
            shape.insert(0, json!(1));
            other[&name]["shape"] = Value::Array(shape);
            let found = checked(&config, &other);
            assert!(
                matches!(&found, Err(MlxError::TensorForm { name: told, .. }) if *told == name),
                "{found:?}"
            );
        }
    }
}

#[test]
fn packed_weights_need_a_packing_that_fits() {
    let (mut config, header) = tiny(&json!({"group_size": 32, "bits": 4}));
    let other = ModelConfig { quantization: None, ..config.clone() };
    assert!(matches!(checked(&other, &header), Err(MlxError::Config { .. })));
    for (group, bits) in [(32, 8), (64, 4)] {
        let quantization = json!({"group_size": group, "bits": bits});
        config.quantization = tiny(&quantization).0.quantization;
        let found = checked(&config, &header);
        assert!(
            matches!(found, Err(MlxError::TensorForm { .. } | MlxError::Unsupported { .. })),
            "{found:?}"
        );
    }
    let untied = ModelConfig { ties_embeddings: false, ..tiny(&Value::Null).0 };
    let found = checked(&untied, &tiny(&Value::Null).1);
    assert!(matches!(found, Err(MlxError::MissingTensor { name }) if name == "lm_head.weight"));
}

proptest! {
    #[test]
    fn no_change_of_a_file_is_more_than_an_error(
        place in 0_usize..200,
        value: u8,
        cut in proptest::option::of(0_usize..220),
    ) {
        let mut bytes = file(&two(), 20);
        let length = bytes.len();
        bytes[place % length] = value;
        bytes.truncate(cut.unwrap_or(length));
        match opened(bytes) {
            Ok(checkpoint) => prop_assert_eq!(checkpoint.bytes(), 20),
            Err(MlxError::Weights { .. }) => {}
            Err(error) => prop_assert!(false, "{}", error),
        }
    }
}
