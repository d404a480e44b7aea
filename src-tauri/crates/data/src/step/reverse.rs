//! Undoing a step and doing it again.

use std::collections::BTreeSet;

use braincells_core::{ColumnId, StepId, StepInfo};
use duckdb::{Connection, OptionalExt, params};

use super::{Change, News};
use crate::DataError;
use crate::column;
use crate::error::during;
use crate::sheet::{SheetStore, Writer};
use crate::state::LOG;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Undo,
    Redo,
}

impl SheetStore {
    /// Takes back the latest step that counts; `None` if there is none. Works across restarts.
    ///
    /// Fails with [`DataError::StepAlive`] while the run of that step is alive.
    pub fn undo(&self, now_ms: i64) -> Result<Option<StepInfo>, DataError> {
        self.turn(Direction::Undo, now_ms)
    }

    /// Does the step again that was undone last; `None` if there is none or another step was
    /// taken since.
    pub fn redo(&self, now_ms: i64) -> Result<Option<StepInfo>, DataError> {
        self.turn(Direction::Redo, now_ms)
    }

    fn turn(&self, direction: Direction, now_ms: i64) -> Result<Option<StepInfo>, DataError> {
        let action = match direction {
            Direction::Undo => "undo the step",
            Direction::Redo => "do the step again",
        };
        let mut writer = self.writer()?;
        let Some((info, change)) = next_step(&writer.connection, direction, action)? else {
            return Ok(None);
        };
        let cell_columns = columns_with_cells(&writer.connection, info.id, action)?;
        refuse_alive(&writer, &info, &change)?;
        let transaction = writer.connection.unchecked_transaction().map_err(during(action))?;
        let connection = &writer.connection;
        connection
            .execute(
                "UPDATE braincells.steps SET undone = ? WHERE id = ?",
                params![direction == Direction::Undo, info.id.0],
            )
            .map_err(during(action))?;
        // Columns first: the values of cells go where the columns are afterwards.
        change_columns(connection, &change, direction)?;
        let rows = move_rows(connection, info.id, direction).map_err(during(action))?;
        if let Some((before, after)) = &change.name {
            let name = if direction == Direction::Undo { before } else { after };
            connection
                .execute("UPDATE braincells.meta SET name = ?", [name])
                .map_err(during(action))?;
        }
        let columns = column::load(connection)?;
        for id in &cell_columns {
            let Some(stored) = columns.iter().find(|stored| stored.column.id == *id) else {
                continue;
            };
            let parsed = stored.parse("latest.value");
            let sql = format!(
                "UPDATE main.rows SET {} = {parsed} FROM ( \
                     SELECT touched.row_id, found.entry.value AS value \
                     FROM (SELECT DISTINCT row_id FROM braincells.cell_log \
                           WHERE step_id = $1 AND column_id = $2) touched \
                     LEFT JOIN (SELECT row_id, arg_max({{'value': value}}, seq) AS entry \
                                FROM {LOG} log WHERE column_id = $2 \
                                AND state NOT IN ('failed', 'stale') GROUP BY row_id) found \
                     ON found.row_id = touched.row_id) latest \
                 WHERE rows.row_id = latest.row_id",
                stored.quoted
            );
            connection.execute(&sql, [info.id.0, id.0]).map_err(during(action))?;
        }
        connection
            .execute("UPDATE braincells.meta SET changed_at_ms = ?", [now_ms])
            .map_err(during(action))?;
        transaction.commit().map_err(during(action))?;
        let news = News {
            columns: !change.columns.is_empty(),
            moved: change.moved_columns(),
            rows,
            reread: cell_columns.into_iter().collect(),
            ..News::default()
        };
        self.learn(&mut writer, news)?;
        Ok(Some(StepInfo { undone: direction == Direction::Undo, ..info }))
    }
}

/// The step that is next in that direction.
fn next_step(
    connection: &Connection,
    direction: Direction,
    action: &'static str,
) -> Result<Option<(StepInfo, Change)>, DataError> {
    let sql = match direction {
        Direction::Undo => "WHERE NOT undone AND change IS NOT NULL ORDER BY id DESC LIMIT 1",
        Direction::Redo => {
            "WHERE undone AND NOT discarded AND change IS NOT NULL ORDER BY id LIMIT 1"
        }
    };
    let found = connection
        .query_row(
            &format!("SELECT id, name, at_ms, undone, change::VARCHAR FROM braincells.steps {sql}"),
            [],
            |row| {
                let info = StepInfo {
                    id: StepId(row.get(0)?),
                    name: row.get(1)?,
                    at_ms: row.get(2)?,
                    undone: row.get(3)?,
                };
                Ok((info, row.get::<_, String>(4)?))
            },
        )
        .optional()
        .map_err(during(action))?;
    let Some((info, change)) = found else { return Ok(None) };
    Ok(Some((info, super::parse_change(&change)?)))
}

fn columns_with_cells(
    connection: &Connection,
    step: StepId,
    action: &'static str,
) -> Result<BTreeSet<ColumnId>, DataError> {
    let failed = during(action);
    let mut statement = connection
        .prepare_cached("SELECT DISTINCT column_id FROM braincells.cell_log WHERE step_id = ?")
        .map_err(&failed)?;
    let columns = statement.query_map([step.0], |row| row.get(0).map(ColumnId)).map_err(&failed)?;
    columns.collect::<duckdb::Result<_>>().map_err(failed)
}

/// A run that is alive writes into its column by the step and the place it began with.
fn refuse_alive(writer: &Writer, info: &StepInfo, change: &Change) -> Result<(), DataError> {
    let columns = change.columns.iter().flat_map(|change| [&change.before, &change.after]);
    let touches_live = columns.flatten().any(|row| writer.live_runs.fills(ColumnId(row.id)));
    if touches_live || writer.live_runs.has_step(info.id) {
        return Err(DataError::StepAlive { name: info.name.clone() });
    }
    Ok(())
}

fn change_columns(
    connection: &Connection,
    change: &Change,
    direction: Direction,
) -> Result<(), DataError> {
    for change in &change.columns {
        let (from, to) = match direction {
            Direction::Undo => (&change.after, &change.before),
            Direction::Redo => (&change.before, &change.after),
        };
        if let Some(row) = from {
            column::remove_row(connection, row.id)?;
        }
        if let Some(row) = to {
            column::insert_row(connection, row)?;
        }
    }
    Ok(())
}

/// Puts rows back where they were, or where the step put them; whether there were any.
fn move_rows(connection: &Connection, step: StepId, direction: Direction) -> duckdb::Result<bool> {
    let (from, to) = match direction {
        Direction::Undo => ("order_after", "order_before"),
        Direction::Redo => ("order_before", "order_after"),
    };
    let step = step.0;
    let moves = "braincells.row_moves";
    let count: i64 = connection.query_row(
        &format!("SELECT count(*) FROM {moves} WHERE step_id = ?"),
        [step],
        |row| row.get(0),
    )?;
    if count == 0 {
        return Ok(false);
    }
    // Rows that are not there on this side of the step: put away whole, taken out again whole.
    connection.execute(
        &format!(
            "INSERT INTO braincells.removed_rows BY NAME SELECT {step} AS step_id, * \
             FROM main.rows WHERE row_id IN \
             (SELECT row_id FROM {moves} WHERE step_id = {step} AND {to} IS NULL)"
        ),
        [],
    )?;
    connection.execute(
        &format!(
            "DELETE FROM main.rows WHERE row_id IN \
             (SELECT row_id FROM {moves} WHERE step_id = {step} AND {to} IS NULL)"
        ),
        [],
    )?;
    let back = format!(
        "step_id = {step} AND row_id IN \
         (SELECT row_id FROM {moves} WHERE step_id = {step} AND {from} IS NULL)"
    );
    connection.execute(
        &format!(
            "INSERT INTO main.rows BY NAME SELECT * EXCLUDE (step_id) \
             FROM braincells.removed_rows WHERE {back}"
        ),
        [],
    )?;
    connection.execute(&format!("DELETE FROM braincells.removed_rows WHERE {back}"), [])?;
    connection.execute(
        &format!(
            "UPDATE main.rows SET row_order = m.{to} FROM {moves} m \
             WHERE m.step_id = {step} AND m.row_id = rows.row_id AND m.{to} IS NOT NULL"
        ),
        [],
    )?;
    Ok(true)
}
