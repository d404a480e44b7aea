//! A repository for MLX: all files that the model needs, and no program among them.

use super::choice::Choice;
use super::files::{HubFile, Notes};
use super::label::stem_and_part;

/// Files that belong to a model, by their endings: weights, settings, vocabularies, templates.
const ENDINGS: [&str; 6] = [".safetensors", ".json", ".jinja", ".tiktoken", ".model", ".txt"];

/// Whether a checkpoint for MLX has a file of this name, seen from its folder: what is downloaded of a
/// repository, and what a model on the disk is. Folders within have other forms of the same weights.
pub fn is_checkpoint_file(path: &str) -> bool {
    let name = path.to_ascii_lowercase();
    let is_text =
        |text: &str| ["readme", "license", "notice"].iter().any(|word| text.contains(word));
    !path.contains('/') && ENDINGS.iter().any(|ending| name.ends_with(ending)) && !is_text(&name)
}

/// Whether this has weights.
pub(super) fn is_weights(path: &str) -> bool {
    path.to_ascii_lowercase().ends_with(".safetensors")
}

/// All files as one choice, if the model is whole.
pub(super) fn choice(
    repository: &str,
    mut files: Vec<HubFile>,
    notes: &mut Notes,
) -> Option<Choice> {
    let parts: Vec<_> = files
        .iter()
        .filter_map(|file| Some((file, stem_and_part(&file.path, ".safetensors")?)))
        .collect();
    if parts.is_empty() {
        return None;
    }
    for (file, (stem, part)) in &parts {
        let Some(part) = part else { continue };
        let same = |(other, count): (&str, u32)| other == *stem && count == part.count;
        let there = parts
            .iter()
            .filter(|(_, (stem, part))| part.is_some_and(|part| same((stem, part.count))))
            .count();
        if there != part.count as usize {
            notes.add(format!(
                "`{}` is one of {} parts, and {there} are there",
                file.path, part.count
            ));
            return None;
        }
    }
    if !files.iter().any(|file| file.path == "config.json") {
        notes.add("it has no `config.json`, without which its weights mean nothing".to_owned());
        return None;
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Some(Choice::new(label_of(repository), files))
}

/// How small it was made, by the name of the repository: `4bit`, `bf16`.
fn label_of(repository: &str) -> String {
    let is_bits = |word: &&str| {
        let bits = word.to_ascii_lowercase();
        let number = bits.strip_suffix("bit").or_else(|| bits.strip_suffix("bits"));
        number.is_some_and(|number| number.parse::<f32>().is_ok())
            || ["bf16", "fp16", "f16", "fp32", "f32", "mxfp4", "mxfp8", "nvfp4"].contains(&&*bits)
    };
    let words = repository.rsplit(['/', '-', '_']);
    words.into_iter().find(is_bits).map_or("MLX".to_owned(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(repository: &str, paths: &[&str]) -> (Option<Choice>, Vec<String>) {
        let file = |path: &&str| HubFile {
            path: (*path).to_owned(),
            bytes: 5,
            sha256: None,
            git_sha1: None,
        };
        let files = paths.iter().filter(|path| is_checkpoint_file(path)).map(file).collect();
        let mut notes = Notes::default();
        (choice(repository, files, &mut notes), notes.into_lines())
    }

    #[test]
    fn all_files_but_programs_and_prose_are_one_choice() {
        let (choice, notes) = chosen(
            "mlx-community/Qwen3-1.7B-4bit",
            &[
                "README.md",
                "LICENSE.txt",
                "tokenizer.json",
                "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors",
                "model.safetensors.index.json",
                "config.json",
                "chat_template.jinja",
                "merges.txt",
                "run.py",
                "onnx/model.safetensors",
                ".gitattributes",
            ],
        );
        let choice = choice.unwrap();
        assert_eq!((choice.label.as_str(), choice.files.len(), choice.bytes), ("4bit", 7, 35));
        assert!(notes.is_empty());
    }

    #[test]
    fn half_a_model_is_none() {
        let cases: [(&[&str], usize); 4] = [
            (&["config.json", "tokenizer.json"], 0),
            (&["model.safetensors"], 1),
            (&["config.json", "model-00001-of-00002.safetensors"], 1),
            (&["config.json", "a-00001-of-00002.safetensors", "b-00002-of-00002.safetensors"], 1),
        ];
        for (paths, due) in cases {
            let (choice, notes) = chosen("o/n", paths);
            assert!(choice.is_none(), "{paths:?}");
            assert_eq!(notes.len(), due, "{paths:?}");
        }
    }

    #[test]
    fn the_name_says_how_small_it_is() {
        let cases = [
            ("mlx-community/Qwen3-1.7B-4bit", "4bit"),
            ("mlx-community/Qwen3-4B-4bit-DWQ", "4bit"),
            ("mlx-community/gemma-3-1b-it-bf16", "bf16"),
            ("mlx-community/gpt-oss-20b-MXFP4-Q8", "MXFP4"),
            ("o/Model-MLX-6.5bit", "6.5bit"),
            ("o/Model-MLX-8bits", "8bits"),
            ("o/Model", "MLX"),
        ];
        for (repository, label) in cases {
            assert_eq!(label_of(repository), label, "{repository}");
        }
    }
}
