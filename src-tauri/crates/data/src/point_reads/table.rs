use std::collections::BTreeMap;

use braincells_core::{RowId, Value};

/// The cells of a window while they are collected.
pub(super) struct Table {
    cells: Vec<Vec<Option<Value>>>,
    lost: Vec<bool>,
}

impl Table {
    pub(super) fn new(rows: usize, columns: usize) -> Self {
        Self { cells: vec![vec![None; columns]; rows], lost: vec![false; rows] }
    }

    /// The rows that lack the same cells, by those cells. A row without any column is in the
    /// group of no cells, because DuckDB still has to say whether it exists.
    pub(super) fn missing(&self) -> BTreeMap<Vec<usize>, Vec<usize>> {
        let mut groups: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
        for (row, cells) in self.cells.iter().enumerate() {
            let missing: Vec<usize> =
                (0..cells.len()).filter(|column| cells[*column].is_none()).collect();
            if cells.is_empty() || !missing.is_empty() {
                groups.entry(missing).or_default().push(row);
            }
        }
        groups
    }

    /// Puts a value where it belongs.
    pub(super) fn put(&mut self, row: usize, column: usize, value: Value) {
        self.cells[row][column] = Some(value);
    }

    /// Says that the sheet has no such row.
    pub(super) fn lose(&mut self, row: usize) {
        self.lost[row] = true;
    }

    /// The rows that are there.
    pub(super) fn finish(self, rows: &[RowId]) -> Vec<(RowId, Vec<Value>)> {
        let rows = rows.iter().zip(self.cells).zip(self.lost);
        let present = rows.filter(|(_, lost)| !lost);
        present
            .map(|((row, cells), _)| {
                (*row, cells.into_iter().map(Option::unwrap_or_default).collect())
            })
            .collect()
    }
}
