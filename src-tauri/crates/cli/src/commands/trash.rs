//! `sheets delete`, `sheets restore` and `sheets trash`.

use braincells_core::SheetInfo;
use indicatif::HumanCount;
use serde_json::json;

use super::confirm::{Question, confirm};
use super::moment;
use super::sheets::shortest_unique;
use crate::failure::{Ending, Failure};
use crate::session::Session;
use crate::table::{Align, Table};

/// Moves sheets to the trash, or deletes them for good.
pub async fn delete(
    session: &Session,
    texts: &[String],
    for_good: bool,
    yes: bool,
) -> Result<Ending, Failure> {
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
    if for_good && !yes {
        ask(session, &chosen).await?;
    }
    for info in chosen {
        let SheetInfo { id, name, .. } = info;
        if for_good {
            session.workbench.delete_sheet_for_good(*id).await?;
        } else {
            session.workbench.delete_sheet(*id).await?;
        }
        let result = json!({ "sheet": id, "name": name, "for_good": for_good });
        session.output.result("sheets delete", &result)?;
        session.output.notice(&if for_good {
            format!("deleted {id} `{name}` for good")
        } else {
            format!(
                "moved {id} `{name}` to the trash; `braincells sheets restore {id}` brings it back \
                 within 30 days"
            )
        });
    }
    Ok(Ending::Complete)
}

/// Brings sheets back from the trash.
pub async fn restore(session: &Session, texts: &[String]) -> Result<Ending, Failure> {
    let mut ids = Vec::new();
    for text in texts {
        let id = session.unless_stopped(session.workbench.find_trashed(text)).await?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    for id in ids {
        let info = session.workbench.restore_sheet(id).await?;
        session.output.result("sheets restore", &info)?;
        session.output.notice(&format!("{} `{}` is back", info.id, info.name));
    }
    Ok(Ending::Complete)
}

/// Lists what is in the trash.
pub async fn list(session: &Session) -> Result<Ending, Failure> {
    let trash = session.unless_stopped(session.workbench.trash()).await?;
    session.output.result("sheets trash", &json!({ "trash": trash }))?;
    if trash.is_empty() {
        session.output.notice("the trash is empty");
        return Ok(Ending::Complete);
    }
    let mut table = Table::new([
        ("id", Align::Left),
        ("name", Align::Left),
        ("rows", Align::Right),
        ("columns", Align::Right),
        ("deleted", Align::Left),
    ]);
    let id_length = shortest_unique(trash.iter().map(|trashed| &trashed.sheet));
    for trashed in &trash {
        let sheet = &trashed.sheet;
        table.push(vec![
            sheet.id.to_string()[..id_length].to_owned(),
            sheet.name.clone(),
            HumanCount(sheet.row_count).to_string(),
            sheet.column_count.to_string(),
            moment(trashed.deleted_at_ms),
        ]);
    }
    session.output.say_table(&table, false)?;
    Ok(Ending::Complete)
}

/// Deletes everything in the trash for good.
pub async fn empty(session: &Session, yes: bool) -> Result<Ending, Failure> {
    let trash = session.unless_stopped(session.workbench.trash()).await?;
    if !yes && !trash.is_empty() {
        let sheets: Vec<&SheetInfo> = trash.iter().map(|trashed| &trashed.sheet).collect();
        ask(session, &sheets).await?;
    }
    let count = session.workbench.empty_trash().await?;
    session.output.result("sheets trash", &json!({ "deleted": count }))?;
    session.output.notice(&format!("deleted {} sheets for good", HumanCount(count)));
    Ok(Ending::Complete)
}

/// Asks before something is deleted that cannot be brought back.
async fn ask(session: &Session, chosen: &[&SheetInfo]) -> Result<(), Failure> {
    let line = |info: &&SheetInfo| {
        format!("{} `{}` ({} rows)\n", info.id, info.name, HumanCount(info.row_count))
    };
    let question = Question {
        lines: &chosen.iter().map(line).collect::<String>(),
        asks: "Delete for good?",
        nobody: "deleting for good needs a yes, and there is nobody to ask",
        no: "nothing was deleted",
        hint: "what is deleted for good cannot be brought back; `--yes` deletes without asking",
    };
    confirm(session, &question).await
}
