//! Which columns of a batch are tokens, of which row, and who sees them.
//!
//! Rows of different length are computed together with their last tokens in the same column. A
//! shorter row has columns that stand for nothing: at its beginning (its pad), and, while some of
//! its tokens come behind a beginning that all rows share, between the two (its gap). Nobody sees
//! them. Pure arithmetic, so that it is tested without MLX.

use std::ops::Range;

/// The columns of some rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Columns at the beginning of each row that stand for nothing.
    pub pads: Vec<usize>,
    /// Where gaps begin, in all rows.
    pub gap_from: usize,
    /// Columns from there on that stand for nothing, in each row.
    pub gaps: Vec<usize>,
}

impl Columns {
    /// Rows without gaps.
    pub fn padded(pads: &[usize]) -> Self {
        Self { pads: pads.to_vec(), gap_from: 0, gaps: vec![0; pads.len()] }
    }

    pub fn rows(&self) -> usize {
        self.pads.len()
    }

    /// Whether a column stands for nothing in a row.
    fn is_hidden(&self, row: usize, column: usize) -> bool {
        let gap = self.gap_from..self.gap_from + self.gaps[row];
        column < self.pads[row] || gap.contains(&column)
    }

    /// The position of a column in its row's text. Of columns that stand for nothing it may be
    /// below zero, and means nothing.
    pub fn position(&self, row: usize, column: usize) -> i64 {
        let gap = if column < self.gap_from { 0 } else { self.gaps[row] };
        column as i64 - self.pads[row] as i64 - gap as i64
    }

    /// Whether all rows are the same, without columns that stand for nothing.
    pub fn is_plain(&self) -> bool {
        self.pads.iter().chain(&self.gaps).all(|hidden| *hidden == 0)
    }

    /// Which of the columns before the end of `queries` each of these sees, for all rows one after
    /// the other: those of its row up to itself, and no further back than `window` positions. A
    /// column that stands for nothing sees itself, for what sees nothing has no average.
    pub fn visible(&self, queries: Range<usize>, window: Option<u32>) -> Vec<bool> {
        let total = queries.end;
        let mut visible = Vec::with_capacity(self.rows() * queries.len() * total);
        for row in 0..self.rows() {
            let hidden: Vec<bool> = (0..total).map(|column| self.is_hidden(row, column)).collect();
            for query in queries.clone() {
                let here = self.position(row, query);
                visible.extend((0..total).map(|key| {
                    let is_near =
                        window.is_none_or(|window| here - self.position(row, key) < window.into());
                    key == query || (key < query && !hidden[key] && is_near)
                }));
            }
        }
        visible
    }

    /// For each row the columns that its tokens are in once they are moved to the end: column
    /// `c` of the result is column `result[c]` of these. Pads are filled with the first column.
    pub fn without_gaps(&self, total: usize) -> Vec<Vec<usize>> {
        let of_row = |row: usize| {
            let tokens = (0..total).filter(|column| !self.is_hidden(row, *column));
            let tokens: Vec<usize> = tokens.collect();
            let mut columns = vec![0; total - tokens.len()];
            columns.extend(tokens);
            columns
        };
        (0..self.rows()).map(of_row).collect()
    }

    /// Pads once gaps are gone.
    pub fn pads_without_gaps(&self) -> Vec<usize> {
        self.pads.iter().zip(&self.gaps).map(|(pad, gap)| pad + gap).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(columns: &Columns, queries: Range<usize>, window: Option<u32>) -> Vec<Vec<usize>> {
        let total = queries.end;
        let all = columns.visible(queries, window);
        let numbered = |row: &[bool]| (0..total).filter(|column| row[*column]).collect();
        all.chunks(total).map(numbered).collect()
    }

    #[test]
    fn a_token_sees_its_own_row_up_to_itself() {
        // "ab" and "b" behind "xy": the second row has its gap in column 2.
        let columns = Columns { pads: vec![0, 0], gap_from: 2, gaps: vec![0, 1] };
        let expected: [&[usize]; 4] = [&[0, 1, 2], &[0, 1, 2, 3], &[0, 1, 2], &[0, 1, 3]];
        assert_eq!(seen(&columns, 2..4, None), expected);
        assert_eq!(columns.position(1, 3), 2, "it follows the beginning");
        assert_eq!(columns.without_gaps(4), [[0, 1, 2, 3], [0, 0, 1, 3]]);
        assert_eq!(columns.pads_without_gaps(), [0, 1]);
    }

    #[test]
    fn pads_are_seen_by_themselves_only() {
        let columns = Columns::padded(&[2, 0]);
        let expected: [&[usize]; 6] = [&[0], &[1], &[2], &[0], &[0, 1], &[0, 1, 2]];
        assert_eq!(seen(&columns, 0..3, None), expected);
        assert_eq!((columns.position(0, 2), columns.position(0, 0)), (0, -2));
        assert!(!columns.is_plain() && Columns::padded(&[0, 0]).is_plain());
    }

    #[test]
    fn a_window_is_counted_in_tokens_and_not_in_columns() {
        let columns = Columns { pads: vec![1, 0], gap_from: 3, gaps: vec![2, 0] };
        // Row 0 has its tokens in columns 1, 2, 5, 6.
        let expected: [&[usize]; 2] = [&[2, 5, 6], &[4, 5, 6]];
        assert_eq!(seen(&columns, 6..7, Some(3)), expected);
    }
}
