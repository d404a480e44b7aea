//! Recipe files on the command line, without a model that could answer.

use std::fs;

use super::support::{BAD_INPUT, Bench, MODEL, NOT_FOUND, Said, read};
use super::{HOLLOW_MODEL, TABLE};

/// The first column reads the second. `other.gguf` is not there unless a test adds it.
const TWO: &str = "columns:
  reply:
    modelName: small.gguf
    instruction: \"Answer the {{mood}} customer:\\n{{text}}\"
  mood:
    modelName: small.gguf
    instruction: The mood of {{text}} for {{price}}
    braincells:
      output: {type: label, labels: [good, bad]}
      example_rows:
      - {inputs: {text: fine, price: 3}, value: good}
";

/// A bench with a table, its sheet, a recipe and a file that looks like a model.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.file("t.csv", TABLE);
    bench.file("two.yml", TWO);
    bench.run(&["import", "t.csv"]).ok();
    fs::write(bench.path("home/models/small.gguf"), HOLLOW_MODEL).unwrap();
    bench
}

/// The AI columns of a sheet with the prompts that the window would show.
fn prompts(bench: &Bench, sheet: &str) -> Vec<(String, String)> {
    let shown = bench.run(&["show", sheet, "--json", "-n", "1"]).ok().results();
    let columns = shown[0]["columns"].as_array().unwrap().clone();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    columns
        .iter()
        .filter(|column| column["kind"]["kind"] == "ai")
        .map(|column| (text(&column["name"]), text(&column["kind"]["recipe"]["prompt"])))
        .collect()
}

#[test]
fn a_recipe_goes_from_sheet_to_sheet_through_a_file() {
    let bench = bench();
    let said = bench.run(&["recipe", "import", "t", "two.yml"]).ok();
    assert_eq!(said.stdout, "added `mood` (label)\nadded `reply` (text)\n");
    assert_eq!(said.stderr, "");
    let there = prompts(&bench, "t");
    assert_eq!(there[1], ("reply".into(), "Answer the {{mood}} customer:\n{{text}}".into()));

    let said = bench.run(&["recipe", "export", "t", "--out", "out.yml"]).ok();
    assert!(said.stdout.starts_with("2 columns written to "), "{}", said.stdout);
    let text = read(&bench.path("out.yml"));
    for words in ["sha256: ", "size_bytes: ", "llama.cpp", "example_rows:", "name: price"] {
        assert!(text.contains(words), "{words} is not in {text}");
    }
    bench.run(&["import", "t.csv", "--name", "u"]).ok();
    let said = bench.run(&["recipe", "import", "u", "out.yml", "--json"]).ok().results();
    assert_eq!(said[0]["columns"][0]["name"], "mood");
    assert_eq!(said[0]["warnings"], serde_json::json!([]));
    assert_eq!(prompts(&bench, "u"), there);
    let again = bench.run(&["recipe", "export", "u"]).ok();
    let undated = |text: &str| {
        text.lines().filter(|line| !line.contains("made_at")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(undated(&again.stdout), undated(&text), "stdout has the file and nothing else");
    let part = bench.run(&["recipe", "export", "u", "--columns", "reply", "--no-examples"]).ok();
    assert!(!part.stdout.contains("\n  mood:") && !part.stdout.contains("example_rows"));
    let json = bench.run(&["recipe", "export", "u", "--json"]).ok();
    assert!(json.stdout.starts_with("columns:\n"), "{}", json.stdout);
    assert!(json.stderr.contains("\"verb\":\"recipe export\""), "{}", json.stderr);
}

#[test]
fn a_recipe_file_is_never_written_over_somebody_elses() {
    let bench = bench();
    bench.run(&["recipe", "import", "t", "two.yml"]).ok();
    let export = ["recipe", "export", "t", "--out"];
    let to = |out: &str, more: &[&str]| bench.run(&[&export[..], &[out], more].concat());
    to("two.yml", &[]).fails(NOT_FOUND, "was not written by Braincells");
    to("none/out.yml", &[]).fails(NOT_FOUND, "no folder");
    assert_eq!(read(&bench.path("two.yml")), TWO);
    to("two.yml", &["--force"]).ok();
    to("two.yml", &[]).ok();
    assert_ne!(read(&bench.path("two.yml")), TWO);
    assert_eq!(bench.files(), ["t.csv", "two.yml"], "nothing is left beside it");
    bench.run(&["recipe", "export", "t", "--columns", "id"]).fails(BAD_INPUT, "`id`");
    bench.run(&["recipe", "export", "t", "--columns", "no"]).fails(NOT_FOUND, "`no`");
}

#[test]
fn a_recipe_that_does_not_fit_changes_nothing() {
    let bench = bench();
    bench.file("far.yml", TWO.replace("small.gguf", "other.gguf"));
    for (arguments, code, cause) in [
        (&["two.yml", "--map", "text=txet"][..], BAD_INPUT, "`txet` (line 4)"),
        (&["two.yml", "--map", "txet=text"], BAD_INPUT, "no column `txet`"),
        (&["two.yml", "--map", "mood=ID"], BAD_INPUT, "`ID` (line 5)"),
        (&["two.yml", "--model", "other"], MODEL, "`other`"),
        (&["far.yml"], MODEL, "column `reply`: there is no model `other.gguf`"),
        (&["missing.yml"], NOT_FOUND, "missing.yml"),
        (&["t.csv"], BAD_INPUT, "cannot read the recipe file"),
    ] {
        bench.run(&[&["recipe", "import", "t"], arguments].concat()).fails(code, cause);
        assert_eq!(prompts(&bench, "t"), [], "{arguments:?}");
    }
    bench.run(&["recipe", "import", "t", "far.yml", "--model", "small"]).ok();
    bench.run(&["recipe", "import", "t", "two.yml"]).fails(BAD_INPUT, "already has one");
    let said = bench.run(&["recipe", "import", "t", "two.yml", "--rename"]).ok();
    assert!(
        said.stdout.contains("added `mood_2` (label), in the recipe `mood`"),
        "{}",
        said.stdout
    );
    assert_eq!(prompts(&bench, "t")[3].1, "Answer the {{mood_2}} customer:\n{{text}}");
    let mapped = ["recipe", "import", "t", "two.yml", "--map", "mood=feeling", "--map"];
    bench.run(&[&mapped[..], &["reply=answer", "--map", "text=id"]].concat()).ok();
    assert_eq!(prompts(&bench, "t")[4].1, "The mood of {{id}} for {{price}}");
}

#[test]
fn a_recipe_is_shown_and_checked_without_touching_anything() {
    let bench = bench();
    let shown = bench.run(&["recipe", "show", "two.yml"]).ok().stdout;
    assert_eq!(
        shown,
        "needs `text`, `price`
1. `mood`: label (good, bad) by small.gguf
   1 example in the file
   prompt | The mood of {{text}} for {{price}}
2. `reply`: text by small.gguf
   prompt | Answer the {{mood}} customer:
          | {{text}}
"
    );
    let checked = bench.run(&["recipe", "check", "two.yml"]).ok().stdout;
    assert_eq!(checked, shown);
    for check in [
        &["recipe", "check", "two.yml", "t.csv"][..],
        &["run", "two.yml", "t.csv", "--check", "--out", "never.csv"],
    ] {
        let said = bench.run(check).ok().stdout;
        assert!(said.starts_with(&shown) && said.contains("for 3 rows"), "{said}");
        let json = bench.run(&[check, &["--json"]].concat()).ok().results();
        assert_eq!(json[0]["plan"]["columns"][0]["name"], "mood", "in the order of the run");
        assert_eq!(json[0]["estimate"]["rows"], 3);
        assert_eq!(json[0]["estimate"]["columns"][1]["is_least"], true);
    }
    let first = bench.run(&["run", "two.yml", "t.csv", "--check", "--first", "2"]).ok().stdout;
    assert!(first.contains("for 2 rows"), "{first}");
    let lost = ["recipe", "check", "two.yml", "t.csv", "--map", "text=words"];
    bench.run(&lost).fails(BAD_INPUT, "`words` (line 4)");
    bench.run(&["recipe", "check", "two.yml", "--model", "gone"]).fails(MODEL, "`gone`");
    assert_eq!(bench.sheet_count(), 1, "the table is not kept");
    assert_eq!(bench.files(), ["t.csv", "two.yml"]);
}

#[test]
fn a_recipe_is_shown_before_it_runs_and_cannot_drive_the_terminal() {
    let bench = bench();
    let evil = format!(
        "columns:\n  \"a\\e[2J\":\n    modelName: small.gguf\n    instruction: \"{}\\e]0;owned\\a{}\"\n",
        "line\\n".repeat(20),
        "x".repeat(700)
    );
    bench.file("evil.yml", evil);
    let safe = |said: &Said| {
        let all = format!("{}{}", said.stdout, said.stderr);
        assert!(!all.contains(['\u{1b}', '\u{7}']), "{all:?}");
    };
    let whole = bench.run(&["recipe", "show", "evil.yml"]).ok();
    safe(&whole);
    assert!(whole.stdout.contains(r"\u{1b}]0;owned\u{7}xxx"), "{}", whole.stdout);
    // The model breaks when it is loaded, which is after the plan was shown.
    let run = ["run", "evil.yml", "t.csv", "--out", "out.csv"];
    let said = bench.run(&run).code(MODEL);
    safe(&said);
    let plan = said.stderr.find("1. `a").unwrap();
    assert!(plan < said.stderr.find("error: ").unwrap(), "{}", said.stderr);
    assert!(said.stderr.contains("more characters; `braincells recipe show`"), "{}", said.stderr);
    let quiet = bench.run(&[&run[..], &["--quiet"]].concat()).code(MODEL);
    assert_eq!(quiet.stderr.lines().count(), 2, "an error and a hint: {}", quiet.stderr);
    let json = bench.run(&[&run[..], &["--json"]].concat()).code(MODEL).json();
    assert_eq!(json[0]["event"], "plan", "{json:?}");
}

#[test]
fn columns_that_will_not_be_there_are_refused_before_the_work() {
    let bench = bench();
    let run = ["run", "two.yml", "t.csv", "--out", "out.csv", "--columns"];
    bench.run(&[&run[..], &["id,feeling"]].concat()).fails(NOT_FOUND, "`feeling`");
    assert_eq!(bench.sheet_count(), 1, "nothing is left of it");
    let named = bench.run(&[&run[..], &["id,mood"]].concat()).code(MODEL);
    assert!(named.stderr.contains("small.gguf"), "{}", named.stderr);
}
