//! `models`.

use braincells_workbench::{EngineOptions, TuneOptions};

use super::{downloads, hub, model_files};
use crate::args::{ModelsAction, ModelsArgs};
use crate::failure::{Ending, Failure};
use crate::session::Session;

/// Lists the models, or does something with one.
pub async fn models(session: &Session, arguments: &ModelsArgs) -> Result<Ending, Failure> {
    match &arguments.action {
        None | Some(ModelsAction::List) => model_files::list(session).await,
        Some(ModelsAction::Search(arguments)) => hub::search(session, arguments).await,
        Some(ModelsAction::Info(model)) => hub::info(session, model).await,
        Some(ModelsAction::Fit(arguments)) => hub::fit(session, arguments).await,
        Some(ModelsAction::Catalogue(arguments)) => hub::catalogue(session, arguments).await,
        Some(ModelsAction::Scan(arguments)) => model_files::scan(session, arguments).await,
        Some(ModelsAction::Add(arguments)) => model_files::add(session, arguments).await,
        Some(ModelsAction::Rm(arguments)) => model_files::remove(session, arguments).await,
        Some(ModelsAction::Storage(arguments)) => model_files::storage(session, arguments).await,
        Some(ModelsAction::Pull(arguments)) => downloads::pull(session, arguments).await,
        Some(ModelsAction::Downloads) => downloads::downloads(session).await,
        Some(ModelsAction::Pause(which)) => downloads::pause(session, which).await,
        Some(ModelsAction::Resume(arguments)) => downloads::resume(session, arguments).await,
        Some(ModelsAction::Cancel(which)) => downloads::cancel(session, which).await,
        Some(ModelsAction::Tune { model, dry_run, candidates, threads }) => {
            let options = TuneOptions {
                dry_run: *dry_run,
                candidates: candidates.clone(),
                engine: EngineOptions { threads: *threads, ..EngineOptions::default() },
            };
            super::tune::tune(session, model, &options).await
        }
    }
}
