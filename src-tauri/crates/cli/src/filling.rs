//! What `fill`, `run` and `resume` share: run columns one after the other, stop when told, and
//! say at the end what came of it.

use braincells_core::{AppError, Code, Column, Recipe, RunScope, RunStatus, SheetId};
use braincells_workbench::recipe_file::RecipeFile;
use braincells_workbench::{
    EngineOptions, Fill, FillRequest, RecipeFit, RecipePlan, RunHandle, RunOutcome,
};
use indicatif::{HumanCount, HumanDuration};
use serde::Serialize;
use serde_json::json;

use crate::args::RerunArgs;
use crate::destination::Destination;
use crate::failure::{Ending, Failure, stopped};
use crate::money::dollars;
use crate::progress::rate_text;
use crate::recipe_plan;
use crate::session::Session;
use crate::source::Source;
use crate::text::printable;

/// A table to read, columns to add, a place to write.
pub struct Job<'a> {
    /// The verb, for the result.
    pub verb: &'static str,
    /// The table.
    pub source: Source,
    /// What is added to it.
    pub work: Work,
    /// The columns that are written, if not all are.
    pub written: Option<&'a [String]>,
    /// Where the table goes at the end.
    pub destination: Destination,
    /// Which rows.
    pub rerun: &'a RerunArgs,
    /// How the engine runs.
    pub options: EngineOptions,
}

/// What is added to a table.
pub enum Work {
    /// One column.
    Column(String, Recipe),
    /// The columns of a recipe file.
    Recipe(RecipeFile, RecipeFit),
}

/// How one column ended.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Its name.
    pub column: String,
    /// How its run ended.
    #[serde(flatten)]
    pub outcome: RunOutcome,
}

/// Fills the columns of a job and writes the table.
pub async fn fill_columns(session: &Session, job: Job<'_>) -> Result<Ending, Failure> {
    let mut request = FillRequest {
        input: job.source.input(),
        columns: Vec::new(),
        scope: match job.rerun.first {
            Some(count) => RunScope::First { count },
            None => RunScope::Empty,
        },
        retry_failed: job.rerun.retry_failed,
        fresh: job.rerun.fresh,
        options: job.options,
    };
    let mut fill = match job.work {
        Work::Column(name, recipe) => {
            request.columns.push((name, recipe));
            session.unless_stopped(session.workbench.start_fill(request)).await?
        }
        Work::Recipe(recipe, fit) => {
            let start = session.workbench.start_recipe(&recipe, &fit, request);
            let (fill, warnings) = session.unless_stopped(start).await?;
            check_written(session, &fill, job.written).await?;
            for warning in &warnings {
                session.output.warn(warning);
            }
            recipe_plan::announce(session, &RecipePlan::new(&recipe, &fit)?);
            fill
        }
    };
    session.progress.clear();
    let mut reports = Vec::new();
    let columns = fill.columns.clone();
    for column in &columns {
        session.progress.name_column(column.id, &column.name);
        while let Some(handle) =
            session.unless_stopped(session.workbench.run_fill_column(&mut fill, column.id)).await?
        {
            reports.push(follow(session, column, handle, "the same command goes on").await?);
        }
    }
    let columns: Vec<&Column> = columns.iter().collect();
    let destination = Some((&job.destination, job.written));
    finish(session, job.verb, fill.sheet, &columns, &reports, destination).await
}

/// Refuses names of columns that will not be there, before the work and without a trace of it.
async fn check_written(
    session: &Session,
    fill: &Fill,
    written: Option<&[String]>,
) -> Result<(), Failure> {
    for name in written.into_iter().flatten() {
        if let Err(error) = session.workbench.find_column(fill.sheet, name).await {
            if !fill.resumed {
                session.workbench.delete_sheet_for_good(fill.sheet).await?;
            }
            return Err(error.into());
        }
    }
    Ok(())
}

/// Writes the table, or some of its columns, if it is wanted, and says what came of the runs.
pub async fn finish(
    session: &Session,
    verb: &str,
    sheet: SheetId,
    columns: &[&Column],
    reports: &[Report],
    destination: Option<(&Destination, Option<&[String]>)>,
) -> Result<Ending, Failure> {
    let rows = match destination {
        Some((destination, written)) => Some(destination.write(session, sheet, written).await?),
        None => None,
    };
    let mut failed_cells = Vec::new();
    for column in columns {
        let count = session.workbench.failed_cells(sheet, column.id).await?;
        if count > 0 {
            failed_cells.push((*column, count));
        }
    }
    session.output.result(
        verb,
        &json!({
            "sheet": sheet,
            "file": destination.and_then(|(destination, _)| destination.path.as_ref()),
            "rows": rows,
            "runs": reports,
            "failed_cells": failed_cells.iter().map(|(_, count)| count).sum::<u64>(),
        }),
    )?;
    let mut lines: Vec<String> = reports.iter().map(report_line).collect();
    for column in columns {
        if !reports.iter().any(|report| report.column == column.name) {
            lines.push(format!("{}: nothing to do", printable(&column.name)));
        }
    }
    for (column, count) in &failed_cells {
        lines.push(failed_line(session, column, *count));
    }
    if let (Some((destination, _)), Some(rows)) = (destination, rows) {
        lines.push(written_line(destination, rows));
    }
    session.output.summarise(&lines)?;
    Ok(if failed_cells.is_empty() { Ending::Complete } else { Ending::SomeCellsFailed })
}

/// Why cells failed, as far as it was seen, and what to do about it.
fn failed_line(session: &Session, column: &Column, count: u64) -> String {
    let name = printable(&column.name);
    let reason = session.progress.reasons(column.id).into_iter().next();
    let reason = reason.map_or_else(String::new, |(reason, times)| {
        format!(", most often ({}): {}", HumanCount(times), printable(&reason))
    });
    let (cells, them) = if count == 1 { ("cell", "it") } else { ("cells", "them") };
    let count = HumanCount(count);
    format!("{name}: {count} {cells} failed{reason}; `--retry-failed` tries {them} again")
}

/// Waits for a run; pauses it when a signal comes. What is done is on disk when this returns.
pub async fn follow(
    session: &Session,
    column: &Column,
    handle: RunHandle,
    go_on: &str,
) -> Result<Report, Failure> {
    let outcome = handle.finished_or_paused_by(session.interrupt.pressed()).await;
    session.progress.clear();
    let name = printable(&column.name);
    let progress = &outcome.progress;
    let kept = format!(
        "{} of {} rows of `{name}` are done and kept",
        HumanCount(progress.rows_ended()),
        HumanCount(progress.rows_total)
    );
    match outcome.status {
        RunStatus::Done => Ok(Report { column: column.name.clone(), outcome }),
        RunStatus::Paused | RunStatus::Cancelled if outcome.error.is_none() => {
            Err(stopped(format!("stopped: {kept}"), go_on).into())
        }
        _ => {
            let error = outcome.error.unwrap_or_else(|| {
                AppError::new(Code::Internal, format!("the run of `{name}` ended without a reason"))
            });
            let go_on = after(&error, go_on);
            let hint = match &error.hint {
                Some(hint) => format!("{hint}; {kept}; {go_on}"),
                None => format!("{kept}; {go_on}"),
            };
            Err(error.with_hint(hint).into())
        }
    }
}

/// How what was stopped goes on, given how it does as a rule: past a limit, with a higher one.
pub fn after(error: &AppError, go_on: &str) -> String {
    match (error.code, go_on.strip_suffix(" goes on")) {
        (Code::LimitReached, Some(command)) => {
            format!("{command} with a higher `--max-cost` or `--max-run-tokens` goes on")
        }
        _ => go_on.to_owned(),
    }
}

/// The line that says where the table is.
pub fn written_line(destination: &Destination, rows: u64) -> String {
    let place = destination
        .path
        .as_ref()
        .map_or_else(|| "stdout".to_owned(), |path| printable(&path.display().to_string()));
    format!("{} rows written to {place}", HumanCount(rows))
}

/// One line for what was done to a column.
pub fn report_line(report: &Report) -> String {
    let progress = &report.outcome.progress;
    let name = printable(&report.column);
    let rows = progress.rows_ended() - progress.rows_before;
    let mut parts = vec![format!("{} rows", HumanCount(rows))];
    if progress.rows_failed > 0 {
        parts.push(format!("{} failed", HumanCount(progress.rows_failed)));
    }
    if progress.rows_waiting > 0 {
        parts.push(format!(
            "{} wait for a cell that they read and that is empty or failed",
            HumanCount(progress.rows_waiting)
        ));
    }
    if progress.rows_reused > 0 {
        parts.push(format!(
            "{} took the answer of an identical prompt",
            HumanCount(progress.rows_reused)
        ));
    }
    if progress.rows_cut_off > 0 {
        parts.push(format!(
            "{} cut off at the token limit (raise --max-tokens)",
            HumanCount(progress.rows_cut_off)
        ));
    }
    if let Some(rate) = progress.rows_per_second() {
        parts.push(rate_text(rate));
    }
    let shared = match progress.shared_share() {
        Some(share) => format!(" ({:.0} % of them shared)", share * 100.0),
        None => String::new(),
    };
    parts.push(format!(
        "{} prompt{shared} and {} generated tokens",
        HumanCount(progress.prompt_tokens),
        HumanCount(progress.completion_tokens)
    ));
    if let Some(usd) = progress.cost_usd {
        parts.push(dollars(usd));
    }
    let elapsed = std::time::Duration::from_millis(progress.elapsed_ms);
    format!("{name}: {} in {}", parts.join(", "), HumanDuration(elapsed))
}
