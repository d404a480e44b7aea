//! One look at the table: what is planned is done.

use std::sync::Arc;
use std::time::Duration;

use braincells_core::{AppError, Code, DownloadId, DownloadState};
use braincells_data::{DownloadStanding, StoredDownload};
use braincells_models::download::Control;
use tokio::time::Instant;

use super::attempt::Attempt;
use super::claim::Claim;
use super::error::DownloadError;
use super::figures::Figures;
use super::plan::{self, AT_ONCE, Act, Place};
use super::queue::{Running, Shared};
use crate::blocking::blocking;
use crate::settings::kept_settings;

/// How often the table is looked at while there is something to do in it.
pub(super) const TICK: Duration = Duration::from_secs(1);
/// How often it is looked at for what dead processes left, while there is nothing to do here.
const QUIET_TICK: Duration = Duration::from_secs(10);

impl Shared {
    /// Does what is to be done now; how long until the next look, `None` until somebody wakes.
    pub(super) async fn round(self: &Arc<Self>) -> Result<Option<Duration>, AppError> {
        if self.held().is_closed {
            return Ok(None);
        }
        self.write_what_was_not().await;
        let (mut stored, is_locked) = self.look().await?;
        if is_locked {
            self.lock_out(&stored).await?;
            (stored, _) = self.look().await?;
        }
        let now = Instant::now();
        let adopts = self.held().adopts && !is_locked;
        let places: Vec<Place> = stored.iter().map(|one| self.place(one, now)).collect();
        let mut looks_again = false;
        for (id, act) in plan::plan(&places, adopts, AT_ONCE) {
            let Some(one) = stored.iter().find(|one| one.id == id) else { continue };
            match act {
                Act::Claim => looks_again |= self.claim_or_say_why_not(one).await,
                Act::Start if is_locked => {}
                Act::Start => self.start(one).await?,
                Act::Stop => {
                    if let Some(attempt) =
                        self.held().ours.get(&id).and_then(|ours| ours.attempt.as_ref())
                    {
                        attempt.stop();
                    }
                }
                Act::LetGo => self.let_go(one).await,
            }
        }
        self.tell_of_others(&stored).await;
        Ok(self.rest(&stored, looks_again, now))
    }

    async fn look(&self) -> Result<(Vec<StoredDownload>, bool), AppError> {
        let catalogue = self.catalogue();
        let (stored, local_only) = blocking(move || {
            Ok::<_, AppError>((catalogue.downloads()?, kept_settings(&catalogue)?.local_only))
        })
        .await?;
        Ok((stored, local_only && !self.world().cloud.hub_is_here().await))
    }

    fn place(&self, stored: &StoredDownload, now: Instant) -> Place {
        let held = self.held();
        let ours = held.ours.get(&stored.id);
        Place {
            id: stored.id,
            state: stored.standing.state,
            is_claimed: ours.is_some_and(|ours| ours.claim.is_some()),
            is_at_work: ours.is_some_and(|ours| ours.attempt.is_some()),
            is_due: ours.is_none_or(|ours| {
                ours.unwritten.is_none() && ours.due.is_none_or(|due| due <= now)
            }),
            is_asked_here: ours.is_some_and(|ours| ours.is_asked_here),
        }
    }

    /// Nothing may leave this machine any more: what goes on by itself here stops and says so.
    async fn lock_out(self: &Arc<Self>, stored: &[StoredDownload]) -> Result<(), AppError> {
        let folder = self.world().home.temporary();
        let active = stored.iter().filter(|one| one.standing.state.is_active());
        for one in active {
            // What another process works on is that one's, which looks at the settings too.
            let (is_ours, adopts) = {
                let held = self.held();
                (held.ours.contains_key(&one.id), held.adopts)
            };
            if !is_ours && (!adopts || Claim::is_taken(&folder, one.id)) {
                continue;
            }
            let standing = DownloadStanding {
                error: Some(DownloadError::LockedMeanwhile.into()),
                ..DownloadStanding::fresh(DownloadState::Failed)
            };
            if self.move_row(one.id, &[one.standing.state], standing).await? {
                self.tell(one.id).await;
            }
        }
        Ok(())
    }

    /// Tries to become the one that works on a download; whether it did. One that cannot be locked
    /// keeps no other from its turn, and says why if it was asked for here.
    async fn claim_or_say_why_not(self: &Arc<Self>, stored: &StoredDownload) -> bool {
        let error = match self.claim(stored).await {
            Ok(is_ours) => {
                self.held().unclaimed.remove(&stored.id);
                return is_ours;
            }
            Err(error) => error,
        };
        // What others left is tried again every second, and the log need not tell each time.
        if self.held().unclaimed.insert(stored.id) {
            tracing::warn!(%error, id = %stored.id, "a download was not claimed");
        } else {
            tracing::debug!(%error, id = %stored.id, "a download was not claimed");
        }
        if self.is_asked_here(stored.id) {
            let standing = DownloadStanding {
                error: Some(error),
                ..DownloadStanding::fresh(DownloadState::Failed)
            };
            let moved = self.move_row(stored.id, &[stored.standing.state], standing).await;
            if moved.unwrap_or(false) {
                self.tell(stored.id).await;
                return true;
            }
        }
        false
    }

    fn is_asked_here(&self, id: DownloadId) -> bool {
        self.held().ours.get(&id).is_some_and(|ours| ours.is_asked_here)
    }

    /// Tries to become the one that works on a download; whether it did.
    async fn claim(&self, stored: &StoredDownload) -> Result<bool, AppError> {
        let (folder, id) = (self.world().home.temporary(), stored.id);
        let is_asked_here = self.is_asked_here(id);
        let claim = blocking(move || {
            Claim::take(&folder, id, is_asked_here).map_err(|error| {
                AppError::new(Code::Storage, format!("download {id} cannot be locked: {error}"))
                    .with_hint(format!("look at the rights of `{}`", folder.display()))
            })
        });
        let Some(claim) = claim.await? else { return Ok(false) };
        let mut held = self.held();
        if held.is_closed {
            return Ok(false);
        }
        let is_new = !held.ours.contains_key(&stored.id);
        let ours = held.ours.entry(stored.id).or_default();
        ours.claim = Some(claim);
        if is_new && stored.standing.state == DownloadState::Waiting {
            let rest = plan::rest_of_wait(stored.standing.retry_at_ms, self.now_ms());
            ours.due = Some(Instant::now() + rest);
        }
        Ok(true)
    }

    async fn start(self: &Arc<Self>, stored: &StoredDownload) -> Result<(), AppError> {
        let standing = DownloadStanding {
            retries: stored.standing.retries,
            ..DownloadStanding::fresh(DownloadState::Running)
        };
        // A person may have been faster.
        if !self.move_row(stored.id, &[stored.standing.state], standing.clone()).await? {
            self.changed();
            return Ok(());
        }
        let stored = StoredDownload { standing, ..stored.clone() };
        let (shared, row) = (Arc::clone(self), stored.clone());
        let shown = blocking(move || Ok::<_, AppError>(shared.shown(&row))).await?;
        let (control, figures) = (Control::new(), Arc::new(Figures::of(shown)));
        let memory = {
            let mut held = self.held();
            let is_closed = held.is_closed;
            // Its claim went meanwhile: the workbench was closed.
            let Some(ours) = held.ours.get_mut(&stored.id).filter(|_| !is_closed) else {
                return Ok(());
            };
            (ours.due, ours.is_busy_elsewhere) = (None, false);
            ours.attempt =
                Some(Running { control: control.clone(), figures: Arc::clone(&figures) });
            ours.memory.clone()
        };
        self.tell(stored.id).await;
        let attempt = Attempt { shared: Arc::clone(self), stored, control, figures, memory };
        tokio::spawn(attempt.run());
        Ok(())
    }

    /// How long nothing needs to be looked at.
    fn rest(&self, stored: &[StoredDownload], looks_again: bool, now: Instant) -> Option<Duration> {
        if looks_again {
            return Some(Duration::ZERO);
        }
        let held = self.held();
        let is_watched = held.adopts || held.watchers > 0;
        let is_active = stored.iter().any(|one| one.standing.state.is_active());
        if held.ours.is_empty() && !(is_watched && is_active) {
            return is_watched.then_some(QUIET_TICK);
        }
        let dues = held.ours.values().filter_map(|ours| ours.due).filter(|due| *due > now);
        let next = dues.map(|due| due - now).min().unwrap_or(TICK);
        Some(next.min(TICK))
    }
}
