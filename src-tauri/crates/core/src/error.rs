use serde::{Deserialize, Serialize};

/// What kind of failure this is. Closed and small: a code exists only where the window or the
/// command line behaves differently for it. The exit code of the command line is
/// [`Code::exit_code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum Code {
    /// A defect of ours.
    Internal,
    /// A file, a value or an option that cannot be used as it is.
    BadInput,
    /// A prompt template that is unclosed or names no column.
    BadTemplate,
    /// A recipe file that cannot be read.
    BadRecipe,
    /// No such sheet, column, run or file.
    NotFound,
    /// The thing is in use or already exists.
    Conflict,
    /// The model file is not there.
    ModelMissing,
    /// The model file cannot be loaded.
    ModelBroken,
    /// The prompt does not fit into the model's context.
    ContextLength,
    /// The engine failed while generating.
    EngineFailed,
    /// The answer is not of the column's output type.
    OutputInvalid,
    /// The provider asks to slow down.
    RateLimited,
    /// The disk is full.
    DiskFull,
    /// The disk or the database refused.
    Storage,
    /// The provider's key is missing or was refused.
    KeyRefused,
    /// The provider wants to be paid first.
    NoCredit,
    /// The provider cannot be reached.
    Unreachable,
    /// The provider will not answer this.
    Refused,
    /// The sheet or the settings allow nothing that leaves this machine.
    LocalOnly,
    /// A limit that a person set for the run is reached.
    LimitReached,
    /// Stopped by the user.
    Cancelled,
}

impl Code {
    /// All codes, for tables that must be total.
    pub const ALL: [Self; 21] = [
        Self::Internal,
        Self::BadInput,
        Self::BadTemplate,
        Self::BadRecipe,
        Self::NotFound,
        Self::Conflict,
        Self::ModelMissing,
        Self::ModelBroken,
        Self::ContextLength,
        Self::EngineFailed,
        Self::OutputInvalid,
        Self::RateLimited,
        Self::DiskFull,
        Self::Storage,
        Self::KeyRefused,
        Self::NoCredit,
        Self::Unreachable,
        Self::Refused,
        Self::LocalOnly,
        Self::LimitReached,
        Self::Cancelled,
    ];

    /// The stable word used in the cell log and in `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::BadInput => "bad_input",
            Self::BadTemplate => "bad_template",
            Self::BadRecipe => "bad_recipe",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::ModelMissing => "model_missing",
            Self::ModelBroken => "model_broken",
            Self::ContextLength => "context_length",
            Self::EngineFailed => "engine_failed",
            Self::OutputInvalid => "output_invalid",
            Self::RateLimited => "rate_limited",
            Self::DiskFull => "disk_full",
            Self::Storage => "storage",
            Self::KeyRefused => "key_refused",
            Self::NoCredit => "no_credit",
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::LocalOnly => "local_only",
            Self::LimitReached => "limit_reached",
            Self::Cancelled => "cancelled",
        }
    }

    /// The inverse of [`Code::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == word)
    }

    /// The exit code of the command line, as documented in `docs/cli.md`. 0 is success, 2 is
    /// wrong usage (clap), 3 is "finished, but some cells failed".
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Internal => 1,
            Self::BadInput | Self::BadTemplate | Self::BadRecipe => 4,
            Self::ModelMissing | Self::ModelBroken => 5,
            Self::NotFound | Self::Conflict => 6,
            Self::DiskFull | Self::Storage => 7,
            Self::ContextLength | Self::EngineFailed | Self::OutputInvalid | Self::RateLimited => 8,
            Self::KeyRefused
            | Self::NoCredit
            | Self::Unreachable
            | Self::Refused
            | Self::LocalOnly
            | Self::LimitReached => 9,
            Self::Cancelled => 130,
        }
    }
}

/// An error as a person meets it: what happened in one line, and what to try.
///
/// Each crate has its own error enum inside; this is the one shape that crosses to the window,
/// the command line and the cell log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct AppError {
    /// What kind of failure.
    pub code: Code,
    /// What was attempted and what happened, one line, no full stop.
    pub message: String,
    /// What to try next.
    pub hint: Option<String>,
}

impl AppError {
    /// An error without a hint.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    /// Adds what to try.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_survives_a_round_trip_as_a_word() {
        for code in Code::ALL {
            assert_eq!(Code::parse(code.as_str()), Some(code));
            assert_eq!(
                serde_json::to_value(code).unwrap(),
                code.as_str(),
                "serde and as_str must name {code:?} alike"
            );
        }
    }

    #[test]
    fn no_error_exits_with_a_code_that_means_something_else() {
        for code in Code::ALL {
            assert!(![0, 2, 3].contains(&code.exit_code()), "{code:?}");
        }
    }
}
