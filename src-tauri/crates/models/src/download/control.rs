//! How a download is stopped from outside, and how its threads learn that nobody waits any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

/// Stops a download: a clone is kept by whoever may want to.
///
/// Stopped means ended within a second, wherever it is, with all that had arrived on the disk.
/// A control that was stopped stays so; the next attempt takes a new one.
#[derive(Clone, Debug)]
pub struct Control {
    stopped: Arc<watch::Sender<bool>>,
}

impl Default for Control {
    fn default() -> Self {
        Self::new()
    }
}

impl Control {
    /// One that nobody has stopped.
    pub fn new() -> Self {
        Self { stopped: Arc::new(watch::Sender::new(false)) }
    }

    /// Ends the download with [`super::FetchError::Stopped`].
    pub fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Whether somebody has.
    pub fn is_stopped(&self) -> bool {
        *self.stopped.borrow()
    }

    /// Waits until somebody does.
    pub async fn stopped(&self) {
        // The sender is ours, so it outlives the wait.
        drop(self.stopped.subscribe().wait_for(|stopped| *stopped).await);
    }
}

/// What a thread asks between two pieces of work: is there still somebody who wants it done?
#[derive(Clone, Debug)]
pub(super) struct Leash {
    control: Control,
    let_go: Arc<AtomicBool>,
}

impl Leash {
    /// A leash, and the hand that holds it: threads stop when the hand is dropped, as it is with
    /// the future of the download.
    pub(super) fn new(control: Control) -> (Self, Hand) {
        let let_go = Arc::new(AtomicBool::new(false));
        (Self { control, let_go: Arc::clone(&let_go) }, Hand { let_go })
    }

    pub(super) fn control(&self) -> &Control {
        &self.control
    }

    pub(super) fn is_over(&self) -> bool {
        self.control.is_stopped() || self.let_go.load(Ordering::Relaxed)
    }
}

/// Held by the future of the download.
#[derive(Debug)]
pub(super) struct Hand {
    let_go: Arc<AtomicBool>,
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.let_go.store(true, Ordering::Relaxed);
    }
}
