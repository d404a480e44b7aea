//! A download as it is shown, and the figures of one that works.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use braincells_core::{Download, DownloadState, ModelStatus};
use braincells_data::StoredDownload;
use braincells_models::download::Step;
use tokio::time::Instant;

use super::disk::bytes_there;

/// Figures are told at most so often; a state is told at once.
const TOLD_EVERY: Duration = Duration::from_millis(100);

/// A download as it is shown while nobody here works on it. Waits for the disk.
pub(super) fn shown(stored: &StoredDownload, models: &Path, is_elsewhere: bool) -> Download {
    let StoredDownload { id, wanted, standing, added_at_ms, .. } = stored;
    let bytes_total = wanted.files.iter().map(|file| file.bytes).sum();
    let bytes_done = match standing.state {
        DownloadState::Done => bytes_total,
        DownloadState::Cancelled => 0,
        _ => wanted.files.iter().map(|file| bytes_there(models, file)).sum(),
    };
    Download {
        id: *id,
        name: wanted.name.clone(),
        repository: wanted.repository.clone(),
        revision: wanted.revision.clone(),
        label: wanted.label.clone(),
        state: standing.state,
        files: u32::try_from(wanted.files.len()).unwrap_or(u32::MAX),
        bytes_done,
        bytes_total,
        bytes_per_second: None,
        seconds_left: None,
        retries: standing.retries,
        retry_at_ms: standing.retry_at_ms,
        error: standing.error.clone(),
        elsewhere: is_elsewhere && standing.state.is_active(),
        added_at_ms: *added_at_ms,
    }
}

/// Where the model of a download stands.
pub(crate) fn model_status(state: DownloadState) -> ModelStatus {
    match state {
        DownloadState::Queued
        | DownloadState::Running
        | DownloadState::Verifying
        | DownloadState::Waiting
        | DownloadState::Paused => ModelStatus::Downloading,
        DownloadState::Failed => ModelStatus::Failed,
        DownloadState::Done => ModelStatus::Downloaded,
        DownloadState::Cancelled => ModelStatus::Available,
    }
}

/// The figures of a download that works in this process.
#[derive(Debug)]
pub(super) struct Figures {
    now: Mutex<Now>,
}

#[derive(Debug)]
struct Now {
    download: Download,
    /// Bytes of the files before this one.
    before: u64,
    /// Bytes of this file that were there when this attempt began with it.
    begun_at: Option<u64>,
    /// Bytes that this attempt brought, the files before this one included.
    brought: u64,
    told_at: Option<Instant>,
    is_muted: bool,
}

impl Figures {
    pub(super) fn of(download: Download) -> Self {
        let before = download.bytes_done;
        let now =
            Now { download, before, begun_at: None, brought: 0, told_at: None, is_muted: false };
        Self { now: Mutex::new(now) }
    }

    /// The next file comes, and there are so many bytes of those that are whole.
    pub(super) fn next_file(&self, before: u64) {
        let mut now = self.lock();
        (now.before, now.begun_at) = (before, None);
    }

    /// Takes a step of the file that is being fetched in; what is to be told now, if anything.
    pub(super) fn take_in(&self, step: &Step, at: Instant) -> Option<Download> {
        let mut now = self.lock();
        if now.is_muted {
            return None;
        }
        let before = now.download.state;
        match *step {
            Step::Receiving { bytes_done, bytes_per_second, .. } => {
                let begun_at = *now.begun_at.get_or_insert(bytes_done);
                let earlier = now.download.bytes_done;
                let done = now.before.saturating_add(bytes_done).min(now.download.bytes_total);
                if bytes_done > begun_at {
                    now.brought += done.saturating_sub(earlier);
                }
                now.download.state = DownloadState::Running;
                now.download.bytes_done = done;
                now.download.bytes_per_second = Some(bytes_per_second);
                let left = now.download.bytes_total - done;
                now.download.seconds_left =
                    (bytes_per_second > 0).then(|| left.div_ceil(bytes_per_second));
            }
            Step::Verifying { .. } => {
                now.download.state = DownloadState::Verifying;
                now.download.bytes_per_second = None;
                now.download.seconds_left = None;
            }
        }
        let is_due = now.download.state != before
            || now.told_at.is_none_or(|told_at| at.duration_since(told_at) >= TOLD_EVERY);
        is_due.then(|| {
            now.told_at = Some(at);
            now.download.clone()
        })
    }

    /// Nothing is to be told any more: the work is to stop, and what comes until it has is late.
    pub(super) fn mute(&self) {
        self.lock().is_muted = true;
    }

    /// How much this attempt brought.
    pub(super) fn brought(&self) -> u64 {
        self.lock().brought
    }

    /// What is shown of a download whose row is this, with the figures of this moment.
    pub(super) fn over(&self, mut shown: Download) -> Download {
        let now = self.lock();
        if now.is_muted || !matches!(shown.state, DownloadState::Running | DownloadState::Verifying)
        {
            return shown;
        }
        shown.state = now.download.state;
        shown.bytes_done = now.download.bytes_done;
        shown.bytes_per_second = now.download.bytes_per_second;
        shown.seconds_left = now.download.seconds_left;
        shown
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        // Figures are figures, whoever panicked.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use braincells_core::DownloadId;
    use braincells_data::{DownloadFile, DownloadStanding, NewDownload};

    use super::*;

    fn stored(state: DownloadState) -> StoredDownload {
        let file = |target: &str, bytes, done| DownloadFile {
            path: target.to_owned(),
            target: target.to_owned(),
            bytes,
            sha256: None,
            git_sha1: None,
            done,
        };
        StoredDownload {
            id: DownloadId(1),
            wanted: NewDownload {
                name: "b".to_owned(),
                repository: "o/m".to_owned(),
                revision: "c".to_owned(),
                label: None,
                runtime: "gguf".to_owned(),
                files: vec![file("a", 400, true), file("b", 1000, false)],
            },
            standing: DownloadStanding::fresh(state),
            added_at_ms: 0,
            changed_at_ms: 0,
        }
    }

    fn receiving(bytes_done: u64, bytes_per_second: u64) -> Step {
        Step::Receiving { bytes_done, bytes_per_second, seconds_left: None }
    }

    #[test]
    fn what_is_there_counts_and_a_state_may_say_it_all() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), [0; 400]).unwrap();
        for (state, bytes) in [
            (DownloadState::Queued, 400),
            (DownloadState::Paused, 400),
            (DownloadState::Failed, 400),
            (DownloadState::Done, 1400),
            (DownloadState::Cancelled, 0),
        ] {
            let download = shown(&stored(state), folder.path(), true);
            assert_eq!((download.bytes_done, download.bytes_total), (bytes, 1400), "{state:?}");
            assert_eq!(download.elsewhere, state.is_active(), "{state:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn figures_are_told_ten_times_a_second_and_a_state_at_once() {
        let figures =
            Figures::of(shown(&stored(DownloadState::Running), "/nowhere".as_ref(), false));
        figures.next_file(400);
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let told: Vec<u64> = (0..1000)
            .filter_map(|ms| figures.take_in(&receiving(ms, 100), at(ms)))
            .map(|download| download.bytes_done)
            .collect();
        assert_eq!(told.len(), 10);
        assert_eq!(told[..2], [400, 500]);
        assert_eq!(figures.brought(), 999);
        let last = figures.take_in(&receiving(1000, 10), at(1100)).unwrap();
        assert_eq!((last.bytes_done, last.seconds_left), (1400, Some(0)));
        let verifying = figures.take_in(&Step::Verifying { bytes_done: 1 }, at(1101)).unwrap();
        assert_eq!(verifying.state, DownloadState::Verifying);
        assert_eq!((verifying.bytes_done, verifying.bytes_per_second), (1400, None));
        let row = shown(&stored(DownloadState::Running), "/nowhere".as_ref(), false);
        assert_eq!(figures.over(row.clone()).state, DownloadState::Verifying);
        let paused = Download { state: DownloadState::Paused, ..row.clone() };
        assert_eq!(figures.over(paused.clone()), paused, "the row knows better");
        figures.mute();
        assert_eq!(figures.take_in(&receiving(1000, 10), at(2000)), None);
        assert_eq!(figures.over(row.clone()), row);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_there_before_is_not_what_an_attempt_brought() {
        let figures =
            Figures::of(shown(&stored(DownloadState::Running), "/nowhere".as_ref(), false));
        figures.next_file(400);
        let now = Instant::now();
        figures.take_in(&receiving(700, 0), now);
        assert_eq!(figures.brought(), 0);
        figures.take_in(&receiving(900, 0), now);
        figures.take_in(&receiving(950, 0), now);
        assert_eq!(figures.brought(), 250);
    }
}
