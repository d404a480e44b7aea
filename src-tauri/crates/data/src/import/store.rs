//! From the rows of a source to the rows of a sheet.

use super::choice::Choice;
use super::column::{self, SourceColumn};
use super::options::RowSelection;
use super::source::{self, Input, Rows, Scan, Source};
use super::watch::going_on;
use super::{apostrophe, batches};
use crate::DataError;
use crate::column::Names;
use crate::error::during;
use crate::schema::ORDER_GAP;
use crate::sql::identifier;

/// Makes `main.rows` of the chosen rows of a file.
pub(super) fn store_rows(input: Input<'_>) -> Result<(Source, Layout, u64), DataError> {
    if let Some(sampled) = input.sampled() {
        match store_planned(sampled) {
            // A later row is not as the sample was. What the file is, or what is wrong with it,
            // is found from all of it.
            Err(DataError::SourceUnusable { reason, .. }) => {
                tracing::debug!(reason, "a sample did not tell the types");
            }
            result => return result,
        }
    }
    store_planned(input)
}

fn store_planned(input: Input<'_>) -> Result<(Source, Layout, u64), DataError> {
    let connection = input.connection;
    let mut source = source::plan(input)?;
    let layout = Layout::of(&source.columns);
    let rows = match &mut source.rows {
        Rows::Scan(scan) => store_scan(input, scan, &mut source.columns, &layout)?,
        Rows::Batches(reader) => {
            connection
                .execute_batch(&layout.create(&source.columns))
                .map_err(during("create the sheet"))?;
            let choice = Choice::make(input.options.rows, || {
                batches::contained(input.probed, || reader.count())
            })?;
            let insert = format!(
                "INSERT INTO main.rows SELECT {} FROM {} AS src",
                layout.select(),
                batches::STAGED
            );
            let store = || connection.execute_batch(&insert);
            batches::load(input, &source.columns, reader.as_mut(), &choice, store)?
        }
    };
    number_rows(input, rows)?;
    if input.probed.format.is_delimited() && !input.options.keep_apostrophes {
        let texts = layout.texts(&source.columns);
        apostrophe::take_back(connection, "main.rows", &texts, |name| {
            input.options.type_of(name).is_none()
        })?;
    }
    Ok((source, layout, rows))
}

/// Gives the rows their ids and their order, those of the file.
///
/// DuckDB stores rows in the order of the file and numbers them itself. To number them on their
/// way in would keep all but one thread from reading.
fn number_rows(input: Input<'_>, rows: u64) -> Result<(), DataError> {
    /// What is changed is in memory until the next checkpoint.
    const ROWS_AT_ONCE: u64 = 4_000_000;
    let failed = during("number the rows");
    let last: i64 = input
        .connection
        .query_row("SELECT coalesce(max(rowid) + 1, 0) FROM main.rows", [], |row| row.get(0))
        .map_err(&failed)?;
    if last as u64 != rows {
        return Err(DataError::database("number the rows", "they are not stored one by one"));
    }
    let mut start = 0;
    while start < rows {
        going_on(input.cancelled)?;
        let end = start + ROWS_AT_ONCE;
        input
            .connection
            .execute_batch(&format!(
                "UPDATE main.rows SET row_id = rowid + 1, row_order = (rowid + 1) * {ORDER_GAP} \
                 WHERE rowid >= {start} AND rowid < {end}; CHECKPOINT"
            ))
            .map_err(&failed)?;
        start = end;
    }
    Ok(())
}

/// Makes `main.rows` of what DuckDB reads itself.
fn store_scan(
    input: Input<'_>,
    scan: &mut Scan,
    columns: &mut [SourceColumn],
    layout: &Layout,
) -> Result<u64, DataError> {
    let (connection, probed) = (input.connection, input.probed);
    let all = input.options.rows == RowSelection::All;
    let needed = !all && scan.expected_rows.is_some();
    let mut count = || {
        scan.try_each(probed, columns, |from| {
            connection.query_row(&format!("SELECT count(*) FROM {from}"), [], |row| row.get(0))
        })
    };
    let counted = if needed { Some(count()?) } else { None };
    let choice = Choice::make(input.options.rows, || counted.map_or_else(count, Ok))?;
    if let Some(rows) = counted {
        scan.check_rows(probed, rows)?;
    }
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    // The list of chosen rows is made once, for all tries.
    let place = "\u{1}";
    let chosen = choice.of(connection, place, &names)?;
    let select = layout.select();
    let made = scan.try_each(probed, columns, |from| {
        let from = chosen.replacen(place, from, 1);
        connection
            .execute_batch(&format!("CREATE TABLE main.rows AS SELECT {select} FROM {from} AS src"))
    });
    if let Err(error) = made {
        return Err(cast_misfit(input, scan, columns).unwrap_or(error));
    }
    let rows: i64 = connection
        .query_row("SELECT count(*) FROM main.rows", [], |row| row.get(0))
        .map_err(during("count the rows"))?;
    if all {
        scan.check_rows(probed, rows as u64)?;
    }
    Ok(rows as u64)
}

/// Names the row and the value that a cast to a type which was asked for failed on.
fn cast_misfit(input: Input<'_>, scan: &Scan, columns: &[SourceColumn]) -> Option<DataError> {
    if going_on(input.cancelled).is_err() {
        return None;
    }
    columns.iter().find_map(|column| {
        let (row, value) = batches::find_misfit(input.connection, &scan.from, column)?;
        Some(column::does_not_fit(input.probed, row, column, &value))
    })
}

/// Where the columns of a source go.
pub(super) struct Layout {
    /// The name that is shown and the name in `main.rows`.
    pub(super) names: Vec<(String, String)>,
    /// The values, over `src`.
    values: Vec<String>,
}

impl Layout {
    fn of(columns: &[SourceColumn]) -> Self {
        let mut physical = Names::physical();
        let shown = column::shown(columns.iter().map(|column| column.title.as_str()));
        let stored: Vec<String> =
            columns.iter().map(|column| physical.claim(&column.title)).collect();
        let values = columns.iter().zip(&stored);
        Self {
            values: values
                .map(|(column, name)| format!("{} AS {}", column.select(), identifier(name)))
                .collect(),
            names: shown.into_iter().zip(stored).collect(),
        }
    }

    /// The columns of `main.rows` over `src`, not numbered yet.
    fn select(&self) -> String {
        format!("0::BIGINT AS row_id, 0::BIGINT AS row_order, {}", self.values.join(", "))
    }

    /// The statement that makes an empty `main.rows`.
    fn create(&self, columns: &[SourceColumn]) -> String {
        let columns: Vec<String> = columns
            .iter()
            .zip(&self.names)
            .map(|(column, (_, name))| format!("{} {}", identifier(name), column.final_type()))
            .collect();
        let columns = columns.join(", ");
        format!("CREATE TABLE main.rows (row_id BIGINT, row_order BIGINT, {columns})")
    }

    /// The columns of text, by the name that is shown and the name in `main.rows`.
    fn texts(&self, columns: &[SourceColumn]) -> Vec<(&str, &str)> {
        let names = columns.iter().zip(&self.names);
        names
            .filter(|(column, _)| column.final_type() == "VARCHAR")
            .map(|(_, (shown, name))| (shown.as_str(), name.as_str()))
            .collect()
    }
}
