use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use braincells_core::{AppError, ColumnId, RowId, RunRequest, SheetId};
use braincells_data::{DataError, write_file_with};
use braincells_llm::cloud::{Endpoint, batch_file::request_line};
use braincells_llm::prompt::Example;

use super::note::Note;
use super::{BatchWritten, name_of, target};
use crate::Workbench;
use crate::blocking::blocking;
use crate::columns::column_with_id;
use crate::error::WorkbenchError;
use crate::run::{Order, noted};
use crate::transfer::StopOnDrop;

/// Rows whose values are in memory at once.
const PAGE_ROWS: usize = 512;

impl Workbench {
    /// Writes the requests of a column into a file as OpenAI's batches take it: one line for each
    /// row that the request means, named by the row's id. Asks nobody and loads no model. The file
    /// appears whole or not at all; one that exists is replaced. Dropping the future stops it.
    ///
    /// Refused while the sheet or the settings are locked and the model is not on this machine,
    /// and for a column whose rows are made one after the other.
    pub async fn write_batch(
        &self,
        sheet: SheetId,
        column: ColumnId,
        request: impl Into<RunRequest> + Send,
        file: &Path,
    ) -> Result<BatchWritten, AppError> {
        let request = request.into();
        let order = self.order(sheet, column, None).await?;
        self.check_lock(sheet, &order.recipe.model).await?;
        let (endpoint, model) = target(&order.recipe.model, &self.settings().await?, self.cloud())?;
        if order.plan.wants_new_items() {
            let columns = self.columns(sheet).await?;
            let name = column_with_id(&columns, column)?.name.clone();
            return Err(WorkbenchError::NotForBatch { name }.into());
        }
        let (catalogue, path) = (self.catalogue(), file.to_owned());
        let stop = StopOnDrop::default();
        let stopped = Arc::clone(&stop.stopped);
        blocking(move || {
            let rows = order.rows(&request, None)?;
            let examples = order.guessed_examples()?;
            let pages =
                Pages { order: &order, examples: &examples, endpoint: &endpoint, model: &model };
            let mut asked = Vec::with_capacity(rows.ready.len());
            write_file_with(&path, |write| {
                for page in rows.ready.chunks(PAGE_ROWS) {
                    if stopped.load(Ordering::Relaxed) {
                        return Err(DataError::Cancelled.into());
                    }
                    pages.write(page, &mut asked, write)?;
                }
                Ok::<_, AppError>(())
            })?;
            let written = BatchWritten {
                requests: asked.len() as u64,
                rows_waiting: rows.waiting,
                rows_skipped_empty: (rows.ready.len() - asked.len()) as u64,
            };
            // What an earlier file asked for may still come.
            let earlier = Note::read(&catalogue, sheet, column)?;
            asked.extend(earlier.iter().flat_map(Note::rows));
            let note = Note::new(order.recipe_version, noted(&examples), &asked);
            note.write(&catalogue, sheet, column)?;
            Ok::<_, AppError>(written)
        })
        .await
    }
}

struct Pages<'a> {
    order: &'a Order,
    examples: &'a [Example],
    endpoint: &'a Endpoint,
    model: &'a str,
}

impl Pages<'_> {
    /// Writes the rows that have something to read, and notes them.
    fn write(
        &self,
        rows: &[RowId],
        asked: &mut Vec<RowId>,
        write: &mut dyn FnMut(&[u8]) -> Result<(), DataError>,
    ) -> Result<(), AppError> {
        let Self { order, examples, endpoint, model } = self;
        let values = order.store.values(&order.inputs, rows)?;
        for (row, values) in rows.iter().zip(values) {
            if order.plan.is_input_empty(&values) {
                continue;
            }
            let request = order.plan.request(&values, examples, order.seeds().of(*row, 0));
            let mut line = request_line(&name_of(*row), &request, endpoint, model);
            line.push('\n');
            write(line.as_bytes())?;
            asked.push(*row);
        }
        Ok(())
    }
}
