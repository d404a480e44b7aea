use std::collections::HashMap;

use braincells_core::{
    AppError, Calibration, CalibrationMode, CellState, ColumnId, ColumnKind, LabelShare, Recipe,
    RowId, RunId, SheetId, Value, likeliest,
};
use braincells_data::{Recalibrated, ScoredCell, SheetStore, StoredCalibration};
use serde::{Deserialize, Serialize};

use super::figures::{CheckedFigures, LabelCount};
use super::label_of;
use super::plan::{Group, checked_figures, groups, plan};
use crate::Workbench;
use crate::columns::column_with_id;
use crate::error::WorkbenchError;

/// What calibrating a column anew did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Recalibration {
    /// Cells whose confidence is another now.
    pub cells: u64,
    /// Of those, cells with another label.
    pub changed: u64,
    /// Cells that were left as they are because no scores are kept for them.
    pub unscored: u64,
    /// Cells that were left as they are because nothing was measured for their prompt.
    pub without_prior: u64,
}

/// A cell and what the model said of its labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct LabelCell {
    /// The row.
    pub row: RowId,
    /// What the cell is now.
    pub state: CellState,
    /// What it holds now.
    pub value: Value,
    /// The shares of all labels, in the recipe's order.
    pub labels: Vec<LabelShare>,
}

/// The labels of a column in figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct LabelFigures {
    /// How the column is to be calibrated.
    pub mode: CalibrationMode,
    /// How often each label is among the cells that a model made, in the recipe's order.
    pub counts: Vec<LabelCount>,
    /// Such cells whose scores are kept.
    pub cells: u64,
    /// Such cells whose scores are not kept.
    pub unscored: u64,
    /// The calibration that most of them have; `None` if no cell has scores. Its `bias` is in the
    /// order of `counts`.
    pub calibration: Option<Calibration>,
    /// How good the labels are as the model says them, by the cells that a person approved or
    /// corrected; `None` if there are none.
    pub checked_raw: Option<CheckedFigures>,
    /// The same calibrated. Where these cells refine the calibration, each is judged by one that
    /// was made without it.
    pub checked_calibrated: Option<CheckedFigures>,
}

impl Workbench {
    /// Calibrates the labels of a column in another way, and from now on. Values and confidences
    /// come from the kept scores: no model is asked. One step, which can be undone. Cells that a
    /// person wrote or approved stay as they are, and so do cells that are not up to date.
    ///
    /// Refused while the column is being filled, for a column without labels, and where nothing
    /// was measured that the mode needs.
    pub async fn recalibrate(
        &self,
        sheet: SheetId,
        column: ColumnId,
        mode: CalibrationMode,
    ) -> Result<Recalibration, AppError> {
        let now_ms = self.now_ms();
        self.change_column(sheet, column, move |store| {
            recalibrate_column(store, column, None, mode, now_ms).map(|(done, _)| done)
        })
        .await
    }

    /// The labels of a column in figures: how often each is there, as the model says and
    /// calibrated, by which calibration, and how good both are where a person has checked cells.
    /// Asks no model.
    pub async fn label_figures(
        &self,
        sheet: SheetId,
        column: ColumnId,
    ) -> Result<LabelFigures, AppError> {
        self.with_store(sheet, move |store| label_figures(store, column)).await
    }

    /// What the model said of the labels of each cell that it was asked for, in sheet order: its
    /// shares, and the calibrated ones. Asks no model.
    pub async fn label_cells(
        &self,
        sheet: SheetId,
        column: ColumnId,
    ) -> Result<Vec<LabelCell>, AppError> {
        self.with_store(sheet, move |store| label_cells(store, column)).await
    }
}

/// [`Workbench::recalibrate`] for a caller that has the column; returns the cells too.
fn recalibrate_column(
    store: &SheetStore,
    column: ColumnId,
    run: Option<RunId>,
    mode: CalibrationMode,
    now_ms: i64,
) -> Result<(Recalibration, Vec<Recalibrated>), AppError> {
    let scored = Scored::read(store, column)?;
    let recipe = Recipe { calibration: mode, ..scored.recipe.clone() };
    let groups = scored.groups(store);
    let plan = plan(&scored.recipe.output, &scored.labels, &groups, mode);
    let cells_made: u64 = groups.iter().map(|group| group.made.len() as u64).sum();
    let unscored = scored.unscored(store, cells_made)?;
    let name = || scored.name.clone();
    if cells_made == 0 && unscored > 0 {
        return Err(WorkbenchError::NoLabelScores { name: name() }.into());
    }
    if cells_made > 0 && plan.without_prior == cells_made {
        return Err(WorkbenchError::NoLabelPrior { name: name() }.into());
    }
    let (calibrations, cells) = (&plan.calibrations, &plan.cells);
    let changed = store.recalibrate(column, run, &recipe, calibrations, cells, now_ms)?;
    let cells = plan.cells.len() as u64;
    let done = Recalibration { cells, changed, unscored, without_prior: plan.without_prior };
    Ok((done, plan.cells))
}

/// When a column is calibrated after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// The run has written its last cell, and is alive.
    ItsLastCell,
    /// The process ended between the run's last cell and its end.
    AKill,
}

/// Calibrates a column anew when a run of it has written its last cell, if its cells may be other
/// than the column is to have them: by its rows, which are all there now; or because another mode
/// was chosen while the run was stopped. Returns the cells that were written.
pub(crate) fn calibrate_after_run(
    store: &SheetStore,
    column: ColumnId,
    run: RunId,
    after: After,
    now_ms: i64,
) -> Result<Vec<Recalibrated>, AppError> {
    let columns = store.columns()?;
    let recipe = column_with_id(&columns, column)?.recipe();
    let Some(recipe) = recipe.filter(|recipe| recipe.output.scored_labels().is_some()) else {
        return Ok(Vec::new());
    };
    let mode = recipe.calibration;
    let ran_in = store.recipe(column, store.run(run)?.recipe_version)?.calibration;
    if mode == ran_in && mode != CalibrationMode::Batch {
        return Ok(Vec::new());
    }
    let of_run = (after == After::ItsLastCell).then_some(run);
    let (_, mut cells) = recalibrate_column(store, column, of_run, mode, now_ms)?;
    // What a person has changed meanwhile was left alone.
    let scored = store.scored_cells(column)?.into_iter();
    let now: HashMap<RowId, ScoredCell> = scored.map(|cell| (cell.row, cell)).collect();
    let is_written = |cell: &Recalibrated, now: &ScoredCell| {
        now.state == CellState::Done
            && now.value == cell.value
            && now.confidence == Some(cell.confidence)
    };
    cells.retain(|cell| now.get(&cell.cell.row).is_some_and(|now| is_written(cell, now)));
    Ok(cells)
}

/// Gives a column a recipe that differs from its own in the calibration only, and its cells the
/// values that go with it as far as that is known. Returns the new version.
pub(crate) fn set_calibration(
    store: &SheetStore,
    column: ColumnId,
    recipe: &Recipe,
    now_ms: i64,
) -> Result<i64, AppError> {
    if recipe.output.scored_labels().is_none() {
        return Ok(store.set_recipe(column, recipe, now_ms)?);
    }
    let scored = Scored::read(store, column)?;
    let plan = plan(&recipe.output, &scored.labels, &scored.groups(store), recipe.calibration);
    store.recalibrate(column, None, recipe, &plan.calibrations, &plan.cells, now_ms)?;
    let columns = store.columns()?;
    match &column_with_id(&columns, column)?.kind {
        ColumnKind::Ai { recipe_version, .. } => Ok(*recipe_version),
        ColumnKind::Data => Err(WorkbenchError::NotAiColumn { name: scored.name }.into()),
    }
}

fn label_figures(store: &SheetStore, column: ColumnId) -> Result<LabelFigures, AppError> {
    let scored = Scored::read(store, column)?;
    let groups = scored.groups(store);
    let mut counts: Vec<LabelCount> = scored
        .labels
        .iter()
        .map(|label| LabelCount { label: label.clone(), raw: 0, calibrated: 0 })
        .collect();
    let made: Vec<_> = groups.iter().flat_map(|group| &group.made).collect();
    for cell in &made {
        if let Some(count) = likeliest(&cell.scores).and_then(|label| counts.get_mut(label)) {
            count.raw += 1;
        }
        let label = label_of(&scored.labels, &cell.value);
        if let Some(count) = label.and_then(|label| counts.get_mut(label)) {
            count.calibrated += 1;
        }
    }
    let cells = made.len() as u64;
    let largest = groups.iter().max_by_key(|group| group.made.len());
    let used = largest.and_then(|group| group.used);
    Ok(LabelFigures {
        mode: scored.recipe.calibration,
        counts,
        cells,
        unscored: scored.unscored(store, cells)?,
        // The cells that refined it are told by their number.
        calibration: used.map(|used| Calibration { checked: Vec::new(), ..used.clone() }),
        checked_raw: checked_figures(&groups, Group::checked_raw),
        checked_calibrated: checked_figures(&groups, |group| {
            group.checked_calibrated(scored.labels.len(), scored.recipe.calibration)
        }),
    })
}

fn label_cells(store: &SheetStore, column: ColumnId) -> Result<Vec<LabelCell>, AppError> {
    let scored = Scored::read(store, column)?;
    let known: HashMap<i64, &Calibration> =
        scored.calibrations.iter().map(|one| (one.id, &one.calibration)).collect();
    let cells = scored.cells.iter().filter(|cell| cell.scores.len() == scored.labels.len());
    let cell = |cell: &ScoredCell| LabelCell {
        row: cell.row,
        state: cell.state,
        value: cell.value.clone(),
        labels: Calibration::label_shares(
            cell.calibration.and_then(|id| known.get(&id)).copied(),
            &scored.labels,
            &cell.scores,
        ),
    };
    Ok(cells.map(cell).collect())
}

/// A label column as it is stored.
struct Scored {
    name: String,
    column: ColumnId,
    recipe: Recipe,
    labels: Vec<String>,
    cells: Vec<ScoredCell>,
    calibrations: Vec<StoredCalibration>,
    /// The labels that a person wrote or approved, also in cells that no model was asked for.
    labels_now: HashMap<RowId, usize>,
}

impl Scored {
    fn read(store: &SheetStore, column: ColumnId) -> Result<Self, AppError> {
        let columns = store.columns()?;
        let found = column_with_id(&columns, column)?;
        let name = found.name.clone();
        let Some(recipe) = found.recipe().cloned() else {
            return Err(WorkbenchError::NotAiColumn { name }.into());
        };
        let Some(labels) = recipe.output.scored_labels() else {
            return Err(WorkbenchError::NoLabels { name }.into());
        };
        let cells = store.scored_cells(column)?;
        let calibrations = store.calibrations(column)?;
        let by_hand = store.examples(column, &[], u32::MAX)?.into_iter();
        let labels_now =
            by_hand.filter_map(|cell| Some((cell.row, label_of(&labels, &cell.value)?))).collect();
        Ok(Self { name, column, recipe, labels, cells, calibrations, labels_now })
    }

    fn groups(&self, store: &SheetStore) -> Vec<Group<'_>> {
        let asks_like_now = |version| {
            let recipe = store.recipe(self.column, version);
            recipe.is_ok_and(|recipe| recipe.asks_like(&self.recipe))
        };
        groups(&self.labels, &self.cells, &self.calibrations, &self.labels_now, asks_like_now)
    }

    /// Cells that a model made and that have no scores of this recipe.
    fn unscored(&self, store: &SheetStore, scored: u64) -> Result<u64, AppError> {
        let states = store.count_states(self.column)?;
        Ok(states.get(&CellState::Done).copied().unwrap_or(0).saturating_sub(scored))
    }
}
