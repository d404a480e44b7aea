use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use duckdb::Connection;

use crate::DataError;

/// How often a running statement looks at the wish to stop.
const WATCH_EVERY: Duration = Duration::from_millis(20);

/// Runs statements of one connection, and interrupts them soon after `cancelled` is set: the
/// result is then [`DataError::Cancelled`], whatever the work said.
pub(crate) fn interruptible<T>(
    connection: &Connection,
    cancelled: &AtomicBool,
    work: impl FnOnce(&Connection) -> Result<T, DataError>,
) -> Result<T, DataError> {
    if cancelled.load(Ordering::Relaxed) {
        return Err(DataError::Cancelled);
    }
    let interrupt = connection.interrupt_handle();
    thread::scope(|scope| {
        // Nothing is ever sent: that the work is over shows by the sender being gone.
        let (working, ended) = sync_channel::<()>(1);
        let watch = move || {
            while ended.recv_timeout(WATCH_EVERY) == Err(RecvTimeoutError::Timeout) {
                // More than once, because the work may be between two statements.
                if cancelled.load(Ordering::Relaxed) {
                    interrupt.interrupt();
                }
            }
        };
        let spawned = thread::Builder::new().name("query-watch".to_owned());
        spawned.spawn_scoped(scope, watch).map_err(|error| {
            DataError::database("watch a statement", &format!("no thread could be made: {error}"))
        })?;
        let result = work(connection);
        drop(working);
        match result {
            Err(_) if cancelled.load(Ordering::Relaxed) => Err(DataError::Cancelled),
            result => result,
        }
    })
}
