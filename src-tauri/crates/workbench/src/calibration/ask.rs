//! What a run asks before its first cell to know how the model speaks of labels: what it writes
//! before it names one, then, behind these words, texts that name labels and cells whose label a
//! person knows.
//! Called by the run once it has its engine.

use std::collections::{HashMap, HashSet};

use braincells_core::{
    AppError, Calibration, CalibrationMode, CheckedScores, Output, RowId, Value,
};
use braincells_llm::prompt::Example;
use braincells_llm::{LLMEngine, LLMError, LLMRequest};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::estimate::{Prior, estimate, spread};
use super::label_of;
use super::lead_in::{self, FreeInputs};
use super::plan::still_so;
use super::responses::{Kept, responses};
use super::sayings::sayings;
use super::scoring::label_scores;
use crate::run::Order;

/// The most approved and corrected cells that are asked for again.
const MOST_CHECKED: usize = 64;

/// Rows that are looked at for some that have something to read.
const MOST_ROWS: usize = 64;

/// Such cells that are looked at: some are examples of the prompt, some are not of the labels.
const LOOKED_AT: u32 = 1024;

/// What is to be asked.
pub(crate) struct Questions {
    labels: Vec<String>,
    mode: CalibrationMode,
    /// Names the prompt without its lead-in.
    prompt: String,
    /// What was measured earlier with the same prompt.
    measured: Option<Measured>,
    /// To be answered freely, which tells the lead-in.
    free: Option<(FreeInputs, Vec<LLMRequest>)>,
    /// The column's calibrations; what was said of cells that a person has checked is in them.
    known: Vec<Calibration>,
    /// The labels of these cells now.
    labels_now: HashMap<RowId, usize>,
    requests: Vec<(About, LLMRequest)>,
}

/// A cell with a label that a person knows: the row, the index of the label, and what is read.
type Labelled = (RowId, usize, Vec<Value>);

/// The lead-in that was found for a prompt, and what the model likes behind it.
struct Measured {
    lead_in: Option<String>,
    prior: Prior,
}

impl Measured {
    /// `known` has the latest first.
    fn of_prompt(known: &[Calibration], prompt: &str) -> Option<Self> {
        known.iter().filter(|one| one.prompt.starts_with(prompt)).find_map(|one| {
            Some(Self { lead_in: one.lead_in.clone(), prior: Prior::of_calibration(one)? })
        })
    }
}

enum About {
    Saying(usize),
    Checked(RowId, usize),
}

impl Questions {
    /// For a run of `rows` rows. Nothing to ask where cells stay as the model says, or where the
    /// same was measured before. Blocks.
    pub(crate) fn new(
        order: &Order,
        engine: &dyn LLMEngine,
        examples: &[Example],
        labels: Vec<String>,
        rows: usize,
    ) -> Result<Self, AppError> {
        let mode = order.recipe.calibration;
        let prompt = prompt_name(order, engine, examples);
        let known = calibrations(order)?;
        let measured = Measured::of_prompt(&known, &prompt);
        let asks = mode != CalibrationMode::None
            && !order.inputs.is_empty()
            && engine.capabilities().scores_labels;
        if !asks {
            let (free, requests, labels_now) = (None, Vec::new(), HashMap::new());
            return Ok(Self { labels, mode, prompt, measured, free, known, labels_now, requests });
        }
        let seeds = order.seeds();
        let request = |values: &[Value], examples: &[Example]| {
            order.plan.request(values, examples, seeds.of(RowId(0), 0))
        };
        let (mut free, mut requests) = (None, Vec::new());
        if measured.is_none() {
            let columns = order.inputs.len();
            for saying in sayings(&labels, usize::MAX, columns) {
                requests.push((About::Saying(saying.label), request(&saying.values, examples)));
            }
            let inputs = FreeInputs::new(sample(order)?, &labels, columns);
            // Examples name the label at once, and the model would only do as they do.
            let asked = inputs.values().map(|values| freely(request(values, &[]))).collect();
            free = Some((inputs, asked));
        }
        let cells = labelled_cells(order, &labels)?;
        let labels_now = cells.iter().map(|cell| (cell.0, cell.1)).collect();
        let found = to_be_asked(order, examples, cells, rows);
        let about = |(row, label, values): Labelled| {
            let request = order.plan.request(&values, examples, seeds.of(row, 0));
            (About::Checked(row, label), request)
        };
        requests.extend(found.into_iter().map(about));
        Ok(Self { labels, mode, prompt, measured, free, known, labels_now, requests })
    }

    /// Asks, and makes a calibration of the answers. `kept` are the answers that were given before
    /// and those to be given. Fails only if the engine ends or cannot answer anything at all; a
    /// question that fails by itself is left out.
    pub(crate) async fn calibration(
        mut self,
        engine: &dyn LLMEngine,
        kept: Kept,
    ) -> Result<Calibration, LLMError> {
        let lead_in = self.lead_in(engine, &kept).await?;
        let (about, mut requests): (Vec<About>, Vec<LLMRequest>) =
            std::mem::take(&mut self.requests).into_iter().unzip();
        for request in &mut requests {
            request.lead_in.clone_from(&lead_in);
        }
        let prompt = with_lead_in(&self.prompt, lead_in.as_deref());
        let responses = responses(engine, requests, kept).await?;
        let (mut said, mut checked) = (Vec::new(), Vec::new());
        for (about, response) in about.into_iter().zip(responses) {
            let Some(scores) = response.and_then(|given| label_scores(&self.labels, &given)) else {
                continue;
            };
            match about {
                About::Saying(label) => said.push((label, scores)),
                About::Checked(row, label) => checked.push(CheckedScores { row, scores, label }),
            }
        }
        let asked: HashSet<RowId> = checked.iter().map(|cell| cell.row).collect();
        let same = self.known.iter().filter(|one| one.prompt == prompt);
        let mut earlier = still_so(same.flat_map(|one| &one.checked), &self.labels_now);
        earlier.retain(|cell| !asked.contains(&cell.row));
        earlier.sort_by_key(|cell| cell.row);
        checked.append(&mut earlier);
        // Without its lead-in, what was measured says nothing of this prompt.
        let measured = self.measured.filter(|measured| measured.lead_in == lead_in);
        let prior = measured.map_or_else(|| Prior::of(&said), |measured| measured.prior);
        // A batch is known at its end; until then its cells are made by the prior.
        let mode = match self.mode {
            CalibrationMode::None => CalibrationMode::None,
            CalibrationMode::Prior | CalibrationMode::Batch => CalibrationMode::Prior,
        };
        let labels = self.labels.len();
        let found = estimate(mode, labels, &prompt, &prior, &checked, &[]);
        let found = found.unwrap_or_else(|| Calibration::unchanged(labels, prompt));
        Ok(Calibration { lead_in, ..found })
    }

    async fn lead_in(
        &mut self,
        engine: &dyn LLMEngine,
        kept: &Kept,
    ) -> Result<Option<String>, LLMError> {
        let Some((inputs, requests)) = self.free.take() else {
            let measured = self.measured.as_ref().filter(|_| self.mode != CalibrationMode::None);
            return Ok(measured.and_then(|measured| measured.lead_in.clone()));
        };
        let answers = responses(engine, requests, kept.clone()).await?.into_iter();
        let answers: Vec<Option<String>> =
            answers.map(|answer| answer.map(|answer| answer.content)).collect();
        Ok(inputs.lead_in(&self.labels, &answers))
    }
}

/// The lead-in that was found for the prompt of a column earlier. Blocks.
pub(crate) fn known_lead_in(
    order: &Order,
    engine: &dyn LLMEngine,
    examples: &[Example],
) -> Result<Option<String>, AppError> {
    if order.plan.output().scored_labels().is_none()
        || order.recipe.calibration == CalibrationMode::None
        || !engine.capabilities().scores_labels
    {
        return Ok(None);
    }
    let measured =
        Measured::of_prompt(&calibrations(order)?, &prompt_name(order, engine, examples));
    Ok(measured.and_then(|measured| measured.lead_in))
}

/// Whether a calibration was made for what a run asks now.
pub(crate) fn is_of_prompt(
    calibration: &Calibration,
    order: &Order,
    engine: &dyn LLMEngine,
    examples: &[Example],
) -> bool {
    calibration.prompt.starts_with(&prompt_name(order, engine, examples))
}

/// The calibrations of a column, the latest first.
fn calibrations(order: &Order) -> Result<Vec<Calibration>, AppError> {
    if order.is_new() {
        return Ok(Vec::new());
    }
    let known = order.store.calibrations(order.column)?;
    Ok(known.into_iter().map(|stored| stored.calibration).collect())
}

/// The same question, answered in the model's own words.
fn freely(request: LLMRequest) -> LLMRequest {
    let max_tokens = Some(lead_in::MOST_TOKENS);
    LLMRequest { output: Output::Text, max_tokens, temperature: 0.0, ..request }
}

/// Names everything that the prompts of a run share, and who answers them.
fn prompt_name(order: &Order, engine: &dyn LLMEngine, examples: &[Example]) -> String {
    let nothing = vec![Value::Null; order.inputs.len()];
    let request = order.plan.request(&nothing, examples, 0);
    let answers = engine.capabilities().fingerprint;
    let content =
        serde_json::to_vec(&(answers, &request.model, &request.messages, &request.output))
            .expect("a request has only text keys");
    HEXLOWER.encode(&Sha256::digest(content)[..16])
}

/// The name of a prompt together with its lead-in.
fn with_lead_in(prompt: &str, lead_in: Option<&str>) -> String {
    let Some(lead_in) = lead_in else { return prompt.to_owned() };
    format!("{prompt}-{}", HEXLOWER.encode(&Sha256::digest(lead_in)[..4]))
}

/// The inputs of some rows that have any, evenly over the sheet.
fn sample(order: &Order) -> Result<Vec<Vec<Value>>, AppError> {
    let rows = spread(order.store.rows_at(0, u64::MAX), MOST_ROWS);
    let mut values = order.store.values(&order.inputs, &rows)?;
    values.retain(|values| !order.plan.is_input_empty(values));
    Ok(values)
}

/// The cells with a label that a person knows, in sheet order.
fn labelled_cells(order: &Order, labels: &[String]) -> Result<Vec<Labelled>, AppError> {
    if order.is_new() {
        return Ok(Vec::new());
    }
    let found = order.store.examples(order.column, &order.inputs, LOOKED_AT)?.into_iter();
    let labelled = found.filter_map(|cell| {
        let label = label_of(labels, &cell.value)?;
        Some((cell.row, label, cell.inputs))
    });
    Ok(labelled.collect())
}

/// Those that are asked for: not those that the prompt shows as examples, which the model would
/// only have to copy. A run of a few rows does not ask for many others.
fn to_be_asked(
    order: &Order,
    examples: &[Example],
    mut cells: Vec<Labelled>,
    rows: usize,
) -> Vec<Labelled> {
    let is_shown = |inputs: &[Value]| examples.iter().any(|example| example.inputs == inputs);
    cells.retain(|(_, _, inputs)| !is_shown(inputs) && !order.plan.is_input_empty(inputs));
    spread(cells, MOST_CHECKED.min(rows))
}
