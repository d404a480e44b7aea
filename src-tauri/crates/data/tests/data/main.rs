//! The data crate on real DuckDB and SQLite files. One binary, because each one links DuckDB.

#![expect(clippy::unwrap_used, reason = "the functions that tests share fail a test as tests do")]
#![expect(
    clippy::format_push_string,
    clippy::format_collect,
    reason = "test tables are plainer to read this way, and small"
)]

mod arrow_files;
mod cells;
mod costs;
mod downloads;
mod export;
mod figures;
mod find;
mod hostile;
mod import;
mod labels;
mod opening;
mod options;
mod point_reads;
mod runs;
mod sheets;
mod split;
mod sql;
mod stats;
mod steps;
mod views;
mod workbooks;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use braincells_core::{
    AppError, CellFigures, CellRecord, CellState, Code, Column, ColumnId, Output, Recipe, RowId,
    RunId, SheetId, Value,
};
use braincells_data::{
    DataError, Format, ImportOptions, ImportRequest, Limits, SheetStore, import as run_import,
};
use tempfile::TempDir;

const LIMITS: Limits = Limits { memory_bytes: 512 << 20, threads: 2 };
const NOW_MS: i64 = 1_700_000_000_000;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn request(source: &Path, format: Format, target: &Path) -> ImportRequest {
    ImportRequest {
        source: source.to_path_buf(),
        format,
        options: ImportOptions::default(),
        target: target.to_path_buf(),
        id: SheetId::random(),
        name: "tiny".to_owned(),
        limits: LIMITS,
    }
}

/// Imports a file into a fresh sheet beside it.
fn try_sheet(source: &Path, format: Format) -> Result<SheetStore, DataError> {
    try_sheet_with(source, format, ImportOptions::default())
}

fn try_sheet_with(
    source: &Path,
    format: Format,
    options: ImportOptions,
) -> Result<SheetStore, DataError> {
    let target = source.with_file_name(format!("{}.duckdb", SheetId::random()));
    let request = ImportRequest { options, ..request(source, format, &target) };
    run_import(&request, NOW_MS, &|_| {}, &AtomicBool::new(false))?;
    SheetStore::open(&target, LIMITS, NOW_MS)
}

fn sheet(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> SheetStore {
    let path = write(folder, name, text);
    try_sheet(&path, Format::from_path(&path).unwrap()).unwrap()
}

/// A sheet of the rows that a statement gives, with the types it gives them.
fn sheet_of(folder: &Path, select: &str) -> SheetStore {
    let path = folder.join(format!("{}.parquet", SheetId::random()));
    let connection = duckdb::Connection::open_in_memory().unwrap();
    let sql = format!("COPY ({select}) TO '{}' (FORMAT parquet)", path.display());
    connection.execute_batch(&sql).unwrap();
    try_sheet(&path, Format::Parquet).unwrap()
}

fn never() -> AtomicBool {
    AtomicBool::new(false)
}

fn recipe(output: Output) -> Recipe {
    Recipe {
        prompt: "Say something about {{a}}".to_owned(),
        system: None,
        model: "tiny.gguf".to_owned(),
        output,
        sampling: braincells_core::Sampling::default(),
        examples: braincells_core::ExamplePolicy::default(),
        example_rows: Vec::new(),
        calibration: braincells_core::CalibrationMode::default(),
    }
}

fn reopen(store: SheetStore) -> SheetStore {
    let path = store.path().to_path_buf();
    drop(store);
    SheetStore::open(&path, LIMITS, NOW_MS + 1).unwrap()
}

fn record(row: i64, state: CellState, value: impl Into<Value>) -> CellRecord {
    CellRecord {
        run: None,
        row: RowId(row),
        state,
        value: value.into(),
        error: None,
        reasoning: None,
        figures: CellFigures::default(),
    }
}

fn done(run: RunId, row: i64, value: impl Into<Value>) -> CellRecord {
    CellRecord { run: Some(run), ..record(row, CellState::Done, value) }
}

fn failed(run: RunId, row: i64, reason: &str) -> CellRecord {
    let error = AppError::new(Code::EngineFailed, reason).with_hint("try again");
    CellRecord { run: Some(run), error: Some(error), ..record(row, CellState::Failed, Value::Null) }
}

fn names(columns: &[Column]) -> Vec<&str> {
    columns.iter().map(|column| column.name.as_str()).collect()
}

fn types(store: &SheetStore) -> Vec<(String, String)> {
    store.columns().unwrap().into_iter().map(|column| (column.name, column.sql_type)).collect()
}

fn ids(store: &SheetStore) -> Vec<ColumnId> {
    store.columns().unwrap().iter().map(|column| column.id).collect()
}

/// Every value of the sheet, row by row in sheet order.
fn table(store: &SheetStore) -> Vec<Vec<Value>> {
    let window = store.window(&ids(store), 0, u64::MAX).unwrap();
    window
        .rows
        .into_iter()
        .map(|row| row.cells.into_iter().map(|cell| cell.value).collect())
        .collect()
}

fn file_names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.to_ascii_lowercase().ends_with(".lock"))
        .collect();
    names.sort();
    names
}
