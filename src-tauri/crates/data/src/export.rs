use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use braincells_core::ColumnId;
use duckdb::Connection;
use uuid::Uuid;

use crate::column::StoredColumn;
use crate::database::text;
use crate::error::during;
use crate::import::sync_folder;
use crate::leftovers::{PART, remove, remove_stale_parts};
use crate::sheet::{SheetStore, export_folder};
use crate::sql::{identifier, literal};
use crate::value::Shape;
use crate::{DataError, Format};

/// What to export, and where to.
#[derive(Clone, Debug)]
pub struct ExportRequest {
    /// The file; one that exists is replaced.
    pub path: PathBuf,
    /// Its format.
    pub format: Format,
    /// Which columns, in this order; all in display order by default.
    pub columns: Option<Vec<ColumnId>>,
    /// In CSV and TSV: put an apostrophe before text that a spreadsheet would run as a formula.
    pub neutralise_formulas: bool,
}

impl SheetStore {
    /// Writes the sheet's rows in sheet order to a file, and returns how many.
    ///
    /// Parquet keeps the native types; 128-bit integers become decimals or text, which it lacks.
    /// The text formats hold lists, structs and JSON as JSON and bytes as base64; JSON has `null`
    /// for numbers that are not finite. The file appears whole or, on an error, not at all.
    pub fn export(&self, request: &ExportRequest) -> Result<u64, DataError> {
        let columns = match &request.columns {
            None => self.stored_columns().to_vec(),
            Some(ids) => ids.iter().map(|id| self.stored_column(*id)).collect::<Result<_, _>>()?,
        };
        let target = Target::reserve(&request.path)?;
        if columns.is_empty() {
            return Err(target.unusable("the sheet has no columns"));
        }
        let scratch = Scratch::new(&export_folder(&self.path))?;
        let connection = self.reader().try_clone().map_err(during("export the sheet"))?;
        let rows = copy(&connection, &columns, request, &scratch.file)?;
        target.fill(&scratch.file)?;
        Ok(rows)
    }
}

fn copy(
    connection: &Connection,
    columns: &[StoredColumn],
    request: &ExportRequest,
    file: &Path,
) -> Result<u64, DataError> {
    let neutralise = request.neutralise_formulas;
    let select: Vec<String> = columns
        .iter()
        .map(|stored| {
            let name = &stored.column.name;
            let (value, name) = match request.format {
                Format::Parquet => (for_parquet(stored), name.clone()),
                Format::Json | Format::Jsonl => (for_json(stored), name.clone()),
                Format::Csv | Format::Tsv if neutralise => {
                    (neutralised(stored), neutral_name(name))
                }
                Format::Csv | Format::Tsv => (for_text(stored), name.clone()),
            };
            format!("{value} AS {}", identifier(&name))
        })
        .collect();
    let options = match request.format {
        Format::Csv => "FORMAT csv, HEADER, DELIMITER ','",
        Format::Tsv => "FORMAT csv, HEADER, DELIMITER '\t'",
        Format::Jsonl => "FORMAT json",
        Format::Json => "FORMAT json, ARRAY true",
        Format::Parquet => "FORMAT parquet",
    };
    let sql = format!(
        "COPY (SELECT {} FROM main.rows ORDER BY row_order, row_id) TO {} ({options})",
        select.join(", "),
        literal(text(file)?)
    );
    let rows = connection
        .query_row(&sql, [], |row| row.get::<_, i64>(0))
        .map_err(during("export the sheet"))?;
    Ok(rows as u64)
}

pub(crate) fn for_parquet(stored: &StoredColumn) -> String {
    let column = &stored.quoted;
    match stored.column.sql_type.as_str() {
        "HUGEINT" => format!("CAST({column} AS DECIMAL(38, 0))"),
        "UHUGEINT" | "BIT" => format!("CAST({column} AS VARCHAR)"),
        sql_type if sql_type.starts_with("UNION") => stored.select(),
        _ => column.clone(),
    }
}

fn for_json(stored: &StoredColumn) -> String {
    let column = &stored.quoted;
    match stored.column.sql_type.as_str() {
        "DOUBLE" | "FLOAT" => format!("CASE WHEN isfinite({column}) THEN {column} END"),
        _ if stored.shape == Shape::Bytes => stored.select(),
        _ => column.clone(),
    }
}

fn for_text(stored: &StoredColumn) -> String {
    match stored.shape {
        Shape::Nested | Shape::Bytes => stored.select(),
        _ => stored.quoted.clone(),
    }
}

/// Only text can hold a formula; `-1` in a number column is a number.
fn neutralised(stored: &StoredColumn) -> String {
    let value = for_text(stored);
    let sql_type = &stored.column.sql_type;
    if sql_type != "VARCHAR" && sql_type != "JSON" && !sql_type.starts_with("ENUM") {
        return value;
    }
    format!(
        "CASE WHEN regexp_matches(CAST({value} AS VARCHAR), '^[=+\\-@\\t\\r]') \
         THEN '''' || {value} ELSE CAST({value} AS VARCHAR) END"
    )
}

fn neutral_name(name: &str) -> String {
    let prefix = if name.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("{prefix}{name}")
}

/// The one folder besides its own file that a sheet's DuckDB may write to. Only a finished export
/// leaves it.
struct Scratch {
    folder: PathBuf,
    file: PathBuf,
}

impl Scratch {
    fn new(folder: &Path) -> Result<Self, DataError> {
        fs::create_dir_all(folder)
            .map_err(|source| DataError::io("make the folder", folder, source))?;
        let file = folder.join(Uuid::new_v4().to_string());
        Ok(Self { folder: folder.to_path_buf(), file })
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove(&self.file);
        // Fails while another export uses it, which is then the one to remove it.
        if let Err(error) = fs::remove_dir(&self.folder) {
            tracing::trace!(folder = %self.folder.display(), %error, "export folder kept");
        }
    }
}

/// A place for the finished file. The part file beside it proves, before a long export, that the
/// folder is there and writable, and takes the bytes when they come from another file system.
struct Target {
    path: PathBuf,
    part: PathBuf,
    /// Locked, so that another process can tell it from one that a killed process left.
    part_file: File,
}

impl Target {
    fn reserve(path: &Path) -> Result<Self, DataError> {
        let unusable =
            |reason: &str| DataError::TargetUnusable { path: path.into(), reason: reason.into() };
        // Through a link to the file it means, so that the link survives the rename.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => return Err(unusable("it is a folder")),
            Ok(metadata) if !metadata.is_file() => return Err(unusable("it is not a file")),
            _ => {}
        }
        let Some(name) = path.file_name() else { return Err(unusable("it names no file")) };
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        if !folder.is_dir() {
            return Err(unusable("its folder does not exist"));
        }
        let prefix = format!(".{}.", name.to_string_lossy());
        remove_stale_parts(folder, &prefix);
        let part = folder.join(format!("{prefix}{}{PART}", Uuid::new_v4().simple()));
        match OpenOptions::new().write(true).create_new(true).open(&part) {
            Ok(part_file) => {
                // Where locks are not supported, a stale part file merely stays for longer.
                if let Err(error) = part_file.try_lock() {
                    tracing::debug!(part = %part.display(), %error, "part file not locked");
                }
                Ok(Self { path, part, part_file })
            }
            Err(source) if source.kind() == io::ErrorKind::PermissionDenied => {
                Err(unusable("its folder is not writable"))
            }
            Err(source) => Err(DataError::io("write to the folder of", &path, source)),
        }
    }

    fn unusable(&self, reason: &str) -> DataError {
        DataError::TargetUnusable { path: self.path.clone(), reason: reason.to_owned() }
    }

    /// Takes over a finished file, flushed, in one step.
    fn fill(mut self, finished: &Path) -> Result<(), DataError> {
        let flushed = File::options().write(true).open(finished).and_then(|file| file.sync_all());
        let moved = flushed.and_then(|()| match fs::rename(finished, &self.path) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                io::copy(&mut File::open(finished)?, &mut self.part_file)?;
                self.part_file.sync_all()?;
                fs::rename(&self.part, &self.path)
            }
            result => result,
        });
        moved.map_err(|source| DataError::io("write", &self.path, source))?;
        sync_folder(&self.path);
        Ok(())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        remove(&self.part);
    }
}
