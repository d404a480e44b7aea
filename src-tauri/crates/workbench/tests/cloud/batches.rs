//! Batch files. Over 300 lines, because each test shows a whole way out and back.

use std::path::{Path, PathBuf};

use braincells_core::{Code, Output};
use braincells_workbench::{BatchRead, BatchWritten};
use serde_json::json;

use super::*;

/// The line of a result as OpenAI writes it.
fn result(name: &str, answer: &str) -> String {
    json!({
        "id": format!("batch_req_{name}"), "custom_id": name,
        "response": {"status_code": 200, "request_id": "r", "body": {
            "id": "c", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini-2024",
            "choices": [{"index": 0, "finish_reason": "stop", "logprobs": null,
                "message": {"role": "assistant", "content": answer, "refusal": null}}],
            "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
        }},
        "error": null,
    })
    .to_string()
}

fn failure(name: &str) -> String {
    json!({
        "id": "x", "custom_id": name, "response": null,
        "error": {"code": "batch_expired", "message": "it took too long"},
    })
    .to_string()
}

fn names(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap();
    let name = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["method"], "POST");
        assert_eq!(line["url"], "/v1/chat/completions");
        assert_eq!(line["body"]["model"], "gpt-4o-mini");
        line["custom_id"].as_str().unwrap().to_owned()
    };
    text.lines().map(name).collect()
}

async fn written(bench: &Bench, sheet: SheetId, column: ColumnId) -> (PathBuf, BatchWritten) {
    let file = bench.home.outside().join("requests.jsonl");
    let written = bench.workbench.write_batch(sheet, column, RunScope::Empty, &file).await;
    (file.clone(), written.unwrap())
}

fn counted(requests: u64, rows_waiting: u64, rows_skipped_empty: u64) -> BatchWritten {
    BatchWritten { requests, files: 1, rows_waiting, rows_skipped_empty, rows_known: 0 }
}

async fn read(bench: &Bench, sheet: SheetId, column: ColumnId, lines: &[String]) -> BatchRead {
    let file = bench.home.write("results.jsonl", lines.join("\n"));
    bench.workbench.read_batch(sheet, column, &file).await.unwrap()
}

#[tokio::test]
async fn a_column_goes_out_as_a_file_and_comes_back_as_a_run() {
    let bench = Bench::new(Paid::new(upper()));
    let (sheet, column) = bench.filled_by("openai:gpt-4o-mini", 6).await;
    let (file, requests) = written(&bench, sheet, column).await;
    assert_eq!(requests, counted(6, 0, 0));
    let names = names(&file);
    assert_eq!(names.len(), 6);
    let rows: Vec<RowId> =
        bench.cells(sheet, column).await.into_iter().map(|(row, ..)| row).collect();
    bench.workbench.edit_cell(sheet, column, rows[4], json!("mine")).await.unwrap();
    // Not in order, with a line too many, one too few, one that failed, and what is no line at all.
    let lines = [
        result(&names[2], "three"),
        result(&names[0], "one"),
        result(&names[0], "one again"),
        failure(&names[1]),
        result(&names[4], "not mine"),
        result("row-999", "nobody"),
        result("somebody", "else"),
        "{\"custom_id\": ".to_owned(),
        "garbage".to_owned(),
        String::new(),
        result(&names[3], "four"),
    ];
    let expected = BatchRead {
        merged: 3,
        failed: 1,
        missing: 1,
        duplicate: 1,
        changed: 0,
        unknown: 3,
        unreadable: 2,
    };
    assert_eq!(read(&bench, sheet, column, &lines).await, expected);
    let cells = bench.cells(sheet, column).await;
    let shown: Vec<(Value, CellState)> =
        cells.into_iter().map(|(_, value, state)| (value, state)).collect();
    let done = |text: &str| (json!(text), CellState::Done);
    assert_eq!(
        shown,
        [
            done("one"),
            (Value::Null, CellState::Failed),
            done("three"),
            done("four"),
            (json!("mine"), CellState::Edited),
            (Value::Null, CellState::Empty),
        ]
    );
    let history = bench.workbench.cell_history(sheet, column, rows[0]).await.unwrap();
    assert_eq!(history[0].figures.model.as_deref(), Some("openai:gpt-4o-mini"));
    assert_eq!(history[0].figures.prompt_tokens, 12);
    let prompt = bench.workbench.cell_prompt(sheet, column, rows[0], history[0].seq).await.unwrap();
    assert!(prompt.messages.last().unwrap().content.contains("row 0"));
    let runs = bench.workbench.runs(sheet).await.unwrap();
    assert_eq!((runs.len(), runs[0].status), (1, RunStatus::Done));
    assert_eq!((runs[0].rows_done, runs[0].rows_failed), (3, 1));
    assert_eq!(bench.engine.inner.requests_seen(), 0, "nobody was asked");
    // The same file brings nothing twice, and no run.
    let again = BatchRead { merged: 0, failed: 0, duplicate: 5, ..expected };
    assert_eq!(read(&bench, sheet, column, &lines).await, again);
    assert_eq!(bench.workbench.runs(sheet).await.unwrap().len(), 1);
    // It is one step.
    bench.workbench.undo(sheet).await.unwrap();
    let states = bench.states(sheet, column).await;
    assert_eq!((done_count(&states), states[1]), (0, CellState::Empty));
    let back = read(&bench, sheet, column, &lines).await;
    assert_eq!((back.merged, back.failed), (3, 1), "what was undone can be taken again");
    let rest = read(&bench, sheet, column, &[result(&names[5], "six")]).await;
    assert_eq!((rest.merged, rest.missing), (1, 0));
}

#[tokio::test]
async fn typed_answers_are_read_as_those_of_a_run() {
    let bench = Bench::new(Paid::new(upper()));
    let sheet = bench.sheet(4).await;
    let of =
        |output| Recipe { model: "openai:gpt-4o-mini".into(), ..typed_recipe("{{text}}", output) };
    let number = bench.add(sheet, "number", of(Output::Number(NumberLimits::default()))).await;
    let labels = vec!["yes".to_owned(), "no".to_owned()];
    let label = bench.add(sheet, "label", of(Output::Label { labels })).await;
    for (column, answers, expected) in [
        (number, ["{\"answer\": 7}", "{\"answer\": 2.5}", "many"], [json!(7), json!(2.5)]),
        (label, ["yes", "No", "perhaps"], [json!("yes"), json!("no")]),
    ] {
        let (file, _) = written(&bench, sheet, column).await;
        let lines: Vec<String> =
            names(&file).iter().zip(answers).map(|(name, answer)| result(name, answer)).collect();
        let counts = read(&bench, sheet, column, &lines).await;
        assert_eq!((counts.merged, counts.failed, counts.missing), (2, 1, 1), "{counts:?}");
        let values: Vec<Value> =
            bench.cells(sheet, column).await.into_iter().map(|(_, value, _)| value).collect();
        for (value, expected) in values.iter().zip(expected) {
            let same = value
                .as_f64()
                .zip(expected.as_f64())
                .map_or(*value == expected, |(a, b)| (a - b).abs() < 1e-9);
            assert!(same, "{value} {expected}");
        }
        let again = read(&bench, sheet, column, &lines).await;
        assert_eq!((again.merged, again.duplicate), (0, 3), "{again:?}");
    }
}

#[tokio::test]
async fn rows_without_anything_to_read_are_left_out_of_a_file() {
    let bench = Bench::new(Paid::new(upper()));
    let source = bench.home.write("in.csv", "text,other\na,1\n,2\nc,3\n");
    let sheet = bench.workbench.import(&InputFile::new(source)).await.unwrap().id;
    let first = bench.add(sheet, "first", of_model("openai:gpt-4o-mini", "{{text}}")).await;
    let below = bench.add(sheet, "below", of_model("openai:gpt-4o-mini", "{{first}}")).await;
    let (_, counts) = written(&bench, sheet, first).await;
    assert_eq!(counts, counted(2, 0, 1));
    let (file, counts) = written(&bench, sheet, below).await;
    assert_eq!(counts, counted(0, 3, 0));
    assert_eq!(std::fs::read(file).unwrap(), b"");
    let made = bench.add(sheet, "made", of_model("openai:gpt-4o-mini", "Something new")).await;
    let path = bench.home.outside().join("none.jsonl");
    let refused = bench.workbench.write_batch(sheet, made, RunScope::Empty, &path).await;
    assert_eq!(refused.unwrap_err().code, Code::BadInput);
    assert!(!path.exists());
    let missing = bench.workbench.read_batch(sheet, first, &path).await.unwrap_err();
    assert_eq!(missing.code, Code::NotFound);
}

#[tokio::test]
async fn a_file_is_not_taken_while_the_column_is_being_filled() {
    let gate = FakeGate::new();
    let held = gate.clone();
    let engine = FakeEngine::answering(move |_| FakeAnswer::text("x").held_by(&held));
    let bench = Bench::new(Paid::new(engine));
    let (sheet, column) = bench.filled_by("openai:gpt-4o-mini", 2).await;
    let (file, _) = written(&bench, sheet, column).await;
    let run = bench.start(sheet, column, RunScope::Empty).await;
    let file = bench.home.write("results.jsonl", result(&names(&file)[0], "one"));
    let refused = bench.workbench.read_batch(sheet, column, &file).await.unwrap_err();
    assert_eq!(refused.code, Code::Conflict);
    let twice = bench.home.outside().join("twice.jsonl");
    let refused = bench.workbench.write_batch(sheet, column, RunScope::Empty, &twice).await;
    assert_eq!(refused.unwrap_err().code, Code::Conflict, "it would be paid twice");
    gate.open();
    assert_eq!(run.finished().await.progress.rows_done, 2);
    let counts = bench.workbench.read_batch(sheet, column, &file).await.unwrap();
    assert_eq!(counts.merged, 1, "a result takes the place of what a model made");
}

#[tokio::test]
async fn a_mark_of_the_byte_order_costs_no_result() {
    let bench = Bench::new(Paid::new(upper()));
    let (sheet, column) = bench.filled_by("openai:gpt-4o-mini", 2).await;
    let (file, _) = written(&bench, sheet, column).await;
    let names = names(&file);
    let lines = [format!("\u{feff}{}", result(&names[0], "one")), result(&names[1], "two")];
    let counts = read(&bench, sheet, column, &lines).await;
    assert_eq!(counts, BatchRead { merged: 2, ..BatchRead::default() });
}

/// The file of results is a pipe, so that the test knows how far it is read.
#[cfg(unix)]
#[tokio::test]
async fn a_cell_that_a_person_writes_meanwhile_is_not_announced() {
    use std::io::Write as _;

    let bench = Bench::new(Paid::new(upper()));
    let (sheet, column) = bench.filled_by("openai:gpt-4o-mini", 600).await;
    let (file, _) = written(&bench, sheet, column).await;
    let names = names(&file);
    let rows = bench.cells(sheet, column).await;
    let pipe = bench.home.outside().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let (workbench, path) = (bench.workbench.clone(), pipe.clone());
    let reading =
        tokio::spawn(async move { workbench.read_batch(sheet, column, &path).await.unwrap() });
    let lines: String = names.iter().map(|name| result(name, "x") + "\n").collect();
    // What stands behind the first page is more than a pipe and a reader hold, so that the page is
    // taken once all of it is gone.
    let tail = lines + &"\n".repeat(300_000);
    let mut file = tokio::task::spawn_blocking(move || {
        let mut file = std::fs::File::options().write(true).open(&pipe).unwrap();
        file.write_all(tail.as_bytes()).unwrap();
        file
    })
    .await
    .unwrap();
    bench.workbench.edit_cell(sheet, column, rows[0].0, json!("mine")).await.unwrap();
    file.flush().unwrap();
    drop(file);
    let counts = reading.await.unwrap();
    assert_eq!((counts.merged, counts.unknown), (599, 1), "{counts:?}");
    assert_eq!(bench.cells(sheet, column).await[0].1, json!("mine"));
    assert!(!bench.events.ended_rows().iter().any(|(row, _)| *row == rows[0].0));
}

#[tokio::test]
async fn an_answer_lands_only_where_it_was_asked_for() {
    let bench = Bench::new(Paid::new(upper()));
    let (sheet, column) = bench.filled_by("openai:gpt-4o-mini", 2).await;
    // Everything about these is the same but the place.
    let beside = bench.add(sheet, "beside", of_model("openai:gpt-4o-mini", "{{text}}")).await;
    let (elsewhere, same) = bench.filled_by("openai:gpt-4o-mini", 2).await;
    assert_eq!(column, same);
    let (file, _) = written(&bench, sheet, column).await;
    let names = names(&file);
    let id = sheet.to_string();
    for (at, name) in names.iter().enumerate() {
        let place = format!("row-{}-c{column}-{}-", at + 1, &id[..8]);
        assert!(name.starts_with(&place) && name.len() == place.len() + 8, "{name}");
    }
    let old = result("row-1", "of nobody knows what");
    let lines = [result(&names[0], "one"), result(&names[1], "two"), old];
    for (sheet, column) in [(sheet, beside), (elsewhere, same)] {
        let counts = read(&bench, sheet, column, &lines).await;
        assert_eq!(counts, BatchRead { unknown: 3, ..BatchRead::default() });
        assert_eq!(done_count(&bench.states(sheet, column).await), 0);
    }
    let counts = read(&bench, sheet, column, &lines).await;
    assert_eq!(counts, BatchRead { merged: 2, unknown: 1, ..BatchRead::default() });
}

#[tokio::test]
async fn an_answer_to_what_a_row_does_not_ask_any_more_is_not_taken() {
    let bench = Bench::new(Paid::new(upper()));
    let (sheet, column) = bench.filled_by("openai:gpt-4o-mini", 3).await;
    let (file, _) = written(&bench, sheet, column).await;
    let first = names(&file);
    let shown = bench.workbench.show(sheet, None, 0, 3).await.unwrap();
    let (text, row) = (shown.columns[0].id, shown.window.rows[0].row);
    bench.workbench.edit_cell(sheet, text, row, json!("another text")).await.unwrap();
    let lines: Vec<String> = first.iter().map(|name| result(name, "old")).collect();
    let with_one_twice = [lines.as_slice(), &lines[..1]].concat();
    let counts = read(&bench, sheet, column, &with_one_twice).await;
    let expected = BatchRead { merged: 2, changed: 1, duplicate: 1, ..BatchRead::default() };
    assert_eq!(counts, expected);
    assert_eq!(bench.cells(sheet, column).await[0].1, Value::Null);
    // It still has no answer, and what is asked now is taken although the old one comes again.
    assert_eq!(read(&bench, sheet, column, &[]).await.missing, 1);
    let (file, counts) = written(&bench, sheet, column).await;
    assert_eq!(counts.requests, 1);
    let again = [lines[0].clone(), result(&names(&file)[0], "new")];
    let counts = read(&bench, sheet, column, &again).await;
    assert_eq!(counts, BatchRead { merged: 1, changed: 1, ..BatchRead::default() });
    assert_eq!(bench.cells(sheet, column).await[0].1, json!("new"));
    // Another prompt, and another model.
    for recipe in
        [of_model("openai:gpt-4o-mini", "What is {{text}}?"), of_model("openai:gpt-4o", "{{text}}")]
    {
        bench.workbench.set_recipe(sheet, column, recipe).await.unwrap();
        let counts = read(&bench, sheet, column, &lines[1..]).await;
        assert_eq!(counts, BatchRead { changed: 2, ..BatchRead::default() });
    }
    bench
        .workbench
        .set_recipe(sheet, column, of_model("openai:gpt-4o-mini", "{{text}}"))
        .await
        .unwrap();
    let counts = read(&bench, sheet, column, &lines[1..]).await;
    assert_eq!(counts.changed, 0, "it asks again what it asked: {counts:?}");
}

#[tokio::test]
async fn rows_whose_answer_is_kept_need_no_line() {
    let bench = Bench::new(Paid::new(upper().with_fingerprint("f")));
    let (sheet, column) = bench.filled_by("openai:gpt-4o-mini", 5).await;
    bench.fill(sheet, column, RunScope::First { count: 3 }).await;
    bench.workbench.undo(sheet).await.unwrap();
    let (file, counts) = written(&bench, sheet, column).await;
    assert_eq!(counts, BatchWritten { rows_known: 3, ..counted(2, 0, 0) });
    assert_eq!(names(&file).len(), 2);
    let fresh = RunRequest { fresh: true, ..RunScope::Empty.into() };
    let counts = bench.workbench.write_batch(sheet, column, fresh, &file).await.unwrap();
    assert_eq!(counts, counted(5, 0, 0));
}
