//! The helper is killed in the middle of its work and the rows are asked again. A test of its own:
//! it ends the only child of this process.
#![cfg(target_os = "linux")]

mod support;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use braincells_llm::worker::{WorkerEngine, WorkerModel, WorkerProgram};
use braincells_llm::{BatchEventKind, LLMEngine, LLMError, LLMRequest, RequestId};
use braincells_mlx::LoadOptions;
use futures::StreamExt;

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

#[expect(clippy::disallowed_methods, reason = "what scripts/test-mlx has set for all processes")]
fn program() -> WorkerProgram {
    let names = ["LD_LIBRARY_PATH", "LD_PRELOAD", "MLX_DISABLE_COMPILE"];
    let known = |name: &str| Some((OsString::from(name), std::env::var_os(name)?));
    WorkerProgram {
        program: PathBuf::from(env!("CARGO_BIN_EXE_braincells-mlx")),
        arguments: Vec::new(),
        environment: names.into_iter().filter_map(known).collect(),
    }
}

#[test]
fn rows_are_answered_although_the_helper_is_killed_ten_times() {
    let folder = tiny("llama-4bit");
    let rows: Vec<LLMRequest> = (0..40_u64)
        .map(|row| LLMRequest { max_tokens: Some(12), ..question(&format!("Row {row}")) })
        .collect();
    let expected = answers(&load(folder.path(), 8).unwrap(), rows.clone());
    let options = serde_json::to_value(LoadOptions::default()).unwrap();
    let model = WorkerModel { path: folder.path().to_owned(), options };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let load = WorkerEngine::load(program(), model, std::future::ready(None), |_| {});
    let engine = runtime.block_on(load).unwrap();
    let mut all_died = 0;
    for point in 0..10 {
        let mut found: Vec<Option<String>> = vec![None; rows.len()];
        let mut died = 0;
        futures::executor::block_on(async {
            let requests = (0..).map(RequestId).zip(rows.clone());
            let mut events = engine.generate_batch(futures::stream::iter(requests).boxed());
            let mut seen = 0;
            while let Some(event) = events.next().await {
                // At the first word, later ones, the first answers.
                if seen == 1 + 7 * point {
                    let killed =
                        Command::new("kill").args(["-KILL", &helper().to_string()]).status();
                    assert!(killed.unwrap().success());
                }
                seen += 1;
                match event.kind {
                    BatchEventKind::Done(response) => {
                        found[event.id.0 as usize] = Some(response.content);
                    }
                    BatchEventKind::Failed(LLMError::WorkerDied { .. }) => died += 1,
                    BatchEventKind::Failed(error) => panic!("{error}"),
                    _ => {}
                }
            }
        });
        all_died += died;
        assert!(
            found.iter().any(Option::is_some),
            "point {point}: the run went on behind the kill"
        );
        let again: Vec<usize> = (0..rows.len()).filter(|row| found[*row].is_none()).collect();
        assert_eq!(again.len(), died, "each row has one end");
        let asked = again.iter().map(|row| rows[*row].clone()).collect();
        for (row, response) in again.iter().zip(answers(&engine, asked)) {
            found[*row] = Some(response.content);
        }
        for (row, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert_eq!(found.as_ref(), Some(&expected.content), "point {point}, row {row}");
        }
    }
    // One that happens to have nothing to do takes no row with it.
    assert!(all_died > 10, "{all_died} rows were in work when their helper was killed");
}
