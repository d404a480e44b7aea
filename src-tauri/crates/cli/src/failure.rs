//! How a verb ends.

use std::io;

use braincells_core::{AppError, Code};

/// Why a verb could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Something is wrong that a person should read about.
    #[error(transparent)]
    App(#[from] AppError),
    /// Whoever read our output has gone, as `head` does. Not worth a word.
    #[error("nobody reads the output any more")]
    OutputClosed,
}

impl From<io::Error> for Failure {
    /// For failures of stdout only; other files are named in their error.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self::OutputClosed;
        }
        let code =
            if error.kind() == io::ErrorKind::StorageFull { Code::DiskFull } else { Code::Storage };
        Self::App(AppError::new(code, format!("stdout cannot be written: {error}")))
    }
}

/// How a verb that did what it was asked ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Everything is as wished.
    Complete,
    /// There are failed cells.
    SomeCellsFailed,
}

/// The exit code for an ending, as documented in `docs/cli.md`.
pub fn exit_code(result: &Result<Ending, Failure>) -> u8 {
    match result {
        Ok(Ending::Complete) | Err(Failure::OutputClosed) => 0,
        Ok(Ending::SomeCellsFailed) => 3,
        Err(Failure::App(error)) => error.code.exit_code(),
    }
}

/// The error for work that a signal stopped. `kept` says what became of what was done.
pub fn stopped(kept: impl Into<String>, hint: impl Into<String>) -> AppError {
    AppError::new(Code::Cancelled, kept).with_hint(hint)
}
