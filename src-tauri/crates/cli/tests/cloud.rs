//! Backends that are not on this machine, as a person meets them: the binary against a server on
//! loopback. The keyring of whoever runs this is not touched.

#![expect(clippy::unwrap_used, reason = "in a test a failed step is the failure")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use braincells_testing::{Answer, ChatCall, ChatServer, Logprob, Reply};
use serde_json::{Value, json};
use support::{BACKEND, BAD_INPUT, Bench, NOT_FOUND, SOME_FAILED, STORAGE, Said, USAGE, read};
use tokio::runtime::Runtime;

/// Must be nowhere afterwards.
const KEY: &str = "sk-canary-5d1f0a9b7c3e";

const TABLE: &str = "id,text\n1,fine\n2,awful\n3,fine too\n";

/// A bench with a server of its own, which is the backend `lab`.
struct Lab {
    bench: Bench,
    server: ChatServer,
    // Last, so that the server goes first.
    runtime: Runtime,
}

impl Lab {
    fn new(script: impl Fn(&ChatCall) -> Reply + Send + Sync + 'static) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(ChatServer::start(script));
        let bench = Bench::new();
        bench.file("t.csv", TABLE);
        bench.run(&["backends", "add", "lab", &server.base_url()]).ok();
        Self { bench, server, runtime }
    }

    /// Runs with the key of `lab` in the environment.
    fn run(&self, arguments: &[&str]) -> Said {
        self.run_with("BRAINCELLS_KEY_LAB", arguments)
    }

    fn run_with(&self, variable: &str, arguments: &[&str]) -> Said {
        Said::from(self.bench.command(arguments).env(variable, KEY).output().unwrap())
    }

    /// A sheet with a column that is asked of this model.
    fn sheet(&self, name: &str, model: &str) {
        self.bench.file("recipe.yml", RECIPE);
        self.bench.run(&["import", "t.csv", "--name", name]).ok();
        let import = ["recipe", "import", name, "recipe.yml", "--model", model];
        Said::from(self.bench.command(&import).env("OPENAI_API_KEY", KEY).output().unwrap()).ok();
    }
}

const RECIPE: &str = "columns:
  mood:
    modelName: none
    prompt: \"Sentiment of: {{text}}\"
    columnsReferences: [text]
    braincells:
      version: 1
      output: {type: label, labels: [positive, negative]}
";

/// Knows what is fine, and says how sure it is if asked.
fn critic(call: &ChatCall) -> Reply {
    let fine = call.last_user_message().contains("fine");
    let (label, other) = if fine { ("positive", "negative") } else { ("negative", "positive") };
    let mut answer = Answer::new(label);
    if call.body["logprobs"] == true {
        answer.logprobs = vec![Logprob::new(label, 0.9, &[(other, 0.1)])];
    }
    Reply::Answer(answer)
}

/// The same answer to everybody, with these tokens.
fn costly(_call: &ChatCall) -> Reply {
    Reply::Answer(Answer { usage: Some((50, 2)), ..Answer::new("two words") })
}

const FILL: [&str; 8] = [
    "fill",
    "t.csv",
    "--prompt",
    "Sentiment of: {{text}}",
    "--name",
    "mood",
    "--model",
    "lab:test-model",
];

const LABELS: [&str; 2] = ["--type", "label:positive,negative"];

fn with<'a>(first: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [first, more].concat()
}

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

#[test]
fn a_column_goes_out_and_comes_back_as_a_batch_file() {
    let lab = Lab::new(critic);
    lab.sheet("t", "lab:test-model");
    let write = ["batch", "write", "t", "mood", "--out", "b.jsonl"];
    let said = lab.run(&write).ok();
    assert!(said.stdout.starts_with("3 requests written to "), "{}", said.stdout);
    let lines = support::json_lines(&read(&lab.bench.path("b.jsonl")));
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

#[test]
fn keys_are_kept_out_of_command_lines_and_where_they_would_be_lost() {
    let bench = Bench::new();
    for arguments in [
        &["keys", "set", "openai", KEY][..],
        &["keys", "set", "sk-Canary_5d1f0a9b7c3e"],
        &["keys", "set", "openai", "--key", KEY],
        &["keys", "set", "openai", &format!("--key={KEY}")],
        &["keys", "remove", "openai", KEY],
        &["keys", KEY],
        &["keys", "set", "openai", "--stdin", "-vvv", KEY],
    ] {
        let said = bench.run(arguments).code(USAGE);
        assert!(!said.stderr.contains("5d1f0a9b7c3e") && said.stdout.is_empty(), "{}", said.stderr);
        assert!(said.stderr.contains("keys set BACKEND") || said.stderr.contains("withdraw"));
    }
    assert!(!bench.path("home").exists());
    let set = ["keys", "set", "openai", "--stdin"];
    let said = bench.run_with_stdin(&set, KEY).fails(STORAGE, "cannot be kept");
    assert!(said.stderr.contains("`OPENAI_API_KEY`") && !said.stderr.contains(KEY));
    bench.run(&["keys", "set", "openai"]).fails(STORAGE, "cannot be kept");
    // It could be an id, and it could be a key.
    let said = bench.run(&["keys", "set", KEY, "--stdin"]).fails(NOT_FOUND, "with this id");
    assert!(!said.stderr.contains(KEY), "{}", said.stderr);
    let list = bench.command(&["keys"]).env("HF_TOKEN", KEY).output().unwrap();
    let list = Said::from(list).ok();
    let line = list.stdout.lines().find(|line| line.starts_with("huggingface")).unwrap();
    assert!(line.contains("environment (HF_TOKEN)"), "{line}");
    assert!(!format!("{}{}", list.stdout, list.stderr).contains("canary"));
}

#[test]
fn a_key_leaves_no_trace() {
    let lab = Lab::new(critic);
    let check = |said: Said| {
        assert!(!said.stdout.contains(KEY), "stdout: {}", said.stdout);
        assert!(!said.stderr.contains(KEY), "stderr: {}", said.stderr);
        said
    };
    let wordy = |arguments: &[&str]| check(lab.run(&with(arguments, &["-vvv"])));
    wordy(&with(&FILL, &LABELS)).ok();
    wordy(&["backends", "test", "lab"]).ok();
    wordy(&["backends", "models", "lab"]).ok();
    wordy(&["keys", "list", "--json"]).ok();
    wordy(&["recipe", "export", "t", "--out", "r.yml"]).ok();
    wordy(&["export", "t", "--out", "all.parquet"]).ok();
    wordy(&["history", "t", "1", "mood", "--json"]).ok();
    wordy(&["batch", "write", "t", "mood", "--cells", "all", "--out", "b.jsonl"]).ok();
    lab.server.set_script(|call| {
        let key = call.key().unwrap_or_default().to_owned();
        Reply::error(401, "invalid_api_key", &format!("Incorrect API key provided: {key}"))
    });
    let another = ["fill", "t.csv", "--prompt", "{{text}}", "--model", "lab:test-model"];
    let another = with(&another, &["--fresh", "--force"]);
    wordy(&another).code(BACKEND);
    wordy(&["backends", "test", "lab"]).code(BACKEND);
    lab.server.set_script(|call| {
        let key = call.key().unwrap_or_default();
        Reply::error(400, "bad_request", &format!("what is {key} supposed to mean"))
    });
    let said = wordy(&with(&another, &["--json"])).code(SOME_FAILED).results();
    let sheet = said[0]["sheet"].as_str().unwrap();
    wordy(&["runs", sheet, "--json"]).ok();
    wordy(&["show", sheet, "--full"]).ok();
    wordy(&["history", sheet, "1", "answer", "--json"]).ok();
    assert!(lab.server.requests().iter().any(|call| call.key() == Some(KEY)), "it was sent");

    let folder = lab.bench.path("");
    let files = files_below(&folder);
    assert!(files.len() > 5, "{files:?}");
    for file in files {
        let bytes = fs::read(&file).unwrap();
        let found = bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes());
        assert!(!found, "the key is in {}", file.display());
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}
