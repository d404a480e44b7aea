//! A person's own SQL over a sheet: read-only, limited, and stopped on request.
//!
//! Four walls, each enough for most of what may come: the statement must be one `SELECT` that
//! names no function which reads files or changes anything ([`check`]); it runs in a read-only
//! transaction that is rolled back; DuckDB itself was told at opening to touch no other file and
//! to let nobody change that; and what it brings back is limited by rows and bytes.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use braincells_core::{Column, ColumnId, ColumnKind, SqlColumn, SqlLimits, SqlResult, ValueType};
use duckdb::{Connection, Row};
use uuid::Uuid;

use crate::DataError;
use crate::column::{Names, StoredColumn};
use crate::database::text;
use crate::error::during;
use crate::export::for_parquet;
use crate::leftovers::remove;
use crate::sheet::{SheetStore, export_folder};
use crate::sql::{identifier, literal};
use crate::value::{self, Shape};
use crate::watch::interruptible;

mod check;
mod limits;

/// The query as a view, so that its columns are known before it runs. A name that nobody else
/// would think of.
const QUERY: &str = "temp.braincells_query";

/// Why a query is not run, or what is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// Nothing was written.
    #[error("the query is empty")]
    Empty,
    /// More than one statement.
    #[error("the query has {count} statements, only one can be run")]
    Several {
        /// How many.
        count: usize,
    },
    /// A statement that is not a `SELECT`, or has a part that is not.
    #[error("only a SELECT can be run, the sheet is not changed by SQL")]
    NotSelect,
    /// A function that reads files, changes something or waits.
    #[error("the function `{name}` cannot be used in a query")]
    Forbidden {
        /// Its name.
        name: String,
    },
    /// A table that is not there. Files are not read by naming them.
    #[error("there is no table `{name}`")]
    NoTable {
        /// Its name.
        name: String,
    },
    /// DuckDB does not accept it or could not finish it.
    #[error("the query failed: {reason}")]
    Failed {
        /// What DuckDB said, its first line.
        reason: String,
        /// What to try.
        hint: &'static str,
    },
}

impl SqlError {
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Empty => "write one such as `SELECT * FROM sheet LIMIT 10`",
            Self::Several { .. } => "run them one after the other",
            Self::NotSelect => "begin with SELECT, WITH or FROM",
            Self::Forbidden { .. } => "import a file first to query it",
            Self::NoTable { .. } => {
                "the sheet is the table `sheet`; what is kept about it is in the schema `braincells`"
            }
            Self::Failed { hint, .. } => hint,
        }
    }

    /// What DuckDB said, in one line, with what to try.
    fn failed(error: &duckdb::Error) -> DataError {
        let text = error.to_string();
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let reason = lines.next().unwrap_or("no reason was given").to_owned();
        if reason.starts_with("INTERRUPT") {
            return DataError::Cancelled;
        }
        if reason.contains("No space left") {
            return DataError::DiskFull { action: "run the query".to_owned() };
        }
        let hint = match reason.split_once(" Error").map(|(kind, _)| kind) {
            Some("Parser" | "Syntax") => "check the spelling near the place that is named",
            Some("Binder" | "Catalog") => {
                "check the names; those with spaces or capital letters go in double quotes"
            }
            Some("Conversion") => "use TRY_CAST to get nothing for values that do not fit",
            Some("Out of Memory") => "ask for fewer rows or columns at once, or filter first",
            Some("Permission") => "queries only read the sheet",
            _ => "try a simpler query",
        };
        Self::Failed { reason, hint }.into()
    }
}

/// The result of a query in a file of its own, which is removed when this is dropped.
#[derive(Debug)]
pub struct SqlFile {
    folder: PathBuf,
    path: PathBuf,
    rows: u64,
}

impl SqlFile {
    /// A Parquet file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its rows.
    pub fn row_count(&self) -> u64 {
        self.rows
    }
}

impl Drop for SqlFile {
    fn drop(&mut self) {
        remove(&self.path);
        // Fails while an export uses it, which is then the one to remove it.
        if let Err(error) = fs::remove_dir(&self.folder) {
            tracing::trace!(folder = %self.folder.display(), %error, "export folder kept");
        }
    }
}

impl SheetStore {
    /// Runs one `SELECT` over the sheet, which is the table `sheet` (or `rows`) with the columns
    /// as they are named on screen and `row_id`. What is kept about the sheet can be read in the
    /// schema `braincells`. Nothing can be changed, and no file be read or written.
    ///
    /// Setting `cancelled` ends it with [`DataError::Cancelled`].
    pub fn sql(
        &self,
        query: &str,
        limits: SqlLimits,
        cancelled: &AtomicBool,
    ) -> Result<SqlResult, DataError> {
        self.with_query(query, cancelled, |connection, columns| {
            let select: Vec<String> = columns.iter().map(StoredColumn::select).collect();
            let sql = format!(
                "SELECT {} FROM {QUERY} LIMIT {}",
                select.join(", "),
                limits.rows.saturating_add(1).min(i64::MAX as u64)
            );
            read(connection, &sql, columns, limits)
        })
    }

    /// Writes all that a query finds to a Parquet file beside the sheet.
    pub fn sql_to_file(&self, query: &str, cancelled: &AtomicBool) -> Result<SqlFile, DataError> {
        let folder = export_folder(self.path());
        fs::create_dir_all(&folder)
            .map_err(|source| DataError::io("make the folder", &folder, source))?;
        let path = folder.join(format!("{}.parquet", Uuid::new_v4()));
        let mut file = SqlFile { folder, path, rows: 0 };
        let path = text(&file.path)?.to_owned();
        file.rows = self.with_query(query, cancelled, |connection, columns| {
            let select: Vec<String> = columns
                .iter()
                .map(|stored| format!("{} AS {}", for_parquet(stored), stored.quoted))
                .collect();
            let sql = format!(
                "COPY (SELECT {} FROM {QUERY}) TO {} (FORMAT parquet)",
                select.join(", "),
                literal(&path)
            );
            let rows = connection.query_row(&sql, [], |row| row.get::<_, i64>(0));
            rows.map(|rows| rows as u64).map_err(|error| SqlError::failed(&error))
        })?;
        Ok(file)
    }

    /// Checks a query and makes it the view [`QUERY`] of a connection of its own, inside a
    /// read-only transaction.
    fn with_query<T>(
        &self,
        query: &str,
        cancelled: &AtomicBool,
        work: impl FnOnce(&Connection, &[StoredColumn]) -> Result<T, DataError>,
    ) -> Result<T, DataError> {
        let connection = self.own_reader()?;
        interruptible(&connection, cancelled, |connection| {
            self.show_sheet(connection)?;
            check::check(connection, query)?;
            let failed = |error| SqlError::failed(&error);
            connection
                .execute_batch("BEGIN TRANSACTION READ ONLY")
                .map_err(during("begin the query"))?;
            // The line break ends a comment that the query may end with.
            connection
                .execute_batch(&format!("CREATE TEMP VIEW braincells_query AS {query}\n"))
                .map_err(failed)?;
            let columns = describe(connection)?;
            let result = work(connection, &columns);
            connection.execute_batch("ROLLBACK").map_err(during("end the query"))?;
            result
        })
    }

    /// Makes the sheet visible to one connection under the names that people know.
    fn show_sheet(&self, connection: &Connection) -> Result<(), DataError> {
        let failed = during("show the sheet to the query");
        let mut names = Names::default();
        let columns = self.stored_columns();
        let mut select: Vec<String> = columns
            .iter()
            .map(|stored| {
                format!("{} AS {}", stored.quoted, identifier(&names.claim(&stored.column.name)))
            })
            .collect();
        select.insert(0, format!("row_id AS {}", identifier(&names.claim("row_id"))));
        let database: String = connection
            .query_row("SELECT current_database()", [], |row| row.get(0))
            .map_err(&failed)?;
        for name in ["sheet", "rows"] {
            let sql = format!(
                "CREATE TEMP VIEW {name} AS SELECT {} FROM {}.main.rows",
                select.join(", "),
                identifier(&database)
            );
            connection.execute_batch(&sql).map_err(&failed)?;
        }
        limits::restrain(connection).map_err(&failed)
    }
}

/// The columns of the query, as if they were stored.
fn describe(connection: &Connection) -> Result<Vec<StoredColumn>, DataError> {
    let failed = during("describe the query");
    let mut statement = connection.prepare(&format!("DESCRIBE {QUERY}")).map_err(&failed)?;
    let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
    let columns = statement.query_map([], read).map_err(&failed)?;
    columns
        .map(|column| {
            let (name, sql_type) = column.map_err(&failed)?;
            Ok(StoredColumn {
                quoted: identifier(&name),
                inputs: Vec::new(),
                shape: Shape::of(&sql_type),
                column: Column {
                    id: ColumnId(0),
                    name,
                    value_type: ValueType::Text,
                    sql_type,
                    hidden: false,
                    width_px: None,
                    kind: ColumnKind::Data,
                },
            })
        })
        .collect()
}

fn read(
    connection: &Connection,
    sql: &str,
    columns: &[StoredColumn],
    limits: SqlLimits,
) -> Result<SqlResult, DataError> {
    let failed = |error: duckdb::Error| SqlError::failed(&error);
    let mut statement = connection.prepare(sql).map_err(failed)?;
    let mut found = statement.query([]).map_err(failed)?;
    let (mut rows, mut bytes, mut truncated) = (Vec::new(), 0, false);
    while let Some(row) = found.next().map_err(failed)? {
        if rows.len() as u64 >= limits.rows || bytes > limits.bytes {
            truncated = true;
            break;
        }
        let values = columns
            .iter()
            .enumerate()
            .map(|(index, stored)| value::read(row, index, stored.shape))
            .collect::<duckdb::Result<Vec<_>>>()
            .map_err(failed)?;
        bytes += values.iter().map(value::size_bytes).sum::<u64>();
        rows.push(values);
    }
    let columns = columns
        .iter()
        .map(|stored| SqlColumn {
            name: stored.column.name.clone(),
            sql_type: stored.column.sql_type.clone(),
        })
        .collect();
    Ok(SqlResult { columns, rows, truncated })
}
