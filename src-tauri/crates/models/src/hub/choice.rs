//! The quantisations of a repository of GGUF files: which files are one, and what it is called.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::files::{HubFile, Notes};
use super::label::{Part, label_of, stem_and_part};

/// One quantisation, which may have several files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Choice {
    /// What it is called; no other of its repository is called so.
    pub label: String,
    /// Its files. The parts of a model that was split are in their order.
    pub files: Vec<HubFile>,
    /// The sum of their sizes.
    pub bytes: u64,
}

impl Choice {
    pub(super) fn new(label: String, files: Vec<HubFile>) -> Self {
        let bytes = files.iter().fold(0, |sum: u64, file| sum.saturating_add(file.bytes));
        Self { label, files, bytes }
    }
}

/// Whether this is a file that llama.cpp reads, by its name.
pub(super) fn is_gguf(path: &str) -> bool {
    stem_and_part(path, ".gguf").is_some()
}

/// Whether this has to be joined by hand before it is one.
pub(super) fn is_torn(path: &str) -> bool {
    let name = path.to_ascii_lowercase();
    name.contains(".gguf.part") || name.contains(".gguf-split-")
}

/// Files sorted out.
pub(super) struct Grouped {
    /// Smallest first.
    pub(super) choices: Vec<Choice>,
    /// What makes pictures into tokens, for models that see.
    pub(super) projectors: Vec<HubFile>,
}

/// Sorts the GGUF files of a repository out. What cannot be used alone is noted.
pub(super) fn group(files: Vec<HubFile>, notes: &mut Notes) -> Grouped {
    let mut whole = Vec::new();
    let mut split: BTreeMap<(String, u32), Vec<(u32, HubFile)>> = BTreeMap::new();
    let mut projectors = Vec::new();
    for file in files {
        let name = file.name().to_ascii_lowercase();
        if name.contains("mmproj") {
            projectors.push(file);
            continue;
        }
        if name.contains("imatrix") {
            // What quantisations were made with. It has the ending and is no model.
            continue;
        }
        let Some((stem, part)) = stem_and_part(&file.path, ".gguf") else { continue };
        let stem = stem.to_owned();
        match part {
            None => whole.push((stem, vec![file])),
            Some(Part { number, count }) => {
                split.entry((stem, count)).or_default().push((number, file));
            }
        }
    }
    for ((stem, count), mut parts) in split {
        parts.sort_by_key(|(number, _)| *number);
        parts.dedup_by_key(|(number, _)| *number);
        if parts.len() == count as usize {
            whole.push((stem, parts.into_iter().map(|(_, file)| file).collect()));
        } else {
            let there = parts.len();
            notes.add(format!("`{stem}` is left out: {there} of its {count} parts are there"));
        }
    }
    let mut choices = named(whole);
    choices.sort_by(|a, b| a.bytes.cmp(&b.bytes).then_with(|| a.label.cmp(&b.label)));
    projectors.sort_by(|a, b| a.bytes.cmp(&b.bytes).then_with(|| a.path.cmp(&b.path)));
    Grouped { choices, projectors }
}

/// Gives each a name that no other has: its quantisation, or its file's name where that is not
/// known or is that of several, or its path.
fn named(whole: Vec<(String, Vec<HubFile>)>) -> Vec<Choice> {
    let candidates: Vec<[String; 4]> = whole
        .iter()
        .map(|(stem, files)| {
            let name = stem.rsplit('/').next().unwrap_or_default().to_owned();
            let path = files.first().map(|file| file.path.clone()).unwrap_or_default();
            [label_of(stem).unwrap_or_else(|| name.clone()), name, stem.clone(), path]
        })
        .collect();
    let mut levels = vec![0_usize; candidates.len()];
    // A longer name may be another's shorter one, so it is looked again. The last ones are unique.
    for _ in 1..4 {
        let mut count: HashMap<String, usize> = HashMap::new();
        for (names, level) in candidates.iter().zip(&levels) {
            *count.entry(names[*level].to_lowercase()).or_default() += 1;
        }
        for (names, level) in candidates.iter().zip(&mut levels) {
            if count[&names[*level].to_lowercase()] > 1 {
                *level = (*level + 1).min(3);
            }
        }
    }
    let name = |(names, level): (&[String; 4], &usize)| names[*level].clone();
    let labels: Vec<_> = candidates.iter().zip(&levels).map(name).collect();
    let choice = |(label, (_, files))| Choice::new(label, files);
    labels.into_iter().zip(whole).map(choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Label, size and number of files of each choice.
    type Rows = Vec<(String, u64, usize)>;

    fn grouped(files: &[(&str, u64)]) -> (Rows, Vec<String>, Vec<String>) {
        let file = |&(path, bytes): &(&str, u64)| HubFile {
            path: path.to_owned(),
            bytes,
            sha256: None,
            git_sha1: None,
        };
        let mut notes = Notes::default();
        let Grouped { choices, projectors } = group(files.iter().map(file).collect(), &mut notes);
        let choices =
            choices.into_iter().map(|choice| (choice.label, choice.bytes, choice.files.len()));
        let projectors = projectors.into_iter().map(|file| file.path);
        (choices.collect(), projectors.collect(), notes.into_lines())
    }

    fn labels(files: &[(&str, u64)]) -> Vec<String> {
        grouped(files).0.into_iter().map(|(label, ..)| label).collect()
    }

    #[test]
    fn parts_of_one_model_are_one_choice_and_the_smallest_comes_first() {
        let (choices, projectors, notes) = grouped(&[
            ("m-Q8_0.gguf", 80),
            ("Q4_K_M/m-00002-of-00002.gguf", 10),
            ("Q4_K_M/m-00001-of-00002.gguf", 30),
            ("m-BF16-00001-of-00003.gguf", 90),
            ("m-BF16-00003-of-00003.gguf", 90),
            ("mmproj-m-f16.gguf", 9),
            ("m-mmproj-BF16.gguf", 8),
            ("imatrix_m.gguf", 1),
        ]);
        assert_eq!(choices, [("Q4_K_M".to_owned(), 40, 2), ("Q8_0".to_owned(), 80, 1)]);
        assert_eq!(projectors, ["m-mmproj-BF16.gguf", "mmproj-m-f16.gguf"]);
        assert_eq!(notes, ["`m-BF16` is left out: 2 of its 3 parts are there"]);
    }

    #[test]
    fn parts_are_in_their_order() {
        let file =
            |path: &str| HubFile { path: path.to_owned(), bytes: 1, sha256: None, git_sha1: None };
        let files = ["m-00003-of-00003.gguf", "m-00001-of-00003.gguf", "m-00002-of-00003.gguf"];
        let choices = group(files.map(file).into(), &mut Notes::default()).choices;
        let paths: Vec<_> = choices[0].files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(
            paths,
            ["m-00001-of-00003.gguf", "m-00002-of-00003.gguf", "m-00003-of-00003.gguf"]
        );
    }

    #[test]
    fn no_two_choices_are_called_the_same() {
        assert_eq!(labels(&[("a.gguf", 1)]), ["a"]);
        assert_eq!(
            labels(&[("a-2b-Q4_0.gguf", 1), ("a-7b-Q4_0.gguf", 2)]),
            ["a-2b-Q4_0", "a-7b-Q4_0"]
        );
        assert_eq!(labels(&[("x/a-Q4_0.gguf", 1), ("y/a-Q4_0.gguf", 2)]), ["x/a-Q4_0", "y/a-Q4_0"]);
        let both = labels(&[("a-Q4_0.gguf", 1), ("a-Q4_0-00001-of-00001.gguf", 2)]);
        assert_eq!(both, ["a-Q4_0.gguf", "a-Q4_0-00001-of-00001.gguf"]);
        assert_eq!(labels(&[("Q4_0.gguf", 1), ("a-q4_0.gguf", 2), ("Q4_0/q4_0.gguf", 3)]).len(), 3);
    }

    #[test]
    fn a_count_of_parts_is_no_amount_of_memory() {
        let (choices, _, notes) = grouped(&[("m-00001-of-99999.gguf", 1)]);
        assert!(choices.is_empty());
        assert_eq!(notes.len(), 1);
    }
}
