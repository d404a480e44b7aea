use std::collections::HashMap;
use std::sync::Mutex;

use braincells_core::{ColumnId, RowId};

use crate::database::hold;

/// Ids above this are not worth a bit each; their columns count as changed as a whole.
const GREATEST_ID: i64 = 1 << 31;

/// Which cells are not what they were. Rows that come or go need no mention: which there are is
/// known, and one that comes back is as it was.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change<'a> {
    /// Any cell of a column, its type included.
    Column(ColumnId),
    /// Some cells of a column.
    Cells(ColumnId, &'a [RowId]),
}

/// The cells that changed since a scan began. Noted by writers after their commit, asked by
/// readers before they trust the file.
#[derive(Debug, Default)]
pub(super) struct Changes {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    columns: HashMap<ColumnId, RowSet>,
}

/// A set of row ids, a bit each.
#[derive(Debug, Default)]
struct RowSet {
    all: bool,
    bits: Vec<u64>,
    count: usize,
}

impl Changes {
    pub(super) fn note(&self, change: Change<'_>) {
        let mut inner = hold(&self.inner);
        match change {
            Change::Column(column) => inner.columns.entry(column).or_default().all = true,
            Change::Cells(column, rows) => inner.columns.entry(column).or_default().insert(rows),
        }
    }

    /// Which of `rows` have the cell of `column` unchanged.
    pub(super) fn unchanged(&self, column: ColumnId, rows: &[RowId]) -> Vec<bool> {
        let inner = hold(&self.inner);
        let cells = inner.columns.get(&column);
        let is_unchanged = |row: &RowId| cells.is_none_or(|cells| !cells.contains(*row));
        rows.iter().map(is_unchanged).collect()
    }

    /// How many cells of a column changed; `None` for all of them.
    pub(super) fn count(&self, column: ColumnId) -> Option<usize> {
        let inner = hold(&self.inner);
        let cells = inner.columns.get(&column);
        if cells.is_some_and(|cells| cells.all) {
            return None;
        }
        Some(cells.map_or(0, |cells| cells.count))
    }
}

impl RowSet {
    fn insert(&mut self, rows: &[RowId]) {
        for row in rows {
            let Some((word, bit)) = place(*row) else {
                self.all = true;
                continue;
            };
            if word >= self.bits.len() {
                self.bits.resize(word + 1, 0);
            }
            self.count += usize::from(self.bits[word] & bit == 0);
            self.bits[word] |= bit;
        }
    }

    fn contains(&self, row: RowId) -> bool {
        let in_bits =
            |(word, bit): (usize, u64)| self.bits.get(word).is_some_and(|bits| bits & bit != 0);
        self.all || place(row).is_some_and(in_bits)
    }
}

fn place(row: RowId) -> Option<(usize, u64)> {
    let id = u64::try_from(row.0).ok().filter(|_| row.0 < GREATEST_ID)?;
    Some((usize::try_from(id / 64).ok()?, 1 << (id % 64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMN: ColumnId = ColumnId(1);

    fn rows(ids: &[i64]) -> Vec<RowId> {
        ids.iter().map(|id| RowId(*id)).collect()
    }

    #[test]
    fn a_changed_cell_counts_once_and_spoils_no_other() {
        let changes = Changes::default();
        changes.note(Change::Cells(COLUMN, &rows(&[5, 64, 5])));
        assert_eq!(changes.unchanged(COLUMN, &rows(&[4, 5, 64, 900])), [true, false, false, true]);
        assert_eq!(changes.unchanged(ColumnId(2), &rows(&[5])), [true]);
        assert_eq!(changes.count(COLUMN), Some(2));
    }

    #[test]
    fn ids_beyond_the_set_spoil_the_column_rather_than_be_forgotten() {
        for id in [-1, GREATEST_ID, i64::MAX] {
            let changes = Changes::default();
            changes.note(Change::Cells(COLUMN, &rows(&[id])));
            assert_eq!(changes.unchanged(COLUMN, &rows(&[id, 1])), [false, false], "{id}");
            assert_eq!(changes.count(COLUMN), None);
        }
    }

    #[test]
    fn a_changed_column_is_changed_everywhere() {
        let changes = Changes::default();
        changes.note(Change::Column(COLUMN));
        assert_eq!(changes.unchanged(COLUMN, &rows(&[1])), [false]);
        assert_eq!(changes.unchanged(ColumnId(2), &rows(&[1])), [true]);
        assert_eq!(changes.count(COLUMN), None);
    }
}
