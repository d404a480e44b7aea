//! "Tune this model for my machine": a copy in the quantisation that this machine computes
//! fastest, as long as it stays faithful.
//!
//! The measuring is `braincells_llm`'s; here is where it runs, what it may take, and where the
//! copy is kept: in the models folder as `NAME.tuned-QUANTISATION.gguf`, beside the original,
//! which is never changed and goes on to be what recipes mean by its name.
//!
//! Candidates are written to a folder `.tuning` inside the models folder. Its lock file says who
//! is at it; what a killed process left there is removed by the next one.
//!
//! A little longer than most files: what is kept stands beside what must never be replaced.

mod process;
mod tuner;

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use braincells_core::{AppError, Event, Priority};
use braincells_data::Catalogue;
use braincells_llm::LLMError;
use braincells_llm::llama::{
    Quantisation, TuneProgress, TuneReport, TuneRequest, TunedOrigin, Tuning, build_info,
    check_file, tuned_origin,
};
use serde::Serialize;

use crate::blocking::blocking;
use crate::error::WorkbenchError;
use crate::held::Held;
use crate::machine::{disk_free_bytes, memory};
use crate::measured_setup::Measured;
use crate::model_hash::model_sha256;
use crate::models::{ModelFile, list_models, resolve_model};
use crate::transfer::StopOnDrop;
use crate::{EngineOptions, Workbench};

pub use process::ProcessTuner;
pub use tuner::{ModelTuner, TuneHere, answer_tune};

/// The folder for candidates, inside the models folder.
const SCRATCH: &str = ".tuning";
const LOCK: &str = "lock";
/// Memory that is left to others while a model is tuned.
const SPARED_BYTES: u64 = 256 << 20;

/// How a model is tuned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TuneOptions {
    /// Measure only; keep no copy.
    pub dry_run: bool,
    /// What to try; nothing means all that are worth it.
    pub candidates: Vec<Quantisation>,
    /// Threads and layers on the GPU, where the settings are not to decide.
    pub engine: EngineOptions,
}

/// What came of tuning a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct TunedModel {
    /// The file name of the original.
    pub original: String,
    /// What was measured.
    pub report: TuneReport,
    /// The copy, now one of the models; `None` if none is worth it, or none was to be kept.
    pub copy: Option<ModelFile>,
}

impl Workbench {
    /// Measures candidate quantisations of a model on this machine and keeps the fastest that
    /// stays faithful as a model of its own; the original stays as it is. Emits
    /// [`Event::ModelTuning`]. Waits for its turn like a run, and lets loaded models go, for it
    /// needs the machine to itself. Dropping the future stops it and leaves nothing behind.
    pub async fn tune_model(
        &self,
        model: &str,
        options: &TuneOptions,
    ) -> Result<TunedModel, AppError> {
        let (model, engine) =
            (self.model_meant(model).await?, self.engine_options(&options.engine).await?);
        let (catalogue, folder) = (self.catalogue(), self.home().models());
        let setups = catalogue.clone();
        let (named, home) = (model.clone(), self.home().clone());
        let path = blocking(move || {
            let path = resolve_model(&named, &list_models(&home, &catalogue)?)?;
            if path.is_dir() {
                return Err(AppError::from(WorkbenchError::NotTuned { path }));
            }
            check_file(&path)?;
            if let Some(origin) = tuned_origin(&path) {
                let original = origin.file;
                return Err(AppError::from(WorkbenchError::TunedAlready { path, original }));
            }
            Ok(path)
        })
        .await?;
        let turn = self.lines().enter(self.engines().lane(&model), Priority::Normal);
        turn.come().await;
        self.engines().unload().await;

        let stop = StopOnDrop::default();
        let (place, events) = (self.engines().tuner(), self.events());
        let (answers, now_ms) = (self.answers(), self.now_ms());
        let stopped = Arc::clone(&stop.stopped);
        let work = Work { path, folder, options: options.clone(), engine, now_ms };
        let result = blocking(move || {
            // As long as it is held the original is not deleted.
            let _held = Held::of(&work.path);
            let name = work.file_name();
            let hear = move |progress: TuneProgress| {
                events.emit(Event::ModelTuning {
                    model: name.clone(),
                    stage: progress.stage,
                    quantisation: progress.quantisation.map(|one| one.as_str().to_owned()),
                    fraction: progress.fraction,
                });
            };
            let sha256 = |path: &Path| model_sha256(path, answers.cache(), &stopped);
            let of_original = sha256(&work.path)?;
            let tuned = work.run(of_original.clone(), |request| {
                place.tune(request, &stopped, Arc::new(hear))
            })?;
            if let Some((setup, copy)) = work.setup_to_keep(&tuned) {
                let model = copy.map_or(Ok(of_original), |copy| sha256(&copy.path));
                let kept = model.and_then(|model| work.keep_setup(&setups, &model, setup));
                // The copy is there, and is worth having without it.
                if let Err(error) = kept {
                    tracing::warn!(%error, "the fastest setup of a model could not be kept");
                }
            }
            Ok::<_, AppError>(tuned)
        })
        .await;
        drop(turn);
        if result.as_ref().is_ok_and(|tuned| tuned.copy.is_some()) {
            self.events().emit(Event::ModelsChanged);
        }
        result
    }
}

/// What one call does, away from the async threads.
struct Work {
    path: PathBuf,
    folder: PathBuf,
    options: TuneOptions,
    engine: EngineOptions,
    now_ms: i64,
}

impl Work {
    fn file_name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn run(
        &self,
        sha256: String,
        tune: impl FnOnce(&TuneRequest) -> Result<TuneReport, AppError>,
    ) -> Result<TunedModel, AppError> {
        // Said before anything is measured.
        for &quantisation in self.may_be_kept() {
            self.check_target(quantisation, &sha256)?;
        }
        let scratch = Scratch::take(&self.folder)?;
        let origin = TunedOrigin { file: self.file_name(), sha256, at_ms: self.now_ms };
        let original_bytes = check_file(&self.path)?;
        let request = TuneRequest {
            model: self.path.clone(),
            origin: origin.clone(),
            scratch: scratch.folder.clone(),
            candidates: self.options.candidates.clone(),
            threads: self.engine.threads,
            gpu_layers: self.engine.gpu_layers,
            memory_bytes: memory()
                .map(|memory| memory.free_bytes.saturating_sub(original_bytes + SPARED_BYTES)),
            disk_bytes: disk_free_bytes(&self.folder),
        };
        let report = tune(&request)?;
        let chosen = report.chosen().filter(|_| !self.options.dry_run);
        let copy = match chosen.map(|candidate| candidate.quantisation) {
            Some(quantisation) => Some(self.keep(&request, quantisation, origin)?),
            None => None,
        };
        Ok(TunedModel { original: self.file_name(), report, copy })
    }

    fn keep_setup(
        &self,
        catalogue: &Catalogue,
        model_sha256: &str,
        setup: &Tuning,
    ) -> Result<(), AppError> {
        let build = build_info();
        let measured = Measured { model_sha256, build: &build, options: &self.engine };
        Ok(measured.remember(catalogue, setup.clone(), self.now_ms)?)
    }

    /// The fastest setup, with the copy that it is of; without a copy it is the original's.
    fn setup_to_keep<'a>(
        &self,
        tuned: &'a TunedModel,
    ) -> Option<(&'a Tuning, Option<&'a ModelFile>)> {
        let setup = tuned.report.setup.as_ref().filter(|_| !self.options.dry_run)?;
        Some((setup, tuned.copy.as_ref()))
    }

    fn target(&self, quantisation: Quantisation) -> PathBuf {
        let mut name: OsString = self.path.file_stem().unwrap_or_default().to_owned();
        name.push(format!("{MARK}{}.gguf", quantisation.as_str()));
        self.folder.join(name)
    }

    fn may_be_kept(&self) -> &[Quantisation] {
        match (self.options.dry_run, self.options.candidates.as_slice()) {
            (true, _) => &[],
            (false, []) => &Quantisation::ALL,
            (false, named) => named,
        }
    }

    /// An earlier copy of the same original may be replaced, nothing else: no link either, not
    /// even one that leads nowhere.
    fn check_target(&self, quantisation: Quantisation, sha256: &str) -> Result<(), AppError> {
        let path = self.target(quantisation);
        let is_ours = |found: &fs::Metadata| {
            found.is_file() && tuned_origin(&path).is_some_and(|origin| origin.sha256 == sha256)
        };
        if fs::symlink_metadata(&path).as_ref().map_or(true, is_ours) {
            return Ok(());
        }
        Err(WorkbenchError::TunedNameTaken { path }.into())
    }

    /// Gives the copy its name. It is safe on disk already.
    fn keep(
        &self,
        request: &TuneRequest,
        quantisation: Quantisation,
        origin: TunedOrigin,
    ) -> Result<ModelFile, AppError> {
        // While it was measured another file may have got the name.
        self.check_target(quantisation, &origin.sha256)?;
        let path = self.target(quantisation);
        let written = request.copy_path(quantisation);
        let size_bytes = check_file(&written)?;
        fs::rename(&written, &path).map_err(|error| not_written(&path, &error))?;
        // The name, too, survives a power cut. Not every system can do that to a folder.
        drop(File::open(&self.folder).and_then(|folder| folder.sync_all()));
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(ModelFile { tuned: Some(origin), ..ModelFile::own(name, path, size_bytes) })
    }
}

/// What stands between the name of the original and the quantisation in the name of a copy.
pub(crate) const MARK: &str = ".tuned-";

/// The folder for candidates, for one call at a time; emptied before and after.
struct Scratch {
    folder: PathBuf,
    _lock: File,
}

impl Scratch {
    fn take(models: &Path) -> Result<Self, AppError> {
        let folder = models.join(SCRATCH);
        let failed = |error: std::io::Error| not_written(&folder, &error);
        fs::create_dir_all(&folder).map_err(failed)?;
        let path = folder.join(LOCK);
        let lock = File::create(&path).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) if is_at(&lock, &path) => {}
            // Whoever had it was about to take it away: it is as if that one still had it.
            Ok(()) | Err(TryLockError::WouldBlock) => {
                return Err(WorkbenchError::TuningElsewhere.into());
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        empty(&folder);
        Ok(Self { folder, _lock: lock })
    }
}

/// Whether an open file is still the one of that name.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let number = |metadata: std::io::Result<fs::Metadata>| metadata.map(|found| found.ino()).ok();
    let own = number(file.metadata());
    own.is_some() && own == number(fs::metadata(path))
}

/// Elsewhere a file that is open keeps its name.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

impl Drop for Scratch {
    fn drop(&mut self) {
        empty(&self.folder);
        // The lock file goes last; who comes in between makes the folder again.
        drop(fs::remove_file(self.folder.join(LOCK)));
        drop(fs::remove_dir(&self.folder));
    }
}

/// Removes what a killed process left of tuning a model, unless one is at it.
pub(crate) fn remove_leftovers(models: &Path) {
    if models.join(SCRATCH).exists() {
        drop(Scratch::take(models));
    }
}

fn empty(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name() != LOCK {
            // What cannot be removed now is tried again by the next one.
            drop(fs::remove_file(entry.path()));
        }
    }
}

fn not_written(path: &Path, error: &std::io::Error) -> AppError {
    use std::io::ErrorKind;
    let full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    LLMError::NotWritten { path: path.to_owned(), reason: error.to_string(), full }.into()
}
