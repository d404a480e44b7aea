//! Prints what the header of a model file says, as one object: what `scripts/gguf-check` compares
//! with what Python's `gguf` reads.
//!
//! `cargo run -p braincells-models --example gguf_json -- MODEL.gguf`
#![expect(clippy::print_stdout, reason = "a program that people start prints")]

use std::path::PathBuf;

use braincells_models::ModelsError;
use braincells_models::gguf::{Entry, Gguf, Value};
use serde_json::{Value as Json, json};

fn main() -> Result<(), ModelsError> {
    for path in std::env::args_os().skip(1).map(PathBuf::from) {
        let header = Gguf::open(&path)?;
        let entries: Vec<Json> = header.metadata.entries().iter().map(entry).collect();
        let tensors = header.tensors.iter().map(|tensor| {
            json!({
                "name": tensor.name,
                "shape": tensor.shape,
                "type": tensor.kind.id(),
                "type_name": tensor.kind.name(),
                "offset": header.data_offset + tensor.offset,
                "bytes": tensor.bytes,
            })
        });
        println!(
            "{}",
            json!({
                "version": header.version,
                "alignment": header.alignment,
                "data_offset": header.data_offset,
                "file_bytes": header.file_bytes,
                "entries": entries,
                "tensors": tensors.collect::<Vec<_>>(),
            })
        );
    }
    Ok(())
}

fn entry(entry: &Entry) -> Json {
    let value = match &entry.value {
        Value::Array(array) => json!({
            "type": array.kind.id(),
            "length": array.length,
            "items": array.items.as_ref().map(|items| items.iter().map(value).collect::<Vec<_>>()),
        }),
        other => value(other),
    };
    json!({ "key": entry.key, "type": entry.kind.id(), "value": value })
}

/// Numbers of single precision by their bits, since JSON has no way to write all of them.
fn value(value: &Value) -> Json {
    match value {
        Value::Float32(number) => json!({ "bits": number.to_bits() }),
        Value::Float64(number) => json!({ "bits": number.to_bits() }),
        Value::LongText { bytes } => json!({ "bytes": bytes }),
        other => json!(other),
    }
}
