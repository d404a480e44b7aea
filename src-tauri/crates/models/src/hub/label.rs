//! Which quantisation a file has, by its name. Nobody ever wrote down how files are called, so this
//! knows what uploaders do; the header of the file says it for certain, once it is read.

/// What may follow `Q4_`, as words between underscores.
const ENDINGS: [&str; 23] = [
    "0", "1", "2", "3", "4", "8", "K", "S", "M", "L", "XL", "XXL", "XS", "XXS", "NL", "KS", "KSS",
    "KL", "KT", "R4", "R8", "P", "H",
];

/// Kinds that are no number of bits and its ending. Longer ones in front of their beginnings.
const KINDS: [&str; 12] = [
    "MXFP4_MOE",
    "MXFP4",
    "NVFP4",
    "BF16",
    "FP32",
    "FP16",
    "FP8",
    "FP4",
    "F64",
    "F32",
    "F16",
    "I2_S",
];

/// Where a split file stands among its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Counted from 1.
    pub(super) number: u32,
    pub(super) count: u32,
}

/// A path without its ending, and where it stands if it is one part of a file that was split.
pub(super) fn stem_and_part<'a>(path: &'a str, ending: &str) -> Option<(&'a str, Option<Part>)> {
    let cut = path.len().checked_sub(ending.len())?;
    let stem = path.get(..cut)?;
    if !path[cut..].eq_ignore_ascii_case(ending) {
        return None;
    }
    Some(split_of(stem).map_or((stem, None), |(stem, part)| (stem, Some(part))))
}

/// `-00001-of-00003` at the end.
fn split_of(stem: &str) -> Option<(&str, Part)> {
    let number = |digits: &str| {
        let all = digits.len() == 5 && digits.bytes().all(|digit| digit.is_ascii_digit());
        all.then(|| digits.parse::<u32>().ok())?
    };
    let (front, count) = stem.rsplit_once("-of-")?;
    let (front, at) = front.rsplit_once('-')?;
    let part = Part { number: number(at)?, count: number(count)? };
    (1..=part.count).contains(&part.number).then_some((front, part))
}

/// The quantisation in the name of a file, or else in that of the nearest folder. The path comes
/// without its ending.
pub(crate) fn label_of(stem: &str) -> Option<String> {
    stem.rsplit('/').find_map(label_in)
}

/// The last quantisation in one name: what comes before is what the file was made from.
fn label_in(name: &str) -> Option<String> {
    let name = name.to_ascii_uppercase();
    let mut found = None;
    for (start, _) in name.char_indices() {
        let before = name[..start].chars().next_back();
        if before.is_some_and(char::is_alphanumeric) {
            continue;
        }
        let Some(length) = quantisation(&name[start..]) else { continue };
        let mixed =
            name[..start].ends_with("UD-") && !name[..start - 3].ends_with(char::is_alphanumeric);
        let start = if mixed { start - 3 } else { start };
        let end = start + length + if mixed { 3 } else { 0 };
        found = Some(name[start..end].to_owned());
    }
    found
}

/// How many bytes at the beginning name a quantisation.
fn quantisation(text: &str) -> Option<usize> {
    let is_end = |length: usize| !text[length..].starts_with(char::is_alphanumeric);
    let kind = KINDS.iter().find(|kind| text.starts_with(**kind) && is_end(kind.len()));
    if let Some(kind) = kind {
        return Some(kind.len());
    }
    let bits = text.strip_prefix("IQ").or_else(|| text.strip_prefix("TQ"));
    let bits = bits.or_else(|| text.strip_prefix('Q'))?;
    if !bits.starts_with(|digit: char| ('1'..='8').contains(&digit)) {
        return None;
    }
    let mut length = text.len() - bits.len() + 1;
    while let Some(rest) = text[length..].strip_prefix('_') {
        let word = rest.split(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
        if !ENDINGS.contains(&word) {
            break;
        }
        length += 1 + word.len();
    }
    is_end(length).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantisations_are_found_in_the_names_that_there_are() {
        let cases = [
            ("Qwen3-4B-Instruct-2507-Q4_K_M.gguf", "Q4_K_M"),
            ("Qwen3-4B-Instruct-2507-UD-Q4_K_XL.gguf", "UD-Q4_K_XL"),
            ("qwen2.5-7b-instruct-q8_0.gguf", "Q8_0"),
            ("qwen2.5-7b-instruct-q4_k_m-00001-of-00002.gguf", "Q4_K_M"),
            ("mistral-7b-instruct-v0.1.Q5_K_S.gguf", "Q5_K_S"),
            ("Meta-Llama-3.1-8B-Instruct-IQ2_XXS.gguf", "IQ2_XXS"),
            ("Meta-Llama-3.1-8B-Instruct-IQ4_NL.gguf", "IQ4_NL"),
            ("Meta-Llama-3.1-8B-Instruct-Q4_0_4_4.gguf", "Q4_0_4_4"),
            ("Meta-Llama-3.1-8B-Instruct-Q4_0_8_8.gguf", "Q4_0_8_8"),
            ("Meta-Llama-3.1-8B-Instruct-Q6_K_L.gguf", "Q6_K_L"),
            ("Meta-Llama-3.1-8B-Instruct-Q6_K.gguf", "Q6_K"),
            ("Model.i1-IQ3_M.gguf", "IQ3_M"),
            ("Model.i1-Q4_K_S.gguf", "Q4_K_S"),
            ("Phi-3-mini-4k-instruct-q4.gguf", "Q4"),
            ("Phi-3-mini-4k-instruct-fp16.gguf", "FP16"),
            ("gemma-3-270m-it-qat-q4_0.gguf", "Q4_0"),
            ("gemma-3-270m-it-BF16.gguf", "BF16"),
            ("gemma-3-270m-it-F16.gguf", "F16"),
            ("llama-3.2-1b-instruct.f32.gguf", "F32"),
            ("gpt-oss-20b-mxfp4.gguf", "MXFP4"),
            ("gpt-oss-20b-MXFP4_MOE.gguf", "MXFP4_MOE"),
            ("Qwen3-Coder-NVFP4.gguf", "NVFP4"),
            ("DeepSeek-R1-UD-IQ1_S-00001-of-00003.gguf", "UD-IQ1_S"),
            ("DeepSeek-R1-0528-UD-TQ1_0.gguf", "UD-TQ1_0"),
            ("ggml-model-i2_s.gguf", "I2_S"),
            ("ggml-model-Q4_K_M.gguf", "Q4_K_M"),
            ("model_q5_1.gguf", "Q5_1"),
            ("SmolLM2-135M-Instruct-Q4_1.GGUF", "Q4_1"),
            ("Q4_K_M.gguf", "Q4_K_M"),
            ("Q4_K_M/model-00001-of-00003.gguf", "Q4_K_M"),
            ("UD-Q2_K_XL/model.gguf", "UD-Q2_K_XL"),
            ("BF16/DeepSeek-V3.BF16-00001-of-00030.gguf", "BF16"),
            ("gguf/q8_0/x.gguf", "Q8_0"),
            // What it was made from stands in front, what was done besides behind.
            ("Model-bf16-Q2_K.gguf", "Q2_K"),
            ("Model-Q4_K_M-imat.gguf", "Q4_K_M"),
            ("Model-Q8_0 (1).gguf", "Q8_0"),
            ("Kimi-K2-Instruct-IQ4_KSS.gguf", "IQ4_KSS"),
            ("Qwen3-30B-IQ4_KS_R4.gguf", "IQ4_KS_R4"),
            ("Qwen3-30B-Q4_0_v2.gguf", "Q4_0"),
        ];
        for (path, label) in cases {
            let (stem, _) = stem_and_part(path, ".gguf").unwrap();
            assert_eq!(label_of(stem).as_deref(), Some(label), "{path}");
        }
    }

    #[test]
    fn other_names_have_none() {
        let cases = [
            "tinyllama",
            "Qwen2-7B",
            "model-q9_0",
            "model-q0",
            "xq4_0",
            "AQ4_K_M",
            "model-4bit",
            "F160",
            "BF16x",
            "Q4X",
            "",
            "a/b",
            "é-Q",
            "Q",
            "IQ",
            "-Q4é",
        ];
        for stem in cases {
            assert_eq!(label_of(stem), None, "{stem}");
        }
    }

    #[test]
    fn parts_are_counted_from_one_with_five_digits() {
        fn of(path: &str) -> Option<(&str, Option<Part>)> {
            stem_and_part(path, ".gguf")
        }
        let part = |number, count| Some(Part { number, count });
        assert_eq!(of("a/b-00002-of-00010.gguf"), Some(("a/b", part(2, 10))));
        for name in [
            "b-00000-of-00002",
            "b-00003-of-00002",
            "b-1-of-2",
            "b-00001-of-",
            "-of-",
            "of-00001",
            "b-00001-of-+0002",
            "b-00001of-00002",
        ] {
            let path = format!("{name}.gguf");
            assert_eq!(of(&path), Some((name, None)), "{name}");
        }
        for path in ["a.bin", "gguf", "a.gguf.part1of2", "é", ""] {
            assert_eq!(of(path), None, "{path}");
        }
    }
}
