//! A home of its own for each test, and the binary that runs in it.

#![allow(dead_code, reason = "each test binary uses another part of this module")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// The exit codes that `docs/cli.md` promises.
pub const USAGE: i32 = 2;
pub const SOME_FAILED: i32 = 3;
pub const BAD_INPUT: i32 = 4;
pub const MODEL: i32 = 5;
pub const NOT_FOUND: i32 = 6;
pub const STORAGE: i32 = 7;
pub const BACKEND: i32 = 9;
pub const STOPPED: i32 = 130;

/// What of a developer's environment must not reach a test: keys, and proxies before loopback.
const FOREIGN: [&str; 10] = [
    "HF_ENDPOINT",
    "HF_TOKEN",
    "OPENAI_API_KEY",
    "OPENROUTER_API_KEY",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
];

pub struct Bench {
    folder: TempDir,
}

/// What one command said.
pub struct Said {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Bench {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// The command, in the bench's folder and with its home.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("braincells"));
        command.current_dir(self.folder.path());
        command.env("BRAINCELLS_HOME", self.path("home"));
        // A developer's keyring is neither asked nor changed.
        command.env("BRAINCELLS_NO_KEYRING", "1");
        for name in FOREIGN {
            command.env_remove(name);
        }
        command.args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        Said::from(self.command(arguments).output().unwrap())
    }

    pub fn run_with_stdin(&self, arguments: &[&str], stdin: &str) -> Said {
        let output = assert_cmd::Command::from_std(self.command(arguments))
            .write_stdin(stdin)
            .output()
            .unwrap();
        Said::from(output)
    }

    /// The names in the bench's folder, the home aside: what a failing command must not add to.
    pub fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "home")
            .collect();
        names.sort();
        names
    }

    pub fn sheet_count(&self) -> usize {
        let list = self.run(&["sheets", "--json"]).ok().results();
        list[0]["sheets"].as_array().unwrap().len()
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Said {
    #[track_caller]
    pub fn ok(self) -> Self {
        self.code(0)
    }

    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// It failed as every failure must: the code, nothing on stdout, one line with the cause that
    /// holds `cause`, one line with a hint, no trace of a defect.
    #[track_caller]
    pub fn fails(self, code: i32, cause: &str) -> Self {
        let said = self.code(code);
        assert_eq!(said.stdout, "", "a failure writes nothing to stdout");
        let lines: Vec<&str> = said.stderr.lines().collect();
        assert!(
            matches!(lines.as_slice(), [error, hint]
                if error.starts_with("error: ") && hint.starts_with("hint: ")),
            "not an error and a hint: {}",
            said.stderr
        );
        assert!(lines[0].contains(cause), "`{cause}` is not in: {}", lines[0]);
        for word in ["panicked", "RUST_BACKTRACE", "Error {", "Os {", "DuckDBFailure"] {
            assert!(!said.stderr.contains(word), "`{word}` in: {}", said.stderr);
        }
        said
    }

    /// Every line of stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> Vec<Value> {
        json_lines(&self.stdout)
    }

    /// The result objects among the JSON lines.
    #[track_caller]
    pub fn results(&self) -> Vec<Value> {
        self.json().into_iter().filter(|line| line["event"] == "result").collect()
    }
}

#[track_caller]
pub fn json_lines(text: &str) -> Vec<Value> {
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    text.lines().map(parse).collect()
}

pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}
