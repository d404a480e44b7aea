use serde::{Deserialize, Serialize};

use crate::{
    AppError, CellState, ColumnId, Download, ModelStatus, OpeningNotice, RowId, RunId, RunProgress,
    RunStatus, SheetId, Value,
};

/// What is being done while a model is tuned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum TuneStage {
    /// The original is loaded and asked.
    Original,
    /// A copy is written.
    Writing,
    /// A copy and the original are measured in turns.
    Measuring,
    /// A copy is compared with the original.
    Comparing,
    /// How many rows at once and how many threads are fastest is measured, with the chosen copy
    /// or, without one, the original.
    Setup,
}

/// Where a model for MLX stands now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct MlxModelState {
    /// What the model is called.
    pub model: String,
    /// Where it stands.
    pub status: ModelStatus,
    /// How much of it was fetched or loaded, 0 to 1, while it is on its way.
    pub fraction: Option<f32>,
    /// Why it failed.
    pub error: Option<AppError>,
}

/// Something a window or a progress bar shows while it happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum Event {
    /// A file is being imported.
    ImportProgress {
        /// Bytes written to the new sheet so far.
        bytes_written: u64,
    },
    /// A model is being loaded.
    ModelLoading {
        /// The model's name.
        model: String,
        /// 0 to 1.
        fraction: f32,
    },
    /// A model stands elsewhere than before.
    ModelStatus {
        /// The model's name.
        model: String,
        /// Where it stands.
        status: ModelStatus,
        /// Why it failed.
        error: Option<AppError>,
    },
    /// A model file is copied into the models folder.
    ModelCopying {
        /// The model's name.
        model: String,
        /// 0 to 1.
        fraction: f32,
    },
    /// A model came or went; the list is to be read again.
    ModelsChanged,
    /// A download stands elsewhere than before, or is further: at most ten times a second.
    DownloadProgress(Download),
    /// A model for MLX stands elsewhere than before, or is further; what the events above say, for
    /// who looks at these models alone.
    #[serde(rename = "mlx-model-state-changed")]
    MlxModelStateChanged(MlxModelState),
    /// The engine's process ended while it worked, and another one goes on in its place. Nothing
    /// is lost; what it worked on is asked again.
    EngineRestarted {
        /// The model's name.
        model: String,
        /// How the process ended.
        reason: String,
    },
    /// Copies of a model are made and measured.
    ModelTuning {
        /// The file name of the original.
        model: String,
        /// What is being done.
        stage: TuneStage,
        /// Of which copy; `None` for the original.
        quantisation: Option<String>,
        /// Of everything, 0 to 1.
        fraction: f32,
    },
    /// A sheet was opened, and not quite as it was left.
    SheetNotice {
        /// The sheet.
        sheet: SheetId,
        /// What happened.
        #[serde(flatten)]
        notice: OpeningNotice,
    },
    /// A cell is being generated. The first event has no text; the text of the others together is
    /// what there is of the answer so far, before it is read by the column's type. A second attempt
    /// begins with an event without text again.
    CellDelta {
        /// The sheet.
        sheet: SheetId,
        /// The column.
        column: ColumnId,
        /// The row.
        row: RowId,
        /// The new text.
        text: String,
    },
    /// A cell got its final state and is on disk.
    CellDone {
        /// The sheet.
        sheet: SheetId,
        /// The column.
        column: ColumnId,
        /// The row.
        row: RowId,
        /// `Done` or `Failed`.
        state: CellState,
        /// The value, when done.
        value: Value,
        /// The reason, when failed.
        error: Option<AppError>,
        /// Probability of the answer, where known.
        confidence: Option<f64>,
    },
    /// The figures of a live run.
    RunProgress(RunProgress),
    /// A run is over, for now or for good.
    RunEnded {
        /// The sheet.
        sheet: SheetId,
        /// The run.
        run: RunId,
        /// Where it stands.
        status: RunStatus,
        /// Its last figures.
        progress: RunProgress,
        /// Why it could not go on.
        error: Option<AppError>,
    },
}

/// Where events go: the window's channel, the terminal, a test's list.
///
/// Called from several threads; must return quickly and must not call back into the workbench.
pub trait EventSink: Send + Sync {
    /// Takes one event.
    fn emit(&self, event: Event);
}

/// An [`EventSink`] for callers that only want the result.
#[derive(Clone, Copy, Debug, Default)]
pub struct IgnoreEvents;

impl EventSink for IgnoreEvents {
    fn emit(&self, _event: Event) {}
}
