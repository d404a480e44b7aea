//! `sheets`.

use braincells_core::SheetInfo;
use indicatif::HumanCount;
use serde_json::json;

use super::{moment, trash};
use crate::args::{SheetsAction, SheetsArgs};
use crate::failure::{Ending, Failure};
use crate::session::Session;
use crate::table::{Align, Table};

/// Lists the sheets, or does something to some.
pub async fn sheets(session: &Session, arguments: &SheetsArgs) -> Result<Ending, Failure> {
    let Some(action) = &arguments.action else { return list(session).await };
    match action {
        SheetsAction::List => list(session).await,
        SheetsAction::New { name } => create(session, name).await,
        SheetsAction::Rename { sheet, name } => rename(session, &sheet.sheet, name).await,
        SheetsAction::Duplicate { sheet, name } => {
            duplicate(session, &sheet.sheet, name.as_deref()).await
        }
        SheetsAction::Delete { sheets, for_good, yes } => {
            trash::delete(session, sheets, *for_good, *yes).await
        }
        SheetsAction::Restore { sheets } => trash::restore(session, sheets).await,
        SheetsAction::Trash { empty: false, .. } => trash::list(session).await,
        SheetsAction::Trash { empty: true, yes } => trash::empty(session, *yes).await,
        SheetsAction::Compact { sheet, keep } => compact(session, &sheet.sheet, *keep).await,
        SheetsAction::Lock(sheet) => lock(session, &sheet.sheet, true).await,
        SheetsAction::Unlock(sheet) => lock(session, &sheet.sheet, false).await,
        SheetsAction::Check(sheet) => check(session, &sheet.sheet).await,
    }
}

async fn compact(session: &Session, sheet: &str, keep: u64) -> Result<Ending, Failure> {
    let sheet = session.sheet(sheet).await?;
    let gone = session.workbench.compact_sheet(sheet, keep).await?;
    session.output.result("sheets compact", &json!({ "sheet": sheet, "forgotten": gone }))?;
    session.output.notice(&format!(
        "forgot {} steps, {} columns and {} rows",
        HumanCount(gone.steps),
        HumanCount(gone.columns),
        HumanCount(gone.rows)
    ));
    Ok(Ending::Complete)
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
        ("", Align::Left),
    ]);
    let id_length = shortest_unique(sheets.iter());
    for sheet in &sheets {
        table.push(vec![
            sheet.id.to_string()[..id_length].to_owned(),
            sheet.name.clone(),
            HumanCount(sheet.row_count).to_string(),
            sheet.column_count.to_string(),
            moment(sheet.changed_at_ms),
            if sheet.local_only { "locked to this machine" } else { "" }.to_owned(),
        ]);
    }
    session.output.say_table(&table, false)?;
    Ok(Ending::Complete)
}

/// How many characters of the ids tell all of these sheets apart; 8 as a rule.
pub fn shortest_unique<'a>(sheets: impl Iterator<Item = &'a SheetInfo>) -> usize {
    let mut ids: Vec<String> = sheets.map(|sheet| sheet.id.to_string()).collect();
    ids.sort();
    let alike = |pair: &[String]| {
        pair[0].bytes().zip(pair[1].bytes()).take_while(|(one, other)| one == other).count()
    };
    ids.windows(2).map(|pair| alike(pair) + 1).max().unwrap_or(0).clamp(8, 36)
}

async fn create(session: &Session, name: &str) -> Result<Ending, Failure> {
    let info = session.unless_stopped(session.workbench.create_sheet(name)).await?;
    told(session, "sheets new", &info)
}

async fn rename(session: &Session, sheet: &str, name: &str) -> Result<Ending, Failure> {
    let id = session.sheet(sheet).await?;
    session.unless_stopped(session.workbench.rename_sheet(id, name)).await?;
    session.output.result("sheets rename", &json!({ "sheet": id, "name": name.trim() }))?;
    session.output.notice(&format!("{id} is called `{}` now", name.trim()));
    Ok(Ending::Complete)
}

async fn duplicate(session: &Session, sheet: &str, name: Option<&str>) -> Result<Ending, Failure> {
    let id = session.sheet(sheet).await?;
    // Not given up half-way: a copy comes to its end, and the sheet is closed meanwhile.
    let info = session.workbench.duplicate_sheet(id, name).await?;
    told(session, "sheets duplicate", &info)
}

async fn lock(session: &Session, sheet: &str, locked: bool) -> Result<Ending, Failure> {
    let id = session.sheet(sheet).await?;
    // Not given up half-way: whoever locks a sheet must be able to rely on it.
    session.workbench.set_local_only(id, locked).await?;
    let verb = if locked { "sheets lock" } else { "sheets unlock" };
    session.output.result(verb, &json!({ "sheet": id, "local_only": locked }))?;
    session.output.notice(&if locked {
        format!(
            "nothing of {id} leaves this machine now; `braincells sheets unlock {id}` ends that"
        )
    } else {
        format!("columns of {id} may be filled by providers")
    });
    Ok(Ending::Complete)
}

async fn check(session: &Session, sheet: &str) -> Result<Ending, Failure> {
    let id = session.sheet(sheet).await?;
    let opened = session.unless_stopped(session.workbench.check_sheet(id)).await?;
    session.output.result("sheets check", &opened)?;
    if opened.notices.is_empty() {
        session.output.notice(&format!("{id} can be read to its end"));
    }
    Ok(Ending::Complete)
}

/// Tells of a new sheet.
fn told(session: &Session, verb: &str, info: &SheetInfo) -> Result<Ending, Failure> {
    session.output.result(verb, info)?;
    session.output.say(&[format!("{}  {}", info.id, crate::text::printable(&info.name))])?;
    Ok(Ending::Complete)
}
