//! The nouns of Braincells: what a sheet, a column, a recipe, a cell and a run *are*.
//!
//! Every other crate speaks in these types, and the window and the command line receive them
//! as they are. Nothing here reads a file, a clock or the network; the two traits at the end
//! ([`Clock`], [`EventSink`]) are how the world is handed in from outside.
//!
//! What this crate promises: plain serde types with stable names, and one closed set of error
//! [`Code`]s. What it leaves out: how anything is stored (`data`), made (`llm`) or done
//! (`workbench`).

mod backend;
mod calibration;
mod cell;
mod download;
mod error;
mod event;
mod find;
mod graph;
mod id;
mod opening;
mod query;
mod recipe;
mod run;
mod settings;
mod sheet;
mod split;
mod stats;
mod step;
mod template;
mod view;
mod world;

pub use backend::{
    BackendLimits, BackendSettings, DEFAULT_PARALLEL_REQUESTS, EndpointSettings, RequestFlow,
    RunCap, is_backend_id,
};
pub use calibration::{
    Calibration, CalibrationMode, CheckedScores, LabelShare, label_score, likeliest, raw_shares,
};
pub use cell::{CellFigures, CellRecord, CellState, CellView, Value, render_value};
pub use download::{Download, DownloadId, DownloadState, ModelStatus};
pub use error::{AppError, Code};
pub use event::{Event, EventSink, IgnoreEvents, MlxModelState, TuneStage};
pub use find::{FindRequest, Found, FoundCell, Replacement};
pub use graph::{Graph, GraphError};
pub use id::{ColumnId, RowId, RunId, SheetId, StepId};
pub use opening::{Holder, OpeningNotice, ReadOnly};
pub use query::{SqlColumn, SqlLimits, SqlResult};
pub use recipe::{ExamplePolicy, NumberLimits, Output, Recipe, RecipeExample, Sampling};
pub use run::{
    LiveRun, Priority, RunInfo, RunProgress, RunRequest, RunScope, RunStatus, UnfinishedRun,
};
pub use settings::{EngineOptions, Settings, Theme};
pub use sheet::{
    Column, ColumnKind, DataType, SheetInfo, TrashedSheet, ValueType, Window, WindowRow,
};
pub use split::{JsonProperty, SplitColumn, SplitColumns, SplitProperty};
pub use stats::{
    Bin, ColumnStats, DistinctValues, LengthStats, NumberStats, NumberSummary, Summary, ValueCount,
};
pub use step::{HistoryEntry, StepInfo};
pub use template::{Place, Template, TemplateError, nearest, renamed};
pub use view::{CellTest, Filter, OpenView, SortBy, SortKey, TextPlace, ViewId, ViewSpec};
pub use world::Clock;
