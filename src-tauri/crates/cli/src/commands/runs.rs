//! `runs`.

use indicatif::HumanCount;
use serde_json::json;

use super::moment;
use crate::args::SheetArg;
use crate::failure::{Ending, Failure};
use crate::session::Session;
use crate::table::{Align, Table};

/// Lists the runs of a sheet.
pub async fn runs(session: &Session, arguments: &SheetArg) -> Result<Ending, Failure> {
    let sheet = session.sheet(&arguments.sheet).await?;
    let runs = session.unless_stopped(session.workbench.runs(sheet)).await?;
    session.output.result("runs", &json!({ "sheet": sheet, "runs": runs }))?;
    if runs.is_empty() {
        session.output.notice("nothing was run in this sheet yet");
        return Ok(Ending::Complete);
    }
    let columns = session.unless_stopped(session.workbench.columns(sheet)).await?;
    let mut table = Table::new([
        ("run", Align::Right),
        ("column", Align::Left),
        ("status", Align::Left),
        ("done", Align::Right),
        ("failed", Align::Right),
        ("of", Align::Right),
        ("started", Align::Left),
        ("reason", Align::Left),
    ]);
    for run in &runs {
        let column = columns.iter().find(|column| column.id == run.column);
        table.push(vec![
            run.id.to_string(),
            column.map_or_else(|| run.column.to_string(), |column| column.name.clone()),
            run.status.as_str().to_owned(),
            HumanCount(run.rows_done).to_string(),
            HumanCount(run.rows_failed).to_string(),
            HumanCount(run.rows_total).to_string(),
            moment(run.started_at_ms),
            run.error.clone().unwrap_or_default(),
        ]);
    }
    session.output.say_table(&table, false)?;
    Ok(Ending::Complete)
}
