//! `sheets`.

use std::io::{self, IsTerminal, Write};

use braincells_core::{AppError, Code, SheetInfo};
use indicatif::HumanCount;
use serde_json::json;

use super::moment;
use crate::args::{SheetsAction, SheetsArgs};
use crate::failure::{Ending, Failure};
use crate::session::Session;
use crate::table::{Align, Table};

/// Lists the sheets, or deletes some.
pub async fn sheets(session: &Session, arguments: &SheetsArgs) -> Result<Ending, Failure> {
    match &arguments.action {
        None | Some(SheetsAction::List) => list(session).await,
        Some(SheetsAction::Delete { sheets, yes }) => delete(session, sheets, *yes).await,
    }
}

async fn list(session: &Session) -> Result<Ending, Failure> {
    let mut sheets = session.unless_stopped(session.workbench.sheets()).await?;
    sheets.sort_by_key(|sheet| std::cmp::Reverse(sheet.changed_at_ms));
    session.output.result("sheets", &json!({ "sheets": sheets }))?;
    if sheets.is_empty() {
        session.output.notice("there are no sheets yet; `braincells import FILE` makes one");
        return Ok(Ending::Complete);
    }
    let mut table = Table::new([
        ("id", Align::Left),
        ("name", Align::Left),
        ("rows", Align::Right),
        ("columns", Align::Right),
        ("changed", Align::Left),
    ]);
    let id_length = shortest_unique(&sheets);
    for sheet in &sheets {
        table.push(vec![
            sheet.id.to_string()[..id_length].to_owned(),
            sheet.name.clone(),
            HumanCount(sheet.row_count).to_string(),
            sheet.column_count.to_string(),
            moment(sheet.changed_at_ms),
        ]);
    }
    session.output.say_table(&table, false)?;
    Ok(Ending::Complete)
}

/// How many characters of the ids tell all of these sheets apart; 8 as a rule.
fn shortest_unique(sheets: &[SheetInfo]) -> usize {
    let mut ids: Vec<String> = sheets.iter().map(|sheet| sheet.id.to_string()).collect();
    ids.sort();
    let alike = |pair: &[String]| {
        pair[0].bytes().zip(pair[1].bytes()).take_while(|(one, other)| one == other).count()
    };
    ids.windows(2).map(|pair| alike(pair) + 1).max().unwrap_or(0).clamp(8, 36)
}

async fn delete(session: &Session, texts: &[String], yes: bool) -> Result<Ending, Failure> {
    // All are found before the first is deleted, so that a typing error deletes nothing.
    let mut ids = Vec::new();
    for text in texts {
        let id = session.sheet(text).await?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let all = session.unless_stopped(session.workbench.sheets()).await?;
    let chosen: Vec<&SheetInfo> = all.iter().filter(|info| ids.contains(&info.id)).collect();
    if !yes {
        confirm(session, &chosen).await?;
    }
    for info in chosen {
        session.workbench.delete_sheet(info.id).await?;
        session.output.result("sheets delete", &json!({ "sheet": info.id, "name": info.name }))?;
        session.output.notice(&format!("deleted {} `{}`", info.id, info.name));
    }
    Ok(Ending::Complete)
}

async fn confirm(session: &Session, chosen: &[&SheetInfo]) -> Result<(), Failure> {
    let refused =
        |message: &str| {
            Failure::from(AppError::new(Code::BadInput, message).with_hint(
                "a deleted sheet cannot be brought back; `--yes` deletes without asking",
            ))
        };
    if !io::stdin().is_terminal() || session.output.manner().json {
        return Err(refused("deleting needs a yes, and there is nobody to ask"));
    }
    for info in chosen {
        let line = format!("{} `{}` ({} rows)\n", info.id, info.name, HumanCount(info.row_count));
        session.output.write_stderr(&crate::text::printable_lines(&line));
    }
    session.output.write_stderr("Delete for good? [y/N] ");
    let answer = session
        .unless_stopped(async {
            let ask = tokio::task::spawn_blocking(|| {
                let mut line = String::new();
                io::stderr().flush().and_then(|()| io::stdin().read_line(&mut line)).map(|_| line)
            });
            Ok(ask.await.ok().and_then(Result::ok).unwrap_or_default())
        })
        .await?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(refused("nothing was deleted")),
    }
}
