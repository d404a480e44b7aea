//! How attempts end, and how a download leaves this process.

use std::sync::Arc;
use std::time::Duration;

use braincells_core::{AppError, DownloadId, DownloadState};
use braincells_data::{DownloadStanding, StoredDownload};
use tokio::time::Instant;

use super::attempt::Trouble;
use super::claim::Claim;
use super::disk;
use super::plan::{self, Failure, Next};
use super::queue::{Ours, Shared};
use crate::blocking::blocking;

/// How long is waited for somebody else who writes the same file.
const BUSY_WAIT: Duration = Duration::from_secs(5);
/// How long is waited before a state that the disk did not take is written again.
const UNWRITTEN_WAIT: Duration = Duration::from_secs(10);

const AT_WORK: [DownloadState; 2] = [DownloadState::Running, DownloadState::Verifying];

impl Shared {
    /// An attempt is over: the row gets to know, then everybody else.
    pub(super) async fn attempt_ended(
        self: &Arc<Self>,
        stored: &StoredDownload,
        result: Result<(), Trouble>,
        brought: u64,
    ) {
        let id = stored.id;
        let (standing, due) = match result {
            Ok(()) => (Some(DownloadStanding::fresh(DownloadState::Done)), None),
            // Why it was stopped is in the row already, or it goes on next time.
            Err(Trouble::Stopped) => (None, None),
            Err(Trouble::Busy) => (None, Some(BUSY_WAIT)),
            Err(Trouble::Failed { error, is_retriable, after }) => {
                let failure = Failure { is_retriable, after, bytes: brought };
                let (standing, due) = self.failed(stored, failure, error);
                (Some(standing), due)
            }
        };
        let is_busy = standing.is_none() && due.is_some();
        let mut is_done = false;
        let mut unwritten = None;
        if let Some(standing) = standing {
            match self.move_row(id, &AT_WORK, standing.clone()).await {
                Ok(moved) => is_done = moved && standing.state == DownloadState::Done,
                Err(error) => {
                    tracing::warn!(%error, "where a download stands could not be written");
                    unwritten = Some(StoredDownload { standing, ..stored.clone() });
                }
            }
        }
        if let Some(ours) = self.held().ours.get_mut(&id) {
            ours.attempt = None;
            ours.is_busy_elsewhere = is_busy;
            let wait = if unwritten.is_some() { Some(UNWRITTEN_WAIT) } else { due };
            ours.due = wait.map(|wait| Instant::now() + wait);
            ours.unwritten = unwritten;
        }
        self.tell(id).await;
        if is_done {
            self.arrived(stored);
        }
        self.changed();
    }

    /// Has a download stand in the queue that was stopped because the workbench is closed.
    pub(super) async fn put_back(&self, id: DownloadId) -> Result<(), AppError> {
        let catalogue = self.catalogue();
        let Some(stored) = blocking(move || catalogue.download(id)).await? else { return Ok(()) };
        let standing = DownloadStanding { state: DownloadState::Queued, ..stored.standing };
        self.move_row(id, &AT_WORK, standing).await.map(drop)
    }

    fn failed(
        &self,
        stored: &StoredDownload,
        failure: Failure,
        error: AppError,
    ) -> (DownloadStanding, Option<Duration>) {
        let (state, retries, due) = match plan::after_failure(failure, stored.standing.retries) {
            Next::Wait { retries, delay } => (DownloadState::Waiting, retries, Some(delay)),
            Next::GiveUp { retries } => (DownloadState::Failed, retries, None),
        };
        let at = |due: Duration| self.now_ms().saturating_add(due.as_millis() as i64);
        let standing =
            DownloadStanding { state, retries, retry_at_ms: due.map(at), error: Some(error) };
        (standing, due)
    }

    /// Writes what the disk did not take before.
    pub(super) async fn write_what_was_not(self: &Arc<Self>) {
        let now = Instant::now();
        let unwritten: Vec<StoredDownload> = {
            let held = self.held();
            let is_due = |ours: &Ours| ours.due.is_none_or(|due| due <= now);
            let ours = held.ours.values().filter(|ours| is_due(ours));
            ours.filter_map(|ours| ours.unwritten.clone()).collect()
        };
        for stored in unwritten {
            let (id, standing) = (stored.id, &stored.standing);
            let written = self.move_row(id, &AT_WORK, standing.clone()).await;
            if let Some(ours) = self.held().ours.get_mut(&id) {
                match &written {
                    Ok(_) => {
                        ours.unwritten = None;
                        let rest = plan::rest_of_wait(standing.retry_at_ms, self.now_ms());
                        ours.due = Some(now + rest);
                    }
                    Err(_) => ours.due = Some(now + UNWRITTEN_WAIT),
                }
            }
            if matches!(written, Ok(true)) {
                self.tell(id).await;
                if standing.state == DownloadState::Done {
                    self.arrived(&stored);
                }
            }
        }
    }

    /// Gives the claim back; what was given up is removed before, while nobody else may begin.
    pub(super) async fn let_go(self: &Arc<Self>, stored: &StoredDownload) {
        let _one_at_a_time = self.clearing.lock().await;
        self.give_back(stored).await;
    }

    /// Removes what is left of a download that was given up, unless another process works on it:
    /// that one does, within a second or two.
    pub(super) async fn clear_cancelled(
        self: &Arc<Self>,
        stored: &StoredDownload,
    ) -> Result<(), AppError> {
        let _one_at_a_time = self.clearing.lock().await;
        self.give_back(stored).await;
        let (folder, id) = (self.world().home.temporary(), stored.id);
        let claim =
            blocking(move || Ok::<_, AppError>(Claim::take(&folder, id, true).ok().flatten()));
        if let Some(claim) = claim.await? {
            self.clear_away(stored, claim).await;
        }
        Ok(())
    }

    async fn give_back(self: &Arc<Self>, stored: &StoredDownload) {
        let ours = {
            let mut held = self.held();
            let is_idle = held.ours.get(&stored.id).is_some_and(|ours| ours.attempt.is_none());
            if is_idle { held.ours.remove(&stored.id) } else { None }
        };
        if let Some(claim) = ours.and_then(|ours| ours.claim) {
            self.clear_away(stored, claim).await;
        }
        // Somebody may have asked for it again since the row was read.
        let (catalogue, id) = (self.catalogue(), stored.id);
        let again = blocking(move || catalogue.download(id)).await;
        if again.is_ok_and(|row| row.is_some_and(|row| row.standing.state.is_active())) {
            self.want(id, None);
        }
    }

    /// Removes what is left of a download if it was given up, and gives the claim back.
    async fn clear_away(&self, stored: &StoredDownload, claim: Claim) {
        let (catalogue, models) = (self.catalogue(), self.world().home.models());
        let stored = stored.clone();
        let cleared = blocking(move || {
            // The attempt may have brought another file after the row was read.
            let stored = catalogue.download(stored.id)?.unwrap_or(stored);
            if stored.standing.state == DownloadState::Cancelled
                && disk::sweep(&models, &stored, &catalogue.downloads()?)
            {
                // What comes to these places now is not of this download.
                catalogue.forget_finished_files(stored.id)?;
            }
            if stored.standing.state.is_over() {
                claim.end();
            }
            Ok::<_, AppError>(())
        });
        if let Err(error) = cleared.await {
            // The next start clears it away.
            tracing::warn!(%error, "what is left of a download was not removed");
        }
    }
}
