use braincells_core::{Bin, Value, ValueType};
use duckdb::Connection;

use super::GROUPS;
use crate::DataError;
use crate::column::StoredColumn;
use crate::error::during;
use crate::value;

/// How the counted values are spread: at most `most` bars of the same width, none for a column
/// that has no place on a line or no value there.
pub(super) fn histogram(
    connection: &Connection,
    stored: &StoredColumn,
    most: u32,
) -> Result<Vec<Bin>, DataError> {
    if most == 0 {
        return Ok(Vec::new());
    }
    match stored.column.value_type {
        ValueType::Number if is_whole(&stored.column.sql_type) => {
            let plain = |edges: &[i128]| Ok(edges.iter().map(|edge| integer(*edge)).collect());
            of_integers(connection, "v", most, plain)
        }
        ValueType::Number => of_floats(connection, stored, most),
        ValueType::Time => match Clock::of(&stored.column.sql_type) {
            None => Ok(Vec::new()),
            Some(clock) => {
                let sql_type = &stored.column.sql_type;
                let print = |edges: &[i128]| clock.print(connection, sql_type, edges);
                of_integers(connection, clock.count, most, print)
            }
        },
        _ => Ok(Vec::new()),
    }
}

/// Integers of up to 64 bits; larger ones are spread as floats.
fn is_whole(sql_type: &str) -> bool {
    sql_type.ends_with("INT") && !sql_type.ends_with("HUGEINT") || sql_type.ends_with("INTEGER")
}

/// How a type counts time.
struct Clock {
    /// SQL for the count of `v`, null where it has none.
    count: &'static str,
    /// SQL for the time of the count `e`.
    back: &'static str,
    /// The greatest count, for a type that ends.
    end: i128,
}

impl Clock {
    fn of(sql_type: &str) -> Option<Self> {
        let end = i128::MAX;
        match sql_type {
            "DATE" => Some(Self {
                count: "CASE WHEN isfinite(v) THEN date_diff('day', DATE '1970-01-01', v) END",
                back: "DATE '1970-01-01' + CAST(e AS INTEGER)",
                end,
            }),
            "TIME" => Some(Self {
                count: "epoch_us(DATE '1970-01-01' + v)",
                back: "CAST(make_timestamp(e) AS TIME)",
                end: 24 * 3_600_000_000 - 1,
            }),
            kind if kind.starts_with("TIMESTAMP") => Some(Self {
                count: "CASE WHEN isfinite(CAST(v AS TIMESTAMP)) THEN epoch_us(v) END",
                back: "make_timestamp(e)",
                end,
            }),
            _ => None,
        }
    }

    /// The edges as the column shows its values.
    fn print(
        &self,
        connection: &Connection,
        sql_type: &str,
        edges: &[i128],
    ) -> Result<Vec<Value>, DataError> {
        let failed = during("name the bars");
        let edges: Vec<String> = edges.iter().map(|edge| edge.min(&self.end).to_string()).collect();
        let sql = format!(
            "SELECT CAST(CAST({} AS {sql_type}) AS VARCHAR) \
             FROM (SELECT unnest(CAST([{}] AS BIGINT[])) AS e)",
            self.back,
            edges.join(", ")
        );
        let mut statement = connection.prepare(&sql).map_err(&failed)?;
        let texts = statement.query_map([], |row| row.get::<_, String>(0)).map_err(&failed)?;
        texts.map(|text| text.map(Value::String).map_err(&failed)).collect()
    }
}

/// Bars whose edges are integers, so that none lies between two values.
fn of_integers(
    connection: &Connection,
    count: &str,
    most: u32,
    print: impl Fn(&[i128]) -> Result<Vec<Value>, DataError>,
) -> Result<Vec<Bin>, DataError> {
    let sql = format!(
        "SELECT CAST(min({count}) AS VARCHAR), CAST(max({count}) AS VARCHAR) FROM {GROUPS}"
    );
    let read = |row: &duckdb::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let ends: (Option<String>, Option<String>) =
        connection.query_row(&sql, [], read).map_err(during("find the ends of the column"))?;
    let parse = |text: Option<String>| text.and_then(|text| text.parse::<i128>().ok());
    let (Some(least), Some(greatest)) = (parse(ends.0), parse(ends.1)) else {
        return Ok(Vec::new());
    };
    let span = greatest - least + 1;
    let width = (span + i128::from(most) - 1) / i128::from(most);
    let bars = (span + width - 1) / width;
    let index = format!("CAST((CAST({count} AS HUGEINT) - ({least})) // {width} AS BIGINT)");
    let counts = spread(connection, &index, bars as usize)?;
    let edges: Vec<i128> = (0..=bars).map(|bar| least + bar * width).collect();
    Ok(bins(&print(&edges)?, counts))
}

fn of_floats(
    connection: &Connection,
    stored: &StoredColumn,
    most: u32,
) -> Result<Vec<Bin>, DataError> {
    let number = super::finite(stored, "v");
    let sql = format!("SELECT min({number}), max({number}) FROM {GROUPS}");
    let read = |row: &duckdb::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let ends: (Option<f64>, Option<f64>) =
        connection.query_row(&sql, [], read).map_err(during("find the ends of the column"))?;
    let (Some(least), Some(greatest)) = ends else { return Ok(Vec::new()) };
    // Divided first, because the difference of the two may be beyond any float.
    let width = greatest / f64::from(most) - least / f64::from(most);
    let bars = if width > 0.0 { most } else { 1 };
    let mut edges: Vec<f64> = (0..bars).map(|bar| f64::from(bar).mul_add(width, least)).collect();
    // The list position of the first edge above is the number of edges at or below.
    let inner: Vec<String> =
        edges.iter().skip(1).map(|edge| format!("CAST('{edge:e}' AS DOUBLE)")).collect();
    let index = format!(
        "CASE WHEN {number} IS NOT NULL THEN CAST(len(list_filter(CAST([{}] AS DOUBLE[]), \
         lambda edge: edge <= {number})) AS BIGINT) END",
        inner.join(", ")
    );
    let counts = spread(connection, &index, bars as usize)?;
    edges.push(greatest);
    let edges: Vec<Value> = edges.into_iter().map(value::float).collect();
    Ok(bins(&edges, counts))
}

/// How many values are in each bar.
fn spread(connection: &Connection, index: &str, bars: usize) -> Result<Vec<u64>, DataError> {
    let failed = during("spread the values");
    let sql = format!(
        "SELECT bar, CAST(sum(n) AS BIGINT) FROM (SELECT {index} AS bar, n FROM {GROUPS}) \
         WHERE bar IS NOT NULL GROUP BY bar"
    );
    let mut statement = connection.prepare(&sql).map_err(&failed)?;
    let mut rows = statement.query([]).map_err(&failed)?;
    let mut counts = vec![0; bars];
    while let Some(row) = rows.next().map_err(&failed)? {
        let bar = usize::try_from(row.get::<_, i64>(0).map_err(&failed)?).unwrap_or_default();
        counts[bar.min(bars - 1)] += super::count_at(row, 1).map_err(&failed)?;
    }
    Ok(counts)
}

fn bins(edges: &[Value], counts: Vec<u64>) -> Vec<Bin> {
    let pairs = edges.windows(2).zip(counts);
    pairs.map(|(pair, count)| Bin { from: pair[0].clone(), to: pair[1].clone(), count }).collect()
}

fn integer(edge: i128) -> Value {
    // The edge above the greatest 64-bit integer is the one that may not be one itself.
    i64::try_from(edge)
        .map(Value::from)
        .or_else(|_| u64::try_from(edge).map(Value::from))
        .unwrap_or_else(|_| value::float(edge as f64))
}
