//! Working on a sheet from the command line: rows, columns, undo, figures, questions.

use serde_json::json;

use crate::support::{BAD_INPUT, Bench, NOT_FOUND, USAGE};

const PEOPLE: &str = "name,age,city\nAda,36,London\n\"=x\",41,\"Paris, FR\"\nLin,,Oslo\n";

fn people() -> Bench {
    let bench = Bench::new();
    bench.file("people.csv", PEOPLE);
    bench.run(&["import", "people.csv"]).ok();
    bench
}

fn exported(bench: &Bench) -> String {
    bench.run(&["export", "people", "--out", "-", "--format", "csv", "--no-neutralise"]).ok().stdout
}

#[test]
fn everything_that_is_done_to_a_sheet_is_taken_back_by_undo() {
    let bench = people();
    let before = exported(&bench);
    for arguments in [
        &["columns", "people", "add", "note"][..],
        &["columns", "people", "rename", "age", "years"],
        &["columns", "people", "move", "city", "1"],
        &["columns", "people", "duplicate", "city"],
        &["columns", "people", "retype", "years", "text"],
        &["columns", "people", "hide", "note"],
        &["rows", "people", "add", "-n", "2", "--before", "2"],
        &["rows", "people", "set", "2", "name", "Grace"],
        &["rows", "people", "set", "2", "note", "-5"],
        &["rows", "people", "move", "1", "--behind", "3"],
        &["rows", "people", "clear", "city", "1-2"],
        &["rows", "people", "delete", "4-5"],
        &["columns", "people", "delete", "note", "city copy"],
    ] {
        bench.run(arguments).ok();
    }
    let after = exported(&bench);
    assert_eq!(after, "city,name,years\n,Grace,\n,,\nLondon,Ada,36\n");
    let steps = bench.run(&["undo", "people", "--list", "--json"]).ok().results();
    assert_eq!(steps[0]["steps"].as_array().map(Vec::len), Some(13));
    let said = bench.run(&["undo", "people", "-n", "99"]).ok();
    assert!(said.stderr.starts_with("took back: Delete 2 columns"), "{}", said.stderr);
    assert_eq!(exported(&bench), before);
    assert!(bench.run(&["undo", "people"]).ok().stderr.contains("nothing to take back"));
    bench.run(&["redo", "people", "-n", "99"]).ok();
    assert_eq!(exported(&bench), after);
}

#[test]
fn what_cannot_be_done_is_said_and_changes_nothing() {
    let bench = people();
    let before = exported(&bench);
    for (arguments, code, cause) in [
        (&["rows", "people", "set", "1", "age", "twelve"][..], BAD_INPUT, "does not fit"),
        (&["rows", "people", "set", "9", "age", "1"], NOT_FOUND, "no row 9"),
        (&["rows", "people", "delete", "2-4"], NOT_FOUND, "no row 4"),
        (&["rows", "people", "set", "1", "size", "1"], NOT_FOUND, "no column `size`"),
        (&["columns", "people", "rename", "age", "NAME"], NOT_FOUND, "named `NAME` already"),
        (&["columns", "people", "retype", "name", "integer"], BAD_INPUT, "cannot become integer"),
        (&["rows", "people", "approve", "1", "age"], BAD_INPUT, "no recipe"),
        (&["labels", "people", "age"], BAD_INPUT, "no recipe"),
        (&["labels", "people", "size"], NOT_FOUND, "no column `size`"),
        (&["labels", "people", "age", "--calibration", "best"], USAGE, "possible values"),
        (&["rows", "people", "delete", "3-1"], USAGE, "10-20"),
        (&["columns", "people", "add", "x", "--type", "colour"], USAGE, "the types are"),
    ] {
        let said = bench.run(arguments).code(code);
        assert!(said.stderr.contains(cause), "{arguments:?}: {}", said.stderr);
    }
    assert_eq!(exported(&bench), before);
    let steps = bench.run(&["undo", "people", "--list", "--json"]).ok().results();
    assert_eq!(steps[0]["steps"], json!([]));
}

#[test]
fn a_cell_has_a_history_and_goes_back_to_it() {
    let bench = people();
    bench.run(&["rows", "people", "set", "1", "age", "37"]).ok();
    bench.run(&["rows", "people", "set", "1", "age", "38"]).ok();
    let history = bench.run(&["history", "people", "1", "age", "--json"]).ok().results();
    let entries = history[0]["entries"].as_array().unwrap();
    let values: Vec<_> = entries.iter().map(|entry| entry["value"].clone()).collect();
    assert_eq!(values, [38, 37, 36]);
    let first = entries[2]["seq"].to_string();
    bench.run(&["history", "people", "1", "age", "--restore", &first]).ok();
    assert_eq!(exported(&bench), PEOPLE.replace("\"=x\"", "=x"));
    bench.run(&["history", "people", "1", "age", "--prompt", &first]).fails(BAD_INPUT, "no model");
    let untouched = bench.run(&["history", "people", "2", "age"]).ok();
    assert!(untouched.stderr.contains("never changed"), "{}", untouched.stderr);
}

#[test]
fn rows_are_shown_by_condition_and_order() {
    let bench = people();
    let names = |arguments: &[&str]| -> Vec<String> {
        let command = [&["show", "people", "--columns", "name", "--json"], arguments].concat();
        let shown = bench.run(&command).ok().results();
        let rows = shown[0]["window"]["rows"].as_array().unwrap().clone();
        let name = |row: &serde_json::Value| row["cells"][0]["value"].as_str().unwrap().to_owned();
        rows.iter().map(name).collect()
    };
    assert_eq!(names(&["--sort", "age:desc"]), ["=x", "Ada", "Lin"]);
    assert_eq!(names(&["--where", "age>=40"]), ["=x"]);
    assert_eq!(names(&["--where", "age:empty"]), ["Lin"]);
    assert_eq!(names(&["--where", "city~o", "--sort", "name"]), ["Ada", "Lin"]);
    assert_eq!(names(&["--where", "city!=Oslo", "--where", "age<=36"]), ["Ada"]);
    let show = |condition: &str| bench.run(&["show", "people", "--where", condition]);
    show("age>=old").fails(BAD_INPUT, "does not fit");
    show("size=1").fails(NOT_FOUND, "no column `size`");
    show("age:stale").fails(BAD_INPUT, "age");
    show("age:odd").fails(BAD_INPUT, "no state");
    show("age").code(USAGE);
}

#[test]
fn figures_and_questions_change_nothing_and_reach_nothing() {
    let bench = people();
    let stats = bench.run(&["stats", "people", "--columns", "age", "--json"]).ok().results();
    let age = &stats[0]["columns"][0]["stats"];
    assert_eq!((&age["rows"], &age["empty"], &age["distinct"]), (&json!(3), &json!(1), &json!(2)));
    assert_eq!(age["numbers"]["sum"], 77.0);
    let said = bench.run(&["stats", "people"]).ok().stdout;
    assert!(said.contains("age (BIGINT)") && said.contains("sum 77, mean 38.5"), "{said}");

    let asked = bench.run(&["sql", "people", "SELECT max(age) AS oldest FROM sheet"]).ok().stdout;
    assert_eq!(asked, "oldest\n    41\n");
    let query = "SELECT name FROM sheet WHERE age IS NOT NULL ORDER BY age DESC";
    bench.run(&["sql", "people", query, "--to-sheet", "aged"]).ok();
    let made = bench.run(&["export", "aged", "--out", "-", "--format", "jsonl"]).ok().stdout;
    assert_eq!(made, "{\"name\":\"=x\"}\n{\"name\":\"Ada\"}\n");
    let from_stdin = bench.run_with_stdin(&["sql", "people", "-"], "SELECT 1 AS one");
    assert_eq!(from_stdin.ok().stdout, "one\n  1\n");
    let secret = bench.file("secret.csv", "a\n1\n");
    for query in [
        format!("SELECT * FROM read_csv('{}')", secret.display()),
        format!("SELECT * FROM '{}'", secret.display()),
        format!("COPY sheet TO '{}'", bench.path("stolen.csv").display()),
        "DELETE FROM rows".to_owned(),
        "SELECT 1; SELECT 2".to_owned(),
        "INSTALL httpfs".to_owned(),
        "SELEC 1".to_owned(),
    ] {
        let said = bench.run(&["sql", "people", &query]).code(BAD_INPUT);
        assert_eq!(said.stdout, "", "{query}");
        assert!(said.stderr.lines().count() <= 2, "{query}: {}", said.stderr);
    }
    assert!(!bench.path("stolen.csv").exists());
    let limited = bench.run(&["sql", "people", "SELECT * FROM range(5)", "--rows", "2"]).ok();
    assert!(limited.stderr.contains("only the first 2 rows"), "{}", limited.stderr);
}

#[test]
fn a_sheet_without_ai_columns_has_nothing_to_update_and_an_empty_cache_says_so() {
    let bench = people();
    let said = bench.run(&["update", "people"]).ok();
    assert_eq!(said.stdout, "");
    bench.run(&["update", "people", "--columns", "age"]).fails(NOT_FOUND, "no AI column `age`");
    let cache = bench.run(&["cache", "--json"]).ok().results();
    assert_eq!((&cache[0]["responses"], &cache[0]["bytes"]), (&json!(0), &json!(0)));
    bench.run(&["cache", "limit", "5"]).ok();
    let cache = bench.run(&["cache", "--json"]).ok().results();
    assert_eq!(cache[0]["limit_bytes"], 5 << 20);
    assert!(bench.run(&["cache", "clear"]).ok().stderr.contains("forgot 0 answers"));
}

#[test]
fn a_column_of_json_is_split_into_typed_columns_and_undo_takes_them_back() {
    let bench = Bench::new();
    bench.file(
        "orders.csv",
        "id,order\n1,\"{\"\"city\"\": \"\"Rome\"\", \"\"n\"\": 2}\"\n\
         2,\"{\"\"city\"\": \"\"Oslo\"\", \"\"n\"\": \"\"many\"\"}\"\n3,none\n",
    );
    bench.run(&["import", "orders.csv"]).ok();
    let split = ["columns", "orders", "split", "order"];
    let listed = bench.run(&[&split[..], &["--list", "--json"]].concat()).ok().results();
    assert_eq!(
        listed[0]["properties"],
        json!([{"property": "city", "data_type": "text"}, {"property": "n", "data_type": "json"}])
    );
    let said = bench.run(&[&split[..], &["city", "n:integer=count"]].concat()).ok();
    assert!(said.stderr.contains("1 rows hold no JSON object"), "{}", said.stderr);
    let export = ["export", "orders", "--out", "-", "--format", "csv", "-c", "id,city,count"];
    assert_eq!(bench.run(&export).ok().stdout, "id,city,count\n1,Rome,2\n2,Oslo,\n3,,\n");
    bench.run(&[&split[..], &["citty"]].concat()).fails(NOT_FOUND, "no object has a property");
    bench.run(&["columns", "orders", "split", "id"]).fails(BAD_INPUT, "holds no JSON objects");
    bench.run(&["undo", "orders"]).ok();
    let columns = bench.run(&["columns", "orders", "--json"]).ok().results();
    assert_eq!(columns[0]["columns"].as_array().map(Vec::len), Some(2));
}
