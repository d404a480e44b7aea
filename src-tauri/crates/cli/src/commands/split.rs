//! `columns split`.

use braincells_core::{ColumnId, SheetId, SplitColumn, SplitProperty, render_value};
use indicatif::HumanCount;
use serde_json::json;

use crate::failure::{Ending, Failure};
use crate::session::Session;
use crate::table::{Align, Table};

/// Makes columns of the properties of a column of JSON objects.
pub async fn split(
    session: &Session,
    sheet: SheetId,
    column: ColumnId,
    properties: &[SplitProperty],
) -> Result<Ending, Failure> {
    let made = session.workbench.split_json_column(sheet, column, properties.to_vec()).await?;
    session.output.result("columns split", &json!({ "sheet": sheet, "split": made }))?;
    let mut table = Table::new([
        ("column", Align::Left),
        ("type", Align::Left),
        ("filled", Align::Right),
        ("does not fit", Align::Right),
        ("such as", Align::Left),
    ]);
    for SplitColumn { column, filled, misfits, misfit_example, .. } in &made.columns {
        table.push(vec![
            column.name.clone(),
            column.sql_type.clone(),
            HumanCount(*filled).to_string(),
            HumanCount(*misfits).to_string(),
            misfit_example.as_ref().map(render_value).unwrap_or_default(),
        ]);
    }
    session.output.say_table(&table, false)?;
    if made.no_objects > 0 {
        session.output.notice(&format!(
            "{} rows hold no JSON object and are empty in the new columns",
            HumanCount(made.no_objects)
        ));
    }
    session.output.notice("later changes of the objects do not reach these columns");
    Ok(Ending::Complete)
}

/// Lists what a column can be split into.
pub async fn properties(
    session: &Session,
    sheet: SheetId,
    column: ColumnId,
) -> Result<Ending, Failure> {
    let found = session.unless_stopped(session.workbench.json_properties(sheet, column)).await?;
    session.output.result("columns split", &json!({ "sheet": sheet, "properties": found }))?;
    if found.is_empty() {
        session.output.notice("no JSON objects are there yet");
        return Ok(Ending::Complete);
    }
    let mut table = Table::new([("property", Align::Left), ("type", Align::Left)]);
    for property in &found {
        table.push(vec![property.property.clone(), property.data_type.as_str().to_owned()]);
    }
    session.output.say_table(&table, false)?;
    Ok(Ending::Complete)
}
