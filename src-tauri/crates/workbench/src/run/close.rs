//! The end of a run: what is written down of it, and what is told.

use std::sync::Arc;

use braincells_core::{AppError, Event, RunStatus};

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
        let written = self.committer.write_all().await;
        self.count_unended();
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

    /// Counts what a backend took for rows that have no end.
    fn count_unended(&mut self) {
        if self.tools.purse.is_some()
            && let Some(under_way) = &self.under_way
        {
            for figures in under_way.desk().take_unended() {
                self.committer.progress.add_spent(&figures);
            }
        }
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
