use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The process that has a sheet open for writing, by its own account. Shown, never trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// Since when it has the sheet, Unix milliseconds.
    pub since_ms: i64,
}

/// Why a sheet can only be read: what is shown is a copy, made while another process had it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ReadOnly {
    /// Who has the sheet, where that is known.
    pub holder: Option<Holder>,
    /// When the copy was made, Unix milliseconds.
    pub copied_at_ms: i64,
}

/// What a person should know about how a sheet was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "notice")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum OpeningNotice {
    /// The log of the changes since the last save breaks off. What comes after that point was left
    /// out: as a rule only the change that was being written when the program ended.
    LogCutShort {
        /// The log as it was found.
        kept_in: PathBuf,
    },
    /// The changes since the last save could not be read, and were left out.
    ChangesLost {
        /// When the sheet was last saved, Unix milliseconds.
        saved_at_ms: Option<i64>,
        /// The log that holds them.
        kept_in: PathBuf,
        /// What was wrong with it.
        reason: String,
    },
    /// The sheet's file could not be read, and the last good copy took its place.
    CopyRestored {
        /// When the copy was made, Unix milliseconds.
        copied_at_ms: Option<i64>,
        /// Where the damaged file is, and its log if it had one; empty when the file was gone.
        kept_in: Vec<PathBuf>,
        /// What was wrong with it.
        reason: String,
    },
    /// Another process has the sheet; this one sees a copy and cannot change it.
    ReadOnly(ReadOnly),
}

impl OpeningNotice {
    /// One line for a person, no full stop. `moment` writes a time as the reader likes it.
    pub fn text(&self, moment: impl Fn(i64) -> String) -> String {
        let at =
            |time: &Option<i64>| time.map_or(String::new(), |ms| format!(" of {}", moment(ms)));
        match self {
            Self::LogCutShort { kept_in } => format!(
                "the log of the last changes breaks off; what follows, as a rule only the change \
                 that was being written when the program ended, was left out and is kept in `{}`",
                kept_in.display()
            ),
            Self::ChangesLost { saved_at_ms, kept_in, reason } => format!(
                "changes after the last save{} could not be read ({reason}); they are kept in `{}`",
                at(saved_at_ms),
                kept_in.display()
            ),
            Self::CopyRestored { copied_at_ms, kept_in, reason } => {
                let kept: Vec<String> =
                    kept_in.iter().map(|path| format!("`{}`", path.display())).collect();
                let kept = match kept.as_slice() {
                    [] => String::new(),
                    paths => format!("; the damaged file is kept in {}", paths.join(" and ")),
                };
                format!(
                    "the sheet could not be read ({reason}); the last good copy{} took its \
                     place{kept}",
                    at(copied_at_ms)
                )
            }
            Self::ReadOnly(ReadOnly { holder: Some(holder), copied_at_ms }) => format!(
                "process {} has the sheet open since {}; what you see is a copy made at {}, which \
                 cannot be changed",
                holder.pid,
                moment(holder.since_ms),
                moment(*copied_at_ms)
            ),
            Self::ReadOnly(ReadOnly { holder: None, copied_at_ms }) => format!(
                "another process has the sheet open; what you see is a copy made at {}, which \
                 cannot be changed",
                moment(*copied_at_ms)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notice_says_what_happened_and_where_the_rest_is() {
        let clock = |ms: i64| format!("T{ms}");
        let lost = OpeningNotice::ChangesLost {
            saved_at_ms: Some(7),
            kept_in: "s.duckdb.wal.corrupt-9".into(),
            reason: "a checksum is wrong".to_owned(),
        };
        assert_eq!(
            lost.text(clock),
            "changes after the last save of T7 could not be read (a checksum is wrong); \
             they are kept in `s.duckdb.wal.corrupt-9`"
        );
        let gone = OpeningNotice::CopyRestored {
            copied_at_ms: None,
            kept_in: Vec::new(),
            reason: "its file was gone".to_owned(),
        };
        assert_eq!(
            gone.text(clock),
            "the sheet could not be read (its file was gone); the last good copy took its place"
        );
        let reading = OpeningNotice::ReadOnly(ReadOnly {
            holder: Some(Holder { pid: 12, since_ms: 3 }),
            copied_at_ms: 5,
        });
        let text = reading.text(clock);
        assert!(
            text.contains("process 12") && text.contains("T3") && text.contains("T5"),
            "{text}"
        );
    }

    #[test]
    fn a_notice_is_one_flat_json_object() {
        let holder = Some(Holder { pid: 12, since_ms: 3 });
        let notice = OpeningNotice::ReadOnly(ReadOnly { holder, copied_at_ms: 5 });
        let json = serde_json::to_value(&notice).unwrap();
        assert_eq!(json["notice"], "read_only");
        assert_eq!(json["holder"]["pid"], 12);
        assert_eq!(serde_json::from_value::<OpeningNotice>(json).unwrap(), notice);
    }
}
