//! The prompt that made a cell.

use braincells_core::{AppError, Code, ColumnId, RowId, SheetId, Value};
use braincells_llm::prompt::Example;
use braincells_llm::{Message, Role};
use serde::{Deserialize, Serialize};

use crate::Workbench;
use crate::columns::plan_for;
use crate::error::WorkbenchError;

/// The messages that the model was given for one cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct CellPrompt {
    /// In the order of the conversation. The last one is the model's own where a label was scored
    /// behind words of it.
    pub messages: Vec<Message>,
    /// Whether more was said that is not kept: the list of earlier items of a column that reads no
    /// other, or a second attempt after an answer that could not be used.
    pub is_partial: bool,
}

#[derive(Deserialize)]
struct Noted {
    inputs: Vec<Value>,
    value: Value,
}

impl Workbench {
    /// The prompt that made an entry of a cell's history: the recipe of that time, the examples of
    /// that run, and the values that the row had then.
    pub async fn cell_prompt(
        &self,
        sheet: SheetId,
        column: ColumnId,
        row: RowId,
        seq: i64,
    ) -> Result<CellPrompt, AppError> {
        self.with_store(sheet, move |store| {
            let history = store.cell_history(column, row)?;
            let entry = history.iter().find(|entry| entry.seq == seq);
            // One that was calibrated anew asked nobody: the entry before it did that a run made.
            let asked = entry.and_then(|entry| match entry.figures.calibration {
                Some(_) if entry.run.is_none() => {
                    let earlier = history.iter().filter(|one| one.seq < seq && one.run.is_some());
                    earlier.max_by_key(|one| one.seq)
                }
                _ => Some(entry),
            });
            let made = asked.and_then(|asked| {
                let step = (asked.recipe_version?, asked.step?, asked.seq);
                Some((step, asked.figures.calibration))
            });
            let made = made.ok_or(WorkbenchError::NoPrompt { seq })?;
            let ((version, step, seq), calibration) = made;
            let recipe = store.recipe(column, version)?;
            let (plan, inputs) = plan_for(&recipe, &store.columns()?)?;
            let noted: Vec<Noted> = match store.noted_examples(step)? {
                None => Vec::new(),
                Some(noted) => serde_json::from_value(noted).map_err(|error| {
                    AppError::new(Code::Storage, format!("the run's examples are damaged: {error}"))
                })?,
            };
            let examples: Vec<Example> = noted
                .into_iter()
                .map(|noted| Example { inputs: noted.inputs, value: noted.value })
                .collect();
            let values = store.values_before(&inputs, row, seq)?;
            let mut messages = plan.request(&values, &examples, recipe.sampling.seed).messages;
            let used = calibration.map(|id| store.calibration(id)).transpose()?.flatten();
            if let Some(lead_in) = used.and_then(|used| used.lead_in) {
                messages.push(Message::new(Role::Assistant, lead_in));
            }
            Ok(CellPrompt { messages, is_partial: plan.wants_new_items() })
        })
        .await
    }
}
