use std::collections::VecDeque;
use std::slice::Chunks;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use braincells_core::{AppError, ColumnId, RowId, RunRequest, SheetId, Value};
use braincells_data::DataError;
use braincells_llm::cloud::batch_file::request_line;
use braincells_llm::cloud::{CloudEngine, CloudModel, Endpoint, FlowLimits};
use braincells_llm::prompt::Example;
use braincells_llm::{AnswerKey, LLMEngine, LLMRequest};

use super::files::{MOST, write_lines};
use super::name::{Asked, Place};
use super::note::Note;
use super::{BatchFile, BatchWritten, target};
use crate::Workbench;
use crate::answers::Answers;
use crate::backends::split;
use crate::blocking::blocking;
use crate::columns::column_with_id;
use crate::error::WorkbenchError;
use crate::run::{Order, noted};
use crate::transfer::StopOnDrop;

/// Rows whose values are in memory at once.
const PAGE_ROWS: usize = 512;

impl Workbench {
    /// Writes the requests of a column into a file as OpenAI's batches take it: one line for each
    /// row that the request means, named by the row's id and what it asks. Rows whose answer is kept
    /// from earlier have no line, because a run fills them for nothing; a request that is fresh
    /// writes them too. Asks nobody and loads no model. What providers do not take in one file goes
    /// on in the next; they appear whole or not at all. Dropping the future stops it.
    ///
    /// Refused while the sheet or the settings are locked and the model is not on this machine,
    /// while a run fills the column, which would be paid twice, and for a column whose rows are made
    /// one after the other.
    pub async fn write_batch(
        &self,
        sheet: SheetId,
        column: ColumnId,
        request: impl Into<RunRequest> + Send,
        file: impl Into<BatchFile> + Send,
    ) -> Result<BatchWritten, AppError> {
        let (request, file) = (request.into(), file.into());
        let order = self.order(sheet, column, None).await?;
        self.check_lock(sheet, &order.recipe.model).await?;
        let (endpoint, model) = target(&order.recipe.model, &self.settings().await?, self.cloud())?;
        let (is_live, is_made) =
            (self.live().is_column_live(sheet, column), order.plan.wants_new_items());
        if is_live || is_made {
            let columns = self.columns(sheet).await?;
            let name = column_with_id(&columns, column)?.name.clone();
            let error = if is_live {
                WorkbenchError::ColumnBusy { name }
            } else {
                WorkbenchError::NotForBatch { name }
            };
            return Err(error.into());
        }
        let fingerprint = if request.fresh {
            None
        } else {
            self.who_answers(&order.recipe.model, &endpoint, &model).await?
        };
        let (answers, now_ms) = (self.answers(), self.now_ms());
        let catalogue = self.catalogue();
        let stop = StopOnDrop::default();
        let stopped = Arc::clone(&stop.stopped);
        blocking(move || {
            let rows = order.rows(&request, None)?;
            let examples = order.guessed_examples()?;
            let mut requests = Requests {
                order: &order,
                place: Place { sheet, column },
                examples: &examples,
                endpoint: &endpoint,
                model: &model,
                kept: fingerprint.as_deref().map(|name| (&answers, name)),
                now_ms,
                pages: rows.ready.chunks(PAGE_ROWS),
                lines: VecDeque::new(),
                asked: Vec::with_capacity(rows.ready.len()),
                known: 0,
            };
            let files = write_lines(&file, MOST, &mut || {
                if stopped.load(Ordering::Relaxed) {
                    return Err(DataError::Cancelled.into());
                }
                requests.next_line()
            })?;
            let Requests { mut asked, known, .. } = requests;
            let written = BatchWritten {
                requests: asked.len() as u64,
                files,
                rows_waiting: rows.waiting,
                rows_skipped_empty: (rows.ready.len() - asked.len()) as u64 - known,
                rows_known: known,
            };
            // What an earlier file asked for may still come.
            let earlier = Note::read(&catalogue, sheet, column)?;
            asked.extend(earlier.iter().flat_map(Note::rows));
            let note = Note::new(noted(&examples), &asked);
            note.write(&catalogue, sheet, column)?;
            Ok::<_, AppError>(written)
        })
        .await
    }

    /// The name under which the answers of this model are kept; `None` if it is not known without
    /// loading it.
    async fn who_answers(
        &self,
        name: &str,
        endpoint: &Endpoint,
        model: &str,
    ) -> Result<Option<String>, AppError> {
        if let Some(engine) = self.engines().loaded(name).await {
            return Ok(engine.capabilities().fingerprint);
        }
        if split(name, &self.settings().await?.backends.endpoints).is_none() {
            return Ok(None);
        }
        // Made for its name alone: it asks nobody.
        let model = CloudModel {
            endpoint: endpoint.clone(),
            key: None,
            model: model.to_owned(),
            price: None,
            context_tokens: None,
        };
        let limits =
            FlowLimits { parallel_requests: 1, requests_per_minute: None, tokens_per_minute: None };
        let (client, clock) = (self.cloud().client().await?, Arc::clone(&self.world().clock));
        Ok(CloudEngine::new(client, model, limits, clock, 0).capabilities().fingerprint)
    }
}

/// The requests of some rows, as lines.
struct Requests<'a> {
    order: &'a Order,
    place: Place,
    examples: &'a [Example],
    endpoint: &'a Endpoint,
    model: &'a str,
    /// Where earlier answers are, and whose; `None` if none are wanted.
    kept: Option<(&'a Answers, &'a str)>,
    now_ms: i64,
    pages: Chunks<'a, RowId>,
    lines: VecDeque<String>,
    /// Rows that have a line.
    asked: Vec<RowId>,
    /// How many rows have an answer already.
    known: u64,
}

impl Requests<'_> {
    fn next_line(&mut self) -> Result<Option<String>, AppError> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Ok(Some(line));
            }
            let Some(rows) = self.pages.next() else { return Ok(None) };
            self.read(rows)?;
        }
    }

    /// Makes the lines of the rows that have something to read and no answer yet.
    fn read(&mut self, rows: &[RowId]) -> Result<(), AppError> {
        let Self { order, place, examples, endpoint, model, kept, now_ms, .. } = self;
        let values = order.store.values(&order.inputs, rows)?;
        let has_something = |(_, values): &(&RowId, Vec<Value>)| !order.plan.is_input_empty(values);
        let questions: Vec<(RowId, Asked, LLMRequest)> = rows
            .iter()
            .zip(values)
            .filter(has_something)
            .map(|(row, values)| {
                let seed = order.seeds().of(*row, 0);
                let plain = order.plan.request(&values, &[], seed);
                (*row, Asked::of(&plain), order.plan.request(&values, examples, seed))
            })
            .collect();
        let key = |request: &LLMRequest| kept.map(|(_, whose)| request.answer_key(whose));
        let keys: Vec<AnswerKey> =
            questions.iter().filter_map(|(.., request)| key(request)).collect();
        let found = kept.map(|(answers, _)| answers.find(&keys, *now_ms)).unwrap_or_default();
        for (row, what, request) in &questions {
            if key(request).is_some_and(|key| found.contains_key(&key)) {
                self.known += 1;
                continue;
            }
            let name = place.name_of(*row, *what);
            let mut line = request_line(&name, request, endpoint, model);
            line.push('\n');
            self.lines.push_back(line);
            self.asked.push(*row);
        }
        Ok(())
    }
}
