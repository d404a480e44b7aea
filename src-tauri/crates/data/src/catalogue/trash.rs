use braincells_core::{SheetId, TrashedSheet};
use rusqlite::params;

use super::{Catalogue, during, read_sheet};
use crate::DataError;
use crate::database::hold;

impl Catalogue {
    /// The sheets in the trash with their file names, the one that was deleted last first.
    pub fn trash(&self) -> Result<Vec<(TrashedSheet, String)>, DataError> {
        let failed = during("list the trash");
        let connection = hold(&self.connection);
        let mut statement = connection
            .prepare(
                "SELECT id, name, row_count, column_count, created_at_ms, changed_at_ms, \
                 local_only, deleted_at_ms, file_name FROM sheets WHERE deleted_at_ms IS NOT NULL \
                 ORDER BY deleted_at_ms DESC, id",
            )
            .map_err(&failed)?;
        let mut rows = statement.query([]).map_err(&failed)?;
        let mut trash = Vec::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            let deleted_at_ms = row.get(7).map_err(&failed)?;
            let sheet = TrashedSheet { sheet: read_sheet(row)?, deleted_at_ms };
            trash.push((sheet, row.get(8).map_err(&failed)?));
        }
        Ok(trash)
    }

    /// Notes that a sheet is in the trash since `now_ms`. Its fill jobs stay with it.
    pub fn put_in_trash(&self, id: SheetId, now_ms: i64) -> Result<(), DataError> {
        self.execute(
            "note the deletion",
            "UPDATE sheets SET deleted_at_ms = ? WHERE id = ?",
            params![now_ms, id.to_string()],
        )
    }

    /// Notes that a sheet is not in the trash any more.
    pub fn take_from_trash(&self, id: SheetId) -> Result<(), DataError> {
        self.execute(
            "note the return",
            "UPDATE sheets SET deleted_at_ms = NULL WHERE id = ?",
            params![id.to_string()],
        )
    }
}
