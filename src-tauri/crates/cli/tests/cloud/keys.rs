use std::fs;
use std::path::{Path, PathBuf};

use braincells_testing::Reply;

use super::lab::{FILL, KEY, LABELS, Lab, critic, with};
use super::support::{BACKEND, Bench, NOT_FOUND, SOME_FAILED, STORAGE, Said, USAGE};

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
