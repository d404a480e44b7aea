//! `cache`.

use indicatif::{HumanBytes, HumanCount};
use serde_json::json;

use crate::args::{CacheAction, CacheArgs};
use crate::failure::{Ending, Failure};
use crate::session::Session;
use crate::table::{Align, Table};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Says what is kept of the answers that models gave, or forgets some.
pub async fn cache(session: &Session, arguments: &CacheArgs) -> Result<Ending, Failure> {
    match &arguments.action {
        None | Some(CacheAction::Info) => info(session).await,
        Some(CacheAction::Clear { model, unused_days }) => {
            let unused_for_ms = unused_days.map(|days| i64::from(days) * DAY_MS);
            let cleared = session.workbench.clear_cache(model.as_deref(), unused_for_ms);
            let cleared = session.unless_stopped(cleared).await?;
            session.output.result("cache", &json!({ "forgotten": cleared }))?;
            session.output.notice(&format!("forgot {} answers", HumanCount(cleared)));
            Ok(Ending::Complete)
        }
        Some(CacheAction::Limit { megabytes }) => {
            let limit = session.workbench.set_cache_limit(megabytes.saturating_mul(1 << 20));
            session.unless_stopped(limit).await?;
            info(session).await
        }
    }
}

async fn info(session: &Session) -> Result<Ending, Failure> {
    let info = session.unless_stopped(session.workbench.cache_info()).await?;
    session.output.result("cache", &info)?;
    let mut table =
        Table::new([("model", Align::Left), ("answers", Align::Right), ("size", Align::Right)]);
    for model in &info.models {
        table.push(vec![
            if model.model.is_empty() { "the default one".to_owned() } else { model.model.clone() },
            HumanCount(model.responses).to_string(),
            HumanBytes(model.bytes).to_string(),
        ]);
    }
    session.output.say_table(&table, false)?;
    session.output.notice(&format!(
        "{} answers, {} of at most {}",
        HumanCount(info.responses),
        HumanBytes(info.bytes),
        HumanBytes(info.limit_bytes)
    ));
    Ok(Ending::Complete)
}
