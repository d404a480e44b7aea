//! `show`.

use braincells_core::{CellState, CellView, ColumnId, Value, ValueType};
use braincells_workbench::Shown;
use indicatif::HumanCount;

use crate::args::ShowArgs;
use crate::condition::view;
use crate::failure::{Ending, Failure};
use crate::session::Session;
use crate::table::{Align, Table};

/// Prints rows of a sheet.
pub async fn show(session: &Session, arguments: &ShowArgs) -> Result<Ending, Failure> {
    let sheet = session.sheet(&arguments.sheet.sheet).await?;
    let workbench = &session.workbench;
    let all = session.unless_stopped(workbench.columns(sheet)).await?;
    let columns = match &arguments.columns {
        None => all.clone(),
        Some(names) => {
            let mut columns = Vec::new();
            for name in &names.0 {
                columns.push(session.unless_stopped(workbench.find_column(sheet, name)).await?);
            }
            columns
        }
    };
    let ids: Vec<ColumnId> = columns.iter().map(|column| column.id).collect();
    let view = match view(&arguments.view.rows.conditions, &arguments.view.sort, &all)? {
        None => None,
        Some(spec) => Some(session.unless_stopped(workbench.open_view(sheet, spec)).await?.id),
    };
    // Counted from 1 by people, from 0 by the workbench.
    let start = arguments.start - 1;
    let window = workbench.window(sheet, view, &ids, start, arguments.rows);
    let shown = Shown { columns, window: session.unless_stopped(window).await? };
    session.output.result("show", &shown)?;
    let number = std::iter::once(("#".to_owned(), Align::Right));
    let titles = shown.columns.iter().map(|column| {
        let numeric = column.value_type == ValueType::Number;
        (column.name.clone(), if numeric { Align::Right } else { Align::Left })
    });
    let mut table = Table::new(number.chain(titles));
    for (position, row) in (arguments.start..).zip(&shown.window.rows) {
        let number = std::iter::once(position.to_string());
        table.push(
            number.chain(row.cells.iter().map(|cell| cell_text(cell, arguments.full))).collect(),
        );
    }
    session.output.say_table(&table, arguments.full)?;
    let last = start + shown.window.rows.len() as u64;
    let count = HumanCount(shown.window.row_count);
    if shown.window.rows.is_empty() {
        session.output.notice(&format!("no row here; the sheet has {count}"));
    } else if last < shown.window.row_count || arguments.start > 1 {
        session.output.notice(&format!("rows {} to {last} of {count}", arguments.start));
    }
    Ok(Ending::Complete)
}

/// Characters of a failure's reason in a table that is cut to the terminal: enough to tell one
/// from another, too few for one failed cell to widen its column.
const REASON_CHARACTERS: usize = 14;

/// One line of text for a cell: a failed one without a value says why.
fn cell_text(cell: &CellView, full: bool) -> String {
    match (&cell.value, cell.state, &cell.error) {
        (Value::Null, Some(CellState::Failed), Some(reason)) => {
            let most = if full { usize::MAX } else { REASON_CHARACTERS };
            let shown: String = reason.chars().take(most).collect();
            let more = if shown.len() < reason.len() { "…" } else { "" };
            format!("failed: {shown}{more}")
        }
        (Value::Null, Some(CellState::Failed), None) => "failed".to_owned(),
        (Value::Null, ..) => String::new(),
        (Value::String(text), ..) => text.clone(),
        (other, ..) => other.to_string(),
    }
}
