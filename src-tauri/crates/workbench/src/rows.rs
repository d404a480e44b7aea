//! Adding, removing and moving rows.

use braincells_core::{AppError, RowId, SheetId};
pub use braincells_data::RowPlace;

use crate::Workbench;

impl Workbench {
    /// Puts empty rows into a sheet and returns them, in their order.
    pub async fn insert_rows(
        &self,
        sheet: SheetId,
        place: RowPlace,
        count: u64,
    ) -> Result<Vec<RowId>, AppError> {
        let now_ms = self.now_ms();
        self.change_store(sheet, move |store| Ok(store.insert_rows(place, count, now_ms)?)).await
    }

    /// Removes rows; undo brings them back. A run that is filling one of them passes over it.
    pub async fn delete_rows(&self, sheet: SheetId, rows: &[RowId]) -> Result<(), AppError> {
        let (rows, now_ms) = (rows.to_vec(), self.now_ms());
        self.change_rows(sheet, move |store| Ok(store.delete_rows(&rows, now_ms)?)).await
    }

    /// Moves rows to a place, in the order in which they are in the sheet.
    pub async fn move_rows(
        &self,
        sheet: SheetId,
        rows: &[RowId],
        place: RowPlace,
    ) -> Result<(), AppError> {
        let (rows, now_ms) = (rows.to_vec(), self.now_ms());
        self.change_store(sheet, move |store| Ok(store.move_rows(&rows, place, now_ms)?)).await
    }
}
