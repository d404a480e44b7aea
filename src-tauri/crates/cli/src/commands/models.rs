//! `models`.

use braincells_workbench::{EngineOptions, ModelFile, TuneOptions};
use indicatif::HumanBytes;
use serde_json::json;

use super::downloads;
use crate::args::{ModelsAction, ModelsArgs};
use crate::failure::{Ending, Failure};
use crate::session::{Session, absolute};
use crate::table::{Align, Table};

/// Lists the models, adds one, tunes one, or sees to downloads.
pub async fn models(session: &Session, arguments: &ModelsArgs) -> Result<Ending, Failure> {
    match &arguments.action {
        None | Some(ModelsAction::List) => {
            let models = session.unless_stopped(session.workbench.models()).await?;
            session.output.result("models", &json!({ "models": models }))?;
            list(session, &models)?;
        }
        Some(ModelsAction::Add { path }) => {
            let path = absolute(path)?;
            let model = session.unless_stopped(session.workbench.add_model(&path)).await?;
            session.output.result("models add", &model)?;
            list(session, &[model])?;
        }
        Some(ModelsAction::Pull(arguments)) => return downloads::pull(session, arguments).await,
        Some(ModelsAction::Downloads) => return downloads::downloads(session).await,
        Some(ModelsAction::Pause(which)) => return downloads::pause(session, which).await,
        Some(ModelsAction::Resume(arguments)) => {
            return downloads::resume(session, arguments).await;
        }
        Some(ModelsAction::Cancel(which)) => return downloads::cancel(session, which).await,
        Some(ModelsAction::Tune { model, dry_run, candidates, threads }) => {
            let options = TuneOptions {
                dry_run: *dry_run,
                candidates: candidates.clone(),
                engine: EngineOptions { threads: *threads, ..EngineOptions::default() },
            };
            return super::tune::tune(session, model, &options).await;
        }
    }
    Ok(Ending::Complete)
}

fn list(session: &Session, models: &[ModelFile]) -> Result<(), Failure> {
    if models.is_empty() {
        let folder = session.home.models();
        session.output.notice(&format!(
            "there are no models yet; put a GGUF file into {} or name one with \
             `braincells models add FILE`",
            folder.display()
        ));
        return Ok(());
    }
    let mut table = Table::new([
        ("name", Align::Left),
        ("size", Align::Right),
        ("tuned from", Align::Left),
        ("file", Align::Left),
    ]);
    for model in models {
        table.push(vec![
            model.name.clone(),
            HumanBytes(model.size_bytes).to_string(),
            model.tuned.as_ref().map(|origin| origin.file.clone()).unwrap_or_default(),
            model.path.display().to_string(),
        ]);
    }
    session.output.say_table(&table, false)
}
