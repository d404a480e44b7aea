//! Arrow IPC: files, which are also called Feather 2, and streams.

use std::fs::File;
use std::io::{BufReader, Read};
use std::sync::Arc;

use ::arrow::array::{ArrayRef, RecordBatch};
use ::arrow::compute::cast;
use ::arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use ::arrow::error::ArrowError;
use ::arrow::ipc::reader::{FileReader, StreamReader};

use super::batches::{BatchReader, Take, contained, damaged};
use super::column::SourceColumn;
use super::probe::{Probed, unusable};
use super::source::{Input, Rows, Source};
use crate::DataError;
use crate::sql::identifier;

pub(super) fn plan(input: Input<'_>) -> Result<Source, DataError> {
    let probed = input.probed;
    let found = contained(probed, || Ok(open(probed)?.schema()))?;
    let mut fields = Vec::with_capacity(found.fields().len());
    let mut columns = Vec::with_capacity(found.fields().len());
    for (index, field) in found.fields().iter().enumerate() {
        let plain = plain(field);
        let Some(sql_type) = sql_type(&plain) else {
            let reason = format!(
                "its column `{}` has the type {}, which is not read",
                field.name().escape_debug(),
                field.data_type()
            );
            let hint = "turn the column into text or another plain type first";
            return Err(unusable(&probed.named, reason, hint));
        };
        columns.push(SourceColumn {
            title: field.name().clone(),
            // Titles may be there twice, and differ in letter case only.
            ..SourceColumn::titled(format!("c{index}"), sql_type)
        });
        fields.push(plain);
    }
    if columns.is_empty() {
        return Err(unusable(&probed.named, "it has no columns", "choose a file with data in it"));
    }
    let schema = Arc::new(Schema::new(fields));
    let reader = Reader { probed: probed.clone(), schema };
    Ok(Source {
        columns,
        rows: Rows::Batches(Box::new(reader)),
        dialect: None,
        tables: Vec::new(),
        table: None,
    })
}

struct Reader {
    probed: Probed,
    /// What batches are turned into.
    schema: SchemaRef,
}

impl BatchReader for Reader {
    fn count(&mut self) -> Result<u64, DataError> {
        let mut rows = 0;
        for batch in open(&self.probed)? {
            rows += batch.map_err(|error| unread(&self.probed, &error))?.num_rows() as u64;
        }
        Ok(rows)
    }

    fn read(&mut self, take: Take<'_>) -> Result<(), DataError> {
        let failed = |error: &ArrowError| unread(&self.probed, error);
        for batch in open(&self.probed)? {
            let batch = batch.map_err(|error| failed(&error))?;
            let columns: Result<Vec<ArrayRef>, ArrowError> = batch
                .columns()
                .iter()
                .zip(self.schema.fields())
                .map(|(column, field)| {
                    if column.data_type() == field.data_type() {
                        return Ok(Arc::clone(column));
                    }
                    cast(column, field.data_type())
                })
                .collect();
            let batch = columns
                .and_then(|columns| RecordBatch::try_new(Arc::clone(&self.schema), columns))
                .map_err(|error| failed(&error))?;
            if !take(batch)? {
                break;
            }
        }
        Ok(())
    }
}

/// Both kinds of Arrow IPC, read one batch after the other.
enum Batches {
    File(Box<FileReader<BufReader<File>>>),
    Stream(Box<StreamReader<BufReader<File>>>),
}

impl Batches {
    fn schema(&self) -> SchemaRef {
        match self {
            Self::File(reader) => reader.schema(),
            Self::Stream(reader) => reader.schema(),
        }
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::File(reader) => reader.next(),
            Self::Stream(reader) => reader.next(),
        }
    }
}

fn open(probed: &Probed) -> Result<Batches, DataError> {
    let failed = |source| DataError::io("read", &probed.path, source);
    let mut magic = [0; 6];
    let mut file = File::open(&probed.path).map_err(failed)?;
    let is_file = file.read_exact(&mut magic).is_ok() && &magic == b"ARROW1";
    let file = File::open(&probed.path).map_err(failed)?;
    let reader = if is_file {
        FileReader::try_new_buffered(file, None).map(|reader| Batches::File(Box::new(reader)))
    } else {
        StreamReader::try_new_buffered(file, None).map(|reader| Batches::Stream(Box::new(reader)))
    };
    reader.map_err(|error| unread(probed, &error))
}

fn unread(probed: &Probed, error: &ArrowError) -> DataError {
    damaged(probed, &error.to_string())
}

/// The same field in a type that DuckDB takes: without dictionaries and other ways to save
/// space, and as text where there is nothing as wide.
fn plain(field: &Field) -> Field {
    let with = |data_type| field.clone().with_data_type(data_type).with_nullable(true);
    let inside = |field: &FieldRef| Arc::new(plain(field));
    match field.data_type() {
        DataType::Dictionary(_, value) => {
            plain(&Field::new(field.name(), value.as_ref().clone(), true))
        }
        DataType::RunEndEncoded(_, value) => plain(&value.as_ref().clone().with_name(field.name())),
        DataType::Float16 => with(DataType::Float32),
        DataType::Null | DataType::Decimal256(..) => with(DataType::Utf8),
        DataType::List(child) | DataType::ListView(child) => with(DataType::List(inside(child))),
        DataType::LargeList(child) | DataType::LargeListView(child) => {
            with(DataType::LargeList(inside(child)))
        }
        DataType::FixedSizeList(child, length) => {
            with(DataType::FixedSizeList(inside(child), *length))
        }
        DataType::Struct(children) => {
            with(DataType::Struct(children.iter().map(inside).collect::<Fields>()))
        }
        _ => field.clone(),
    }
}

/// The DuckDB type of a plain field.
fn sql_type(field: &Field) -> Option<String> {
    let extension = field.extension_type_name();
    Some(match field.data_type() {
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Int8 => "TINYINT".to_owned(),
        DataType::Int16 => "SMALLINT".to_owned(),
        DataType::Int32 => "INTEGER".to_owned(),
        DataType::Int64 => "BIGINT".to_owned(),
        DataType::UInt8 => "UTINYINT".to_owned(),
        DataType::UInt16 => "USMALLINT".to_owned(),
        DataType::UInt32 => "UINTEGER".to_owned(),
        DataType::UInt64 => "UBIGINT".to_owned(),
        DataType::Float32 => "FLOAT".to_owned(),
        DataType::Float64 => "DOUBLE".to_owned(),
        DataType::Timestamp(_, Some(_)) => "TIMESTAMP WITH TIME ZONE".to_owned(),
        DataType::Timestamp(unit, None) => match unit {
            ::arrow::datatypes::TimeUnit::Second => "TIMESTAMP_S".to_owned(),
            ::arrow::datatypes::TimeUnit::Millisecond => "TIMESTAMP_MS".to_owned(),
            ::arrow::datatypes::TimeUnit::Microsecond => "TIMESTAMP".to_owned(),
            ::arrow::datatypes::TimeUnit::Nanosecond => "TIMESTAMP_NS".to_owned(),
        },
        DataType::Date32 | DataType::Date64 => "DATE".to_owned(),
        DataType::Time32(_) | DataType::Time64(_) => "TIME".to_owned(),
        DataType::Duration(_) | DataType::Interval(_) => "INTERVAL".to_owned(),
        DataType::FixedSizeBinary(16) if extension == Some("arrow.uuid") => "UUID".to_owned(),
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => "BLOB".to_owned(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            if extension == Some("arrow.json") { "JSON" } else { "VARCHAR" }.to_owned()
        }
        DataType::Decimal32(width, scale)
        | DataType::Decimal64(width, scale)
        | DataType::Decimal128(width, scale) => {
            let scale = u8::try_from(*scale).ok().filter(|scale| scale <= width)?;
            format!("DECIMAL({width}, {scale})")
        }
        DataType::List(child) | DataType::LargeList(child) => format!("{}[]", sql_type(child)?),
        DataType::FixedSizeList(child, length) => format!("{}[{length}]", sql_type(child)?),
        DataType::Struct(children) if !children.is_empty() => {
            let children: Option<Vec<String>> = children
                .iter()
                .map(|child| Some(format!("{} {}", identifier(child.name()), sql_type(child)?)))
                .collect();
            format!("STRUCT({})", children?.join(", "))
        }
        DataType::Map(entries, _) => {
            let DataType::Struct(fields) = entries.data_type() else { return None };
            let [key, value] = &fields[..] else { return None };
            // What a map holds is not made plain, so that dictionaries inside are refused.
            format!("MAP({}, {})", sql_type(key)?, sql_type(value)?)
        }
        _ => return None,
    })
}
