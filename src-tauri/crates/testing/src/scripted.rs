use std::sync::Arc;

use braincells_core::{
    CalibrationMode, CellState, ColumnId, ExamplePolicy, Output, Recipe, RowId, Sampling, SheetId,
    Value,
};
use braincells_llm::FakeEngine;
use braincells_workbench::{Cloud, InputFile, Keys, ProbeHere, Workbench, World};

use crate::{ManualClock, RecordedEvents, ScriptedEngines, TempHome};

/// A workbench of which everything outside is in the test's hands.
pub struct Scripted {
    /// The verbs.
    pub workbench: Workbench,
    /// The engine that answers.
    pub engine: Arc<FakeEngine>,
    /// Who hands it out.
    pub engines: Arc<ScriptedEngines>,
    /// What was told.
    pub events: Arc<RecordedEvents>,
    /// What time it is.
    pub clock: Arc<ManualClock>,
    /// Where it is kept.
    pub home: TempHome,
}

/// What a world has of backends where none is asked: no keys.
pub fn no_backends() -> Arc<Cloud> {
    Arc::new(Cloud::new(Keys::in_memory()))
}

/// Opens a workbench in a new home with a scripted engine.
///
/// # Panics
/// If the home cannot be opened.
pub fn scripted_workbench(engine: FakeEngine) -> Scripted {
    Scripted::open(TempHome::new(), engine)
}

impl Scripted {
    /// Opens a workbench in a home that may have been used before.
    ///
    /// # Panics
    /// If the home cannot be opened.
    pub fn open(home: TempHome, engine: FakeEngine) -> Self {
        Self::open_later(home, engine, 0)
    }

    /// [`Scripted::open`] with a clock that shows a time later by `by_ms` milliseconds.
    ///
    /// # Panics
    /// If the home cannot be opened.
    pub fn open_later(home: TempHome, engine: FakeEngine, by_ms: i64) -> Self {
        let engine = Arc::new(engine);
        let engines = Arc::new(ScriptedEngines::new(Arc::clone(&engine) as _));
        let events = Arc::new(RecordedEvents::default());
        let clock = Arc::new(ManualClock::at(1_800_000_000_000 + by_ms));
        let workbench = Workbench::open(World {
            home: home.home(),
            clock: Arc::clone(&clock) as _,
            events: Arc::clone(&events) as _,
            engines: Arc::clone(&engines) as _,
            probe: Arc::new(ProbeHere),
            cloud: no_backends(),
        })
        .expect("a new home opens");
        Self { workbench, engine, engines, events, clock, home }
    }

    /// Closes the workbench and opens the same home again with another engine, as a new process
    /// would.
    ///
    /// # Panics
    /// If the home cannot be opened.
    #[must_use]
    pub fn reopen(self, engine: FakeEngine) -> Self {
        let Self { workbench, home, .. } = self;
        drop(workbench);
        Self::open(home, engine)
    }

    /// Imports a sheet written as CSV.
    ///
    /// # Panics
    /// If it cannot be imported.
    pub async fn sheet(&self, csv: &str) -> SheetId {
        let source = self.home.write("sheet.csv", csv);
        let file = InputFile::new(source);
        self.workbench.import(&file).await.expect("a test's table is imported").id
    }

    /// The rows of a sheet in order, each with the value and the state in one column.
    ///
    /// # Panics
    /// If the sheet cannot be read.
    pub async fn cells(
        &self,
        sheet: SheetId,
        column: ColumnId,
    ) -> Vec<(RowId, Value, Option<CellState>)> {
        let shown = self.workbench.show(sheet, None, 0, u64::from(u32::MAX)).await;
        let shown = shown.expect("a sheet can be read");
        let at = shown.columns.iter().position(|shown| shown.id == column);
        let at = at.expect("the column is part of the sheet");
        let cell = |row: &braincells_core::WindowRow| {
            (row.row, row.cells[at].value.clone(), row.cells[at].state)
        };
        shown.window.rows.iter().map(cell).collect()
    }
}

/// A greedy recipe for text.
pub fn text_recipe(prompt: &str) -> Recipe {
    typed_recipe(prompt, Output::Text)
}

/// A greedy recipe for any output type.
pub fn typed_recipe(prompt: &str, output: Output) -> Recipe {
    Recipe {
        prompt: prompt.to_owned(),
        system: None,
        model: "scripted".to_owned(),
        output,
        sampling: Sampling::default(),
        examples: ExamplePolicy::default(),
        example_rows: Vec::new(),
        // Without questions before the first row: most tests count what the engine was asked.
        calibration: CalibrationMode::None,
    }
}
