//! Checkpoints, and answers to batches.
#![expect(clippy::unwrap_used, reason = "in a test a failed step is the failure")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use braincells_llm::{
    BatchEventKind, LLMEngine, LLMError, LLMRequest, LLMResponse, Message, RequestId, Role,
};
use braincells_mlx::LoadOptions;
use braincells_mlx::native::MlxEngine;
use futures::StreamExt;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Something that `scripts/mlx/reference` has made.
#[expect(clippy::disallowed_methods, reason = "the one setting that tests take from outside")]
pub fn reference(name: &str) -> PathBuf {
    let all = std::env::var_os("BRAINCELLS_MLX_REFERENCE")
        .expect("BRAINCELLS_MLX_REFERENCE must name the references: run scripts/test-mlx");
    PathBuf::from(all).join(name)
}

/// A copy of a tiny checkpoint with a tokenizer, whose words are the printable letters of ASCII.
/// What it says is noise, and all that the engine does with noise must be right.
pub fn tiny(name: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(reference("tiny").join(name)).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let letters = std::iter::once('Ċ').chain(std::iter::once('Ġ')).chain('!'..='~');
    let mut words: serde_json::Map<String, Value> =
        letters.zip(0..).map(|(letter, token)| (letter.to_string(), json!(token))).collect();
    let marks = ["<|im_start|>", "<|im_end|>"];
    let first = words.len();
    for (token, mark) in (first..).zip(marks) {
        words.insert(mark.to_owned(), json!(token));
    }
    let added: Vec<Value> = (first..)
        .zip(marks)
        .map(|(token, mark)| {
            json!({"id": token, "content": mark, "special": true, "single_word": false,
                   "lstrip": false, "rstrip": false, "normalized": false})
        })
        .collect();
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null,
        "post_processor": null, "added_tokens": added,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": false},
        "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
        "model": {"type": "BPE", "vocab": words, "merges": [], "unk_token": null, "dropout": null,
                  "continuing_subword_prefix": null, "end_of_word_suffix": null,
                  "fuse_unk": false, "byte_fallback": false}
    });
    let settings = json!({
        "eos_token": "<|im_end|>",
        "chat_template": "{% for message in messages %}<|im_start|>{{ message.role }}\n\
            {{ message.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
    });
    std::fs::write(folder.path().join("tokenizer.json"), tokenizer.to_string()).unwrap();
    std::fs::write(folder.path().join("tokenizer_config.json"), settings.to_string()).unwrap();
    folder
}

/// An engine for so many rows at once.
pub fn load(folder: &Path, parallel_requests: u32) -> Result<MlxEngine, LLMError> {
    let options = LoadOptions { parallel_requests, ..LoadOptions::default() };
    MlxEngine::load(folder, &options, |_| true)
}

/// A question as a column asks it: with rules that all rows share.
pub fn question(text: &str) -> LLMRequest {
    let rules = "Follow these rules, which are the same for every row of the column.";
    LLMRequest::new("m", vec![Message::new(Role::System, rules), Message::new(Role::User, text)])
}

/// How each request of a batch ended, in their order. Deltas of an answer are its beginning, and
/// each request starts and ends once.
pub fn ends(
    engine: &dyn LLMEngine,
    requests: Vec<LLMRequest>,
) -> Vec<Result<LLMResponse, LLMError>> {
    futures::executor::block_on(async {
        let requests = (0..).map(RequestId).zip(requests);
        let mut events = engine.generate_batch(futures::stream::iter(requests).boxed());
        let (mut ends, mut deltas) = (BTreeMap::new(), BTreeMap::<RequestId, String>::new());
        while let Some(event) = events.next().await {
            let end = match event.kind {
                BatchEventKind::Done(response) => {
                    let text = deltas.remove(&event.id).unwrap_or_default();
                    assert!(response.content.starts_with(&text), "{text} of {response:?}");
                    Ok(*response)
                }
                BatchEventKind::Failed(error) => Err(error),
                BatchEventKind::Delta(text) => {
                    deltas.entry(event.id).or_default().push_str(&text);
                    continue;
                }
                BatchEventKind::Started | BatchEventKind::Spent { .. } => continue,
            };
            assert!(ends.insert(event.id, end).is_none(), "one end for each");
        }
        ends.into_values().collect()
    })
}

/// The answers to a batch, in its order.
pub fn answers(engine: &dyn LLMEngine, requests: Vec<LLMRequest>) -> Vec<LLMResponse> {
    ends(engine, requests).into_iter().map(|end| end.expect("an answer")).collect()
}
