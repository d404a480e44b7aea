//! Which cells are no longer up to date when others change.

use std::collections::{HashMap, HashSet};

use braincells_core::{CellState, ColumnId, RowId, Template};
use duckdb::Connection;

use crate::DataError;
use crate::column::StoredColumn;
use crate::positions::Positions;
use crate::sheet::SheetStore;
use crate::state::CellStates;

/// The columns that a prompt names; those that are not there are left out.
pub(crate) fn inputs(prompt: &str, columns: &[StoredColumn]) -> Vec<ColumnId> {
    // A prompt that does not parse was refused when it came; it cannot run and depends on nothing.
    let Ok(template) = Template::parse(prompt) else { return Vec::new() };
    let named = |name: &String| columns.iter().find(|stored| stored.column.name == *name);
    template.references().iter().filter_map(named).map(|stored| stored.column.id).collect()
}

impl SheetStore {
    /// The done cells below `changed` ones, through any number of columns, grouped by column. A
    /// cell that is not done (empty, failed, written by a person, stale already) stops it: what
    /// is below was not made from what changed, or is marked already.
    pub(crate) fn stale_cells(
        &self,
        connection: &Connection,
        changed: &HashMap<ColumnId, HashSet<RowId>>,
    ) -> Result<Vec<(ColumnId, RowId)>, DataError> {
        let columns = self.stored_columns();
        let mut changed: HashMap<ColumnId, HashSet<RowId>> = changed.clone();
        let mut stale = Vec::new();
        for stored in inputs_first(&columns) {
            let column = stored.column.id;
            let sources: Vec<&HashSet<RowId>> =
                stored.inputs.iter().filter_map(|input| changed.get(input)).collect();
            if sources.iter().all(|rows| rows.is_empty()) {
                continue;
            }
            self.ensure_states(connection, column)?;
            let states = self.states();
            let Some(known) = states.get(&column) else { continue };
            let own = changed.get(&column);
            let mut rows: Vec<RowId> = sources
                .into_iter()
                .flatten()
                .filter(|row| !own.is_some_and(|own| own.contains(row)))
                .filter(|row| known.get(**row).0 == CellState::Done)
                .copied()
                .collect();
            drop(states);
            rows.sort_unstable();
            rows.dedup();
            stale.extend(rows.iter().map(|row| (column, *row)));
            changed.entry(column).or_default().extend(rows);
        }
        Ok(stale)
    }

    /// Makes sure that the states of an AI column are in memory. The caller holds the writer, so
    /// that no commit can come between the log and the list.
    pub(crate) fn ensure_states(
        &self,
        connection: &Connection,
        column: ColumnId,
    ) -> Result<(), DataError> {
        if !self.states().contains_key(&column) {
            let Positions { first, span, .. } = self.positions();
            let states = CellStates::load(connection, column, first, span)?;
            self.states().insert(column, states);
        }
        Ok(())
    }

    /// The rows of an AI column whose cell is done, in order of their ids.
    pub(crate) fn done_rows(
        &self,
        connection: &Connection,
        column: ColumnId,
    ) -> Result<HashSet<RowId>, DataError> {
        self.ensure_states(connection, column)?;
        let positions = self.positions();
        let states = self.states();
        let done = states.get(&column).map(|states| states.rows_in(CellState::Done));
        Ok(done.into_iter().flatten().filter(|row| positions.holds(*row)).collect())
    }
}

/// The AI columns, each after the columns it is made from. A ring, which no sheet should have,
/// comes last in display order.
fn inputs_first(columns: &[StoredColumn]) -> Vec<&StoredColumn> {
    let mut left: Vec<&StoredColumn> = columns.iter().filter(|stored| stored.is_ai()).collect();
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let waits = |stored: &StoredColumn, left: &[&StoredColumn]| {
            let id = stored.column.id;
            left.iter()
                .any(|other| other.column.id != id && stored.inputs.contains(&other.column.id))
        };
        let (waiting, ready): (Vec<_>, Vec<_>) =
            left.iter().copied().partition(|stored| waits(stored, &left));
        if ready.is_empty() {
            ordered.extend(waiting);
            break;
        }
        ordered.extend(ready);
        left = waiting;
    }
    ordered
}
