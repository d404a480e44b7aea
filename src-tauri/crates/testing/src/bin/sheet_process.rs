//! The processes that a test of opening needs beside its own.
//!
//! - `sheet_process probe ...` tries a sheet, as `braincells probe-sheet` does.
//! - `sheet_process open HOME` opens every sheet of a home and says `opening`, then `opened COUNT`
//!   with the number of cells that have a value in the last column.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use braincells_core::{AppError, IgnoreEvents};
use braincells_llm::FakeEngine;
use braincells_testing::{ScriptedEngines, sheet_probe_beside};
use braincells_workbench::{Home, SystemClock, Workbench, World, answer_probe};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match arguments.split_first() {
        Some((verb, rest)) if verb == "probe" => answer_probe(rest).into(),
        Some((verb, [home])) if verb == "open" => match open(home.into()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                say(&format!("error {error}"));
                ExitCode::FAILURE
            }
        },
        _ => ExitCode::from(2),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn open(home: PathBuf) -> Result<(), AppError> {
    let workbench = Workbench::open(World {
        home: Home::new(home),
        clock: Arc::new(SystemClock),
        events: Arc::new(IgnoreEvents),
        engines: Arc::new(ScriptedEngines::new(Arc::new(FakeEngine::echo()))),
        probe: Arc::new(sheet_probe_beside()?),
        cloud: braincells_testing::no_backends(),
    })?;
    for sheet in workbench.sheets().await? {
        say("opening");
        let shown = workbench.show(sheet.id, None, 0, u64::from(u32::MAX)).await?;
        let last = |row: &&braincells_core::WindowRow| {
            row.cells.last().is_some_and(|cell| !cell.value.is_null())
        };
        say(&format!("opened {}", shown.window.rows.iter().filter(last).count()));
    }
    Ok(())
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A closed pipe means that the test is over; there is nobody left to tell.
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
}
