//! The text of a rectangle of cells, for the clipboard.
//!
//! The window is the caller. What this promises: a text that other programs read as the same
//! table, and that [`crate::parse_clipboard`] reads back, line breaks, quotes and all. What it
//! leaves out: the clipboard itself, and tables that are too large for one, which are exported.

mod text;

use std::sync::atomic::Ordering;

use braincells_core::{AppError, ColumnId, RowId, SheetId, Value, ViewId};
use braincells_data::DataError;
use serde::{Deserialize, Serialize};

use crate::Workbench;
use crate::columns::column_with_id;
use crate::error::WorkbenchError;
use crate::views::rows_at;
use text::Writer;

/// The most cells that are copied at once; more is a file.
const MOST_CELLS: u64 = 1_000_000;
/// The longest text, in bytes: other programs have to take it whole.
const MOST_BYTES: usize = 256 << 20;
/// Cells that are read at once.
const CELLS_PER_PAGE: u64 = 1 << 16;

/// How a rectangle is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum CopyFormat {
    /// Separated by tabs, as spreadsheets take it; with HTML beside it.
    Tsv,
    /// Separated by commas.
    Csv,
    /// A table of a page.
    Html,
    /// A table of GitHub's Markdown.
    Markdown,
    /// An array of objects, with numbers and booleans as such.
    Json,
}

/// A rectangle by position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct CopyRequest {
    /// The view whose positions are meant; those of the sheet itself without.
    pub view: Option<ViewId>,
    /// The columns, in this order.
    pub columns: Vec<ColumnId>,
    /// The position of the first row, from 0.
    pub start: u64,
    /// How many rows, fewer where they end.
    pub count: u64,
    /// How it is written.
    pub format: CopyFormat,
    /// Whether the names of the columns come first. JSON has them in every row, Markdown has a
    /// header in any case, which is empty without.
    pub header: bool,
}

/// What goes to the clipboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct CopiedCells {
    /// As text.
    pub text: String,
    /// As a page with a table, for programs that take one.
    pub html: Option<String>,
    /// How many cells, names of columns aside.
    pub cells: u64,
}

impl Workbench {
    /// The text of a rectangle of cells. Dropping the future stops the reading.
    ///
    /// Refused for more than 1,000,000 cells or 256 MiB of text.
    pub async fn copy_cells(
        &self,
        sheet: SheetId,
        request: &CopyRequest,
    ) -> Result<CopiedCells, AppError> {
        let request = request.clone();
        let view = self.find_view(sheet, request.view)?;
        self.with_stoppable(sheet, move |store, stopped| {
            let columns = store.columns()?;
            let ids = &request.columns;
            let chosen = ids.iter().map(|id| Ok(column_with_id(&columns, *id)?.name.as_str()));
            let names = chosen.collect::<Result<Vec<&str>, AppError>>()?;
            let width = ids.len() as u64;
            let all = match &view {
                None => store.info()?.row_count,
                Some(view) => view.row_count(),
            };
            let count = request.count.min(all.saturating_sub(request.start));
            if count.saturating_mul(width) > MOST_CELLS {
                return Err(WorkbenchError::TooManyToCopy { most: MOST_CELLS }.into());
            }
            let mut writer = Writer::new(request.format, &names, request.header);
            let rows = rows_at(store, view.as_ref(), request.start, count);
            let rows_per_page = (CELLS_PER_PAGE / width.max(1)).max(1) as usize;
            for page in rows.chunks(rows_per_page) {
                if stopped.load(Ordering::Relaxed) {
                    return Err(DataError::Cancelled.into());
                }
                for row in values(store, ids, page)? {
                    writer.row(&row);
                }
                if writer.size_bytes() > MOST_BYTES {
                    return Err(WorkbenchError::TooLongToCopy { most_bytes: MOST_BYTES }.into());
                }
            }
            Ok(writer.finish())
        })
        .await
    }
}

/// The values of rows; without columns there is nothing to ask for.
fn values(
    store: &braincells_data::SheetStore,
    columns: &[ColumnId],
    rows: &[RowId],
) -> Result<Vec<Vec<Value>>, AppError> {
    if columns.is_empty() { Ok(Vec::new()) } else { Ok(store.values(columns, rows)?) }
}
