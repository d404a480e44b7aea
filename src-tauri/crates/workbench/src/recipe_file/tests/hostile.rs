//! Files that are wrong, by accident or on purpose.

#![expect(clippy::format_collect, reason = "test files are plainer to read this way, and small")]

use super::*;

#[test]
fn what_cannot_be_used_is_refused_in_one_line_that_says_where() {
    for (yaml, expected) in [
        ("", "cannot read the recipe file"),
        ("- a\n- b", "line 1: "),
        ("columns:\n  a:\n    modelName: [m]\n", "line 3: columns.a.modelName: "),
        ("columns:\n  a: {modelName: m\n", "line "),
        ("columns:\n  a:\n    searchEnabled: maybe\n", "line 3: "),
        ("columns:\n  a: {braincells: {output: {type: picture}}}", "unknown variant `picture`"),
        ("columns: []", "a mapping from column names"),
        ("columns: {}", "no columns"),
        ("columns:", "no columns"),
        ("columns: a", "a mapping"),
        ("cols: {}", "missing field `columns`"),
        ("a: 1\n---\nb: 2", "more than one document"),
        ("columns:\n  a:\n    modelName: m", "the column `a` has no prompt (line 2 of"),
        (
            "columns:\n  a: {modelName: m, prompt: x}\n  b:\n    modelName: m\n    instruction: ' '\n    \
             prompt: 'x {{'\n",
            "never closes it: `{{` (line 6 of the recipe file)",
        ),
        (
            "columns:\n  a:\n    modelName: m\n    prompt: x\n    braincells:\n      output: \
             {type: label, labels: [one]}\n",
            "needs at least two labels, and the recipe has 1 (line 4",
        ),
        (
            "columns: {a: {prompt: x, modelName: m, braincells: {sampling: {top_p: 7}}}}",
            "top-p is 7",
        ),
        (
            "columns: {a: {prompt: x, modelName: m}, ' a ': {prompt: y, modelName: m}}",
            "comes twice",
        ),
        ("columns: {' ': {prompt: x, modelName: m}}", "a column has no name"),
        ("columns: {a: {instruction: 'x {{y', modelName: m}}", "column `a`: the prompt opens"),
        ("columns: {a: {prompt: x, modelName: m, braincells: {version: 2}}}", "a newer Braincells"),
        ("columns: {a: !thing {prompt: x}}", "cannot read"),
        (
            "columns: {pic: {instruction: x, modelName: m, task: text-to-image, imageColumn: y}}",
            "the column `pic` has the task `text-to-image`",
        ),
    ] {
        let message = message(yaml);
        assert!(message.contains(expected), "{yaml}\n{message}");
    }
}

#[test]
fn a_hostile_file_costs_nothing() {
    assert!(message(&" ".repeat(MOST_BYTES + 1)).contains("larger than 8 MiB"));

    let mut laughs = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let again = vec![format!("*a{}", level - 1); 10].join(", ");
        laughs +=
            &["a", &level.to_string(), ": &a", &level.to_string(), " [", &again, "]\n"].concat();
    }
    assert!(message(&format!("{laughs}columns: {{a: *a11}}")).starts_with("cannot read"));

    let long = format!(
        "big: &b {}\ncolumns:\n  a:\n    modelName: m\n    prompt: p\n",
        "x".repeat(5_000_000)
    );
    let many = format!("{long}    columnsReferences: [{}]\n", vec!["*b"; 100_000].join(","));
    assert!(message(&many).contains("aliases make it too large"));

    assert!(message("columns: &c {a: *c}").starts_with("cannot read"));
    assert!(message(&"[".repeat(50_000)).starts_with("cannot read"));
    let aliased = "columns: {a: &a {prompt: x, modelName: m}, b: *a}";
    assert_eq!(read_ok(aliased).columns.len(), 2, "a few aliases are fine");
}

#[test]
fn a_file_of_too_many_parts_is_refused_at_once() {
    let columns: String =
        (0..1001).map(|n| format!("  c{n}: {{modelName: m, prompt: x}}\n")).collect();
    assert!(message(&format!("columns:\n{columns}")).contains("more than 1000 columns"));
    let references = "{{a}}".repeat(4097);
    let yaml = format!("columns: {{a: {{modelName: m, prompt: '{references}'}}}}");
    assert!(message(&yaml).contains("more than 4096 times"));
    let many =
        format!("columns:\n  a: {{modelName: m, prompt: p, x: [{}]}}", "1,".repeat(3_000_000));
    assert!(message(&many).contains("too large"));
}

#[test]
fn keys_that_nobody_knows_fill_no_screen() {
    let keys: String = (0..50).map(|n| format!("key{n}: 1\n")).collect();
    let file = read_ok(&format!("{keys}columns: {{a: {{modelName: m, prompt: x}}}}\n"));
    assert_eq!(file.warnings.len(), 21);
    assert_eq!(file.warnings[20], "30 more keys are ignored");
}
