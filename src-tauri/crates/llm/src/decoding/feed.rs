//! From the stream of a batch to the thread of an engine.

use std::sync::mpsc::SyncSender;

use futures::future::{Either, select};
use futures::stream::StreamExt;
use tokio::sync::mpsc;

use super::prepare::Preparer;
use super::row::Row;
use crate::{BatchEvent, BatchEventKind, RequestStream};

/// Events a caller may be behind, those that rows in work are still to tell included: a start and
/// an end of each.
pub const EVENT_ROOM: usize = 4096;

/// Prepares requests and hands them on until they end or nobody waits for their events. Waits
/// while the engine has as many as it takes, or the caller takes no events; a request that cannot be prepared fails at once.
pub async fn feed(
    mut requests: RequestStream,
    preparer: &Preparer,
    inbound: &SyncSender<Row>,
    events: &mpsc::Sender<BatchEvent>,
) {
    loop {
        let next = {
            let closed = std::pin::pin!(events.closed());
            match select(requests.next(), closed).await {
                Either::Left((next, _)) => next,
                Either::Right(_) => return,
            }
        };
        let Some((id, request)) = next else { return };
        match preparer.prepare(request) {
            Ok(ready) => {
                let Some(row) = Row::new(id, events, ready).await else { return };
                // If the engine's thread is gone, dropping the row says so.
                drop(inbound.send(row));
            }
            Err(error) => {
                let failed = BatchEvent { id, kind: BatchEventKind::Failed(error) };
                if events.send(failed).await.is_err() {
                    return;
                }
            }
        }
    }
}
