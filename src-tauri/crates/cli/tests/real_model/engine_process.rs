//! The process in which the model runs: it may end at any moment, and ends with the program.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::real_model::model;
use super::support::{Bench, Said, read};

/// Short prompts, so that many rows are done between two kills.
const MOODS: [&str; 15] = [
    "fill",
    "rows.csv",
    "--prompt",
    "{{text}}",
    "--type",
    "label:good,bad",
    "--name",
    "mood",
    "--threads",
    "1",
    "--exact",
    // What a run asks before its first row is no row.
    "--calibration",
    "none",
    "--json",
    "--fresh",
];

/// Rows that are announced between two kills: more than are finished and not announced yet when
/// one comes, which is what one thread does in a quarter of a second. So a row that one kill met
/// has its end before the next.
const BETWEEN: usize = 8;

struct Fill {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    seen: Vec<Value>,
}

impl Fill {
    fn start(bench: &Bench, out: &str) -> Self {
        let model = model();
        let command = [&MOODS[..], &["--model", &model, "--out", out]].concat();
        let mut child =
            bench.command(&command).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, seen: Vec::new() }
    }

    /// Reads events until so many more of a kind have come.
    fn wait_for(&mut self, kind: &str, count: usize) {
        let mut left = count;
        while left > 0 {
            let line = self.lines.next().expect("it is not over yet").unwrap();
            let event: Value = serde_json::from_str(&line).unwrap();
            left -= usize::from(event["event"] == kind);
            self.seen.push(event);
        }
    }

    /// The process of the engine.
    fn engine(&self) -> u32 {
        let own = self.child.id();
        let found = engines_of(own);
        assert_eq!(found.len(), 1, "process {own} has one engine");
        found[0]
    }

    fn end(mut self) -> (Vec<Value>, Said) {
        for line in self.lines {
            self.seen.push(serde_json::from_str(&line.unwrap()).unwrap());
        }
        (self.seen, Said::from(self.child.wait_with_output().unwrap()))
    }
}

/// The living children of a process that run an engine.
fn engines_of(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| {
        let command = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let is_engine = String::from_utf8_lossy(&command).contains("serve-engine");
        is_engine && state(*id).is_some_and(|(of, lives)| of == parent && lives)
    })
    .collect()
}

/// The parent of a process, and whether it is more than an entry that waits to be read.
fn state(id: u32) -> Option<(u32, bool)> {
    let text = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    Some((fields.next()?.parse().ok()?, !matches!(state, "Z" | "X")))
}

fn kill(id: u32) {
    let sent = std::process::Command::new("kill").args(["-KILL", &id.to_string()]).status();
    assert!(sent.unwrap().success());
}

fn table(rows: usize) -> String {
    let words = ["fine", "awful", "nice", "broken", "superb", "dull", "lovely"];
    let row = |number: usize| format!("{} {number}\n", words[number % words.len()]);
    std::iter::once("text\n".to_owned()).chain((0..rows).map(row)).collect()
}

#[test]
fn five_kills_of_the_engines_process_lose_no_row_and_change_no_value() {
    kills_lose_no_row_and_change_no_value(5);
}

#[test]
#[ignore = "a minute and a half; five show as much, and twenty are done without a model"]
fn twenty_kills_of_the_engines_process_lose_no_row_and_change_no_value() {
    kills_lose_no_row_and_change_no_value(20);
}

fn kills_lose_no_row_and_change_no_value(kills: usize) {
    // Some more are announced while a kill is on its way.
    let rows_in_all = kills * 2 * BETWEEN;
    // Two homes: one does not take the answers of the other.
    let (undisturbed, bench) = (Bench::new(), Bench::new());
    for bench in [&undisturbed, &bench] {
        bench.file("rows.csv", table(rows_in_all));
    }
    let (events, said) = Fill::start(&undisturbed, "out.csv").end();
    said.ok();
    assert!(events.iter().any(|event| event["event"] == "model_loading"));

    let mut fill = Fill::start(&bench, "out.csv");
    let mut slowest = Duration::ZERO;
    for _ in 0..kills {
        fill.wait_for("cell_done", BETWEEN);
        let killed = fill.engine();
        let at = Instant::now();
        kill(killed);
        fill.wait_for("engine_restarted", 1);
        slowest = slowest.max(at.elapsed());
        assert_ne!(fill.engine(), killed);
    }
    // Measured at 0.3 s on a quiet machine; tests share theirs.
    assert!(slowest < Duration::from_secs(30), "a restart took {slowest:?}");
    let (events, said) = fill.end();
    said.ok();
    let mut rows: BTreeMap<i64, usize> = BTreeMap::new();
    for event in events.iter().filter(|event| event["event"] == "cell_done") {
        assert_eq!(event["state"], "done", "{event}");
        *rows.entry(event["row"].as_i64().unwrap()).or_default() += 1;
    }
    assert_eq!(rows.len(), rows_in_all, "each row has its end");
    assert!(rows.values().all(|count| *count == 1), "and only one");
    let restarts: Vec<&Value> =
        events.iter().filter(|event| event["event"] == "engine_restarted").collect();
    assert_eq!(restarts.len(), kills);
    assert!(restarts.iter().all(|event| event["reason"].as_str().unwrap().contains("SIGKILL")));
    assert_eq!(read(&bench.path("out.csv")), read(&undisturbed.path("out.csv")));
}

#[test]
fn the_engines_process_ends_with_the_program_in_the_middle_of_its_work() {
    let bench = Bench::new();
    bench.file("rows.csv", table(400));
    let mut fill = Fill::start(&bench, "out.csv");
    fill.wait_for("cell_done", 1);
    let (program, engine) = (fill.child.id(), fill.engine());
    kill(program);
    // Its last line may be cut, so nobody reads it.
    let said = Said::from(fill.child.wait_with_output().unwrap());
    assert_eq!(said.code, None, "it was killed");
    let end = Instant::now() + Duration::from_secs(30);
    while state(engine).is_some_and(|(_, lives)| lives) {
        assert!(Instant::now() < end, "process {engine} outlives the program");
        std::thread::yield_now();
    }
}
