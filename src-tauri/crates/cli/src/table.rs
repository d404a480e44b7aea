//! Tables of aligned columns for a terminal.

use crate::text;

/// Which edge the cells of a column share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// How wide a table may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Cells are shortened until a line has this many columns of the terminal.
    Line(usize),
    /// Cells are shortened to this many columns, lines are as long as they get.
    Cell(usize),
    /// Nothing is shortened.
    None,
}

/// No column is made narrower than this to make a line fit.
const LEAST_WIDTH: usize = 6;
const GAP: &str = "  ";

/// A table in the making. Cells may hold anything; they are made printable here.
#[derive(Debug)]
pub struct Table {
    header: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new<T: Into<String>>(header: impl IntoIterator<Item = (T, Align)>) -> Self {
        let header = header.into_iter().map(|(title, align)| (title.into(), align)).collect();
        Self { header, rows: Vec::new() }
    }

    /// Adds a row; it has a cell for each column.
    pub fn push(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.header.len());
        self.rows.push(cells);
    }

    /// The lines, the header first.
    pub fn lines(&self, limit: Limit) -> Vec<String> {
        let longest = match limit {
            Limit::Line(columns) | Limit::Cell(columns) => columns.max(LEAST_WIDTH),
            Limit::None => usize::MAX,
        };
        let header: Vec<String> =
            self.header.iter().map(|(title, _)| text::cut(title, longest)).collect();
        let rows =
            self.rows.iter().map(|row| row.iter().map(|cell| text::cut(cell, longest)).collect());
        let lines: Vec<Vec<String>> = std::iter::once(header).chain(rows).collect();
        let mut widths: Vec<usize> = (0..self.header.len())
            .map(|column| lines.iter().map(|line| text::width(&line[column])).max().unwrap_or(0))
            .collect();
        if let Limit::Line(columns) = limit {
            fit(
                &mut widths,
                columns.saturating_sub(GAP.len() * self.header.len().saturating_sub(1)),
            );
        }
        lines.iter().map(|line| self.aligned(line, &widths)).collect()
    }

    fn aligned(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = String::new();
        for (index, (cell, &width)) in cells.iter().zip(widths).enumerate() {
            if index > 0 {
                line.push_str(GAP);
            }
            let cell = text::cut(cell, width);
            let blanks = " ".repeat(width.saturating_sub(text::width(&cell)));
            match self.header[index].1 {
                Align::Left => line.extend([cell.as_str(), blanks.as_str()]),
                Align::Right => line.extend([blanks.as_str(), cell.as_str()]),
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

/// Takes from the widest columns until all together have `room`, but none below [`LEAST_WIDTH`].
fn fit(widths: &mut [usize], room: usize) {
    while widths.iter().sum::<usize>() > room {
        let Some(widest) = widths.iter().copied().max().filter(|&width| width > LEAST_WIDTH) else {
            return;
        };
        let excess = widths.iter().sum::<usize>() - room;
        let next = widths.iter().copied().filter(|&width| width < widest).max().unwrap_or(0);
        let equals = widths.iter().filter(|&&width| width == widest).count();
        let target = (widest - excess.div_ceil(equals).min(widest)).max(next).max(LEAST_WIDTH);
        for width in widths.iter_mut().filter(|width| **width == widest) {
            *width = target;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table =
            Table::new([("id", Align::Right), ("text", Align::Left), ("note", Align::Left)]);
        table.push(vec![
            "1".into(),
            "a text that is rather long for a table".into(),
            String::new(),
        ]);
        table.push(vec!["200".into(), "東京\u{1b}[0m".into(), "ok".into()]);
        table
    }

    #[test]
    fn columns_are_aligned_by_what_is_seen() {
        assert_eq!(
            table().lines(Limit::None),
            [
                " id  text                                    note",
                "  1  a text that is rather long for a table",
                r"200  東京\u{1b}[0m                           ok",
            ]
        );
    }

    #[test]
    fn a_line_fits_the_terminal_by_shortening_the_widest_columns() {
        let lines = table().lines(Limit::Line(30));
        assert!(lines.iter().all(|line| text::width(line) <= 30), "{lines:#?}");
        assert_eq!(lines[1], "  1  a text that is rat…");
        assert!(lines[2].starts_with("200  "), "a narrow column is left alone: {}", lines[2]);
    }

    #[test]
    fn a_cell_limit_leaves_short_cells_alone() {
        let lines = table().lines(Limit::Cell(10));
        assert_eq!(lines[1], "  1  a text th…");
    }

    #[test]
    fn a_terminal_too_narrow_for_anything_still_gets_every_column() {
        let lines = table().lines(Limit::Line(3));
        assert_eq!(lines[0], " id  text    note");
        assert_eq!(lines[1], "  1  a tex…");
    }
}
