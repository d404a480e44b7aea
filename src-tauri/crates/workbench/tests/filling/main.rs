//! Filling columns: several at once, in turns, from kept answers, from nothing, under faults.
//! Scripted engines and real storage.

mod answers;
mod columns;
mod estimate;
mod examples;
mod faults;
mod items;
mod labels;
mod live;
mod queue;
mod real_model;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use braincells_core::{
    CellState, ColumnId, Event, Recipe, RowId, RunRequest, RunStatus, SheetId, Value,
};
use braincells_llm::{FakeAnswer, FakeEngine, LLMRequest};
use braincells_testing::{Scripted, scripted_workbench, text_recipe, typed_recipe};
use braincells_workbench::{EngineOptions, RunHandle, RunOutcome};

fn question(request: &LLMRequest) -> &str {
    &request.messages.last().expect("a request has messages").content
}

fn upper() -> FakeEngine {
    FakeEngine::answering(|request| FakeAnswer::text(question(request).to_uppercase()))
}

fn numbered_rows(count: usize) -> String {
    let rows: Vec<String> = (0..count).map(|row| format!("row {row}")).collect();
    format!("text\n{}\n", rows.join("\n"))
}

async fn add(scripted: &Scripted, sheet: SheetId, name: &str, recipe: Recipe) -> ColumnId {
    let added = scripted.workbench.add_ai_column(sheet, name, recipe).await;
    added.expect("the recipe fits the sheet").id
}

async fn start(
    scripted: &Scripted,
    sheet: SheetId,
    column: ColumnId,
    request: impl Into<RunRequest> + Send,
) -> RunHandle {
    let options = EngineOptions::default();
    scripted.workbench.run(sheet, column, request, &options).await.expect("the run starts")
}

async fn fill(
    scripted: &Scripted,
    sheet: SheetId,
    column: ColumnId,
    request: impl Into<RunRequest> + Send,
) -> RunOutcome {
    start(scripted, sheet, column, request).await.finished().await
}

async fn values(scripted: &Scripted, sheet: SheetId, column: ColumnId) -> Vec<Value> {
    scripted.cells(sheet, column).await.into_iter().map(|(_, value, _)| value).collect()
}

async fn states(scripted: &Scripted, sheet: SheetId, column: ColumnId) -> Vec<CellState> {
    let cells = scripted.cells(sheet, column).await;
    cells.into_iter().map(|(_, _, state)| state.expect("an AI column has states")).collect()
}

async fn rows(scripted: &Scripted, sheet: SheetId, column: ColumnId) -> Vec<RowId> {
    scripted.cells(sheet, column).await.into_iter().map(|(row, ..)| row).collect()
}

fn cells_done(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::CellDone { .. })).count()
}
