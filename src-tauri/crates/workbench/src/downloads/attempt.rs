//! One attempt at a download: its files one after the other, until all are there or something is in
//! the way.

use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use braincells_core::{AppError, Code, DownloadState};
use braincells_data::{DownloadFile, DownloadStanding, StoredDownload};
use braincells_models::download::{
    Control, FetchError, Limits, Memory, Step, Wanted, discard, fetch, git_blob_sha1, was_finished,
};
use braincells_models::hub::Hub;
use futures::FutureExt;
use tokio::sync::watch;
use tokio::time::Instant;

use super::disk;
use super::error::DownloadError;
use super::figures::Figures;
use super::queue::Shared;
use crate::backends::HubToken;
use crate::blocking::blocking;
use crate::machine::disk_free_bytes;
use crate::model_hash::{file_sha256, remember_sha256};

/// How an attempt ended that did not bring everything.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It was told to stop.
    Stopped,
    /// Somebody else writes the file: another home over the same folder, for one.
    Busy,
    /// It failed.
    Failed { error: AppError, is_retriable: bool, after: Option<Duration> },
}

impl Trouble {
    fn lasting(error: impl Into<AppError>) -> Self {
        Self::Failed { error: error.into(), is_retriable: false, after: None }
    }
}

impl Trouble {
    fn of(error: FetchError, token: &HubToken) -> Self {
        let after = match &error {
            FetchError::Stopped => return Self::Stopped,
            FetchError::Busy { .. } => return Self::Busy,
            FetchError::Hub(error) => error.retry_after(),
            _ => None,
        };
        let is_retriable = error.is_retriable();
        let error = match error {
            FetchError::Hub(error) => token.explained(error),
            error => error.into(),
        };
        Self::Failed { is_retriable, after, error }
    }
}

/// What an attempt needs.
pub(super) struct Attempt {
    pub(super) shared: Arc<Shared>,
    pub(super) stored: StoredDownload,
    pub(super) control: Control,
    pub(super) figures: Arc<Figures>,
    pub(super) memory: Memory,
}

impl Attempt {
    /// Works until it is there or cannot go on, and leaves the row as it is then.
    pub(super) async fn run(self) {
        let worked = AssertUnwindSafe(self.work()).catch_unwind().await;
        let result = worked.unwrap_or_else(|_panic| {
            let error = AppError::new(Code::Internal, "the download ended by a defect")
                .with_hint("please report it; resume the download to try again");
            Err(Trouble::lasting(error))
        });
        let brought = self.figures.brought();
        self.shared.attempt_ended(&self.stored, result, brought).await;
    }

    async fn work(&self) -> Result<(), Trouble> {
        let cloud = &self.shared.world().cloud;
        let hub = cloud.hub().await.map_err(Trouble::lasting)?;
        let token = cloud.hub_token().await;
        let mut before = 0;
        for (position, file) in self.stored.wanted.files.iter().enumerate() {
            self.figures.next_file(before);
            let (models, known) = (self.shared.world().home.models(), file.clone());
            let is_done =
                blocking(move || Ok::<_, AppError>(known.done && disk::is_there(&models, &known)));
            if !is_done.await.map_err(Trouble::lasting)? && self.file(&hub, &token, file).await? {
                let (catalogue, id) = (self.shared.catalogue(), self.stored.id);
                let target = disk::target(&self.shared.world().home.models(), file);
                let note = move || {
                    catalogue.finish_download_file(id, position)?;
                    // Until here a ledger that a crash left is what says whose file it is.
                    if was_finished(&target)
                        && let Err(error) = discard(&target)
                    {
                        tracing::warn!(%error, "the ledger of a download is left");
                    }
                    Ok::<_, AppError>(())
                };
                blocking(note).await.map_err(Trouble::lasting)?;
            }
            before += file.bytes;
        }
        Ok(())
    }

    /// Sees to it that a file is there; whether this download brought it. One that was there may be
    /// somebody else's, and is not removed if the download is given up.
    async fn file(
        &self,
        hub: &Hub,
        token: &HubToken,
        file: &DownloadFile,
    ) -> Result<bool, Trouble> {
        let models = self.shared.world().home.models();
        let target = disk::target(&models, file);
        let (folder, path) = (models.clone(), target.clone());
        let is_there = blocking(move || {
            disk::make_folder(&folder, &path)?;
            Ok::<_, DownloadError>(path.exists().then(|| was_finished(&path)))
        });
        if let Some(is_ours) = is_there.await.map_err(Trouble::lasting)? {
            // The process ended between the last byte and the note of it, or a person put it here.
            return self.compare(file, target).await.map(|()| is_ours);
        }
        let wanted = &self.stored.wanted;
        let wanted = Wanted {
            url: hub.file_url(&wanted.repository, &wanted.revision, &file.path),
            bytes: file.bytes,
            sha256: file.sha256.clone(),
            git_sha1: file.git_sha1.clone(),
            target: target.clone(),
        };
        let limits = Limits { memory: Some(self.memory.clone()), ..limits() };
        let (told, steps) = watch::channel(DownloadState::Running);
        let fetched = async {
            // Goes with this block, which ends the writer below.
            let told = told;
            let heard = |step: Step| {
                let state = match step {
                    Step::Receiving { .. } => DownloadState::Running,
                    Step::Verifying { .. } => DownloadState::Verifying,
                };
                // In this order: who hears of the state may read it from the figures.
                let news = self.figures.take_in(&step, Instant::now());
                told.send_if_modified(|known| std::mem::replace(known, state) != state);
                if let Some(download) = news {
                    self.shared.tell_figures(download);
                }
            };
            fetch(hub, &wanted, token.sent(), &limits, &self.control, heard).await
        };
        // Beside each other: a row that is slow to write does not hold up the bytes.
        let (fetched, ()) = tokio::join!(fetched, self.note_states(steps));
        let sha256 = fetched.map_err(|error| Trouble::of(error, token))?.sha256;
        let remembered = Arc::clone(self.shared.responses());
        // The engine asks for it when it loads the model, and need not read gigabytes for it.
        let remember = blocking(move || {
            remember_sha256(&target, &remembered, &sha256);
            Ok::<_, AppError>(())
        });
        remember.await.map_err(Trouble::lasting).map(|()| true)
    }

    /// Writes down when receiving becomes verifying and back, for other processes.
    async fn note_states(&self, mut steps: watch::Receiver<DownloadState>) {
        while steps.changed().await.is_ok() {
            let state = *steps.borrow_and_update();
            let other = match state {
                DownloadState::Verifying => DownloadState::Running,
                _ => DownloadState::Verifying,
            };
            let standing = DownloadStanding { state, ..self.stored.standing.clone() };
            let standing = DownloadStanding { retry_at_ms: None, error: None, ..standing };
            // Where that fails the row says `running`, which is not wrong.
            if let Err(error) = self.shared.move_row(self.stored.id, &[other], standing).await {
                tracing::debug!(%error, "that a download is verified was not noted");
            }
        }
    }

    /// Compares a file that is there already.
    async fn compare(&self, file: &DownloadFile, target: PathBuf) -> Result<(), Trouble> {
        let news = self.figures.take_in(&Step::Verifying { bytes_done: 0 }, Instant::now());
        if let Some(download) = news {
            self.shared.tell_figures(download);
        }
        let stopped = Arc::new(AtomicBool::new(false));
        let (wanted, remembered) = (file.clone(), Arc::clone(self.shared.responses()));
        let (told, path) = (Arc::clone(&stopped), target.clone());
        let compare = blocking(move || {
            let is_long = path.metadata().is_ok_and(|it| it.is_file() && it.len() == wanted.bytes);
            match (&wanted.sha256, &wanted.git_sha1) {
                (Some(sha256), _) if is_long => {
                    Ok(file_sha256(&path, &remembered, &told)?.eq_ignore_ascii_case(sha256))
                }
                // A file that cannot be read is not the one that is wanted.
                (None, Some(git)) if is_long => {
                    Ok(git_blob_sha1(&path).is_ok_and(|found| found.eq_ignore_ascii_case(git)))
                }
                _ => Ok::<_, AppError>(is_long),
            }
        });
        let is_right = tokio::select! {
            is_right = compare => is_right,
            () = self.control.stopped() => {
                stopped.store(true, Ordering::Relaxed);
                return Err(Trouble::Stopped);
            }
        };
        match is_right {
            Ok(true) => Ok(()),
            Ok(false) => Err(Trouble::lasting(DownloadError::Taken { path: target })),
            Err(error) => Err(Trouble::lasting(error)),
        }
    }
}

/// How far a fetch may go; it asks for the room on the disk now and then.
fn limits() -> Limits {
    let free_bytes = |path: &Path| disk_free_bytes(path);
    Limits { free_bytes: Arc::new(free_bytes), ..Limits::default() }
}
