//! The command line with a real model. `BRAINCELLS_TEST_MODEL` names the file; `scripts/test` sets
//! it. Without it these tests fail: a test that did not run must not look like one that passed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::support::{BAD_INPUT, Bench, MODEL, SOME_FAILED, STOPPED, Said, read};

const REVIEWS: [&str; 12] = [
    "I love it, works like a charm",
    "Broke after two days, never again",
    "It is a cable. It is black.",
    "Großartig! Sofort wieder.",
    "El sonido es horrible y la batería no dura nada",
    "ok for the price",
    "I love it, works like a charm",
    "Terrible support, they did not even answer, and \"refund\" is a foreign word to them",
    "最高の買い物でした",
    "The box was blue, the manual is in French",
    "Meh",
    "Five stars, my whole family uses it every day",
];

#[expect(clippy::disallowed_methods, reason = "a test has no `main` that could hand it the path")]
pub fn model() -> String {
    std::env::var("BRAINCELLS_TEST_MODEL").expect(
        "BRAINCELLS_TEST_MODEL names no model file; `scripts/test` sets it, and so does \
         `export BRAINCELLS_TEST_MODEL=$(scripts/starter-model --cache-only)`",
    )
}

fn table(rows: usize) -> String {
    let row = |number: usize| {
        let text = REVIEWS[number % REVIEWS.len()].replace('"', "\"\"");
        format!("{number},\"{text} ({number})\"\n")
    };
    std::iter::once("id,text\n".to_owned()).chain((0..rows).map(row)).collect()
}

fn reviews() -> Bench {
    let bench = Bench::new();
    let rows: String =
        REVIEWS.iter().map(|text| format!("\"{}\"\n", text.replace('"', "\"\""))).collect();
    bench.file("reviews.csv", format!("text\n{rows}"));
    bench
}

const SENTIMENT: [&str; 8] = [
    "fill",
    "reviews.csv",
    "--prompt",
    "Classify the sentiment of: {{text}}",
    "--type",
    "label:positive,negative,neutral",
    "--name",
    "sentiment",
];

fn with<'a>(arguments: &[&'a str], model: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    // One thread: two of them wait for each other many thousand times a second, and where another
    // program wants a core, that takes fifty times as long.
    [arguments, &["--model", model, "--threads", "1"], more].concat()
}

/// The values of a column of a sheet.
fn column(bench: &Bench, sheet: &str, name: &str) -> Vec<serde_json::Value> {
    let said = bench.run(&["show", sheet, "--columns", name, "--rows", "1000", "--json"]).ok();
    let rows = said.results()[0]["window"]["rows"].as_array().unwrap().clone();
    rows.iter().map(|row| row["cells"][0]["value"].clone()).collect()
}

#[test]
fn a_label_column_holds_only_its_labels_and_is_not_made_twice() {
    let (bench, model) = (reviews(), model());
    // Exactly the same again is promised of that mode alone: else which rows are computed together
    // may turn a label whose margin is tiny.
    let command = with(&SENTIMENT, &model, &["--exact", "--out", "filled.csv", "--json"]);
    let first = bench.run(&command).ok();
    let result = &first.results()[0];
    assert_eq!(result["rows"], 12);
    assert_eq!(result["runs"][0]["progress"]["rows_done"], 12);
    assert_eq!(result["runs"][0]["progress"]["rows_reused"], 1, "two rows are the same");
    let events = first.json();
    let done = events.iter().filter(|event| event["event"] == "cell_done").count();
    assert_eq!(done, 12, "every cell is announced");
    let labels = column(&bench, "reviews", "sentiment");
    assert_eq!(labels.len(), 12);
    for label in &labels {
        assert!(
            ["positive", "negative", "neutral"].iter().any(|allowed| label == allowed),
            "{label}"
        );
    }
    let table = read(&bench.path("filled.csv"));
    assert!(table.starts_with("text,sentiment\n"), "{table}");
    assert_eq!(table.lines().count(), 13);

    let again = bench.run(&command).ok();
    assert_eq!(again.results()[0]["runs"].as_array().unwrap().len(), 0, "{}", again.stdout);
    assert_eq!(again.results()[0]["sheet"], result["sheet"]);
    assert!(!again.stdout.contains("model_loading"), "no model is loaded for no work");
    assert_eq!(read(&bench.path("filled.csv")), table);
    assert_eq!(bench.sheet_count(), 1);

    let fresh = [&command[..], &["--fresh"]].concat();
    let said = bench.run(&fresh).ok();
    assert_ne!(said.results()[0]["sheet"], result["sheet"]);
    assert_eq!(read(&bench.path("filled.csv")), table, "greedy decoding repeats itself");
}

#[test]
fn labels_are_calibrated_anew_without_the_model() {
    let (bench, model) = (reviews(), model());
    bench.run(&with(&SENTIMENT, &model, &["--out", "filled.csv"])).ok();
    let calibrated = column(&bench, "reviews", "sentiment");
    let verb = ["labels", "reviews", "sentiment", "--json"];
    let labels = |more: &[&str]| {
        let said = bench.run(&[&verb[..], more].concat()).ok();
        assert!(!said.stdout.contains("model_loading"), "{}", said.stdout);
        said.results()[0].clone()
    };
    let first = labels(&["--cells"]);
    let figures = &first["figures"];
    assert_eq!((&figures["mode"], &figures["cells"]), (&"prior".into(), &12.into()));
    assert_eq!(figures["calibration"]["inputs"], 9, "three texts for each label");
    assert_eq!(figures["calibration"]["bias"].as_array().unwrap().len(), 3);
    for cell in first["cells"].as_array().unwrap() {
        let shares = cell["labels"].as_array().unwrap();
        for kind in ["raw", "calibrated"] {
            let sum: f64 = shares.iter().map(|share| share[kind].as_f64().unwrap()).sum();
            assert!((sum - 1.0).abs() < 1e-6, "{cell}");
        }
        let best = |kind: &str| {
            let share = |share: &&serde_json::Value| share[kind].as_f64().unwrap();
            shares.iter().max_by(|one, other| share(one).total_cmp(&share(other))).unwrap()
        };
        assert_eq!(best("calibrated")["label"], cell["value"]);
    }

    let raw = labels(&["--calibration", "none"]);
    assert_eq!(
        (&raw["figures"]["mode"], &raw["recalibrated"]["unscored"]),
        (&"none".into(), &0.into())
    );
    for count in raw["figures"]["counts"].as_array().unwrap() {
        assert_eq!(count["raw"], count["calibrated"]);
    }
    labels(&["--calibration", "batch"]);
    labels(&["--calibration", "prior"]);
    assert_eq!(column(&bench, "reviews", "sentiment"), calibrated, "the measured prior is kept");

    for (row, label) in [(1, "positive"), (2, "negative"), (4, "positive"), (5, "negative")] {
        bench.run(&["rows", "reviews", "set", &row.to_string(), "sentiment", label]).ok();
    }
    let said = bench.run(&["labels", "reviews", "sentiment", "--calibration", "prior"]).ok();
    for word in ["as the model says", "bias", "4 checked cells", "calibration error", "confidence"]
    {
        assert!(said.stdout.contains(word), "{word}: {}", said.stdout);
    }
    assert_eq!(column(&bench, "reviews", "sentiment")[1], "negative", "a person said so");
    bench.run(&["undo", "reviews"]).ok();
}

#[test]
fn text_number_and_boolean_columns_have_their_types() {
    let (bench, model) = (reviews(), model());
    for (kind, prompt) in [
        ("text", "Summarise in a few words: {{text}}"),
        ("number", "From 1 to 5, how happy is this customer? {{text}}"),
        ("boolean", "Is this customer happy? {{text}}"),
    ] {
        let out = format!("{kind}.jsonl");
        let fill = ["fill", "reviews.csv", "--prompt", prompt, "--type", kind];
        bench.run(&with(&fill, &model, &["--out", &out, "--max-tokens", "24"])).ok();
        let lines = super::support::json_lines(&read(&bench.path(&out)));
        assert_eq!(lines.len(), 12);
        for line in lines {
            let value = &line["answer"];
            let fits = match kind {
                "number" => value.is_number(),
                "boolean" => value.is_boolean(),
                _ => value.as_str().is_some_and(|text| !text.trim().is_empty()),
            };
            assert!(fits, "{kind}: {value}");
        }
    }
}

#[test]
fn a_recipe_fills_its_columns_in_the_order_in_which_they_need_each_other() {
    let (bench, model) = (reviews(), model());
    let recipe = "columns:
  reply:
    modelName: replaced
    prompt: 'Answer this {{mood}} customer in one sentence: {{text}}'
    braincells: {sampling: {max_tokens: 24}}
  mood:
    modelName: replaced
    prompt: 'The mood of: {{text}}'
    braincells: {output: {type: label, labels: [happy, unhappy]}}
";
    bench.file("recipe.yml", recipe);
    let run = ["run", "recipe.yml", "reviews.csv", "--first", "4", "--out", "out.jsonl"];
    bench.run(&with(&run, &model, &[])).ok();
    let lines = super::support::json_lines(&read(&bench.path("out.jsonl")));
    for (position, line) in lines.iter().enumerate() {
        assert_eq!(line["reply"].is_string(), position < 4, "{line}");
        assert_eq!(line["mood"].is_string(), position < 4, "{line}");
    }
}

#[test]
fn stdin_to_stdout_carries_only_the_table() {
    let (bench, model) = (reviews(), model());
    let fill = ["fill", "-", "--format", "csv", "--prompt", "Mood of: {{text}}", "--name", "mood"];
    let command = with(&fill, &model, &["--type", "label:good,bad"]);
    let said = bench.run_with_stdin(&command, "text\nI like it\nI hate it\n").ok();
    let lines: Vec<&str> = said.stdout.lines().collect();
    assert_eq!((lines.len(), lines[0]), (3, "text,mood"), "{}", said.stdout);
    for line in &lines[1..] {
        assert!(line.ends_with(",good") || line.ends_with(",bad"), "{line}");
    }
}

#[test]
fn a_preview_shows_prompt_and_answer_and_keeps_nothing() {
    let (bench, model) = (reviews(), model());
    let said = bench.run(&with(&SENTIMENT, &model, &["--preview=2"])).ok();
    assert_eq!(said.stdout.matches("[answer] ").count(), 2, "{}", said.stdout);
    assert!(said.stdout.contains(REVIEWS[0]) && said.stdout.contains("[user]"), "{}", said.stdout);
    assert_eq!(bench.sheet_count(), 0);
    assert_eq!(bench.files(), ["reviews.csv"]);
}

#[test]
fn a_prompt_longer_than_the_context_fails_its_cell_and_says_both_numbers() {
    let (bench, model) = (Bench::new(), model());
    let long = "word ".repeat(3000);
    bench.file("rows.csv", format!("text\nshort\n{long}\n"));
    let fill = ["fill", "rows.csv", "--prompt", "Mood of: {{text}}", "--type", "label:good,bad"];
    let command = with(&fill, &model, &["--context", "1024", "--out", "out.csv", "--json"]);
    let said = bench.run(&command).code(SOME_FAILED);
    let failed = said.json().into_iter().find(|event| event["state"] == "failed").unwrap();
    assert_eq!(failed["error"]["code"], "context_length", "{failed}");
    let message = failed["error"]["message"].as_str().unwrap();
    let numbers = message.split(|letter: char| !letter.is_ascii_digit());
    assert!(numbers.filter(|number| !number.is_empty()).count() >= 2, "{message}");
    let again = bench.run(&command).code(SOME_FAILED);
    assert!(again.results()[0]["runs"].as_array().unwrap().is_empty(), "failed cells wait");
    let retry = bench.run(&[&command[..], &["--retry-failed"]].concat()).code(SOME_FAILED);
    assert_eq!(retry.results()[0]["runs"][0]["progress"]["rows_total"], 1);
}

#[test]
fn a_truncated_model_is_refused() {
    let bench = reviews();
    let bytes = std::fs::read(model()).unwrap();
    bench.file("header.gguf", &bytes[..2000]);
    bench.file("half.gguf", &bytes[..bytes.len() / 2]);
    for file in ["header.gguf", "half.gguf"] {
        bench.run(&with(&SENTIMENT, file, &["--out", "out.csv"])).fails(MODEL, file);
        assert!(!bench.path("out.csv").exists());
    }
    let said = bench.run(&with(&SENTIMENT, &model(), &["--out", "reviews.csv"]));
    said.fails(BAD_INPUT, "is the input");
}

/// A fill that takes a while, and its events as they come.
struct Live {
    child: Child,
    events: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Live {
    fn start(bench: &Bench, arguments: &[&str]) -> Self {
        let mut child =
            bench.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let events = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, events }
    }

    /// Waits for this many more cells; false if it ended before.
    fn wait_for_cells(&mut self, count: usize) -> bool {
        let cells = self.events.by_ref().map(Result::unwrap);
        cells.filter(|line| line.contains("\"cell_done\"")).take(count).count() == count
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = std::process::Command::new("kill").args([name, &id]).status().unwrap();
        assert!(sent.success());
    }

    fn end(self) -> Said {
        let rest: Vec<String> = self.events.map(Result::unwrap).collect();
        let mut said = Said::from(self.child.wait_with_output().unwrap());
        said.stdout = rest.join("\n");
        said
    }
}

const SLOW: [&str; 12] = [
    "fill",
    "long.csv",
    "--prompt",
    "Tell a story about: {{text}}",
    "--name",
    "story",
    "--max-tokens",
    "24",
    "--out",
    "out.jsonl",
    "--exact",
    "--json",
];

#[cfg(unix)]
#[test]
fn a_signal_stops_within_a_second_and_the_same_command_goes_on() {
    let (bench, model) = (Bench::new(), model());
    bench.file("long.csv", table(30));
    let command = with(&SLOW, &model, &[]);
    let mut kept = 0;
    for name in ["-INT", "-TERM"] {
        let mut live = Live::start(&bench, &command);
        assert!(live.wait_for_cells(2), "the run ended before the signal");
        let sent = Instant::now();
        live.signal(name);
        let said = live.end().code(STOPPED);
        let took = sent.elapsed();
        assert!(took < Duration::from_secs(1), "{name} took {took:?}");
        let error = said.json().pop().unwrap();
        assert_eq!(error["code"], "cancelled", "{}", said.stdout);
        assert!(!bench.path("out.jsonl").exists(), "no half-written table");
        let done = column(&bench, "long", "story").iter().filter(|cell| cell.is_string()).count();
        assert!(done >= kept + 2, "{done} cells are kept, and {kept} were before");
        kept = done;
    }
    let runs = bench.run(&["runs", "long", "--json"]).ok().results();
    assert_eq!(runs[0]["runs"].as_array().unwrap().len(), 1, "it is one run: {runs:?}");
    let said = bench.run(&with(&SLOW, &model, &[])).ok();
    let progress = &said.results()[0]["runs"][0]["progress"];
    assert_eq!((&progress["rows_before"], &progress["rows_done"]), (&kept.into(), &30.into()));
    assert_eq!(read(&bench.path("out.jsonl")).lines().count(), 30);
}

#[cfg(unix)]
#[test]
fn five_kills_lose_no_acknowledged_cell_and_change_no_value() {
    let model = model();
    let undisturbed = Bench::new();
    undisturbed.file("long.csv", table(20));
    undisturbed.run(&with(&SLOW, &model, &[])).ok();

    let bench = Bench::new();
    bench.file("long.csv", table(20));
    let command = with(&SLOW, &model, &[]);
    let mut acknowledged = 0;
    for cells in [1, 3, 2, 5, 1] {
        let mut live = Live::start(&bench, &command);
        assert!(live.wait_for_cells(cells), "the run ended before the kill");
        live.signal("-KILL");
        let said = live.end();
        assert_eq!(said.code, None, "killed by a signal: {}", said.stderr);
        acknowledged += cells;
        let values = column(&bench, "long", "story");
        let done = values.iter().filter(|cell| cell.is_string()).count();
        assert!(done >= acknowledged, "{acknowledged} cells were announced, {done} are there");
        let runs = bench.run(&["runs", "long", "--json"]).ok().results();
        assert_eq!(runs[0]["runs"][0]["status"], "interrupted");
    }
    bench.run(&command).ok();
    assert_eq!(read(&bench.path("out.jsonl")), read(&undisturbed.path("out.jsonl")));
}

fn models_folder(bench: &Bench) -> Vec<String> {
    let entries = std::fs::read_dir(bench.path("home").join("models")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_model_is_tuned_and_its_copy_is_a_model_that_says_where_it_came_from() {
    let (bench, model) = (Bench::new(), model());
    let tune = ["models", "tune", &model, "--candidates", "Q8_0", "--threads", "1", "--json"];
    let tuned = bench.run(&tune).ok();
    let stages: Vec<serde_json::Value> = tuned
        .json()
        .into_iter()
        .filter(|event| event["event"] == "model_tuning")
        .map(|event| event["stage"].clone())
        .collect();
    for stage in ["original", "writing", "measuring"] {
        assert!(stages.contains(&stage.into()), "{stage}: {stages:?}");
    }
    let result = &tuned.results()[0];
    let candidate = &result["report"]["candidates"][0];
    assert!(candidate["gain"].as_f64().unwrap() > 0.0, "{candidate}");
    if result["copy"].is_null() {
        // On this processor the original is about as fast.
        assert_eq!(candidate["outcome"], "no_gain", "{candidate}");
        return;
    }
    assert_eq!(candidate["outcome"], "chosen");
    let likeness = &candidate["likeness"];
    assert_eq!(likeness["labels"], 40);
    assert!(likeness["mean_kl_nats"].as_f64().unwrap() < 0.02, "{likeness}");
    let name = result["copy"]["name"].as_str().unwrap();
    assert!(name.ends_with(".tuned-Q8_0.gguf"), "{name}");
    assert_eq!(models_folder(&bench), [name]);
    let listed = bench.run(&["models", "--json"]).ok().results()[0]["models"][0].clone();
    assert_eq!(listed["tuned"]["sha256"].as_str().map(str::len), Some(64));
    assert!(model.ends_with(listed["tuned"]["file"].as_str().unwrap()));
    bench.run(&["models", "tune", name, "--dry-run"]).fails(BAD_INPUT, "is itself a tuned copy");

    bench.file("one.csv", "text\nI love it\n");
    let fill = ["fill", "one.csv", "--prompt", "Good or bad? {{text}}", "--type", "label:good,bad"];
    let said = bench.run(&with(&fill, name, &["--name", "mood", "--json"])).ok();
    assert_eq!(said.results()[0]["runs"][0]["progress"]["rows_done"], 1);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_tuning_and_leaves_no_copy() {
    let (bench, model) = (Bench::new(), model());
    let tune = ["models", "tune", &model, "--candidates", "Q8_0,Q4_0", "--threads", "1", "--json"];
    let mut live = Live::start(&bench, &tune);
    let is_writing = |line: &String| line.contains("\"writing\"");
    assert!(live.events.by_ref().map(Result::unwrap).any(|line| is_writing(&line)));
    let sent = Instant::now();
    live.signal("-INT");
    live.end().code(STOPPED);
    let took = sent.elapsed();
    assert!(took < Duration::from_secs(1), "it took {took:?}");
    // What the end came too early for is done by the next command.
    bench.run(&["models"]).ok();
    assert_eq!(models_folder(&bench), Vec::<String>::new());
}
