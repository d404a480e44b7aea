//! What is made of the lines of a file: cells, and counts of the rest.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use braincells_core::{AppError, CellFigures, CellRecord, CellState, RowId, RunId, Value};
use braincells_data::MadeCell;
use braincells_llm::cloud::Endpoint;
use braincells_llm::cloud::batch_file::{BatchLine, NoResult, read_line};
use braincells_llm::output::read_answer;
use braincells_llm::{LLMError, LLMRequest, LLMResponse};
use serde::Deserialize;

use super::BatchRead;
use super::lines::{Line, next_line};
use super::name::{Asked, Place};
use crate::error::WorkbenchError;
use crate::run::{Order, Spend, done_cell, failed_cell};

/// Lines whose rows are looked at together.
const PAGE_LINES: usize = 512;

/// Bytes of such lines, about.
const PAGE_BYTES: usize = 8 << 20;

/// What no line of JSON begins with.
const MARK: char = '\u{feff}';

/// Stands for the run until there is one.
const NO_RUN: RunId = RunId(0);

/// What is made of a file.
pub(super) struct Merge<'a> {
    order: &'a Order,
    place: Place,
    endpoint: &'a Endpoint,
    model: &'a str,
    /// Rows that had a line.
    pub(super) seen: HashSet<RowId>,
    /// Rows that had a line to what they do not ask any more.
    pub(super) changed: HashSet<RowId>,
    pub(super) cells: Vec<CellRecord>,
    pub(super) counts: BatchRead,
}

/// As much of a line as names its row.
#[derive(Deserialize)]
struct Named {
    custom_id: String,
}

/// What the rows of some lines are now.
#[derive(Default)]
struct Present {
    requests: HashMap<RowId, LLMRequest>,
    asked: HashMap<RowId, Asked>,
    values: HashMap<RowId, Value>,
    states: HashMap<RowId, CellState>,
    made: HashMap<RowId, MadeCell>,
}

impl<'a> Merge<'a> {
    pub(super) fn new(order: &'a Order, endpoint: &'a Endpoint, model: &'a str) -> Self {
        let place = Place { sheet: order.sheet, column: order.column };
        let (seen, changed) = (HashSet::new(), HashSet::new());
        let (cells, counts) = (Vec::new(), BatchRead::default());
        Self { order, place, endpoint, model, seen, changed, cells, counts }
    }

    pub(super) fn read(&mut self, path: &Path) -> Result<(), AppError> {
        let unreadable = |error: std::io::Error| WorkbenchError::Unreadable {
            path: path.to_owned(),
            missing: error.kind() == std::io::ErrorKind::NotFound,
            reason: error.to_string(),
        };
        let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
        let mut page: Vec<String> = Vec::new();
        let mut page_bytes = 0;
        loop {
            match next_line(&mut file).map_err(unreadable)? {
                Line::End => break,
                Line::Unreadable => self.counts.unreadable += 1,
                Line::Text(mut line) => {
                    // Some programs begin a file with a mark of the byte order.
                    if line.starts_with(MARK) {
                        line.remove(0);
                    }
                    page_bytes += line.len();
                    page.push(line);
                }
            }
            if page.len() >= PAGE_LINES || page_bytes >= PAGE_BYTES {
                self.take(&page)?;
                page.clear();
                page_bytes = 0;
            }
        }
        self.take(&page)
    }

    fn take(&mut self, lines: &[String]) -> Result<(), AppError> {
        let present = self.present(lines)?;
        for line in lines {
            let request_of = |name: &str| {
                let (row, _) = self.place.asked_as(name)?;
                present.requests.get(&row).cloned()
            };
            match read_line(line, request_of, self.endpoint, self.model) {
                Err(NoResult::Empty) => {}
                Err(NoResult::Unreadable { .. }) => self.counts.unreadable += 1,
                Err(NoResult::Unknown { .. }) => self.counts.unknown += 1,
                Ok(BatchLine { custom_id, result }) => {
                    if let Some((row, asked)) = self.place.asked_as(&custom_id) {
                        self.take_result(row, asked, result, &present);
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads the rows that these lines name, those that are there.
    fn present(&self, lines: &[String]) -> Result<Present, AppError> {
        let order = self.order;
        let named = |line: &String| {
            let Named { custom_id } = serde_json::from_str(line).ok()?;
            self.place.asked_as(&custom_id).map(|(row, _)| row)
        };
        let mut rows: Vec<RowId> = lines.iter().filter_map(named).collect();
        rows.sort_unstable();
        rows.dedup();
        rows.retain(|row| order.store.position_of(*row).is_some());
        if rows.is_empty() {
            return Ok(Present::default());
        }
        let inputs = order.store.values(&order.inputs, &rows)?;
        let own = order.store.values(&[order.column], &rows)?;
        let states = order.store.cell_states(order.column, &rows)?;
        let seeds = order.seeds();
        let request = |(row, values): (&RowId, Vec<Value>)| {
            (*row, order.plan.request(&values, &[], seeds.of(*row, 0)))
        };
        let value = |(row, mut own): (&RowId, Vec<Value>)| (*row, own.pop().unwrap_or_default());
        let requests: HashMap<RowId, LLMRequest> = rows.iter().zip(inputs).map(request).collect();
        Ok(Present {
            asked: requests.iter().map(|(row, request)| (*row, Asked::of(request))).collect(),
            requests,
            values: rows.iter().zip(own).map(value).collect(),
            states: rows.iter().copied().zip(states).collect(),
            made: order.store.made_cells(order.column, &rows)?,
        })
    }

    fn take_result(
        &mut self,
        row: RowId,
        asked: Asked,
        result: Result<LLMResponse, LLMError>,
        present: &Present,
    ) {
        let state = present.states.get(&row).copied().unwrap_or(CellState::Empty);
        if matches!(state, CellState::Edited | CellState::Validated) {
            self.seen.insert(row);
            self.counts.unknown += 1;
            return;
        }
        if present.asked.get(&row) != Some(&asked) {
            // A later line may answer what is asked now.
            if self.changed.insert(row) {
                self.counts.changed += 1;
            } else {
                self.counts.duplicate += 1;
            }
            return;
        }
        if !self.seen.insert(row) {
            self.counts.duplicate += 1;
            return;
        }
        let Some(request) = present.requests.get(&row) else { return };
        let cell = cell(row, request, result);
        if present.made.get(&row).is_some_and(|made| is_same(made, &cell, present)) {
            self.counts.duplicate += 1;
        } else if cell.state == CellState::Done {
            self.counts.merged += 1;
            self.cells.push(cell);
        } else {
            self.counts.failed += 1;
            // A good value stays without the news that another attempt failed.
            if state != CellState::Done {
                self.cells.push(cell);
            }
        }
    }
}

/// The cell that a result makes.
fn cell(row: RowId, request: &LLMRequest, result: Result<LLMResponse, LLMError>) -> CellRecord {
    let mut figures = CellFigures::default();
    let made = result.and_then(|response| {
        figures.add(&response);
        let answer = read_answer(&response.content, &request.output)?;
        // Nothing was scored: the answer names the label, and says itself how sure it is.
        Ok(done_cell(NO_RUN, row, answer, &response, figures.clone(), None))
    });
    made.unwrap_or_else(|error| failed_cell(NO_RUN, row, error.into(), figures))
}

/// Whether a run has made a cell of this result already.
fn is_same(made: &MadeCell, cell: &CellRecord, present: &Present) -> bool {
    if made.state != cell.state {
        return false;
    }
    if let Some(error) = &cell.error {
        return made.error.as_deref() == Some(error.message.as_str());
    }
    let figures = &cell.figures;
    let tokens = (made.prompt_tokens, made.completion_tokens);
    made.model == figures.model
        && tokens == (figures.prompt_tokens, figures.completion_tokens)
        && present.values.get(&cell.row).is_some_and(|value| is_equal(value, &cell.value))
}

/// Whether two values are the same for a person: 1 and 1.0 are.
fn is_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| is_equal(a, b))
        }
        (Value::Object(one), Value::Object(other)) => {
            let is_same = |(key, value)| other.get(key).is_some_and(|other| is_equal(value, other));
            one.len() == other.len() && one.iter().all(is_same)
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_same_however_they_are_kept() {
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        for (one, other, same) in [
            ("1", "1.0", true),
            ("[1, {\"a\": 2}]", "[1.0, {\"a\": 2.0}]", true),
            ("\"1\"", "1", false),
            ("[1]", "[1, 2]", false),
            ("{\"a\": 1}", "{\"b\": 1}", false),
            ("null", "null", true),
        ] {
            assert_eq!(is_equal(&value(one), &value(other)), same, "{one} {other}");
        }
    }
}
