//! How the engine works with its memory and its time.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use braincells_core::{NumberLimits, Output};
use braincells_llm::llama::{
    KeptPrefixes, LlamaEngine, LoadOptions, TypicalSizes, memory_estimate,
};
use braincells_llm::output::read_answer;
use braincells_llm::{
    BatchEventKind, FinishReason, LLMEngine, LLMError, LLMRequest, LLMResponse, Message, RequestId,
    Role,
};
use futures::StreamExt;
use serde_json::json;

use super::starter::{answers, load, model_path};

/// By how much a probability may move with the rows that are computed together. Two rows
/// that differ by less cannot be told apart.
const ROUNDING: f64 = 0.06;

fn rows(parallel: u32) -> LoadOptions {
    LoadOptions { parallel_rows: Some(parallel), ..LoadOptions::default() }
}

fn ask(system: &str, text: &str, output: Output) -> LLMRequest {
    let messages = vec![Message::new(Role::System, system), Message::new(Role::User, text)];
    LLMRequest { output, max_tokens: Some(12), ..LLMRequest::new("starter", messages) }
}

fn labels(labels: &[&str]) -> Output {
    Output::Label { labels: labels.iter().map(|&label| label.to_owned()).collect() }
}

fn contents(responses: &[LLMResponse]) -> Vec<&str> {
    responses.iter().map(|response| response.content.as_str()).collect()
}

/// The largest difference of two answers' label probabilities.
fn difference(a: &LLMResponse, b: &LLMResponse) -> f64 {
    let pairs = a.label_probabilities.iter().zip(&b.label_probabilities);
    pairs.map(|(a, b)| (a.probability - b.probability).abs()).fold(0.0, f64::max)
}

/// Some order that is not the present one, the same for the same seed.
fn shuffled<T>(mut items: Vec<T>, seed: usize) -> Vec<T> {
    let mut state = seed * 2 + 1;
    for last in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
        items.swap(last, (state >> 33) % (last + 1));
    }
    items
}

fn every_output() -> Vec<Output> {
    let schema = json!({
        "type": "object",
        "properties": {"item": {"type": "string", "maxLength": 12}, "good": {"type": "boolean"}},
        "required": ["item", "good"]
    });
    let whole = NumberLimits { integer: true, min: Some(0.0), max: Some(500.0) };
    vec![
        Output::Text,
        labels(&["good", "bad", "very bad"]),
        Output::Boolean,
        Output::Number(whole),
        Output::Date,
        Output::Labels { labels: ["sound", "picture", "price"].map(str::to_owned).into() },
        Output::Json { schema },
    ]
}

#[tokio::test]
async fn exact_mode_answers_every_type_as_one_at_a_time_in_any_order() {
    let exact = LoadOptions { exact: true, ..LoadOptions::default() };
    let texts = ["The camera is great.", "It broke on 3 May 2021, after two days."];
    // Some rows share enough for a prefix, which has a multiple of 64 tokens, and some do not.
    let long = "Answer briefly, in the language of the text. ".repeat(9);
    let requests: Vec<LLMRequest> = every_output()
        .into_iter()
        .flat_map(|output| {
            [(long.as_str(), texts[0]), (long.as_str(), texts[1]), ("Answer.", texts[0])]
                .map(|(system, text)| ask(system, text, output.clone()))
        })
        .chain((0..3).map(|seed| LLMRequest {
            temperature: 1.2,
            top_p: 0.95,
            min_p: 0.02,
            seed,
            ..ask("Answer briefly.", "Name a colour.", Output::Text)
        }))
        .collect();
    let alone = load(&exact);
    let mut expected = Vec::new();
    for request in &requests {
        expected.push(alone.generate(request.clone()).await.unwrap());
    }
    for (order, parallel_rows) in [(1, None), (2, Some(8))] {
        let engine = load(&LoadOptions { parallel_rows, ..exact.clone() });
        let numbered = shuffled(requests.iter().cloned().enumerate().collect(), order);
        let (places, requests): (Vec<_>, Vec<_>) = numbered.into_iter().unzip();
        let found = answers(&engine, requests).await;
        assert!(found.iter().any(|answer| answer.shared_tokens > 0), "no prefix was shared");
        for (place, found) in places.into_iter().zip(found) {
            let expected = &expected[place];
            assert_eq!(found.content, expected.content, "request {place}, order {order}");
            assert_eq!(found.label_probabilities, expected.label_probabilities);
            assert_eq!(found.confidence, expected.confidence);
        }
    }
}

/// Some documents, with the same questions to each: in an order that keeps no document
/// together.
fn questions_to_documents(documents: usize) -> Vec<LLMRequest> {
    let kinds = ["camera", "player", "phone", "router", "radio", "printer", "lamp", "kettle"];
    let questions = ["Is it about a camera?", "Is it praise?", "Is a price named?"];
    let ask_of = |question: &str, document: usize| {
        let kind = kinds[document % kinds.len()];
        let text = format!(
            "Document {document}: I bought this {kind} in spring and used the {kind} for {} \
             weeks before I wrote this. The {kind} came in a plain box with a short manual.\
             \nQuestion: {question}",
            document + 2
        );
        ask("Read the document and answer the question with true or false.", &text, Output::Boolean)
    };
    questions
        .iter()
        .flat_map(|question| (0..documents).map(move |document| ask_of(question, document)))
        .collect()
}

#[tokio::test]
async fn rows_that_share_a_document_share_its_tokens_and_answer_as_they_would_alone() {
    let requests = questions_to_documents(6);
    let engine = load(&LoadOptions::default());
    let before = engine.figures().unwrap();
    let together = answers(&engine, requests.clone()).await;
    let figures = engine.figures().unwrap().since(&before);
    let prompts: u64 = together.iter().map(|answer| u64::from(answer.prompt_tokens)).sum();
    let shared: u64 = together.iter().map(|answer| u64::from(answer.shared_tokens)).sum();
    assert!(figures.prefixes >= 6, "{figures:?}");
    assert_eq!(figures.shared_tokens, shared);
    // What the system message alone would save leaves the documents to every row.
    assert!(figures.prompt_tokens * 2 < prompts, "{figures:?} of {prompts}");
    assert_eq!(figures.rows, 18);
    // Attention adds up halves of numbers, in an order that depends on what was shared. That
    // moves the logarithm of the odds by 0.05 on average here and by 0.26 at most, in both
    // directions; in exact mode, which does without, nothing moves at all.
    let log_odds = |answer: &LLMResponse| {
        let probability = answer.label_probabilities[0].probability;
        (probability / (1.0 - probability)).ln()
    };
    let engine = load(&rows(1));
    let mut moved = Vec::new();
    for (request, together) in requests.into_iter().zip(&together) {
        let alone = engine.generate(request).await.unwrap();
        moved.push(log_odds(&alone) - log_odds(together));
    }
    let count = moved.len() as f64;
    let size = moved.iter().map(|by| by.abs()).sum::<f64>() / count;
    let drift = moved.iter().sum::<f64>() / count;
    assert!(size < 0.12 && drift.abs() < 0.06, "{moved:?}");
    assert!(moved.iter().all(|by| by.abs() < 0.4), "{moved:?}");
}

#[tokio::test]
async fn rows_that_come_one_by_one_share_what_they_have_in_common_too() {
    let long = "Answer briefly, in the language of the text. ".repeat(9);
    for options in [rows(1), LoadOptions { exact: true, ..LoadOptions::default() }] {
        let engine = load(&options);
        for (at, text) in
            ["The camera is great.", "It broke.", "A lens and a strap."].into_iter().enumerate()
        {
            let answer = engine.generate(ask(&long, text, Output::Boolean)).await.unwrap();
            assert_eq!(answer.shared_tokens >= 64, at > 0, "{at}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn the_figures_have_all_of_an_answer_when_it_is_heard_of() {
    let engine = load(&rows(4));
    for request in canaries(4) {
        let before = engine.figures().unwrap();
        let answer = engine.generate(request).await.unwrap();
        let figures = engine.figures().unwrap().since(&before);
        assert_eq!(figures.rows, 1);
        let tokens = figures.prompt_tokens + figures.shared_tokens;
        assert!(tokens >= u64::from(answer.prompt_tokens), "{figures:?} {answer:?}");
        assert!(figures.calls > 0 && figures.prompt_seconds > 0.0, "{figures:?}");
        assert!(figures.other_seconds > 0.0, "{figures:?}");
    }
}

/// Rows with a word and a number of their own, at most a few tokens each.
fn canaries(count: usize) -> Vec<LLMRequest> {
    let words = [
        "sun", "storm", "gift", "war", "cake", "tax", "song", "flu", "friend", "mud", "prize",
        "debt", "holiday", "noise", "garden",
    ];
    let output = labels(&["positive", "negative", "neutral"]);
    (0..count)
        .map(|row| {
            let text = format!("{} {}", words[row % words.len()], 1 + row / words.len());
            ask("Say how the word sounds: positive, negative or neutral.", &text, output.clone())
        })
        .collect()
}

/// Asks `different` rows, each several times, and compares with each alone.
async fn no_canary_leaks(different: usize, times: usize) {
    let requests = canaries(different);
    let alone = load(&rows(1));
    let mut expected = Vec::new();
    for request in &requests {
        expected.push(alone.generate(request.clone()).await.unwrap());
    }
    drop(alone);
    let told_apart = expected.iter().filter(|one| difference(one, &expected[0]) > ROUNDING);
    let told_apart = told_apart.count();
    assert!(told_apart * 2 > different, "only {told_apart} rows differ: nothing would show");
    for parallel in [8, 32] {
        let engine = load(&rows(parallel));
        let many = (0..times).flat_map(|_| requests.iter().cloned().enumerate());
        let numbered = shuffled(many.collect(), different);
        let (places, requests): (Vec<_>, Vec<_>) = numbered.into_iter().unzip();
        for (place, found) in places.into_iter().zip(answers(&engine, requests).await) {
            let apart = difference(&found, &expected[place]);
            assert!(apart < ROUNDING, "row {place}, {parallel} at once: {apart}");
        }
    }
}

#[tokio::test]
async fn no_row_of_300_leaks_into_another() {
    no_canary_leaks(100, 3).await;
}

#[tokio::test]
#[ignore = "takes minutes: the long form of the test above"]
async fn no_row_of_2000_leaks_into_another() {
    no_canary_leaks(1000, 2).await;
}

#[tokio::test]
async fn no_row_answers_with_the_number_of_another() {
    let numbers: Vec<u64> = (0..64).map(|row| 10_000 + row * row * 19 + row * 357).collect();
    let whole = NumberLimits { integer: true, ..NumberLimits::default() };
    let requests = numbers.iter().map(|number| {
        let text = format!("The number is {number}. Which number is it?");
        ask("Repeat the number that the user says.", &text, Output::Number(whole))
    });
    let found = answers(&load(&rows(32)), requests.collect()).await;
    let mut own = 0;
    for (row, answer) in found.iter().enumerate() {
        let said: Option<u64> = answer.content.parse().ok();
        let of_row = said.and_then(|said| numbers.iter().position(|&number| number == said));
        assert!(of_row.is_none_or(|other| other == row), "row {row} said {said:?}");
        own += usize::from(of_row == Some(row));
    }
    assert!(own * 2 > numbers.len(), "only {own} repeated theirs: nothing could have shown");
}

#[tokio::test]
async fn rows_that_find_no_room_wait_and_go_on_where_they_were() {
    let options = LoadOptions {
        parallel_rows: Some(8),
        context_tokens: Some(512),
        memory_cells: Some(512),
        ..LoadOptions::default()
    };
    let engine = load(&options);
    let write = |row: usize| {
        let mut request = ask("Write a long story.", &format!("Tale {row}"), Output::Text);
        request.max_tokens = Some(120);
        request
    };
    // Short answers first, so that little is reserved for each.
    let short = (0..24).map(|row| LLMRequest { stop_sequences: vec!["e".into()], ..write(row) });
    answers(&engine, short.collect()).await;
    assert_eq!(engine.figures().unwrap().interrupted, 0);
    let long = answers(&engine, (0..8).map(write).collect()).await;
    let interrupted = engine.figures().unwrap().interrupted;
    assert!(interrupted > 0, "eight tales of 120 tokens do not fit into 512 cells");
    for answer in &long {
        assert!(answer.completion_tokens > 20, "{answer:?}");
        assert!(!answer.content.trim().is_empty());
    }
    let roomy = answers(&load(&rows(8)), (0..8).map(write).collect()).await;
    let begin = |text: &str| -> Vec<String> {
        text.split_whitespace().take(4).map(str::to_owned).collect()
    };
    let same = long.iter().zip(&roomy).filter(|(a, b)| begin(&a.content) == begin(&b.content));
    assert!(same.count() >= 4, "{:?} {:?}", contents(&long), contents(&roomy));
}

#[tokio::test]
async fn mixed_calls_answer_like_separate_ones() {
    let mixed = load(&LoadOptions { mixed_calls: Some(true), ..rows(4) });
    let usual = load(&rows(4));
    let requests: Vec<LLMRequest> = every_output()
        .into_iter()
        .flat_map(|output| {
            let long = "The box was heavy and the manual was thin. ".repeat(30);
            ["Good camera.", "Bad phone!", &long]
                .map(|text| ask("Answer briefly.", text, output.clone()))
        })
        .collect();
    let found = answers(&mixed, requests.clone()).await;
    for (request, answer) in requests.iter().zip(&found) {
        read_answer(&answer.content, &request.output).unwrap();
    }
    let expected = answers(&usual, requests).await;
    for (a, b) in found.iter().zip(&expected) {
        assert!(difference(a, b) < ROUNDING, "{a:?} {b:?}");
        assert_eq!(a.prompt_tokens, b.prompt_tokens);
    }
    let same = found.iter().zip(&expected).filter(|(a, b)| a.content == b.content).count();
    assert!(same * 3 >= found.len() * 2, "{:?}\n{:?}", contents(&found), contents(&expected));
}

fn kept(folder: &Path) -> LlamaEngine {
    let mut kept = KeptPrefixes::new(folder);
    kept.least_ms = 0;
    load(&LoadOptions { kept_prefixes: Some(kept), exact: true, ..LoadOptions::default() })
}

#[tokio::test]
async fn a_prefix_from_the_disk_gives_the_same_answers_and_a_damaged_one_too() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("prefixes");
    // An exact engine has prefixes of 64 tokens and more.
    let system = "You judge what people write about things they bought. ".repeat(9);
    let requests = || -> Vec<LLMRequest> {
        let texts = ["I like it.", "It is broken.", "It has a lens.", "Never again."];
        let sentiment = labels(&["good", "bad", "neutral"]);
        texts.map(|text| ask(&system, text, sentiment.clone())).into()
    };
    let run = |engine: LlamaEngine| async move {
        let found = answers(&engine, requests()).await;
        let found: Vec<_> = found.into_iter().map(|one| one.label_probabilities).collect();
        (found, engine.figures().unwrap())
    };
    let (expected, figures) = run(kept(&folder).with_model_hash("a")).await;
    assert_eq!((figures.prefixes, figures.prefixes_read), (1, 0));
    let (again, figures) = run(kept(&folder).with_model_hash("a")).await;
    assert_eq!((figures.prefixes, figures.prefixes_read), (0, 1));
    assert_eq!(again, expected);
    let (_, figures) = run(kept(&folder).with_model_hash("b")).await;
    assert_eq!(figures.prefixes_read, 0, "another model");
    let (_, figures) = run(kept(&folder)).await;
    assert_eq!(figures.prefixes_read, 0, "whose prefix it would be is not known");
    for file in std::fs::read_dir(&folder).unwrap() {
        let path = file.unwrap().path();
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(&path, bytes).unwrap();
    }
    let (again, figures) = run(kept(&folder).with_model_hash("a")).await;
    assert_eq!((figures.prefixes, figures.prefixes_read), (1, 0), "damaged, computed again");
    assert_eq!(again, expected);
}

#[tokio::test]
async fn an_answer_that_goes_round_in_circles_is_cut_off() {
    let ones = "1, ".repeat(150);
    let mut request = ask("Continue the list.", &format!("List: {ones}"), Output::Text);
    request.max_tokens = Some(1200);
    let found = load(&rows(1)).generate(request).await.unwrap();
    assert_eq!(found.finish_reason, FinishReason::Length, "{found:?}");
    assert!(found.completion_tokens < 1000, "{found:?}");
}

/// The memory that this process has now, where the system tells.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[tokio::test]
async fn the_estimate_is_near_what_a_model_takes() {
    let Some(before) = resident_bytes() else { return };
    let options = LoadOptions::default();
    let estimate = memory_estimate(&model_path(), &options).unwrap();
    let engine = load(&options);
    answers(&engine, canaries(64)).await;
    let long = ask("Read.", &"A word and another one. ".repeat(150), Output::Boolean);
    // The first number brings the tables that grammars need.
    answers(&engine, vec![long, ask("How many?", "Three cats.", Output::number())]).await;
    let grown = resident_bytes().unwrap() - before;
    let ratio = estimate.total_bytes() as f64 / grown as f64;
    println!("{ratio:.3}: {estimate:?}, grown by {grown}");
    assert!((0.9..=1.1).contains(&ratio), "{ratio}: {estimate:?}, grown by {grown}");
}

#[test]
fn a_model_that_does_not_fit_is_refused_with_both_numbers_unless_told_otherwise() {
    let small = LoadOptions { available_memory_bytes: Some(100_000_000), ..LoadOptions::default() };
    match LlamaEngine::load(&model_path(), &small, |_| true).err() {
        Some(LLMError::ModelTooLarge { needed_bytes, available_bytes }) => {
            assert_eq!(available_bytes, 100_000_000);
            assert!(needed_bytes > 150_000_000, "{needed_bytes}");
        }
        other => panic!("{other:?}"),
    }
    let anyway = LoadOptions { load_anyway: true, ..small };
    assert!(LlamaEngine::load(&model_path(), &anyway, |_| true).is_ok());
}

async fn memory_stays_where_it_is(rows_asked: usize) {
    let engine = load(&LoadOptions::default());
    let round = |from: usize| {
        (from..from + 250)
            .map(|row| match row % 50 {
                0 => ask("Answer.", &format!("Name a thing. {}", row % 100), Output::Text),
                1 => ask("Answer.", &format!("How many? {}", row % 100), Output::number()),
                // Few different ones, so that they share nearly all of their tokens.
                _ => canaries(row % 8 + 1).pop().unwrap(),
            })
            .collect::<Vec<_>>()
    };
    answers(&engine, round(0)).await;
    answers(&engine, round(250)).await;
    let Some(warm) = resident_bytes() else { return };
    for from in (500..rows_asked).step_by(250) {
        answers(&engine, round(from)).await;
    }
    let grown = resident_bytes().unwrap().saturating_sub(warm);
    assert!(grown < 12 << 20, "{} KiB more after {rows_asked} rows", grown >> 10);
}

#[tokio::test]
async fn two_thousand_rows_leave_the_memory_as_it_was() {
    memory_stays_where_it_is(2000).await;
}

#[tokio::test]
#[ignore = "takes minutes: the long form of the test above"]
async fn ten_thousand_rows_leave_the_memory_as_it_was() {
    memory_stays_where_it_is(10_000).await;
}

#[test]
fn tuning_stays_in_its_limits_and_can_be_loaded() {
    let sizes = TypicalSizes { prefix_tokens: 60, own_tokens: 16, answer_tokens: 8 };
    let options = LoadOptions::default();
    let tuning = LlamaEngine::autotune(&model_path(), &options, sizes, |_| true).unwrap();
    assert!((1..=63).contains(&tuning.parallel_rows), "{tuning:?}");
    assert!(tuning.threads >= 1, "{tuning:?}");
    assert!(tuning.row_us <= tuning.default_row_us, "{tuning:?}");
    let written = serde_json::to_string(&tuning).unwrap();
    let options = LoadOptions {
        tuning: Some(serde_json::from_str(&written).unwrap()),
        ..LoadOptions::default()
    };
    assert_eq!(load(&options).capabilities().parallel_requests, tuning.parallel_rows);
}

/// Counts what llama.cpp is said to have complained about, and what of it was told quietly.
#[derive(Clone, Default)]
struct Complaints(Arc<(AtomicUsize, AtomicUsize)>);

impl tracing::Subscriber for Complaints {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "llama.cpp" && *metadata.level() <= tracing::Level::DEBUG
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let (loud, quiet) = &*self.0;
        let is_loud = *event.metadata().level() <= tracing::Level::WARN;
        (if is_loud { loud } else { quiet }).fetch_add(1, Ordering::Relaxed);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test]
async fn a_call_that_is_stopped_on_request_is_no_error_in_the_log() {
    let complaints = Complaints::default();
    tracing::subscriber::set_global_default(complaints.clone()).unwrap();
    let engine = load(&LoadOptions::default());
    engine.generate(canaries(1).remove(0)).await.unwrap();
    let count = || {
        let (loud, quiet) = &*complaints.0;
        (loud.load(Ordering::Relaxed), quiet.load(Ordering::Relaxed))
    };
    let before = count();
    // A prompt that takes some calls, so that one of them is stopped in the middle.
    let long = ask("Read.", &"A word and another one. ".repeat(250), Output::Boolean);
    let requests = futures::stream::iter([(RequestId(0), long)]).boxed();
    let mut events = engine.generate_batch(requests);
    let first = events.next().await.unwrap();
    assert_eq!(first.kind, BatchEventKind::Started);
    drop(events);
    engine.generate(canaries(1).remove(0)).await.unwrap();
    let after = count();
    assert!(after.1 > before.1, "nothing was stopped");
    assert_eq!(after.0, before.0, "llama.cpp's complaints were told as such");
}

#[tokio::test]
async fn an_engine_that_is_dropped_ends_its_rows_and_another_can_be_loaded() {
    for _ in 0..3 {
        let engine = load(&LoadOptions::default());
        let mut long = ask("Write a very long story.", "A whale", Output::Text);
        long.max_tokens = Some(1500);
        let mut pieces = engine.generate_stream(long).await.unwrap();
        assert!(pieces.next().await.unwrap().is_ok());
        drop(engine);
        let rest: Vec<_> = tokio::time::timeout(Duration::from_secs(30), pieces.collect())
            .await
            .expect("the stream of an engine that is gone ends");
        assert!(
            matches!(rest.last(), None | Some(Err(LLMError::NotRunning | LLMError::Cancelled))),
            "{:?}",
            rest.last()
        );
    }
}
