//! Deleting a model.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use braincells_core::{AppError, Event, ModelStatus};
use braincells_models::catalogue::Runtime;
use serde::Serialize;

use super::error::ModelError;
use super::list::entries;
use super::parts::paths_of;
use super::resolve::{named_exactly, resolve_model, shown};
use super::storage::{is_unfinished, sidecar_of};
use super::{LOCAL_MLX, ModelFile, unreadable};
use crate::Workbench;
use crate::blocking::blocking;

/// What became of a model that was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct DeletedModel {
    /// What it was called.
    pub name: String,
    /// What it took on the disk.
    pub bytes: u64,
    /// Whether only a link went, and the file is still there.
    pub unlinked: bool,
    /// Whether it was the model of columns that name none; they take another one from now on.
    pub was_default: bool,
}

impl Workbench {
    /// The model that exactly this names, by its name or its file name with or without `.gguf`: what
    /// [`Workbench::delete_model`] would delete.
    pub async fn find_model(&self, name: &str) -> Result<ModelFile, AppError> {
        Ok(named_exactly(name, &self.models().await?)?.clone())
    }

    /// Deletes a model, named in full: its files, and folders that are empty then. Of a linked one
    /// only the link goes; of a link and a file of one name the file is meant. Refused while a run has it or waits for it, while it is tuned, and while
    /// another process has it in memory; one that is idle in memory is let go first.
    pub async fn delete_model(&self, name: &str) -> Result<DeletedModel, AppError> {
        let models = self.models().await?;
        let model = named_exactly(name, &models)?.clone();
        self.delete(model, &models).await
    }

    /// [`Workbench::delete_model`] of the one that a list showed with this name and path.
    pub async fn delete_shown_model(
        &self,
        name: &str,
        path: &Path,
    ) -> Result<DeletedModel, AppError> {
        let models = self.models().await?;
        let model = shown(name, path, &models)?.clone();
        self.delete(model, &models).await
    }

    async fn delete(
        &self,
        model: ModelFile,
        models: &[ModelFile],
    ) -> Result<DeletedModel, AppError> {
        self.check_unused(&model, models)?;
        if model.status == ModelStatus::Ready {
            // Lets go only of what nobody has, whatever happened since it was looked at.
            self.engines().unload_when_idle(Duration::ZERO).await;
            self.check_unused(&model, models)?;
        }
        let chosen = self.settings().await?.model;
        // What `local-mlx` means is chosen elsewhere, and is missed until it is here again.
        let was_default = !chosen.is_empty()
            && chosen != LOCAL_MLX
            && resolve_model(&chosen, models).is_ok_and(|path| path == model.path);
        let (catalogue, home, path) = (self.catalogue(), self.home().clone(), model.path.clone());
        let is_mlx = model.runtime == Runtime::Mlx;
        let mut deleted = blocking(move || {
            if model.linked {
                catalogue.remove_model(&model.name)?;
            } else {
                delete_files(&model, &home.models())?;
            }
            if let Err(error) = catalogue.remove_model_use(&model.path) {
                tracing::debug!(%error, "the last use of a model is not forgotten");
            }
            let ModelFile { name, size_bytes: bytes, linked: unlinked, .. } = model;
            Ok::<_, AppError>(DeletedModel { name, bytes, unlinked, was_default })
        })
        .await?;
        self.engines().forget_failure(&path);
        if is_mlx {
            let (model, status) = (deleted.name.clone(), ModelStatus::Available);
            self.events().emit(Event::ModelStatus { model, status, error: None });
        }
        self.events().emit(Event::ModelsChanged);
        if was_default {
            // Otherwise every column without a model of its own would ask for one that is gone.
            let changed = self.change_settings(move |kept| {
                if kept.model == chosen {
                    kept.model.clear();
                }
                Ok(())
            });
            if let Err(error) = changed.await {
                // The model is gone all the same, and that is what was asked for.
                tracing::warn!(%error, "a deleted model is still the one of new columns");
                deleted.was_default = false;
            }
        }
        Ok(deleted)
    }

    /// Refuses a model that this process is at work with, or is about to be.
    fn check_unused(&self, model: &ModelFile, models: &[ModelFile]) -> Result<(), AppError> {
        let busy = |by| Err(ModelError::Busy { name: model.name.clone(), by }.into());
        for standing in self.engines().standing() {
            match standing.status {
                ModelStatus::Running if standing.path == model.path => return busy("it answers"),
                ModelStatus::Loading if standing.path == model.path => {
                    return busy("it is being loaded");
                }
                _ => {}
            }
        }
        let is_meant =
            |name: &String| resolve_model(name, models).is_ok_and(|path| path == model.path);
        if self.live().models().iter().any(is_meant) { busy("a run needs it") } else { Ok(()) }
    }
}

fn delete_files(model: &ModelFile, folder: &Path) -> Result<(), AppError> {
    let inside = match model.runtime {
        Runtime::Gguf => model.path.parent().unwrap_or(folder),
        Runtime::Mlx => &model.path,
    };
    let place = |folder: &Path| folder.canonicalize().map_err(|error| unreadable(folder, &error));
    // A folder that is a link has somebody else's files, or those of another model.
    let is_alias = model.runtime == Runtime::Mlx && is_link(inside);
    if is_alias || !place(inside)?.starts_with(place(folder)?) {
        let (name, folder) = (model.name.clone(), inside.to_owned());
        return Err(ModelError::BehindLink { name, folder }.into());
    }
    let paths = paths_of(&model.path);
    // Held until the files are gone, so that nobody takes the model up meanwhile.
    let mut locks = Vec::new();
    for path in &paths {
        locks.extend(File::open(path).ok().filter(|_| !is_link(path)));
        locks.extend(File::open(sidecar_of(path)).ok());
    }
    if model.runtime == Runtime::Mlx {
        // One of its files may be on its way again.
        let unfinished = entries(inside).into_iter().filter(|path| is_unfinished(path));
        locks.extend(unfinished.filter_map(|path| File::open(path).ok()));
    }
    for lock in &locks {
        if matches!(lock.try_lock(), Err(TryLockError::WouldBlock)) {
            let by = "it is tuned or fetched, or another process has it in memory";
            return Err(ModelError::Busy { name: model.name.clone(), by }.into());
        }
    }
    // What it is found by goes last: while that is there the model can be named.
    for path in paths.iter().rev() {
        match fs::remove_file(path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                let (path, reason) = (path.clone(), error.to_string());
                return Err(ModelError::NotDeleted { path, reason }.into());
            }
        }
    }
    drop(locks);
    if model.runtime == Runtime::Mlx {
        // What a system put there for itself would keep the folder.
        for hidden in entries(inside).into_iter().filter(|path| !is_unfinished(path)) {
            if hidden.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
                drop(fs::remove_file(hidden));
            }
        }
    }
    if inside != folder {
        // One that has something else in it stays.
        drop(fs::remove_dir(inside));
    }
    Ok(())
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())
}
