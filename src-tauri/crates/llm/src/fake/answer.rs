use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::LLMError;

/// What a [`FakeEngine`](super::FakeEngine) does with one request.
#[derive(Clone, Debug)]
pub enum FakeAnswer {
    /// Answers in one piece.
    Text(String),
    /// Answers piece by piece; without streaming, all of it at once.
    Chunks(Vec<String>),
    /// Fails.
    Fail(LLMError),
    /// Streams these pieces, then fails; without streaming, only fails.
    FailAfter {
        /// The pieces.
        chunks: Vec<String>,
        /// The failure.
        error: LLMError,
    },
    /// Waits at a gate, then does what `then` says.
    Hold {
        /// The gate.
        gate: FakeGate,
        /// What follows.
        then: Box<FakeAnswer>,
    },
    /// Waits on tokio's clock, then does what `then` says.
    Delay {
        /// How long, in milliseconds.
        delay_ms: u64,
        /// What follows.
        then: Box<FakeAnswer>,
    },
}

/// An answer that waits for nothing more.
pub(super) struct ReadyAnswer {
    pub(super) pieces: Vec<String>,
    pub(super) error: Option<LLMError>,
}

impl FakeAnswer {
    /// Answers in one piece.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The same, `delay_ms` milliseconds later.
    #[must_use]
    pub fn after_ms(self, delay_ms: u64) -> Self {
        Self::Delay { delay_ms, then: Box::new(self) }
    }

    /// The same, once `gate` lets it through.
    #[must_use]
    pub fn held_by(self, gate: &FakeGate) -> Self {
        Self::Hold { gate: gate.clone(), then: Box::new(self) }
    }

    /// Waits as told; gives the answer and the milliseconds of its delays. Time at gates is not
    /// counted, so that figures do not depend on the machine.
    pub(super) async fn wait(self) -> (ReadyAnswer, u64) {
        let mut answer = self;
        let mut waited_ms = 0_u64;
        loop {
            let (pieces, error) = match answer {
                Self::Hold { gate, then } => {
                    gate.pass().await;
                    answer = *then;
                    continue;
                }
                Self::Delay { delay_ms, then } => {
                    tokio::time::sleep(Duration::from_millis(delay_ms)).await;
                    waited_ms = waited_ms.saturating_add(delay_ms);
                    answer = *then;
                    continue;
                }
                Self::Text(text) => (vec![text], None),
                Self::Chunks(chunks) => (chunks, None),
                Self::Fail(error) => (Vec::new(), Some(error)),
                Self::FailAfter { chunks, error } => (chunks, Some(error)),
            };
            return (ReadyAnswer { pieces, error }, waited_ms);
        }
    }
}

/// Holds answers back until a test lets them go. Clones are the same gate.
#[derive(Clone)]
pub struct FakeGate(Arc<Semaphore>);

impl FakeGate {
    /// A closed gate.
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    /// Lets `count` answers through, those that come later included.
    pub fn release(&self, count: usize) {
        self.0.add_permits(count);
    }

    /// Lets every answer through from now on.
    pub fn open(&self) {
        self.0.close();
    }

    async fn pass(&self) {
        // A closed semaphore is an open gate.
        if let Ok(permit) = self.0.acquire().await {
            permit.forget();
        }
    }
}

impl Default for FakeGate {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FakeGate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FakeGate")
            .field("open", &self.0.is_closed())
            .field("may_pass", &self.0.available_permits())
            .finish()
    }
}
