//! What is loaded is freed. A process of its own: MLX counts the arrays of all threads.

mod support;

use braincells_llm::LLMRequest;
use braincells_mlx::native::memory::active_bytes;

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

    // A model that is refused or switched for another leaves nothing either.
    for name in ["qwen3", "gemma3", "llama-4bit"] {
        let folder = tiny(name);
        let engine = load(folder.path(), 8).unwrap();
        let requests =
            (0..20).map(|row| LLMRequest { max_tokens: Some(4), ..question(&row.to_string()) });
        assert_eq!(answers(&engine, requests.collect()).len(), 20);
    }
    let left = active_bytes().unwrap() - before;
    assert!(left < loaded / 1000, "{left} bytes are left");
}
