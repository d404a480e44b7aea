//! The first way through a sheet: where its table is, what its columns hold, whether it has a
//! header.

use std::sync::atomic::AtomicBool;

use super::super::batches::damaged;
use super::super::probe::{Probed, unusable};
use super::book::Book;
use super::cell::Cell;
use super::{Shape, ShapeColumn};
use crate::DataError;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    Number,
    Boolean,
    Date,
    Moment,
    Time,
    Text,
}

impl Kind {
    pub(super) fn of(cell: &Cell<'_>) -> Self {
        match cell {
            Cell::Integer(_) => Self::Integer,
            Cell::Number(_) => Self::Number,
            Cell::Boolean(_) => Self::Boolean,
            Cell::Date(_) => Self::Date,
            Cell::Moment(_) => Self::Moment,
            Cell::Time(_) => Self::Time,
            Cell::Text(_) => Self::Text,
        }
    }

    /// The kind that holds both.
    fn with(self, other: Self) -> Self {
        match (self, other) {
            (one, two) if one == two => one,
            (Self::Integer, Self::Number) | (Self::Number, Self::Integer) => Self::Number,
            (Self::Date, Self::Moment) | (Self::Moment, Self::Date) => Self::Moment,
            _ => Self::Text,
        }
    }

    pub(super) fn sql_type(self) -> &'static str {
        match self {
            Self::Integer => "BIGINT",
            Self::Number => "DOUBLE",
            Self::Boolean => "BOOLEAN",
            Self::Date => "DATE",
            Self::Moment => "TIMESTAMP",
            Self::Time => "TIME",
            Self::Text => "VARCHAR",
        }
    }
}

/// What a sheet holds, as far as it was looked at.
#[derive(Debug, Default)]
pub(super) struct Survey {
    cells: u64,
    first_row: u32,
    last_row: u32,
    first_column: u32,
    last_column: u32,
    /// The first row that is not empty: what each of its cells says, and its kind.
    first: Vec<Option<(String, Kind)>>,
    /// The rows below it.
    below: Vec<Option<Kind>>,
}

impl Survey {
    pub(super) fn take(
        probed: &Probed,
        book: &mut Book,
        table: &str,
        most_rows: Option<u64>,
        cancelled: &AtomicBool,
    ) -> Result<Self, DataError> {
        let mut survey = Self { first_column: u32::MAX, ..Self::default() };
        book.each(probed, table, cancelled, &mut |row, column, cell| {
            if survey.cells == 0 {
                survey.first_row = row;
                survey.last_row = row;
            }
            if row < survey.last_row {
                return Err(damaged(probed, "its rows are out of order"));
            }
            if most_rows.is_some_and(|most| u64::from(row - survey.first_row) >= most) {
                return Ok(false);
            }
            survey.note(row, column, cell);
            Ok(true)
        })?;
        Ok(survey)
    }

    fn note(&mut self, row: u32, column: u32, cell: Cell<'_>) {
        self.cells += 1;
        self.last_row = row;
        self.first_column = self.first_column.min(column);
        self.last_column = self.last_column.max(column);
        let at = column as usize;
        if self.below.len() <= at {
            self.below.resize(at + 1, None);
            self.first.resize(at + 1, None);
        }
        let kind = Kind::of(&cell);
        if row == self.first_row {
            self.first[at] = Some((cell.into_text().into_owned(), kind));
        } else {
            let known = &mut self.below[at];
            *known = Some(known.map_or(kind, |known| known.with(kind)));
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.cells == 0
    }

    /// Refuses a sheet of which hardly a cell is filled: a stray value in its last corner would
    /// make a table of a billion empty cells.
    pub(super) fn check(&self, probed: &Probed) -> Result<(), DataError> {
        const ALWAYS_FINE: u64 = 10_000_000;
        const MOST_PER_CELL: u64 = 1000;
        if self.is_empty() {
            return Ok(());
        }
        let rows = u64::from(self.last_row - self.first_row) + 1;
        let columns = u64::from(self.last_column - self.first_column) + 1;
        if rows * columns > ALWAYS_FINE.max(self.cells.saturating_mul(MOST_PER_CELL)) {
            let reason = format!(
                "its {} values are scattered over {rows} rows and {columns} columns",
                self.cells
            );
            return Err(unusable(&probed.named, reason, "delete the cells that stand apart"));
        }
        Ok(())
    }

    /// Whether the first row names the columns: when all of it is text, or when text stands above
    /// other values.
    pub(super) fn has_header(&self) -> bool {
        let mut columns = self.first.iter().zip(&self.below);
        let is_text = |first: &Option<(String, Kind)>| {
            first.as_ref().is_none_or(|(_, kind)| *kind == Kind::Text)
        };
        self.first.iter().all(is_text)
            || columns.any(|(first, below)| {
                matches!(first, Some((_, Kind::Text)))
                    && below.is_some_and(|kind| kind != Kind::Text)
            })
    }

    /// The table, with or without its first row.
    pub(super) fn shape(&self, header: bool) -> Shape {
        let columns = self.first_column as usize..=self.last_column as usize;
        let columns = columns
            .map(|at| {
                let (title, first) = match &self.first[at] {
                    Some((text, kind)) => (text.as_str(), Some(*kind)),
                    None => ("", None),
                };
                let kind = match (first, self.below[at]) {
                    (Some(first), Some(below)) if !header => Some(first.with(below)),
                    (first, None) if !header => first,
                    (_, below) => below,
                };
                let title = if header { title } else { "" };
                ShapeColumn { title: title.to_owned(), kind: kind.unwrap_or(Kind::Text) }
            })
            .collect();
        let first_row = self.first_row + u32::from(header);
        Shape {
            first_row,
            rows: (self.last_row + 1).saturating_sub(first_row),
            first_column: self.first_column,
            columns,
        }
    }
}
