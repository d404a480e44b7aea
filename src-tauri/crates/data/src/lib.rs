//! Where sheets live: one DuckDB file per sheet, one SQLite file for the list of sheets and the
//! settings, and one for answers that can be used again.
//!
//! The workbench is the only caller. Every call blocks; the workbench moves them off its async
//! threads. Time, folders and limits are arguments, nothing here reads the clock or the
//! environment.
//!
//! What this crate promises:
//! - A cell's value and its entry in the append-only log are written in one transaction, so a
//!   killed process loses at most what it had not yet committed.
//! - Cells that a person wrote or approved are never overwritten by a run.
//! - An import or export that fails leaves nothing behind; a finished file appears whole. What a
//!   file holds comes in as it is written, or the error names the place.
//! - What a crash or a bad disk did to a sheet is found where it does no harm, moved aside, and
//!   said; the sheet goes on from its last save or its last good copy.
//! - DuckDB never touches a file other than the sheet's own, loads no extension, and cannot be
//!   talked out of either by a statement.
//!
//! What it leaves out: what a recipe means, who fills the cells, and any user interface.

mod catalogue;
mod checkpoint;
mod column;
mod commit;
mod compare;
mod convert;
mod database;
mod error;
mod export;
mod figures;
mod filter;
mod find;
mod format;
mod group_commit;
mod history;
mod import;
mod labels;
mod leftovers;
mod lock;
mod opening;
mod point_reads;
mod positions;
mod query;
mod read;
mod recipe;
mod responses;
mod run;
mod schema;
mod sheet;
mod sql;
mod stale;
mod state;
mod stats;
mod step;
mod value;
mod view;
mod watch;

pub use catalogue::{
    Added, Catalogue, DownloadFile, DownloadStanding, LinkedModel, NewDownload, StoredDownload,
};
pub use database::{Limits, duckdb_version};
pub use error::DataError;
pub use export::{ExportRequest, write_file, write_file_with};
pub use figures::{MadeCell, RunRate};
pub use filter::FilterError;
pub use format::Format;
pub use group_commit::{GROUP_AGE_MS, GROUP_CELLS, GroupCommit};
pub use import::{
    ClipboardKind, Dialect, Encoding, ImportOptions, ImportPreview, ImportRequest, PreviewColumn,
    PreviewRequest, Quote, RowSelection, import, import_text, parse_clipboard, preview_import,
    preview_text, text_table,
};
pub use labels::{Recalibrated, ScoredCell, StoredCalibration};
pub use leftovers::{remove_leftovers, remove_sheet};
pub use lock::is_in_use;
pub use opening::{
    Opened, Opening, ProbeOutcome, ProbeRequest, TornTail, distrust, duplicate_sheet, is_there,
    move_sheet, open_sheet, probe_sheet,
};
pub use query::{SqlError, SqlFile};
pub use read::ExampleRow;
pub use responses::{
    CachedModel, DEFAULT_RESPONSE_BYTES, FileState, NewResponse, ResponseCache, ResponseCacheInfo,
};
pub use run::RunSpent;
pub use sheet::{CellEdit, RowPlace, SheetStore, SplitPart};
pub use stats::Among;
pub use step::Compacted;
pub use view::View;
