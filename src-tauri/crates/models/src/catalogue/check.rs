//! Whether a list is complete and consistent. What it names becomes addresses on the hub and
//! files on the disk.

use std::collections::HashSet;

use super::{Catalogue, Model, ModelRole, Runtime, Variant};

/// Licences that the window can name.
const LICENCES: [&str; 5] = ["apache-2.0", "mit", "gemma", "llama3.1", "llama3.2"];

/// Beginnings of labels, and how many bits a parameter may take in such a file. Small models have
/// more, because their large tables of embeddings are made less small.
const BITS: [(&str, f64, f64); 10] = [
    ("Q2", 2.3, 3.9),
    ("IQ3", 3.1, 4.8),
    ("Q3", 3.2, 4.9),
    ("IQ4", 4.0, 5.5),
    ("Q4", 4.2, 6.6),
    ("MXFP4", 4.1, 5.2),
    ("4BIT", 4.2, 6.6),
    ("Q5", 5.2, 7.2),
    ("Q6", 6.2, 7.8),
    ("Q8", 8.3, 9.4),
];

/// What is wrong with the list, if anything is.
pub(super) fn list(list: &Catalogue) -> Result<(), String> {
    let mut ids = HashSet::new();
    for model in &list.models {
        let wrong = |reason: String| format!("`{}`: {reason}", model.id);
        check_model(model).map_err(wrong)?;
        if !ids.insert(&model.id) {
            return Err(wrong("is there twice".to_owned()));
        }
    }
    if list.models.iter().filter(|model| model.role == Some(ModelRole::Starter)).count() > 1 {
        return Err("more than one model is the starter".to_owned());
    }
    for runtime in [Runtime::Gguf, Runtime::Mlx] {
        if list.of(runtime).filter(|model| model.role == Some(ModelRole::Default)).count() > 1 {
            return Err(format!("more than one model is the default of {runtime:?}"));
        }
    }
    let is_digit = |byte: &u8| byte.is_ascii_digit() || *byte == b'-';
    if list.updated.len() != "2026-11-22".len() || !list.updated.as_bytes().iter().all(is_digit) {
        return Err(format!("`{}` is no date", list.updated));
    }
    Ok(())
}

fn check_model(model: &Model) -> Result<(), String> {
    let is_id = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-.".contains(letter)
    };
    if model.id.is_empty() || !model.id.chars().all(is_id) {
        return Err("its name has other characters than a-z, 0-9, `-` and `.`".to_owned());
    }
    for (what, text) in
        [("name", &model.name), ("family", &model.family), ("good_for", &model.good_for)]
    {
        if text.trim().is_empty() {
            return Err(format!("`{what}` is empty"));
        }
    }
    if !is_repository(&model.repository) {
        return Err(format!("`{}` is no repository", model.repository));
    }
    if !LICENCES.contains(&model.licence.as_str()) {
        return Err(format!("`{}` is no licence that is known", model.licence));
    }
    if !(1024..=16_777_216).contains(&model.context_length) {
        return Err(format!("a context of {} tokens", model.context_length));
    }
    if !(10_000_000..=10_000_000_000_000).contains(&model.parameters) {
        return Err(format!("{} parameters", model.parameters));
    }
    if model.active_parameters.is_some_and(|active| active == 0 || active >= model.parameters) {
        return Err("more of its parameters work than it has".to_owned());
    }
    if model.variants.is_empty() {
        return Err("it has no variant".to_owned());
    }
    let mut labels = HashSet::new();
    for variant in &model.variants {
        let wrong = |reason: String| format!("{}: {reason}", variant.label);
        check_variant(model, variant).map_err(wrong)?;
        if !labels.insert(&variant.label) {
            return Err(wrong("is there twice".to_owned()));
        }
    }
    if !model.variants.is_sorted_by_key(|variant| variant.bytes) {
        return Err("its variants are not in the order of their size".to_owned());
    }
    Ok(())
}

fn check_variant(model: &Model, variant: &Variant) -> Result<(), String> {
    let label = variant.label.to_ascii_uppercase();
    let label = label.strip_prefix("UD-").unwrap_or(&label);
    let known = BITS.iter().find(|(beginning, ..)| label.starts_with(beginning));
    let Some((_, least, most)) = known else { return Err("no label that is known".to_owned()) };
    let bits = 8.0 * variant.bytes as f64 / model.parameters as f64;
    if !(*least..=*most).contains(&bits) {
        return Err(format!("{bits:.1} bits for a parameter"));
    }
    match (&variant.file, model.runtime) {
        (None, Runtime::Mlx) => {}
        (Some(file), Runtime::Gguf) if is_file(file) => {
            let name = file.to_ascii_uppercase();
            if !name.ends_with(&format!("{}.GGUF", variant.label.to_ascii_uppercase())) {
                return Err(format!("`{file}` is not called after its label"));
            }
        }
        (file, _) => return Err(format!("the file {file:?}")),
    }
    let is_hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    if variant.sha256.as_ref().is_some_and(|sum| !is_hex(sum, 64)) {
        return Err("a sum that is not 64 digits".to_owned());
    }
    if variant.revision.as_ref().is_some_and(|revision| !is_hex(revision, 40)) {
        return Err("a revision that is not 40 digits".to_owned());
    }
    Ok(())
}

fn is_part(text: &str) -> bool {
    let is_fine = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    !text.is_empty() && text.len() <= 96 && !text.starts_with('.') && text.chars().all(is_fine)
}

/// `owner/name`, as the hub allows them.
fn is_repository(text: &str) -> bool {
    text.split_once('/').is_some_and(|(owner, name)| is_part(owner) && is_part(name))
}

/// The name of a GGUF file, in no folder.
fn is_file(text: &str) -> bool {
    is_part(text) && text.len() > 5 && text.to_ascii_lowercase().ends_with(".gguf")
}
