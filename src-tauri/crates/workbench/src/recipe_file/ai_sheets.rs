//! The examples that AI Sheets writes into a prompt as text.
//!
//! Its exporter puts no examples anywhere else, so what a person approved there would be lost with
//! the wrapping. Older exports have them; newer ones have none.

use braincells_core::{RecipeExample, Value};
use serde_json::Map;

/// AI Sheets cuts the section here, in the middle of an example if need be. A little less, for the
/// blank lines around it that may be gone.
const SECTION_CHARACTERS: usize = 8192 - 16;

/// The examples in a prompt that AI Sheets wrapped around an instruction. `references` are the
/// columns whose values can be among the inputs.
pub(super) fn examples(prompt: &str, references: &[String]) -> Vec<RecipeExample> {
    let is = |line: &str, heading: &str| line.trim_end() == heading;
    let section: Vec<&str> = prompt
        .lines()
        .skip_while(|line| !is(line, "# Examples"))
        .take_while(|line| !is(line, "# User instruction") && !is(line, "# Your response"))
        .collect();
    let mut parts: Vec<&[&str]> = section.split(|line| is(line, "## Example")).skip(1).collect();
    let characters: usize = section.iter().map(|line| line.chars().count() + 1).sum();
    if characters >= SECTION_CHARACTERS {
        parts.pop();
    }
    parts.into_iter().filter_map(|lines| example(lines, references)).collect()
}

fn example(lines: &[&str], references: &[String]) -> Option<RecipeExample> {
    let input = lines.iter().position(|line| line.trim_end() == "### Input")?;
    let output = lines.iter().position(|line| line.trim_end() == "### Output")?;
    let value = text(lines.get(output + 1..)?);
    let mut inputs: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in lines.get(input + 1..output)? {
        match begins_field(line, references, &inputs) {
            Some((name, rest)) => inputs.push((name, vec![rest])),
            // A value goes on over several lines.
            None => inputs.last_mut()?.1.push(line),
        }
    }
    let inputs: Map<String, Value> = inputs
        .into_iter()
        .map(|(name, lines)| (name.to_owned(), Value::from(text(&lines))))
        .collect();
    (!inputs.is_empty() && !value.is_empty())
        .then(|| RecipeExample { inputs, value: Value::from(value) })
}

/// The column and the beginning of its value, if the line is the first of a column that was not
/// there yet.
fn begins_field<'r, 'l>(
    line: &'l str,
    references: &'r [String],
    before: &[(&str, Vec<&str>)],
) -> Option<(&'r str, &'l str)> {
    references.iter().find_map(|name| {
        let rest = line.strip_prefix(name.as_str())?.strip_prefix(':')?;
        let is_new = !before.iter().any(|(known, _)| known == name);
        is_new.then(|| (name.as_str(), rest.strip_prefix(' ').unwrap_or(rest)))
    })
}

/// The lines as they were before AI Sheets escaped them for HTML.
fn text(lines: &[&str]) -> String {
    let mut text = lines.join("\n").trim().to_owned();
    for (entity, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x2F;", "/"),
        ("&#x60;", "`"),
        ("&#x3D;", "="),
        // Last, so that nothing is undone twice.
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, character);
    }
    text
}
