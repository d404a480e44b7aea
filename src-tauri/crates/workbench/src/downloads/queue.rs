//! The downloads that this process works on, and the task that decides for them.
//!
//! The task (`Shared::drive`) reads the table, has `plan` say what to do, does it, and sleeps until
//! somebody wakes it or a second is over. It never waits for a download. What a person does is
//! written to the table first; the task is woken so that it is seen at once here, and within a
//! second in every other process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use braincells_core::{AppError, Download, DownloadId, DownloadState};
use braincells_data::{Catalogue, DownloadStanding, ResponseCache, StoredDownload};
use braincells_models::download::{Control, Memory};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::claim::Claim;
use super::figures::{self, Figures};
use crate::World;
use crate::blocking::blocking;

/// All downloads of a workbench. Dropping it stops those that work here; they stay what they are in
/// the table, and are taken up again by whoever comes next.
pub(crate) struct Downloads {
    shared: Arc<Shared>,
}

impl Downloads {
    pub(crate) fn new(
        world: &World,
        catalogue: Arc<Catalogue>,
        responses: Arc<ResponseCache>,
    ) -> Self {
        let shared = Shared {
            world: world.clone(),
            catalogue,
            responses,
            held: Mutex::default(),
            rounds: tokio::sync::Mutex::default(),
            clearing: tokio::sync::Mutex::default(),
            telling: tokio::sync::Mutex::default(),
            wake: Notify::new(),
            changes: watch::Sender::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Stops what works here, waits until it has, and puts it back into the queue. What is asked for
    /// afterwards works again.
    pub(crate) async fn close(&self) {
        self.shared.stop_all();
        // One that is about to begin sees that it must not, and is waited for.
        drop(self.shared.rounds.lock().await);
        let is_at_work = |ours: &Ours| ours.attempt.is_some();
        let mut changes = self.shared.changes.subscribe();
        while self.shared.held().ours.values().any(is_at_work) {
            // The sender is ours.
            drop(changes.changed().await);
        }
        let claimed: Vec<DownloadId> = {
            let held = self.shared.held();
            let claimed = held.ours.iter().filter(|(_, ours)| ours.claim.is_some());
            claimed.map(|(id, _)| *id).collect()
        };
        for id in claimed {
            // Otherwise it stays what it is, which says as much to whoever takes it up.
            if let Err(error) = self.shared.put_back(id).await {
                tracing::debug!(%error, "a download was not put back into the queue");
            }
        }
        self.shared.held().ours.clear();
    }
}

impl Drop for Downloads {
    fn drop(&mut self) {
        self.shared.stop_all();
        self.shared.held().is_gone = true;
        self.shared.wake.notify_one();
    }
}

/// What the verbs, the task and the attempts share.
pub(super) struct Shared {
    world: World,
    catalogue: Arc<Catalogue>,
    responses: Arc<ResponseCache>,
    held: Mutex<Held>,
    /// Held while the table is looked at and things are done about it.
    rounds: tokio::sync::Mutex<()>,
    /// Held while a claim is given back: whoever wants it gone waits until it is.
    pub(super) clearing: tokio::sync::Mutex<()>,
    /// Held while it is read and told where a download stands.
    pub(super) telling: tokio::sync::Mutex<()>,
    wake: Notify,
    /// Counts what happened to downloads that this process knows of.
    changes: watch::Sender<u64>,
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent of each other")]
pub(super) struct Held {
    /// What this process works on, wants to work on, or has to clear away.
    pub(super) ours: BTreeMap<DownloadId, Ours>,
    /// What was told last.
    pub(super) told: BTreeMap<DownloadId, Download>,
    /// Whether downloads of dead processes are taken up.
    pub(super) adopts: bool,
    /// What could not be claimed, and was said so of in the log.
    pub(super) unclaimed: BTreeSet<DownloadId>,
    /// How many wait for the end of a download.
    pub(super) watchers: usize,
    /// Whether the work stopped, until somebody asks for some.
    pub(super) is_closed: bool,
    is_driving: bool,
    is_gone: bool,
}

/// A download of this process.
#[derive(Default)]
pub(super) struct Ours {
    pub(super) claim: Option<Claim>,
    pub(super) is_asked_here: bool,
    pub(super) attempt: Option<Running>,
    /// When it may work again; at once without one.
    pub(super) due: Option<Instant>,
    /// Whether somebody else was found writing its file.
    pub(super) is_busy_elsewhere: bool,
    /// What its last attempt here knows of what is there.
    pub(super) memory: Memory,
    /// It as it stands, where the disk did not take that: a full one, most likely.
    pub(super) unwritten: Option<StoredDownload>,
}

/// An attempt that is under way.
pub(super) struct Running {
    pub(super) control: Control,
    pub(super) figures: Arc<Figures>,
}

impl Running {
    /// Has it end within a second, and say nothing more.
    pub(super) fn stop(&self) {
        self.figures.mute();
        self.control.stop();
    }
}

impl Shared {
    pub(super) fn world(&self) -> &World {
        &self.world
    }

    pub(super) fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue)
    }

    pub(super) fn responses(&self) -> &Arc<ResponseCache> {
        &self.responses
    }

    pub(super) fn now_ms(&self) -> i64 {
        self.world.clock.now_ms()
    }

    /// What is under this lock is changed in one go or not at all.
    pub(super) fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a download work in this process, and the task begin if it has not.
    pub(super) fn want(self: &Arc<Self>, id: DownloadId, claim: Option<Claim>) {
        {
            let mut held = self.held();
            let ours = held.ours.entry(id).or_default();
            ours.is_asked_here = true;
            // What it came to before does not count any more.
            (ours.due, ours.unwritten) = (None, None);
            ours.claim = claim.or(ours.claim.take());
        }
        self.begin();
    }

    /// Has the task begin, or look again.
    pub(super) fn begin(self: &Arc<Self>) {
        let is_new = {
            let mut held = self.held();
            held.is_closed = false;
            !std::mem::replace(&mut held.is_driving, true)
        };
        if is_new {
            let (shared, driving) = (Arc::clone(self), Driving(Arc::clone(self)));
            tokio::spawn(async move {
                let _driving = driving;
                shared.drive().await;
            });
        }
        self.wake.notify_one();
    }

    async fn drive(self: Arc<Self>) {
        loop {
            if self.held().is_gone {
                return;
            }
            let round = self.rounds.lock().await;
            let done = self.round().await;
            drop(round);
            let rest = match done {
                Ok(rest) => rest,
                Err(error) => {
                    // A busy or full disk: what works goes on, and the table is read again.
                    tracing::warn!(%error, "the downloads could not be looked at");
                    Some(super::round::TICK)
                }
            };
            match rest {
                Some(rest) => drop(tokio::time::timeout(rest, self.wake.notified()).await),
                None => self.wake.notified().await,
            }
        }
    }

    fn stop_all(&self) {
        let mut held = self.held();
        held.is_closed = true;
        for ours in held.ours.values() {
            if let Some(attempt) = &ours.attempt {
                attempt.stop();
            }
        }
    }

    /// Stops the attempt at a download, if there is one, and waits until it has ended.
    pub(super) async fn stop(&self, id: DownloadId) {
        let mut changes = self.changes.subscribe();
        loop {
            {
                let held = self.held();
                let Some(attempt) = held.ours.get(&id).and_then(|ours| ours.attempt.as_ref())
                else {
                    return;
                };
                attempt.stop();
            }
            drop(changes.changed().await);
        }
    }

    /// Waits until something happens to a download, or for so long.
    pub(super) async fn change(&self, changes: &mut watch::Receiver<u64>, at_most: Duration) {
        drop(tokio::time::timeout(at_most, changes.changed()).await);
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    pub(super) fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
        self.wake.notify_one();
    }

    /// Writes where a download stands, if it stands in one of `from` now.
    pub(super) async fn move_row(
        &self,
        id: DownloadId,
        from: &[DownloadState],
        to: DownloadStanding,
    ) -> Result<bool, AppError> {
        let (catalogue, from, now_ms) = (self.catalogue(), from.to_vec(), self.now_ms());
        blocking(move || catalogue.move_download(id, &from, &to, now_ms)).await
    }

    /// A download as it is now, with the figures of this process.
    pub(super) fn shown(&self, stored: &StoredDownload) -> Download {
        let folder = self.world.home.temporary();
        let (figures, mine, is_busy, unwritten) = {
            let held = self.held();
            let ours = held.ours.get(&stored.id);
            let figures = ours.and_then(|ours| ours.attempt.as_ref());
            (
                figures.map(|attempt| Arc::clone(&attempt.figures)),
                ours.is_some_and(|ours| ours.claim.is_some()),
                ours.is_some_and(|ours| ours.is_busy_elsewhere),
                ours.and_then(|ours| ours.unwritten.clone()),
            )
        };
        let mut stored = stored.clone();
        if let Some(unwritten) = unwritten {
            stored.standing = unwritten.standing;
        }
        let is_active = stored.standing.state.is_active();
        let is_elsewhere = is_busy || (!mine && is_active && Claim::is_taken(&folder, stored.id));
        if !mine
            && !is_elsewhere
            && matches!(stored.standing.state, DownloadState::Running | DownloadState::Verifying)
        {
            // The process that worked on it is gone, and could not say so.
            stored.standing.state = DownloadState::Queued;
        }
        let shown = figures::shown(&stored, &self.world.home.models(), is_elsewhere);
        match figures {
            Some(figures) => figures.over(shown),
            None => shown,
        }
    }
}

/// Says when the task is gone, whatever ended it.
struct Driving(Arc<Shared>);

impl Drop for Driving {
    fn drop(&mut self) {
        self.0.held().is_driving = false;
    }
}
