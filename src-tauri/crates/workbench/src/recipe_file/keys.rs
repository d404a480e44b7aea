//! Keys that nobody knows: a misspelt one would silently give a column its default, so each is
//! worth a line.

use serde_norway::Value;

use super::named;

/// A file can have more of them than anybody reads.
const MOST_WARNINGS: usize = 20;

/// The keys of AI Sheets, of its scripts and ours, at each place.
const OF_FILE: [&str; 2] = ["columns", "braincells"];
const OF_ORIGIN: [&str; 4] = ["made_by", "made_at", "engine", "data_columns"];
const OF_COLUMN: [&str; 13] = [
    "prompt",
    "modelName",
    "modelProvider",
    "endpointUrl",
    "searchEnabled",
    "task",
    "instruction",
    "userPrompt",
    "columnsReferences",
    "imageColumn",
    "dtype",
    "type",
    "braincells",
];
const OF_OWN: [(&str, &[&str]); 5] = [
    (
        "braincells",
        &[
            "version",
            "output",
            "sampling",
            "examples",
            "system",
            "example_rows",
            "calibration",
            "model_file",
        ],
    ),
    ("output", &["type", "labels", "schema", "integer", "min", "max"]),
    ("sampling", &["max_tokens", "temperature", "top_p", "top_k", "min_p", "seed", "stop"]),
    ("examples", &["max_count", "max_tokens"]),
    ("model_file", &["sha256", "size_bytes"]),
];

/// Adds a line for each key that is not known.
pub(super) fn warn_of_unknown(yaml: &str, warnings: &mut Vec<String>) {
    let Ok(file) = serde_norway::from_str::<Value>(yaml) else { return };
    let mut found = Vec::new();
    for key in unknown(Some(&file), &OF_FILE) {
        found.push(format!("the file has a key `{key}`, which is ignored"));
    }
    for key in unknown(file.get("braincells"), &OF_ORIGIN) {
        let known = named(OF_ORIGIN);
        found.push(format!(
            "the file has a key `{key}` under `braincells`, which is ignored; known are {known}"
        ));
    }
    let columns = file.get("columns").and_then(Value::as_mapping);
    for (name, column) in columns.into_iter().flatten() {
        let name = name.as_str().unwrap_or("?").trim();
        for key in unknown(Some(column), &OF_COLUMN) {
            found.push(format!("the column `{name}` has a key `{key}`, which is ignored"));
        }
        let own = column.get("braincells");
        for (place, known) in OF_OWN {
            let value =
                if place == "braincells" { own } else { own.and_then(|own| own.get(place)) };
            for key in unknown(value, known) {
                found.push(format!(
                    "the column `{name}` has a key `{key}` under `{place}`, which is ignored; \
                     known are {}",
                    named(known.iter().copied()),
                ));
            }
        }
    }
    let rest = found.len().saturating_sub(MOST_WARNINGS);
    found.truncate(MOST_WARNINGS);
    warnings.append(&mut found);
    if rest > 0 {
        warnings.push(format!("{rest} more keys are ignored"));
    }
}

fn unknown<'v>(value: Option<&'v Value>, known: &[&str]) -> impl Iterator<Item = &'v str> {
    let keys = value.and_then(Value::as_mapping).into_iter().flatten();
    keys.filter_map(|(key, _)| key.as_str()).filter(move |key| !known.contains(key))
}
