//! `update`.

use braincells_core::{AppError, Code, Column, ColumnId, RunRequest, RunScope, RunStatus, SheetId};
use braincells_workbench::{ColumnOutcome, Estimate, EstimateRequest};
use indicatif::{HumanCount, HumanDuration};
use serde_json::json;

use crate::args::{CellsToFill, ScopeArgs, UpdateArgs};
use crate::condition::filter;
use crate::destination::Destination;
use crate::failure::{Ending, Failure, stopped};
use crate::filling::{Report, after, finish};
use crate::money::dollars;
use crate::session::Session;
use crate::text::printable;

/// Fills the AI columns of a sheet, or some of them, each after those it reads.
pub async fn update(session: &Session, arguments: &UpdateArgs) -> Result<Ending, Failure> {
    let sheet = session.sheet(&arguments.sheet.sheet).await?;
    let destination = match arguments.output.wanted() {
        Some(wanted) => Some(Destination::plan(session, wanted, None, None)?),
        None => None,
    };
    let all = session.unless_stopped(session.workbench.columns(sheet)).await?;
    let chosen = chosen(arguments, &all)?;
    let request = request(&arguments.scope, &all)?;
    if arguments.estimate {
        return estimate(session, sheet, &chosen, &request, arguments).await;
    }
    for column in &chosen {
        session.progress.name_column(column.id, &column.name);
    }
    let ids: Vec<ColumnId> = chosen.iter().map(|column| column.id).collect();
    let options = arguments.engine.options();
    let runs = session.workbench.run_columns(sheet, Some(&ids), request, &options);
    let runs = session.unless_stopped(runs).await?;
    let outcomes = runs.finished_or_paused_by(session.interrupt.pressed()).await?;
    session.progress.clear();
    let reports = reports(sheet, outcomes, &chosen)?;
    let destination = destination.as_ref().map(|destination| (destination, None));
    finish(session, "update", sheet, &chosen, &reports, destination).await
}

/// Which cells are asked for, in the workbench's terms.
pub fn request(scope: &ScopeArgs, columns: &[Column]) -> Result<RunRequest, AppError> {
    Ok(RunRequest {
        only: filter(&scope.rows.conditions, columns)?,
        fresh: scope.no_cache,
        ..cells(scope.cells).into()
    })
}

fn chosen<'a>(arguments: &UpdateArgs, all: &'a [Column]) -> Result<Vec<&'a Column>, AppError> {
    let ai = all.iter().filter(|column| column.recipe().is_some());
    let Some(names) = &arguments.columns else { return Ok(ai.collect()) };
    let find = |name: &String| {
        ai.clone().find(|column| column.name == *name).ok_or_else(|| {
            let known: Vec<String> = ai.clone().map(|c| format!("`{}`", c.name)).collect();
            let hint = match known.as_slice() {
                [] => "the sheet has no AI columns".to_owned(),
                _ => format!("the AI columns are {}", known.join(", ")),
            };
            AppError::new(Code::NotFound, format!("there is no AI column `{name}`")).with_hint(hint)
        })
    };
    names.0.iter().map(find).collect()
}

fn cells(cells: CellsToFill) -> RunScope {
    match cells {
        CellsToFill::Pending => RunScope::Pending,
        CellsToFill::Empty => RunScope::Empty,
        CellsToFill::Failed => RunScope::Failed,
        CellsToFill::Stale => RunScope::Stale,
        CellsToFill::All => RunScope::All,
    }
}

/// What the runs did; the first thing that ended them early is the error.
fn reports(
    sheet: SheetId,
    outcomes: Vec<ColumnOutcome>,
    columns: &[&Column],
) -> Result<Vec<Report>, Failure> {
    let go_on = format!("`braincells update {sheet}` goes on");
    let mut reports = Vec::new();
    for ColumnOutcome { column, outcome, error } in outcomes {
        let name = columns.iter().find(|known| known.id == column);
        let name = name.map_or_else(|| column.to_string(), |column| column.name.clone());
        if let Some(error) = error {
            return Err(error.into());
        }
        let Some(outcome) = outcome else { continue };
        let progress = &outcome.progress;
        let kept = format!(
            "{} of {} rows of `{}` are done and kept",
            HumanCount(progress.rows_ended()),
            HumanCount(progress.rows_total),
            printable(&name)
        );
        match (&outcome.status, &outcome.error) {
            (RunStatus::Done, _) => reports.push(Report { column: name, outcome }),
            (_, None) => return Err(stopped(format!("stopped: {kept}"), go_on).into()),
            (_, Some(error)) => {
                let hint = error.hint.iter().cloned().chain([kept, after(error, &go_on)]);
                let hint = hint.collect::<Vec<_>>().join("; ");
                return Err(error.clone().with_hint(hint).into());
            }
        }
    }
    Ok(reports)
}

async fn estimate(
    session: &Session,
    sheet: SheetId,
    columns: &[&Column],
    request: &RunRequest,
    arguments: &UpdateArgs,
) -> Result<Ending, Failure> {
    let options = arguments.engine.options();
    let mut estimates = Vec::new();
    for column in columns {
        let how = EstimateRequest::default();
        let estimate = session.workbench.estimate(sheet, column.id, request.clone(), how, &options);
        estimates.push((column.name.clone(), session.unless_stopped(estimate).await?));
    }
    let object: Vec<_> = estimates
        .iter()
        .map(|(column, estimate)| json!({ "column": column, "estimate": estimate }))
        .collect();
    session.output.result("update", &json!({ "sheet": sheet, "columns": object }))?;
    let lines: Vec<String> = estimates.iter().map(|(name, found)| line(name, found)).collect();
    session.output.say(&lines)?;
    Ok(Ending::Complete)
}

fn line(name: &str, estimate: &Estimate) -> String {
    let waiting = match estimate.rows_waiting {
        0 => String::new(),
        rows => format!(", {} more wait for their input", HumanCount(rows)),
    };
    let time = match estimate.seconds {
        Some(seconds) => {
            format!("about {:#}", HumanDuration(std::time::Duration::from_secs_f64(seconds)))
        }
        None => "time unknown: nothing was measured yet".to_owned(),
    };
    let cost =
        estimate.cost_usd.map_or_else(String::new, |usd| format!(", about {}", dollars(usd)));
    format!(
        "{}: {} rows{waiting}, about {} prompt tokens ({} of each shared), up to {} to generate{cost}; {time}",
        printable(name),
        HumanCount(estimate.rows),
        HumanCount(estimate.prompt_tokens),
        HumanCount(estimate.shared_prefix_tokens),
        HumanCount(estimate.completion_tokens),
    )
}
