//! `fill --preview`: what the model would be told and what it answers, with nothing kept.

use braincells_core::Recipe;
use braincells_workbench::{EngineOptions, PreviewRow};
use serde_json::json;

use crate::failure::{Ending, Failure};
use crate::money::dollars;
use crate::session::Session;
use crate::source::Source;
use crate::text::{printable, printable_lines};

/// Asks the recipe for the first rows of the source.
pub async fn preview(
    session: &Session,
    source: &Source,
    recipe: &Recipe,
    count: u64,
    options: &EngineOptions,
) -> Result<Ending, Failure> {
    // A prompt needs typed columns, and those come from a sheet; it is gone when this ends.
    let input = source.input();
    let sheet = session.unless_stopped(session.workbench.import(&input)).await?.id;
    let preview = session.workbench.preview(sheet, recipe, count, options);
    let rows = session.unless_stopped(preview).await;
    session.progress.clear();
    session.workbench.delete_sheet_for_good(sheet).await?;
    let rows = rows?;
    session.output.result("preview", &json!({ "rows": rows }))?;
    for (position, row) in (1..).zip(&rows) {
        session.output.say(&lines(position, row))?;
    }
    if rows.is_empty() {
        session.output.notice("the table has no rows");
    }
    let costs = || rows.iter().filter_map(|row| row.figures.cost_usd);
    if costs().next().is_some() {
        session.output.notice(&format!("the provider took {}", dollars(costs().sum())));
    }
    let failed = rows.iter().any(|row| row.error.is_some());
    Ok(if failed { Ending::SomeCellsFailed } else { Ending::Complete })
}

fn lines(position: u64, row: &PreviewRow) -> Vec<String> {
    let mut lines = vec![format!("── row {position} ──")];
    for message in &row.messages {
        lines.push(format!("[{}]", message.role.as_str()));
        lines.push(printable_lines(&message.content));
    }
    match (&row.error, &row.value) {
        (Some(error), _) => lines.push(format!("[failed] {}", printable(&error.message))),
        (None, value) => {
            let value = printable(&braincells_core::render_value(value));
            let confidence = row.figures.confidence;
            let sure = confidence
                .map_or_else(String::new, |share| format!("  ({:.0} % sure)", share * 100.0));
            lines.push(format!("[answer] {value}{sure}"));
        }
    }
    lines.push(String::new());
    lines
}
