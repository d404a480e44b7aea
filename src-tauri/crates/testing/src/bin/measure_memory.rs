//! Measures by how much this process grows at most while it uses a model, and prints that beside
//! what was estimated from the model's header: see `bench/fit`.
//!
//! `measure_memory MODEL [--context N] [--rows N] [--exact]` loads MODEL, fills the memory of its
//! keys and values with rows that share nothing, asks for a text and for each kind of typed answer
//! in every row, and prints one object. Linux only: it reads `/proc/self/status`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what it measures is what it prints"
)]

use std::path::PathBuf;

use braincells_core::{AppError, Code, Output};
use braincells_llm::llama::{LlamaEngine, LoadOptions, memory_estimate, shape, wanted};
use braincells_llm::{BatchEventKind, LLMEngine, LLMRequest, Message, RequestId, Role};
use futures::stream::{self, StreamExt};
use serde_json::{Value, json};

/// Tokens of a row that are no text: the chat template, the row's number, and the answer.
const BESIDES_TEXT: u32 = 96;
const ANSWER_TOKENS: u32 = 8;

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let (model, options) = options(std::env::args().skip(1))?;
    let shape = shape(&model).ok_or_else(|| broken("the model has no header that can be read"))?;
    let wanted = wanted(&shape, false, &options);
    let estimate = memory_estimate(&model, &options).ok_or_else(usage)?;

    let before = status("VmRSS")?;
    let mut steps = Vec::new();
    let engine = LlamaEngine::load(&model, &options, |_fraction| true)?;
    steps.push(step("loaded", before)?);
    let capabilities = engine.capabilities();
    let (rows, context) = (capabilities.parallel_requests, capabilities.context_tokens);
    let each = (wanted.cells as u32 / rows).min(context).saturating_sub(BESIDES_TEXT).max(8);
    let texts = (0..rows).map(|row| ask(row, each, Output::Text));
    let mut failed = answer(&engine, texts.collect()).await;
    steps.push(step("filled", before)?);
    let labels = ["good", "bad", "neither"].map(str::to_owned).to_vec();
    let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
    for output in [
        Output::Boolean,
        Output::number(),
        Output::Date,
        Output::Labels { labels },
        Output::Json { schema },
    ] {
        let short = (0..rows).map(|row| ask(row, 16, output.clone()));
        failed += answer(&engine, short.collect()).await;
        steps.push(step(output.as_str(), before)?);
    }
    let peak = status("VmHWM")?;
    let estimated = estimate.total_bytes();
    let grown = peak.saturating_sub(before);
    println!(
        "{}",
        json!({
            "context": context,
            "rows": rows,
            "wanted": wanted,
            "estimate": estimate,
            "estimate_bytes": estimated,
            "before_bytes": before,
            "steps": steps,
            "measured_bytes": grown,
            "ratio": estimated as f64 / grown as f64,
            "failed": failed,
        })
    );
    Ok(())
}

fn options(
    mut arguments: impl Iterator<Item = String>,
) -> Result<(PathBuf, LoadOptions), AppError> {
    let (mut model, mut options) = (None, LoadOptions { load_anyway: true, ..Default::default() });
    options.gpu_layers = Some(0);
    while let Some(argument) = arguments.next() {
        let mut number = || {
            let value = arguments.next().and_then(|text| text.parse::<u32>().ok());
            value.map(Some).ok_or_else(usage)
        };
        match argument.as_str() {
            "--context" => options.context_tokens = number()?,
            "--rows" => options.parallel_rows = number()?,
            "--cells" => options.memory_cells = number()?,
            "--exact" => options.exact = true,
            option if option.starts_with("--") => return Err(usage()),
            file if model.is_none() => model = Some(PathBuf::from(file)),
            _ => return Err(usage()),
        }
    }
    Ok((model.ok_or_else(usage)?, options))
}

fn usage() -> AppError {
    let usage = "usage: measure_memory MODEL [--context N] [--rows N] [--cells N] [--exact]";
    AppError::new(Code::BadInput, usage)
}

fn broken(reason: &str) -> AppError {
    AppError::new(Code::BadInput, reason)
}

/// A row of so many tokens of text, which shares no beginning with another.
fn ask(row: u32, tokens: u32, output: Output) -> LLMRequest {
    let text = format!("{row} {}", "word ".repeat(tokens as usize));
    let message = Message { role: Role::User, content: text };
    LLMRequest { output, max_tokens: Some(ANSWER_TOKENS), ..LLMRequest::new("", vec![message]) }
}

/// Asks all of them and says how many failed.
async fn answer(engine: &LlamaEngine, requests: Vec<LLMRequest>) -> usize {
    let numbered = (0..).map(RequestId).zip(requests);
    let mut events = engine.generate_batch(stream::iter(numbered).boxed());
    let mut failed = 0;
    while let Some(event) = events.next().await {
        if let BatchEventKind::Failed(error) = event.kind {
            eprintln!("row {}: {error}", event.id.0);
            failed += 1;
        }
    }
    failed
}

/// By how much the process has grown at most up to now, and what of it is no file.
fn step(name: &str, before: u64) -> Result<Value, AppError> {
    let grown = status("VmHWM")?.saturating_sub(before);
    Ok(json!({ "step": name, "grown": grown, "anonymous": status("RssAnon")? }))
}

/// A line of `/proc/self/status`, in bytes: `VmRSS` is what is resident, files that are mapped
/// included, `VmHWM` the most that ever was.
fn status(name: &str) -> Result<u64, AppError> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse().ok());
    let kibibytes: u64 = kibibytes.ok_or_else(|| broken("this system does not say its memory"))?;
    Ok(kibibytes * 1024)
}
