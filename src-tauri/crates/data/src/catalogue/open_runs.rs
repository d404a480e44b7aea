use braincells_core::{RunId, SheetId};
use rusqlite::params;

use super::{Catalogue, during, sheet_id};
use crate::DataError;
use crate::database::hold;

impl Catalogue {
    /// Remembers that a run has begun, so that it is found without opening its sheet, whatever
    /// becomes of this process. The sheet must be in the catalogue.
    pub fn put_open_run(&self, sheet: SheetId, run: RunId) -> Result<(), DataError> {
        self.execute(
            "remember the run",
            "INSERT INTO open_runs (sheet_id, run_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
            params![sheet.to_string(), run.0],
        )
    }

    /// Forgets a run that has ended for good.
    pub fn remove_open_run(&self, sheet: SheetId, run: RunId) -> Result<(), DataError> {
        self.execute(
            "forget the run",
            "DELETE FROM open_runs WHERE sheet_id = ? AND run_id = ?",
            params![sheet.to_string(), run.0],
        )
    }

    /// The runs that have begun and not ended for good, as far as is known here: the sheet decides.
    /// Those of sheets in the trash aside, by sheet and in the order in which they began.
    pub fn open_runs(&self) -> Result<Vec<(SheetId, RunId)>, DataError> {
        let failed = during("list the unfinished runs");
        let connection = hold(&self.connection);
        let mut statement = connection
            .prepare(
                "SELECT sheet_id, run_id FROM open_runs JOIN sheets ON sheets.id = sheet_id \
                 WHERE deleted_at_ms IS NULL ORDER BY sheet_id, run_id",
            )
            .map_err(&failed)?;
        let mut rows = statement.query([]).map_err(&failed)?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            let sheet: String = row.get(0).map_err(&failed)?;
            runs.push((sheet_id(&sheet)?, RunId(row.get(1).map_err(&failed)?)));
        }
        Ok(runs)
    }
}
