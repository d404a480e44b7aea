use serde_json::json;

use super::*;

fn ids(list: &Value, not_chat: &[&str]) -> Vec<String> {
    read(list, not_chat).unwrap().into_iter().map(|model| model.id).collect()
}

fn only(list: &Value) -> ListedModel {
    let mut models = read(list, &[]).unwrap();
    assert_eq!(models.len(), 1, "{models:?}");
    models.remove(0)
}

fn close(price: Price, prompt: f64, completion: f64) {
    assert!((price.prompt_usd_per_million - prompt).abs() < 1e-9, "{price:?}");
    assert!((price.completion_usd_per_million - completion).abs() < 1e-9, "{price:?}");
}

#[test]
fn openai_is_listed_without_what_does_not_chat() {
    let list = json!({"object": "list", "data": [
        {"id": "gpt-4o-mini", "object": "model", "created": 1, "owned_by": "system"},
        {"id": "text-embedding-3-small"}, {"id": "whisper-1"}, {"id": "tts-1-hd"},
        {"id": "dall-e-3"}, {"id": "omni-moderation-latest"}, {"id": "gpt-image-1"},
        {"id": "gpt-4o-audio-preview"}, {"id": "gpt-4o-realtime-preview"},
        {"id": "gpt-4o-transcribe"}, {"id": "babbage-002"}, {"id": "davinci-002"},
        {"id": "gpt-3.5-turbo"}, {"id": "gpt-3.5-turbo-instruct"}, {"id": "o3"},
        {"id": "gpt-4o-mini"},
    ]});
    let openai = crate::cloud::provider("openai").unwrap();
    assert_eq!(ids(&list, openai.not_chat), ["gpt-3.5-turbo", "gpt-4o-mini", "o3"]);
}

#[test]
fn openrouter_says_price_by_the_token_and_what_a_model_speaks() {
    let list = json!({"data": [
        {"id": "a/chat", "context_length": 131_072,
         "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
         "pricing": {"prompt": "0.00000015", "completion": "0.0000006", "request": "0"}},
        {"id": "b/free:free", "context_length": null, "top_provider": {"context_length": 4096},
         "pricing": {"prompt": "0", "completion": "0"}},
        {"id": "c/auto", "pricing": {"prompt": "-1", "completion": "-1"}},
        {"id": "d/paints", "architecture": {"output_modalities": ["image"]}},
        {"id": "e/broken", "context_length": -5, "pricing": {"prompt": "x", "completion": []}},
    ]});
    let models = read(&list, &[]).unwrap();
    assert_eq!(models.len(), 4);
    assert_eq!(models[0].context_tokens, Some(131_072));
    close(models[0].price.unwrap(), 0.15, 0.6);
    assert_eq!(models[1].context_tokens, Some(4096));
    close(models[1].price.unwrap(), 0.0, 0.0);
    assert_eq!((models[2].price, models[3].price), (None, None));
    assert_eq!(models[3].context_tokens, None);
}

#[test]
fn the_router_of_hugging_face_lists_a_model_once_and_once_for_each_provider() {
    let list = json!({"object": "list", "data": [
        {"id": "Qwen/Qwen3-8B", "owned_by": "Qwen", "providers": [
            {"provider": "together", "status": "live", "context_length": 40_960,
             "pricing": {"input": 0.18, "output": 0.2}, "supports_structured_output": true},
            {"provider": "nscale", "status": "live", "context_length": 32_768,
             "pricing": {"input": 0.05, "output": 0.4}},
            {"provider": "gone", "status": "error", "pricing": {"input": 9, "output": 9}},
        ]},
        {"id": "org/unpriced", "providers": [
            {"provider": "a", "status": "live", "pricing": {"input": 1, "output": 1}},
            {"provider": "b", "status": "live"},
        ]},
        {"id": "org/off", "providers": [{"provider": "a", "status": "staging"}]},
        {"id": "org/none", "providers": []},
    ]});
    let models = read(&list, &[]).unwrap();
    let ids: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "Qwen/Qwen3-8B",
            "Qwen/Qwen3-8B:nscale",
            "Qwen/Qwen3-8B:together",
            "org/unpriced",
            "org/unpriced:a",
            "org/unpriced:b"
        ]
    );
    close(models[0].price.unwrap(), 0.18, 0.4);
    assert_eq!(models[0].context_tokens, Some(40_960));
    close(models[2].price.unwrap(), 0.18, 0.2);
    assert_eq!(models[1].context_tokens, Some(32_768));
    assert_eq!(models[3].price, None, "one of its providers does not say");
}

#[test]
fn servers_on_this_machine_say_the_context_in_their_own_ways() {
    let llama = json!({"models": [{"name": "m.gguf", "model": "m.gguf"}], "object": "list",
        "data": [{"id": "m.gguf", "meta": {"n_ctx_train": 8192, "n_params": 1}}]});
    assert_eq!(only(&llama).context_tokens, Some(8192));
    let vllm = json!({"data": [{"id": "m", "max_model_len": 4096}]});
    assert_eq!(only(&vllm).context_tokens, Some(4096));
    let studio = json!({"data": [
        {"id": "m", "type": "llm", "max_context_length": 32_768, "loaded_context_length": 2048},
        {"id": "e", "type": "embeddings", "max_context_length": 512},
    ]});
    assert_eq!(only(&studio).context_tokens, Some(2048));
    let ollama = json!({"object": "list", "data": [{"id": "llama3.2:1b", "owned_by": "library"}]});
    let listed = only(&ollama);
    assert_eq!((listed.id.as_str(), listed.context_tokens), ("llama3.2:1b", None));
    let native = json!({"models": [{"name": "llama3.2:1b", "size": 1}]});
    assert_eq!(only(&native).id, "llama3.2:1b");
    let together = json!([{"id": "m", "type": "chat", "context_length": 10,
        "pricing": {"input": 0.2, "output": 0.2, "hourly": 0}}]);
    close(only(&together).price.unwrap(), 0.2, 0.2);
    assert_eq!(only(&json!({"data": ["plain"]})).id, "plain");
}

#[test]
fn what_is_no_list_is_none_and_what_is_no_model_is_left_out() {
    for list in [json!(null), json!({}), json!({"data": {}}), json!("x"), json!({"data": null})] {
        assert_eq!(read(&list, &[]), None, "{list}");
    }
    let odd = json!({"data": [
        {}, 7, null, {"id": ""}, {"id": 3}, {"id": "a\nb"}, {"id": "x".repeat(301)}, {"id": " "},
        {"id": "ö".repeat(300)},
    ]});
    assert_eq!(ids(&odd, &[]).len(), 1);
    assert_eq!(read(&json!({"data": []}), &[]), Some(Vec::new()));
}

#[test]
fn an_account_is_told_but_no_part_of_a_key() {
    assert_eq!(account(&json!({"name": "ada", "auth": {}})).as_deref(), Some("ada"));
    assert_eq!(account(&json!({"data": {"label": "desk"}})).as_deref(), Some("desk"));
    assert_eq!(account(&json!({"data": {"label": "sk-or-v1-abc...123"}})), None);
    assert_eq!(account(&json!({"name": "a\u{1b}[0m"})), None);
    assert_eq!(account(&json!({})), None);
}
