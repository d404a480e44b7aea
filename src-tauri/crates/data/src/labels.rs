//! Label scores and calibrations as a sheet keeps them.
//!
//! The scores are what the model said and are never changed; they are in the log, with the
//! calibration that made the value of the entry. So a column is calibrated anew from the log
//! alone, and undoing that needs nothing of its own.

mod recalibrate;

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use braincells_core::{Calibration, CellState, ColumnId, HistoryEntry, RowId, RunId, Value};
use duckdb::types::Value as DuckValue;
use duckdb::{Connection, OptionalExt, params};

use crate::DataError;
use crate::column::StoredColumn;
use crate::error::during;
use crate::run::parse_state;
use crate::sheet::SheetStore;
use crate::sql::integers;
use crate::state::LOG;

/// A calibration and what it was made for.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredCalibration {
    /// Names it within the sheet; greater is later.
    pub id: i64,
    /// The run that used it from its first cell on.
    pub run: Option<RunId>,
    /// The calibration.
    pub calibration: Calibration,
}

/// A cell whose labels were scored.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredCell {
    /// The row.
    pub row: RowId,
    /// What the cell is now. One that a person wrote or approved keeps its scores.
    pub state: CellState,
    /// What it holds now.
    pub value: Value,
    /// The logarithms of the labels' raw shares, from the latest entry that has some.
    pub scores: Vec<f64>,
    /// The version of the recipe that was asked, `None` in a copy of a column.
    pub recipe_version: Option<i64>,
    /// The calibration of that entry.
    pub calibration: Option<i64>,
    /// The engine's name for the model.
    pub model: Option<String>,
    /// The confidence that the cell shows now.
    pub confidence: Option<f64>,
}

/// What a calibration makes of a cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Recalibrated {
    /// The cell as it was.
    pub cell: ScoredCell,
    /// What it becomes.
    pub value: Value,
    /// Its confidence.
    pub confidence: f64,
    /// Which of the calibrations given with it made that.
    pub calibration: usize,
}

impl SheetStore {
    /// Keeps a calibration, for good: entries of the log may name it. Returns its id.
    pub fn add_calibration(
        &self,
        column: ColumnId,
        run: Option<RunId>,
        calibration: &Calibration,
        now_ms: i64,
    ) -> Result<i64, DataError> {
        insert(&self.writer()?.connection, column, run, calibration, now_ms)
    }

    /// The calibrations that were ever used in a column, the latest first.
    pub fn calibrations(&self, column: ColumnId) -> Result<Vec<StoredCalibration>, DataError> {
        let failed = during("read the calibrations");
        let reader = self.own_reader()?;
        // A copy of a column names those of the other one.
        let mut statement = reader
            .prepare(
                "SELECT id, run_id, calibration::VARCHAR FROM braincells.calibrations \
                 WHERE column_id = $1 OR id IN (SELECT calibration_id FROM braincells.cell_log \
                     WHERE column_id = $1) ORDER BY id DESC",
            )
            .map_err(&failed)?;
        let mut rows = statement.query([column.0]).map_err(&failed)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            let text: String = row.get(2).map_err(&failed)?;
            found.push(StoredCalibration {
                id: row.get(0).map_err(&failed)?,
                run: row.get::<_, Option<i64>>(1).map_err(&failed)?.map(RunId),
                calibration: read_calibration(&text)?,
            });
        }
        Ok(found)
    }

    /// The calibration that an entry of the log names.
    pub fn calibration(&self, id: i64) -> Result<Option<Calibration>, DataError> {
        Ok(self.calibrations_named(&BTreeSet::from([id]))?.remove(&id))
    }

    /// The calibration that a run has used last.
    pub fn calibration_of_run(&self, run: RunId) -> Result<Option<StoredCalibration>, DataError> {
        let found: Option<(i64, String)> = self
            .reader()
            .query_row(
                "SELECT id, calibration::VARCHAR FROM braincells.calibrations WHERE run_id = ? \
                 ORDER BY id DESC LIMIT 1",
                [run.0],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()
            .map_err(during("read the calibrations"))?;
        let Some((id, text)) = found else { return Ok(None) };
        Ok(Some(StoredCalibration { id, run: Some(run), calibration: read_calibration(&text)? }))
    }

    /// The cells of an AI column whose labels were scored, in sheet order, whatever became of
    /// them since; those that were emptied are left out, and those that were made anew without
    /// scores.
    pub fn scored_cells(&self, column: ColumnId) -> Result<Vec<ScoredCell>, DataError> {
        let stored = self.ai_column(column)?;
        // Of its own: a window of the grid must not wait until all of a column is read.
        let reader = self.own_reader()?;
        read_scored(&reader, &stored)
    }

    /// Adds what each entry's scores say of its labels.
    pub(crate) fn add_label_shares(
        &self,
        column: ColumnId,
        entries: &mut [HistoryEntry],
    ) -> Result<(), DataError> {
        if entries.iter().all(|entry| entry.figures.label_scores.is_empty()) {
            return Ok(());
        }
        let used = entries.iter().filter_map(|entry| entry.figures.calibration);
        let calibrations = self.calibrations_named(&used.collect())?;
        let mut labels: HashMap<Option<i64>, Vec<String>> = HashMap::new();
        for entry in entries.iter_mut() {
            let scores = &entry.figures.label_scores;
            if scores.is_empty() {
                continue;
            }
            let version = entry.recipe_version;
            if let Entry::Vacant(vacant) = labels.entry(version) {
                let recipe = match version {
                    Some(version) => Some(self.recipe(column, version)?),
                    // A copy of a column begins with the recipe that its values were made by.
                    None => self.recipe(column, 1).ok(),
                };
                let names = recipe.and_then(|recipe| recipe.output.scored_labels());
                vacant.insert(names.unwrap_or_default());
            }
            let used = entry.figures.calibration.and_then(|id| calibrations.get(&id));
            entry.labels = Calibration::label_shares(used, &labels[&version], scores);
        }
        Ok(())
    }

    fn calibrations_named(
        &self,
        ids: &BTreeSet<i64>,
    ) -> Result<HashMap<i64, Calibration>, DataError> {
        let mut found = HashMap::new();
        if ids.is_empty() {
            return Ok(found);
        }
        let failed = during("read the calibrations");
        let reader = self.reader();
        let sql = format!(
            "SELECT id, calibration::VARCHAR FROM braincells.calibrations WHERE id IN ({})",
            integers(ids.iter().copied())
        );
        let mut statement = reader.prepare(&sql).map_err(&failed)?;
        let mut rows = statement.query([]).map_err(&failed)?;
        while let Some(row) = rows.next().map_err(&failed)? {
            let text: String = row.get(1).map_err(&failed)?;
            found.insert(row.get(0).map_err(&failed)?, read_calibration(&text)?);
        }
        Ok(found)
    }
}

fn read_scored(
    connection: &Connection,
    stored: &StoredColumn,
) -> Result<Vec<ScoredCell>, DataError> {
    let failed = during("read the label scores");
    let mut statement = connection
        .prepare(&format!(
            "WITH log AS (SELECT * FROM {LOG} entries WHERE column_id = $1), \
             latest AS (SELECT row_id, arg_max({{'state': state, 'confidence': confidence, \
                            'scored': label_scores IS NOT NULL}}, seq) \
                        AS entry FROM log GROUP BY row_id), \
             scored AS (SELECT row_id, arg_max({{'scores': label_scores, \
                            'version': recipe_version, 'calibration': calibration_id, \
                            'model': model}}, seq) AS entry \
                        FROM log WHERE label_scores IS NOT NULL GROUP BY row_id) \
             SELECT r.row_id, latest.entry.state, {value}, scored.entry.scores, \
                 scored.entry.version, scored.entry.calibration, scored.entry.model, \
                 latest.entry.confidence \
             FROM main.rows r JOIN scored ON scored.row_id = r.row_id \
             JOIN latest ON latest.row_id = r.row_id \
             WHERE {column} IS NOT NULL \
                 AND (latest.entry.state <> 'done' OR latest.entry.scored) ORDER BY r.row_order, r.row_id",
            value = stored.select(),
            column = stored.quoted,
        ))
        .map_err(&failed)?;
    let mut rows = statement.query([stored.column.id.0]).map_err(&failed)?;
    let mut cells = Vec::new();
    while let Some(row) = rows.next().map_err(&failed)? {
        cells.push(ScoredCell {
            row: RowId(row.get(0).map_err(&failed)?),
            state: parse_state(&row.get::<_, String>(1).map_err(&failed)?)?,
            value: crate::value::read(row, 2, stored.shape).map_err(&failed)?,
            scores: scores(row.get(3).map_err(&failed)?),
            recipe_version: row.get(4).map_err(&failed)?,
            calibration: row.get(5).map_err(&failed)?,
            model: row.get(6).map_err(&failed)?,
            confidence: row.get(7).map_err(&failed)?,
        });
    }
    Ok(cells)
}

fn insert(
    connection: &Connection,
    column: ColumnId,
    run: Option<RunId>,
    calibration: &Calibration,
    now_ms: i64,
) -> Result<i64, DataError> {
    let failed = during("store the calibration");
    let text = serde_json::to_string(calibration).expect("a calibration has only text keys");
    let id: i64 = connection
        .query_row("SELECT coalesce(max(id), 0) + 1 FROM braincells.calibrations", [], |row| {
            row.get(0)
        })
        .map_err(&failed)?;
    connection
        .execute(
            "INSERT INTO braincells.calibrations VALUES (?, ?, ?, ?, ?)",
            params![id, column.0, run.map(|run| run.0), now_ms, text],
        )
        .map_err(&failed)?;
    Ok(id)
}

fn read_calibration(text: &str) -> Result<Calibration, DataError> {
    serde_json::from_str(text)
        .map_err(|error| DataError::Unreadable { what: "calibration", found: error.to_string() })
}

/// Scores as the log takes them: nothing where there are none.
pub(crate) fn list(scores: &[f64]) -> Option<DuckValue> {
    let items = scores.iter().map(|score| DuckValue::Double(*score)).collect();
    (!scores.is_empty()).then_some(DuckValue::List(items))
}

/// The scores of an entry of the log; none where it has none.
pub(crate) fn scores(value: DuckValue) -> Vec<f64> {
    let DuckValue::List(items) = value else { return Vec::new() };
    let score = |item: DuckValue| match item {
        DuckValue::Double(score) => Some(score),
        _ => None,
    };
    items.into_iter().filter_map(score).collect()
}
