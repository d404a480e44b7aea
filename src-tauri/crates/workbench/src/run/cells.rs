//! The cells that a run writes.

use braincells_core::{AppError, CellFigures, CellRecord, CellState, RowId, RunId, Value};
use braincells_llm::output::Answer;
use braincells_llm::{FinishReason, LLMResponse};

use crate::calibration::Scoring;

/// The same outcome for another row, which took no tokens and no time.
pub(super) fn reuse(cell: &CellRecord, row: RowId) -> CellRecord {
    let figures = CellFigures {
        completion_tokens: 0,
        duration_ms: 0,
        cost_usd: None,
        ..cell.figures.clone()
    };
    CellRecord { row, figures, ..cell.clone() }
}

pub(crate) fn failed_cell(
    run: RunId,
    row: RowId,
    error: AppError,
    figures: CellFigures,
) -> CellRecord {
    CellRecord {
        run: Some(run),
        row,
        state: CellState::Failed,
        value: Value::Null,
        error: Some(error),
        reasoning: None,
        figures,
    }
}

/// Adds up what several attempts took.
pub(crate) trait Spend {
    fn add(&mut self, response: &LLMResponse);
}

impl Spend for CellFigures {
    fn add(&mut self, response: &LLMResponse) {
        self.model = Some(response.model.clone());
        self.prompt_tokens = self.prompt_tokens.saturating_add(response.prompt_tokens);
        self.shared_tokens = self.shared_tokens.saturating_add(response.shared_tokens);
        self.completion_tokens = self.completion_tokens.saturating_add(response.completion_tokens);
        self.duration_ms = self.duration_ms.saturating_add(response.duration_ms);
        if let Some(cost) = response.cost_usd {
            self.cost_usd = Some(self.cost_usd.unwrap_or(0.0) + cost);
        }
    }
}

/// A cell with a valid answer. Where labels were scored, `scoring` says which of them it is.
pub(crate) fn done_cell(
    run: RunId,
    row: RowId,
    answer: Answer,
    response: &LLMResponse,
    figures: CellFigures,
    scoring: Option<&Scoring>,
) -> CellRecord {
    let mut figures = CellFigures {
        confidence: response.confidence,
        cut_off: response.finish_reason == FinishReason::Length,
        ..figures
    };
    let label = scoring.and_then(|scoring| scoring.read(response, &mut figures));
    CellRecord {
        run: Some(run),
        row,
        state: CellState::Done,
        value: label.unwrap_or(answer.value),
        error: None,
        reasoning: answer.reasoning.or_else(|| response.reasoning.clone()),
        figures,
    }
}
