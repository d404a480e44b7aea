//! What is decided about downloads: what a wish means where a download stands, what a failure leads
//! to, and which download works next. Nothing here does any of it.

use std::cmp::Reverse;
use std::time::Duration;

use braincells_core::{DownloadId, DownloadState};

/// How many downloads work at once, in one process.
pub(super) const AT_ONCE: usize = 2;

/// How long a download waits before it is tried again by itself: once for each.
pub(super) const DELAYS: [Duration; 3] =
    [Duration::from_secs(2), Duration::from_secs(8), Duration::from_secs(30)];

/// The longest that a download waits because the hub says so.
const LONGEST_DELAY: Duration = Duration::from_hours(1);

/// An attempt that brought so much counts as a new beginning: on a long way a connection may break
/// any number of times, as long as it goes on in between. It is one block: nothing of it is
/// fetched twice.
pub(super) const FAR_BYTES: u64 = 8 << 20;

/// What a person wants of a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Pause,
    Resume,
    Cancel,
    /// To take it out of the list.
    Clear,
}

impl Wish {
    /// The word for messages.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Pause => "paused",
            Self::Resume => "resumed",
            Self::Cancel => "cancelled",
            Self::Clear => "taken out of the list",
        }
    }
}

/// What a wish comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is so already.
    Already,
    /// It is to stand here, as if nothing had failed.
    Move(DownloadState),
    /// It is over, or has nothing to stop.
    Refused,
}

/// What a wish means for a download that stands here. To take it out of the list changes no state.
pub(super) fn answer(wish: Wish, state: DownloadState) -> Answer {
    use DownloadState::{Cancelled, Done, Failed, Paused, Queued, Running, Verifying, Waiting};
    match (wish, state) {
        (Wish::Pause, Queued | Running | Verifying | Waiting) => Answer::Move(Paused),
        (Wish::Resume, Paused | Failed | Waiting) => Answer::Move(Queued),
        (Wish::Cancel, Queued | Running | Verifying | Waiting | Paused | Failed) => {
            Answer::Move(Cancelled)
        }
        (Wish::Pause, Paused)
        | (Wish::Resume, Queued | Running | Verifying)
        | (Wish::Cancel, Cancelled)
        | (Wish::Clear, Done | Cancelled) => Answer::Already,
        (Wish::Pause, Failed | Done | Cancelled)
        | (Wish::Resume, Done | Cancelled)
        | (Wish::Cancel, Done)
        | (Wish::Clear, Queued | Running | Verifying | Waiting | Paused | Failed) => {
            Answer::Refused
        }
    }
}

/// What is to be known about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// Whether the same may go well another time.
    pub(super) is_retriable: bool,
    /// How long the hub asks to wait.
    pub(super) after: Option<Duration>,
    /// How much the attempt brought.
    pub(super) bytes: u64,
}

/// What a failure leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It is tried again by itself.
    Wait {
        /// How often it was, then.
        retries: u32,
        /// How long from now.
        delay: Duration,
    },
    /// A person has to try it again.
    GiveUp {
        /// How often it was tried again by itself.
        retries: u32,
    },
}

/// What becomes of a download that was tried again so often and failed now.
pub(super) fn after_failure(failure: Failure, retries: u32) -> Next {
    let before = if failure.bytes >= FAR_BYTES { 0 } else { retries };
    let delay = DELAYS.get(before as usize).copied();
    match delay.filter(|_| failure.is_retriable) {
        Some(delay) => {
            let asked = failure.after.unwrap_or_default().min(LONGEST_DELAY);
            Next::Wait { retries: before + 1, delay: delay.max(asked) }
        }
        None => Next::GiveUp { retries },
    }
}

/// How long a download that an earlier process left waiting still waits. A clock that was set back
/// meanwhile does not make it wait for ever.
pub(super) fn rest_of_wait(retry_at_ms: Option<i64>, now_ms: i64) -> Duration {
    let left_ms = retry_at_ms.map_or(0, |at| at.saturating_sub(now_ms)).max(0);
    Duration::from_millis(left_ms.unsigned_abs()).min(LONGEST_DELAY)
}

/// A download as this process sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Place {
    pub(super) id: DownloadId,
    pub(super) state: DownloadState,
    /// Whether this process may work on it, and no other.
    pub(super) is_claimed: bool,
    /// Whether this process works on it now.
    pub(super) is_at_work: bool,
    /// Whether it need not wait any longer.
    pub(super) is_due: bool,
    /// Whether somebody asked for it in this process.
    pub(super) is_asked_here: bool,
}

/// What is to be done with a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Try to become the one that works on it.
    Claim,
    /// Begin to work.
    Start,
    /// Stop the work: the row says that nobody wants it now.
    Stop,
    /// Give the claim back, there is nothing to do.
    LetGo,
}

/// What is to be done now. `adopts` is whether downloads of dead processes are taken up. At most
/// `most` work at once; what was asked for here goes before what was found, then the older first.
pub(super) fn plan(places: &[Place], adopts: bool, most: usize) -> Vec<(DownloadId, Act)> {
    let mut acts = Vec::new();
    let mut ready = Vec::new();
    let mut working = 0;
    for place in places {
        let is_running = matches!(place.state, DownloadState::Running | DownloadState::Verifying);
        if place.is_at_work {
            working += 1;
            if !is_running {
                acts.push((place.id, Act::Stop));
            }
        } else if !place.state.is_active() {
            // What was asked for here may have come in another process.
            if place.is_claimed || place.is_asked_here {
                acts.push((place.id, Act::LetGo));
            }
        } else if !place.is_claimed {
            if adopts || place.is_asked_here {
                acts.push((place.id, Act::Claim));
            }
        } else if place.is_due {
            ready.push(place);
        }
    }
    ready.sort_by_key(|place| (Reverse(place.is_asked_here), place.id));
    let free = most.saturating_sub(working);
    acts.extend(ready.into_iter().take(free).map(|place| (place.id, Act::Start)));
    acts
}

#[cfg(test)]
mod tests;
