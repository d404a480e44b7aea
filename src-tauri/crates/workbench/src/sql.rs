//! A person's own SQL over a sheet.

use std::future::Future;
use std::time::Duration;

use braincells_core::{AppError, SheetId, SheetInfo, SqlLimits, SqlResult};
use braincells_data::Format;

use crate::error::WorkbenchError;
use crate::{InputFile, Workbench};

impl Workbench {
    /// Runs one `SELECT` over the sheet, which is the table `sheet` with the columns as they are
    /// named and `row_id`. Nothing can be changed, and no file be read or written.
    ///
    /// Dropping the future ends the query, and so does the end of `timeout`.
    pub async fn sql(
        &self,
        sheet: SheetId,
        query: &str,
        limits: SqlLimits,
        timeout: Option<Duration>,
    ) -> Result<SqlResult, AppError> {
        let query = query.to_owned();
        let work = self
            .with_stoppable(sheet, move |store, stopped| Ok(store.sql(&query, limits, stopped)?));
        within(timeout, work).await
    }

    /// Makes a new sheet of all that a query finds. Emits the events of an import. Dropping the
    /// future, or the end of `timeout`, ends it and leaves nothing behind. Of a sheet that stays on
    /// this machine, the new one stays too.
    pub async fn sql_to_sheet(
        &self,
        sheet: SheetId,
        query: &str,
        name: &str,
        timeout: Option<Duration>,
    ) -> Result<SheetInfo, AppError> {
        let query = query.to_owned();
        let work = async {
            let found = self.with_stoppable(sheet, move |store, stopped| {
                Ok(store.sql_to_file(&query, stopped)?)
            });
            let found = found.await?;
            let format = Some(Format::Parquet);
            let name = Some(name.to_owned());
            let file = InputFile { format, name, ..InputFile::new(found.path()) };
            self.import_locked(&file, self.is_locked(sheet).await?).await
        };
        within(timeout, work).await
    }
}

async fn within<T>(
    timeout: Option<Duration>,
    work: impl Future<Output = Result<T, AppError>>,
) -> Result<T, AppError> {
    let Some(timeout) = timeout else { return work.await };
    match tokio::time::timeout(timeout, work).await {
        Ok(result) => result,
        Err(_) => Err(WorkbenchError::QueryTimeout { timeout }.into()),
    }
}
