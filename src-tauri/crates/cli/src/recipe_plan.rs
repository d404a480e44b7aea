//! A recipe in words: what it needs, what it makes, in which order, with its prompts. Recipes come
//! from others, so what they say is shown before it is done.

use std::iter;

use braincells_core::{NumberLimits, Output, Sampling, is_backend_id};
use braincells_workbench::{PlannedColumn, RecipeEstimate, RecipePlan};
use indicatif::HumanCount;
use serde_json::json;

use crate::session::Session;
use crate::table::{Align, Table};
use crate::text::{cut, printable};

/// How much of a prompt is shown where it is not the point.
const SHORT_LINES: usize = 8;
const SHORT_CHARACTERS: usize = 600;
/// Columns of a name or of a list of labels.
const NAME_COLUMNS: usize = 60;

/// How much of the prompts is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// Their beginnings.
    Short,
    /// All.
    Whole,
}

/// Says on stderr what is about to be done.
pub fn announce(session: &Session, plan: &RecipePlan) {
    session.progress.clear();
    session.output.event(&json!({ "event": "plan", "plan": plan }));
    for line in lines(plan, Length::Short) {
        session.output.notice(&line);
    }
}

/// The plan, fit for a terminal.
pub fn lines(plan: &RecipePlan, length: Length) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(origin) = &plan.origin {
        let parts: Vec<String> = [
            origin.made_by.as_ref().map(|program| format!("by {program}")),
            origin.made_at.as_ref().map(|moment| format!("at {moment}")),
            origin.engine.as_ref().map(|engine| format!("with {engine}")),
        ]
        .into_iter()
        .flatten()
        .map(|part| cut(&part, NAME_COLUMNS))
        .collect();
        if !parts.is_empty() {
            lines.push(format!("made {}", parts.join(" ")));
        }
    }
    let inputs: Vec<String> = plan.inputs.iter().map(|name| input(plan, name)).collect();
    lines.push(match inputs.as_slice() {
        [] => "needs no columns of the table".to_owned(),
        inputs => format!("needs {}", inputs.join(", ")),
    });
    for (position, column) in (1..).zip(&plan.columns) {
        lines.extend(column_lines(position, column, length));
    }
    lines
}

fn input(plan: &RecipePlan, name: &str) -> String {
    let known = plan.data_columns.iter().find(|column| column.name == name);
    let word = known.and_then(|column| json!(column.value_type).as_str().map(str::to_owned));
    let word = word.map_or_else(String::new, |word| format!(" ({word})"));
    format!("`{}`{word}", cut(name, NAME_COLUMNS))
}

fn column_lines(position: usize, column: &PlannedColumn, length: Length) -> Vec<String> {
    let recipe = &column.recipe;
    let model = match recipe.model.as_str() {
        "" => "the default model".to_owned(),
        // The backend of a model that is not on this machine matters, and so does its whole name.
        model if model.split_once(':').is_some_and(|(backend, _)| is_backend_id(backend)) => {
            cut(model, NAME_COLUMNS)
        }
        // An absolute path is as long as it is; the file tells.
        model => cut(model.rsplit(['/', '\\']).next().unwrap_or(model), NAME_COLUMNS),
    };
    let name = cut(&column.name, NAME_COLUMNS);
    let mut lines = vec![format!("{position}. `{name}`: {} by {model}", kind(&recipe.output))];
    let mut notes = sampling(&recipe.sampling);
    match recipe.example_rows.len() {
        0 => {}
        1 => notes.push("1 example in the file".to_owned()),
        count => notes.push(format!("{count} examples in the file")),
    }
    if !notes.is_empty() {
        lines.push(format!("   {}", notes.join(", ")));
    }
    if let Some(system) = &recipe.system {
        lines.extend(quoted("system", system, length));
    }
    lines.extend(quoted("prompt", &recipe.prompt, length));
    lines
}

fn kind(output: &Output) -> String {
    match output {
        Output::Label { labels } | Output::Labels { labels } => {
            format!("{} ({})", output.as_str(), cut(&labels.join(", "), NAME_COLUMNS))
        }
        Output::Number(NumberLimits { integer, min, max }) => {
            let kind = if *integer { "integer" } else { "number" };
            let end = |end: &Option<f64>| end.map_or(String::new(), |end| end.to_string());
            match (min, max) {
                (None, None) => kind.to_owned(),
                _ => format!("{kind} ({}..{})", end(min), end(max)),
            }
        }
        Output::Text | Output::Boolean | Output::Date | Output::Json { .. } => {
            output.as_str().to_owned()
        }
    }
}

/// What differs from the plainest sampling.
fn sampling(sampling: &Sampling) -> Vec<String> {
    let mut notes = Vec::new();
    if sampling.temperature > 0.0 {
        notes.push(format!("temperature {}", sampling.temperature));
        notes.push(format!("seed {}", sampling.seed));
    }
    if sampling.top_p < 1.0 {
        notes.push(format!("top-p {}", sampling.top_p));
    }
    if sampling.top_k > 0 {
        notes.push(format!("top-k {}", sampling.top_k));
    }
    if sampling.min_p > 0.0 {
        notes.push(format!("min-p {}", sampling.min_p));
    }
    if let Some(tokens) = sampling.max_tokens {
        notes.push(format!("at most {tokens} tokens"));
    }
    notes
}

/// A text with its title in front, line by line.
fn quoted(title: &str, text: &str, length: Length) -> Vec<String> {
    let shown = match length {
        Length::Whole => text,
        Length::Short => beginning(text),
    };
    let margin = " ".repeat(title.len());
    let titles = iter::once(title).chain(iter::repeat(margin.as_str()));
    let mut lines: Vec<String> = titles
        .zip(shown.lines())
        .map(|(title, line)| format!("   {title} | {}", printable(line)))
        .collect();
    let rest = text[shown.len()..].trim_end().chars().count();
    if rest > 0 {
        let rest = HumanCount(rest as u64);
        lines.push(format!(
            "   {margin} | … {rest} more characters; `braincells recipe show` prints them"
        ));
    }
    lines
}

fn beginning(text: &str) -> &str {
    let by_lines = text.match_indices('\n').nth(SHORT_LINES - 1).map_or(text.len(), |(at, _)| at);
    let by_characters = text.char_indices().nth(SHORT_CHARACTERS).map_or(text.len(), |(at, _)| at);
    &text[..by_lines.min(by_characters)]
}

/// How much work each column is.
pub fn work(plan: &RecipePlan, estimate: &RecipeEstimate) -> Table {
    let mut table = Table::new([
        ("column", Align::Left),
        ("type", Align::Left),
        ("prompt tokens", Align::Right),
        ("answer tokens", Align::Right),
    ]);
    for (column, estimate) in plan.columns.iter().zip(&estimate.columns) {
        let more = if estimate.is_least { "more than " } else { "about " };
        table.push(vec![
            estimate.column.clone(),
            column.recipe.output.as_str().to_owned(),
            format!("{more}{}", HumanCount(estimate.prompt_tokens)),
            format!("at most {}", HumanCount(estimate.answer_tokens_most)),
        ]);
    }
    table
}

/// What the figures are based on.
pub fn basis(estimate: &RecipeEstimate) -> Vec<String> {
    let (rows, sampled) = (HumanCount(estimate.rows), HumanCount(estimate.sampled_rows));
    let looked_at = if estimate.sampled_rows < estimate.rows {
        format!("; the first {sampled} were looked at")
    } else {
        String::new()
    };
    vec![format!("for {rows} rows{looked_at}; tokens are guessed from the length of the text")]
}
