//! What a run took of a provider so far, as the sheet knows it.

use braincells_core::RunId;
use duckdb::params;

use crate::DataError;
use crate::error::during;
use crate::sheet::SheetStore;

/// What a run took of a provider so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RunSpent {
    /// US dollars; `None` where no answer had a known cost.
    pub cost_usd: Option<f64>,
    /// Tokens, prompts and answers together.
    pub tokens: u64,
    /// Answers that took any of it.
    pub answers: u64,
}

impl RunSpent {
    /// The greater of both, figure by figure: two countings of the same run, of which neither may
    /// know all of it.
    fn or_more(self, other: Self) -> Self {
        let costs = [self.cost_usd, other.cost_usd].into_iter().flatten();
        Self {
            cost_usd: costs.reduce(f64::max),
            tokens: self.tokens.max(other.tokens),
            answers: self.answers.max(other.answers),
        }
    }
}

impl SheetStore {
    /// Notes what a run took so far, all of it. What was noted before never shrinks. Not a step:
    /// undoing a run brings no money back.
    pub fn note_run_spent(&self, run: RunId, spent: RunSpent) -> Result<(), DataError> {
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.writer()?
            .connection
            .execute(
                // `greatest` leaves out what is not there.
                "UPDATE braincells.runs SET spent_usd = greatest(spent_usd, ?), \
                 spent_tokens = greatest(spent_tokens, ?), \
                 spent_answers = greatest(spent_answers, ?) WHERE id = ?",
                params![spent.cost_usd, number(spent.tokens), number(spent.answers), run.0],
            )
            .map(drop)
            .map_err(during("note what a run took"))
    }

    /// What a run took so far, whether it was undone since or not: as it was noted, or as its log
    /// says, where that is more. Cells that took another cell's answer are free.
    pub fn run_spent(&self, run: RunId) -> Result<RunSpent, DataError> {
        let logged = self.read_spent(
            "SELECT (SELECT sum(cost_usd) FROM braincells.cell_log WHERE run_id = $1), \
             coalesce(sum(coalesce(prompt_tokens, 0) + coalesce(completion_tokens, 0)), \
             0)::BIGINT, count(*) FROM braincells.cell_log WHERE run_id = $1 \
             AND (duration_ms > 0 OR completion_tokens > 0)",
            run,
        )?;
        let noted = self.read_spent(
            "SELECT max(spent_usd), coalesce(max(spent_tokens), 0), \
             coalesce(max(spent_answers), 0) FROM braincells.runs WHERE id = $1",
            run,
        )?;
        Ok(logged.or_more(noted))
    }

    fn read_spent(&self, sql: &str, run: RunId) -> Result<RunSpent, DataError> {
        let number = |number: i64| number.max(0) as u64;
        self.reader()
            .query_row(sql, [run.0], |row| {
                Ok(RunSpent {
                    cost_usd: row.get(0)?,
                    tokens: number(row.get(1)?),
                    answers: number(row.get(2)?),
                })
            })
            .map_err(during("add up what a run took"))
    }
}
