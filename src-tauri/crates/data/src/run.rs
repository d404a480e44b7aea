use std::collections::BTreeMap;

use braincells_core::{
    CellState, ColumnId, RowId, RunCap, RunId, RunInfo, RunRequest, RunScope, RunStatus,
};
use duckdb::{Connection, Row, params};

use crate::DataError;
use crate::error::during;
use crate::filter::condition;
use crate::sheet::SheetStore;
use crate::sql::integers;
use crate::state::LOG;

mod spent;

pub use spent::RunSpent;

/// The latest state of every cell of a column that has one, of rows that are there.
fn latest() -> String {
    format!(
        "SELECT row_id, arg_max(state, seq) AS state FROM {LOG} log WHERE column_id = ? \
         AND row_id IN (SELECT row_id FROM main.rows) GROUP BY row_id"
    )
}

impl SheetStore {
    /// The rows that a run of `scope` fills, in sheet order. Edited and validated cells are
    /// never among them, nor are rows that `run` has a log entry for already.
    pub fn rows_to_fill(
        &self,
        column: ColumnId,
        request: &RunRequest,
        run: Option<RunId>,
    ) -> Result<Vec<RowId>, DataError> {
        self.ai_column(column)?;
        let columns = self.stored_columns();
        let (rows, wanted) = match &request.scope {
            RunScope::Empty => ("main.rows".to_owned(), "= 'empty'"),
            RunScope::First { count } => (
                format!(
                    "(SELECT row_id, row_order FROM main.rows ORDER BY row_order LIMIT {count})"
                ),
                "= 'empty'",
            ),
            RunScope::Failed => ("main.rows".to_owned(), "= 'failed'"),
            RunScope::Stale => ("main.rows".to_owned(), "= 'stale'"),
            RunScope::Pending => ("main.rows".to_owned(), "IN ('empty', 'failed', 'stale')"),
            RunScope::These { ids } => (
                format!(
                    "(SELECT row_id, row_order FROM main.rows WHERE row_id IN ({}))",
                    integers(ids.iter().map(|row| row.0))
                ),
                "NOT IN ('edited', 'validated')",
            ),
            RunScope::All => ("main.rows".to_owned(), "NOT IN ('edited', 'validated')"),
        };
        let (failed, latest) = (during("find the rows to fill"), latest());
        let reader = self.reader();
        let only = match &request.only {
            None => "true".to_owned(),
            Some(filter) => format!(
                "r.row_id IN (SELECT r.row_id FROM main.rows r WHERE {})",
                condition(&reader, filter, &columns)?
            ),
        };
        let mut statement = reader
            .prepare(&format!(
                "SELECT r.row_id FROM {rows} r LEFT JOIN ({latest}) l ON l.row_id = r.row_id \
                 WHERE coalesce(l.state, 'empty') {wanted} AND NOT EXISTS (SELECT 1 \
                     FROM {LOG} g WHERE g.run_id = ? AND g.column_id = ? \
                     AND g.row_id = r.row_id) \
                 AND {only} ORDER BY r.row_order, r.row_id"
            ))
            .map_err(&failed)?;
        let rows = statement
            .query_map(params![column.0, run.map(|run| run.0), column.0], |row| {
                row.get(0).map(RowId)
            })
            .map_err(&failed)?;
        rows.collect::<duckdb::Result<_>>().map_err(failed)
    }

    /// How many cells of an AI column are in each state. States without a cell are left out.
    pub fn count_states(&self, column: ColumnId) -> Result<BTreeMap<CellState, u64>, DataError> {
        self.ai_column(column)?;
        let failed = during("count the cells");
        let reader = self.reader();
        let mut statement = reader
            .prepare(&format!("SELECT state, count(*) FROM ({}) GROUP BY state", latest()))
            .map_err(&failed)?;
        let mut rows = statement.query([column.0]).map_err(&failed)?;
        let mut counts = BTreeMap::new();
        let mut logged = 0;
        while let Some(row) = rows.next().map_err(&failed)? {
            let state = parse_state(&row.get::<_, String>(0).map_err(&failed)?)?;
            let count = row.get::<_, i64>(1).map_err(&failed)? as u64;
            logged += count;
            counts.insert(state, count);
        }
        let untouched = self.positions().count.saturating_sub(logged);
        if untouched > 0 {
            *counts.entry(CellState::Empty).or_insert(0) += untouched;
        }
        Ok(counts)
    }

    /// Notes that a run begins, and gives it the next id. Its cells are one step.
    pub fn start_run(
        &self,
        column: ColumnId,
        recipe_version: i64,
        request: &RunRequest,
        rows_total: u64,
        now_ms: i64,
    ) -> Result<RunId, DataError> {
        let name = format!("Fill `{}`", self.ai_column(column)?.column.name);
        let scope = serde_json::to_string(request).expect("a request has only text keys");
        let mut writer = self.writer()?;
        let failed = during("start the run");
        let (run, step) = self.act_with(&mut writer, &name, now_ms, |action| {
            let id: i64 = action
                .connection
                .query_row("SELECT coalesce(max(id), 0) + 1 FROM braincells.runs", [], |row| {
                    row.get(0)
                })
                .map_err(&failed)?;
            action
                .connection
                .execute(
                    "INSERT INTO braincells.runs VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, \
                     NULL, NULL)",
                    params![
                        id,
                        column.0,
                        recipe_version,
                        scope,
                        RunStatus::Running.as_str(),
                        rows_total as i64,
                        now_ms
                    ],
                )
                .map_err(&failed)?;
            Ok(RunId(id))
        })?;
        writer.live_runs.begin(run, column, step);
        Ok(run)
    }

    /// Changes where a run stands. Any status but running also sets the time of its end. A run
    /// that goes on begins another step.
    pub fn set_run_status(
        &self,
        run: RunId,
        status: RunStatus,
        error: Option<&str>,
        now_ms: i64,
    ) -> Result<(), DataError> {
        let ended_at_ms = (status != RunStatus::Running).then_some(now_ms);
        let column = self.run(run)?.column;
        let change = |connection: &Connection| {
            connection
                .execute(
                    "UPDATE braincells.runs SET status = ?, ended_at_ms = ?, error = ? \
                     WHERE id = ?",
                    params![status.as_str(), ended_at_ms, error, run.0],
                )
                .map(drop)
                .map_err(during("store the run's status"))
        };
        let mut writer = self.writer()?;
        if status == RunStatus::Running {
            let name = format!("Go on filling `{}`", self.ai_column(column)?.column.name);
            let ((), step) =
                self.act_with(&mut writer, &name, now_ms, |action| change(action.connection))?;
            writer.live_runs.begin(run, column, step);
        } else {
            change(&writer.connection)?;
            writer.live_runs.end(run);
        }
        Ok(())
    }

    /// Changes what a run may take of a provider, for when it goes on.
    pub fn set_run_cap(&self, run: RunId, cap: RunCap) -> Result<(), DataError> {
        let request = RunRequest { cap, ..self.run(run)?.request };
        let scope = serde_json::to_string(&request).expect("a request has only text keys");
        self.writer()?
            .connection
            .execute("UPDATE braincells.runs SET scope = ? WHERE id = ?", params![scope, run.0])
            .map(drop)
            .map_err(during("store the run's request"))
    }

    /// One run.
    pub fn run(&self, run: RunId) -> Result<RunInfo, DataError> {
        let mut found = self.query_runs(&format!("WHERE id = {}", run.0))?;
        found.pop().ok_or(DataError::RunMissing { run })
    }

    /// All runs, oldest first.
    pub fn runs(&self) -> Result<Vec<RunInfo>, DataError> {
        self.query_runs("")
    }

    fn query_runs(&self, filter: &str) -> Result<Vec<RunInfo>, DataError> {
        let failed = during("read the runs");
        let reader = self.reader();
        // A row that failed and was then tried again in the same run counts once, by its latest
        // entry.
        let mut statement = reader
            .prepare(&format!(
                "WITH chosen AS (SELECT * FROM braincells.runs {filter}), \
                 latest AS (SELECT run_id, row_id, arg_max(state, seq) AS state \
                     FROM {LOG} log WHERE run_id IN (SELECT id FROM chosen) \
                     GROUP BY run_id, row_id), \
                 counts AS (SELECT run_id, count(*) FILTER (state = 'done') AS done, \
                     count(*) FILTER (state = 'failed') AS failed FROM latest GROUP BY run_id) \
                 SELECT id, column_id, recipe_version, scope::VARCHAR, status, rows_total, \
                     coalesce(done, 0), coalesce(failed, 0), started_at_ms, ended_at_ms, error \
                 FROM chosen LEFT JOIN counts ON run_id = id ORDER BY id"
            ))
            .map_err(&failed)?;
        let mut rows = statement.query([]).map_err(&failed)?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            runs.push(read_run(row)?);
        }
        Ok(runs)
    }
}

fn read_run(row: &Row<'_>) -> Result<RunInfo, DataError> {
    let failed = during("read the runs");
    let scope: String = row.get(3).map_err(&failed)?;
    let status: String = row.get(4).map_err(&failed)?;
    let count = |index: usize| row.get::<_, i64>(index).map(|count| count as u64);
    Ok(RunInfo {
        id: RunId(row.get(0).map_err(&failed)?),
        column: ColumnId(row.get(1).map_err(&failed)?),
        recipe_version: row.get(2).map_err(&failed)?,
        request: serde_json::from_str(&scope).map_err(|error| DataError::Unreadable {
            what: "run request",
            found: format!("{scope}: {error}"),
        })?,
        status: RunStatus::parse(&status)
            .ok_or(DataError::Unreadable { what: "run status", found: status })?,
        rows_total: count(5).map_err(&failed)?,
        rows_done: count(6).map_err(&failed)?,
        rows_failed: count(7).map_err(&failed)?,
        started_at_ms: row.get(8).map_err(&failed)?,
        ended_at_ms: row.get(9).map_err(&failed)?,
        error: row.get(10).map_err(&failed)?,
    })
}

/// A stored state word.
pub(crate) fn parse_state(word: &str) -> Result<CellState, DataError> {
    CellState::parse(word)
        .ok_or_else(|| DataError::Unreadable { what: "cell state", found: word.to_owned() })
}
