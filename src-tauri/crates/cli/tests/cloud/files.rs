use std::fs;

use serde_json::json;

use super::lab::{Lab, critic, with};
use super::support::{NOT_FOUND, SOME_FAILED, json_lines, read};

#[test]
fn a_column_goes_out_and_comes_back_as_a_batch_file() {
    let lab = Lab::new(critic);
    lab.sheet("t", "lab:test-model");
    let write = ["batch", "write", "t", "mood", "--out", "b.jsonl"];
    let said = lab.run(&write).ok();
    assert!(said.stdout.starts_with("3 requests written to "), "{}", said.stdout);
    let lines = json_lines(&read(&lab.bench.path("b.jsonl")));
    assert_eq!(lines.len(), 3);
    for line in &lines {
        assert_eq!(
            (&line["method"], &line["url"]),
            (&"POST".into(), &"/v1/chat/completions".into())
        );
        assert_eq!(line["body"]["model"], "test-model");
    }
    // Ours may be replaced, others not.
    lab.run(&write).ok();
    fs::write(lab.bench.path("b.jsonl"), "mine").unwrap();
    lab.run(&write).fails(NOT_FOUND, "already there");
    let only = lab.run(&["batch", "write", "t", "mood", "--out", "-", "--where", "text=awful"]);
    assert_eq!(only.ok().json().len(), 1);
    assert_eq!(lab.server.calls(), 0, "nothing is asked");

    let name = |at: usize| lines[at]["custom_id"].as_str().unwrap();
    let good = |name: &str, text: &str| {
        let body = json!({"choices": [{"index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 1}});
        json!({"custom_id": name, "error": null, "response": {"status_code": 200, "body": body}})
            .to_string()
    };
    let bad = json!({"custom_id": name(1), "error": null, "response": {"status_code": 400, "body":
        {"error": {"message": "no", "code": "invalid_request"}}}});
    let results = [
        good(name(2), "positive"),
        bad.to_string(),
        good(name(2), "negative"),
        good("row-999", "positive"),
        "garbage".to_owned(),
    ];
    lab.bench.file("results.jsonl", results.join("\n"));
    let read = ["batch", "read", "t", "mood", "results.jsonl"];
    let said = lab.run(&with(&read, &["--json"])).code(SOME_FAILED).results();
    assert_eq!(
        said[0]["read"],
        json!({"merged": 1, "failed": 1, "missing": 1, "duplicate": 1, "changed": 0,
               "unknown": 1, "unreadable": 1})
    );
    let shown = lab.run(&["show", "t", "--columns", "text,mood"]).ok().stdout;
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!((lines[1], lines[3]), ("1  fine", "3  fine too  positive"));
    assert!(lines[2].starts_with("2  awful     failed: "), "{shown}");
    lab.run(&["batch", "read", "t", "mood", "nothing.jsonl"]).code(NOT_FOUND);

    // The same column of another sheet has not asked that.
    lab.sheet("u", "lab:test-model");
    let other = lab.run(&["batch", "read", "u", "mood", "results.jsonl", "--json"]).ok().results();
    assert_eq!((&other[0]["read"]["merged"], &other[0]["read"]["unknown"]), (&0.into(), &4.into()));
    // What was answered before needs no request.
    lab.run(&["update", "u"]).ok();
    let kept = ["batch", "write", "u", "mood", "--cells", "all", "--out", "u.jsonl"];
    let said = lab.run(&kept).ok();
    assert!(said.stdout.starts_with("0 requests written to "), "{}", said.stdout);
    assert!(said.stdout.contains("3 rows have an answer that is kept"), "{}", said.stdout);
    let said = lab.run(&with(&kept, &["--no-cache", "--json"])).ok().results();
    assert_eq!(said[0]["written"]["requests"], 3);
    assert_eq!(said[0]["written"]["rows_known"], 0);
}
