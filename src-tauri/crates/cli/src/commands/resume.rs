//! `resume`.

use std::collections::BTreeMap;

use braincells_core::{AppError, Code, Column, ColumnId, RunId, RunInfo, RunScope, SheetId};
use braincells_workbench::RunHandle;

use crate::args::ResumeArgs;
use crate::destination::Destination;
use crate::failure::{Ending, Failure};
use crate::filling::{finish, follow};
use crate::session::Session;

/// One thing to do.
enum Step {
    GoOn(RunId),
    Retry,
}

/// Goes on with stopped runs, or tries failed cells again.
pub async fn resume(session: &Session, arguments: &ResumeArgs) -> Result<Ending, Failure> {
    let sheet = session.sheet(&arguments.sheet.sheet).await?;
    let destination = match arguments.output.wanted() {
        Some(wanted) => Some(Destination::plan(session, wanted, None, None)?),
        None => None,
    };
    let columns = session.unless_stopped(session.workbench.columns(sheet)).await?;
    let steps = steps(session, arguments, sheet, &columns).await?;
    if steps.is_empty() {
        session.output.notice("there is nothing to go on with");
    }
    let mut reports = Vec::new();
    for (column, step) in steps {
        session.progress.name_column(column.id, &column.name);
        let handle = start(session, arguments, sheet, column, &step).await?;
        let go_on = format!("`braincells resume {sheet}` goes on");
        reports.push(follow(session, column, handle, &go_on).await?);
    }
    let filled: Vec<&Column> = columns.iter().filter(|column| column.recipe().is_some()).collect();
    let destination = destination.as_ref().map(|destination| (destination, None));
    finish(session, "resume", sheet, &filled, &reports, destination).await
}

async fn start(
    session: &Session,
    arguments: &ResumeArgs,
    sheet: SheetId,
    column: &Column,
    step: &Step,
) -> Result<RunHandle, Failure> {
    let options = arguments.engine.options();
    match step {
        Step::GoOn(run) => {
            session.unless_stopped(session.workbench.resume(sheet, *run, &options)).await
        }
        Step::Retry => {
            let run = session.workbench.run(sheet, column.id, RunScope::Failed, &options);
            session.unless_stopped(run).await
        }
    }
}

async fn steps<'a>(
    session: &Session,
    arguments: &ResumeArgs,
    sheet: SheetId,
    columns: &'a [Column],
) -> Result<Vec<(&'a Column, Step)>, Failure> {
    let column_of = |id: ColumnId| columns.iter().find(|column| column.id == id);
    if arguments.retry_failed {
        let mut steps = Vec::new();
        for column in columns.iter().filter(|column| column.recipe().is_some()) {
            if session.workbench.failed_cells(sheet, column.id).await? > 0 {
                steps.push((column, Step::Retry));
            }
        }
        return Ok(steps);
    }
    let runs = session.unless_stopped(session.workbench.runs(sheet)).await?;
    let chosen = match arguments.run {
        Some(number) => vec![run_numbered(&runs, number)?],
        None => last_stopped(&runs),
    };
    Ok(chosen
        .into_iter()
        .filter_map(|run| Some((column_of(run.column)?, Step::GoOn(run.id))))
        .collect())
}

fn run_numbered(runs: &[RunInfo], number: i64) -> Result<&RunInfo, AppError> {
    runs.iter().find(|run| run.id == RunId(number)).ok_or_else(|| {
        AppError::new(Code::NotFound, format!("there is no run {number} in this sheet"))
            .with_hint("`braincells runs SHEET` lists them")
    })
}

/// The last run of each column, if it was stopped. An older one is history: a later run of its
/// column took its place.
fn last_stopped(runs: &[RunInfo]) -> Vec<&RunInfo> {
    let mut last: BTreeMap<ColumnId, &RunInfo> = BTreeMap::new();
    for run in runs {
        let known = last.entry(run.column).or_insert(run);
        if run.id > known.id {
            *known = run;
        }
    }
    let mut stopped: Vec<&RunInfo> =
        last.into_values().filter(|run| run.status.can_resume()).collect();
    stopped.sort_by_key(|run| run.id);
    stopped
}
