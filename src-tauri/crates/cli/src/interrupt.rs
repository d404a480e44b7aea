//! Ctrl-C and SIGTERM. The first asks the work to stop and keep what is done, the second ends the
//! process at once, and so does the clock if the work does not stop in time.

use std::io;
use std::time::Duration;

use tokio::sync::watch;

/// A little under the promised second, for what comes after it: the message, the exit.
const PATIENCE: Duration = Duration::from_millis(850);

/// How often a signal came. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Interrupt {
    count: watch::Receiver<u32>,
}

impl Interrupt {
    /// Begins to listen; from here on a signal no longer ends the process by itself.
    pub fn listen() -> io::Result<Self> {
        let (sender, count) = watch::channel(0);
        let mut signals = Signals::new()?;
        tokio::spawn(async move {
            while signals.next().await {
                sender.send_modify(|count| *count += 1);
            }
        });
        Ok(Self { count })
    }

    /// Whether a signal came.
    pub fn is_pressed(&self) -> bool {
        *self.count.borrow() > 0
    }

    /// Waits for the first signal.
    pub async fn pressed(&self) {
        self.reached(1).await;
    }

    /// Waits until the process must end, whatever it is doing: a second signal, or the end of
    /// patience after the first.
    pub async fn must_end(&self) {
        self.pressed().await;
        tokio::select! {
            () = self.reached(2) => {}
            () = tokio::time::sleep(PATIENCE) => {}
        }
    }

    async fn reached(&self, least: u32) {
        let mut count = self.count.clone();
        if count.wait_for(|count| *count >= least).await.is_err() {
            // The listener is gone, so no signal will ever come.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Whether another signal came; false when none ever will.
    async fn next(&mut self) -> bool {
        tokio::select! {
            signal = self.interrupt.recv() => signal.is_some(),
            signal = self.terminate.recv() => signal.is_some(),
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "the same signature as on Unix")]
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> bool {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
