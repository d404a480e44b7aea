//! What goes wrong, and how often.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which of the hub's answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HubPart {
    /// All of them.
    #[default]
    Any,
    /// What is asked about repositories.
    Api,
    /// The addresses of files, which redirect.
    Resolve,
    /// Where large files come from.
    Cdn,
}

/// A connection that ends in the middle of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// Bytes of the answer's body that come before. All of them arrive, unless it is a `reset`.
    pub after_bytes: u64,
    /// The connection is reset instead of closed. What the client has not read yet may be lost.
    #[serde(default)]
    pub reset: bool,
    /// How often; always if it does not say.
    #[serde(default)]
    pub times: Option<u32>,
}

/// A connection over which nothing comes any more, while it stays open. It goes on once this fault
/// is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stall {
    /// Bytes of the answer's body that come before; without it not even a status comes, and that
    /// goes for answers of every kind.
    #[serde(default)]
    pub after_bytes: Option<u64>,
    /// How often; always if it does not say.
    #[serde(default)]
    pub times: Option<u32>,
}

/// Answers that say that something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// 429, 503, or another.
    pub status: u16,
    /// `Retry-After`, in seconds.
    #[serde(default)]
    pub retry_after: Option<u32>,
    /// Which answers.
    #[serde(default)]
    pub part: HubPart,
    /// How often; always if it does not say.
    #[serde(default)]
    pub times: Option<u32>,
}

/// What becomes of a request for a part of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ranges {
    /// It gets that part.
    #[default]
    Right,
    /// It gets the whole file, and a 200 that says so.
    Ignored,
    /// It gets another part, of which the answer says that it is another.
    Shifted,
    /// It gets a 416.
    Refused,
}

/// What goes wrong; nothing by default. As JSON on the program's standard input it has the same
/// names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Only what has this in it goes wrong: in `owner/name/path` of a file, or in the path of a
    /// request to the API.
    pub only: Option<String>,
    /// How fast a file comes over one connection at most.
    pub bytes_per_second: Option<u64>,
    /// Connections that end.
    pub cut: Option<Cut>,
    /// Connections that fall silent.
    pub stall: Option<Stall>,
    /// Answers that fail.
    pub failure: Option<Failure>,
    /// Parts of files.
    pub ranges: Ranges,
    /// The hub says another checksum than what it has, everywhere.
    pub wrong_sha256: bool,
    /// The byte at this place of a file is another one on its way.
    pub damage_at: Option<u64>,
    /// Refusals come without `X-Error-Code` and `X-Error-Message`, as mirrors send them.
    pub without_error_codes: bool,
    /// Files are redirected here instead of to the CDN; the address is `Location` as it stands.
    pub redirect_to: Option<String>,
}

impl Faults {
    /// The same with what `change` names; `null` takes a fault away.
    pub fn changed_by(&self, change: &Value) -> Result<Self, String> {
        let change = change.as_object().ok_or("faults are an object")?;
        let mut all = serde_json::to_value(self).map_err(|error| error.to_string())?;
        for (name, value) in change {
            if value.is_null() {
                let none = serde_json::to_value(Self::default()).map_err(|e| e.to_string())?;
                all[name] = none.get(name).cloned().ok_or(format!("there is no fault `{name}`"))?;
            } else {
                all[name] = value.clone();
            }
        }
        serde_json::from_value(all).map_err(|error| error.to_string())
    }

    /// Whether anything can be wrong with this.
    pub(super) fn concern(&self, what: &str) -> bool {
        self.only.as_ref().is_none_or(|only| what.contains(only.as_str()))
    }

    /// The failure that the next answer is, which counts as one.
    pub(super) fn take_failure(&mut self, part: HubPart, what: &str) -> Option<Failure> {
        if !self.concern(what) {
            return None;
        }
        let failure = self.failure.filter(|it| it.part == HubPart::Any || it.part == part)?;
        let left = once_less(failure.times)?;
        self.failure = Some(Failure { times: left, ..failure });
        Some(failure)
    }

    /// Whether the next answer never comes, which counts as one.
    pub(super) fn take_silence(&mut self, what: &str) -> bool {
        let stall = self.stall.filter(|stall| stall.after_bytes.is_none() && self.concern(what));
        let Some((stall, left)) = stall.and_then(|stall| Some((stall, once_less(stall.times)?)))
        else {
            return false;
        };
        self.stall = Some(Stall { times: left, ..stall });
        true
    }

    /// What becomes of the next body: where it ends, and where it falls silent. Bodies that are
    /// shorter do not count.
    pub(super) fn take_body(&mut self, what: &str, bytes: u64) -> (Option<Cut>, Option<u64>) {
        if !self.concern(what) {
            return (None, None);
        }
        let cut = self.cut.filter(|cut| cut.after_bytes < bytes);
        let cut = cut.and_then(|cut| Some((cut, once_less(cut.times)?)));
        if let Some((cut, left)) = cut {
            self.cut = Some(Cut { times: left, ..cut });
        }
        let stall = self.stall.and_then(|stall| {
            let after = stall.after_bytes.filter(|after| *after < bytes)?;
            Some((after, stall, once_less(stall.times)?))
        });
        if let Some((_, stall, left)) = stall {
            self.stall = Some(Stall { times: left, ..stall });
        }
        (cut.map(|(cut, _)| cut), stall.map(|(after, ..)| after))
    }
}

/// What is left after one more time; `None` if there was none left.
#[expect(clippy::option_option, reason = "the inner one means `always`")]
fn once_less(times: Option<u32>) -> Option<Option<u32>> {
    match times {
        None => Some(None),
        Some(0) => None,
        Some(times) => Some(Some(times - 1)),
    }
}
