use braincells_core::ColumnId;
use braincells_data::RunRate;

use super::{AnswerBasis, TimeBasis};

/// Cells that a run must have asked for before its speed says anything.
const LEAST_CELLS: u64 = 8;

/// What is known about how fast a column is filled.
pub(super) struct Known<'a> {
    pub(super) column: ColumnId,
    pub(super) model: &'a str,
    /// Of the sheet's runs, newest first.
    pub(super) rates: &'a [RunRate],
    pub(super) measured: Option<Measured>,
    /// Of one prompt, on average.
    pub(super) prompt_tokens: f64,
    /// The most tokens of one answer.
    pub(super) answer_limit: u32,
}

/// How fast some rows were answered just now.
pub(super) struct Measured {
    pub(super) cells: u64,
    pub(super) answer_tokens: u64,
    pub(super) seconds: f64,
    /// US dollars, all together.
    pub(super) cost_usd: Option<f64>,
}

impl Measured {
    /// What one cell cost.
    pub(super) fn cost_each(&self) -> Option<f64> {
        Some(self.cost_usd? / self.cells as f64)
    }
}

/// What one cell takes.
#[derive(Debug, PartialEq)]
pub(super) struct Pace {
    pub(super) answer_tokens: f64,
    pub(super) answers: AnswerBasis,
    pub(super) seconds: Option<f64>,
    pub(super) time: TimeBasis,
}

/// The best that can be said: what was measured now, else the newest run of the column with its
/// model, else the newest of another column, by tokens.
pub(super) fn pace(known: &Known<'_>) -> Pace {
    if let Some(Measured { cells, answer_tokens, seconds, .. }) = &known.measured {
        let cells = *cells as f64;
        return Pace {
            answer_tokens: *answer_tokens as f64 / cells,
            answers: AnswerBasis::AskedNow,
            seconds: Some(seconds / cells),
            time: TimeBasis::AskedNow,
        };
    }
    let says_something = |rate: &&RunRate| {
        rate.model.as_deref() == Some(known.model)
            && rate.cells >= LEAST_CELLS
            && rate.elapsed_ms > 0
    };
    let mut rates = known.rates.iter().filter(says_something);
    if let Some(own) = rates.clone().find(|rate| rate.column == known.column) {
        let cells = own.cells as f64;
        return Pace {
            answer_tokens: own.completion_tokens as f64 / cells,
            answers: AnswerBasis::EarlierRuns,
            seconds: Some(own.elapsed_ms as f64 / 1000.0 / cells),
            time: TimeBasis::EarlierRuns,
        };
    }
    let answer_tokens = f64::from(known.answer_limit);
    let by_tokens = |rate: &RunRate| {
        let tokens = (rate.prompt_tokens + rate.completion_tokens).max(1) as f64;
        (known.prompt_tokens + answer_tokens) * rate.elapsed_ms as f64 / 1000.0 / tokens
    };
    let seconds = rates.next().map(by_tokens);
    let time = if seconds.is_some() { TimeBasis::OtherColumns } else { TimeBasis::Unknown };
    Pace { answer_tokens, answers: AnswerBasis::Limit, seconds, time }
}

#[cfg(test)]
mod tests {
    use braincells_core::RunId;

    use super::*;

    fn rate(run: i64, column: i64, model: &str, cells: u64) -> RunRate {
        RunRate {
            run: RunId(run),
            column: ColumnId(column),
            model: Some(model.to_owned()),
            cells,
            prompt_tokens: cells * 90,
            completion_tokens: cells * 10,
            elapsed_ms: cells * 500,
        }
    }

    fn known(rates: &[RunRate], measured: Option<Measured>) -> Pace {
        pace(&Known {
            column: ColumnId(1),
            model: "m",
            rates,
            measured,
            prompt_tokens: 180.0,
            answer_limit: 20,
        })
    }

    #[test]
    fn what_is_nearest_to_the_run_is_taken() {
        let other_model = rate(4, 1, "large", 100);
        let too_few = rate(3, 1, "m", 2);
        let other_column = rate(2, 2, "m", 100);
        let own = rate(1, 1, "m", 100);
        let all = [other_model.clone(), too_few.clone(), other_column.clone(), own];
        let measured = Measured { cells: 4, answer_tokens: 12, seconds: 2.0, cost_usd: None };
        let cases = [
            (
                known(&all, Some(measured)),
                3.0,
                AnswerBasis::AskedNow,
                Some(0.5),
                TimeBasis::AskedNow,
            ),
            (known(&all, None), 10.0, AnswerBasis::EarlierRuns, Some(0.5), TimeBasis::EarlierRuns),
            (known(&all[..3], None), 20.0, AnswerBasis::Limit, Some(1.0), TimeBasis::OtherColumns),
            (known(&all[..2], None), 20.0, AnswerBasis::Limit, None, TimeBasis::Unknown),
        ];
        for (found, answer_tokens, answers, seconds, time) in cases {
            assert_eq!(found, Pace { answer_tokens, answers, seconds, time });
        }
    }
}
