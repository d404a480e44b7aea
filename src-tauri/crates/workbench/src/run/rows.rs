use std::collections::{HashSet, VecDeque};
use std::vec::IntoIter;

use braincells_core::RowId;

/// The rows that a run has not asked for yet, in the order in which they will be.
///
/// Rows are read ahead in pages, so a row counts as left until it is given out. Which rows are
/// left is only written down once somebody wants some of them first or left out: before, the
/// order alone says it.
pub(super) struct PendingRows {
    rest: IntoIter<RowId>,
    front: VecDeque<RowId>,
    left: Option<HashSet<RowId>>,
}

impl PendingRows {
    pub(super) fn new(rows: Vec<RowId>) -> Self {
        Self { rest: rows.into_iter(), front: VecDeque::new(), left: None }
    }

    /// Puts those of `rows` that are left to the front, in the order given. `read` are the rows
    /// that were read ahead and not given out.
    pub(super) fn look_at(&mut self, rows: &[RowId], read: impl Iterator<Item = RowId>) {
        let left = self.left(read);
        self.front = rows.iter().copied().filter(|row| left.contains(row)).collect();
    }

    /// Leaves rows out; returns how many of them were left.
    pub(super) fn leave_out(&mut self, rows: &[RowId], read: impl Iterator<Item = RowId>) -> u64 {
        let left = self.left(read);
        rows.iter().filter(|row| left.remove(row)).count() as u64
    }

    /// The rows to be read next of those that were put to the front.
    pub(super) fn front_page(&mut self, most: usize) -> Vec<RowId> {
        let count = self.front.len().min(most);
        self.front.drain(..count).collect()
    }

    /// The rows to be read next of the others.
    pub(super) fn page(&mut self, most: usize) -> Vec<RowId> {
        let left = self.left.as_ref();
        let wanted = |row: &RowId| left.is_none_or(|left| left.contains(row));
        self.rest.by_ref().filter(wanted).take(most).collect()
    }

    /// Whether a row that was read is still to be asked for; if so it no longer is.
    pub(super) fn give_out(&mut self, row: RowId) -> bool {
        self.left.as_mut().is_none_or(|left| left.remove(&row))
    }

    fn left(&mut self, read: impl Iterator<Item = RowId>) -> &mut HashSet<RowId> {
        let rest = self.rest.as_slice();
        self.left.get_or_insert_with(|| rest.iter().copied().chain(read).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(numbers: impl IntoIterator<Item = i64>) -> Vec<RowId> {
        numbers.into_iter().map(RowId).collect()
    }

    #[test]
    fn rows_come_in_order_until_some_are_looked_at() {
        let mut pending = PendingRows::new(rows(1..=9));
        assert_eq!(pending.page(3), rows([1, 2, 3]));
        assert!(pending.give_out(RowId(1)));
        pending.look_at(&rows([8, 3, 1, 42, 5]), rows([2, 3]).into_iter());
        assert_eq!(pending.front_page(2), rows([8, 3]), "1 was given out, 42 is none of them");
        assert_eq!(pending.front_page(2), rows([5]));
        for row in [8, 3, 5] {
            assert!(pending.give_out(RowId(row)));
        }
        assert!(pending.give_out(RowId(2)) && !pending.give_out(RowId(3)), "3 was read twice");
        assert_eq!(pending.page(10), rows([4, 6, 7, 9]));
    }

    #[test]
    fn a_newer_look_replaces_an_older_one_and_loses_nothing() {
        let mut pending = PendingRows::new(rows(1..=6));
        pending.look_at(&rows([5, 6]), std::iter::empty());
        pending.look_at(&rows([3]), std::iter::empty());
        assert_eq!(pending.front_page(10), rows([3]));
        assert!(pending.give_out(RowId(3)));
        assert_eq!(pending.page(10), rows([1, 2, 4, 5, 6]));
    }

    #[test]
    fn rows_that_were_filled_meanwhile_are_left_out() {
        let mut pending = PendingRows::new(rows(1..=5));
        assert_eq!(pending.page(2), rows([1, 2]));
        assert!(pending.give_out(RowId(1)));
        assert_eq!(pending.leave_out(&rows([1, 2, 4, 9]), rows([2]).into_iter()), 2);
        assert!(!pending.give_out(RowId(2)));
        assert_eq!(pending.page(10), rows([3, 5]));
    }
}
