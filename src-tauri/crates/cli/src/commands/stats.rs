//! `stats`.

use braincells_core::{Bin, Column, ColumnStats, Value};
use braincells_workbench::Selection;
use indicatif::HumanCount;
use serde_json::json;

use crate::args::StatsArgs;
use crate::condition::filter;
use crate::failure::{Ending, Failure};
use crate::session::Session;
use crate::text::printable;

/// Letters of the longest bar of a histogram.
const BAR_LETTERS: u64 = 24;

/// Says what the columns of a sheet hold, in figures.
pub async fn stats(session: &Session, arguments: &StatsArgs) -> Result<Ending, Failure> {
    let sheet = session.sheet(&arguments.sheet.sheet).await?;
    let all = session.unless_stopped(session.workbench.columns(sheet)).await?;
    let selection = match filter(&arguments.rows.conditions, &all)? {
        Some(filter) => Selection::Where { filter },
        None => Selection::All,
    };
    let mut columns = Vec::new();
    match &arguments.columns {
        None => columns.extend(all),
        Some(names) => {
            for name in &names.0 {
                let column = session.workbench.find_column(sheet, name);
                columns.push(session.unless_stopped(column).await?);
            }
        }
    }
    let mut found = Vec::new();
    for column in columns {
        let (bins, top) = (arguments.bins, arguments.top);
        let stats = session.workbench.column_stats(sheet, column.id, selection.clone(), bins, top);
        found.push((session.unless_stopped(stats).await?, column));
    }
    let object: Vec<_> = found
        .iter()
        .map(|(stats, column)| json!({ "column": column.name, "stats": stats }))
        .collect();
    session.output.result("stats", &json!({ "sheet": sheet, "columns": object }))?;
    for (index, (stats, column)) in found.iter().enumerate() {
        let mut lines = if index == 0 { Vec::new() } else { vec![String::new()] };
        lines.extend(describe(column, stats));
        session.output.say(&lines)?;
    }
    Ok(Ending::Complete)
}

fn describe(column: &Column, found: &ColumnStats) -> Vec<String> {
    let mut lines = vec![
        format!("{} ({})", printable(&column.name), column.sql_type),
        format!(
            "  {} rows, {} empty, {} different",
            HumanCount(found.rows),
            HumanCount(found.empty),
            HumanCount(found.distinct)
        ),
    ];
    if let (Some(least), Some(greatest)) = (&found.least, &found.greatest) {
        lines.push(format!("  from {} to {}", shown(least), shown(greatest)));
    }
    if let Some(numbers) = &found.numbers {
        let deviation = numbers.deviation.map_or_else(|| "-".to_owned(), rounded);
        lines.push(format!(
            "  sum {}, mean {}, median {}, standard deviation {deviation}",
            rounded(numbers.sum),
            rounded(numbers.mean),
            rounded(numbers.median),
        ));
    }
    if let Some(lengths) = &found.lengths {
        let mean = rounded(lengths.mean);
        lines.push(format!(
            "  {} to {} characters, {mean} on average",
            HumanCount(lengths.least),
            HumanCount(lengths.greatest)
        ));
    }
    if !found.states.is_empty() {
        let states = found.states.iter();
        let states =
            states.map(|(state, count)| format!("{} {}", HumanCount(*count), state.as_str()));
        lines.push(format!("  cells: {}", states.collect::<Vec<_>>().join(", ")));
    }
    // Where every value is there once, none is common.
    for common in found.top.iter().filter(|_| found.distinct + found.empty < found.rows) {
        let count = HumanCount(common.count).to_string();
        lines.push(format!("  {count:>10}  {}", shown(&common.value)));
    }
    lines.extend(bars("values", &found.histogram));
    lines.extend(bars("confidence", &found.confidences));
    lines
}

fn bars(title: &str, bins: &[Bin]) -> Vec<String> {
    let most = bins.iter().map(|bin| bin.count).max().unwrap_or(0);
    if most == 0 {
        return Vec::new();
    }
    let bar = |bin: &Bin| {
        let letters = (bin.count * BAR_LETTERS).div_ceil(most) as usize;
        let count = HumanCount(bin.count).to_string();
        format!(
            "  {count:>10}  {:<24}  {} to {}",
            "#".repeat(letters),
            shown(&bin.from),
            shown(&bin.to)
        )
    };
    std::iter::once(format!("  {title}:")).chain(bins.iter().map(bar)).collect()
}

fn shown(value: &Value) -> String {
    const LETTERS: usize = 60;
    let text = match value {
        Value::String(text) => printable(text),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), rounded),
        other => printable(&other.to_string()),
    };
    match text.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Enough digits to tell values apart, and no more.
fn rounded(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        return format!("{number:.0}");
    }
    let digits = 3 - (number.abs().log10().floor() as i32).clamp(-6, 2);
    let text = format!("{number:.*}", digits.unsigned_abs() as usize);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
