use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use braincells_core::{
    AppError, CellFigures, CellRecord, CellState, ColumnId, Event, Priority, RowId, RunId,
    RunProgress, RunScope, RunStatus, SheetId,
};
use braincells_data::Catalogue;

use super::merge::Merge;
use super::note::Note;
use super::{BatchRead, target};
use crate::Workbench;
use crate::blocking::blocking;
use crate::run::{Notes, Order};
use crate::sheets::list_sheet;

/// Cells of one commit.
const COMMIT_CELLS: usize = 4096;

/// Cells that are told one by one.
const MOST_TOLD: usize = 4096;

impl Workbench {
    /// Takes a file of results back into a column, as a run of its own: with history, undo and
    /// states as for any run. A result takes the place of what a model made before; cells that a
    /// person wrote or approved stay, and count as unknown. The first line of a row counts.
    ///
    /// An answer is taken for what was asked and for nothing else: where a row asks something else
    /// since the file was written, because an input, the prompt, the output or the model changed,
    /// its line counts as changed and the cell stays as it is.
    ///
    /// Lines that were taken earlier and cells that are the same as they would become are counted
    /// as duplicates; a file that brings nothing new begins no run.
    pub async fn read_batch(
        &self,
        sheet: SheetId,
        column: ColumnId,
        file: &Path,
    ) -> Result<BatchRead, AppError> {
        let catalogue = self.catalogue();
        let note = blocking(move || Note::read(&catalogue, sheet, column)).await?;
        let (order, claim) = self.take_order(sheet, column, None, Priority::Normal).await?;
        let (endpoint, model) = target(&order.recipe.model, &self.settings().await?, self.cloud())?;
        let (catalogue, path, now_ms) = (self.catalogue(), file.to_owned(), self.now_ms());
        let store = Arc::clone(&order.store);
        let merged = blocking(move || {
            let mut merge = Merge::new(&order, &endpoint, &model);
            merge.read(&path)?;
            let Merge { seen, changed, mut cells, mut counts, .. } = merge;
            let run = commit(&order, note.as_ref(), &mut cells, now_ms)?;
            counts.missing = still_missing(&order, note, (&seen, &changed), &catalogue)?;
            list_sheet(&catalogue, &store)?;
            Ok::<_, AppError>((counts, run, cells))
        });
        let (mut counts, run, cells) = merged.await?;
        let cells = without_by_hand(&claim.notes(), cells, &mut counts);
        drop(claim);
        if let Some(run) = run {
            self.tell_merged(sheet, column, run, cells);
        }
        Ok(counts)
    }

    fn tell_merged(&self, sheet: SheetId, column: ColumnId, run: RunId, cells: Vec<CellRecord>) {
        let events = self.events();
        let failed = cells.iter().filter(|cell| cell.state == CellState::Failed).count() as u64;
        let total = cells.len() as u64;
        let tokens = |count: fn(&CellFigures) -> u32| -> u64 {
            cells.iter().map(|cell| u64::from(count(&cell.figures))).sum()
        };
        let progress = RunProgress {
            sheet,
            column,
            run,
            rows_total: total,
            rows_done: total - failed,
            rows_failed: failed,
            rows_before: 0,
            rows_waiting: 0,
            rows_reused: 0,
            rows_cut_off: cells.iter().filter(|cell| cell.figures.cut_off).count() as u64,
            prompt_tokens: tokens(|figures| figures.prompt_tokens),
            shared_tokens: 0,
            completion_tokens: tokens(|figures| figures.completion_tokens),
            cost_usd: cells.iter().filter_map(|cell| cell.figures.cost_usd).reduce(|a, b| a + b),
            flow: None,
            elapsed_ms: 0,
        };
        // A window keeps no more of them either; it reads the column anew when the run ends.
        for cell in cells.into_iter().take(MOST_TOLD) {
            events.emit(Event::CellDone {
                sheet,
                column,
                row: cell.row,
                state: cell.state,
                value: cell.value,
                error: cell.error,
                confidence: cell.figures.confidence,
            });
        }
        let status = RunStatus::Done;
        events.emit(Event::RunEnded { sheet, run, status, progress, error: None });
    }
}

/// Leaves out the cells that a person took over while the file was read: the store kept what they
/// wrote.
fn without_by_hand(
    notes: &Notes,
    cells: Vec<CellRecord>,
    counts: &mut BatchRead,
) -> Vec<CellRecord> {
    let done = |cells: &[CellRecord]| {
        cells.iter().filter(|cell| cell.state == CellState::Done).count() as u64
    };
    let (all_before, done_before) = (cells.len() as u64, done(&cells));
    let cells = notes.without_by_hand(cells);
    let (taken, taken_done) = (all_before - cells.len() as u64, done_before - done(&cells));
    counts.merged -= taken_done;
    counts.failed -= taken - taken_done;
    counts.unknown += taken;
    cells
}

/// Writes the cells as a run; `None` if there are none.
fn commit(
    order: &Order,
    note: Option<&Note>,
    cells: &mut [CellRecord],
    now_ms: i64,
) -> Result<Option<RunId>, AppError> {
    if cells.is_empty() {
        return Ok(None);
    }
    let (store, column, version) = (&order.store, order.column, order.recipe_version);
    // It has no rows to ask for: going on with one that was killed asks nobody, and taking the file
    // again brings what is missing.
    let scope = RunScope::These { ids: Vec::new() }.into();
    let run = store.start_run(column, version, &scope, cells.len() as u64, now_ms)?;
    for cell in &mut *cells {
        cell.run = Some(run);
    }
    let written = || -> Result<(), AppError> {
        if let Some(note) =
            note.filter(|note| note.examples.as_array().is_some_and(|e| !e.is_empty()))
        {
            store.note_examples(run, &note.examples)?;
        }
        // All at one time: how fast a file is read says nothing of how fast a model is.
        for group in cells.chunks(COMMIT_CELLS) {
            store.commit_cells(column, Some(version), group, now_ms)?;
        }
        Ok(())
    };
    let written = written();
    let (status, error) = match &written {
        Ok(()) => (RunStatus::Done, None),
        Err(error) => (RunStatus::Failed, Some(error.message.as_str())),
    };
    let ended = store.set_run_status(run, status, error, now_ms);
    written?;
    ended?;
    Ok(Some(run))
}

/// Counts the rows that were asked for and have no answer, and keeps the note of them.
fn still_missing(
    order: &Order,
    note: Option<Note>,
    (seen, changed): (&HashSet<RowId>, &HashSet<RowId>),
    catalogue: &Catalogue,
) -> Result<u64, AppError> {
    let Some(note) = note else { return Ok(0) };
    let mut rows: Vec<RowId> = note.rows().filter(|row| !seen.contains(row)).collect();
    rows.retain(|row| order.store.position_of(*row).is_some());
    let states = order.store.cell_states(order.column, &rows)?;
    let has_none = |state: &CellState| {
        !matches!(state, CellState::Done | CellState::Edited | CellState::Validated)
    };
    let mut keep = states.iter().map(has_none);
    rows.retain(|_| keep.next().unwrap_or(false));
    // Those that changed are told as such, and still have no answer when the next file is read.
    let missing = rows.iter().filter(|row| !changed.contains(row)).count() as u64;
    note.with_rows(&rows).write(catalogue, order.sheet, order.column)?;
    Ok(missing)
}
