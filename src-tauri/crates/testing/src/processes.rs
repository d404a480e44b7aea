use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// How long something may take that takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// The living children of a process whose command line contains `word`, by their ids. Linux only:
/// elsewhere there are none.
pub fn children(parent: u32, word: &str) -> Vec<u32> {
    let Ok(processes) = std::fs::read_dir("/proc") else { return Vec::new() };
    let id = |entry: std::fs::DirEntry| entry.file_name().to_str()?.parse().ok();
    let ids = processes.filter_map(Result::ok).filter_map(id);
    ids.filter(|id| {
        let command = std::fs::read(file(*id, "cmdline")).unwrap_or_default();
        state(*id).is_some_and(|(of, lives)| of == parent && lives)
            && String::from_utf8_lossy(&command).contains(word)
    })
    .collect()
}

/// Whether a process is there and not just waiting to be buried.
pub fn lives(id: u32) -> bool {
    state(id).is_some_and(|(_, lives)| lives)
}

/// Waits until something is so; `false` if that takes too long.
pub fn becomes(mut so: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + PATIENCE;
    while !so() {
        if Instant::now() > end {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

/// Ends a process by SIGKILL.
///
/// # Panics
/// If it is not there.
pub fn kill(id: u32) {
    let sent = Command::new("kill").args(["-KILL", &id.to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "process {id} can be killed");
}

fn file(id: u32, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{id}/{name}"))
}

/// The parent of a process, and whether it lives.
fn state(id: u32) -> Option<(u32, bool)> {
    let text = std::fs::read_to_string(file(id, "stat")).ok()?;
    // The name before it may hold anything, brackets too.
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    Some((fields.next()?.parse().ok()?, !matches!(state, "Z" | "X")))
}
