//! When MLX could not compute something: what that was is not known, so each row that was part of it
//! is computed once more, alone and from its first token on. Only what fails alone fails.

use std::time::Instant;

use braincells_llm::LLMError;
use braincells_llm::decoding::Token;
use braincells_llm::decoding::row::{ActiveRow, Row};

use super::{Actor, give_back_memory};
use crate::MlxError;
use crate::native::batch::{self, Extended};

/// A row of a call that failed.
pub(super) enum Suspect {
    /// Its prompt was not computed yet.
    New(Box<Row>),
    /// A part of its answer is there, and its caller may have seen it: it goes on where it was.
    Begun(Box<ActiveRow>),
}

impl Suspect {
    pub fn new(row: Row) -> Self {
        Self::New(Box::new(row))
    }

    /// Whether nobody waits for it any more.
    pub fn is_cancelled(&self) -> bool {
        match self {
            Self::New(row) => row.is_cancelled(),
            Self::Begun(row) => row.row.is_cancelled(),
        }
    }

    /// What its keys and values are computed of.
    fn tokens(&self) -> Vec<Token> {
        match self {
            Self::New(row) => row.prepared.tokens.clone(),
            Self::Begun(row) => row.held_tokens().collect(),
        }
    }

    fn fail(self, error: &MlxError) {
        let row = match self {
            Self::New(row) => *row,
            Self::Begun(row) => row.into_row(),
        };
        row.fail(LLMError::InferenceFailed { reason: error.to_string() });
    }
}

impl Actor {
    /// Puts back what was being computed, and forgets all keys and values: they may be damaged.
    pub(super) fn recover(&mut self, error: &MlxError) {
        self.cache = self.decoder.cache(0);
        self.kept.clear();
        give_back_memory();
        let (ended, active): (Vec<_>, Vec<_>) =
            self.active.drain(..).partition(|row| row.ended.is_some());
        for row in ended {
            self.finish(row);
        }
        let was_alone = std::mem::replace(&mut self.is_alone, false);
        if !was_alone {
            tracing::warn!(%error, "rows are computed once more, one by one");
        }
        for row in active {
            let suspect = if row.is_settled() {
                Suspect::Begun(Box::new(row))
            } else {
                Suspect::new(row.into_row())
            };
            if was_alone { suspect.fail(error) } else { self.suspects.push_back(suspect) }
        }
    }

    /// Takes on one row of a call that failed.
    pub(super) fn take_suspect(&mut self) -> Result<(), MlxError> {
        let Some(suspect) = self.suspects.pop_front() else { return Ok(()) };
        let (tokens, began) = (suspect.tokens(), Instant::now());
        let goes_on = match &suspect {
            Suspect::New(row) => self.goes_on([&**row]),
            Suspect::Begun(row) => self.goes_on([&row.row]),
        };
        let empty = self.decoder.cache(1);
        let (cache, logits) =
            match batch::extend(&self.decoder, &empty, &[0], 0, &[&tokens], goes_on) {
                Ok(Extended::Done(cache, logits)) => (cache, logits),
                Ok(Extended::Stopped) => return Ok(()),
                Err(error) => {
                    suspect.fail(&error);
                    return Ok(());
                }
            };
        self.count(began, |figures, seconds| {
            figures.prompt_seconds += seconds;
            figures.prompt_tokens += tokens.len() as u64;
        });
        let row = match suspect {
            Suspect::New(row) => {
                let mut row = ActiveRow::new(*row, 0, 0);
                row.take(&logits[0], &*self.words);
                row
            }
            Suspect::Begun(row) => *row,
        };
        (self.cache, self.is_alone) = (cache, true);
        self.active.push(row);
        self.settle()
    }
}
