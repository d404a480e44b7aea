use std::collections::HashMap;

use braincells_core::{CellState, ColumnId, RowId, RunId};
use duckdb::params;

use crate::DataError;
use crate::error::during;
use crate::run::parse_state;
use crate::sheet::SheetStore;
use crate::sql::integers;
use crate::state::LOG;

/// Between two commits of a run that works there is never this long: what is longer is a pause.
const PAUSE_MS: i64 = 30_000;

/// How fast a run was, as far as it asked an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRate {
    /// The run.
    pub run: RunId,
    /// The column it filled.
    pub column: ColumnId,
    /// The model, as the engine named it.
    pub model: Option<String>,
    /// Cells that were asked for; those that took another cell's answer are left out.
    pub cells: u64,
    /// Tokens of their prompts, shared prefixes counted for each.
    pub prompt_tokens: u64,
    /// Tokens that were generated for them.
    pub completion_tokens: u64,
    /// The time that the run worked, pauses left out, in milliseconds.
    pub elapsed_ms: u64,
}

/// How a cell came to be what it is, as far as a run made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeCell {
    /// Where it ended.
    pub state: CellState,
    /// The model, as the engine named it.
    pub model: Option<String>,
    /// Tokens of its prompt.
    pub prompt_tokens: u32,
    /// Tokens that were generated for it.
    pub completion_tokens: u32,
    /// Why it failed.
    pub error: Option<String>,
}

impl SheetStore {
    /// How some cells of an AI column were made, by the last entry of their log; those that no run
    /// made last are left out.
    pub fn made_cells(
        &self,
        column: ColumnId,
        rows: &[RowId],
    ) -> Result<HashMap<RowId, MadeCell>, DataError> {
        self.ai_column(column)?;
        let failed = during("read how the cells were made");
        let reader = self.reader();
        let mut statement = reader
            .prepare(&format!(
                "SELECT row_id, e.state, e.model, e.prompt_tokens, e.completion_tokens, e.error \
                 FROM (SELECT row_id, arg_max({{'run': run_id, 'state': state, 'model': model, \
                         'prompt_tokens': coalesce(prompt_tokens, 0), \
                         'completion_tokens': coalesce(completion_tokens, 0), \
                         'error': error_message}}, seq) AS e \
                     FROM {LOG} log WHERE column_id = ? AND row_id IN ({}) GROUP BY row_id) \
                 WHERE e.run IS NOT NULL",
                integers(rows.iter().map(|row| row.0))
            ))
            .map_err(&failed)?;
        let mut found = statement.query(params![column.0]).map_err(&failed)?;
        let mut made = HashMap::new();
        while let Some(row) = found.next().map_err(&failed)? {
            let state = parse_state(&row.get::<_, String>(1).map_err(&failed)?)?;
            let cell = MadeCell {
                state,
                model: row.get(2).map_err(&failed)?,
                prompt_tokens: row.get(3).map_err(&failed)?,
                completion_tokens: row.get(4).map_err(&failed)?,
                error: row.get(5).map_err(&failed)?,
            };
            made.insert(RowId(row.get(0).map_err(&failed)?), cell);
        }
        Ok(made)
    }

    /// How fast the runs of this sheet were, newest first. Runs that asked nothing are left out.
    pub fn run_rates(&self) -> Result<Vec<RunRate>, DataError> {
        let failed = during("measure the runs");
        let reader = self.reader();
        let mut statement = reader
            .prepare(&format!(
                "WITH made AS (SELECT * FROM {LOG} made WHERE run_id IS NOT NULL), \
                 times AS (SELECT run_id, at_ms, \
                     lag(at_ms) OVER (PARTITION BY run_id ORDER BY at_ms) AS before_ms \
                     FROM (SELECT DISTINCT run_id, at_ms FROM made)), \
                 elapsed AS (SELECT run_id, \
                     sum(least(at_ms - coalesce(before_ms, started_at_ms), {PAUSE_MS})) AS ms \
                     FROM times JOIN braincells.runs ON id = run_id GROUP BY run_id) \
                 SELECT run_id, any_value(column_id), any_value(model), count(*), \
                     sum(prompt_tokens)::BIGINT, sum(completion_tokens)::BIGINT, \
                     any_value(ms)::BIGINT \
                 FROM made JOIN elapsed USING (run_id) \
                 WHERE duration_ms > 0 OR completion_tokens > 0 \
                 GROUP BY run_id ORDER BY run_id DESC"
            ))
            .map_err(&failed)?;
        let rates = statement
            .query_map([], |row| {
                let count = |index: usize| row.get::<_, i64>(index).map(|count| count as u64);
                Ok(RunRate {
                    run: RunId(row.get(0)?),
                    column: ColumnId(row.get(1)?),
                    model: row.get(2)?,
                    cells: count(3)?,
                    prompt_tokens: count(4)?,
                    completion_tokens: count(5)?,
                    elapsed_ms: row.get::<_, i64>(6)?.max(0) as u64,
                })
            })
            .map_err(&failed)?;
        rates.collect::<duckdb::Result<_>>().map_err(failed)
    }

    /// The states of some cells of an AI column, in the order of `rows`.
    pub fn cell_states(
        &self,
        column: ColumnId,
        rows: &[RowId],
    ) -> Result<Vec<CellState>, DataError> {
        let stored = self.ai_column(column)?;
        self.load_states(std::slice::from_ref(&stored))?;
        let states = self.states();
        let state = |row: &RowId| match states.get(&column) {
            Some(states) => states.get(*row).0,
            None => CellState::Empty,
        };
        Ok(rows.iter().map(state).collect())
    }
}
