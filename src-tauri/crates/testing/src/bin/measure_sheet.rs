//! Measures the sheet beside DuckDB itself, in one process and one run: see `bench/README.md`.
//!
//! `measure_sheet FOLDER [ROWS]` makes a table of ROWS (1,000,000) rows and 20 columns in FOLDER,
//! which must be empty, and prints one line for each figure with its bound.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use braincells_core::{
    AppError, CellTest, Code, Column, ColumnId, Filter, IgnoreEvents, RunScope, SheetId, SortBy,
    SortKey, TextPlace, ViewSpec,
};
use braincells_llm::FakeEngine;
use braincells_testing::{Dice, ScriptedEngines, text_recipe};
use braincells_workbench::{
    EngineOptions, Home, InputFile, ProbeHere, SystemClock, Workbench, World,
};

const COLUMNS: usize = 20;
const WINDOW_ROWS: u64 = 100;
const WINDOWS: usize = 300;

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().map(PathBuf::from).ok_or_else(usage)?;
    let rows: u64 = match arguments.next() {
        Some(rows) => rows.parse().map_err(|_not_a_number| usage())?,
        None => 1_000_000,
    };
    let source = folder.join("table.csv");
    let database = duckdb::Connection::open(folder.join("peer.duckdb")).map_err(broken)?;
    write_table(&database, &source, rows)?;
    say(&format!("table: {rows} rows x {COLUMNS} columns, {} MB", size(&source) >> 20));

    let from_sample = timed(|| create_table_as(&database, &source, ""))?;
    let from_all = timed(|| create_table_as(&database, &source, ", sample_size = -1"))?;
    // The peer's memory is not ours.
    drop(database);
    let workbench = open(&folder)?;
    let begin = Instant::now();
    let sheet = workbench.import(&InputFile::new(&source)).await?.id;
    let ours = begin.elapsed();
    let ratio = |peer: Duration| ours.as_secs_f64() / peer.as_secs_f64();
    say(&format!(
        "import: {ours:.1?}; DuckDB's CREATE TABLE AS, types from a sample: {from_sample:.1?}, ratio \
         {:.2} (bound 1.5); types from the whole file: {from_all:.1?}, ratio {:.2}",
        ratio(from_sample),
        ratio(from_all)
    ));

    let columns = workbench.columns(sheet).await?;
    let ids: Vec<ColumnId> = columns.iter().map(|column| column.id).collect();
    windows(&workbench, sheet, &ids, "in sheet order", &ViewSpec::default(), rows).await?;
    for (name, view) in views(&columns) {
        windows(&workbench, sheet, &ids, name, &view, rows).await?;
    }
    fill(&workbench, sheet, rows).await
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A closed pipe means that nobody wants to know.
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
}

fn usage() -> AppError {
    AppError::new(Code::BadInput, "usage: measure_sheet FOLDER [ROWS]")
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn broken(error: duckdb::Error) -> AppError {
    AppError::new(Code::Storage, error.to_string())
}

fn open(folder: &Path) -> Result<Workbench, AppError> {
    let engine = FakeEngine::echo().with_parallel_requests(64);
    Workbench::open(World {
        home: Home::new(folder.join("home")),
        clock: Arc::new(SystemClock),
        events: Arc::new(IgnoreEvents),
        engines: Arc::new(ScriptedEngines::new(Arc::new(engine))),
        probe: Arc::new(ProbeHere),
        cloud: braincells_testing::no_backends(),
    })
}

fn timed(work: impl FnOnce() -> Result<(), AppError>) -> Result<Duration, AppError> {
    let begin = Instant::now();
    work()?;
    Ok(begin.elapsed())
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |metadata| metadata.len())
}

/// Half of the columns are texts without order, half are numbers.
fn write_table(database: &duckdb::Connection, source: &Path, rows: u64) -> Result<(), AppError> {
    let columns: Vec<String> = (0..COLUMNS)
        .map(|number| match number % 2 {
            0 => format!("hash(i * {} + 1) % 1000000 AS n{number}", number + 1),
            _ => format!("'text {number} of ' || hash(i * {} + 7) AS t{number}", number + 1),
        })
        .collect();
    let sql = format!(
        "COPY (SELECT {} FROM range({rows}) r(i)) TO '{}' (FORMAT csv, HEADER)",
        columns.join(", "),
        source.display()
    );
    database.execute_batch(&sql).map_err(broken)
}

fn create_table_as(
    database: &duckdb::Connection,
    source: &Path,
    options: &str,
) -> Result<(), AppError> {
    let sql = format!(
        "CREATE OR REPLACE TABLE peer AS SELECT * FROM read_csv('{}'{options}); CHECKPOINT",
        source.display()
    );
    database.execute_batch(&sql).map_err(broken)
}

fn views(columns: &[Column]) -> Vec<(&'static str, ViewSpec)> {
    let sorted = |at: usize| ViewSpec {
        sort: vec![SortKey { column: columns[at].id, by: SortBy::Value, descending: false }],
        filter: None,
    };
    let test =
        CellTest::Text { place: TextPlace::Anywhere, text: "7".to_owned(), match_case: false };
    let filtered =
        ViewSpec { sort: Vec::new(), filter: Some(Filter::Cell { column: columns[1].id, test }) };
    vec![
        ("sorted by a number", sorted(2)),
        ("sorted by a text", sorted(3)),
        ("filtered by a text", filtered),
    ]
}

/// How long the view takes, the first windows of it, what makes all windows quick, and then
/// windows at random places.
async fn windows(
    workbench: &Workbench,
    sheet: SheetId,
    columns: &[ColumnId],
    name: &str,
    spec: &ViewSpec,
    rows: u64,
) -> Result<(), AppError> {
    let begin = Instant::now();
    let view = if *spec == ViewSpec::default() {
        None
    } else {
        Some(workbench.open_view(sheet, spec.clone()).await?)
    };
    let opened = begin.elapsed();
    let count = view.as_ref().map_or(rows, |view| view.row_count);
    let id = view.map(|view| view.id);
    let mut dice = Dice::new(11);
    let mut one = async || -> Result<Duration, AppError> {
        let start = dice.below(count.saturating_sub(WINDOW_ROWS).max(1));
        let begin = Instant::now();
        let window = workbench.window(sheet, id, columns, start, WINDOW_ROWS).await?;
        assert_eq!(window.rows.len() as u64, WINDOW_ROWS.min(count));
        Ok(begin.elapsed())
    };
    let first = one().await?;
    let begin = Instant::now();
    if id.is_some() {
        workbench.prepare_windows(sheet, columns).await?;
    }
    let prepared = begin.elapsed();
    let mut times = Vec::with_capacity(WINDOWS);
    for _ in 0..WINDOWS {
        times.push(one().await?);
    }
    times.sort();
    let (median, p99) = (times[WINDOWS / 2], times[WINDOWS * 99 / 100]);
    say(&format!(
        "{name}: view {opened:.0?} (bound 1.5s), {count} rows; window of {WINDOW_ROWS} x {COLUMNS}: \
         at once {first:.1?}, ready after {prepared:.1?}, then median {median:.1?}, p99 {p99:.1?} \
         (bound 10ms)"
    ));
    Ok(())
}

/// A run over every row with an engine that answers at once.
async fn fill(workbench: &Workbench, sheet: SheetId, rows: u64) -> Result<(), AppError> {
    let recipe = text_recipe("Repeat: {{t1}}");
    let column = workbench.add_ai_column(sheet, "echo", recipe).await?.id;
    forget_peak_memory();
    let begin = Instant::now();
    let run = workbench.run(sheet, column, RunScope::Empty, &EngineOptions::default()).await?;
    let outcome = run.finished().await;
    let took = begin.elapsed();
    let rate = rows as f64 / took.as_secs_f64();
    say(&format!(
        "fill: {} of {rows} cells in {took:.1?}, {rate:.0} cells/s (bound 20,000); peak memory \
         {} MB (bound 1,024)",
        outcome.progress.rows_done,
        peak_memory_mb().map_or_else(|| "unknown".to_owned(), |megabytes| megabytes.to_string())
    ));
    Ok(())
}

/// Begins the count of [`peak_memory_mb`] anew, where the system can.
fn forget_peak_memory() {
    drop(std::fs::write("/proc/self/clear_refs", "5"));
}

/// The most memory that this process has had, where the system says it.
fn peak_memory_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()? / 1024)
}
