use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use braincells_core::{
    Bin, CellState, ColumnId, ColumnStats, DistinctValues, Filter, LengthStats, NumberStats,
    NumberSummary, RowId, Summary, ValueType,
};
use duckdb::{Connection, Row};

use crate::DataError;
use crate::column::StoredColumn;
use crate::compare;
use crate::error::during;
use crate::filter::{condition_or_true, text_test};
use crate::run::parse_state;
use crate::sheet::SheetStore;
use crate::sql::rows_in;
use crate::state::latest;
use crate::value::{self, Shape};
use crate::watch::interruptible;

mod groups;
mod histogram;

use groups::{GROUPS, ORDER, count_groups, extreme, group, values};

/// Which rows figures are of.
#[derive(Clone, Copy, Debug)]
pub enum Among<'a> {
    /// All of the sheet.
    All,
    /// Those for which a condition holds.
    Where(&'a Filter),
    /// These.
    These(&'a [RowId]),
}

impl SheetStore {
    /// What a column holds, in figures: at most `bins` bars in a histogram and the `top` commonest
    /// values. Setting `cancelled` ends it with [`DataError::Cancelled`].
    ///
    /// A column of lists, structs or JSON has no least and greatest value; of bytes only the
    /// counts are known.
    pub fn column_stats(
        &self,
        column: ColumnId,
        among: Among<'_>,
        bins: u32,
        top: u32,
        cancelled: &AtomicBool,
    ) -> Result<ColumnStats, DataError> {
        let stored = self.stored_column(column)?;
        self.count(among, cancelled, |connection, condition| {
            let mut stats = totals(connection, &stored, condition)?;
            group(connection, &stored, condition)?;
            if stored.shape == Shape::Bytes {
                stats.distinct = count_groups(connection)?;
                return Ok(stats);
            }
            stats.distinct = count_groups(connection)?;
            stats.top = values(connection, &stored, "true", &format!("n DESC, {ORDER}"), top)?;
            if has_extremes(&stored) {
                stats.least = extreme(connection, &stored, ORDER)?;
                stats.greatest = extreme(connection, &stored, "k DESC, v DESC")?;
            }
            stats.histogram = histogram::histogram(connection, &stored, bins)?;
            if stored.is_ai() {
                (stats.states, stats.confidences) = cells(connection, column, condition, bins)?;
            }
            Ok(stats)
        })
    }

    /// The different values of a column with how often each is there, in the order in which the
    /// column sorts; only those whose text contains `search`, whatever the case. At most `limit`
    /// of them; none of a column of bytes.
    pub fn distinct_values(
        &self,
        column: ColumnId,
        among: Among<'_>,
        search: Option<&str>,
        limit: u32,
        cancelled: &AtomicBool,
    ) -> Result<DistinctValues, DataError> {
        use braincells_core::TextPlace::Anywhere;
        let stored = self.stored_column(column)?;
        self.count(among, cancelled, |connection, condition| {
            let empty = compare::is_empty(&stored, &compare::in_row(&stored));
            let sql = format!("SELECT count(*) FROM main.rows r WHERE ({condition}) AND ({empty})");
            let empty = one_count(connection, &sql)?;
            group(connection, &stored, condition)?;
            let searched = match (search, compare::text(&stored, "v")) {
                (Some(search), Some(text)) => text_test(&text, Anywhere, search, false),
                _ => "true".to_owned(),
            };
            let total =
                one_count(connection, &format!("SELECT count(*) FROM {GROUPS} WHERE {searched}"))?;
            let values = match stored.shape {
                Shape::Bytes => Vec::new(),
                _ => values(connection, &stored, &searched, ORDER, limit)?,
            };
            Ok(DistinctValues { values, total, empty })
        })
    }

    /// Counts and sums of some cells, for a status bar.
    pub fn summarise(
        &self,
        columns: &[ColumnId],
        among: Among<'_>,
        cancelled: &AtomicBool,
    ) -> Result<Summary, DataError> {
        let stored = self.pick(columns)?;
        self.count(among, cancelled, |connection, condition| {
            let mut select = vec!["count(*)".to_owned()];
            for stored in &stored {
                let value = compare::in_row(stored);
                let empty = compare::is_empty(stored, &value);
                let number = finite(stored, &value);
                select.push(format!("count(*) FILTER (NOT ({empty}))"));
                select.push(format!("count({number})"));
                select.extend(["fsum", "min", "max"].map(|figure| format!("{figure}({number})")));
            }
            let sql = format!("SELECT {} FROM main.rows r WHERE {condition}", select.join(", "));
            let failed = during("sum the cells up");
            let read = |row: &Row<'_>| {
                let mut summary = Summary { rows: count_at(row, 0)?, ..Summary::default() };
                for index in 0..stored.len() {
                    let first = 1 + index * 5;
                    summary.filled += count_at(row, first)?;
                    let count = count_at(row, first + 1)?;
                    if count > 0 {
                        let (sum, least, greatest) =
                            (row.get(first + 2)?, row.get(first + 3)?, row.get(first + 4)?);
                        add(&mut summary.numbers, count, sum, least, greatest);
                    }
                }
                Ok(summary)
            };
            connection.query_row(&sql, [], read).map_err(failed)
        })
    }

    /// Runs `work` on a connection of its own with the condition on rows `r`.
    fn count<T>(
        &self,
        among: Among<'_>,
        cancelled: &AtomicBool,
        work: impl FnOnce(&Connection, &str) -> Result<T, DataError>,
    ) -> Result<T, DataError> {
        let columns = self.stored_columns();
        let connection = self.own_reader()?;
        interruptible(&connection, cancelled, |connection| {
            let condition = match among {
                Among::All => "true".to_owned(),
                Among::Where(filter) => condition_or_true(connection, Some(filter), &columns)?,
                Among::These(rows) => rows_in(rows.iter().copied()),
            };
            work(connection, &condition)
        })
    }
}

/// Whether the values have an order that people would agree on.
fn has_extremes(stored: &StoredColumn) -> bool {
    !matches!(stored.shape, Shape::Json | Shape::Nested | Shape::Bytes)
}

/// The figures that one scan gives without telling values apart.
fn totals(
    connection: &Connection,
    stored: &StoredColumn,
    condition: &str,
) -> Result<ColumnStats, DataError> {
    let value = compare::in_row(stored);
    let empty = compare::is_empty(stored, &value);
    let is_number = stored.column.value_type == ValueType::Number;
    let number = finite(stored, &value);
    let text = compare::text(stored, &value).filter(|_| compare::is_textual(stored));
    let length = text.map_or("CAST(NULL AS BIGINT)".to_owned(), |text| format!("length({text})"));
    let sql = format!(
        "SELECT count(*), count(*) FILTER ({empty}), fsum({number}), favg({number}), \
             median({number}), CASE WHEN count({number}) > 1 THEN stddev_samp({number}) END, \
             min({length}), max({length}), avg({length}) \
         FROM main.rows r WHERE {condition}"
    );
    let read = |row: &Row<'_>| {
        let sum: Option<f64> = row.get(2)?;
        let least: Option<i64> = row.get(6)?;
        Ok(ColumnStats {
            rows: count_at(row, 0)?,
            empty: count_at(row, 1)?,
            distinct: 0,
            least: None,
            greatest: None,
            numbers: match sum {
                Some(sum) if is_number => Some(NumberStats {
                    sum,
                    mean: row.get(3)?,
                    median: row.get(4)?,
                    deviation: row.get(5)?,
                }),
                _ => None,
            },
            lengths: match least {
                Some(least) => Some(LengthStats {
                    least: least as u64,
                    greatest: count_at(row, 7)?,
                    mean: row.get(8)?,
                }),
                None => None,
            },
            top: Vec::new(),
            histogram: Vec::new(),
            states: BTreeMap::new(),
            confidences: Vec::new(),
        })
    };
    connection.query_row(&sql, [], read).map_err(during("count the column"))
}

/// SQL for a number that can be summed up; null for all else.
fn finite(stored: &StoredColumn, value: &str) -> String {
    if stored.column.value_type != ValueType::Number {
        return "CAST(NULL AS DOUBLE)".to_owned();
    }
    let number = format!("CAST({value} AS DOUBLE)");
    if compare::is_float(stored) {
        return format!("CASE WHEN isfinite({value}) THEN {number} END");
    }
    number
}

/// The states of an AI column's cells and how their confidences are spread.
fn cells(
    connection: &Connection,
    column: ColumnId,
    condition: &str,
    bins: u32,
) -> Result<(BTreeMap<CellState, u64>, Vec<Bin>), DataError> {
    let failed = during("count the cells");
    let bins = bins.max(1);
    let sql = format!(
        "SELECT coalesce(entry.state, 'empty'), \
             CASE WHEN entry.confidence IS NOT NULL \
             THEN CAST(least(floor(entry.confidence * {bins}), {bins} - 1) AS BIGINT) END, count(*) \
         FROM main.rows r LEFT JOIN {} l ON l.row_id = r.row_id WHERE {condition} GROUP BY 1, 2",
        latest(column)
    );
    let mut statement = connection.prepare(&sql).map_err(&failed)?;
    let mut rows = statement.query([]).map_err(&failed)?;
    let mut states = BTreeMap::new();
    let mut confidences: Vec<Bin> = (0..bins)
        .map(|bin| Bin {
            from: value::float(f64::from(bin) / f64::from(bins)),
            to: value::float(f64::from(bin + 1) / f64::from(bins)),
            count: 0,
        })
        .collect();
    let mut any_known = false;
    while let Some(row) = rows.next().map_err(&failed)? {
        let state = parse_state(&row.get::<_, String>(0).map_err(&failed)?)?;
        let count = count_at(row, 2).map_err(&failed)?;
        *states.entry(state).or_insert(0) += count;
        let bin: Option<i64> = row.get(1).map_err(&failed)?;
        let bin = bin.and_then(|bin| confidences.get_mut(usize::try_from(bin).ok()?));
        if let Some(bin) = bin {
            bin.count += count;
            any_known = true;
        }
    }
    if !any_known {
        confidences.clear();
    }
    Ok((states, confidences))
}

/// Adds the numbers of one column to those of the others.
fn add(numbers: &mut Option<NumberSummary>, count: u64, sum: f64, least: f64, greatest: f64) {
    let before =
        numbers.unwrap_or(NumberSummary { count: 0, sum: 0.0, mean: 0.0, least, greatest });
    let (count, sum) = (before.count + count, before.sum + sum);
    *numbers = Some(NumberSummary {
        count,
        sum,
        mean: sum / count as f64,
        least: before.least.min(least),
        greatest: before.greatest.max(greatest),
    });
}

fn one_count(connection: &Connection, sql: &str) -> Result<u64, DataError> {
    connection.query_row(sql, [], |row| count_at(row, 0)).map_err(during("count the values"))
}

fn count_at(row: &Row<'_>, index: usize) -> duckdb::Result<u64> {
    row.get::<_, i64>(index).map(|count| count as u64)
}
