//! Who may see what, and the refusals of the hub, worded as it words them.

use std::collections::BTreeMap;

use super::folder::HubFolder;
use super::repository::{Commit, HostedRepository, HubGate};

/// An answer that refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// `X-Error-Code`.
    pub(super) code: Option<&'static str>,
    /// `X-Error-Message`, and the body.
    pub(super) message: String,
    /// Further headers.
    pub(super) headers: Vec<(&'static str, String)>,
}

impl Refusal {
    pub(super) fn new(status: u16, code: Option<&'static str>, message: &str) -> Self {
        Self { status, code, message: message.to_owned(), headers: Vec::new() }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The address is known under another name, which may have another owner.
    pub(super) fn moved(location: String) -> Self {
        let message = format!("Temporary Redirect. Redirecting to {location}");
        Self::new(307, None, &message).with("location", location)
    }

    pub(super) fn no_entry(message: &str, commit: &Commit) -> Self {
        Self::new(404, Some("EntryNotFound"), message).with("x-repo-commit", &commit.id)
    }

    /// Too many requests, or whatever status a test asks for.
    pub(super) fn failure(status: u16, retry_after: Option<u32>) -> Self {
        let message = match status {
            429 => {
                "We had to rate limit your IP (127.0.0.1). To continue using our service, create a \
                 HF account or login to your existing account, and make sure you pass a HF_TOKEN \
                 if you're using the API."
            }
            500 => "Internal Error - We're working hard to fix this as soon as possible!",
            502 => "Bad Gateway",
            503 => "Service Unavailable",
            504 => "Gateway Timeout",
            _ => "Something is wrong",
        };
        let refusal = Self::new(status, None, message);
        match retry_after {
            Some(seconds) => refusal.with("retry-after", seconds.to_string()),
            None => refusal,
        }
    }
}

/// Tokens and the repositories with a gate, or private ones, that each opens.
pub(super) type Tokens = BTreeMap<String, Vec<String>>;

/// Whoever asks: with a token that the hub knows, or with none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visitor<'a> {
    /// What the token opens.
    opens: Option<&'a [String]>,
}

impl<'a> Visitor<'a> {
    pub(super) fn of(hub: &'a HubFolder, token: Option<&str>) -> Result<Self, Refusal> {
        let Some(token) = token else {
            if hub.token_required {
                return Err(unknown_visitor(None));
            }
            return Ok(Self { opens: None });
        };
        match hub.tokens.get(token) {
            Some(opens) => Ok(Self { opens: Some(opens) }),
            None => Err(Refusal::new(401, None, "Invalid credentials in Authorization header")),
        }
    }

    pub(super) fn is_known(self) -> bool {
        self.opens.is_some()
    }

    fn has_access(self, id: &str) -> bool {
        self.opens.is_some_and(|opens| opens.iter().any(|open| open == id))
    }

    /// Whether this repository is there at all for this visitor.
    pub(super) fn sees(self, repository: &HostedRepository) -> bool {
        !repository.facts.private || self.has_access(&repository.id)
    }

    /// A repository that may be asked about.
    pub(super) fn find<'h>(
        self,
        hub: &'h HubFolder,
        id: &str,
    ) -> Result<&'h HostedRepository, Refusal> {
        hub.repository(id).filter(|repository| self.sees(repository)).ok_or_else(|| {
            if self.is_known() {
                Refusal::new(404, Some("RepoNotFound"), "Repository not found")
            } else {
                // So that nobody learns which private ones there are.
                unknown_visitor(Some("RepoNotFound"))
            }
        })
    }

    /// Whether the files may be had: everybody may know their names, not everybody their bytes.
    pub(super) fn enters(self, repository: &HostedRepository) -> Result<(), Refusal> {
        let id = &repository.id;
        if repository.facts.gate == HubGate::Open || self.has_access(id) {
            return Ok(());
        }
        let (status, message) = if self.is_known() {
            let why = format!(
                "Access to model {id} is restricted and you are not in the authorized list. Visit \
                 https://huggingface.co/{id} to ask for access."
            );
            (403, why)
        } else {
            let why = format!(
                "Access to model {id} is restricted. You must have access to it and be \
                 authenticated to access it. Please log in."
            );
            (401, why)
        };
        Err(Refusal::new(status, Some("GatedRepo"), &message))
    }
}

fn unknown_visitor(code: Option<&'static str>) -> Refusal {
    Refusal::new(401, code, "Invalid username or password.")
        .with("www-authenticate", "Bearer realm=\"Authentication required\", charset=\"UTF-8\"")
}

/// What a revision names.
pub(super) fn commit<'a>(
    repository: &'a HostedRepository,
    revision: &str,
) -> Result<&'a Commit, Refusal> {
    repository.at(revision).ok_or_else(|| {
        let message = format!("Invalid rev id: {revision}");
        Refusal::new(404, Some("RevisionNotFound"), &message)
    })
}
