//! `models list`, `add`, `scan`, `rm` and `storage`: what is on this machine.

use braincells_core::{Code, ModelStatus};
use braincells_workbench::{AddModel, FoundModel, LOCAL_MLX, ModelFile, Runtime};
use indicatif::HumanBytes;
use serde_json::json;

use super::confirm::{Question, confirm};
use super::moment;
use crate::args::{AddArgs, RemoveArgs, ScanArgs, StorageArgs};
use crate::failure::{Ending, Failure};
use crate::session::{Session, absolute};
use crate::table::{Align, Table};

/// Lists the models.
pub async fn list(session: &Session) -> Result<Ending, Failure> {
    let models = session.unless_stopped(session.workbench.models()).await?;
    session.output.result("models", &json!({ "models": models }))?;
    if models.is_empty() {
        let folder = session.home.models();
        session.output.notice(&format!(
            "there are no models yet; `braincells models catalogue` names some to pull, \
             `braincells models scan` looks for those of other apps, and GGUF files can be put into \
             {}",
            folder.display()
        ));
        return Ok(Ending::Complete);
    }
    session.output.say_table(&table(&models), false)?;
    Ok(Ending::Complete)
}

fn table(models: &[ModelFile]) -> Table {
    let mut table = Table::new([
        ("name", Align::Left),
        ("size", Align::Right),
        ("last used", Align::Left),
        ("", Align::Left),
        ("tuned from", Align::Left),
        ("file", Align::Left),
    ]);
    for model in models {
        let mut remarks = Vec::new();
        if model.runtime == Runtime::Mlx {
            // By which name a column means whichever is chosen.
            let chosen =
                if model.is_local_mlx { format!("MLX, {LOCAL_MLX}") } else { "MLX".into() };
            remarks.push(chosen);
        }
        if model.status == ModelStatus::Failed {
            remarks.push("not whole".to_owned());
        }
        if model.linked {
            remarks.push(model.app.clone().unwrap_or_else(|| "linked".to_owned()));
        }
        if model.parts > 1 {
            remarks.push(format!("{} parts", model.parts));
        }
        table.push(vec![
            model.name.clone(),
            HumanBytes(model.size_bytes).to_string(),
            model.used_at_ms.map(moment).unwrap_or_default(),
            remarks.join(", "),
            model.tuned.as_ref().map(|origin| origin.file.clone()).unwrap_or_default(),
            model.path.display().to_string(),
        ]);
    }
    table
}

/// Makes a model of a file.
pub async fn add(session: &Session, arguments: &AddArgs) -> Result<Ending, Failure> {
    let path = absolute(&arguments.path)?;
    let how = if arguments.copy { AddModel::Copy } else { AddModel::Link };
    let model = session.unless_stopped(session.workbench.add_model(&path, how)).await?;
    session.progress.clear();
    session.output.result("models add", &model)?;
    session.output.say_table(&table(&[model]), false)?;
    Ok(Ending::Complete)
}

/// Looks for models of other apps.
pub async fn scan(session: &Session, arguments: &ScanArgs) -> Result<Ending, Failure> {
    let mut found = session.unless_stopped(session.workbench.scan_models()).await?;
    let mut refused = Vec::new();
    if arguments.link {
        for model in found.iter_mut().filter(|model| !model.linked && model.problem.is_none()) {
            let adding = session.workbench.add_model(&model.path, AddModel::Link);
            match session.unless_stopped(adding).await {
                Ok(_) => model.linked = true,
                // The others can be used all the same.
                Err(Failure::App(error)) if error.code != Code::Cancelled => {
                    model.problem = Some(error.message.clone());
                    refused.push(format!("`{}` is not linked: {}", model.name, error.message));
                }
                Err(failure) => return Err(failure),
            }
        }
    }
    session.output.result("models scan", &json!({ "found": found }))?;
    for line in &refused {
        session.output.notice(line);
    }
    if found.is_empty() {
        session.output.notice(
            "neither LM Studio nor Ollama, Hugging Face or llama.cpp has models on this machine",
        );
        return Ok(Ending::Complete);
    }
    session.output.say_table(&found_table(&found), false)?;
    if found.iter().any(|model| !model.linked && model.problem.is_none()) {
        session.output.notice(
            "`braincells models add FILE` makes a model of one, `models scan --link` of all; \
             neither copies anything",
        );
    }
    Ok(Ending::Complete)
}

fn found_table(found: &[FoundModel]) -> Table {
    let mut table = Table::new([
        ("app", Align::Left),
        ("name", Align::Left),
        ("size", Align::Right),
        ("", Align::Left),
        ("file", Align::Left),
    ]);
    for model in found {
        let linked = if model.linked { "linked" } else { "" };
        table.push(vec![
            model.app.title().to_owned(),
            model.name.clone(),
            HumanBytes(model.bytes).to_string(),
            model.problem.clone().unwrap_or_else(|| linked.to_owned()),
            model.path.display().to_string(),
        ]);
    }
    table
}

/// Deletes models.
pub async fn remove(session: &Session, arguments: &RemoveArgs) -> Result<Ending, Failure> {
    // All are found before the first is deleted, so that a typing error deletes nothing.
    let mut chosen: Vec<ModelFile> = Vec::new();
    for name in &arguments.models {
        let found = session.unless_stopped(session.workbench.find_model(name)).await?;
        if !chosen.contains(&found) {
            chosen.push(found);
        }
    }
    let own = chosen.iter().filter(|model| !model.linked);
    let lines: Vec<String> =
        own.map(|model| format!("{} ({})\n", model.name, HumanBytes(model.size_bytes))).collect();
    let lines = lines.concat();
    // A link can be made again.
    if !arguments.yes && !lines.is_empty() {
        let question = Question {
            lines: &lines,
            asks: "Delete for good?",
            nobody: "deleting a model needs a yes, and there is nobody to ask",
            no: "nothing was deleted",
            hint: "`--yes` deletes without asking",
        };
        confirm(session, &question).await?;
    }
    for model in &chosen {
        // Not given up half-way.
        let deleted = session.workbench.delete_shown_model(&model.name, &model.path).await?;
        session.output.result("models rm", &deleted)?;
        session.output.notice(&if deleted.unlinked {
            format!("`{}` is no longer linked; its file is still there", deleted.name)
        } else {
            format!("deleted `{}`, {}", deleted.name, HumanBytes(deleted.bytes))
        });
        if deleted.was_default {
            let words = "it was the model of columns that name none; they take another one now";
            session.output.notice(words);
        }
    }
    Ok(Ending::Complete)
}

/// Says what models take on the disk.
pub async fn storage(session: &Session, arguments: &StorageArgs) -> Result<Ending, Failure> {
    let freed = if arguments.remove_leftovers {
        // Not given up half-way.
        Some(session.workbench.remove_leftovers().await?)
    } else {
        None
    };
    let storage = session.unless_stopped(session.workbench.model_storage()).await?;
    session.output.result(
        "models storage",
        &json!({
            "models_bytes": storage.models_bytes,
            "downloads_bytes": storage.downloads_bytes,
            "free_bytes": storage.free_bytes,
            "leftovers": storage.leftovers,
            "freed_bytes": freed,
        }),
    )?;
    let bytes = |count: u64| HumanBytes(count).to_string();
    let mut lines = vec![
        format!("{:<14} {}", "Models", bytes(storage.models_bytes)),
        format!("{:<14} {}", "Downloads", bytes(storage.downloads_bytes)),
        format!("{:<14} {}", "Free", storage.free_bytes.map_or("unknown".to_owned(), bytes)),
    ];
    for leftover in &storage.leftovers {
        let path = crate::text::printable(&leftover.path.display().to_string());
        lines.push(format!("{:<14} {path} ({})", "Left over", bytes(leftover.bytes)));
    }
    session.output.say(&lines)?;
    if let Some(freed) = freed {
        session.output.notice(&format!("{} are free again", bytes(freed)));
    } else if !storage.leftovers.is_empty() {
        session
            .output
            .notice("`braincells models storage --remove-leftovers` deletes what is left over");
    }
    Ok(Ending::Complete)
}
