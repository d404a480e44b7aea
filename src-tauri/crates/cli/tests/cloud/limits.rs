use serde_json::json;

use super::lab::{Lab, costly, critic, with};
use super::support::{BACKEND, BAD_INPUT, read};

#[test]
fn a_run_stops_at_its_limit_and_goes_on_with_a_higher_one() {
    let lab = Lab::new(costly);
    let rows = (1..=10).map(|row| format!("{row}\n")).collect::<Vec<_>>().concat();
    lab.bench.file("ten.csv", format!("text\n{rows}"));
    let fill = ["fill", "ten.csv", "--prompt", "About {{text}}", "--model", "lab:test-model"];
    let fill = with(&fill, &["--max-tokens", "4", "--requests", "1", "--out", "out.csv"]);

    let said = lab.run(&with(&fill, &["--max-run-tokens", "320"])).code(BACKEND);
    assert!(said.stderr.contains("are done and kept"), "{}", said.stderr);
    let hint = "the same command with a higher `--max-cost` or `--max-run-tokens` goes on";
    assert!(said.stderr.contains(hint), "{}", said.stderr);
    let calls = lab.server.calls();
    assert!((1..=6).contains(&calls), "{calls} of 52 tokens each");
    assert!(!lab.bench.path("out.csv").exists());

    // What it took before counts.
    lab.run(&["resume", "ten", "--max-run-tokens", "320"]).code(BACKEND);
    assert_eq!(lab.server.calls(), calls, "what one takes is known from the run's log");
    lab.run(&with(&fill, &["--max-run-tokens", "100000"])).ok();
    assert_eq!(lab.server.calls(), 10, "no answer is paid for twice");
    assert_eq!(read(&lab.bench.path("out.csv")).lines().count(), 11);
}

#[test]
fn money_is_a_limit_where_the_price_is_known() {
    let lab = Lab::new(costly);
    let rows = (1..=10).map(|row| format!("{row}\n")).collect::<Vec<_>>().concat();
    lab.bench.file("ten.csv", format!("text\n{rows}"));
    let fill = ["fill", "ten.csv", "--prompt", "About {{text}}", "--model", "lab:test-model"];
    let fill = with(&fill, &["--max-tokens", "4", "--requests", "1", "--out", "out.csv"]);
    lab.run(&with(&fill, &["--max-cost", "1"])).fails(BAD_INPUT, "what `lab:test-model` costs");
    assert_eq!(lab.server.calls(), 0);

    lab.server.set_model_list(json!({"data": [{
        "id": "test-model", "pricing": {"prompt": "0.001", "completion": "0.002"},
    }]}));
    // 0.054 dollars a row.
    let said = lab.run(&with(&fill, &["--max-cost", "$0.30"])).code(BACKEND);
    assert!(said.stderr.contains("are done and kept"), "{}", said.stderr);
    let calls = lab.server.calls();
    assert!((1..=5).contains(&calls), "{calls}");
    let said = lab.run(&with(&fill, &["--max-cost", "5"])).ok();
    assert!(said.stdout.contains("$0."), "{}", said.stdout);
    assert_eq!(lab.server.calls(), 10);
}

#[test]
fn a_locked_sheet_asks_nobody_but_this_machine() {
    let lab = Lab::new(critic);
    lab.sheet("away", "openai:gpt-4o-mini");
    lab.sheet("here", "lab:test-model");
    for sheet in ["away", "here"] {
        lab.run(&["sheets", "lock", sheet]).ok();
    }
    assert_eq!(lab.run(&["sheets"]).ok().stdout.matches("locked to this machine").count(), 2);
    let refused = |arguments: &[&str]| {
        lab.run_with("OPENAI_API_KEY", arguments).fails(BACKEND, "is not on this machine");
    };
    refused(&["update", "away"]);
    refused(&["batch", "write", "away", "mood", "--out", "b.jsonl"]);
    assert!(!lab.bench.path("b.jsonl").exists());
    // A server on this machine is on this machine.
    lab.run(&["update", "here"]).ok();
    assert_eq!(lab.server.calls(), 3);
    lab.run(&["sheets", "unlock", "away"]).ok();
    assert_eq!(lab.run(&["sheets"]).ok().stdout.matches("locked to this machine").count(), 1);
}
