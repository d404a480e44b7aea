//! What is loaded is freed. A process of its own: MLX counts the arrays of all threads.

mod support;

use braincells_llm::{LLMError, LLMRequest};
use braincells_mlx::LoadOptions;
use braincells_mlx::native::MlxEngine;
use braincells_mlx::native::memory::{MOST_KEPT, active_bytes, limit_kept};

use support::{answers, load, question, reference, tiny};

#[test]
fn dropping_the_engine_frees_the_model() {
    let before = active_bytes().unwrap();
    let folder = reference("smollm2-4bit");
    let engine = load(&folder, 4).unwrap();
    let loaded = active_bytes().unwrap() - before;
    let file = std::fs::metadata(folder.join("model.safetensors")).unwrap().len() as usize;
    assert!(loaded > file, "{loaded} of {file}: scales take more than in the file");
    let request = LLMRequest { max_tokens: Some(1), ..question("Hi") };
    assert_eq!(answers(&engine, vec![request]).len(), 1);
    drop(engine);
    let left = active_bytes().unwrap() - before;
    assert!(left < loaded / 1000, "{left} bytes of {loaded} are left");

    // A model that is switched for another leaves nothing either.
    for name in ["qwen3", "gemma3", "llama-4bit"] {
        let folder = tiny(name);
        let engine = load(folder.path(), 8).unwrap();
        let requests =
            (0..20).map(|row| LLMRequest { max_tokens: Some(4), ..question(&row.to_string()) });
        assert_eq!(answers(&engine, requests.collect()).len(), 20);
    }
    let left = active_bytes().unwrap() - before;
    assert!(left < loaded / 1000, "{left} bytes are left");

    // Nor does one that is refused, in the middle of its files or before, or whose load is stopped.
    let broken = tiny("gemma3");
    let weights = broken.path().join("model.safetensors");
    let whole = std::fs::read(&weights).unwrap();
    std::fs::write(&weights, &whole[..whole.len() - 1]).unwrap();
    assert!(matches!(load(broken.path(), 8), Err(LLMError::ModelBroken { .. })));
    let stopped = MlxEngine::load(&folder, &LoadOptions::default(), |part| part < 0.7);
    assert!(matches!(stopped.map(|_| ()), Err(LLMError::Cancelled)));
    let panicked =
        MlxEngine::load(&folder, &LoadOptions::default(), |part| part < 0.7 || panic!("stop"));
    assert!(matches!(panicked.map(|_| ()), Err(LLMError::ModelBroken { .. })));
    let left = active_bytes().unwrap() - before;
    assert!(left < loaded / 1000, "{left} bytes are left");

    // What is gone is not kept for ever, however much there is of it.
    assert_eq!(limit_kept(MOST_KEPT).unwrap(), MOST_KEPT, "the load has set it");
}
