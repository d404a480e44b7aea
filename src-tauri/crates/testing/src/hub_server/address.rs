//! Addresses: what of the hub a path and a query name.

/// A query, names and values in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn read(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " ")))
        });
        Self(pairs.collect())
    }

    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// All values of a name that may come several times, as `name` or as `name[]`.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let is_it = |other: &str| other.strip_suffix("[]").unwrap_or(other) == name;
        self.0.iter().filter(|(other, _)| is_it(other)).map(|(_, value)| value.as_str()).collect()
    }

    /// Python writes `True`, JavaScript `true`, and others `1`.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.one(name).is_some_and(|value| matches!(value, "true" | "True" | "1"))
    }

    /// The query of the page after this one.
    pub(super) fn with_cursor(&self, cursor: usize) -> String {
        let others = self.0.iter().filter(|(name, _)| name != "cursor");
        let pairs = others.map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        pairs.chain([format!("cursor={cursor}")]).collect::<Vec<_>>().join("&")
    }
}

/// What a path asks for; names are decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A list of repositories.
    List,
    /// Whose token it is.
    WhoAmI,
    /// A repository, at a revision.
    Repository { id: String, revision: Option<String> },
    /// Files of a repository below a folder, `""` for all.
    Tree { id: String, revision: String, folder: String },
    /// A file.
    File { id: String, revision: String, path: String },
    /// A small file as its redirect names it.
    CachedFile { id: String, revision: String, path: String },
}

impl Address {
    pub(super) fn read(path: &str) -> Option<Self> {
        let parts: Vec<String> = path.strip_prefix('/')?.split('/').map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let id = |owner: &str, name: &str| format!("{owner}/{name}");
        let text = |text: &str| text.to_owned();
        Some(match *parts.as_slice() {
            ["api", "models"] => Self::List,
            ["api", "whoami-v2"] => Self::WhoAmI,
            ["api", "models", owner, name] => {
                Self::Repository { id: id(owner, name), revision: None }
            }
            ["api", "models", owner, name, "revision", revision] => {
                Self::Repository { id: id(owner, name), revision: Some(text(revision)) }
            }
            ["api", "models", owner, name, "tree", revision, ref folder @ ..] => {
                let folder = folder.join("/").trim_end_matches('/').to_owned();
                Self::Tree { id: id(owner, name), revision: text(revision), folder }
            }
            ["api", "resolve-cache", "models", owner, name, revision, ref path @ ..] => {
                let path = path.join("/");
                Self::CachedFile { id: id(owner, name), revision: text(revision), path }
            }
            [owner, name, "resolve", revision, ref path @ ..] => {
                let path = path.join("/");
                Self::File { id: id(owner, name), revision: text(revision), path }
            }
            _ => return None,
        })
    }
}

/// Without `%20` and the like. What is no such thing stays.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = text.get(at + 1..at + 3).and_then(|code| u8::from_str_radix(code, 16).ok());
        if let Some(byte) = code.filter(|_| bytes[at] == b'%') {
            decoded.push(byte);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// With `%20` and the like, `/` included.
pub(super) fn encoded(text: &str) -> String {
    use std::fmt::Write;

    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(byte as char);
        } else {
            write!(encoded, "%{byte:02X}").expect("a string takes it");
        }
        encoded
    })
}

/// The same for a path: `/` stays.
pub(super) fn encoded_path(path: &str) -> String {
    path.split('/').map(encoded).collect::<Vec<_>>().join("/")
}
