use braincells_core::{
    Calibration, CalibrationMode, CellFigures, Output, Value, label_score, likeliest, raw_shares,
};
use braincells_llm::LLMResponse;

/// How a run reads the label scores of its answers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scoring {
    output: Output,
    labels: Vec<String>,
    id: i64,
    calibration: Calibration,
}

impl Scoring {
    /// `None` if the output type has no labels to score. `id` names the calibration in the sheet.
    pub(crate) fn new(output: &Output, id: i64, calibration: Calibration) -> Option<Self> {
        let labels = output.scored_labels()?;
        Some(Self { output: output.clone(), labels, id, calibration })
    }

    /// The words behind which the rows' labels are scored.
    pub(crate) fn lead_in(&self) -> Option<&str> {
        self.calibration.lead_in.as_deref()
    }

    /// The cell's value by the calibrated shares, with the scores and the confidence put into
    /// `figures`; `None` if the engine scored no labels: then the answer stays as it is.
    pub(crate) fn read(&self, response: &LLMResponse, figures: &mut CellFigures) -> Option<Value> {
        let scores = label_scores(&self.labels, response)?;
        let shares = self.calibration.shares(&scores)?;
        let best = likeliest(&shares)?;
        figures.confidence = Some(shares[best]);
        figures.label_scores = scores;
        figures.calibration = Some(self.id);
        Some(self.output.label_value(&self.labels[best]))
    }
}

/// The scores of an answer in the order of `labels`; `None` if one of them has no share.
pub(crate) fn label_scores(labels: &[String], response: &LLMResponse) -> Option<Vec<f64>> {
    let found = &response.label_probabilities;
    let score = |(at, label): (usize, &String)| {
        // Engines give them in the order in which they were asked.
        let in_place = found.get(at).filter(|entry| entry.label == *label);
        let entry = in_place.or_else(|| found.iter().find(|entry| entry.label == *label))?;
        Some(label_score(entry.probability))
    };
    labels.iter().enumerate().map(score).collect()
}

/// What a calibration makes of scores: the index of the label and its share.
pub(crate) fn decided(calibration: &Calibration, scores: &[f64]) -> Option<(usize, f64)> {
    let shares = match calibration.mode {
        CalibrationMode::None => raw_shares(scores),
        CalibrationMode::Prior | CalibrationMode::Batch => calibration.shares(scores)?,
    };
    let best = likeliest(&shares)?;
    Some((best, shares[best]))
}
