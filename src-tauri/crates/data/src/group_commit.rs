use braincells_core::CellRecord;

/// How many cells share one transaction at most.
pub const GROUP_CELLS: usize = 256;
/// How long the oldest cell waits for its transaction at most, in milliseconds.
pub const GROUP_AGE_MS: i64 = 250;

/// Collects finished cells until there are enough of them or the oldest has waited long enough.
///
/// One transaction for each cell costs a disk flush for each cell, which is about 150 times
/// slower. Pure: it neither reads the clock nor writes anything.
#[derive(Debug)]
pub struct GroupCommit {
    max_cells: usize,
    max_age_ms: i64,
    cells: Vec<CellRecord>,
    oldest_ms: i64,
}

impl GroupCommit {
    /// An empty group. `max_cells` of 0 counts as 1.
    pub fn new(max_cells: usize, max_age_ms: i64) -> Self {
        Self { max_cells: max_cells.max(1), max_age_ms, cells: Vec::new(), oldest_ms: 0 }
    }

    /// Adds a cell. Gives the group out when this cell makes it full or finds it overdue.
    pub fn push(&mut self, cell: CellRecord, now_ms: i64) -> Option<Vec<CellRecord>> {
        if self.cells.is_empty() {
            self.oldest_ms = now_ms;
        }
        self.cells.push(cell);
        if self.cells.len() >= self.max_cells {
            return Some(self.take_all());
        }
        self.take_due(now_ms)
    }

    /// Gives the group out when its oldest cell has waited long enough.
    pub fn take_due(&mut self, now_ms: i64) -> Option<Vec<CellRecord>> {
        (self.due_in_ms(now_ms)? == 0).then(|| self.take_all())
    }

    /// Milliseconds until the group is due, 0 when it is; `None` when there is nothing to write.
    pub fn due_in_ms(&self, now_ms: i64) -> Option<i64> {
        // A clock that was set back must not hold cells for longer than the limit.
        let waited_ms = now_ms.saturating_sub(self.oldest_ms).max(0);
        (!self.cells.is_empty()).then(|| self.max_age_ms.saturating_sub(waited_ms).max(0))
    }

    /// Gives out whatever is there.
    pub fn take_all(&mut self) -> Vec<CellRecord> {
        std::mem::take(&mut self.cells)
    }
}

#[cfg(test)]
mod tests {
    use braincells_core::{CellFigures, CellState, RowId, Value};

    use super::*;

    fn cell(row: i64) -> CellRecord {
        CellRecord {
            run: None,
            row: RowId(row),
            state: CellState::Done,
            value: Value::Null,
            error: None,
            reasoning: None,
            figures: CellFigures::default(),
        }
    }

    fn rows(cells: &[CellRecord]) -> Vec<i64> {
        cells.iter().map(|cell| cell.row.0).collect()
    }

    #[test]
    fn a_full_group_is_given_out_at_once_and_in_order() {
        let mut group = GroupCommit::new(3, 250);
        assert_eq!(group.push(cell(1), 0), None);
        assert_eq!(group.push(cell(2), 0), None);
        assert_eq!(rows(&group.push(cell(3), 0).unwrap()), [1, 2, 3]);
        assert_eq!(group.due_in_ms(1_000), None, "an empty group is never due");
        assert_eq!(group.take_due(1_000), None);
    }

    #[test]
    fn the_oldest_cell_decides_when_the_group_is_due() {
        let mut group = GroupCommit::new(256, 250);
        assert_eq!(group.push(cell(1), 1_000), None);
        assert_eq!(group.push(cell(2), 1_200), None);
        assert_eq!(group.due_in_ms(1_200), Some(50));
        assert_eq!(group.take_due(1_249), None);
        assert_eq!(rows(&group.take_due(1_250).unwrap()), [1, 2]);

        assert_eq!(group.push(cell(3), 2_000), None, "the age starts anew with the next group");
        assert_eq!(rows(&group.push(cell(4), 2_300).unwrap()), [3, 4], "overdue at a push");
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_stretch_the_wait() {
        let mut group = GroupCommit::new(256, 250);
        assert_eq!(group.push(cell(1), 10_000), None);
        assert_eq!(group.due_in_ms(0), Some(250));
        assert_eq!(rows(&group.take_all()), [1]);
        assert_eq!(rows(&group.take_all()), [0_i64; 0]);
    }

    #[test]
    fn a_group_of_no_cells_still_gives_every_cell_out() {
        let mut group = GroupCommit::new(0, 250);
        assert_eq!(rows(&group.push(cell(7), 0).unwrap()), [7]);
    }
}
