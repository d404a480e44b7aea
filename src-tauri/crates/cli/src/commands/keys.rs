//! `keys`. A key is typed without being shown or comes from stdin, goes to the keyring, and is
//! never printed, not even its end.

use std::io::{IsTerminal, Read};

use braincells_core::{AppError, Code};
use braincells_workbench::{BackendInfo, Backends, KeySource, key_variable};
use serde_json::json;

use super::backends::{in_the_clear, key_words, known, named_beside_keys};
use crate::args::{KeysAction, KeysArgs};
use crate::failure::{Ending, Failure};
use crate::session::Session;
use crate::table::{Align, Table};

/// More than this is no key; some other file was sent.
const LONGEST_KEY_BYTES: u64 = 16 << 10;

/// Lists where keys come from, keeps one, or removes one.
pub async fn keys(session: &Session, arguments: &KeysArgs) -> Result<Ending, Failure> {
    match &arguments.action {
        // Anything else is refused before there is a session.
        None | Some(KeysAction::List | KeysAction::Other(_)) => list(session).await,
        Some(KeysAction::Set { backend, stdin, .. }) => set(session, backend, *stdin).await,
        Some(KeysAction::Remove { backend, .. }) => remove(session, backend).await,
    }
}

async fn list(session: &Session) -> Result<Ending, Failure> {
    let backends = known(session).await?;
    let object: Vec<_> = backends
        .list
        .iter()
        .map(|backend| {
            json!({
                "backend": backend.id,
                "key": backend.key,
                "needs_key": backend.needs_key,
                "variable": key_variable(&backend.id),
            })
        })
        .collect();
    let result = json!({ "keys": object, "keyring_problem": backends.keyring_problem });
    session.output.result("keys", &result)?;
    let mut table = Table::new([
        ("backend", Align::Left),
        ("key", Align::Left),
        ("needed", Align::Left),
        ("variable", Align::Left),
    ]);
    for backend in &backends.list {
        table.push(vec![
            backend.id.clone(),
            key_words(backend),
            if backend.needs_key { "yes" } else { "no" }.to_owned(),
            key_variable(&backend.id),
        ]);
    }
    session.output.say_table(&table, false)?;
    if let Some(problem) = &backends.keyring_problem {
        session.output.notice(&format!("the keyring cannot be used: {problem}"));
    }
    Ok(Ending::Complete)
}

async fn set(session: &Session, backend: &str, stdin: bool) -> Result<Ending, Failure> {
    let backends = known(session).await?;
    let backend = named_beside_keys(&backends, backend)?;
    let key = if stdin {
        // Read in any case, so that whoever writes it ends well; what becomes of it shows below.
        from_stdin(session).await?
    } else {
        // Before somebody types for nothing.
        check_keyring(&backends, backend)?;
        typed(session, backend).await?
    };
    // Not given up half-way: what the keyring has then would be unknown.
    let source = session.workbench.set_key(&backend.id, key, true).await?;
    let after = known(session).await?;
    if source == KeySource::Session {
        let problem = after.keyring_problem.as_deref();
        return Err(not_kept(backend, problem.unwrap_or("the keyring did not take it")).into());
    }
    let result = json!({ "backend": backend.id, "key": source });
    session.output.result("keys set", &result)?;
    session.output.notice(&format!(
        "the key of {} is kept in this machine's keyring; `braincells backends test {}` tries it",
        backend.title, backend.id
    ));
    if backend.key == Some(KeySource::Environment) {
        let variable = key_variable(&backend.id);
        session.output.notice(&format!("note: while `{variable}` is set, its key is used instead"));
    }
    if named_beside_keys(&after, &backend.id)?.key_in_the_clear {
        session.output.notice(&in_the_clear(&backend.id));
    }
    Ok(Ending::Complete)
}

async fn remove(session: &Session, backend: &str) -> Result<Ending, Failure> {
    let backends = known(session).await?;
    let backend = named_beside_keys(&backends, backend)?;
    session.workbench.remove_key(&backend.id).await?;
    session.output.result("keys remove", &json!({ "backend": backend.id }))?;
    session.output.notice(&format!("removed the key of {}", backend.title));
    Ok(Ending::Complete)
}

/// A key that lasts for a session is of no use to a program that ends now.
fn check_keyring(backends: &Backends, backend: &BackendInfo) -> Result<(), AppError> {
    match &backends.keyring_problem {
        Some(problem) => Err(not_kept(backend, problem)),
        None => Ok(()),
    }
}

fn not_kept(backend: &BackendInfo, reason: &str) -> AppError {
    let variable = key_variable(&backend.id);
    AppError::new(Code::Storage, format!("the key of {} cannot be kept: {reason}", backend.title))
        .with_hint(format!("put the key into the environment variable `{variable}` instead"))
}

async fn from_stdin(session: &Session) -> Result<String, Failure> {
    let read = tokio::task::spawn_blocking(|| {
        let mut key = String::new();
        let mut stdin = std::io::stdin().lock().take(LONGEST_KEY_BYTES + 1);
        stdin.read_to_string(&mut key).map(|_length| key)
    });
    let read = async { read.await.map_err(|_ended| unreadable("reading stdin ended early")) };
    let key = session.unless_stopped(read).await?;
    let key = key.map_err(|error| unreadable(&error.to_string()))?;
    if key.len() as u64 > LONGEST_KEY_BYTES {
        return Err(unreadable("it is too long for a key").into());
    }
    Ok(not_empty(&key)?)
}

/// Asks on the terminal, where nothing of it is shown.
async fn typed(session: &Session, backend: &BackendInfo) -> Result<String, Failure> {
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        let error = AppError::new(Code::BadInput, "there is nobody to ask for the key");
        return Err(error.with_hint("read it from a pipe with `--stdin`").into());
    }
    let page = backend.key_page.as_ref().map(|page| format!(" (made at {page})"));
    session.output.write_stderr(&format!(
        "Key of {}{}, not shown: ",
        backend.title,
        page.unwrap_or_default()
    ));
    // Ctrl-C leaves the prompt in its middle, and `console` does not tidy up then.
    #[cfg(unix)]
    let _as_it_was = Terminal::of(std::io::stdin());
    let read = tokio::task::spawn_blocking(|| console::Term::stderr().read_secure_line());
    let read = async { read.await.map_err(|_ended| unreadable("the terminal went away")) };
    let key = session.unless_stopped(read).await?;
    Ok(not_empty(&key.map_err(|error| unreadable(&error.to_string()))?)?)
}

/// A terminal, made as it was when this is dropped: it shows what is typed again.
#[cfg(unix)]
struct Terminal<T: std::os::fd::AsFd> {
    terminal: T,
    was: Option<rustix::termios::Termios>,
}

#[cfg(unix)]
impl<T: std::os::fd::AsFd> Terminal<T> {
    fn of(terminal: T) -> Self {
        let was = rustix::termios::tcgetattr(&terminal).ok();
        Self { terminal, was }
    }
}

#[cfg(unix)]
impl<T: std::os::fd::AsFd> Drop for Terminal<T> {
    fn drop(&mut self) {
        if let Some(was) = &self.was {
            let now = rustix::termios::OptionalActions::Now;
            // One that is gone needs nothing.
            rustix::termios::tcsetattr(&self.terminal, now, was).ok();
        }
    }
}

fn not_empty(key: &str) -> Result<String, AppError> {
    match key.trim() {
        "" => Err(unreadable("it is empty")),
        key => Ok(key.to_owned()),
    }
}

/// Says nothing of what was read.
fn unreadable(reason: &str) -> AppError {
    AppError::new(Code::BadInput, format!("the key cannot be read: {reason}"))
        .with_hint("type the key when asked for it, or send it with `--stdin`, and nothing else")
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::fs::{Mode, OFlags, open};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

    use super::*;

    #[test]
    fn a_terminal_shows_what_is_typed_again_however_the_prompt_ends() {
        let other_end = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&other_end).unwrap();
        unlockpt(&other_end).unwrap();
        let name = ptsname(&other_end, Vec::new()).unwrap();
        let terminal = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let shows = || tcgetattr(&terminal).unwrap().local_modes.contains(LocalModes::ECHO);
        assert!(shows());
        let guard = Terminal::of(&terminal);
        let mut hidden = tcgetattr(&terminal).unwrap();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&terminal, OptionalActions::Now, &hidden).unwrap();
        assert!(!shows());
        drop(guard);
        assert!(shows());
    }
}
