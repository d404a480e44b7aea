//! `columns`.

use braincells_core::{Column, ColumnId, SheetId};
use serde_json::json;

use crate::args::{ColumnsAction, ColumnsArgs};
use crate::failure::{Ending, Failure};
use crate::session::Session;
use crate::table::{Align, Table};

/// Lists the columns of a sheet, or changes one.
pub async fn columns(session: &Session, arguments: &ColumnsArgs) -> Result<Ending, Failure> {
    let sheet = session.sheet(&arguments.sheet.sheet).await?;
    match &arguments.action {
        None | Some(ColumnsAction::List) => list(session, sheet).await,
        Some(ColumnsAction::Split { column, properties, list: listed }) => {
            let column = id(session, sheet, column).await?;
            if *listed {
                super::split::properties(session, sheet, column).await
            } else {
                super::split::split(session, sheet, column, properties).await
            }
        }
        Some(action) => change(session, sheet, action).await,
    }
}

async fn list(session: &Session, sheet: SheetId) -> Result<Ending, Failure> {
    let columns = session.unless_stopped(session.workbench.columns(sheet)).await?;
    session.output.result("columns", &json!({ "sheet": sheet, "columns": columns }))?;
    let mut table = Table::new([
        ("#", Align::Right),
        ("name", Align::Left),
        ("type", Align::Left),
        ("kind", Align::Left),
        ("model", Align::Left),
        ("prompt", Align::Left),
    ]);
    for (place, column) in (1..).zip(&columns) {
        table.push(vec![
            place.to_string(),
            column.name.clone(),
            type_word(column),
            kind_word(column).to_owned(),
            column.recipe().map(|recipe| recipe.model.clone()).unwrap_or_default(),
            column.recipe().map(|recipe| recipe.prompt.clone()).unwrap_or_default(),
        ]);
    }
    session.output.say_table(&table, false)?;
    Ok(Ending::Complete)
}

fn type_word(column: &Column) -> String {
    match column.recipe() {
        Some(recipe) => recipe.output.as_str().to_owned(),
        None => column.sql_type.clone(),
    }
}

fn kind_word(column: &Column) -> &'static str {
    match (column.recipe().is_some(), column.hidden) {
        (true, false) => "AI",
        (true, true) => "AI, hidden",
        (false, false) => "data",
        (false, true) => "data, hidden",
    }
}

async fn change(
    session: &Session,
    sheet: SheetId,
    action: &ColumnsAction,
) -> Result<Ending, Failure> {
    let workbench = &session.workbench;
    let said = match action {
        ColumnsAction::List => return list(session, sheet).await,
        ColumnsAction::Split { .. } => unreachable!("`columns` does it by itself"),
        ColumnsAction::Add { name, data_type } => {
            let column = workbench.add_data_column(sheet, name, *data_type).await?;
            format!("added `{}`", column.name)
        }
        ColumnsAction::Rename { column, name } => {
            workbench.rename_column(sheet, id(session, sheet, column).await?, name).await?;
            format!("`{column}` is now `{name}`")
        }
        ColumnsAction::Retype { column, data_type, lossy } => {
            let id = id(session, sheet, column).await?;
            let lost = workbench.retype_column(sheet, id, *data_type, *lossy).await?;
            let emptied = if lost > 0 { format!(", {lost} cells emptied") } else { String::new() };
            format!("`{column}` is now {}{emptied}", data_type.as_str())
        }
        ColumnsAction::Move { column, place } => {
            let id = id(session, sheet, column).await?;
            workbench.move_column(sheet, id, *place as usize - 1).await?;
            format!("moved `{column}`")
        }
        ColumnsAction::Hide { column } => {
            workbench.hide_column(sheet, id(session, sheet, column).await?, true).await?;
            format!("hid `{column}`")
        }
        ColumnsAction::Unhide { column } => {
            workbench.hide_column(sheet, id(session, sheet, column).await?, false).await?;
            format!("`{column}` is shown again")
        }
        ColumnsAction::Duplicate { column, name } => {
            let id = id(session, sheet, column).await?;
            let copy = workbench.duplicate_column(sheet, id, name.as_deref()).await?;
            format!("copied `{column}` to `{}`", copy.name)
        }
        ColumnsAction::Delete { columns } => {
            let mut ids = Vec::new();
            for column in columns {
                ids.push(id(session, sheet, column).await?);
            }
            workbench.delete_columns(sheet, &ids).await?;
            format!("deleted {}; `braincells undo` brings it back", columns.join(", "))
        }
    };
    let columns = workbench.columns(sheet).await?;
    session.output.result("columns", &json!({ "sheet": sheet, "columns": columns }))?;
    session.output.notice(&said);
    Ok(Ending::Complete)
}

async fn id(session: &Session, sheet: SheetId, name: &str) -> Result<ColumnId, Failure> {
    Ok(session.unless_stopped(session.workbench.find_column(sheet, name)).await?.id)
}
