//! What is shown of downloads: all that are waited for, as one.

use std::collections::BTreeMap;
use std::time::Duration;

use braincells_core::{Download, DownloadId, DownloadState};
use indicatif::{FormattedDuration, HumanBytes};

/// The downloads that somebody waits for, as they were told last.
#[derive(Debug, Default)]
pub struct Followed(BTreeMap<DownloadId, Option<Download>>);

impl Followed {
    /// Those with these numbers.
    pub fn new(ids: &[DownloadId]) -> Self {
        Self(ids.iter().map(|id| (*id, None)).collect())
    }

    /// Takes news in; `false` if nobody waits for this one.
    pub fn take_in(&mut self, download: &Download) -> bool {
        let Some(known) = self.0.get_mut(&download.id) else { return false };
        *known = Some(download.clone());
        true
    }

    /// Bytes that are there, and bytes there are.
    pub fn bytes(&self) -> (u64, u64) {
        let add = |(done, total): (u64, u64), one: &Download| {
            (done + one.bytes_done, total + one.bytes_total)
        };
        self.0.values().flatten().fold((0, 0), add)
    }

    /// What they are called: the one name, or how many there are.
    pub fn title(&self) -> String {
        let mut known = self.0.values().flatten();
        match (known.next(), self.0.len()) {
            (Some(only), 1) => {
                let name = only.name.rsplit('/').next().unwrap_or_default();
                crate::text::cut(name, 40)
            }
            (_, count) => format!("{count} models"),
        }
    }

    /// Rate and time left; where nothing arrives, why.
    pub fn text(&self) -> String {
        let known = || self.0.values().flatten();
        let rate: u64 = known().filter_map(|one| one.bytes_per_second).sum();
        if rate > 0 {
            let (done, total) = self.bytes();
            let left = Duration::from_secs(total.saturating_sub(done).div_ceil(rate));
            return format!("{}/s, {} left", HumanBytes(rate), FormattedDuration(left));
        }
        let in_state = |state| known().find(|one| one.state == state);
        if in_state(DownloadState::Verifying).is_some() {
            return "checking".to_owned();
        }
        if let Some(waiting) = in_state(DownloadState::Waiting) {
            let why = waiting.error.as_ref().map_or("it failed", |error| error.message.as_str());
            return format!("is tried again: {}", crate::text::cut(why, 60));
        }
        if known().any(|one| one.elsewhere) {
            return "in another process".to_owned();
        }
        if in_state(DownloadState::Running).is_some() {
            return "nothing arrives".to_owned();
        }
        "waiting for its turn".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use braincells_core::{AppError, Code};

    use super::*;

    fn download(id: i64, state: DownloadState, rate: Option<u64>) -> Download {
        Download {
            id: DownloadId(id),
            name: "o--m/m-Q4_K_M.gguf".to_owned(),
            repository: "o/m".to_owned(),
            revision: "c".to_owned(),
            label: None,
            state,
            files: 1,
            bytes_done: 1 << 20,
            bytes_total: 5 << 20,
            bytes_per_second: rate,
            seconds_left: None,
            retries: 0,
            retry_at_ms: None,
            error: None,
            elsewhere: false,
            added_at_ms: 0,
        }
    }

    #[test]
    fn one_download_shows_its_rate_or_why_there_is_none() {
        let mut followed = Followed::new(&[DownloadId(1)]);
        assert!(!followed.take_in(&download(2, DownloadState::Running, None)));
        let waiting = Download {
            error: Some(AppError::new(Code::Unreachable, "the hub is gone")),
            ..download(1, DownloadState::Waiting, None)
        };
        for (told, text) in [
            (download(1, DownloadState::Queued, None), "waiting for its turn"),
            (download(1, DownloadState::Running, Some(0)), "nothing arrives"),
            (download(1, DownloadState::Running, Some(1 << 20)), "1.00 MiB/s, 00:00:04 left"),
            (download(1, DownloadState::Verifying, None), "checking"),
            (waiting, "is tried again: the hub is gone"),
        ] {
            assert!(followed.take_in(&told));
            assert_eq!(followed.text(), text);
        }
        assert_eq!(followed.title(), "m-Q4_K_M.gguf");
        assert_eq!(followed.bytes(), (1 << 20, 5 << 20));
    }

    #[test]
    fn several_are_shown_as_one() {
        let mut followed = Followed::new(&[DownloadId(1), DownloadId(2)]);
        assert!(followed.take_in(&download(1, DownloadState::Running, Some(1 << 20))));
        assert!(followed.take_in(&download(2, DownloadState::Running, Some(1 << 20))));
        assert_eq!(followed.title(), "2 models");
        assert_eq!(followed.text(), "2.00 MiB/s, 00:00:04 left");
    }
}
