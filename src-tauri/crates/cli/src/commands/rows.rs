//! `rows`.

use braincells_core::{AppError, Code, ColumnId, RowId, SheetId, Value};
use braincells_workbench::RowPlace;
use serde_json::json;

use crate::args::{PlaceArgs, RowsAction, RowsArgs};
use crate::failure::{Ending, Failure};
use crate::session::Session;
use crate::values::RowRange;

/// Changes rows and cells of a sheet.
pub async fn rows(session: &Session, arguments: &RowsArgs) -> Result<Ending, Failure> {
    let sheet = session.sheet(&arguments.sheet.sheet).await?;
    let workbench = &session.workbench;
    let (said, changed) = match &arguments.action {
        RowsAction::Add { count, place } => {
            let place = self::place(session, sheet, place).await?;
            let added = workbench.insert_rows(sheet, place, *count).await?;
            (format!("added {}", counted(added.len())), added.len())
        }
        RowsAction::Delete { rows } => {
            let rows = at_ranges(session, sheet, rows).await?;
            workbench.delete_rows(sheet, &rows).await?;
            let said =
                format!("deleted {}; `braincells undo` brings them back", counted(rows.len()));
            (said, rows.len())
        }
        RowsAction::Move { rows, place } => {
            let place = self::place(session, sheet, place).await?;
            let rows = at_ranges(session, sheet, rows).await?;
            workbench.move_rows(sheet, &rows, place).await?;
            (format!("moved {}", counted(rows.len())), rows.len())
        }
        RowsAction::Set { row, column, value } => {
            let (column, row) = cell(session, sheet, column, *row).await?;
            workbench.edit_cell(sheet, column, row, Value::String(value.clone())).await?;
            ("wrote the cell".to_owned(), 1)
        }
        RowsAction::Clear { column, rows } => {
            let column = session.unless_stopped(workbench.find_column(sheet, column)).await?.id;
            let rows = at_ranges(session, sheet, rows).await?;
            workbench.clear_cells(sheet, &[column], &rows).await?;
            (format!("emptied the cells of {}", counted(rows.len())), rows.len())
        }
        RowsAction::Approve { row, column } => {
            let (column, row) = cell(session, sheet, column, *row).await?;
            workbench.validate_cell(sheet, column, row).await?;
            ("approved the cell".to_owned(), 1)
        }
    };
    session.output.result("rows", &json!({ "sheet": sheet, "rows_changed": changed }))?;
    session.output.notice(&said);
    Ok(Ending::Complete)
}

fn counted(rows: usize) -> String {
    if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") }
}

/// A cell by the name of its column and the position of its row.
pub(super) async fn cell(
    session: &Session,
    sheet: SheetId,
    column: &str,
    position: u64,
) -> Result<(ColumnId, RowId), Failure> {
    let column = session.unless_stopped(session.workbench.find_column(sheet, column)).await?.id;
    Ok((column, row_at(session, sheet, position).await?))
}

async fn place(session: &Session, sheet: SheetId, place: &PlaceArgs) -> Result<RowPlace, Failure> {
    Ok(match (place.before, place.behind) {
        (Some(position), _) => RowPlace::Before(row_at(session, sheet, position).await?),
        (None, Some(position)) => RowPlace::Behind(row_at(session, sheet, position).await?),
        (None, None) => RowPlace::Last,
    })
}

async fn row_at(session: &Session, sheet: SheetId, position: u64) -> Result<RowId, Failure> {
    let found = session.workbench.rows_at(sheet, None, position - 1, 1).await?;
    found.first().copied().ok_or_else(|| missing(position).into())
}

/// The rows of all ranges, each once.
async fn at_ranges(
    session: &Session,
    sheet: SheetId,
    ranges: &[RowRange],
) -> Result<Vec<RowId>, Failure> {
    let mut rows = Vec::new();
    for range in ranges {
        let wanted = range.last - range.first + 1;
        let found = session.workbench.rows_at(sheet, None, range.first - 1, wanted).await?;
        if (found.len() as u64) < wanted {
            return Err(missing(range.first + found.len() as u64).into());
        }
        rows.extend(found);
    }
    rows.sort_unstable();
    rows.dedup();
    Ok(rows)
}

fn missing(position: u64) -> AppError {
    AppError::new(Code::NotFound, format!("the sheet has no row {position}"))
        .with_hint("`braincells show` numbers the rows")
}
