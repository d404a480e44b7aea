//! Backends in runs, previews, estimates and batch files: what they may take, what they may see,
//! and what is known of them. Scripted engines and real storage; what goes over the wire has tests
//! of its own.

#![expect(clippy::unwrap_used, reason = "the functions that tests share fail a test as tests do")]

mod batches;
mod caps;
mod costs;
mod keys;
mod kills;
mod locks;
mod settings;
mod stops;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use braincells_core::{
    CellState, ColumnId, Event, NumberLimits, Recipe, RequestFlow, RowId, RunCap, RunRequest,
    RunScope, RunStatus, SheetId, Value,
};
use braincells_llm::{
    Capabilities, FakeAnswer, FakeEngine, FakeGate, LLMBackend, LLMEngine, LLMError, LLMRequest,
    LLMResponse, Price, TokenStream,
};
use braincells_testing::{
    ManualClock, RecordedEvents, ScriptedEngines, TempHome, text_recipe, typed_recipe,
};
use braincells_workbench::{
    Cloud, EngineOptions, InputFile, Keys, ProbeHere, RunHandle, RunOutcome, Workbench, World,
};

const NOW_MS: i64 = 1_800_000_000_000;

/// An engine as one of a backend is: it takes money, counts as it likes, and scores no labels.
struct Paid {
    inner: FakeEngine,
    price: Option<Price>,
    /// What it says of each answer.
    cost_usd: Option<f64>,
    /// Tokens of prompt and answer as it counts them.
    tokens: (u32, u32),
    flow: Option<RequestFlow>,
}

impl Paid {
    /// 100 tokens and one cent for each answer.
    fn new(inner: FakeEngine) -> Self {
        Self { inner, price: None, cost_usd: Some(0.01), tokens: (90, 10), flow: None }
    }
}

#[async_trait]
impl LLMEngine for Paid {
    async fn generate(&self, request: LLMRequest) -> Result<LLMResponse, LLMError> {
        let answer = self.inner.generate(request).await?;
        let (prompt_tokens, completion_tokens) = self.tokens;
        Ok(LLMResponse { prompt_tokens, completion_tokens, cost_usd: self.cost_usd, ..answer })
    }

    async fn generate_stream(&self, request: LLMRequest) -> Result<TokenStream, LLMError> {
        self.inner.generate_stream(request).await
    }

    async fn is_ready(&self) -> bool {
        true
    }

    fn backend(&self) -> LLMBackend {
        self.inner.backend()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { scores_labels: false, ..self.inner.capabilities() }
    }

    fn price(&self) -> Option<Price> {
        self.price
    }

    fn flow(&self) -> Option<RequestFlow> {
        self.flow.clone()
    }
}

const PRICE: Price = Price { prompt_usd_per_million: 100.0, completion_usd_per_million: 100.0 };

/// A workbench whose every model is answered by one engine.
struct Bench {
    workbench: Workbench,
    engine: Arc<Paid>,
    engines: Arc<ScriptedEngines>,
    events: Arc<RecordedEvents>,
    home: TempHome,
}

impl Bench {
    fn new(engine: Paid) -> Self {
        Self::with_keys(engine, Keys::in_memory())
    }

    fn with_keys(engine: Paid, keys: Keys) -> Self {
        Self::open(TempHome::new(), engine, keys)
    }

    fn open(home: TempHome, engine: Paid, keys: Keys) -> Self {
        let engine = Arc::new(engine);
        let engines = Arc::new(ScriptedEngines::new(Arc::clone(&engine) as _));
        let events = Arc::new(RecordedEvents::default());
        let workbench = Workbench::open(World {
            home: home.home(),
            clock: Arc::new(ManualClock::at(NOW_MS)),
            events: Arc::clone(&events) as _,
            engines: Arc::clone(&engines) as _,
            probe: Arc::new(ProbeHere),
            cloud: Arc::new(Cloud::new(keys)),
        })
        .expect("a home opens");
        Self { workbench, engine, engines, events, home }
    }

    /// Closes the workbench and opens the same home with another engine, as a new process would.
    fn reopen(self, engine: Paid) -> Self {
        let Self { workbench, home, .. } = self;
        drop(workbench);
        Self::open(home, engine, Keys::in_memory())
    }

    async fn sheet(&self, rows: usize) -> SheetId {
        let rows: Vec<String> = (0..rows).map(|row| format!("row {row}")).collect();
        let source = self.home.write("sheet.csv", format!("text\n{}\n", rows.join("\n")));
        self.workbench.import(&InputFile::new(source)).await.expect("a table is imported").id
    }

    async fn add(&self, sheet: SheetId, name: &str, recipe: Recipe) -> ColumnId {
        let added = self.workbench.add_ai_column(sheet, name, recipe).await;
        added.expect("the recipe fits the sheet").id
    }

    /// A sheet with a column that is asked of a backend.
    async fn filled_by(&self, model: &str, rows: usize) -> (SheetId, ColumnId) {
        let sheet = self.sheet(rows).await;
        let column = self.add(sheet, "answer", of_model(model, "{{text}}")).await;
        (sheet, column)
    }

    async fn start(
        &self,
        sheet: SheetId,
        column: ColumnId,
        request: impl Into<RunRequest> + Send,
    ) -> RunHandle {
        let options = EngineOptions::default();
        self.workbench.run(sheet, column, request, &options).await.expect("the run starts")
    }

    async fn fill(
        &self,
        sheet: SheetId,
        column: ColumnId,
        request: impl Into<RunRequest> + Send,
    ) -> RunOutcome {
        self.start(sheet, column, request).await.finished().await
    }

    async fn cells(&self, sheet: SheetId, column: ColumnId) -> Vec<(RowId, Value, CellState)> {
        let shown = self.workbench.show(sheet, None, 0, u64::from(u32::MAX)).await.unwrap();
        let at = shown.columns.iter().position(|shown| shown.id == column).unwrap();
        let rows = shown.window.rows.iter();
        rows.map(|row| {
            let cell = &row.cells[at];
            (row.row, cell.value.clone(), cell.state.expect("an AI column has states"))
        })
        .collect()
    }

    async fn states(&self, sheet: SheetId, column: ColumnId) -> Vec<CellState> {
        self.cells(sheet, column).await.into_iter().map(|(.., state)| state).collect()
    }
}

fn question(request: &LLMRequest) -> &str {
    &request.messages.last().expect("a request has messages").content
}

fn upper() -> FakeEngine {
    FakeEngine::answering(|request| FakeAnswer::text(question(request).to_uppercase()))
}

fn of_model(model: &str, prompt: &str) -> Recipe {
    Recipe { model: model.to_owned(), ..text_recipe(prompt) }
}

fn done_count(states: &[CellState]) -> usize {
    states.iter().filter(|state| **state == CellState::Done).count()
}

fn tokens(tokens: u64) -> RunCap {
    RunCap { micro_usd: None, tokens: Some(tokens) }
}

fn money(micro_usd: u64) -> RunCap {
    RunCap { micro_usd: Some(micro_usd), tokens: None }
}

fn capped(cap: RunCap) -> RunRequest {
    RunRequest { cap, ..RunScope::Empty.into() }
}

fn options(cap: RunCap) -> EngineOptions {
    EngineOptions { cap, ..EngineOptions::default() }
}

fn is_about(usd: Option<f64>, expected: f64) -> bool {
    usd.is_some_and(|usd| (usd - expected).abs() < 1e-9)
}

fn numbers_of(model: &str) -> Recipe {
    let output = braincells_core::Output::Number(NumberLimits::default());
    Recipe { model: model.to_owned(), ..typed_recipe("{{text}}", output) }
}
