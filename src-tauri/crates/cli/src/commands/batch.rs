//! `batch`: a column's questions as a file that providers take and answer later, for less.

use std::path::Path;

use braincells_core::{Column, SheetId};
use braincells_workbench::{BatchFile, BatchRead, BatchWritten, MoreFiles};
use indicatif::HumanCount;
use serde_json::json;

use super::update::request;
use crate::args::{BatchAction, BatchArgs, ScopeArgs};
use crate::destination::{ForStdout, target};
use crate::failure::{Ending, Failure};
use crate::session::{Session, absolute};
use crate::text::printable;
use crate::written::Written;

/// Writes a batch file, or reads its answers.
pub async fn batch(session: &Session, arguments: &BatchArgs) -> Result<Ending, Failure> {
    match &arguments.action {
        BatchAction::Write { sheet, column, out, force, scope } => {
            let sheet = session.sheet(&sheet.sheet).await?;
            let column = session.workbench.find_column(sheet, column);
            let column = session.unless_stopped(column).await?;
            write(session, sheet, &column, out, *force, scope).await
        }
        BatchAction::Read { sheet, column, file } => {
            let sheet = session.sheet(&sheet.sheet).await?;
            let column = session.workbench.find_column(sheet, column);
            let column = session.unless_stopped(column).await?;
            read(session, sheet, &column, file).await
        }
    }
}

async fn write(
    session: &Session,
    sheet: SheetId,
    column: &Column,
    out: &Path,
    force: bool,
    scope: &ScopeArgs,
) -> Result<Ending, Failure> {
    // Where the file goes is checked before the work; `-` is stdout.
    let target = if out == Path::new("-") { None } else { Some(target(session, out, force)?) };
    let all = session.unless_stopped(session.workbench.columns(sheet)).await?;
    let request = request(scope, &all)?;
    let written = if let Some(path) = &target {
        let more = if force { MoreFiles::Replace } else { MoreFiles::Keep };
        let file = BatchFile { path: path.clone(), more };
        let write = session.workbench.write_batch(sheet, column.id, request, file.clone());
        let written = session.unless_stopped(write).await?;
        for number in 1..=written.files {
            Written::of(&session.home).remember(&file.part(number));
        }
        written
    } else {
        let stdout = ForStdout::new(session, "batch.jsonl")?;
        let file = BatchFile { path: stdout.path().to_owned(), more: MoreFiles::Refuse };
        let write = session.workbench.write_batch(sheet, column.id, request, file);
        let written = session.unless_stopped(write).await?;
        stdout.send()?;
        written
    };
    let result = json!({
        "sheet": sheet, "column": column.name, "file": target, "written": written,
    });
    session.output.result("batch write", &result)?;
    let place = target.as_ref().map_or_else(|| "stdout".to_owned(), |path| shown(path));
    session.output.summarise(&[written_line(&written, &place)])?;
    let name = printable(&column.name);
    session.output.notice(&format!(
        "give the file to the provider; `braincells batch read {sheet} '{name}' FILE` takes its \
         results"
    ));
    Ok(Ending::Complete)
}

async fn read(
    session: &Session,
    sheet: SheetId,
    column: &Column,
    file: &Path,
) -> Result<Ending, Failure> {
    let path = absolute(file)?;
    // Not given up half-way: what is merged is merged, and the same file again changes nothing.
    let read = session.workbench.read_batch(sheet, column.id, &path).await?;
    session.progress.clear();
    let result = json!({ "sheet": sheet, "column": column.name, "file": path, "read": read });
    session.output.result("batch read", &result)?;
    session.output.summarise(&[format!("{}: {}", printable(&column.name), read_line(&read))])?;
    Ok(if read.failed > 0 { Ending::SomeCellsFailed } else { Ending::Complete })
}

fn written_line(written: &BatchWritten, place: &str) -> String {
    let further = match written.files {
        0 | 1 => String::new(),
        files => format!(" and {} further files, which are numbered", files - 1),
    };
    let requests = HumanCount(written.requests);
    let mut parts = vec![format!("{requests} requests written to {place}{further}")];
    for (rows, why) in [
        (written.rows_waiting, "wait for a cell that they read and that is empty or failed"),
        (written.rows_skipped_empty, "have nothing to ask about"),
        (written.rows_known, "have an answer that is kept; `braincells update` takes it"),
    ] {
        if rows > 0 {
            parts.push(format!("{} rows {why}", HumanCount(rows)));
        }
    }
    parts.join("; ")
}

fn read_line(read: &BatchRead) -> String {
    let mut parts = vec![format!("{} answers taken", HumanCount(read.merged))];
    for (count, what) in [
        (read.failed, "failed"),
        (read.missing, "asked for and not in the file"),
        (read.duplicate, "there more than once, the first was taken"),
        (read.changed, "to what the row does not ask any more and not taken"),
        (read.unknown, "of rows that were not asked for or are not to be changed"),
        (read.unreadable, "lines that cannot be read"),
    ] {
        if count > 0 {
            parts.push(format!("{} {what}", HumanCount(count)));
        }
    }
    parts.join(", ")
}

fn shown(path: &Path) -> String {
    printable(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_happened_is_counted() {
        let nothing = BatchRead::default();
        assert_eq!(read_line(&nothing), "0 answers taken");
        let some = BatchRead { merged: 1200, failed: 3, missing: 1, changed: 2, ..nothing };
        let expected = "1,200 answers taken, 3 failed, 1 asked for and not in the file, 2 to what \
                        the row does not ask any more and not taken";
        assert_eq!(read_line(&some), expected);
        let written = BatchWritten { requests: 120_000, files: 3, ..BatchWritten::default() };
        let expected =
            "120,000 requests written to b.jsonl and 2 further files, which are numbered";
        assert_eq!(written_line(&written, "b.jsonl"), expected);
    }
}
