//! The end of a run: what is written down of it, and what is told.

use std::sync::Arc;

use braincells_core::{AppError, Event, RunStatus};
use braincells_data::RunSpent;

use super::RunOutcome;
use super::drive::{Drive, End};
use crate::blocking::blocking;

impl Drive {
    /// Writes what there is and how it ended, and tells it.
    pub(super) async fn close(mut self, end: End) -> RunOutcome {
        let (mut status, mut error) = match end {
            End::Filled => (RunStatus::Done, None),
            End::Asked(wish) => (wish.status(), wish.error()),
            End::LimitReached(error) | End::Unsaved(error) => (RunStatus::Paused, Some(error)),
            End::Broken(error) => (RunStatus::Failed, Some(error)),
        };
        let written = match self.committer.write_all().await {
            Ok(()) => self.note_unended().await,
            Err(unsaved) => Err(unsaved),
        };
        let written = match written {
            Ok(()) => {
                // Before the run counts as done: what is killed here is done by whoever finds it.
                // One without a row that is left may be a killed one, whose last row was scored.
                let way = self.under_way.as_ref();
                let scored = way.is_none_or(|way| way.desk().scores_labels());
                if status == RunStatus::Done
                    && self.committer.progress.now().rows_done > 0
                    && scored
                {
                    // Others need not wait for it.
                    (self.tools.turn, self.tools.engine) = (None, None);
                    self.calibrate_column().await;
                }
                self.write_status(status, error.as_ref()).await
            }
            Err(unsaved) => Err(unsaved),
        };
        if let Err(unsaved) = written {
            (status, error) = (RunStatus::Paused, Some(error.unwrap_or(unsaved)));
            if let Err(error) = self.write_status(status, error.as_ref()).await {
                // It stays written as running; `resume` and the next open both take it on.
                tracing::warn!(%error, "the end of a run could not be written down");
            }
        }
        let Self { order, tools, claim, mut committer, .. } = self;
        committer.progress.unfollow();
        // Released before the news: whoever hears it may start the next run at once.
        drop((tools, claim));
        let events = Arc::clone(&committer.events);
        committer.progress.tell(events.as_ref());
        let progress = committer.progress.now();
        events.emit(Event::RunEnded {
            sheet: order.sheet,
            run: progress.run,
            status,
            progress: progress.clone(),
            error: error.clone(),
        });
        RunOutcome { status, progress, error }
    }

    /// Writes down what a backend took for rows that have no end: a limit counts it when the run
    /// goes on.
    async fn note_unended(&mut self) -> Result<(), AppError> {
        if self.tools.purse.is_none() {
            return Ok(());
        }
        let unended = self.under_way.as_ref().map(|way| way.desk().take_unended());
        let Some(unended) = unended.filter(|unended| !unended.is_empty()) else { return Ok(()) };
        let mut spent = RunSpent::default();
        for figures in &unended {
            self.committer.progress.add_spent(figures);
            spent.add(figures);
        }
        let (store, run) =
            (Arc::clone(&self.committer.target.store), self.committer.progress.now().run);
        blocking(move || Ok::<_, AppError>(store.add_run_spent(run, spent)?)).await
    }

    async fn write_status(
        &self,
        status: RunStatus,
        error: Option<&AppError>,
    ) -> Result<(), AppError> {
        let (store, catalogue) =
            (Arc::clone(&self.committer.target.store), Arc::clone(&self.catalogue));
        let (run, now_ms) = (self.committer.progress.now().run, self.committer.clock.now_ms());
        let reason = error.map(|error| error.message.clone());
        blocking(move || {
            store.set_run_status(run, status, reason.as_deref(), now_ms)?;
            crate::sheets::list_sheet(&catalogue, &store)?;
            if !status.can_resume() {
                catalogue.remove_open_run(store.id(), run)?;
            }
            Ok::<_, AppError>(())
        })
        .await
    }
}
