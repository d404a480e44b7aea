//! Steps: every action of a person is one transaction that can be undone and done again.
//!
//! What a step did to cells is in the log, where an entry counts only while its step is not
//! undone; what it did to rows is in `row_moves` and `removed_rows`; what it did to columns and
//! to the sheet's name is in the step itself, as the rows of `braincells.columns` before and
//! after. Nothing that a step put aside is lost before the step is forgotten, so undoing gives
//! back exactly what was there.

use std::collections::BTreeMap;

use braincells_core::{CellState, ColumnId, RowId, RunId, StepId, StepInfo};
use duckdb::Connection;
use serde::{Deserialize, Serialize};

use crate::DataError;
use crate::column::ColumnRow;
use crate::error::during;
use crate::point_reads::Change as Read;
use crate::sheet::{SheetStore, Writer};

mod forget;
mod reverse;
mod take;

pub use forget::Compacted;

/// What a step did that neither the log nor `row_moves` tells.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Change {
    /// The sheet's name before and after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<(String, String)>,
    /// Columns that became, changed or went.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    columns: Vec<ColumnChange>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ColumnChange {
    before: Option<ColumnRow>,
    after: Option<ColumnRow>,
}

/// A step being taken, inside its transaction.
pub(crate) struct Action<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) step: StepId,
    pub(crate) now_ms: i64,
    /// The next free number in the log.
    pub(crate) next_seq: i64,
    /// What readers must learn once the step is on disk.
    pub(crate) news: News,
    change: Change,
}

/// What changed, for the parts of a store that remember.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// Columns came, went or changed.
    pub(crate) columns: bool,
    /// Rows came, went or moved.
    pub(crate) rows: bool,
    /// The table itself got a column, which must not stay in the write-ahead log.
    pub(crate) table: bool,
    /// Columns whose values are somewhere else in the table now.
    pub(crate) moved: Vec<ColumnId>,
    /// Cells with a new state.
    pub(crate) cells: Vec<CellNews>,
    /// Columns with so many new states that they are read again.
    pub(crate) reread: Vec<ColumnId>,
}

/// The new state of a cell.
#[derive(Debug)]
pub(crate) struct CellNews {
    pub(crate) column: ColumnId,
    pub(crate) row: RowId,
    pub(crate) state: CellState,
    pub(crate) confidence: Option<f64>,
    pub(crate) error: Option<String>,
}

impl Change {
    /// Columns whose values it put somewhere else in the table.
    fn moved_columns(&self) -> Vec<ColumnId> {
        let place = |row: &Option<ColumnRow>| row.as_ref().map(|row| row.physical.clone());
        let moved = self.columns.iter().filter(|c| place(&c.before) != place(&c.after));
        moved.flat_map(|c| c.before.iter().chain(&c.after)).map(|row| ColumnId(row.id)).collect()
    }
}

impl Action<'_> {
    /// Takes `count` numbers of the log.
    pub(crate) fn take_seqs(&mut self, count: usize) -> i64 {
        let first = self.next_seq;
        self.next_seq += count as i64;
        first
    }

    pub(crate) fn rename_sheet(&mut self, before: String, after: &str) {
        self.change.name = Some((before, after.to_owned()));
    }
}

impl SheetStore {
    /// All steps, oldest first. Those that can be done again come last; those that cannot, because
    /// another step was taken after they were undone, are left out.
    pub fn steps(&self) -> Result<Vec<StepInfo>, DataError> {
        let failed = during("read the steps");
        let reader = self.reader();
        let mut statement = reader
            .prepare(
                "SELECT id, name, at_ms, undone FROM braincells.steps \
                 WHERE NOT discarded AND change IS NOT NULL ORDER BY id",
            )
            .map_err(&failed)?;
        let steps = statement
            .query_map([], |row| {
                Ok(StepInfo {
                    id: StepId(row.get(0)?),
                    name: row.get(1)?,
                    at_ms: row.get(2)?,
                    undone: row.get(3)?,
                })
            })
            .map_err(&failed)?;
        steps.collect::<duckdb::Result<_>>().map_err(failed)
    }

    /// Brings what the store remembers up to date with what is on disk.
    pub(crate) fn learn(&self, writer: &mut Writer, news: News) -> Result<(), DataError> {
        if news.table {
            // A change of the table must not sit in the write-ahead log that a killed run leaves.
            // The step is on disk whatever becomes of this.
            if let Err(error) = self.checkpoint_when_free(&writer.connection) {
                tracing::warn!(%error, "no checkpoint after a change of the table");
            }
        }
        if news.columns {
            self.reload_columns(&writer.connection)?;
        }
        for column in news.moved.iter().chain(&news.reread) {
            self.note_changed(Read::Column(*column));
        }
        for cells in news.cells.chunk_by(|one, other| one.column == other.column) {
            // These say something about a value that stays.
            let keeps = |state| matches!(state, CellState::Stale | CellState::Failed);
            let changed = cells.iter().filter(|cell| !keeps(cell.state));
            let rows: Vec<RowId> = changed.map(|cell| cell.row).collect();
            self.note_changed(Read::Cells(cells[0].column, &rows));
        }
        if news.rows {
            self.reload_positions(&writer.connection)?;
            self.states().clear();
        }
        if !news.reread.is_empty() {
            writer.by_hand = crate::sheet::load_by_hand(&writer.connection)?;
            let mut states = self.states();
            for column in &news.reread {
                states.remove(column);
            }
        }
        let mut states = self.states();
        let columns = self.stored_columns();
        for cell in news.cells {
            let is_ai = columns.iter().any(|c| c.column.id == cell.column && c.is_ai());
            if !is_ai {
                continue;
            }
            let by_hand = writer.by_hand.entry(cell.column).or_default();
            if cell.state.is_by_hand() {
                by_hand.insert(cell.row);
            } else {
                by_hand.remove(&cell.row);
            }
            if let Some(states) = states.get_mut(&cell.column) {
                states.set(cell.row, cell.state, cell.confidence, cell.error);
            }
        }
        Ok(())
    }
}

fn parse_change(text: &str) -> Result<Change, DataError> {
    serde_json::from_str(text)
        .map_err(|error| DataError::Unreadable { what: "step", found: error.to_string() })
}

/// What became of the columns.
fn differences(before: Vec<ColumnRow>, after: Vec<ColumnRow>) -> Vec<ColumnChange> {
    let mut changes: BTreeMap<i64, ColumnChange> = BTreeMap::new();
    let nothing = || ColumnChange { before: None, after: None };
    for row in before {
        let id = row.id;
        changes.entry(id).or_insert_with(nothing).before = Some(row);
    }
    for row in after {
        let id = row.id;
        changes.entry(id).or_insert_with(nothing).after = Some(row);
    }
    changes.into_values().filter(|change| change.before != change.after).collect()
}

/// Steps that must not be undone now, by what is alive.
#[derive(Debug, Default)]
pub(crate) struct LiveRuns {
    runs: Vec<(RunId, ColumnId, StepId)>,
}

impl LiveRuns {
    pub(crate) fn begin(&mut self, run: RunId, column: ColumnId, step: StepId) {
        self.end(run);
        self.runs.push((run, column, step));
    }

    pub(crate) fn end(&mut self, run: RunId) {
        self.runs.retain(|(live, ..)| *live != run);
    }

    /// The step that a run's cells belong to.
    pub(crate) fn step_of(&self, run: RunId) -> Option<StepId> {
        self.runs.iter().find(|(live, ..)| *live == run).map(|(.., step)| *step)
    }

    pub(crate) fn has_step(&self, step: StepId) -> bool {
        self.runs.iter().any(|(.., live)| *live == step)
    }

    pub(crate) fn is_any(&self) -> bool {
        !self.runs.is_empty()
    }

    /// Whether a live run fills the column.
    pub(crate) fn fills(&self, column: ColumnId) -> bool {
        self.fills_beside(column, None)
    }

    /// Whether a live run other than `own` fills the column.
    pub(crate) fn fills_beside(&self, column: ColumnId, own: Option<RunId>) -> bool {
        self.runs.iter().any(|(run, filled, _)| *filled == column && Some(*run) != own)
    }
}
