//! `undo`, `redo` and `history`.

use braincells_core::{CellState, SheetId, StepInfo, Value};
use serde_json::json;

use super::moment;
use super::rows::cell;
use crate::args::{HistoryArgs, UndoArgs};
use crate::failure::{Ending, Failure};
use crate::session::Session;
use crate::table::{Align, Table};
use crate::text::printable_lines;

/// Takes steps of a sheet back, or lists them.
pub async fn undo(session: &Session, arguments: &UndoArgs) -> Result<Ending, Failure> {
    turn(session, arguments, true).await
}

/// Does steps of a sheet again, or lists them.
pub async fn redo(session: &Session, arguments: &UndoArgs) -> Result<Ending, Failure> {
    turn(session, arguments, false).await
}

async fn turn(session: &Session, arguments: &UndoArgs, back: bool) -> Result<Ending, Failure> {
    let sheet = session.sheet(&arguments.sheet.sheet).await?;
    if arguments.list {
        return list(session, sheet).await;
    }
    let (verb, done, nothing) = if back {
        ("undo", "took back", "there is nothing to take back")
    } else {
        ("redo", "did again", "there is nothing to do again")
    };
    let mut turned: Vec<StepInfo> = Vec::new();
    for _ in 0..arguments.steps {
        let workbench = &session.workbench;
        let step = if back { workbench.undo(sheet).await? } else { workbench.redo(sheet).await? };
        let Some(step) = step else { break };
        session.output.notice(&format!("{done}: {}", step.name));
        turned.push(step);
    }
    session.output.result(verb, &json!({ "sheet": sheet, "steps": turned }))?;
    if turned.is_empty() {
        session.output.notice(nothing);
    }
    Ok(Ending::Complete)
}

async fn list(session: &Session, sheet: SheetId) -> Result<Ending, Failure> {
    let steps = session.unless_stopped(session.workbench.steps(sheet)).await?;
    session.output.result("steps", &json!({ "sheet": sheet, "steps": steps }))?;
    if steps.is_empty() {
        session.output.notice("nothing was done in this sheet yet");
        return Ok(Ending::Complete);
    }
    let mut table = Table::new([
        ("step", Align::Right),
        ("when", Align::Left),
        ("what", Align::Left),
        ("", Align::Left),
    ]);
    for step in steps {
        let undone = if step.undone { "undone" } else { "" };
        table.push(vec![step.id.to_string(), moment(step.at_ms), step.name, undone.to_owned()]);
    }
    session.output.say_table(&table, false)?;
    Ok(Ending::Complete)
}

/// Shows everything that happened to a cell, or goes back to an earlier value.
pub async fn history(session: &Session, arguments: &HistoryArgs) -> Result<Ending, Failure> {
    let sheet = session.sheet(&arguments.sheet.sheet).await?;
    let (column, row) = cell(session, sheet, &arguments.column, arguments.row).await?;
    if let Some(entry) = arguments.prompt {
        let prompt = session.workbench.cell_prompt(sheet, column, row, entry);
        let prompt = session.unless_stopped(prompt).await?;
        session.output.result("history", &prompt)?;
        for message in &prompt.messages {
            let role = format!("{:?}:", message.role).to_lowercase();
            session.output.say(&[role, printable_lines(&message.content), String::new()])?;
        }
        if prompt.is_partial {
            session.output.notice("the list of earlier items in this prompt is not kept");
        }
        return Ok(Ending::Complete);
    }
    if let Some(entry) = arguments.restore {
        session.workbench.restore_cell(sheet, column, row, entry).await?;
        session.output.notice(&format!("the cell has the value of entry {entry} again"));
    }
    let entries =
        session.unless_stopped(session.workbench.cell_history(sheet, column, row)).await?;
    session.output.result("history", &json!({ "sheet": sheet, "entries": entries }))?;
    if entries.is_empty() {
        session.output.notice("this cell was never changed");
        return Ok(Ending::Complete);
    }
    let mut table = Table::new([
        ("entry", Align::Right),
        ("when", Align::Left),
        ("state", Align::Left),
        ("value", Align::Left),
        ("by", Align::Left),
        ("tokens", Align::Right),
        ("ms", Align::Right),
        ("step", Align::Left),
    ]);
    for entry in entries {
        let figures = &entry.figures;
        let value = match (&entry.value, &entry.error) {
            (_, Some(reason)) => reason.clone(),
            (Value::Null, None) => String::new(),
            (Value::String(text), None) => text.clone(),
            (other, None) => other.to_string(),
        };
        let by = match (&figures.model, entry.state, entry.step) {
            (Some(model), ..) => model.clone(),
            (None, CellState::Edited | CellState::Validated, _) => "a person".to_owned(),
            (None, _, None) => "the import".to_owned(),
            (None, ..) => String::new(),
        };
        let tokens = figures.prompt_tokens + figures.completion_tokens;
        let number = |count: u32| if count == 0 { String::new() } else { count.to_string() };
        let undone = if entry.undone { " (undone)" } else { "" };
        table.push(vec![
            entry.seq.to_string(),
            moment(entry.at_ms),
            entry.state.as_str().to_owned(),
            value,
            by,
            number(tokens),
            number(figures.duration_ms),
            format!("{}{undone}", entry.step_name.unwrap_or_default()),
        ]);
    }
    session.output.say_table(&table, false)?;
    Ok(Ending::Complete)
}
