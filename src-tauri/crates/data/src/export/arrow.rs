use std::collections::HashMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;

use ::arrow::datatypes::{FieldRef, Schema};
use ::arrow::error::ArrowError;
use ::arrow::ipc::writer::FileWriter;

use super::{Table, for_parquet};
use crate::DataError;
use crate::column::StoredColumn;
use crate::error::during;
use crate::value::Shape;

/// Writes an Arrow IPC file, batch by batch.
pub(super) fn write(table: &Table<'_>, path: &Path) -> Result<u64, DataError> {
    let failed = during("export the sheet");
    let file = File::create(path).map_err(|source| DataError::io("write", path, source))?;
    let query = table.query(|stored| (for_arrow(stored), stored.column.name.clone()));
    let mut statement = table.connection.prepare(&query).map_err(&failed)?;
    let batches = statement.stream_arrow([]).map_err(&failed)?;
    let schema = Arc::new(with_json(&batches.get_schema(), table.columns));
    let mut writer = FileWriter::try_new(BufWriter::new(file), &schema)
        .map_err(|error| unwritten(path, error))?;
    let mut rows = 0;
    for batch in batches {
        table.go_on()?;
        let batch = batch.map_err(&failed)?;
        rows += batch.num_rows() as u64;
        let batch =
            batch.with_schema(Arc::clone(&schema)).map_err(|error| unwritten(path, error))?;
        writer.write(&batch).map_err(|error| unwritten(path, error))?;
    }
    writer.finish().map_err(|error| unwritten(path, error))?;
    Ok(rows)
}

/// The schema with JSON named as such: to DuckDB it is text.
fn with_json(schema: &Schema, columns: &[StoredColumn]) -> Schema {
    let named = |(field, stored): (&FieldRef, &StoredColumn)| {
        if stored.shape != Shape::Json {
            return field.as_ref().clone();
        }
        let name = ("ARROW:extension:name".to_owned(), "arrow.json".to_owned());
        field.as_ref().clone().with_metadata(HashMap::from([name]))
    };
    Schema::new(schema.fields().iter().zip(columns).map(named).collect::<Vec<_>>())
}

/// As Parquet, and as text what Arrow files of other programs do not have.
fn for_arrow(stored: &StoredColumn) -> String {
    let column = &stored.quoted;
    let word = stored.column.sql_type.split(['(', ' ']).next().unwrap_or_default();
    match word {
        "ENUM" | "UUID" | "BIGNUM" | "TIME_NS" => format!("CAST({column} AS VARCHAR)"),
        "VARIANT" => stored.select(),
        "TIME" if stored.column.sql_type != "TIME" => format!("CAST({column} AS VARCHAR)"),
        _ if stored.shape == Shape::Json => column.clone(),
        _ => for_parquet(stored),
    }
}

fn unwritten(path: &Path, error: ArrowError) -> DataError {
    match error {
        ArrowError::IoError(_, source) => DataError::io("write", path, source),
        error => DataError::database("export the sheet", &error.to_string()),
    }
}
