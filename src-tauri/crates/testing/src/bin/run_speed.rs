//! How fast cells are filled when the engine takes no time: everything but the engine, from the
//! row to the disk.
//!
//! `run_speed HOME ROWS` makes a sheet of so many rows in an empty home, fills one column of it
//! and prints one line of JSON: `rows`, `seconds`, `cells_per_second`, `peak_bytes` (the most
//! memory the process ever had, where the system tells).

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use braincells_core::{AppError, Code, IgnoreEvents, RunScope, RunStatus};
use braincells_llm::FakeEngine;
use braincells_testing::{ScriptedEngines, text_recipe};
use braincells_workbench::{EngineOptions, Home, SystemClock, Workbench, World};

/// As many as an engine on a graphics card works on at once.
const PARALLEL_REQUESTS: u32 = 32;

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let usage = || AppError::new(Code::BadInput, "usage: run_speed HOME ROWS");
    let [home, rows] = arguments.as_slice() else { return Err(usage()) };
    let (home, rows) = (PathBuf::from(home), rows.parse::<u64>().map_err(|_error| usage())?);
    let engine = Arc::new(FakeEngine::echo().with_parallel_requests(PARALLEL_REQUESTS));
    let workbench = Workbench::open(World {
        home: Home::new(home.join("home")),
        clock: Arc::new(SystemClock),
        events: Arc::new(IgnoreEvents),
        engines: Arc::new(ScriptedEngines::new(engine)),
        probe: Arc::new(braincells_workbench::ProbeHere),
    })?;
    let source = home.join("rows.csv");
    write_rows(&source, rows)
        .map_err(|error| AppError::new(Code::Storage, format!("no table was written: {error}")))?;
    let sheet = workbench.import(&source, None, None).await?.id;
    let column = workbench.add_ai_column(sheet, "echo", text_recipe("Repeat: {{text}}")).await?.id;
    let began = Instant::now();
    let run = workbench.run(sheet, column, RunScope::Empty, &EngineOptions::default()).await?;
    let outcome = run.finished().await;
    let seconds = began.elapsed().as_secs_f64();
    if outcome.status != RunStatus::Done || outcome.progress.rows_done != rows {
        let error = outcome.error.map_or_else(String::new, |error| error.to_string());
        return Err(AppError::new(Code::Internal, format!("the run did not end well: {error}")));
    }
    let rate = rows as f64 / seconds;
    let peak = peak_bytes().map_or_else(|| "null".to_owned(), |bytes| bytes.to_string());
    let line = format!(
        "{{\"rows\":{rows},\"seconds\":{seconds:.2},\"cells_per_second\":{rate:.0},\
         \"peak_bytes\":{peak}}}"
    );
    writeln!(std::io::stdout(), "{line}")
        .map_err(|error| AppError::new(Code::Storage, format!("nobody listens: {error}")))
}

fn write_rows(path: &Path, rows: u64) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "id,text")?;
    for row in 0..rows {
        writeln!(file, "{row},This is the text of row {row}")?;
    }
    file.flush()
}

/// What Linux tells of the process; nothing elsewhere.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes << 10)
}
