//! Trying a sheet where a crash does no harm: a trait, the process of its own that ships, and what
//! that process does.

mod process;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;

use braincells_data::{Limits, ProbeOutcome, ProbeRequest, TornTail, probe_sheet};

pub use process::ProcessProbe;

use crate::own_program::end_with_parent;

/// Tries sheets that were not closed well, before they are opened.
pub trait SheetProbe: Send + Sync {
    /// Opens the sheet, reads it, moves what is in its log into its file and closes it. Waits for
    /// the end of that.
    fn probe(&self, request: &ProbeRequest) -> ProbeOutcome;
}

/// Tries sheets in this process, which a damaged one may end. For tests.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProbeHere;

impl SheetProbe for ProbeHere {
    fn probe(&self, request: &ProbeRequest) -> ProbeOutcome {
        probe_sheet(request)
    }
}

/// The exit code for arguments that name no trial.
const WRONG_USAGE: u8 = 2;
/// The exit code when nobody waits for the answer.
const UNHEARD: u8 = 1;

/// The words for [`ProbeRequest`] on a command line.
fn arguments(request: &ProbeRequest) -> [OsString; 5] {
    let torn_tail = match request.torn_tail {
        TornTail::Damage => "torn-is-damage",
        TornTail::End => "torn-is-end",
    };
    [
        request.path.clone().into_os_string(),
        request.limits.memory_bytes.to_string().into(),
        request.limits.threads.to_string().into(),
        torn_tail.into(),
        if request.whole { "whole" } else { "opening" }.into(),
    ]
}

fn parse(arguments: &[OsString]) -> Option<ProbeRequest> {
    let [path, memory_bytes, threads, torn_tail, whole] = arguments else { return None };
    Some(ProbeRequest {
        path: PathBuf::from(path),
        limits: Limits {
            memory_bytes: memory_bytes.to_str()?.parse().ok()?,
            threads: threads.to_str()?.parse().ok()?,
        },
        torn_tail: match torn_tail.to_str()? {
            "torn-is-damage" => TornTail::Damage,
            "torn-is-end" => TornTail::End,
            _ => return None,
        },
        whole: match whole.to_str()? {
            "whole" => true,
            "opening" => false,
            _ => return None,
        },
    })
}

/// What the process that [`ProcessProbe`] starts does, all of it: tries the sheet that the
/// arguments name and writes the outcome to stdout as a line of JSON. Returns the exit code.
///
/// Ends the process at once when stdin ends: whoever asked is gone, and the next one to ask must
/// find the sheet free.
pub fn answer_probe(arguments: &[OsString]) -> u8 {
    let Some(request) = parse(arguments) else { return WRONG_USAGE };
    if !end_with_parent(UNHEARD) {
        return UNHEARD;
    }
    let outcome = probe_sheet(&request);
    let answer = serde_json::to_string(&outcome).expect("an outcome has only text keys");
    let mut stdout = io::stdout().lock();
    match writeln!(stdout, "{answer}").and_then(|()| stdout.flush()) {
        Ok(()) => 0,
        Err(_nobody_reads) => UNHEARD,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_survives_the_command_line() {
        for (torn_tail, whole) in [(TornTail::Damage, false), (TornTail::End, true)] {
            let limits = Limits { memory_bytes: u64::MAX, threads: 3 };
            let path = PathBuf::from("a b/--ü.duckdb");
            let request = ProbeRequest { path, limits, torn_tail, whole };
            assert_eq!(parse(&arguments(&request)), Some(request));
        }
        for wrong in [&[][..], &["s", "1", "1", "whole", "torn-is-end"], &["s", "x", "1", "", ""]] {
            let wrong: Vec<OsString> = wrong.iter().map(Into::into).collect();
            assert_eq!(answer_probe(&wrong), WRONG_USAGE);
        }
    }
}
