//! The calibration of a run: found and stored before its first cell, taken as it is when the run
//! goes on with the same prompt, and found once more at its end where the rows count or another
//! mode was chosen.

use std::sync::Arc;

use braincells_core::{AppError, CellState, Event};
use braincells_llm::prompt::Example;
use braincells_llm::{LLMEngine, LLMError};

use super::drive::{Cut, Drive, End};
use crate::blocking::blocking;
use crate::calibration::ask::{Questions, is_of_prompt};
use crate::calibration::responses::Kept;
use crate::calibration::{After, Scoring, calibrate_after_run};

/// Calibrated cells that are told one by one.
const MOST_TOLD: usize = 4096;

impl Drive {
    /// How this run reads label scores; `None` if its output type or its engine has none.
    pub(super) async fn scoring(
        &mut self,
        engine: &Arc<dyn LLMEngine>,
        examples: &[Example],
        rows: usize,
    ) -> Result<Option<Scoring>, Cut> {
        let Some(labels) = self.order.plan.output().scored_labels() else { return Ok(None) };
        if !engine.capabilities().scores_labels {
            // Its answer names the label, and says itself how sure it is.
            return Ok(None);
        }
        let run = self.committer.progress.now().run;
        let (order, asked, shown) = (self.order.clone(), Arc::clone(engine), examples.to_vec());
        let found = blocking(move || -> Result<_, AppError> {
            // A run that goes on with other examples asks with another prompt.
            if let Some(stored) = order.store.calibration_of_run(run)?
                && is_of_prompt(&stored.calibration, &order, asked.as_ref(), &shown)
            {
                return Ok(Err(stored));
            }
            Questions::new(&order, asked.as_ref(), &shown, labels, rows).map(Ok)
        });
        let questions = match found.await.map_err(End::Unsaved)? {
            Ok(questions) => questions,
            Err(stored) => {
                let output = self.order.plan.output();
                return Ok(Scoring::new(output, stored.id, stored.calibration));
            }
        };
        let now_ms = self.committer.clock.now_ms();
        let kept = Kept { answers: self.tools.answers.clone(), fresh: self.tools.fresh, now_ms };
        let answered = tokio::select! {
            biased;
            wish = self.claim.stopped() => return Err(End::Asked(wish).into()),
            answered = questions.calibration(engine.as_ref(), kept) => answered,
        };
        let calibration = answered.map_err(|error| match error {
            error @ LLMError::NotRunning => Cut::EngineWent(error.into()),
            error => Cut::End(End::Broken(error.into())),
        })?;
        self.engines_in_a_row = 0;
        let (store, column) = (Arc::clone(&self.order.store), self.order.column);
        let stored = calibration.clone();
        let id = blocking(move || {
            Ok::<_, AppError>(store.add_calibration(column, Some(run), &stored, now_ms)?)
        });
        let id = id.await.map_err(End::Unsaved)?;
        Ok(Scoring::new(self.order.plan.output(), id, calibration))
    }

    /// Calibrates the column as it is to be once its rows are all there: by them, if that is
    /// wanted, or in the mode that was chosen since the run began. The cells are on disk whatever
    /// comes of it.
    pub(super) async fn calibrate_column(&self) {
        let (store, column) = (Arc::clone(&self.order.store), self.order.column);
        let (sheet, run) = (store.id(), self.committer.progress.now().run);
        let now_ms = self.committer.clock.now_ms();
        let done =
            blocking(move || calibrate_after_run(&store, column, run, After::ItsLastCell, now_ms));
        match done.await {
            Ok(cells) => {
                // A window keeps no more of them either; it reads the column anew when the run ends.
                for cell in cells.into_iter().take(MOST_TOLD) {
                    self.committer.events.emit(Event::CellDone {
                        sheet,
                        column,
                        row: cell.cell.row,
                        state: CellState::Done,
                        value: cell.value,
                        error: None,
                        confidence: Some(cell.confidence),
                    });
                }
            }
            Err(error) => tracing::warn!(%error, "a column could not be calibrated after a run"),
        }
    }
}
