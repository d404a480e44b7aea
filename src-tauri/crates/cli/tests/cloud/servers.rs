use braincells_testing::{ChatCall, Reply};
use serde_json::{Value, json};

use super::lab::{FILL, KEY, LABELS, Lab, critic, with};
use super::support::{BACKEND, BAD_INPUT, NOT_FOUND};

#[test]
fn a_server_is_added_looked_at_and_removed() {
    let lab = Lab::new(critic);
    lab.server.set_model_list(json!({"data": [
        {"id": "small-8b", "context_length": 8192,
         "pricing": {"prompt": "0.00000015", "completion": "0.0000006"}},
        {"id": "large-70b"},
    ]}));
    let list = lab.run(&["backends"]).ok().stdout;
    for id in ["huggingface", "openrouter", "openai"] {
        assert!(list.contains(&format!("\n{id} ")), "{list}");
    }
    let line = list.lines().find(|line| line.starts_with("lab ")).unwrap();
    assert!(line.contains(&lab.server.base_url()) && line.contains("BRAINCELLS_KEY_LAB"), "{line}");

    let models = lab.run(&["backends", "models", "lab"]).ok().stdout;
    assert_eq!(models.lines().count(), 3, "{models}");
    let small = models.lines().find(|line| line.starts_with("small-8b")).unwrap();
    for word in ["8,192", "$0.15", "$0.60"] {
        assert!(small.contains(word), "{small}");
    }
    let found = lab.run(&["backends", "models", "lab", "LARGE", "70", "--json"]).ok().results();
    assert_eq!(found[0]["models"][0]["id"], "large-70b");
    assert_eq!(found[0]["models"].as_array().unwrap().len(), 1);
    let said = lab.run(&["backends", "test", "lab"]).ok();
    assert!(said.stdout.starts_with("lab answers, in "), "{}", said.stdout);
    assert!(lab.server.requests().iter().all(|call| call.key() == Some(KEY)));

    let limit = ["backends", "limit", "lab"];
    let set = with(&limit, &["--requests", "2", "--per-minute", "60"]);
    let expected = "lab: 2 requests at once, 60 requests/min\n";
    assert_eq!(lab.run(&set).ok().stdout, expected);
    assert_eq!(lab.run(&limit).ok().stdout, expected);
    let forgotten = lab.run(&with(&limit, &["--default"])).ok().stdout;
    assert_eq!(forgotten, "lab: 5 requests at once, no limit by the minute\n");

    assert!(lab.run(&["backends", "presets"]).ok().stdout.contains("ollama"));
    let said = lab.run(&["backends", "add", "ollama"]).ok();
    assert_eq!(said.stdout, "ollama  http://localhost:11434/v1\n");
    lab.run(&["backends", "add", "elsewhere"]).fails(BAD_INPUT, "address");
    lab.run(&["backends", "add", "openai", "http://localhost:1"]).code(BAD_INPUT);
    lab.run(&["backends", "add", "openai"]).fails(BAD_INPUT, "need not be added");
    lab.run(&["backends", "add", "lab2", "ftp://localhost"]).code(BAD_INPUT);
    lab.run(&["backends", "limit", "nowhere"]).fails(NOT_FOUND, "`nowhere`");
    lab.run(&["backends", "remove", "lab"]).ok();
    assert!(!lab.run(&["backends"]).ok().stdout.contains("\nlab "));
    lab.run(&FILL).fails(NOT_FOUND, "`lab`");
}

#[test]
fn columns_are_filled_over_a_server() {
    let lab = Lab::new(critic);
    let said = lab.run(&with(&FILL, &with(&LABELS, &["--out", "-", "--requests", "2"]))).ok();
    assert_eq!(
        said.stdout,
        "id,text,mood\n1,fine,positive\n2,awful,negative\n3,fine too,positive\n"
    );
    assert!(said.stderr.contains("mood: 3 rows"), "{}", said.stderr);
    assert_eq!(lab.server.calls(), 3);
    assert!(lab.server.most_in_flight() <= 2);
    let asked = lab.server.requests().into_iter().filter(ChatCall::is_chat);
    for call in asked {
        assert_eq!((call.key(), call.streams()), (Some(KEY), true));
        assert_eq!(call.body["model"], "test-model");
    }

    // The same again has nothing to do.
    lab.run(&with(&FILL, &LABELS)).ok();
    assert_eq!(lab.server.calls(), 3);
    let again = lab.run(&with(&FILL, &with(&LABELS, &["--fresh", "--force", "--json"]))).ok();
    let lines = again.json();
    let cells: Vec<&Value> = lines.iter().filter(|line| line["event"] == "cell_done").collect();
    assert_eq!(cells.len(), 3);
    for cell in cells {
        assert!(cell["confidence"].as_f64().is_some_and(|sure| sure > 0.85), "{cell}");
    }

    let text = ["--name", "note", "--backend", "lab:test-model", "--out", "-"];
    let fill = with(&["fill", "t.csv", "--prompt", "Sentiment of: {{text}}"], &text);
    let said = lab.run(&fill).ok();
    assert!(said.stdout.contains("2,awful,negative\n"), "{}", said.stdout);
    let preview = lab.run(&with(&fill, &["--preview=1"])).ok();
    assert!(preview.stdout.contains("[answer] positive"), "{}", preview.stdout);
}

#[test]
fn a_key_that_is_refused_is_one_message() {
    let lab = Lab::new(|call| match call.key() {
        Some(key) => {
            Reply::error(401, "invalid_api_key", &format!("Incorrect API key provided: {key}."))
        }
        None => Reply::error(401, "invalid_api_key", "You didn't provide an API key."),
    });
    let said = lab.run(&FILL).fails(BACKEND, "refused the key");
    assert!(!said.stderr.contains(KEY), "{}", said.stderr);
    lab.bench.run(&FILL).fails(BACKEND, "has no key");
    lab.run(&["backends", "test", "lab"]).fails(BACKEND, "refused the key");
    let object = lab.run(&with(&FILL, &["--json"])).code(BACKEND).json();
    assert_eq!(object.last().unwrap()["code"], "key_refused");
    let calls = lab.server.calls();
    assert!(calls <= 9, "a refused key is not tried again: {calls}");

    lab.server.set_script(critic);
    lab.run(&FILL).ok();
}

#[test]
fn a_server_that_is_not_there_ends_the_run_and_it_goes_on_later() {
    let mut lab = Lab::new(critic);
    lab.runtime.block_on(lab.server.stop());
    lab.run(&["backends", "test", "lab"]).fails(BACKEND, "cannot be reached");
    lab.runtime.block_on(lab.server.start_again()).unwrap();
    lab.run(&["backends", "test", "lab"]).ok();
    lab.run(&["backends", "models", "nowhere"]).fails(NOT_FOUND, "`nowhere`");
    let openai = ["fill", "t.csv", "--prompt", "{{text}}", "--model", "openai:gpt-4o-mini"];
    let said = lab.bench.run(&openai).fails(BACKEND, "has no key");
    assert!(said.stderr.contains("braincells keys set"), "{}", said.stderr);
}

#[test]
fn models_that_were_typed_by_hand_stay_when_the_server_moves() {
    let lab = Lab::new(critic);
    lab.server.set_models(&["listed"]);
    let add = |more: &[&str]| lab.run(&with(&["backends", "add", "lab"], more)).ok();
    let url = lab.server.base_url();
    add(&[&url, "--model", "one", "--model", "two"]);
    add(&[&url.replace("127.0.0.1", "localhost")]);
    assert!(add(&["--model", "three", "--model", "one"]).stdout.contains("localhost"));
    let models = lab.run(&["backends", "models", "lab", "--json"]).ok().results();
    let ids: Vec<&str> = models[0]["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| model["id"].as_str().unwrap())
        .collect();
    for id in ["one", "two", "three", "listed"] {
        assert_eq!(ids.iter().filter(|found| **found == id).count(), 1, "{ids:?}");
    }
}
