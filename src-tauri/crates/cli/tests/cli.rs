//! The command line as a user meets it, without a model.

#![expect(clippy::unwrap_used, reason = "in a test a failed step is the failure")]
#![expect(clippy::format_collect, reason = "test tables are plainer to read this way, and small")]

mod recipes;
mod sheet;
mod support;

use std::fs;
use std::path::PathBuf;

use support::{BAD_INPUT, Bench, MODEL, NOT_FOUND, STORAGE, USAGE, read};

/// Looks like a model from outside: enough for what is checked before a model is loaded.
const HOLLOW_MODEL: &[u8] = b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// Compiled in and not read from its path: a target folder that two checkouts share keeps the path
/// of whichever was built first.
const MANUAL: &str = include_str!("../../../../docs/cli.md");

const TABLE: &str = "id,text,price\n1,good,1.5\n2,\"bad, very\",2\n3,Käse 東京,\n";

#[test]
fn help_names_every_verb_and_every_exit_code() {
    let said = Bench::new().run(&["--help"]).ok();
    for word in [
        "fill", "run", "recipe", "import", "sheets", "show", "columns", "rows", "undo", "redo",
        "history", "stats", "labels", "sql", "update", "cache", "export", "runs", "resume",
        "models", "backends", "keys", "batch",
    ] {
        assert!(said.stdout.contains(&format!("\n  {word} ")), "{word}: {}", said.stdout);
    }
    for code in ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "130"] {
        assert!(said.stdout.contains(&format!("\n  {code} ")), "{code}: {}", said.stdout);
        assert!(
            MANUAL.contains(&format!("\n| {code} |")),
            "exit code {code} is not in docs/cli.md"
        );
    }
    assert_eq!(said.stderr, "");
}

#[test]
fn the_manual_has_every_option_of_every_verb() {
    let bench = Bench::new();
    let verbs = [
        "fill",
        "run",
        "recipe export",
        "recipe import",
        "recipe check",
        "recipe show",
        "import",
        "sheets duplicate",
        "sheets delete",
        "sheets trash",
        "show",
        "columns add",
        "columns retype",
        "rows add",
        "rows move",
        "undo",
        "history",
        "stats",
        "labels",
        "sql",
        "update",
        "cache clear",
        "export",
        "resume",
        "backends add",
        "backends limit",
        "keys set",
        "batch write",
        "batch read",
    ];
    for verb in verbs {
        let mut arguments: Vec<&str> = verb.split(' ').collect();
        if ["columns", "rows"].contains(&arguments[0]) {
            arguments.insert(1, "t");
        }
        arguments.push("--help");
        let help = bench.run(&arguments).ok().stdout;
        let options = help.split_whitespace().filter_map(|word| {
            let name = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
            let name = name.split(['[', '=']).next()?;
            name.starts_with("--").then_some(name).filter(|name| name.len() > 2)
        });
        for option in options.filter(|option| *option != "--help") {
            assert!(MANUAL.contains(option), "{option} of `{verb}` is not in docs/cli.md");
        }
    }
}

#[test]
fn wrong_usage_is_explained_and_ends_with_2() {
    let bench = Bench::new();
    bench.file("t.csv", TABLE);
    for (arguments, word) in [
        (&["fill"][..], "<INPUT>"),
        (&["fill", "t.csv"], "--prompt"),
        (&["fill", "t.csv", "--prompt", ""], "--prompt"),
        (&["fill", "t.csv", "--prompt", "x", "--type", "label:only"], "at least two labels"),
        (&["fill", "t.csv", "--prompt", "x", "--type", "colour"], "known types"),
        (&["fill", "t.csv", "--prompt", "x", "--temperature", "11"], "from 0 to 10"),
        (&["fill", "t.csv", "--prompt", "x", "--top-p", "0"], "above 0"),
        (&["fill", "t.csv", "--prompt", "x", "--max-tokens", "0"], "--max-tokens"),
        (&["fill", "t.csv", "--prompt", "x", "--first", "0"], "--first"),
        (&["fill", "t.csv", "--prompt", "x", "--retry-failed", "--fresh"], "cannot be used with"),
        (&["fill", "t.csv", "--prompt", "x", "--out-format", "json"], "can be written"),
        (&["fill", "-", "--prompt", "x"], "--format"),
        (&["import", "-"], "--format"),
        (&["import", "t.csv", "--header", "--no-header"], "cannot be used with"),
        (&["import", "t.csv", "--first-rows", "1", "--sample", "1"], "cannot be used with"),
        (&["import", "t.csv", "--column-type", "id"], "NAME=TYPE"),
        (&["import", "t.csv", "--encoding", "klingon"], "known encodings"),
        (&["export", "t", "--out", "t.ods", "--out-format", "ods"], "can be written"),
        (&["show", "t", "--start", "0"], "--start"),
        (&["show", "t", "--columns", "a,,b"], "empty item"),
        (&["sheets", "delete"], "<SHEET>"),
        (&["recipe"], "export"),
        (&["recipe", "import", "t"], "<RECIPE>"),
        (&["recipe", "check", "r.yml", "-"], "--format"),
        (&["run", "r.yml", "t.csv", "--map", "text"], "RECIPE=TABLE"),
        (&["recipe", "import", "t", "r.yml", "--map", "=x"], "RECIPE=TABLE"),
        (&["fill", "t.csv", "--prompt", "x", "--max-cost", "1,50"], "0.50"),
        (&["fill", "t.csv", "--prompt", "x", "--max-run-tokens", "0"], "--max-run-tokens"),
        (&["update", "t", "--requests", "0"], "--requests"),
        (&["backends", "limit", "openai", "--requests", "0"], "--requests"),
        (&["batch", "write", "t", "answer"], "--out"),
        (&["fil", "t.csv"], "fill"),
        (&["sheets", "-q", "-v"], "cannot be used with"),
    ] {
        let said = bench.run(arguments).code(USAGE);
        assert!(said.stderr.contains(word), "{arguments:?}: {}", said.stderr);
        assert_eq!(said.stdout, "", "{arguments:?}");
    }
    assert!(!bench.path("home").exists(), "wrong usage must not make a home");
}

#[test]
fn a_table_goes_in_and_comes_out_in_every_format() {
    let bench = Bench::new();
    bench.file("goods.csv", TABLE);
    let said = bench.run(&["import", "goods.csv"]).ok();
    assert!(said.stdout.contains("goods (3 rows, 3 columns)"), "{}", said.stdout);
    let shown = bench.run(&["show", "goods"]).ok();
    assert_eq!(
        shown.stdout,
        "#  id  text       price\n1   1  good         1.5\n2   2  bad, very      2\n3   3  Käse 東京\n"
    );
    for format in ["csv", "tsv", "jsonl", "parquet", "arrow", "xlsx"] {
        let out = format!("out.{format}");
        bench.run(&["export", "goods", "--out", &out]).ok();
        let name = format!("again-{format}");
        bench.run(&["import", &out, "--name", &name]).ok();
        let again = bench.run(&["show", &name]).ok();
        assert_eq!(again.stdout, shown.stdout, "through {format}");
    }
    let csv = bench.run(&["export", "goods", "--out", "-", "--out-format", "csv"]).ok();
    assert_eq!(csv.stdout, read(&bench.path("out.csv")));
    assert_eq!(bench.sheet_count(), 7);
}

#[test]
fn a_table_is_read_as_it_was_asked_for() {
    let bench = Bench::new();
    bench.file("odd.csv", b"1;'a;b';caf\xe9\n2;c;d\n3;e;f\n");
    let reading = [
        "--delimiter",
        "semicolon",
        "--quote",
        "'",
        "--no-header",
        "--encoding",
        "latin-1",
        "--first-rows",
        "2",
        "--column-type",
        "column=text",
    ];
    let preview = bench.run(&[&["import", "odd.csv", "--preview"][..], &reading].concat()).ok();
    assert!(
        preview.stdout.starts_with("column (varchar)  column_2 (varchar)"),
        "{}",
        preview.stdout
    );
    assert!(preview.stderr.contains("delimiter `;`"), "{}", preview.stderr);
    assert_eq!(bench.sheet_count(), 0, "a preview keeps nothing");
    assert_eq!(fs::read_dir(bench.path("home/temporary")).unwrap().count(), 0);
    bench.run(&[&["import", "odd.csv"][..], &reading].concat()).ok();
    let shown = bench.run(&["show", "odd"]).ok();
    assert_eq!(
        shown.stdout,
        "#  column  column_2  column_3\n1  1       a;b       café\n2  2       c         d\n"
    );
    let import = ["import", "odd.csv"];
    bench.run(&[&import[..], &["--table", "x"]].concat()).fails(BAD_INPUT, "option `table`");
    bench.run(&import).fails(BAD_INPUT, "UTF-8");
    let unknown = [&import[..], &reading, &["--column-type", "x=text"]].concat();
    bench.run(&unknown).fails(BAD_INPUT, "no column `x`");
    let misfit = [&import[..], &reading, &["--column-type", "column_3=number"]].concat();
    bench.run(&misfit).fails(BAD_INPUT, "row 1 has `café` in column `column_3`");
    assert_eq!(bench.sheet_count(), 1);
}

#[test]
fn stdin_is_a_table_too() {
    let bench = Bench::new();
    let lines = "{\"a\": 1, \"b\": \"x\"}\n{\"a\": 2, \"b\": \"y\"}\n";
    let said = bench.run_with_stdin(&["import", "-", "--format", "jsonl"], lines).ok();
    assert!(said.stdout.contains("stdin (2 rows, 2 columns)"), "{}", said.stdout);
    let shown = bench.run(&["show", "stdin", "--columns", "b", "--start", "2"]).ok();
    assert_eq!(shown.stdout, "#  b\n2  y\n");
    let left = fs::read_dir(bench.path("home/temporary")).unwrap().count();
    assert_eq!(left, 0, "the copy of stdin is gone");
}

#[test]
fn sheets_are_listed_and_deleted_by_id_or_name() {
    let bench = Bench::new();
    bench.file("t.csv", TABLE);
    assert!(bench.run(&["sheets"]).ok().stderr.contains("no sheets yet"));
    for name in ["one", "two", "two"] {
        bench.run(&["import", "t.csv", "--name", name]).ok();
    }
    let list = bench.run(&["sheets"]).ok().stdout;
    assert_eq!(list.lines().count(), 4, "{list}");
    bench.run(&["show", "two"]).fails(NOT_FOUND, "could mean 2 sheets");
    bench.run(&["sheets", "delete", "one", "--for-good"]).fails(BAD_INPUT, "nobody to ask");
    bench.run(&["sheets", "delete", "one", "three"]).fails(NOT_FOUND, "`three`");
    assert_eq!(bench.sheet_count(), 3, "a typing error deletes nothing");
    bench.run(&["sheets", "delete", "one", "--for-good", "--yes"]).ok();
    let id = list.lines().find(|line| line.contains(" two ")).unwrap();
    let id = id.split_whitespace().next().unwrap();
    let said = bench.run(&["sheets", "delete", id]).ok();
    assert!(said.stderr.contains("sheets restore"), "{}", said.stderr);
    assert_eq!(bench.sheet_count(), 1);
}

#[test]
fn what_was_deleted_is_in_the_trash_until_that_is_emptied() {
    let bench = Bench::new();
    bench.file("t.csv", TABLE);
    assert!(bench.run(&["sheets", "trash"]).ok().stderr.contains("trash is empty"));
    for name in ["one", "two"] {
        bench.run(&["import", "t.csv", "--name", name]).ok();
        bench.run(&["sheets", "delete", name]).ok();
    }
    bench.run(&["show", "one"]).fails(NOT_FOUND, "`one`");
    let list = bench.run(&["sheets", "trash"]).ok().stdout;
    assert!(list.contains(" one ") && list.contains(" two "), "{list}");
    let json = bench.run(&["sheets", "trash", "--json"]).ok().results();
    assert_eq!(json[0]["trash"].as_array().unwrap().len(), 2);
    bench.run(&["sheets", "restore", "one", "three"]).fails(NOT_FOUND, "`three`");
    bench.run(&["sheets", "restore", "one"]).ok();
    assert!(bench.run(&["show", "one"]).ok().stdout.contains("good"));
    bench.run(&["sheets", "trash", "--empty"]).fails(BAD_INPUT, "nobody to ask");
    bench.run(&["sheets", "trash", "--empty", "--yes"]).ok();
    bench.run(&["sheets", "restore", "two"]).fails(NOT_FOUND, "`two`");
    assert_eq!(bench.sheet_count(), 1);
}

#[test]
fn sheets_are_made_renamed_and_copied() {
    let bench = Bench::new();
    bench.file("t.csv", TABLE);
    bench.run(&["sheets", "new", "  "]).fails(BAD_INPUT, "needs a name");
    let made = bench.run(&["sheets", "new", "blank"]).ok();
    assert!(made.stdout.contains("blank"), "{}", made.stdout);
    bench.run(&["import", "t.csv"]).ok();
    let shown = bench.run(&["show", "t"]).ok().stdout;
    bench.run(&["sheets", "duplicate", "t"]).ok();
    bench.run(&["sheets", "rename", "t copy", "second"]).ok();
    assert_eq!(bench.run(&["show", "second"]).ok().stdout, shown);
    let third = ["sheets", "duplicate", "second", "--name", "third", "--json"];
    assert_eq!(bench.run(&third).ok().results()[0]["name"], "third");
    bench.run(&["sheets", "duplicate", "fourth"]).fails(NOT_FOUND, "`fourth`");
    assert_eq!(bench.sheet_count(), 4);
}

/// The file of the only sheet.
fn sheet_file(bench: &Bench) -> PathBuf {
    let files = fs::read_dir(bench.path("home/sheets")).unwrap();
    let files: Vec<PathBuf> = files
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "duckdb"))
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[test]
fn a_sheet_that_went_bad_is_said_and_repaired_where_that_is_possible() {
    let bench = Bench::new();
    bench.file("t.csv", TABLE);
    bench.run(&["import", "t.csv"]).ok();
    let shown = bench.run(&["show", "t"]).ok();
    assert_eq!(shown.stderr, "");
    let file = sheet_file(&bench);
    let log = file.with_extension("duckdb.wal");
    fs::write(&log, "no log at all ".repeat(100)).unwrap();
    let said = bench.run(&["show", "t"]).ok();
    assert_eq!(said.stdout, shown.stdout);
    assert!(said.stderr.starts_with("warning: ") && said.stderr.contains(".wal.corrupt-"));
    assert_eq!(bench.run(&["show", "t"]).ok().stderr, "");

    assert!(bench.run(&["sheets", "check", "t"]).ok().stderr.contains("to its end"));
    let mut bytes = fs::read(&file).unwrap();
    bytes[12288 + 300] ^= 1;
    fs::write(&file, &bytes).unwrap();
    let said = bench.run(&["show", "t", "--json"]).ok().json();
    assert_eq!(
        (&said[0]["event"], &said[0]["notice"]),
        (&"sheet_notice".into(), &"copy_restored".into())
    );
    assert_eq!(bench.run(&["show", "t"]).ok().stdout, shown.stdout);

    fs::write(&file, &bytes).unwrap();
    fs::remove_file(file.with_extension("duckdb.good")).unwrap();
    bench.run(&["show", "t"]).fails(STORAGE, "is damaged");
    bench.run(&["sheets", "check", "t"]).fails(STORAGE, "is damaged");
    bench.run(&["sheets"]).ok();
    bench.run(&["sheets", "delete", "t"]).ok();
    assert_eq!(bench.sheet_count(), 0);
}

#[test]
fn the_trial_of_a_sheet_is_not_for_people() {
    let bench = Bench::new();
    let help = bench.run(&["--help"]).ok().stdout;
    assert!(!help.contains("probe-sheet"));
    bench.run(&["probe-sheet", "x"]).code(USAGE);
    assert!(!bench.path("home").exists());
}

#[test]
fn hostile_cells_cannot_drive_the_terminal() {
    let bench = Bench::new();
    bench.file("evil.csv", "a\n\u{1b}[2J\u{1b}]0;owned\u{7}\n\u{202e}txt\n\"two\nlines\"\n");
    bench.run(&["import", "evil.csv"]).ok();
    let shown = bench.run(&["show", "evil"]).ok().stdout;
    assert!(!shown.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{shown:?}");
    assert!(shown.contains(r"\u{1b}[2J\u{1b}]0;owned\u{7}") && shown.contains(r"two\nlines"));
    let said = bench.run(&["show", "no\u{1b}[31msheet"]).fails(NOT_FOUND, r"no\u{1b}[31msheet");
    assert!(!said.stderr.contains('\u{1b}'));
}

#[test]
fn inputs_that_are_no_tables_are_refused_and_leave_nothing() {
    let bench = Bench::new();
    bench.file("empty.csv", "");
    bench.file("empty.parquet", "");
    bench.file("noise.csv", [0_u8, 159, 146, 150, 0, 1, 2, 255].repeat(500));
    bench.file("noise.parquet", [7_u8; 4000]);
    bench.file("broken.jsonl", "{\"a\": 1}\n{\"a\": \n");
    bench.file("table.xyz", TABLE);
    bench.file("hollow.gguf", HOLLOW_MODEL);
    fs::create_dir(bench.path("folder.csv")).unwrap();
    let before = bench.files();
    for (file, code) in [
        ("missing.csv", NOT_FOUND),
        ("empty.csv", BAD_INPUT),
        ("empty.parquet", BAD_INPUT),
        ("noise.csv", BAD_INPUT),
        ("noise.parquet", BAD_INPUT),
        ("broken.jsonl", BAD_INPUT),
        ("table.xyz", BAD_INPUT),
        ("folder.csv", BAD_INPUT),
    ] {
        bench.run(&["import", file]).fails(code, file);
        let fill = ["fill", file, "--prompt", "x {{a}}", "--out", "out.csv"];
        bench.run(&[&fill[..], &["--model", "hollow.gguf"]].concat()).fails(code, file);
    }
    assert_eq!(bench.files(), before);
    assert_eq!(bench.sheet_count(), 0);
    let left = fs::read_dir(bench.path("home/sheets")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    // An empty lock file is no sheet.
    let is_lock = |name: &std::ffi::OsString| name.to_string_lossy().ends_with(".lock");
    assert!(left.iter().all(is_lock), "a half-written sheet is left: {left:?}");
}

#[test]
fn prompts_and_models_that_cannot_work_are_refused_before_anything_is_written() {
    let bench = Bench::new();
    bench.file("t.csv", TABLE);
    bench.file("empty.gguf", "");
    bench.file("text.gguf", "this is not a model\n".repeat(100));
    bench.file("hollow.gguf", HOLLOW_MODEL);
    bench.file("latin.txt", b"caf\xe9 {{text}}");
    let before = bench.files();
    for (extra, code, cause) in [
        (&["--prompt", "x {{text", "--model", "hollow.gguf"][..], BAD_INPUT, "{{"),
        (&["--prompt", "x {{txet}}", "--model", "hollow.gguf"], BAD_INPUT, "txet"),
        (&["--prompt", "{{text}}", "--model", "hollow.gguf", "--name", "id"], NOT_FOUND, "id"),
        (&["--prompt", "x {{text}}", "--model", "no-such-model"], MODEL, "no-such-model"),
        (&["--prompt", "x {{text}}"], MODEL, "no model"),
        (&["--prompt", "x {{text}}", "--model", "empty.gguf"], MODEL, "empty.gguf"),
        (&["--prompt", "x {{text}}", "--model", "text.gguf"], MODEL, "text.gguf"),
        (&["--prompt", "x {{text}}", "--model", "hollow.gguf"], MODEL, "hollow.gguf"),
        (&["--prompt-file", "missing.txt"], NOT_FOUND, "missing.txt"),
        (&["--prompt-file", "latin.txt"], BAD_INPUT, "latin.txt"),
    ] {
        let arguments = [&["fill", "t.csv", "--out", "out.csv"], extra].concat();
        bench.run(&arguments).fails(code, cause);
        assert_eq!(bench.files(), before, "{extra:?}");
    }
    let typo = ["fill", "t.csv", "--prompt", "x {{txet}}", "--model", "hollow.gguf"];
    let hint = bench.run(&typo).stderr;
    assert!(
        hint.contains("did you mean `{{text}}`"),
        "the column that was meant is not suggested: {hint}"
    );
    for file in ["empty.gguf", "text.gguf"] {
        bench.run(&["models", "add", file]).fails(MODEL, file);
    }
    assert!(bench.run(&["models"]).ok().stderr.contains("no models yet"));
}

#[test]
fn an_output_that_cannot_be_written_is_refused_before_the_work() {
    let bench = Bench::new();
    bench.file("t.csv", TABLE);
    bench.file("precious.csv", "not ours\n");
    fs::create_dir(bench.path("folder.csv")).unwrap();
    let before = bench.files();
    for (out, code, cause) in [
        ("no/such/folder/out.csv", NOT_FOUND, "folder"),
        ("t.csv/out.csv", STORAGE, "out.csv"),
        ("folder.csv", BAD_INPUT, "not a file"),
        ("t.csv", BAD_INPUT, "is the input"),
        ("./folder.csv/../t.csv", BAD_INPUT, "is the input"),
        ("precious.csv", NOT_FOUND, "not written by Braincells"),
        ("out.xyz", BAD_INPUT, "names no format"),
        ("out.json", BAD_INPUT, "JSON"),
    ] {
        bench.run(&["fill", "t.csv", "--prompt", "x {{text}}", "--out", out]).fails(code, cause);
        assert_eq!(bench.sheet_count(), 0, "nothing is imported for {out}");
    }
    bench.run(&["import", "t.csv"]).ok();
    bench.run(&["export", "t", "--out", "precious.csv"]).fails(NOT_FOUND, "not written by");
    assert_eq!(read(&bench.path("precious.csv")), "not ours\n");
    assert_eq!(bench.files(), before);
    bench.run(&["export", "t", "--out", "precious.csv", "--force"]).ok();
    assert_ne!(read(&bench.path("precious.csv")), "not ours\n");
    bench.run(&["export", "t", "--out", "precious.csv"]).ok();
    fs::write(bench.path("precious.csv"), "changed by hand\n").unwrap();
    bench.run(&["export", "t", "--out", "precious.csv"]).fails(NOT_FOUND, "not written by");
}

#[test]
fn formulas_are_defused_unless_they_are_wanted() {
    let bench = Bench::new();
    bench.file("t.csv", "a\n=1+1\nplain\n");
    bench.run(&["import", "t.csv"]).ok();
    let csv = ["export", "t", "--out", "-", "--out-format", "csv"];
    assert!(!bench.run(&csv).ok().stdout.contains("\n=1+1"));
    let raw = bench.run(&[&csv[..], &["--no-neutralise"]].concat()).ok().stdout;
    assert!(raw.contains("\n=1+1"), "{raw}");
}

#[test]
fn recipes_that_cannot_be_used_are_refused() {
    let bench = Bench::new();
    bench.file("t.csv", TABLE);
    bench.file("hollow.gguf", HOLLOW_MODEL);
    bench.file("noise.yml", "columns: [: {");
    bench.file("empty.yml", "columns: {}\n");
    bench.file(
        "circle.yml",
        "columns:\n  a: {modelName: m, prompt: '{{b}}'}\n  b: {modelName: m, prompt: '{{a}}'}\n",
    );
    bench.file("unknown.yml", "columns:\n  a: {modelName: m, prompt: '{{nothing}}'}\n");
    bench.file(
        "search.yml",
        "columns:\n  a: {modelName: m, prompt: '{{no}}', searchEnabled: true, task: text-generation}\n",
    );
    let run = ["run", "search.yml", "t.csv", "--model", "hollow.gguf", "--json"];
    let said = bench.run(&run).code(BAD_INPUT).json();
    assert_eq!(said[0]["event"], "warning", "what is not done is said: {said:?}");
    for (recipe, code, cause) in [
        ("missing.yml", NOT_FOUND, "missing.yml"),
        ("noise.yml", BAD_INPUT, ""),
        ("empty.yml", BAD_INPUT, "no columns"),
        ("circle.yml", BAD_INPUT, "`a`"),
        ("unknown.yml", BAD_INPUT, "nothing"),
        ("t.csv", BAD_INPUT, ""),
    ] {
        let run = ["run", recipe, "t.csv", "--out", "out.csv", "--model", "hollow.gguf"];
        bench.run(&run).fails(code, cause);
        assert!(!bench.path("out.csv").exists());
    }
}

#[test]
fn json_lines_carry_events_results_and_errors() {
    let bench = Bench::new();
    bench.file("t.csv", TABLE);
    let import = bench.run(&["import", "t.csv", "--json"]).ok();
    assert_eq!(import.stderr, "");
    let lines = import.json();
    assert_eq!(lines.last().unwrap()["event"], "result");
    assert_eq!(lines.last().unwrap()["row_count"], 3);
    for verb in [&["sheets"][..], &["show", "t"], &["runs", "t"], &["models"], &["doctor"]] {
        let said = bench.run(&[verb, &["--json"]].concat()).ok();
        let lines = said.json();
        assert_eq!(lines.len(), 1, "{verb:?}: {}", said.stdout);
        assert_eq!((&lines[0]["event"], &lines[0]["verb"]), (&"result".into(), &verb[0].into()));
    }
    let shown = bench.run(&["show", "t", "--json", "-n", "1"]).ok().results();
    assert_eq!(shown[0]["window"]["rows"][0]["cells"][1]["value"], "good");
    let failed = bench.run(&["show", "nothing", "--json"]).code(NOT_FOUND);
    let error = &failed.json()[0];
    assert_eq!((&error["event"], &error["code"]), (&"error".into(), &"not_found".into()));
    assert!(error["message"].is_string() && error["hint"].is_string(), "{error}");
    assert_eq!(failed.stderr, "");
    let export = bench.run(&["export", "t", "--out", "-", "--out-format", "csv", "--json"]).ok();
    assert!(export.stdout.starts_with("id,text,price\n"), "{}", export.stdout);
    assert_eq!(support::json_lines(&export.stderr).last().unwrap()["rows"], 3);
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let bench = Bench::new();
    let rows: String =
        (0..5000).map(|row| format!("{row},a rather long text for row {row}\n")).collect();
    bench.file("long.csv", format!("id,text\n{rows}"));
    bench.run(&["import", "long.csv"]).ok();
    for verb in ["show long --rows 5000", "export long --out - --out-format csv", "completions zsh"]
    {
        let binary = assert_cmd::cargo::cargo_bin!("braincells");
        let script = format!("set -o pipefail; '{}' {verb} | head -n 1", binary.display());
        let mut command = std::process::Command::new("bash");
        command.args(["-c", &script]).env("BRAINCELLS_HOME", bench.path("home"));
        let said = support::Said::from(command.output().unwrap()).ok();
        assert_eq!(said.stderr, "", "{verb}");
        assert_eq!(said.stdout.lines().count(), 1, "{verb}");
    }
}

#[test]
fn quiet_says_nothing_but_data() {
    let bench = Bench::new();
    bench.file("t.csv", TABLE);
    bench.run(&["import", "t.csv"]).ok();
    let said = bench.run(&["export", "t", "--out", "out.csv", "--quiet"]).ok();
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("", ""));
}

#[test]
fn every_shell_gets_a_completion_script_without_a_home() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let said = bench.run(&["completions", shell]).ok();
        assert!(said.stdout.contains("braincells") && said.stdout.contains("resume"), "{shell}");
    }
    assert!(!bench.path("home").exists());
}

#[test]
fn doctor_says_what_is_there_and_what_is_missing() {
    let bench = Bench::new();
    let said = bench.run(&["doctor"]).ok();
    for word in ["Memory", "Cores", "DuckDB", "llama.cpp", "Will use", "Problem"] {
        assert!(said.stdout.contains(word), "{word}: {}", said.stdout);
    }
}

#[test]
fn a_home_that_cannot_be_made_is_an_error_with_a_hint() {
    let bench = Bench::new();
    bench.file("home-is-a-file", "");
    bench.run(&["sheets", "--home", "home-is-a-file"]).fails(STORAGE, "home-is-a-file");
}
