//! Measures the engine by itself: see `bench/README.md`, which runs it beside its peers.
//!
//! `measure_engine MODEL REQUESTS.jsonl [OPTIONS] > answers.jsonl` loads MODEL, answers every
//! request of the file (one `LLMRequest` a line), and writes one line for each to stdout, in the
//! order of the file. The last line of stderr is an object with the figures: seconds are wall
//! time from the first request to the last answer, loading and warming up left out.
//!
//! `measure_engine MODEL --tuned-copy FILE` only writes what `models tune` would try first: MODEL in
//! eight bits.
//!
//! | option | meaning |
//! |---|---|
//! | `--warm-up FILE` | requests that are answered before, and not counted |
//! | `--parallel N` | rows computed together |
//! | `--threads N`, `--context N`, `--gpu-layers N` | as `LoadOptions` has them |
//! | `--autotune P,O,A` | first finds the best setup for prompts with P shared and O own tokens and answers of A |
//! | `--exact` | one row at a time, the same bit for bit |
//! | `--no-dedup` | ask equal requests again, where a run of the workbench asks them once |

use std::collections::HashMap;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use braincells_core::{AppError, Code};
use braincells_llm::llama::{
    LlamaEngine, LoadOptions, Quantisation, TunedOrigin, TypicalSizes, memory_estimate,
    physical_cores, quantise,
};
use braincells_llm::output::read_answer;
use braincells_llm::{
    BatchEventKind, LLMEngine, LLMError, LLMRequest, LLMResponse, RequestId, RequestStream,
};
use futures::stream::{self, StreamExt};
use serde_json::json;

/// What Linux counts processor time in, in `/proc`; the same on every architecture since 2.6.
const CLOCK_TICKS_PER_SECOND: f64 = 100.0;

#[derive(Default)]
struct Options {
    model: PathBuf,
    requests: PathBuf,
    warm_up: Option<PathBuf>,
    load: LoadOptions,
    autotune: Option<TypicalSizes>,
    no_dedup: bool,
    copy: Option<PathBuf>,
}

/// The answer to one different request, and when it was there.
struct Answered {
    result: Result<LLMResponse, LLMError>,
    seconds: f64,
}

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let mut options = options(std::env::args().skip(1))?;
    if let Some(copy) = &options.copy {
        return write_copy(&options.model, copy);
    }
    let requests = Arc::new(read(&options.requests)?);
    let warm_up = Arc::new(options.warm_up.as_ref().map_or(Ok(Vec::new()), read)?);

    if let Some(sizes) = options.autotune {
        let tuning = LlamaEngine::autotune(&options.model, &options.load, sizes, |_fraction| true)?;
        options.load.tuning = Some(tuning);
    }
    let begin = Instant::now();
    let engine = LlamaEngine::load(&options.model, &options.load, |_fraction| true)?;
    let load_seconds = begin.elapsed().as_secs_f64();
    answer(&engine, &warm_up, (0..warm_up.len()).collect()).await;

    let (asked, which) = different(&requests, options.no_dedup);
    let asked_count = asked.len();
    let cpu_before = cpu_seconds();
    let figures_before = engine.figures().unwrap_or_default();
    let begin = Instant::now();
    let answers = answer(&engine, &requests, asked).await;
    let seconds = begin.elapsed().as_secs_f64();
    let cpu = cpu_seconds().zip(cpu_before).map(|(after, before)| after - before);
    let engine_figures = engine.figures().unwrap_or_default().since(&figures_before);

    write_answers(&requests, &which, &answers).map_err(|error| broken(&error))?;
    let responses = || answers.iter().flatten().filter_map(|answer| answer.result.as_ref().ok());
    let sum =
        |of: fn(&LLMResponse) -> u32| responses().map(|answer| u64::from(of(answer))).sum::<u64>();
    let first = answers.iter().flatten().map(|answer| answer.seconds).min_by(f64::total_cmp);
    let figures = json!({
        "rows": requests.len(),
        "asked": asked_count,
        "failed": which.iter().filter(|&&at| !is_done(answers[at].as_ref())).count(),
        "invalid": invalid(&requests, &which, &answers),
        "seconds": seconds,
        "rows_per_second": requests.len() as f64 / seconds,
        "first_cell_seconds": first,
        "load_seconds": load_seconds,
        "cpu_seconds": cpu,
        "peak_rss_bytes": peak_rss_bytes(),
        "memory_estimate": memory_estimate(&options.model, &options.load),
        "parallel_rows": engine.capabilities().parallel_requests,
        "tuning": options.load.tuning,
        "prompt_tokens": sum(|answer| answer.prompt_tokens),
        "shared_tokens": sum(|answer| answer.shared_tokens),
        "completion_tokens": sum(|answer| answer.completion_tokens),
        "engine": engine_figures,
    });
    // A closed pipe means that nobody wants to know.
    drop(writeln!(std::io::stderr(), "{figures}"));
    Ok(())
}

fn write_copy(model: &Path, copy: &Path) -> Result<(), AppError> {
    let origin = TunedOrigin { file: model.display().to_string(), sha256: String::new(), at_ms: 0 };
    let threads = u32::try_from(physical_cores()).unwrap_or(1);
    quantise(model, copy, Quantisation::Q8_0, &origin, threads, |_fraction| ())?;
    Ok(())
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, AppError> {
    let mut options = Options::default();
    let mut files = Vec::new();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(usage);
        match argument.as_str() {
            "--warm-up" => options.warm_up = Some(PathBuf::from(value()?)),
            "--parallel" => options.load.parallel_rows = Some(number(&value()?)?),
            "--threads" => options.load.threads = Some(number(&value()?)?),
            "--context" => options.load.context_tokens = Some(number(&value()?)?),
            "--gpu-layers" => options.load.gpu_layers = Some(number(&value()?)?),
            "--autotune" => options.autotune = Some(sizes(&value()?)?),
            "--exact" => options.load.exact = true,
            "--no-dedup" => options.no_dedup = true,
            "--tuned-copy" => options.copy = Some(PathBuf::from(value()?)),
            option if option.starts_with("--") => return Err(usage()),
            file => files.push(PathBuf::from(file)),
        }
    }
    let mut files = files.into_iter();
    options.model = files.next().ok_or_else(usage)?;
    if options.copy.is_none() {
        options.requests = files.next().ok_or_else(usage)?;
    }
    if files.next().is_some() { Err(usage()) } else { Ok(options) }
}

fn usage() -> AppError {
    AppError::new(
        Code::BadInput,
        "usage: measure_engine MODEL REQUESTS.jsonl [--warm-up FILE] [--parallel N] [--threads N] \
         [--context N] [--gpu-layers N] [--autotune P,O,A] [--exact] [--no-dedup]\n       \
         measure_engine MODEL --tuned-copy FILE",
    )
}

fn number(text: &str) -> Result<u32, AppError> {
    text.parse().map_err(|_not_a_number| usage())
}

fn sizes(text: &str) -> Result<TypicalSizes, AppError> {
    let parts: Vec<u32> = text.split(',').map(number).collect::<Result<_, _>>()?;
    let [prefix_tokens, own_tokens, answer_tokens] = parts[..] else { return Err(usage()) };
    Ok(TypicalSizes { prefix_tokens, own_tokens, answer_tokens })
}

fn broken(error: &dyn std::fmt::Display) -> AppError {
    AppError::new(Code::BadInput, error.to_string())
}

fn read(path: &PathBuf) -> Result<Vec<LLMRequest>, AppError> {
    let text = std::fs::read_to_string(path).map_err(|error| broken(&error))?;
    let request = |(at, line): (usize, &str)| {
        serde_json::from_str(line)
            .map_err(|error| broken(&format!("{}, line {}: {error}", path.display(), at + 1)))
    };
    text.lines().enumerate().map(request).collect()
}

/// The rows whose requests to ask, and for each row which of them answers it.
fn different(requests: &[LLMRequest], ask_all: bool) -> (Vec<usize>, Vec<usize>) {
    let mut asked: Vec<usize> = Vec::new();
    let mut known = HashMap::new();
    let which = requests.iter().enumerate().map(|(row, request)| {
        let next = asked.len();
        let at = if ask_all { next } else { *known.entry(request.answer_key("")).or_insert(next) };
        if at == next {
            asked.push(row);
        }
        at
    });
    let which = which.collect();
    (asked, which)
}

/// Asks the requests of these rows; `None` for one that the engine never ended. Each is made only
/// when the engine has room for it, so that the memory of a run is not that of this program.
async fn answer(
    engine: &LlamaEngine,
    requests: &Arc<Vec<LLMRequest>>,
    rows: Vec<usize>,
) -> Vec<Option<Answered>> {
    let begin = Instant::now();
    let mut answers: Vec<Option<Answered>> = rows.iter().map(|_row| None).collect();
    let requests = Arc::clone(requests);
    let numbered = rows
        .into_iter()
        .enumerate()
        .map(move |(at, row)| (RequestId(at as u64), requests[row].clone()));
    let asked: RequestStream = stream::iter(numbered).boxed();
    let mut events = engine.generate_batch(asked);
    while let Some(event) = events.next().await {
        let result = match event.kind {
            BatchEventKind::Done(response) => Ok(*response),
            BatchEventKind::Failed(error) => Err(error),
            BatchEventKind::Started | BatchEventKind::Delta(_) | BatchEventKind::Spent { .. } => {
                continue;
            }
        };
        let seconds = begin.elapsed().as_secs_f64();
        if let Some(slot) = answers.get_mut(event.id.0 as usize) {
            *slot = Some(Answered { result, seconds });
        }
    }
    answers
}

fn is_done(answer: Option<&Answered>) -> bool {
    answer.is_some_and(|answer| answer.result.is_ok())
}

fn is_valid(request: &LLMRequest, response: &LLMResponse) -> bool {
    read_answer(&response.content, &request.output).is_ok()
}

fn invalid(requests: &[LLMRequest], which: &[usize], answers: &[Option<Answered>]) -> usize {
    let is_invalid = |(request, at): &(&LLMRequest, &usize)| match &answers[**at] {
        Some(Answered { result: Ok(response), .. }) => !is_valid(request, response),
        _ => false,
    };
    requests.iter().zip(which).filter(is_invalid).count()
}

fn write_answers(
    requests: &[LLMRequest],
    which: &[usize],
    answers: &[Option<Answered>],
) -> std::io::Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for (request, &at) in requests.iter().zip(which) {
        let line = match &answers[at] {
            None => json!({ "error": "never answered" }),
            Some(Answered { result: Err(error), .. }) => json!({ "error": error.to_string() }),
            Some(Answered { result: Ok(response), seconds }) => json!({
                "content": response.content,
                "valid": is_valid(request, response),
                "seconds": seconds,
                "prompt_tokens": response.prompt_tokens,
                "shared_tokens": response.shared_tokens,
                "completion_tokens": response.completion_tokens,
                "finish_reason": response.finish_reason,
                "confidence": response.confidence,
                "label_probabilities": response.label_probabilities,
            }),
        };
        writeln!(out, "{line}")?;
    }
    out.flush()
}

/// Processor time of this process, all its threads together. Linux only.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is a name in brackets that may hold blanks.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
    Some((ticks(11)? + ticks(12)?) / CLOCK_TICKS_PER_SECOND)
}

/// The most memory that was ever resident, mapped files included. Linux only.
fn peak_rss_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}
