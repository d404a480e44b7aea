//! Calibrating a column anew, as one step.

use std::collections::{BTreeMap, HashMap, HashSet};

use braincells_core::{
    Calibration, CellFigures, CellRecord, CellState, ColumnId, Recipe, RowId, RunId,
};

use super::{Recalibrated, ScoredCell, insert, read_scored};
use crate::column::{self, ColumnRow, StoredColumn};
use crate::commit::{Entry, Log, stale_news, update};
use crate::error::during;
use crate::sheet::SheetStore;
use crate::step::Action;
use crate::value::text;
use crate::{DataError, recipe};

/// Cells that one statement updates.
const CELLS_PER_UPDATE: usize = 4096;

impl SheetStore {
    /// Gives a column another way to calibrate its labels: `recipe` must differ from the present
    /// one in nothing else. `cells` get new values, in one step that can be undone, unless a
    /// person has written or approved them meanwhile or something else made them anew.
    ///
    /// Refused while a run fills the column, unless that is `run`, which has written all its cells:
    /// then this belongs to the run's own step, and the recipe must be the present one. Cells that were made from changed values become stale. Returns how many cells got another
    /// value; without anything to change, no step is taken.
    pub fn recalibrate(
        &self,
        column: ColumnId,
        run: Option<RunId>,
        recipe: &Recipe,
        calibrations: &[Calibration],
        cells: &[Recalibrated],
        now_ms: i64,
    ) -> Result<u64, DataError> {
        let stored = self.ai_column(column)?;
        let own = stored.column.recipe().filter(|own| own.asks_like(recipe)).cloned();
        let Some(own) = own else {
            return Err(DataError::RecipeDiffers { name: stored.column.name });
        };
        let same_recipe = own == *recipe;
        if same_recipe && cells.is_empty() {
            return Ok(0);
        }
        let mut writer = self.writer()?;
        if writer.live_runs.fills_beside(column, run) {
            return Err(DataError::ColumnAlive { name: stored.column.name });
        }
        if let Some(run) = run.filter(|_| same_recipe) {
            return self.act_in_run(&mut writer, run, now_ms, |action| {
                self.write_recalibrated(action, &stored, calibrations, cells)
            });
        }
        let step = format!("Calibrate `{}`", stored.column.name);
        let (changed, _) = self.act_with(&mut writer, &step, now_ms, |action| {
            if !same_recipe {
                let version = recipe::next_version(action.connection, column)?;
                recipe::store(action.connection, column.0, version, recipe, now_ms)?;
                let rows = column::load_rows(action.connection)?;
                let row = rows.into_iter().find(|row| row.id == column.0);
                let row = row.ok_or(DataError::ColumnMissing { column })?;
                let row = ColumnRow { recipe_version: Some(version), ..row };
                column::replace_row(action.connection, &row)?;
                action.news.columns = true;
            }
            self.write_recalibrated(action, &stored, calibrations, cells)
        })?;
        Ok(changed)
    }

    fn write_recalibrated(
        &self,
        action: &mut Action<'_>,
        stored: &StoredColumn,
        calibrations: &[Calibration],
        cells: &[Recalibrated],
    ) -> Result<u64, DataError> {
        let column = stored.column.id;
        let ids = calibrations
            .iter()
            .map(|one| insert(action.connection, column, None, one, action.now_ms))
            .collect::<Result<Vec<i64>, DataError>>()?;
        let unchanged: HashMap<RowId, ScoredCell> = read_scored(action.connection, stored)?
            .into_iter()
            .filter(|cell| cell.state == CellState::Done)
            .map(|cell| (cell.row, cell))
            .collect();
        let still_so =
            |wanted: &&Recalibrated| unchanged.get(&wanted.cell.row) == Some(&wanted.cell);
        // Batches of one recipe version: each says once which made it.
        let mut by_version: BTreeMap<Option<i64>, Vec<CellRecord>> = BTreeMap::new();
        let mut other_values: HashSet<RowId> = HashSet::new();
        for wanted in cells.iter().filter(still_so) {
            let Recalibrated { cell, value, confidence, calibration } = wanted;
            if *value != cell.value {
                other_values.insert(cell.row);
            }
            by_version.entry(cell.recipe_version).or_default().push(CellRecord {
                run: None,
                row: cell.row,
                state: CellState::Done,
                value: value.clone(),
                error: None,
                reasoning: None,
                figures: CellFigures {
                    model: cell.model.clone(),
                    confidence: Some(*confidence),
                    label_scores: cell.scores.clone(),
                    calibration: ids.get(*calibration).copied(),
                    ..CellFigures::default()
                },
            });
        }
        for (version, records) in by_version {
            for batch in records.chunks(CELLS_PER_UPDATE) {
                write_batch(action, stored, version, batch)?;
            }
        }
        let changed = other_values.len() as u64;
        let stale = HashMap::from([(column, other_values)]);
        let stale = self.stale_cells(action.connection, &stale)?;
        let first_seq = action.take_seqs(stale.len());
        log_of(action).append_stale(&stale, first_seq)?;
        action.news.cells.extend(stale.iter().map(stale_news));
        Ok(changed)
    }
}

fn write_batch(
    action: &mut Action<'_>,
    stored: &StoredColumn,
    version: Option<i64>,
    records: &[CellRecord],
) -> Result<(), DataError> {
    let mut entries = Vec::with_capacity(records.len());
    for record in records {
        entries.push(Entry {
            row: record.row,
            state: record.state,
            value: text(&record.value, stored.shape, &stored.column.sql_type, record.row)?,
            confidence: record.figures.confidence,
            record: Some(record),
        });
    }
    let first_seq = action.take_seqs(entries.len());
    let column = stored.column.id;
    log_of(action)
        .append(column, version, &entries, first_seq)
        .map_err(during("store the calibrated cells"))?;
    update(action.connection, stored, &entries, first_seq)?;
    action.news.cells.extend(entries.iter().map(|entry| entry.news(column)));
    Ok(())
}

fn log_of<'a>(action: &Action<'a>) -> Log<'a> {
    Log { connection: action.connection, step: action.step, now_ms: action.now_ms }
}
