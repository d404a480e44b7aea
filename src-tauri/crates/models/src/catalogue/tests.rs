use super::*;

fn read(change: impl FnOnce(&mut serde_json::Value)) -> Result<Catalogue, String> {
    let mut json: serde_json::Value = serde_json::from_str(BUILT_IN).unwrap();
    change(&mut json);
    Catalogue::read(&json.to_string()).map_err(|error| error.to_string())
}

#[test]
fn every_entry_of_the_built_in_list_is_complete_and_consistent() {
    let list = read(|_| {}).unwrap();
    assert_eq!(&list, Catalogue::built_in());
    let count = |class: SizeClass| list.models.iter().filter(|m| m.size_class() == class).count();
    for class in [SizeClass::Small, SizeClass::Medium, SizeClass::Large] {
        assert!(count(class) >= 4, "{class:?}: {}", count(class));
    }
}

#[test]
fn the_starter_the_three_recommended_models_and_the_mlx_list_are_in_it() {
    let list = Catalogue::built_in();
    let starter = list.starter().unwrap();
    assert_eq!(starter.variants[0].file.as_deref(), Some("SmolLM2-135M-Instruct.Q4_1.gguf"));
    assert_eq!(starter.variants[0].bytes, 98_362_432);
    let recommended: Vec<(&str, &str)> = list
        .models
        .iter()
        .filter(|model| model.role == Some(ModelRole::Recommended))
        .map(|model| {
            let usual = model.variants.iter().find(|variant| variant.label == "Q4_K_M").unwrap();
            (model.repository.as_str(), usual.file.as_deref().unwrap())
        })
        .collect();
    let expected = [
        ("bartowski/Llama-3.2-3B-Instruct-GGUF", "Llama-3.2-3B-Instruct-Q4_K_M.gguf"),
        ("bartowski/Qwen2.5-7B-Instruct-GGUF", "Qwen2.5-7B-Instruct-Q4_K_M.gguf"),
        ("bartowski/Mistral-Nemo-Instruct-2407-GGUF", "Mistral-Nemo-Instruct-2407-Q4_K_M.gguf"),
    ];
    assert_eq!(recommended, expected);
    let mlx: Vec<&str> = list.of(Runtime::Mlx).map(|model| model.family.as_str()).collect();
    assert_eq!(mlx, ["Qwen 3", "Gemma 3", "SmolLM3", "Ministral 3"]);
    let default =
        list.of(Runtime::Mlx).find(|model| model.role == Some(ModelRole::Default)).unwrap();
    assert_eq!(default.name, "Qwen 3 1.7B");
}

#[test]
fn a_list_that_is_not_sound_is_refused() {
    type Change = fn(&mut serde_json::Value);
    let cases: [(&str, Change); 14] = [
        ("version is 2", |json| json["version"] = 2.into()),
        ("missing field `licence`", |json| {
            json["models"][0].as_object_mut().unwrap().remove("licence");
        }),
        ("unknown field", |json| json["models"][0]["price"] = 1.into()),
        ("is there twice", |json| json["models"][1]["id"] = "smollm2-135m-instruct".into()),
        ("no licence that is known", |json| json["models"][1]["licence"] = "none".into()),
        ("no repository", |json| json["models"][1]["repository"] = "a/../b".into()),
        ("no repository", |json| json["models"][1]["repository"] = "owner/.git".into()),
        ("the file", |json| json["models"][1]["variants"][0]["file"] = "../x-IQ3_M.gguf".into()),
        ("not called after its label", |json| {
            json["models"][1]["variants"][0]["file"] = "x-Q4_0.gguf".into();
        }),
        ("bits for a parameter", |json| json["models"][1]["variants"][0]["bytes"] = 1.into()),
        ("sum that is not", |json| json["models"][0]["variants"][0]["sha256"] = "abc".into()),
        ("no variant", |json| json["models"][0]["variants"] = serde_json::json!([])),
        ("more than one model is the starter", |json| json["models"][1]["role"] = "starter".into()),
        ("is no date", |json| json["updated"] = "yesterday".into()),
    ];
    for (expected, change) in cases {
        let error = read(change).unwrap_err();
        assert!(error.contains(expected), "{error} where {expected} is due");
    }
    assert!(Catalogue::read("<html>").is_err());
}
