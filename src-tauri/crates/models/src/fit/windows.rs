//! Which layers look back only over a window, and which keep a state instead of keys and values.
//!
//! The lists of architectures are not complete: llama.cpp has others, which few people use. A
//! model of one that is missing is estimated too large, as if all its layers saw everything.

use crate::gguf::{Gguf, Value};

/// Architectures whose layers have a window although their files do not say which: every
/// `period`-th layer sees everything, the others a window. From `src/models/*.cpp` of llama.cpp,
/// where each calls `load_swa_pattern`; `window` is its default where the file names none.
const PATTERNS: [(&str, u64, Option<u64>); 12] = [
    ("gemma2", 2, Some(4096)),
    ("gemma3", 6, None),
    ("gemma3n", 5, None),
    ("gpt-oss", 2, None),
    ("cohere2", 4, None),
    ("olmo2", 4, None),
    ("muse-glimmer", 4, None),
    ("llama4", 4, Some(8192)),
    ("exaone-moe", 4, None),
    ("afmoe", 4, None),
    ("mellum", 4, None),
    ("plamo3", 8, None),
];

/// Architectures in which every n-th layer attends and the others keep a state: `qwen35.cpp`,
/// `qwen35moe.cpp`, `qwen3next.cpp`. The file's `full_attention_interval` comes first.
const HYBRIDS: [&str; 3] = ["qwen35", "qwen35moe", "qwen3next"];
const FULL_ATTENTION_INTERVAL: u64 = 4;
/// The architecture whose layers have both a state, and keys and values: `create_memory` in
/// `llama-model.cpp` filters none of them out.
const BOTH_AT_ONCE: &str = "falcon-h1";

/// Layers that have keys and values of their own in `gemma3n.cpp`; the others use those.
const GEMMA3N_OWN_LAYERS: u64 = 20;

/// The window of each layer; `None` for one that sees everything.
pub(super) fn windows(model: &Gguf, layers: u64) -> Vec<Option<u64>> {
    let everything = vec![None; layers as usize];
    let architecture = model.architecture().unwrap_or_default();
    let known = PATTERNS.iter().find(|pattern| pattern.0 == architecture);
    let default = known.and_then(|pattern| pattern.2);
    // A window of 0 in the file means none, which is another thing than a file that says nothing.
    if model.own_count("attention.sliding_window") == Some(0) {
        return everything;
    }
    let Some(window) = model.sliding_window().or(default) else { return everything };
    let own = model.own("attention.sliding_window_pattern");
    if let Some(each) = own.and_then(Value::as_array).and_then(|array| array.items.as_ref()) {
        let has_window = |layer: u64| each.get(layer as usize).and_then(Value::as_bool);
        return (0..layers)
            .map(|layer| (has_window(layer) == Some(true)).then_some(window))
            .collect();
    }
    // `set_swa_pattern`: the last of each period sees everything; a period of 0 is all windows.
    let Some(period) = own.and_then(Value::as_count).or(known.map(|pattern| pattern.1)) else {
        return everything;
    };
    let has_window = |layer: u64| period == 0 || layer % period < period - 1;
    (0..layers).map(|layer| has_window(layer).then_some(window)).collect()
}

/// Whether each layer keeps a state instead of keys and values.
pub(super) fn recurrent(model: &Gguf, layers: u64, kv_heads: &[u64]) -> Vec<bool> {
    let architecture = model.architecture().unwrap_or_default();
    if HYBRIDS.contains(&architecture) {
        let interval = model.own_count("full_attention_interval").filter(|&interval| interval > 0);
        let interval = interval.unwrap_or(FULL_ATTENTION_INTERVAL);
        return (0..layers).map(|layer| (layer + 1) % interval != 0).collect();
    }
    kv_heads.iter().map(|&heads| heads == 0).collect()
}

/// Whether each layer keeps a state besides keys and values.
pub(super) fn keeps_both(model: &Gguf) -> bool {
    model.architecture() == Some(BOTH_AT_ONCE)
}

/// How many layers, from the first, have keys and values of their own.
pub(super) fn own_layers(model: &Gguf, layers: u64) -> u64 {
    let shared = model.own_count("attention.shared_kv_layers").unwrap_or(0);
    match model.architecture() {
        Some("gemma3n") => GEMMA3N_OWN_LAYERS.min(layers),
        _ => layers.saturating_sub(shared),
    }
}
