//! What people type or paste to name a model of the hub, in all the ways in which they write it.

use std::fmt;
use std::str::FromStr;

use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::address::{Address, host_of};
use super::label;
use super::name::{is_repository, is_revision, path_trouble};
use super::request::Hub;
use super::text::{is_hidden, one_line, percent_decoded};
use crate::ModelsError;

/// The hub's own hosts. A page of these is pasted wherever the hub is asked through a mirror, too.
const HOSTS: [&str; 4] = ["huggingface.co", "hf.co", "www.huggingface.co", "www.hf.co"];

/// The longest text that is read.
const LONGEST: usize = 2048;

/// A model of the hub, or one file of it.
///
/// Read from `owner/name`, `owner/name:Q4_K_M`, `owner/name@revision`, `owner/name/file.gguf`, any of
/// them behind `hf.co/` or `hf://`, and from the addresses of the hub's pages and files. What is
/// in one is safe as a part of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Reference {
    /// `owner/name`.
    pub repository: String,
    /// A branch, a tag or a commit; the newest commit without one.
    pub revision: Option<String>,
    /// The path of a file in the repository.
    pub file: Option<String>,
    /// A quantisation.
    pub label: Option<String>,
}

impl FromStr for Reference {
    type Err = ModelsError;

    fn from_str(text: &str) -> Result<Self, ModelsError> {
        read(text, None)
    }
}

impl fmt::Display for Reference {
    /// In the shortest form that is read again as the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repository)?;
        if let Some(revision) = &self.revision {
            write!(f, "@{}", revision.replace('/', "%2F"))?;
        }
        match (&self.file, &self.label) {
            (Some(file), _) => write!(f, "/{file}"),
            (None, Some(label)) => write!(f, ":{label}"),
            (None, None) => Ok(()),
        }
    }
}

impl Hub {
    /// Reads a reference. Unlike [`Reference::from_str`] this knows the pages of this hub, which
    /// may be a mirror.
    pub fn reference(&self, text: &str) -> Result<Reference, ModelsError> {
        read(text, Some(&self.address))
    }
}

fn read(text: &str, hub: Option<&Address>) -> Result<Reference, ModelsError> {
    let text = text.trim();
    parse(text, hub).map_err(|reason| {
        // A password is not repeated.
        let front =
            text.split_once("://").map_or("", |(_, rest)| rest.split('/').next().unwrap_or(""));
        let shown = if front.contains('@') { "that address".to_owned() } else { one_line(text) };
        ModelsError::BadReference { text: shown, reason }
    })
}

fn parse(text: &str, hub: Option<&Address>) -> Result<Reference, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if text.len() > LONGEST {
        return Err("it is too long".to_owned());
    }
    if text.chars().any(is_hidden) {
        return Err("there are invisible characters in it".to_owned());
    }
    // Addresses are tidied up when they are read, so this comes first.
    let leads_out = |step: &str| matches!(percent_decoded(step).as_deref(), Some("." | ".."));
    if text.split(['?', '#']).next().unwrap_or_default().split(['/', '\\']).any(leads_out) {
        return Err("there is a `.` or `..` in it".to_owned());
    }
    if let Some(rest) = strip_front(text, "hf://") {
        return of_path(rest);
    }
    if text.contains("://") {
        return of_address(text, hub);
    }
    let front = text.split('/').next().unwrap_or_default();
    let is_host = HOSTS.iter().any(|host| front.eq_ignore_ascii_case(host))
        || hub.is_some_and(|hub| front.eq_ignore_ascii_case(&hub.host()));
    if is_host {
        // The scheme of a mirror does not matter: only its host is compared.
        return of_address(&format!("https://{text}"), hub);
    }
    of_path(text)
}

fn strip_front<'a>(text: &'a str, front: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(front.len())?;
    head.eq_ignore_ascii_case(front).then_some(rest)
}

/// An address of the hub.
fn of_address(text: &str, hub: Option<&Address>) -> Result<Reference, String> {
    let url = Url::parse(text).map_err(|error| format!("it is no address: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("`{}` addresses are not the hub's", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("there is a name or a password in it".to_owned());
    }
    let host = host_of(&url);
    let path = url.path();
    let path = if HOSTS.contains(&host.as_str()) {
        path
    } else {
        // A mirror may lie below a path.
        let below =
            hub.filter(|hub| hub.host() == host).map(|hub| hub.path().trim_end_matches('/'));
        let path = below.and_then(|below| path.strip_prefix(below));
        path.filter(|path| path.starts_with('/')).ok_or(format!("`{host}` is not the hub"))?
    };
    let decoded: Option<Vec<_>> = path.trim_matches('/').split('/').map(percent_decoded).collect();
    let steps = decoded.ok_or("it is not encoded as addresses are")?;
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    let mut reference = of_repository(&steps)?;
    match steps.get(2..).unwrap_or_default() {
        ["blob" | "resolve" | "raw", rest @ ..] => {
            let (revision, file) = revision_and_path(rest)?;
            reference.name_file(&file.join("/"))?;
            reference.revision = Some(revision);
        }
        ["tree", rest @ ..] => {
            let (revision, folder) = revision_and_path(rest)?;
            let folder = label::label_of(&folder.join("/"));
            reference.label = reference.label.or(folder);
            reference.revision = Some(revision);
        }
        // Discussions, the history and what else there is belong to the same model.
        _ => {}
    }
    // The hub's page of a file's header.
    let shown = url.query_pairs().find(|(name, _)| name == "show_file_info");
    if let (Some((_, file)), None) = (shown, &reference.file) {
        reference.name_file(&file)?;
    }
    Ok(reference)
}

/// `owner/name`, with what may follow.
fn of_path(text: &str) -> Result<Reference, String> {
    if text.contains('\\') {
        return Err("there is a `\\` in it".to_owned());
    }
    if text.starts_with(['/', '~']) {
        return Err("it is a path on this machine".to_owned());
    }
    let steps: Vec<&str> = text.trim_end_matches('/').split('/').collect();
    let mut reference = of_repository(&steps)?;
    match steps.get(2..).unwrap_or_default() {
        [] => {}
        // Addresses lose their fronts when they are copied.
        ["tree", "main"] => {}
        ["blob" | "resolve" | "raw", rest @ ..] => {
            let (revision, file) = revision_and_path(rest)?;
            reference.name_file(&file.join("/"))?;
            reference.revision = Some(revision);
        }
        file => reference.name_file(&file.join("/"))?,
    }
    Ok(reference)
}

/// The first two steps: an owner, and a name with what is written at its end.
fn of_repository(steps: &[&str]) -> Result<Reference, String> {
    let (owner, name) = match *steps {
        ["datasets", ..] => return Err("it is a data set".to_owned()),
        ["spaces", ..] => return Err("it is a space".to_owned()),
        [owner, name, ..] => (owner, name),
        _ => return Err("an owner and a name are due, as in `owner/name`".to_owned()),
    };
    let (name, label) = match name.split_once(':') {
        Some((name, label)) => (name, Some(label)),
        None => (name, None),
    };
    let (name, revision) = match name.split_once('@') {
        Some((name, revision)) => {
            let revision = percent_decoded(revision).unwrap_or_default();
            (name, Some(judged_revision(&revision)?))
        }
        None => (name, None),
    };
    let repository = format!("{owner}/{name}");
    if !is_repository(&repository) {
        return Err(format!(
            "`{}` cannot be an owner and a name: they have letters, digits, `-`, `_` and `.`",
            one_line(&repository)
        ));
    }
    let mut reference = Reference { repository, revision, file: None, label: None };
    match label {
        // What another program calls the one it would take anyway.
        None => {}
        Some(label) if label.eq_ignore_ascii_case("latest") => {}
        Some(_) if steps.len() > 2 => {
            return Err("a quantisation stands at the end, behind `:`".to_owned());
        }
        Some(label) if label.to_ascii_lowercase().ends_with(".gguf") => {
            reference.name_file(label)?;
        }
        Some(label) if is_label(label) => reference.label = Some(label.to_owned()),
        Some(label) => {
            return Err(format!("`{}` cannot be a quantisation", one_line(label)));
        }
    }
    Ok(reference)
}

/// A revision, and what is behind it. Some of the hub's own revisions have slashes.
fn revision_and_path<'a>(steps: &'a [&'a str]) -> Result<(String, &'a [&'a str]), String> {
    match steps {
        ["refs", kind, number, rest @ ..] => {
            Ok((judged_revision(&format!("refs/{kind}/{number}"))?, rest))
        }
        [revision, rest @ ..] => Ok((judged_revision(revision)?, rest)),
        [] => Err("a revision is due at its end, such as `main`".to_owned()),
    }
}

fn judged_revision(revision: &str) -> Result<String, String> {
    if is_revision(revision) {
        return Ok(revision.to_owned());
    }
    Err(format!("`{}` cannot be a revision", one_line(revision)))
}

fn is_label(label: &str) -> bool {
    let is_fine = |letter: char| letter.is_alphanumeric() || "-_.+() ".contains(letter);
    (1..=200).contains(&label.len()) && label.chars().all(is_fine)
}

impl Reference {
    fn name_file(&mut self, file: &str) -> Result<(), String> {
        if let Some(trouble) = path_trouble(file) {
            return Err(format!("`{}` cannot be a file of it: {trouble}", one_line(file)));
        }
        let lower = file.to_ascii_lowercase();
        if !lower.ends_with(".gguf") && !lower.ends_with(".safetensors") {
            return Err(format!("`{}` is no file of a model", one_line(file)));
        }
        self.file = Some(file.to_owned());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
