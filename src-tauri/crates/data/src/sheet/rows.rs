use std::collections::HashSet;

use braincells_core::RowId;
use duckdb::{Appender, params};
use serde::{Deserialize, Serialize};

use super::SheetStore;
use crate::DataError;
use crate::error::during;
use crate::schema::ORDER_GAP;
use crate::sql::integers;
use crate::step::Action;

/// Where rows go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum RowPlace {
    /// Before all others.
    First,
    /// Behind all others.
    #[default]
    Last,
    /// Right before a row.
    Before(RowId),
    /// Right behind a row.
    Behind(RowId),
}

impl SheetStore {
    /// Puts empty rows into the sheet and returns them, in their order.
    pub fn insert_rows(
        &self,
        place: RowPlace,
        count: u64,
        now_ms: i64,
    ) -> Result<Vec<RowId>, DataError> {
        if count == 0 {
            return Ok(Vec::new());
        }
        self.act(&counted("Insert", count), now_ms, |action| {
            self.insert_rows_within(action, place, count)
        })
    }

    /// Insertion within a step that may do more.
    pub(crate) fn insert_rows_within(
        &self,
        action: &mut Action<'_>,
        place: RowPlace,
        count: u64,
    ) -> Result<Vec<RowId>, DataError> {
        let failed = during("insert the rows");
        let connection = action.connection;
        let orders = self.make_room(action, place, count, &HashSet::new())?;
        let first: i64 = connection
            .query_row(
                // Another tool may have added rows.
                "SELECT greatest(next_row_id, (SELECT coalesce(max(row_id), 0) + 1 \
                 FROM main.rows)) FROM braincells.meta",
                [],
                |row| row.get(0),
            )
            .map_err(&failed)?;
        let ids: Vec<i64> = (first..first + count as i64).collect();
        note_moves(action, ids.iter().zip(&orders).map(|(id, order)| (*id, None, Some(*order))))?;
        connection
            .execute(
                "INSERT INTO main.rows BY NAME SELECT row_id, order_after AS row_order \
                 FROM braincells.row_moves WHERE step_id = ? AND row_id >= ?",
                params![action.step.0, first],
            )
            .and_then(|_| {
                let next = first + count as i64;
                connection.execute("UPDATE braincells.meta SET next_row_id = ?", [next])
            })
            .map_err(&failed)?;
        action.news.rows = true;
        Ok(ids.into_iter().map(RowId).collect())
    }

    /// Removes rows. Rows that are not there are an error, and nothing is removed.
    pub fn delete_rows(&self, rows: &[RowId], now_ms: i64) -> Result<(), DataError> {
        let rows = self.known_rows(rows)?;
        if rows.is_empty() {
            return Ok(());
        }
        self.act(&counted("Delete", rows.len() as u64), now_ms, |action| {
            let failed = during("delete the rows");
            let (connection, step) = (action.connection, action.step.0);
            name_rows(action, &rows)?;
            let mine = format!("(SELECT row_id FROM braincells.row_moves WHERE step_id = {step})");
            for sql in [
                format!(
                    "INSERT INTO braincells.removed_rows BY NAME SELECT {step} AS step_id, * \
                     FROM main.rows WHERE row_id IN {mine}"
                ),
                format!("DELETE FROM main.rows WHERE row_id IN {mine}"),
            ] {
                connection.execute(&sql, []).map_err(&failed)?;
            }
            action.news.rows = true;
            Ok(())
        })
    }

    /// Moves rows to a place, in the order in which they are in the sheet.
    pub fn move_rows(&self, rows: &[RowId], place: RowPlace, now_ms: i64) -> Result<(), DataError> {
        let rows = self.known_rows(rows)?;
        if rows.is_empty() {
            return Ok(());
        }
        self.act(&counted("Move", rows.len() as u64), now_ms, |action| {
            let failed = during("move the rows");
            let (connection, step) = (action.connection, action.step.0);
            let orders = self.make_room(action, place, rows.len() as u64, &rows)?;
            let ids = integers(rows.iter().map(|row| row.0));
            let mut statement = connection
                .prepare(&format!(
                    "SELECT row_id FROM main.rows WHERE row_id IN ({ids}) \
                     ORDER BY row_order, row_id"
                ))
                .map_err(&failed)?;
            let ordered: Vec<i64> = statement
                .query_map([], |row| row.get(0))
                .and_then(Iterator::collect)
                .map_err(&failed)?;
            // Dealing out keys anew may have noted these rows already.
            connection
                .execute(
                    &format!(
                        "INSERT INTO braincells.row_moves SELECT {step}, row_id, row_order, NULL \
                         FROM main.rows WHERE row_id IN ({ids}) AND row_id NOT IN \
                         (SELECT row_id FROM braincells.row_moves WHERE step_id = {step})"
                    ),
                    [],
                )
                .map_err(&failed)?;
            let pairs: Vec<String> =
                ordered.iter().zip(&orders).map(|(id, order)| format!("({id}, {order})")).collect();
            let pairs = pairs.join(",");
            for sql in [
                format!(
                    "UPDATE braincells.row_moves SET order_after = p.place \
                     FROM (VALUES {pairs}) p(id, place) \
                     WHERE step_id = {step} AND row_moves.row_id = p.id"
                ),
                format!(
                    "UPDATE main.rows SET row_order = p.place \
                     FROM (VALUES {pairs}) p(id, place) WHERE rows.row_id = p.id"
                ),
            ] {
                connection.execute(&sql, []).map_err(&failed)?;
            }
            action.news.rows = true;
            Ok(())
        })
    }

    fn known_rows(&self, rows: &[RowId]) -> Result<HashSet<RowId>, DataError> {
        let positions = self.positions();
        match rows.iter().find(|row| !positions.holds(**row)) {
            Some(row) => Err(DataError::RowMissing { row: *row }),
            None => Ok(rows.iter().copied().collect()),
        }
    }

    /// Order keys for `count` rows at a place, which no row but the `moving` ones has. Where there
    /// is no room, all rows get new keys first, which the step remembers.
    fn make_room(
        &self,
        action: &mut Action<'_>,
        place: RowPlace,
        count: u64,
        moving: &HashSet<RowId>,
    ) -> Result<Vec<i64>, DataError> {
        if let RowPlace::Before(row) | RowPlace::Behind(row) = place
            && !self.positions().holds(row)
        {
            return Err(DataError::RowMissing { row });
        }
        if let Some(orders) = room(action, place, count, moving)? {
            return Ok(orders);
        }
        let step = action.step.0;
        let gap = ORDER_GAP.max(0);
        for sql in [
            format!(
                "INSERT INTO braincells.row_moves SELECT {step}, row_id, row_order, \
                 row_number() OVER (ORDER BY row_order, row_id) * {gap} FROM main.rows"
            ),
            format!(
                "UPDATE main.rows SET row_order = m.order_after FROM braincells.row_moves m \
                 WHERE m.step_id = {step} AND m.row_id = rows.row_id"
            ),
        ] {
            action.connection.execute(&sql, []).map_err(during("make room for the rows"))?;
        }
        let orders = room(action, place, count, moving)?;
        orders.ok_or_else(|| {
            DataError::database("make room for the rows", "more rows than fit between two")
        })
    }
}

/// Keys spread evenly between the neighbours; `None` if there is no room for so many.
fn room(
    action: &Action<'_>,
    place: RowPlace,
    count: u64,
    moving: &HashSet<RowId>,
) -> Result<Option<Vec<i64>>, DataError> {
    let others = match moving.len() {
        0 => "true".to_owned(),
        _ => format!("row_id NOT IN ({})", integers(moving.iter().map(|row| row.0))),
    };
    let order_of = |row: RowId| format!("(SELECT row_order FROM main.rows WHERE row_id = {row})");
    let bounds = |least: String, most: String| format!("SELECT {least}, {most}");
    let max = |condition: String| {
        format!("(SELECT max(row_order) FROM main.rows WHERE {others} AND {condition})")
    };
    let min = |condition: String| {
        format!("(SELECT min(row_order) FROM main.rows WHERE {others} AND {condition})")
    };
    let sql = match place {
        RowPlace::First => bounds("NULL::BIGINT".to_owned(), min("true".to_owned())),
        RowPlace::Last => bounds(max("true".to_owned()), "NULL::BIGINT".to_owned()),
        RowPlace::Before(row) => {
            let at = order_of(row);
            bounds(max(format!("row_order < {at}")), min(format!("row_order >= {at}")))
        }
        RowPlace::Behind(row) => {
            let at = order_of(row);
            bounds(max(format!("row_order <= {at}")), min(format!("row_order > {at}")))
        }
    };
    let (before, behind): (Option<i64>, Option<i64>) = action
        .connection
        .query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(during("make room for the rows"))?;
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let orders = match (before, behind) {
        (None, None) => keys(0, ORDER_GAP, count),
        (Some(before), None) => keys(before, ORDER_GAP, count),
        (None, Some(behind)) => {
            let span = count.checked_add(1).and_then(|steps| steps.checked_mul(ORDER_GAP));
            span.and_then(|span| behind.checked_sub(span))
                .and_then(|start| keys(start, ORDER_GAP, count))
        }
        (Some(before), Some(behind)) => {
            let step = (i128::from(behind) - i128::from(before)) / (i128::from(count) + 1);
            i64::try_from(step).ok().filter(|step| *step > 0).and_then(|s| keys(before, s, count))
        }
    };
    Ok(orders)
}

/// `count` keys behind `before`, `step` apart; `None` where the numbers end.
fn keys(before: i64, step: i64, count: i64) -> Option<Vec<i64>> {
    before.checked_add(step.checked_mul(count)?)?;
    Some((1..=count).map(|number| before + number * step).collect())
}

/// Notes rows that are to be removed, with their places.
fn name_rows(action: &Action<'_>, rows: &HashSet<RowId>) -> Result<(), DataError> {
    let failed = during("delete the rows");
    note_moves(action, rows.iter().map(|row| (row.0, None, None)))?;
    action
        .connection
        .execute(
            "UPDATE braincells.row_moves SET order_before = rows.row_order FROM main.rows \
             WHERE row_moves.step_id = ? AND row_moves.row_id = rows.row_id",
            [action.step.0],
        )
        .map(drop)
        .map_err(failed)
}

fn note_moves(
    action: &Action<'_>,
    moves: impl Iterator<Item = (i64, Option<i64>, Option<i64>)>,
) -> Result<(), DataError> {
    let failed = during("move the rows");
    let mut appender: Appender<'_> =
        action.connection.appender_to_db("row_moves", "braincells").map_err(&failed)?;
    for (row, before, after) in moves {
        appender.append_row(params![action.step.0, row, before, after]).map_err(&failed)?;
    }
    appender.flush().map_err(failed)
}

fn counted(verb: &str, count: u64) -> String {
    if count == 1 { format!("{verb} a row") } else { format!("{verb} {count} rows") }
}
