//! A limit holds over the end of a process: what was taken before it is known after it, whatever
//! became of the cells.

use braincells_core::{Code, RunId};
use tokio::runtime::{Builder, Runtime};

use super::*;

/// A process of its own, as far as tasks go: what is under way when it ends is gone.
fn process() -> Runtime {
    let mut process = Builder::new_current_thread();
    process.enable_all().start_paused(true).build().expect("a runtime can be made")
}

/// Ends a process without a word, and opens its home in another.
fn kill(process: Runtime, bench: Bench, engine: Paid) -> (Runtime, Bench) {
    drop(process);
    (self::process(), bench.reopen(engine))
}

async fn resumed(bench: &Bench, sheet: SheetId, run: RunId, cap: RunCap) -> RunOutcome {
    let options = EngineOptions { cap, ..EngineOptions::default() };
    bench.workbench.resume(sheet, run, &options).await.unwrap().finished().await
}

#[test]
fn attempts_that_came_to_no_cell_count_after_a_kill() {
    let gate = FakeGate::new();
    gate.release(1);
    let held = gate.clone();
    let engine = FakeEngine::answering(move |_| FakeAnswer::text("no number").held_by(&held));
    // Nobody knows what it costs, and the tokens are limited all the same.
    let first = process();
    let (bench, sheet, run) = first.block_on(async {
        let bench = Bench::new(Paid { cost_usd: None, ..Paid::new(engine) });
        let sheet = bench.sheet(1).await;
        let column = bench.add(sheet, "number", numbers_of("openai:m")).await;
        let run = bench.start(sheet, column, capped(tokens(250))).await;
        // Time goes on only while there is nothing else to do: the second attempt is held by then.
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        assert_eq!((bench.engine.inner.requests_seen(), bench.engine.inner.in_flight()), (2, 1));
        (bench, sheet, run.id())
    });
    let again = FakeEngine::answering(|_| FakeAnswer::text("no number"));
    let (second, bench) = kill(first, bench, Paid { cost_usd: None, ..Paid::new(again) });
    second.block_on(async {
        let runs = bench.workbench.runs(sheet).await.unwrap();
        assert_eq!(runs[0].status, RunStatus::Interrupted);
        let outcome = resumed(&bench, sheet, run, RunCap::default()).await;
        assert_eq!(outcome.error.unwrap().code, Code::LimitReached);
        assert_eq!(bench.engine.inner.requests_seen(), 1, "100 tokens were taken before the kill");
    });
}

#[test]
fn answers_that_are_kept_and_not_written_as_cells_count_after_a_kill() {
    let engine = || Paid::new(upper().with_fingerprint("f").with_parallel_requests(1));
    let gate = FakeGate::new();
    gate.release(1);
    let held = gate.clone();
    let gated = FakeEngine::answering(move |request| {
        FakeAnswer::text(question(request).to_uppercase()).held_by(&held)
    });
    let first = process();
    let (bench, sheet, column, run) = first.block_on(async {
        let bench = Bench::new(Paid::new(gated.with_fingerprint("f")));
        let (sheet, column) = bench.filled_by("openai:m", 5).await;
        let run = bench.start(sheet, column, capped(tokens(250))).await;
        // No time goes by, so that the group of cells is not written.
        while bench.workbench.cache_info().await.unwrap().responses == 0 {
            tokio::task::yield_now().await;
        }
        assert!(bench.events.ended_rows().is_empty());
        (bench, sheet, column, run.id())
    });
    let (second, bench) = kill(first, bench, engine());
    second.block_on(async {
        assert_eq!(done_count(&bench.states(sheet, column).await), 0);
        let outcome = resumed(&bench, sheet, run, RunCap::default()).await;
        assert_eq!(outcome.error.unwrap().code, Code::LimitReached);
        assert_eq!(outcome.progress.rows_done, 2, "one of them is kept and free");
        assert_eq!(bench.engine.inner.requests_seen(), 1, "100 tokens were taken before the kill");
        let outcome = resumed(&bench, sheet, run, tokens(10_000)).await;
        assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 5));
    });
}

#[tokio::test]
async fn what_was_taken_counts_when_its_cells_are_undone_and_forgotten() {
    let bench = Bench::new(Paid { cost_usd: None, ..Paid::new(upper()) });
    let (sheet, column) = bench.filled_by("openai:m", 5).await;
    let outcome = bench.fill(sheet, column, capped(tokens(250))).await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Paused, 2));
    bench.workbench.undo(sheet).await.unwrap();
    bench.add(sheet, "other", of_model("m.gguf", "{{text}}")).await;
    bench.workbench.compact_sheet(sheet, 0).await.unwrap();
    let outcome = resumed(&bench, sheet, outcome.progress.run, RunCap::default()).await;
    assert_eq!(outcome.error.unwrap().code, Code::LimitReached);
    assert_eq!(bench.engine.inner.requests_seen(), 2);
}
