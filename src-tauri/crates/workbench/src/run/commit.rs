//! Finished cells on their way to the disk.

use std::sync::Arc;

use braincells_core::{
    AppError, CellRecord, CellState, Clock, ColumnId, Event, EventSink, SheetId,
};
use braincells_data::{GROUP_AGE_MS, GROUP_CELLS, GroupCommit, SheetStore};
use tokio::task::JoinHandle;

use super::live::Notes;
use super::progress::Progress;
use super::spending::Spending;
use crate::World;
use crate::answers::{Answers, KeyedAnswer};
use crate::blocking::blocking;

/// The least cells of a full group, however many rows an engine works on at once.
const LEAST_GROUP: usize = 64;

/// Where a run's cells go.
pub(super) struct Target {
    pub(super) store: Arc<SheetStore>,
    pub(super) column: ColumnId,
    pub(super) recipe_version: i64,
}

/// Gathers cells into groups, writes each group in one transaction, and only then tells about
/// its cells. The answers that later runs may use are written beside it, and nobody waits for
/// them but the next group.
pub(super) struct Committer {
    pub(super) target: Target,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) events: Arc<dyn EventSink>,
    pub(super) progress: Progress,
    notes: Notes,
    group: GroupCommit,
    /// Of the cells in the group, how many took another row's answer. Every commit takes the
    /// whole group.
    reused: u64,
    answers: Answers,
    to_keep: Vec<KeyedAnswer>,
    keeping: Option<JoinHandle<()>>,
    /// What the run takes of a provider, where it asks one.
    spending: Option<Arc<Spending>>,
    /// When it was last written, in the time of [`Progress::elapsed_ms`].
    noted_ms: i64,
}

impl Committer {
    pub(super) fn new(
        target: Target,
        world: &World,
        answers: Answers,
        progress: Progress,
        notes: Notes,
    ) -> Self {
        Self {
            target,
            clock: Arc::clone(&world.clock),
            events: Arc::clone(&world.events),
            progress,
            notes,
            group: GroupCommit::new(GROUP_CELLS, GROUP_AGE_MS),
            reused: 0,
            answers,
            to_keep: Vec::new(),
            keeping: None,
            spending: None,
            noted_ms: -GROUP_AGE_MS,
        }
    }

    /// Says how many rows are worked on at once. They are lost with the group when the process is
    /// killed, so the group is smaller by as many: together they stay within [`GROUP_CELLS`].
    /// For the time before the first cell.
    pub(super) fn set_in_flight(&mut self, in_flight: u32) {
        let cells = GROUP_CELLS.saturating_sub(in_flight as usize).max(LEAST_GROUP);
        self.group = GroupCommit::new(cells, GROUP_AGE_MS);
    }

    /// Takes a cell; writes the group if it is full.
    pub(super) async fn push(&mut self, cell: CellRecord, reused: bool) -> Result<(), AppError> {
        self.reused += u64::from(reused);
        match self.group.push(cell, self.progress.elapsed_ms()) {
            Some(cells) => self.write(cells).await,
            None => Ok(()),
        }
    }

    /// Answers cost from now on. They are written as soon as they are there, behind what was taken
    /// for them: a run that goes on after a kill must neither pay again nor forget that it paid.
    pub(super) fn pay(&mut self, spending: Spending) {
        self.spending = Some(Arc::new(spending));
    }

    /// Takes an answer that later runs may use. It is written with the next group at the latest.
    pub(super) fn keep(&mut self, answer: Option<KeyedAnswer>) {
        self.to_keep.extend(answer);
        let is_free = self.keeping.as_ref().is_none_or(JoinHandle::is_finished);
        if self.spending.is_some() && is_free {
            self.begin_to_keep();
        }
    }

    /// Waits until the group is old enough to be written, or without one what was taken; for ever
    /// while there is neither.
    pub(super) async fn due(&self) {
        let now_ms = self.progress.elapsed_ms();
        match self.group.due_in_ms(now_ms).or_else(|| self.owed_in_ms(now_ms)) {
            Some(wait_ms) => {
                let wait = std::time::Duration::from_millis(wait_ms.max(0) as u64);
                tokio::time::sleep(wait).await;
            }
            None => std::future::pending().await,
        }
    }

    /// Milliseconds until what was taken is to be written, if more was taken than is on disk.
    fn owed_in_ms(&self, now_ms: i64) -> Option<i64> {
        let owed = self.spending.as_ref().is_some_and(|spending| spending.is_owed());
        owed.then(|| (self.noted_ms + GROUP_AGE_MS - now_ms).max(0))
    }

    /// Writes what [`Committer::due`] waited for.
    pub(super) async fn write_due(&mut self) -> Result<(), AppError> {
        let now_ms = self.progress.elapsed_ms();
        match self.group.take_due(now_ms) {
            Some(cells) => self.write(cells).await,
            // Attempts without a cell: an answer that cannot be used costs too.
            None if self.owed_in_ms(now_ms) == Some(0) => self.write(Vec::new()).await,
            None => Ok(()),
        }
    }

    /// Tells the figures now.
    pub(super) fn tell(&mut self) {
        self.progress.tell(self.events.as_ref());
    }

    /// Writes what is there.
    pub(super) async fn write_all(&mut self) -> Result<(), AppError> {
        let cells = self.group.take_all();
        let written = self.write(cells).await;
        self.wait_for_answers().await;
        written
    }

    async fn write(&mut self, cells: Vec<CellRecord>) -> Result<(), AppError> {
        self.keep_answers().await;
        let spending = self.spending.clone().filter(|spending| spending.is_owed());
        if cells.is_empty() && spending.is_none() {
            return Ok(());
        }
        self.noted_ms = self.progress.elapsed_ms();
        let Target { store, column, recipe_version } = &self.target;
        let (store, column, version) = (Arc::clone(store), *column, *recipe_version);
        let sheet = store.id();
        let now_ms = self.clock.now_ms();
        let cells = blocking(move || {
            // First, because it counts whatever becomes of the cells.
            if let Some(spending) = spending {
                spending.note()?;
            }
            store.commit_cells(column, Some(version), &cells, now_ms).map(|()| cells)
        })
        .await?;
        self.notes.filled(&cells);
        for cell in &cells {
            self.progress.add_spent(&cell.figures);
        }
        for cell in self.notes.without_by_hand(cells) {
            self.progress.add(&cell);
            self.events.emit(cell_done(sheet, column, cell));
        }
        self.progress.add_reused(std::mem::take(&mut self.reused));
        self.progress.tell_if_due(self.events.as_ref());
        Ok(())
    }

    /// Begins to write the answers, in one transaction, once the last ones are written.
    async fn keep_answers(&mut self) {
        if self.to_keep.is_empty() {
            return;
        }
        self.wait_for_answers().await;
        self.begin_to_keep();
    }

    fn begin_to_keep(&mut self) {
        if self.to_keep.is_empty() {
            return;
        }
        let (answers, to_keep) = (self.answers.clone(), std::mem::take(&mut self.to_keep));
        let (spending, now_ms) = (self.spending.clone(), self.clock.now_ms());
        self.keeping = Some(tokio::task::spawn_blocking(move || {
            // Before the answers: one that is found again later is free.
            if let Some(Err(error)) = spending.map(|spending| spending.note()) {
                tracing::warn!(%error, "what a run took is noted later");
            }
            answers.keep(&to_keep, now_ms);
        }));
    }

    async fn wait_for_answers(&mut self) {
        if let Some(keeping) = self.keeping.take()
            && let Err(error) = keeping.await
        {
            tracing::warn!(%error, "answers could not be kept for later");
        }
    }
}

fn cell_done(sheet: SheetId, column: ColumnId, cell: CellRecord) -> Event {
    let done = cell.state == CellState::Done;
    Event::CellDone {
        sheet,
        column,
        row: cell.row,
        state: cell.state,
        value: if done { cell.value } else { braincells_core::Value::Null },
        error: cell.error,
        confidence: cell.figures.confidence,
    }
}
