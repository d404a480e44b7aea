use super::dissect::dissect;
use crate::writer::{File, array, text, texts, u32_value};

/// Headers of real models, with the lists of tokens cut short: see `corpus/cut.py`. The
/// vocabularies are those that llama.cpp tests itself with.
const REAL: [&[u8]; 6] = [
    include_bytes!("../corpus/smollm2.header"),
    include_bytes!("../corpus/gemma3.header"),
    include_bytes!("../corpus/vocabulary-gemma-4.header"),
    include_bytes!("../corpus/vocabulary-nomic-bert-moe.header"),
    include_bytes!("../corpus/vocabulary-phi-3.header"),
    include_bytes!("../corpus/vocabulary-qwen35.header"),
];

/// Sound files: small ones that have something of everything, and headers of real models.
pub fn seeds() -> Vec<File> {
    let sound = File::sound;
    let every_kind = (0..13_u32).filter(|&kind| kind != 9).fold(sound(), |file, kind| {
        let value = if kind == 8 { text("x").1 } else { vec![1; 8] };
        let bytes = [1, 1, 2, 2, 4, 4, 4, 1, 9, 0, 8, 8, 8][kind as usize];
        file.with(&format!("kind.{kind}"), (kind, value[..bytes].to_vec()))
            .with(&format!("list.{kind}"), array(kind, 2, &value[..bytes].repeat(2)))
    });
    let of = |architecture: &str, counts: &[(&str, u32)]| {
        let own = |(name, count): &(&str, u32)| (format!("{architecture}.{name}"), *count);
        let file = sound().with("general.architecture", text(architecture));
        counts.iter().map(own).fold(file, |file, (key, count)| file.with(&key, u32_value(count)))
    };
    let sized = [("block_count", 26), ("embedding_length", 64), ("attention.head_count", 4)];
    let with = |more: &[(&'static str, u32)]| [&sized[..], more].concat();
    let gemma = of("gemma3", &with(&[("attention.sliding_window", 512)]))
        .with("gemma3.attention.sliding_window_pattern", array(7, 26, &[1; 26]));
    let hybrid = [("ssm.inner_size", 128), ("ssm.state_size", 16), ("full_attention_interval", 4)];
    let hybrid = of("qwen35", &with(&hybrid));
    let experts = of("llama", &with(&[("expert_count", 8), ("expert_used_count", 2)]))
        .with_tensor(|tensor| tensor.name = b"blk.0.ffn_up_exps.weight".to_vec());
    let layered = of("llama", &with(&[("shortconv.l_cache", 3)]))
        .with("llama.attention.head_count_kv", array(4, 26, &[2; 104]));
    let split = sound().with("split.no", u32_value(0)).with("split.count", u32_value(2));
    let aligned = File { alignment: 64, ..sound() }.with("general.alignment", u32_value(64));
    let long = sound().with("tokenizer.ggml.tokens", texts(&vec!["token"; 1500]));
    let bare = File { tensors: Vec::new(), data_bytes: 0, ..sound() };
    let made = [sound(), every_kind, gemma, hybrid, experts, layered, split, aligned, long, bare];
    let mut seeds: Vec<File> = made.into();
    for seed in &mut seeds {
        seed.lay_out();
    }
    seeds.extend(REAL.iter().map(|bytes| dissect(bytes)));
    seeds
}
