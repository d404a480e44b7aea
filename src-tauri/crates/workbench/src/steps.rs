//! Undo, redo and the history of a cell.

use braincells_core::{AppError, ColumnId, HistoryEntry, RowId, SheetId, StepInfo};

pub use braincells_data::Compacted;

use crate::Workbench;

impl Workbench {
    /// The steps of a sheet, oldest first; those that are undone and can be done again come last.
    pub async fn steps(&self, sheet: SheetId) -> Result<Vec<StepInfo>, AppError> {
        self.with_store(sheet, |store| Ok(store.steps()?)).await
    }

    /// Takes back the latest step that counts, also one from before a restart; `None` if there is
    /// none. Refused while the run of that step is alive.
    pub async fn undo(&self, sheet: SheetId) -> Result<Option<StepInfo>, AppError> {
        let now_ms = self.now_ms();
        self.change_rows(sheet, move |store| Ok(store.undo(now_ms)?)).await
    }

    /// Does the step again that was undone last; `None` if there is none, or if another step was
    /// taken since.
    pub async fn redo(&self, sheet: SheetId) -> Result<Option<StepInfo>, AppError> {
        let now_ms = self.now_ms();
        self.change_rows(sheet, move |store| Ok(store.redo(now_ms)?)).await
    }

    /// Forgets all but the latest `keep` steps of a sheet, and what only the others could bring
    /// back. The history of cells stays. Refused while a run is alive.
    pub async fn compact_sheet(&self, sheet: SheetId, keep: u64) -> Result<Compacted, AppError> {
        let now_ms = self.now_ms();
        self.change_store(sheet, move |store| Ok(store.compact(keep, now_ms)?)).await
    }

    /// Everything that happened to a cell, the latest first.
    pub async fn cell_history(
        &self,
        sheet: SheetId,
        column: ColumnId,
        row: RowId,
    ) -> Result<Vec<HistoryEntry>, AppError> {
        self.with_store(sheet, move |store| Ok(store.cell_history(column, row)?)).await
    }

    /// Gives a cell the value of an entry of its history again. In an AI column it then counts as
    /// written by a person, and no run overwrites it.
    pub async fn restore_cell(
        &self,
        sheet: SheetId,
        column: ColumnId,
        row: RowId,
        seq: i64,
    ) -> Result<(), AppError> {
        let (now_ms, live) = (self.now_ms(), std::sync::Arc::clone(self.live()));
        self.change_store(sheet, move |store| {
            live.take_over(sheet, column, row, true);
            Ok(store.restore_cell(column, row, seq, now_ms)?)
        })
        .await
    }
}
