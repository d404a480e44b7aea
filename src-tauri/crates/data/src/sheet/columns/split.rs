//! Splitting a column of JSON objects into typed columns.
//!
//! The new columns are data columns with what the objects hold now: a snapshot, as an import would
//! have it. Later changes of the objects do not reach them.

use braincells_core::{Column, ColumnId, DataType, JsonProperty, SplitColumn, SplitColumns, Value};

use super::{SheetStore, new_column};
use crate::DataError;
use crate::column::{self, ColumnRow, Names, StoredColumn, sql_type_of};
use crate::convert::fitting;
use crate::error::during;
use crate::sql::{identifier, literal};
use crate::step::Action;
use crate::value::{Shape, shortened};

/// Columns that are made at once at most.
const MOST_COLUMNS: usize = 256;
/// Rows that are looked at for the properties of objects.
const LOOKED_AT: u32 = 10_000;

/// A column to be made of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitPart {
    /// The property, at the top of each object.
    pub property: String,
    /// The wanted name of the column.
    pub name: String,
    /// The type of the column.
    pub data_type: DataType,
}

impl SheetStore {
    /// The properties at the top of a column's JSON objects, in the order in which they appear in
    /// the first rows that have a value, with the type that fits all their values there.
    pub fn json_properties(&self, column: ColumnId) -> Result<Vec<JsonProperty>, DataError> {
        let stored = self.stored_column(column)?;
        let failed = during("read the column's properties");
        let value = format!("json_extract(j, {})", pointer_of("k"));
        let text = format!("json_extract_string(j, {})", pointer_of("k"));
        let sql = format!(
            "WITH looked_at AS ( \
                 SELECT r.row_order AS place, {json} AS j FROM main.rows r \
                 WHERE {column} IS NOT NULL ORDER BY r.row_order LIMIT {LOOKED_AT}), \
             objects AS (SELECT place, j, json_keys(j) AS names FROM looked_at \
                 WHERE json_type(j) = 'OBJECT'), \
             numbered AS (SELECT place, j, names, unnest(range(1, len(names) + 1)) AS nth \
                 FROM objects), \
             named AS (SELECT place, nth, j, names[nth] AS k FROM numbered), \
             found AS (SELECT place, nth, k, json_type({value}) AS t, {text} AS x FROM named) \
             SELECT k, list_sort(list(DISTINCT t) FILTER (t <> 'NULL')), \
                 count(*) FILTER (t = 'VARCHAR'), \
                 count(*) FILTER (t = 'VARCHAR' AND {date}) \
             FROM found GROUP BY k ORDER BY min((place, nth)) LIMIT {limit}",
            json = json_of(&stored)?,
            column = stored.quoted,
            date = is_date("x"),
            limit = MOST_COLUMNS + 1,
        );
        let reader = self.own_reader()?;
        let mut statement = reader.prepare(&sql).map_err(&failed)?;
        let mut rows = statement.query([]).map_err(&failed)?;
        let mut properties = Vec::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            let property: String = row.get(0).map_err(&failed)?;
            let (texts, dates): (u64, u64) =
                (row.get(2).map_err(&failed)?, row.get(3).map_err(&failed)?);
            let types: duckdb::types::Value = row.get(1).map_err(&failed)?;
            let data_type = type_of(&words(&types), texts > 0 && texts == dates);
            properties.push(JsonProperty { property, data_type });
        }
        if properties.len() > MOST_COLUMNS {
            return Err(DataError::TooManyProperties { most: MOST_COLUMNS });
        }
        Ok(properties)
    }

    /// Makes a data column of each part, behind the column that is split, all in one step. A name
    /// that another column has gets a number behind it. A value that does not fit its column's
    /// type is counted, and its cell stays empty; numbers and `true` and `false` are texts, too.
    pub fn split_json_column(
        &self,
        column: ColumnId,
        parts: &[SplitPart],
        now_ms: i64,
    ) -> Result<SplitColumns, DataError> {
        let stored = self.stored_column(column)?;
        let json = json_of(&stored)?;
        if parts.len() > MOST_COLUMNS {
            return Err(DataError::TooManyProperties { most: MOST_COLUMNS });
        }
        if parts.is_empty() {
            return Ok(SplitColumns { columns: Vec::new(), no_objects: 0 });
        }
        let step = match parts {
            [_] => format!("Split `{}` into a column", stored.column.name),
            _ => format!("Split `{}` into {} columns", stored.column.name, parts.len()),
        };
        let (made, no_objects) = self.act(&step, now_ms, |action| {
            let made = make_columns(action, column, parts)?;
            let values: Vec<PartSql> = parts.iter().map(|part| PartSql::new(&json, part)).collect();
            let failed = during("split the column");
            let assigned: Vec<String> = made
                .iter()
                .zip(&values)
                .map(|(row, part)| format!("{} = {}", identifier(&row.physical), part.value))
                .collect();
            let connection = action.connection;
            connection
                .execute(&format!("UPDATE main.rows SET {}", assigned.join(", ")), [])
                .map_err(&failed)?;
            let mut columns = Vec::with_capacity(made.len());
            for (row, part) in made.iter().zip(&values) {
                columns.push((ColumnId(row.id), part.count(connection, row).map_err(&failed)?));
            }
            let no_objects = connection
                .query_row(
                    &format!(
                        "SELECT count(*) FROM main.rows WHERE {column} IS NOT NULL \
                         AND coalesce(json_type({json}), '') NOT IN ('OBJECT', 'NULL')",
                        column = stored.quoted
                    ),
                    [],
                    |row| row.get(0),
                )
                .map_err(&failed)?;
            Ok((columns, no_objects))
        })?;
        let columns = made
            .into_iter()
            .zip(parts)
            .map(|((id, counts), part)| {
                let column: Column = self.stored_column(id)?.column;
                Ok(SplitColumn {
                    column,
                    property: part.property.clone(),
                    filled: counts.filled,
                    misfits: counts.misfits,
                    misfit_example: counts.example.map(|text| Value::from(shortened(&text))),
                })
            })
            .collect::<Result<_, DataError>>()?;
        Ok(SplitColumns { columns, no_objects })
    }
}

/// Empty columns behind `behind`, in the order of the parts.
fn make_columns(
    action: &mut Action<'_>,
    behind: ColumnId,
    parts: &[SplitPart],
) -> Result<Vec<ColumnRow>, DataError> {
    let mut names = Names::default();
    for row in column::load_rows(action.connection)? {
        names.claim(&row.name);
    }
    let mut made = Vec::with_capacity(parts.len());
    for part in parts {
        let name = names.claim(part.name.trim());
        made.push(new_column(action, &name, sql_type_of(part.data_type), "data")?);
    }
    let mut rows = column::load_rows(action.connection)?;
    rows.retain(|row| made.iter().all(|new| new.id != row.id));
    let place = rows.iter().position(|row| row.id == behind.0).map_or(rows.len(), |at| at + 1);
    rows.splice(place..place, made.iter().cloned());
    for (position, row) in (1..).zip(&mut rows) {
        if row.position != position {
            row.position = position;
            column::replace_row(action.connection, row)?;
        }
    }
    Ok(made)
}

/// The SQL for the values of one new column.
struct PartSql {
    /// The value in the column's type, null where there is none or where it does not fit.
    value: String,
    /// Whether there is a value that is not null.
    present: String,
    /// The value as a text, to be shown.
    text: String,
}

struct Counts {
    filled: u64,
    misfits: u64,
    example: Option<String>,
}

impl PartSql {
    fn new(json: &str, part: &SplitPart) -> Self {
        // A pointer that is a number also points into a list.
        let is_number = part.property.bytes().all(|byte| byte.is_ascii_digit());
        let objects = format!("CASE WHEN json_type({json}) = 'OBJECT' THEN {json} END");
        let json = if is_number { objects.as_str() } else { json };
        let pointer = literal(&pointer(&part.property));
        let found = format!("json_extract({json}, {pointer})");
        let kind = format!("json_type({json}, {pointer})");
        let text = format!("json_extract_string({json}, {pointer})");
        let kinds =
            |kinds: &str, value: &str| format!("CASE WHEN {kind} IN ({kinds}) THEN {value} END");
        let sql_type = sql_type_of(part.data_type);
        let value = match part.data_type {
            DataType::Text => {
                format!("CASE WHEN {kind} NOT IN ('ARRAY', 'OBJECT') THEN {text} END")
            }
            DataType::Integer => kinds(&format!("{NUMBERS}, 'VARCHAR'"), &fitting(&text, sql_type)),
            DataType::Number => {
                let number = fitting(&text, sql_type);
                let finite = format!("CASE WHEN isfinite({number}) THEN {number} END");
                kinds(&format!("{NUMBERS}, 'VARCHAR'"), &finite)
            }
            DataType::Boolean => kinds("'BOOLEAN', 'VARCHAR'", &fitting(&text, sql_type)),
            DataType::Date | DataType::Timestamp => kinds("'VARCHAR'", &fitting(&text, sql_type)),
            DataType::Json => format!("CASE WHEN {kind} <> 'NULL' THEN {found} END"),
        };
        let present = format!("coalesce({kind}, 'NULL') <> 'NULL'");
        Self { value, present, text }
    }

    fn count(&self, connection: &duckdb::Connection, row: &ColumnRow) -> duckdb::Result<Counts> {
        let (made, Self { present, text, .. }) = (identifier(&row.physical), self);
        let misfit = format!("{made} IS NULL AND {present}");
        connection.query_row(
            &format!(
                "SELECT count({made}), count(*) FILTER ({misfit}), \
                 arg_min({text}, r.row_order) FILTER ({misfit}) FROM main.rows r"
            ),
            [],
            |row| Ok(Counts { filled: row.get(0)?, misfits: row.get(1)?, example: row.get(2)? }),
        )
    }
}

/// What DuckDB calls the types of JSON numbers.
const NUMBERS: &str = "'BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT', 'DOUBLE'";

/// The SQL expression for the column's value as JSON, null where it is none.
fn json_of(stored: &StoredColumn) -> Result<String, DataError> {
    let column = &stored.quoted;
    match (stored.shape, stored.column.sql_type.as_str()) {
        (Shape::Json, _) => Ok(column.clone()),
        (Shape::Nested, _) => Ok(format!("to_json({column})")),
        (_, "VARCHAR") => {
            Ok(format!("CASE WHEN json_valid({column}) THEN CAST({column} AS JSON) END"))
        }
        (_, sql_type) => Err(DataError::NoJson {
            name: stored.column.name.clone(),
            sql_type: sql_type.to_owned(),
        }),
    }
}

/// The JSON pointer to a property, which needs no other escapes whatever the property's name.
fn pointer(property: &str) -> String {
    format!("/{}", property.replace('~', "~0").replace('/', "~1"))
}

/// [`pointer`] in SQL, of an expression.
fn pointer_of(expression: &str) -> String {
    format!("'/' || replace(replace({expression}, '~', '~0'), '/', '~1')")
}

/// The SQL condition that a text is a day as JSON writes one.
fn is_date(text: &str) -> String {
    format!(
        "regexp_full_match({text}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') \
         AND TRY_CAST({text} AS DATE) IS NOT NULL"
    )
}

fn words(list: &duckdb::types::Value) -> Vec<String> {
    match list {
        duckdb::types::Value::List(items) => items
            .iter()
            .filter_map(|item| match item {
                duckdb::types::Value::Text(text) => Some(text.clone()),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The type that holds values of all these JSON types, by DuckDB's names for them.
fn type_of(json_types: &[String], all_dates: bool) -> DataType {
    let only = |allowed: &[&str]| json_types.iter().all(|one| allowed.contains(&one.as_str()));
    match () {
        () if json_types.is_empty() => DataType::Text,
        () if only(&["BOOLEAN"]) => DataType::Boolean,
        // DuckDB calls the ones above zero unsigned.
        () if only(&["BIGINT", "UBIGINT"]) => DataType::Integer,
        () if only(&["BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT", "DOUBLE"]) => DataType::Number,
        () if only(&["VARCHAR"]) && all_dates => DataType::Date,
        () if only(&["VARCHAR"]) => DataType::Text,
        () => DataType::Json,
    }
}
