//! Frames on their way to the child. Control goes first.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::protocol::{BatchId, FrameError, ToWorker, encode};

/// Filled by whoever has something to say, emptied by one thread that writes. Never waits for the
/// child; what is in it is bounded by the requests that a batch may have open.
#[derive(Default)]
pub struct Outbox {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    control: VecDeque<Vec<u8>>,
    work: VecDeque<(BatchId, Vec<u8>)>,
    closed: bool,
}

impl Outbox {
    /// Sends a frame before all work that waits.
    pub fn control(&self, frame: &ToWorker) -> Result<(), FrameError> {
        let bytes = encode(frame)?;
        self.queue().control.push_back(bytes);
        self.changed.notify_one();
        Ok(())
    }

    /// Sends a frame of a batch, in order.
    pub fn work(&self, batch: BatchId, frame: &ToWorker) -> Result<(), FrameError> {
        let bytes = encode(frame)?;
        self.queue().work.push_back((batch, bytes));
        self.changed.notify_one();
        Ok(())
    }

    /// Forgets what waits for a batch and tells the child to do the same.
    pub fn cancel(&self, batch: BatchId) {
        self.queue().work.retain(|(of, _)| *of != batch);
        // A frame of two small numbers can be made.
        drop(self.control(&ToWorker::Cancel { batch }));
    }

    /// Ends [`Outbox::write_to`]; what is left is not sent.
    pub fn close(&self) {
        self.queue().closed = true;
        self.changed.notify_one();
    }

    /// Writes what comes until the outbox is closed or the child takes no more.
    pub fn write_to(&self, mut child: impl Write) {
        while let Some(bytes) = self.next() {
            if child.write_all(&bytes).and_then(|()| child.flush()).is_err() {
                // Whoever reads from the child sees how it ended.
                return;
            }
        }
    }

    fn next(&self) -> Option<Vec<u8>> {
        let mut queue = self.queue();
        loop {
            if queue.closed {
                return None;
            }
            if let Some(bytes) = queue.control.pop_front() {
                return Some(bytes);
            }
            if let Some((_, bytes)) = queue.work.pop_front() {
                return Some(bytes);
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::protocol::read_frame;

    #[test]
    fn control_overtakes_work_and_a_cancelled_batch_sends_nothing_more() {
        let outbox = Outbox::default();
        let (one, two) = (BatchId(1), BatchId(2));
        for batch in [one, two] {
            outbox.work(batch, &ToWorker::EndBatch { batch }).unwrap();
        }
        let credit = ToWorker::Credit { batch: two, events: 3 };
        outbox.control(&credit).unwrap();
        outbox.cancel(one);
        let sent: Vec<ToWorker> = (0..3)
            .map(|_| read_frame(&mut outbox.next().unwrap().as_slice()).unwrap().unwrap())
            .collect();
        let expected = [credit, ToWorker::Cancel { batch: one }, ToWorker::EndBatch { batch: two }];
        assert_eq!(sent, expected);
        outbox.work(two, &ToWorker::EndBatch { batch: two }).unwrap();
        outbox.close();
        assert_eq!(outbox.next(), None);
    }
}
