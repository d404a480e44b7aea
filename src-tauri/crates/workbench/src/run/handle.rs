use braincells_core::{AppError, Code, RunId, RunProgress, RunStatus};
use serde::Serialize;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::live::{self, Wish};
use crate::blocking::lost;

/// A run that is under way. Dropping the handle lets the run go on.
pub struct RunHandle {
    pub(super) id: RunId,
    pub(super) wish: watch::Sender<Wish>,
    pub(super) task: JoinHandle<RunOutcome>,
    pub(super) begin: RunProgress,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunOutcome {
    /// Where it stands now.
    pub status: RunStatus,
    /// Its last figures.
    pub progress: RunProgress,
    /// Why it could not go on.
    pub error: Option<AppError>,
}

impl RunHandle {
    /// The run.
    pub fn id(&self) -> RunId {
        self.id
    }

    /// Stops asking, drops what is in flight, keeps what is done. The run can be resumed.
    pub fn pause(&self) {
        live::wish(&self.wish, Wish::Pause);
    }

    /// Stops as [`RunHandle::pause`] does, but for good.
    pub fn cancel(&self) {
        live::wish(&self.wish, Wish::Cancel);
    }

    /// Waits until the run has ended or stopped, with all that is done on disk.
    pub async fn finished(self) -> RunOutcome {
        match self.task.await {
            Ok(outcome) => outcome,
            Err(error) => RunOutcome {
                status: RunStatus::Interrupted,
                progress: self.begin,
                error: Some(lost(&error)),
            },
        }
    }

    /// [`RunHandle::finished`], with [`RunHandle::pause`] as soon as `stop` is ready.
    pub async fn finished_or_paused_by(self, stop: impl Future<Output = ()>) -> RunOutcome {
        let wish = self.wish.clone();
        let mut finished = std::pin::pin!(self.finished());
        tokio::select! {
            outcome = &mut finished => outcome,
            () = stop => {
                live::wish(&wish, Wish::Pause);
                finished.await
            }
        }
    }
}

impl RunOutcome {
    /// Whether the run ended but some cells failed: the command line's exit code 3.
    pub fn has_failed_cells(&self) -> bool {
        self.status == RunStatus::Done && self.progress.rows_failed > 0
    }

    /// Whether the run was stopped by a person, by its limit or by the lock: then nothing begins that
    /// was to follow it.
    pub fn is_stopped(&self) -> bool {
        let stops = |code| matches!(code, Code::Cancelled | Code::LimitReached | Code::LocalOnly);
        self.error.as_ref().is_none_or(|error| stops(error.code))
            && matches!(self.status, RunStatus::Paused | RunStatus::Cancelled)
    }
}
