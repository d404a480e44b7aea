//! Threads with names for what waits for the disk or keeps a core busy.

use std::path::Path;

use tokio::sync::oneshot;

use super::FetchError;

/// Runs something on a thread of its own and hands over what comes out.
///
/// Not tokio's own pool: its threads have no names, and how many there are is not ours to say.
pub(super) fn start<T: Send + 'static>(
    name: &str,
    about: &Path,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<oneshot::Receiver<T>, FetchError> {
    let (done, outcome) = oneshot::channel();
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        // Nobody listens any more when the download was dropped.
        drop(done.send(work()));
    });
    match thread {
        Ok(_detached) => Ok(outcome),
        Err(error) => Err(FetchError::io("processed", about, &error)),
    }
}

/// What came out of a thread of [`start`].
pub(super) async fn outcome<T>(thread: oneshot::Receiver<T>) -> T {
    thread.await.expect("a thread of a download does not panic")
}
