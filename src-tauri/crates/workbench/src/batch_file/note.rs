//! What was asked for in batch files and has no answer yet: a note of this home, so that it can be
//! said what is missing.

use braincells_core::{AppError, ColumnId, RowId, SheetId, Value};
use braincells_data::Catalogue;
use serde::{Deserialize, Serialize};

/// Of one column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Note {
    /// What the prompts showed as examples, as a run notes it.
    pub(super) examples: Value,
    /// The rows, as first and last of each stretch.
    rows: Vec<(i64, i64)>,
}

impl Note {
    pub(super) fn new(examples: Value, rows: &[RowId]) -> Self {
        Self { examples, rows: stretches(rows) }
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = RowId> {
        self.rows.iter().flat_map(|(first, last)| (*first..=*last).map(RowId))
    }

    /// The same with other rows.
    pub(super) fn with_rows(self, rows: &[RowId]) -> Self {
        Self { rows: stretches(rows), ..self }
    }

    /// The note of a column; one that cannot be read is as good as none.
    pub(super) fn read(
        catalogue: &Catalogue,
        sheet: SheetId,
        column: ColumnId,
    ) -> Result<Option<Self>, AppError> {
        let kept = catalogue.setting(&key(sheet, column))?;
        Ok(kept.and_then(|kept| serde_json::from_value(kept).ok()))
    }

    /// Keeps the note; one without rows is forgotten.
    pub(super) fn write(
        &self,
        catalogue: &Catalogue,
        sheet: SheetId,
        column: ColumnId,
    ) -> Result<(), AppError> {
        let value = if self.rows.is_empty() {
            Value::Null
        } else {
            serde_json::to_value(self).expect("a note has only text keys")
        };
        Ok(catalogue.set_setting(&key(sheet, column), &value)?)
    }
}

fn key(sheet: SheetId, column: ColumnId) -> String {
    format!("batch {sheet} {column}")
}

fn stretches(rows: &[RowId]) -> Vec<(i64, i64)> {
    let mut ids: Vec<i64> = rows.iter().map(|row| row.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut found: Vec<(i64, i64)> = Vec::new();
    for id in ids {
        match found.last_mut() {
            Some((_, last)) if *last + 1 == id => *last = id,
            _ => found.push((id, id)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_kept_as_stretches() {
        let rows = [5, 1, 2, 3, 9, 3].map(RowId);
        let note = Note::new(Value::Null, &rows);
        assert_eq!(note.rows, [(1, 3), (5, 5), (9, 9)]);
        assert_eq!(note.rows().collect::<Vec<_>>(), [1, 2, 3, 5, 9].map(RowId));
        assert_eq!(note.with_rows(&[]).rows().count(), 0);
    }
}
