//! Changes that give a column new values: another type, a copy, another recipe. The values go
//! into a new column of `main.rows`, so that undo only points back to the old one.

use std::collections::{HashMap, HashSet};

use braincells_core::{Column, ColumnId, DataType, RowId};
use duckdb::params;

use super::{SheetStore, new_column, new_physical, row_of};
use crate::column::{self, ColumnRow, StoredColumn};
use crate::commit::{Log, stale_news};
use crate::convert::fitting;
use crate::error::during;
use crate::sql::identifier;
use crate::state::LOG;
use crate::step::Action;
use crate::value::Shape;
use crate::{DataError, recipe};

impl SheetStore {
    /// Gives a data column another type. Values that the new type cannot hold are an error that
    /// counts them and shows one, or become empty if `may_lose` says so. Returns how many did.
    ///
    /// Cells that were made from the column become stale.
    pub fn retype_column(
        &self,
        column: ColumnId,
        data_type: DataType,
        may_lose: bool,
        now_ms: i64,
    ) -> Result<u64, DataError> {
        let stored = self.stored_column(column)?;
        let name = &stored.column.name;
        if stored.is_ai() {
            return Err(DataError::AiColumnType { name: name.clone() });
        }
        let wanted = column::sql_type_of(data_type);
        if wanted == stored.column.sql_type {
            return Ok(0);
        }
        let converted = converted(&stored, wanted);
        let step = format!("Change the type of `{name}` to {}", data_type.as_str());
        self.act(&step, now_ms, |action| {
            let failed = during("change the column's type");
            let connection = action.connection;
            let (lost, example): (i64, Option<String>) = connection
                .query_row(
                    &format!(
                        "SELECT count(*), any_value({}) FROM main.rows \
                         WHERE {} IS NOT NULL AND ({converted}) IS NULL",
                        stored.print(),
                        stored.quoted
                    ),
                    [],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .map_err(&failed)?;
            if lost > 0 && !may_lose {
                return Err(DataError::WouldLose {
                    name: name.clone(),
                    wanted: data_type.as_str(),
                    count: lost as u64,
                    example: crate::value::shortened(&example.unwrap_or_default()),
                });
            }
            let made = new_physical(action, name, wanted)?;
            connection
                .execute(&format!("UPDATE main.rows SET {} = {converted}", identifier(&made)), [])
                .map_err(&failed)?;
            // The latest entry of a cell is always in the type that the column has now.
            let print = Shape::of(wanted).print(&identifier(&made));
            log_values(action, column, &print, &identifier(&made), "edited")?;
            let row = ColumnRow { physical: made, ..row_of(action, column)? };
            column::replace_row(connection, &row)?;
            action.news.columns = true;
            let all: HashSet<RowId> = self.all_rows();
            self.mark_stale(action, &HashMap::from([(column, all)]))?;
            Ok(lost as u64)
        })
    }

    /// Copies a column with its values, and an AI column with its recipe and the states of its
    /// cells, to the place behind it.
    pub fn duplicate_column(
        &self,
        column: ColumnId,
        name: &str,
        now_ms: i64,
    ) -> Result<Column, DataError> {
        let stored = self.stored_column(column)?;
        let step = format!("Duplicate column `{}`", stored.column.name);
        let id = self.act(&step, now_ms, |action| {
            let failed = during("duplicate the column");
            let kind = if stored.is_ai() { "ai" } else { "data" };
            let row = new_column(action, name, &stored.column.sql_type, kind)?;
            let copy = ColumnId(row.id);
            let sql =
                format!("UPDATE main.rows SET {} = {}", identifier(&row.physical), stored.quoted);
            action.connection.execute(&sql, []).map_err(&failed)?;
            let mut row = ColumnRow { width_px: stored.column.width_px, ..row };
            if let Some(recipe) = stored.column.recipe() {
                recipe::store(action.connection, row.id, 1, recipe, now_ms)?;
                row.recipe_version = Some(1);
                copy_states(action, column, copy)?;
            }
            let mut rows = column::load_rows(action.connection)?;
            rows.retain(|other| other.id != row.id);
            let behind = rows.iter().position(|other| other.id == column.0);
            rows.insert(behind.map_or(rows.len(), |at| at + 1), row);
            for (position, row) in (1..).zip(&mut rows) {
                row.position = position;
                column::replace_row(action.connection, row)?;
            }
            Ok(copy)
        })?;
        Ok(self.stored_column(id)?.column)
    }

    /// Marks the done cells of a column stale, and those below them.
    pub(super) fn mark_done_stale(
        &self,
        action: &mut Action<'_>,
        column: ColumnId,
    ) -> Result<(), DataError> {
        let done = self.done_rows(action.connection, column)?;
        let mut cells: Vec<(ColumnId, RowId)> = done.iter().map(|row| (column, *row)).collect();
        cells.sort_unstable();
        cells.extend(self.stale_cells(action.connection, &HashMap::from([(column, done)]))?);
        append_stale(action, &cells)
    }

    /// Marks the cells below `changed` ones stale.
    pub(super) fn mark_stale(
        &self,
        action: &mut Action<'_>,
        changed: &HashMap<ColumnId, HashSet<RowId>>,
    ) -> Result<(), DataError> {
        let cells = self.stale_cells(action.connection, changed)?;
        append_stale(action, &cells)
    }

    /// An AI column whose recipe has another output type: emptied, apart from cells of a person
    /// whose value fits.
    pub(super) fn remake_ai_column(
        &self,
        action: &mut Action<'_>,
        stored: &StoredColumn,
        version: i64,
        wanted: &str,
    ) -> Result<(), DataError> {
        let failed = during("change the recipe");
        let (connection, column) = (action.connection, stored.column.id);
        let done = self.done_rows(connection, column)?;
        let made = new_physical(action, &stored.column.name, wanted)?;
        let quoted = identifier(&made);
        let latest = format!(
            "SELECT row_id, arg_max(state, seq) AS state FROM {LOG} log \
             WHERE column_id = {column} GROUP BY row_id"
        );
        let kept = converted(stored, wanted);
        connection
            .execute(
                &format!(
                    "UPDATE main.rows SET {quoted} = {kept} FROM ({latest}) l \
                     WHERE l.row_id = rows.row_id AND l.state IN ('edited', 'validated')"
                ),
                [],
            )
            .map_err(&failed)?;
        let print = Shape::of(wanted).print(&quoted);
        let count = action.next_seq;
        let logged = connection
            .execute(
                &format!(
                    "INSERT INTO braincells.cell_log BY NAME \
                     SELECT ? + row_number() OVER () - 1 AS seq, ? AS column_id, \
                         r.row_id AS row_id, CASE WHEN {quoted} IS NULL THEN 'empty' \
                         ELSE l.state END AS state, {print} AS value, ? AS at_ms, ? AS step_id \
                     FROM main.rows r JOIN ({latest}) l ON l.row_id = r.row_id \
                     WHERE l.state <> 'empty'"
                ),
                params![count, column.0, action.now_ms, action.step.0],
            )
            .map_err(&failed)?;
        action.take_seqs(logged);
        let row =
            ColumnRow { physical: made, recipe_version: Some(version), ..row_of(action, column)? };
        column::replace_row(connection, &row)?;
        action.news.columns = true;
        action.news.reread.push(column);
        self.mark_stale(action, &HashMap::from([(column, done)]))
    }

    fn all_rows(&self) -> HashSet<RowId> {
        let positions = self.positions();
        positions.slice(0, positions.count).into_iter().collect()
    }
}

/// The values of a column as another type; null where there is no such value.
fn converted(stored: &StoredColumn, wanted: &str) -> String {
    match (stored.shape, wanted) {
        (_, "VARCHAR") => stored.print(),
        // A text that is JSON is that value, any other value is one.
        (_, "JSON") if stored.column.sql_type != "VARCHAR" => {
            format!("to_json({})", stored.quoted)
        }
        _ => fitting(&stored.print(), wanted),
    }
}

/// Logs the present values of those cells of a data column that have a history.
fn log_values(
    action: &mut Action<'_>,
    column: ColumnId,
    print: &str,
    value: &str,
    state: &str,
) -> Result<(), DataError> {
    let logged = action
        .connection
        .execute(
            &format!(
                "INSERT INTO braincells.cell_log BY NAME \
                 SELECT ? + row_number() OVER () - 1 AS seq, ? AS column_id, r.row_id AS row_id, \
                     CASE WHEN {value} IS NULL THEN 'empty' ELSE '{state}' END AS state, \
                     {print} AS value, ? AS at_ms, ? AS step_id \
                 FROM main.rows r WHERE row_id IN \
                     (SELECT row_id FROM braincells.cell_log WHERE column_id = ?)"
            ),
            params![action.next_seq, column.0, action.now_ms, action.step.0, column.0],
        )
        .map_err(during("store the cells"))?;
    action.take_seqs(logged);
    Ok(())
}

/// Copies the latest state of every cell, with what is known about its making.
fn copy_states(action: &mut Action<'_>, from: ColumnId, to: ColumnId) -> Result<(), DataError> {
    // A stale or failed cell keeps a value that an earlier entry has: it is copied before the
    // state, so that undoing later steps finds it.
    for (state, condition) in
        [("'done'", "latest IN ('stale', 'failed') AND NOT valued.gone"), ("latest", "true")]
    {
        let sql = format!(
            "WITH log AS (SELECT * FROM {LOG} entries WHERE column_id = $2), \
             latest AS (SELECT row_id, arg_max(log, seq) AS entry, arg_max(state, seq) AS latest \
                        FROM log GROUP BY row_id), \
             valued AS (SELECT row_id, arg_max({{'value': value}}, seq).value AS value, \
                        arg_max({{'value': value}}, seq).value IS NULL AS gone FROM log \
                        WHERE state NOT IN ('stale', 'failed') GROUP BY row_id) \
             INSERT INTO braincells.cell_log BY NAME \
             SELECT $1 + row_number() OVER () - 1 AS seq, $3 AS column_id, \
                 latest.row_id AS row_id, {state} AS state, \
                 CASE WHEN {state} IN ('stale', 'failed') THEN NULL ELSE valued.value END \
                     AS value, \
                 entry.error_code, entry.error_message, entry.error_hint, entry.model, \
                 entry.prompt_tokens, entry.completion_tokens, entry.duration_ms, \
                 entry.confidence, entry.cut_off, entry.cached, entry.reasoning, \
                 entry.label_scores, entry.calibration_id, $4 AS at_ms, $5 AS step_id \
             FROM latest LEFT JOIN valued ON valued.row_id = latest.row_id WHERE {condition}"
        );
        let logged = action
            .connection
            .execute(&sql, params![action.next_seq, from.0, to.0, action.now_ms, action.step.0])
            .map_err(during("duplicate the column"))?;
        action.take_seqs(logged);
    }
    action.news.reread.push(to);
    Ok(())
}

fn append_stale(action: &mut Action<'_>, cells: &[(ColumnId, RowId)]) -> Result<(), DataError> {
    let first_seq = action.take_seqs(cells.len());
    let mut log = Log { connection: action.connection, step: action.step, now_ms: action.now_ms };
    log.append_stale(cells, first_seq)?;
    action.news.cells.extend(cells.iter().map(stale_news));
    Ok(())
}
