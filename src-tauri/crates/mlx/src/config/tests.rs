//! Configs of real repositories, and configs that nobody should believe.

use serde_json::json;

use super::*;

/// Qwen3-1.7B as `mlx-community` has it with four bits.
fn qwen() -> Value {
    json!({
        "architectures": ["Qwen3ForCausalLM"], "attention_bias": false, "eos_token_id": 151_645,
        "head_dim": 128, "hidden_act": "silu", "hidden_size": 2048, "intermediate_size": 6144,
        "max_position_embeddings": 40_960, "max_window_layers": 28, "model_type": "qwen3",
        "num_attention_heads": 16, "num_hidden_layers": 28, "num_key_value_heads": 8,
        "quantization": {"group_size": 64, "bits": 4},
        "rms_norm_eps": 1e-6, "rope_scaling": null, "rope_theta": 1_000_000,
        "sliding_window": null, "tie_word_embeddings": true, "use_cache": true,
        "vocab_size": 151_936
    })
}

fn with(change: impl FnOnce(&mut Value)) -> Result<ModelConfig, MlxError> {
    let mut config = qwen();
    change(&mut config);
    ModelConfig::of(&config)
}

#[test]
fn a_real_config_is_read() {
    let config = ModelConfig::of(&qwen()).unwrap();
    assert_eq!(config.architecture, Architecture::Qwen3);
    assert_eq!((config.heads, config.key_heads, config.head_width), (16, 8, 128));
    assert_eq!((config.layers.len(), config.end_tokens.as_slice()), (28, [151_645].as_slice()));
    assert!(config.layers.iter().all(|layer| layer.window.is_none() && layer.rope.is_some()));
    let packing = config.quantization.unwrap().of_matrix("model.layers.3.mlp.up_proj");
    assert_eq!(packing, Packing { group: 64, bits: 4 });
}

#[test]
fn heads_have_norms_in_two_families() {
    let of = |model_type: &str| with(|config| config["model_type"] = json!(model_type)).unwrap();
    for (model_type, has) in [("qwen3", true), ("qwen2", false), ("llama", false)] {
        assert_eq!(of(model_type).has_head_norms(), has, "{model_type}");
    }
}

#[test]
fn layers_of_gemma_see_windows_but_every_sixth() {
    let config = ModelConfig::of(&json!({
        "model_type": "gemma3", "eos_token_id": [1, 106],
        "text_config": {
            "model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10_240,
            "num_hidden_layers": 34, "sliding_window": 1024,
            "rope_scaling": {"factor": 8.0, "rope_type": "linear"}
        },
        "quantization": {"group_size": 64, "bits": 4, "vision_tower": false}
    }))
    .unwrap();
    assert_eq!(config.weight_prefix, "language_model.");
    assert_eq!((config.heads, config.key_heads, config.head_width), (8, 4, 256));
    assert_eq!((config.vocabulary, config.end_tokens.as_slice()), (262_208, [1, 106].as_slice()));
    let windows: Vec<_> = config.layers.iter().map(|layer| layer.window).take(7).collect();
    let few = Some(1024);
    assert_eq!(windows, [few, few, few, few, few, None, few]);
    let thetas = [4, 5].map(|layer| config.layers[layer].rope.clone().unwrap().theta as u32);
    assert_eq!(thetas, [10_000, 1_000_000]);
    assert!((config.attention_scale - 1.0 / 16.0).abs() < 1e-9);
}

/// As newer tools write it: what `sliding_window_pattern` and `rope_local_base_freq` said before.
#[test]
fn layers_of_gemma_may_be_listed_with_their_own_turns() {
    let kinds = ["sliding_attention", "full_attention", "sliding_attention"];
    let config = json!({
        "model_type": "gemma3_text", "hidden_size": 640, "intermediate_size": 2048,
        "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 1,
        "vocab_size": 262_144, "sliding_window": 512, "layer_types": kinds,
        "rope_parameters": {
            "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 500_000.0},
            "sliding_attention": {"rope_type": "default", "rope_theta": 20_000.0}
        }
    });
    let layers = ModelConfig::of(&config).unwrap().layers;
    let rope = |layer: usize| layers[layer].rope.clone().unwrap();
    assert_eq!(
        layers.iter().map(|layer| layer.window).collect::<Vec<_>>(),
        [Some(512), None, Some(512)]
    );
    assert_eq!((rope(0).theta as u32, rope(0).scaling), (20_000, RopeScaling::None));
    let stretched = RopeScaling::Linear { factor: 8.0 };
    assert_eq!((rope(1).theta as u32, rope(1).scaling), (500_000, stretched));
    let mut half = config.clone();
    half["rope_parameters"]["sliding_attention"] = Value::Null;
    let found = ModelConfig::of(&half);
    let is_told = matches!(
        &found,
        Err(MlxError::Config { field, .. }) if field == "rope_parameters.sliding_attention"
    );
    assert!(is_told, "{found:?}");
    let other = with(|qwen| qwen["rope_parameters"] = config["rope_parameters"].clone());
    assert!(matches!(other, Err(MlxError::Unsupported { .. })), "{other:?}");
}

#[test]
fn layers_of_smollm_have_no_positions_every_fourth() {
    let config = |extra: Value| {
        let mut config = qwen();
        config["model_type"] = json!("smollm3");
        config["num_hidden_layers"] = json!(4);
        for (name, value) in extra.as_object().unwrap() {
            config[name] = value.clone();
        }
        let layers = ModelConfig::of(&config)?.layers;
        Ok::<_, MlxError>(layers.iter().map(|layer| layer.rope.is_some()).collect::<Vec<_>>())
    };
    assert_eq!(config(json!({})).unwrap(), [true, true, true, false]);
    let listed = json!({"no_rope_layers": [0, 1, 1, 0]});
    assert_eq!(config(listed).unwrap(), [false, true, true, false]);
    for wrong in [json!([1, 1, 1]), json!([1, 1, 1, 2]), json!(7)] {
        assert!(config(json!({"no_rope_layers": wrong})).is_err());
    }
}

#[test]
fn ministral_scales_queries_and_stretches_rotations() {
    let rope = json!({
        "beta_fast": 32.0, "beta_slow": 1.0, "factor": 16.0, "llama_4_scaling_beta": 0.1,
        "mscale": 1.0, "mscale_all_dim": 1.0, "original_max_position_embeddings": 16_384,
        "rope_theta": 1_000_000.0, "rope_type": "yarn", "type": "yarn"
    });
    let mut text = qwen();
    text["model_type"] = json!("ministral3");
    text["rope_parameters"] = rope;
    text["tie_word_embeddings"] = Value::Null;
    let whole = json!({"model_type": "mistral3", "text_config": text});
    let config = ModelConfig::of(&whole).unwrap();
    assert!(!config.ties_embeddings, "as mlx-lm has it for a part of a larger model");
    assert_eq!(config.position_scale, Some(PositionScale { beta: 0.1, original: 16_384.0 }));
    let rope = config.layers[0].rope.clone().unwrap();
    assert!(
        matches!(rope.scaling, RopeScaling::Yarn { magnitude, .. } if (magnitude - 1.0).abs() < 1e-6)
    );
    let periods = rope.periods(128).unwrap();
    assert!((periods[0] - 1.0).abs() < 1e-6, "the fastest is left");
    let last = 1e6_f32.powf(126.0 / 128.0) * 16.0;
    assert!((periods[63] / last - 1.0).abs() < 1e-4, "the slowest is stretched in full");
    text["rope_parameters"]["llama_4_scaling_beta"] = Value::Null;
    assert!(ModelConfig::of(&text).is_err(), "it cannot be left out");
}

#[test]
fn matrices_may_be_packed_each_in_its_own_way() {
    let config = with(|config| {
        config["quantization"]["model.embed_tokens"] = json!({"group_size": 32, "bits": 8});
        config["quantization"]["lm_head"] = json!(false);
    });
    let quantization = config.unwrap().quantization.unwrap();
    assert_eq!(quantization.of_matrix("model.embed_tokens"), Packing { group: 32, bits: 8 });
    assert_eq!(quantization.of_matrix("model.layers.0.mlp.up_proj").bits, 4);
    let unknown = with(|config| config["quantization"]["mode"] = json!("mxfp4"));
    assert!(matches!(unknown, Err(MlxError::Unsupported { what }) if what.contains("mxfp4")));
}

#[test]
fn numbers_that_no_model_has_are_refused() {
    let cases: &[(&str, &[Value])] = &[
        (
            "hidden_size",
            &[json!(0), json!(-1), json!(1.5), json!("64"), json!(1_u64 << 40), json!([])],
        ),
        ("num_hidden_layers", &[json!(0), json!(4_000_000_000_u64), json!(true)]),
        ("intermediate_size", &[json!(0), json!(u64::MAX)]),
        ("num_attention_heads", &[json!(0), json!(1 << 30)]),
        ("num_key_value_heads", &[json!(0), json!(3), json!(32)]),
        ("head_dim", &[json!(0), json!(127), json!(1 << 20)]),
        ("vocab_size", &[json!(0), json!(1_u64 << 33), json!({})]),
        ("rms_norm_eps", &[json!(0), json!(-1e-6), json!(1e9), json!("1e-6")]),
        ("rope_theta", &[json!(0.0), json!(-1), json!(0.5), json!(1), json!(1e300)]),
        (
            "eos_token_id",
            &[json!(151_936), json!(-1), json!("x"), json!([1, "x"]), json!(vec![1; 65])],
        ),
        ("tie_word_embeddings", &[json!("yes"), json!(1)]),
        ("max_position_embeddings", &[json!(0), json!(1_u64 << 40)]),
        ("layer_types", &[json!(["full_attention"]), json!("full"), json!(vec!["linear"; 28])]),
        (
            "rope_scaling",
            &[
                json!("linear"),
                json!({"type": "linear"}),
                json!({"type": "linear", "factor": 0}),
                json!({"type": "dynamic", "factor": 2.0}),
                json!({"type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4}),
                json!({"type": "yarn", "factor": 2, "beta_fast": "x"}),
            ],
        ),
        (
            "quantization",
            &[
                json!(4),
                json!({}),
                json!({"group_size": 64}),
                json!({"group_size": 0, "bits": 4}),
                json!({"group_size": 64, "bits": 0}),
                json!({"group_size": 64, "bits": 4, "lm_head": {"group_size": 64, "bits": 99}}),
            ],
        ),
        ("hidden_act", &[json!("relu"), json!(3)]),
        ("model_type", &[json!("mamba"), json!(3), Value::Null, json!("gemma3")]),
    ];
    for (field, values) in cases {
        for value in *values {
            let found = with(|config| config[*field] = value.clone());
            assert!(found.is_err(), "{field} {value}: {found:?}");
        }
    }
    for field in [
        "hidden_size",
        "num_hidden_layers",
        "intermediate_size",
        "num_attention_heads",
        "vocab_size",
    ] {
        let found = with(|config| config[field] = Value::Null);
        let is_told = matches!(&found, Err(MlxError::Config { field: told, .. }) if told == field);
        assert!(is_told, "{found:?}");
    }
    let window = with(|config| config["layer_types"] = json!(vec!["sliding_attention"; 28]));
    assert!(window.is_err(), "a window without a width");
    for value in [json!([]), json!("x"), json!(null)] {
        assert!(ModelConfig::of(&value).is_err());
    }
}

#[test]
fn files_are_read_with_what_generation_adds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    assert!(matches!(ModelConfig::read(path), Err(MlxError::Missing { .. })));
    std::fs::write(path.join("config.json"), qwen().to_string()).unwrap();
    let generation = json!({"eos_token_id": [151_645, 151_643]}).to_string();
    std::fs::write(path.join("generation_config.json"), generation).unwrap();
    assert_eq!(ModelConfig::read(path).unwrap().end_tokens, [151_643, 151_645]);
    std::fs::write(path.join("config.json"), &qwen().to_string()[..50]).unwrap();
    assert!(matches!(ModelConfig::read(path), Err(MlxError::NotJson { .. })));
    let deep = "[".repeat(100_000);
    std::fs::write(path.join("config.json"), deep).unwrap();
    assert!(matches!(ModelConfig::read(path), Err(MlxError::NotJson { .. })));
    let long = vec![b' '; 1 + file::MOST_SETTINGS_BYTES as usize];
    std::fs::write(path.join("config.json"), long).unwrap();
    assert!(matches!(ModelConfig::read(path), Err(MlxError::TooLarge { .. })));
}
