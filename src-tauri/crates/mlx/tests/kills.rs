//! The helper is killed in the middle of its work, and of its start, and the rows are asked again.
//! A test of its own: it ends the only child of this process.
#![cfg(target_os = "linux")]

#[path = "support/process.rs"]
mod process;
mod support;

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use braincells_core::Output;
use braincells_llm::worker::WorkerNews;
use braincells_llm::{BatchEventKind, LLMEngine, LLMError, LLMRequest, RequestId};
use futures::StreamExt;
use serde_json::json;

use process::start;
use support::{answers, load, question, tiny};

/// The helper that this process has started.
fn helper() -> u32 {
    let is_ours = |pid: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name may hold anything; the parent is the second word behind it.
        let behind = stat.rsplit(')').next().unwrap_or_default();
        let parent = behind.split_whitespace().nth(1).and_then(|parent| parent.parse().ok());
        stat.contains("(braincells-mlx)") && parent == Some(std::process::id())
    };
    let all = std::fs::read_dir("/proc").expect("processes are listed");
    let names = all.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut helpers = names.filter_map(|name| name.parse().ok()).filter(is_ours);
    helpers.next().expect("a helper runs")
}

fn kill() {
    let killed = Command::new("kill").args(["-KILL", &helper().to_string()]).status();
    assert!(killed.expect("`kill` is there").success());
}

/// Text, labels and JSON, in turn.
fn rows() -> Vec<LLMRequest> {
    let labels = ["one", "only two"].map(str::to_owned).to_vec();
    let schema = json!({
        "type": "object", "properties": {"is": {"type": "boolean"}}, "required": ["is"],
        "additionalProperties": false
    });
    let outputs = [Output::Text, Output::Label { labels }, Output::Text, Output::Json { schema }];
    let of_row = |(row, output)| LLMRequest {
        max_tokens: Some(12),
        output,
        ..question(&format!("Row {row}"))
    };
    outputs.into_iter().cycle().take(40).enumerate().map(of_row).collect()
}

/// What a batch came to.
struct Found {
    /// By row; `None` where its helper died.
    answers: Vec<Option<String>>,
    died: usize,
    /// Whether there was an answer behind the last row that died.
    went_on: bool,
}

/// Asks these rows and kills the helper behind so many events.
fn ask(engine: &dyn LLMEngine, rows: &[LLMRequest], kill_behind: usize) -> Found {
    let mut found = Found { answers: vec![None; rows.len()], died: 0, went_on: false };
    futures::executor::block_on(async {
        let requests = (0..).map(RequestId).zip(rows.to_vec());
        let mut events = engine.generate_batch(futures::stream::iter(requests).boxed());
        let mut seen = 0;
        while let Some(event) = events.next().await {
            seen += 1;
            if seen == kill_behind {
                kill();
            }
            match event.kind {
                BatchEventKind::Done(response) => {
                    found.answers[event.id.0 as usize] = Some(response.content);
                    found.went_on = true;
                }
                BatchEventKind::Failed(LLMError::WorkerDied { .. }) => {
                    found.died += 1;
                    found.went_on = false;
                }
                BatchEventKind::Failed(error) => panic!("{error}"),
                _ => {}
            }
        }
    });
    let open = found.answers.iter().filter(|answer| answer.is_none()).count();
    assert_eq!(open, found.died, "each row has one end");
    found
}

#[test]
fn rows_are_answered_although_the_helper_is_killed_again_and_again() {
    let folder = tiny("llama-4bit");
    let rows = rows();
    let expected = answers(&load(folder.path(), 8).unwrap(), rows.clone());
    let kills_load = Arc::new(AtomicBool::new(false));
    let armed = Arc::clone(&kills_load);
    let engine = start(folder.path().to_owned(), move |news| {
        if matches!(news, WorkerNews::Loading(_)) && armed.swap(false, Ordering::Relaxed) {
            kill();
        }
    });
    let engine = engine.unwrap();
    let (mut all_died, mut died_again) = (0, 0);
    for point in 0..10 {
        // In the middle of some restarts, too.
        kills_load.store(point % 4 == 2, Ordering::Relaxed);
        // At the first event, later ones, the first answers.
        let Found { mut answers, died, went_on } = ask(&engine, &rows, 1 + 7 * point);
        assert!(died == 0 || went_on, "point {point}: the run went on behind the kill");
        assert!(!kills_load.load(Ordering::Relaxed), "point {point}: a load was killed");
        all_died += died;
        // And while those that died are asked again.
        let mut kill_behind = if point % 3 == 1 { 3 } else { usize::MAX };
        while answers.iter().any(Option::is_none) {
            let open: Vec<usize> = (0..rows.len()).filter(|row| answers[*row].is_none()).collect();
            let asked: Vec<LLMRequest> = open.iter().map(|row| rows[*row].clone()).collect();
            let again = ask(&engine, &asked, kill_behind);
            died_again += again.died;
            kill_behind = usize::MAX;
            for (row, answer) in open.iter().zip(again.answers) {
                answers[*row] = answer;
            }
        }
        for (row, (found, expected)) in answers.iter().zip(&expected).enumerate() {
            assert_eq!(found.as_ref(), Some(&expected.content), "point {point}, row {row}");
        }
    }
    // One that happens to have nothing to do takes no row with it.
    assert!(all_died > 10, "{all_died} rows were in work when their helper was killed");
    assert!(died_again > 0, "none died twice");
}
