//! What is told of downloads: a state when it is news, figures as they come.

use std::sync::Arc;

use braincells_core::{AppError, Download, DownloadId, DownloadState, Event};
use braincells_data::StoredDownload;

use super::disk;
use super::figures::model_status;
use super::queue::Shared;
use crate::blocking::blocking;

impl Shared {
    /// Tells of the downloads of other processes, as far as they can be seen from here.
    pub(super) async fn tell_of_others(self: &Arc<Self>, stored: &[StoredDownload]) {
        let others = stored.iter().filter(|one| {
            let held = self.held();
            let was_active = held.told.get(&one.id).is_some_and(|told| told.state.is_active());
            let is_ours = held.ours.get(&one.id).is_some_and(|ours| ours.claim.is_some());
            !is_ours && (one.standing.state.is_active() || was_active)
        });
        for one in others {
            let before = self.held().told.get(&one.id).map(|told| told.state);
            self.tell(one.id).await;
            let is_news = before.is_some_and(|before| before != DownloadState::Done);
            if is_news && one.standing.state == DownloadState::Done {
                self.arrived(one);
            }
        }
    }

    /// A model is there now, whichever process brought it. What failed with an earlier file of its
    /// name says nothing of this one.
    pub(super) fn arrived(&self, stored: &StoredDownload) {
        let path = disk::place(&self.world().home.models(), &stored.wanted.name);
        self.world().engines.forget_failure(&path);
        self.world().events.emit(Event::ModelsChanged);
    }

    /// Tells everybody where a download stands, if that is news.
    pub(super) async fn tell(self: &Arc<Self>, id: DownloadId) {
        // One at a time: what was read first must not be told last.
        let _one_at_a_time = self.telling.lock().await;
        let (shared, catalogue) = (Arc::clone(self), self.catalogue());
        let found = blocking(move || {
            let stored = catalogue.download(id)?;
            Ok::<_, AppError>(stored.map(|stored| shared.shown(&stored)))
        });
        match found.await {
            Ok(Some(shown)) => self.tell_state(shown),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "where a download stands could not be read"),
        }
    }

    fn tell_state(&self, shown: Download) {
        let before = self.held().told.insert(shown.id, shown.clone());
        if before.as_ref() == Some(&shown) {
            return;
        }
        let status = model_status(shown.state);
        let events = &self.world().events;
        if before.map(|before| model_status(before.state)) != Some(status) {
            let (model, error) = (shown.name.clone(), shown.error.clone());
            events.emit(Event::ModelStatus { model, status, error });
        }
        events.emit(Event::DownloadProgress(shown));
    }

    /// Tells figures of a download that works here.
    pub(super) fn tell_figures(&self, download: Download) {
        self.held().told.insert(download.id, download.clone());
        self.world().events.emit(Event::DownloadProgress(download));
    }
}
