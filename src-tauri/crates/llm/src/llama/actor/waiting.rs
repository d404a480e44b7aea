//! What waits for a place in the engine's memory.

use tokio::sync::mpsc::Sender;

use super::super::ffi::Token;
use super::super::row::{ActiveRow, Row};
use super::sequences::Need;
use crate::BatchEvent;

/// A row without a sequence.
pub enum Waiting {
    /// Not begun, or begun in vain.
    New(Box<Row>),
    /// It lost its place to older rows in the middle of its answer, and goes on where it was.
    Interrupted(Box<ActiveRow>),
}

impl Waiting {
    fn row(&self) -> &Row {
        match self {
            Self::New(row) => row,
            Self::Interrupted(active) => &active.row,
        }
    }

    /// The row alone, without what it has of its answer.
    pub fn into_row(self) -> Row {
        match self {
            Self::New(row) => *row,
            Self::Interrupted(active) => active.into_row(),
        }
    }

    /// Its prompt.
    pub fn prompt(&self) -> &[Token] {
        &self.row().prepared.tokens
    }

    /// What it needs.
    pub fn need(&self) -> Need {
        Need::of(&self.row().prepared)
    }

    /// Whether nobody waits for it any more.
    pub fn is_cancelled(&self) -> bool {
        self.row().is_cancelled()
    }

    /// The way back to its caller.
    pub fn events(&self) -> Sender<BatchEvent> {
        self.row().events()
    }
}
