//! Runs that end before their rows do: what is in flight then was asked for, and is paid for.

use std::time::Duration;

use braincells_core::Code;

use super::*;

fn no_credit() -> FakeAnswer {
    FakeAnswer::Fail(LLMError::NoCredit { backend: "OpenAI".into(), reason: "empty".into() })
}

/// Takes the first row's request as one too many, and answers the others at the gate.
fn out_of_credit(gate: &FakeGate) -> Paid {
    let held = gate.clone();
    Paid::new(FakeEngine::answering(move |request| {
        if question(request).ends_with(" 0") {
            return no_credit();
        }
        FakeAnswer::text("fine").held_by(&held)
    }))
}

#[tokio::test(start_paused = true)]
async fn answers_in_flight_when_the_money_ends_are_kept() {
    let gate = FakeGate::new();
    let bench = Bench::new(out_of_credit(&gate));
    let (sheet, column) = bench.filled_by("openai:m", 40).await;
    let run = bench.start(sheet, column, RunScope::Empty).await;
    // Time goes on only while nothing is left to do: the run has heard of it by then.
    tokio::time::sleep(Duration::from_secs(1)).await;
    gate.open();
    let outcome = run.finished().await;
    assert_eq!(outcome.status, RunStatus::Failed);
    assert_eq!(outcome.error.unwrap().code, Code::NoCredit);
    let seen = bench.engine.inner.requests_seen();
    assert!((3..40).contains(&seen), "{seen}");
    assert_eq!(outcome.progress.rows_done as usize, seen - 1, "all but the one that was refused");
}

#[tokio::test(start_paused = true)]
async fn answers_in_flight_when_the_money_ends_are_not_waited_for_for_ever() {
    let gate = FakeGate::new();
    let bench = Bench::new(out_of_credit(&gate));
    let (sheet, column) = bench.filled_by("openai:m", 4).await;
    let began = tokio::time::Instant::now();
    let outcome = bench.fill(sheet, column, RunScope::Empty).await;
    assert_eq!(outcome.error.unwrap().code, Code::NoCredit);
    assert_eq!(outcome.progress.rows_done, 0);
    let waited = began.elapsed().as_secs();
    assert!((30..40).contains(&waited), "{waited}");
    assert_eq!(bench.engine.inner.in_flight(), 0);
}

/// Answers at the gate, and how to open it.
fn gated() -> (FakeGate, FakeEngine) {
    let gate = FakeGate::new();
    let held = gate.clone();
    let engine = FakeEngine::answering(move |request| {
        FakeAnswer::text(question(request).to_uppercase()).held_by(&held)
    });
    (gate, engine)
}

#[tokio::test(start_paused = true)]
async fn answers_in_flight_when_a_run_is_paused_are_kept() {
    let (gate, engine) = gated();
    let bench = Bench::new(Paid::new(engine.with_parallel_requests(2)));
    let (sheet, column) = bench.filled_by("openai:m", 9).await;
    gate.release(3);
    let run = bench.start(sheet, column, RunScope::Empty).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(done_count(&bench.states(sheet, column).await), 3);
    let in_flight = bench.engine.inner.in_flight();
    assert!(in_flight > 0);
    run.pause();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(bench.workbench.live_run_count(), 1, "they are waited for");
    let seen = bench.engine.inner.requests_seen();
    gate.open();
    let outcome = run.finished().await;
    assert_eq!((outcome.status, outcome.error), (RunStatus::Paused, None));
    assert_eq!(bench.engine.inner.requests_seen(), seen, "nothing more is asked");
    assert_eq!(outcome.progress.rows_done as usize, seen);
    assert_eq!(seen, 3 + in_flight);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_stops_waits_for_answers_as_long_as_somebody_waits_for_it() {
    /// How a run is stopped.
    type Stop = fn(&Bench, SheetId, &RunHandle);
    let stops: [(Stop, RunStatus, std::ops::Range<u64>); 4] = [
        (|_, _, run| run.pause(), RunStatus::Paused, 30..31),
        (
            |bench, _, _| drop(tokio::spawn(closed(bench.workbench.clone()))),
            RunStatus::Paused,
            5..6,
        ),
        (|_, _, run| run.cancel(), RunStatus::Cancelled, 0..1),
        (
            |bench, sheet, _| {
                let workbench = bench.workbench.clone();
                drop(tokio::spawn(async move { workbench.set_local_only(sheet, true).await }));
            },
            RunStatus::Paused,
            0..1,
        ),
    ];
    for (at, (stop, status, seconds)) in stops.into_iter().enumerate() {
        let (_gate, engine) = gated();
        let bench = Bench::new(Paid::new(engine));
        let (sheet, column) = bench.filled_by("openai:m", 4).await;
        let run = bench.start(sheet, column, RunScope::Empty).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let began = tokio::time::Instant::now();
        stop(&bench, sheet, &run);
        let outcome = run.finished().await;
        assert_eq!((outcome.status, outcome.progress.rows_done), (status, 0), "{at}");
        assert!(seconds.contains(&began.elapsed().as_secs()), "{at}: {:?}", began.elapsed());
    }
}

async fn closed(workbench: Workbench) {
    workbench.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_lock_does_not_wait_for_answers_that_a_pause_waits_for() {
    let (_gate, engine) = gated();
    let bench = Bench::new(Paid::new(engine));
    let (sheet, column) = bench.filled_by("openai:m", 4).await;
    let run = bench.start(sheet, column, RunScope::Empty).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    run.pause();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let began = tokio::time::Instant::now();
    bench.workbench.set_local_only(sheet, true).await.unwrap();
    let outcome = run.finished().await;
    assert_eq!(outcome.error.unwrap().code, Code::LocalOnly);
    assert_eq!(began.elapsed().as_secs(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_paused_run_with_nothing_in_flight_ends_at_once() {
    let limited = || LLMError::RateLimited { retry_after_ms: Some(40_000) };
    let engine = FakeEngine::answering(move |_| FakeAnswer::Fail(limited()));
    let bench = Bench::new(Paid::new(engine));
    let (sheet, column) = bench.filled_by("openai:m", 1).await;
    let run = bench.start(sheet, column, RunScope::Empty).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let began = tokio::time::Instant::now();
    run.pause();
    assert_eq!(run.finished().await.status, RunStatus::Paused);
    assert_eq!(began.elapsed().as_secs(), 0);
}

#[tokio::test]
async fn a_key_that_is_refused_ends_the_run_once_and_keeps_what_there_is() {
    let engine = FakeEngine::answering(|request| {
        if question(request).ends_with(" 5") {
            return FakeAnswer::Fail(LLMError::KeyRefused {
                backend: "OpenAI".to_owned(),
                missing: false,
                reason: "wrong".to_owned(),
            });
        }
        FakeAnswer::text("fine")
    });
    let bench = Bench::new(Paid::new(engine.with_parallel_requests(1)));
    let (sheet, column) = bench.filled_by("openai:m", 9).await;
    let outcome = bench.fill(sheet, column, RunScope::Empty).await;
    assert_eq!(outcome.status, RunStatus::Failed);
    assert_eq!(outcome.error.unwrap().code, Code::KeyRefused);
    let states = bench.states(sheet, column).await;
    assert_eq!((done_count(&states), states[5..].to_vec()), (5, vec![CellState::Empty; 4]));
    let ends = bench.events.all().into_iter().filter(|e| matches!(e, Event::RunEnded { .. }));
    assert_eq!(ends.count(), 1);
    assert!(bench.workbench.runs(sheet).await.unwrap()[0].status.can_resume());
}
