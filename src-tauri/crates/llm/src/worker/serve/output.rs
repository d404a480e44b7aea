use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use crate::worker::protocol::{FrameError, FromWorker, write_frame};

/// The way to the parent. Frames of several threads never mix.
pub struct Output(Mutex<Box<dyn Write + Send>>);

impl Output {
    pub fn new(to: impl Write + Send + 'static) -> Self {
        Self(Mutex::new(Box::new(to)))
    }

    /// Sends a frame. The parent reads whatever happens, so this does not take long.
    pub fn send(&self, frame: &FromWorker) {
        let mut to = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = write_frame(&mut *to, frame);
        // The parent would wait for what cannot be told. If it is gone, whoever reads sees that.
        if let Err(error @ (FrameError::TooLong { .. } | FrameError::Garbled(_))) = sent {
            let reason = format!("it cannot tell what it has to ({error})");
            drop(write_frame(&mut *to, &FromWorker::Fatal { reason }));
        }
    }

    /// A guard for a thread or a task that the parent waits for: it is told about a panic there.
    pub fn tell_of_panic(self: &Arc<Self>) -> TellOfPanic {
        TellOfPanic(Arc::clone(self))
    }
}

/// See [`Output::tell_of_panic`].
pub struct TellOfPanic(Arc<Output>);

impl Drop for TellOfPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.send(&FromWorker::Fatal { reason: "it met a defect".to_owned() });
        }
    }
}
