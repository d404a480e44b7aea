//! Which models this llama.cpp knows how to compute, by the name that a header or the hub has for
//! how they are built. Asked before gigabytes are fetched that it would refuse to load.

/// `LLM_ARCH_NAMES` in `llama-arch.cpp`, without what stands there for a name that is not known; a
/// test compares the two. With projectors, `clip`: they answer nothing, but the hub calls a
/// repository after whichever of its files it looked into.
const ARCHITECTURES: [&str; 154] = [
    "afmoe",
    "apertus",
    "arcee",
    "arctic",
    "arwkv7",
    "baichuan",
    "bailingmoe",
    "bailingmoe2",
    "bailingmoe3",
    "bert",
    "bitnet",
    "bloom",
    "chameleon",
    "chatglm",
    "clef",
    "clip",
    "codeshell",
    "cogvlm",
    "cohere2",
    "cohere2moe",
    "command-r",
    "dbrx",
    "deci",
    "deepseek",
    "deepseek2",
    "deepseek2-ocr",
    "deepseek32",
    "deepseek4",
    "dflash",
    "dots1",
    "dots3note",
    "dream",
    "eagle3",
    "ernie4_5",
    "ernie4_5-moe",
    "eurobert",
    "exaone",
    "exaone-moe",
    "exaone4",
    "falcon",
    "falcon-h1",
    "gemma",
    "gemma-embedding",
    "gemma2",
    "gemma3",
    "gemma3n",
    "gemma4",
    "gemma4-assistant",
    "glm-dsa",
    "glm4",
    "glm4moe",
    "glm5-next",
    "gpt-oss",
    "gpt2",
    "gptj",
    "gptneox",
    "granite",
    "granite_swa",
    "granitehybrid",
    "granitemoe",
    "graniteswitch",
    "grok",
    "grovemoe",
    "hrm_text",
    "hunyuan-dense",
    "hunyuan-moe",
    "hunyuan_vl",
    "hy_v3",
    "hy_v4",
    "internlm2",
    "jais",
    "jais2",
    "jamba",
    "jina-bert-v2",
    "jina-bert-v3",
    "kimi-k3",
    "kimi-linear",
    "laguna",
    "lfm2",
    "lfm2moe",
    "llada",
    "llada-moe",
    "llama",
    "llama-embed",
    "llama4",
    "maincoder",
    "mamba",
    "mamba2",
    "maple",
    "mellum",
    "mimo2",
    "minicpm",
    "minicpm3",
    "minimax-01",
    "minimax-m2",
    "minimax-m3",
    "mistral3",
    "mistral4",
    "modern-bert",
    "mpt",
    "muse-glimmer",
    "nanbeige",
    "nemotron",
    "nemotron_h",
    "nemotron_h_moe",
    "neo-bert",
    "nomic-bert",
    "nomic-bert-moe",
    "olmo",
    "olmo2",
    "olmoe",
    "openelm",
    "orion",
    "paddleocr",
    "pangu-embedded",
    "phi2",
    "phi3",
    "phimoe",
    "plamo",
    "plamo2",
    "plamo3",
    "plm",
    "pockettts",
    "qwen",
    "qwen2",
    "qwen2moe",
    "qwen2vl",
    "qwen3",
    "qwen35",
    "qwen35moe",
    "qwen3moe",
    "qwen3next",
    "qwen3tts",
    "qwen3vl",
    "qwen3vlmoe",
    "qwen4exp",
    "refact",
    "rnd1",
    "rwkv6",
    "rwkv6qwen2",
    "rwkv7",
    "seed_oss",
    "smallthinker",
    "smollm3",
    "spark2_5",
    "stablelm",
    "starcoder",
    "starcoder2",
    "step35",
    "t5",
    "t5encoder",
    "talkie",
    "wavtokenizer-dec",
    "xverse",
];

/// Whether llama.cpp has code for models that are built so.
#[must_use]
pub fn knows_architecture(name: &str) -> bool {
    ARCHITECTURES.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::LLAMA_SYS_VERSION;
    use super::*;

    /// `llama-arch.cpp` of the pinned crate, where cargo unpacked it to build this test.
    #[expect(clippy::disallowed_methods, reason = "cargo says in the environment where that is")]
    fn source() -> String {
        let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let of_user = std::env::home_dir().map(|home| home.join(".cargo"));
        let homes: Vec<PathBuf> = cargo_home.into_iter().chain(of_user).collect();
        let registries = homes.iter().filter_map(|home| home.join("registry/src").read_dir().ok());
        let file = format!("llama-cpp-sys-2-{LLAMA_SYS_VERSION}/llama.cpp/src/llama-arch.cpp");
        let mut found = registries.flatten().flatten().map(|one| one.path().join(&file));
        let path = found.find(|path| path.exists());
        let path = path.unwrap_or_else(|| panic!("no `{file}` in the registries of {homes:?}"));
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn the_list_is_that_of_the_llama_cpp_that_is_built_in() {
        let source = source();
        let (_, table) = source.split_once("LLM_ARCH_NAMES = {").unwrap();
        let (table, _) = table.split_once("\n};").unwrap();
        let quoted = |line: &str| Some(line.split('"').nth(1)?.to_owned());
        let mut names: Vec<String> = table.lines().filter_map(quoted).collect();
        names.retain(|name| name != "(unknown)");
        names.sort();
        assert_eq!(names, ARCHITECTURES);
    }

    #[test]
    fn a_name_is_known_as_it_is_written() {
        for name in ["llama", "qwen3", "gemma3", "gpt-oss", "smollm3"] {
            assert!(knows_architecture(name), "{name}");
        }
        for name in ["", "Llama", "(unknown)", "llama99"] {
            assert!(!knows_architecture(name), "{name}");
        }
    }
}
