//! Who is to blame when the engine's process ends: rows that end it, and kills from outside, in any
//! mixture.

use std::collections::BTreeSet;

use braincells_core::CellState;
use braincells_llm::{FinishReason, Message, Role};
use braincells_testing::Dice;
use proptest::prelude::*;

use super::*;

fn response(content: &str) -> LLMResponse {
    LLMResponse {
        content: content.to_owned(),
        reasoning: None,
        model: "m".to_owned(),
        prompt_tokens: 1,
        shared_tokens: 0,
        completion_tokens: 1,
        duration_ms: 1,
        finish_reason: FinishReason::Stop,
        cost_usd: None,
        confidence: None,
        label_probabilities: Vec::new(),
    }
}

/// A run as the feed and the engine make it, without either.
struct Run {
    desk: Desk,
    now: Instant,
    rows_left: std::ops::Range<i64>,
    usual: u64,
    flight: Vec<RequestId>,
    deaths: u32,
    ended: Vec<Ended>,
}

impl Run {
    fn new(rows: i64, usual: u64) -> Self {
        let seeds = Seeds { seed: 0, greedy: true };
        let desk = Desk::new(RunId(1), seeds, None, None, None);
        let (flight, ended) = (Vec::new(), Vec::new());
        Self { desk, now: Instant::now(), rows_left: 0..rows, usual, flight, deaths: 0, ended }
    }

    fn pull(&mut self) {
        while self.desk.in_flight() < self.desk.most_in_flight(self.usual) {
            if let Some((id, _)) = self.desk.next_attempt(self.now) {
                self.flight.push(id);
                continue;
            }
            let Some(row) = self.rows_left.next() else { return };
            let question = vec![Message::new(Role::User, format!("row {row}"))];
            let request = LLMRequest::new("m", question);
            let Admitted::Ask(id, _) = self.desk.admit(RowId(row), request, None) else {
                panic!("each row is asked")
            };
            self.flight.push(id);
        }
    }

    fn die(&mut self) {
        self.deaths += 1;
        let requests = self.flight.len() as u32;
        for id in std::mem::take(&mut self.flight) {
            let error = LLMError::WorkerDied { reason: "gone".to_owned(), requests };
            self.ended.extend(self.desk.failed(id, error, self.now));
        }
    }

    fn answer(&mut self, at: usize) {
        let id = self.flight.swap_remove(at);
        let row = self.desk.row_of(id).expect("it is open");
        let ended = self.desk.answered(id, response(&row.0.to_string()), self.now);
        self.ended.extend(ended);
        self.ended.extend(self.desk.take_suspects());
    }

    /// Works until every row has its end. A process that begins with a deadly row ends sooner or
    /// later; kills from outside come after every so many answers.
    fn finish(&mut self, deadly: &BTreeSet<i64>, kill_every: Option<u64>, dice: &mut Dice) {
        let mut answers = 0;
        loop {
            self.pull();
            if self.flight.is_empty() {
                break;
            }
            let at = dice.below(self.flight.len() as u64) as usize;
            let row = self.desk.row_of(self.flight[at]).expect("it is open");
            if deadly.contains(&row.0) {
                self.die();
                continue;
            }
            self.answer(at);
            answers += 1;
            if kill_every.is_some_and(|every| answers % every == 0) {
                self.die();
            }
        }
        self.ended.extend(self.desk.take_suspects());
    }
}

#[test]
fn how_the_process_ended_is_known_until_something_is_answered() {
    let mut run = Run::new(2, 2);
    run.pull();
    run.die();
    let end = run.desk.take_process_end();
    assert!(matches!(end, Some(LLMError::WorkerDied { requests: 2, .. })), "{end:?}");
    assert_eq!(run.desk.take_process_end(), None);
    run.pull();
    run.die();
    run.pull();
    run.answer(0);
    assert_eq!(run.desk.take_process_end(), None);
}

proptest! {
    #[test]
    fn rows_that_end_the_process_fail_and_no_other_does_whatever_kills_come_beside(
        seed in any::<u64>(),
        rows in 1..80_i64,
        parallel in 1..20_u64,
        deadly in prop::collection::btree_set(0..80_i64, 0..5),
        kill_every in prop::option::of(1..30_u64),
    ) {
        let deadly: BTreeSet<i64> = deadly.into_iter().filter(|row| *row < rows).collect();
        let mut run = Run::new(rows, 2 * parallel);
        run.finish(&deadly, kill_every, &mut Dice::new(seed));
        prop_assert_eq!(run.desk.in_flight(), 0);
        let mut seen: Vec<i64> = run.ended.iter().map(|ended| ended.cell.row.0).collect();
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..rows).collect::<Vec<_>>(), "each row has one end");
        let failed = run.ended.iter().filter(|ended| ended.cell.state == CellState::Failed);
        let failed: BTreeSet<i64> = failed.map(|ended| ended.cell.row.0).collect();
        prop_assert_eq!(&failed, &deadly);
        if kill_every.is_none() {
            // With all others, with few, and twice alone.
            prop_assert!(run.deaths <= 4 * deadly.len() as u32, "{} ends", run.deaths);
        }
    }
}
