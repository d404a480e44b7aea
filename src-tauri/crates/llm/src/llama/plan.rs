//! What the engine does next: pure functions of its state, so that the policy is a table.
//!
//! On a CPU a prompt is cheapest in large calls and generation in calls of its own with fewer than
//! 64 rows, so free slots are refilled together. A group is gathered for a moment when more rows
//! are announced, because rows are cut into tokens beside the engine and arrive one by one.
//!
//! On a GPU generation is bound by memory and prompt tokens ride along nearly for free, so each
//! call has a token of every generating row and fills the rest with prompts, piece by piece.

/// On a CPU, calls of 64 and more rows take another, slower path through flash attention.
pub const MOST_CPU_ROWS: usize = 63;

/// Answers remembered to guess how long the next ones will be.
const REMEMBERED_ANSWERS: usize = 256;
/// Before that many answers nothing is guessed.
const LEAST_ANSWERS: usize = 16;
/// Room for an answer beyond the guess.
const SPARE_TOKENS: u32 = 16;

/// The state that the decision depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation {
    /// Rows that are generating.
    pub active: usize,
    /// Rows whose prompt is computed in part; only where calls are mixed.
    pub filling: usize,
    /// Slots for generating rows in all.
    pub slots: usize,
    /// Prepared rows that wait.
    pub waiting: usize,
    /// How many of these could be taken on now, in their order.
    pub fitting: usize,
    /// Whether more rows are announced by a batch that has not ended.
    pub more_announced: bool,
    /// Whether the announced rows were already waited for.
    pub gathered: bool,
    /// Whether prompts and generation share their calls.
    pub is_mixed: bool,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Take up to this many waiting rows and compute their prompts.
    Admit(usize),
    /// Wait a moment for announced rows.
    Gather,
    /// One token for every active row.
    Generate,
    /// Take up to this many waiting rows, then one call with a token for every active row and
    /// with as much of the prompts as fits.
    Mix(usize),
    /// Nothing to do until something arrives.
    Sleep,
}

/// Decides the next step.
pub fn plan(situation: Situation) -> Step {
    let Situation { active, filling, slots, waiting, fitting, more_announced, gathered, is_mixed } =
        situation;
    if active + filling == 0 {
        return match waiting {
            0 if more_announced && !gathered => Step::Gather,
            0 => Step::Sleep,
            _ if waiting < slots && more_announced && !gathered => Step::Gather,
            _ if is_mixed => Step::Mix(fitting.max(1)),
            _ => Step::Admit(fitting.max(1)),
        };
    }
    if is_mixed {
        return if filling + fitting == 0 { Step::Generate } else { Step::Mix(fitting) };
    }
    let free = slots.saturating_sub(active);
    let refill_at = slots.div_ceil(2);
    // A last, small group does not wait for a half of the slots that nobody will fill.
    let enough = if more_announced { refill_at } else { waiting.min(refill_at) };
    if fitting > 0 && free >= enough && (waiting >= enough || gathered) {
        return Step::Admit(fitting);
    }
    Step::Generate
}

/// In exact mode, the tokens of a row that are computed in one call at most. Fewer cost speed, more
/// make prefixes end earlier.
pub const EXACT_BLOCK: usize = 64;

/// How the tokens of rows are cut into calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// Of at most this many tokens, whichever rows they belong to.
    Full(usize),
    /// One call for each block of [`EXACT_BLOCK`] tokens of a row, counted from its first token.
    /// So the shape of every call follows from the row alone; and a prefix of whole blocks was
    /// computed in the very calls that the row would have made itself.
    Blocks,
}

impl Calls {
    /// For `tokens` in calls of at most `most`.
    pub fn of(tokens: usize, most: usize, is_exact: bool) -> Self {
        if is_exact { Self::Blocks } else { Self::Full(equal_calls(tokens, most)) }
    }

    /// Whether a call with `tokens` ends before a row's token at `position`.
    pub fn end_before(self, tokens: usize, position: usize) -> bool {
        match self {
            Self::Full(most) => tokens == most,
            Self::Blocks => tokens > 0 && position.is_multiple_of(EXACT_BLOCK),
        }
    }
}

/// The most tokens of each call that `tokens` are computed in: calls of equal size, because a small rest costs nearly as much as a full call.
pub fn equal_calls(tokens: usize, most: usize) -> usize {
    tokens.div_ceil(tokens.div_ceil(most.max(1)).max(1)).max(1)
}

/// How many prompt tokens go into a mixed call beside one token of each active row: all that the
/// budget leaves, and some in any case, so that prompts are never starved.
pub fn prompt_budget(active_tokens: usize, budget: usize, batch_tokens: usize) -> usize {
    budget
        .saturating_sub(active_tokens)
        .max(budget / 8)
        .min(batch_tokens.saturating_sub(active_tokens))
}

/// How many of the rows of a group that found no room are tried next.
pub fn halved(rows: usize) -> usize {
    (rows / 2).max(1)
}

/// How long answers were, to reserve what they will likely need instead of all they may take. A
/// row that needs more than reserved goes on; if the memory is full then, the youngest rows wait.
#[derive(Debug, Default)]
pub struct AnswerLengths {
    tokens: std::collections::VecDeque<u32>,
}

impl AnswerLengths {
    /// Remembers one answer.
    pub fn push(&mut self, tokens: u32) {
        if self.tokens.len() == REMEMBERED_ANSWERS {
            self.tokens.pop_front();
        }
        self.tokens.push_back(tokens);
    }

    /// The tokens that 95 of 100 answers stayed within, once enough are known.
    pub fn usual(&self) -> Option<u32> {
        if self.tokens.len() < LEAST_ANSWERS {
            return None;
        }
        let mut sorted: Vec<u32> = self.tokens.iter().copied().collect();
        sorted.sort_unstable();
        Some(sorted[(sorted.len() * 95).div_ceil(100) - 1])
    }

    /// What to reserve for an answer of at most `most` tokens of which `generated` are there.
    pub fn reserved(&self, most: u32, generated: u32) -> u32 {
        let usual = self.usual().unwrap_or(most).max(generated);
        usual.saturating_add(SPARE_TOKENS).min(most.max(generated))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn situation(active: usize, waiting: usize, more: bool, gathered: bool) -> Situation {
        Situation {
            active,
            filling: 0,
            slots: 16,
            waiting,
            fitting: waiting.min(16 - active),
            more_announced: more,
            gathered,
            is_mixed: false,
        }
    }

    #[test]
    fn the_policy_on_a_cpu() {
        for ((active, waiting, more, gathered), expected) in [
            // Idle.
            ((0, 0, false, false), Step::Sleep),
            ((0, 0, true, false), Step::Gather),
            ((0, 0, true, true), Step::Sleep),
            // The first group: gathered once, then taken as it is.
            ((0, 3, true, false), Step::Gather),
            ((0, 3, true, true), Step::Admit(3)),
            ((0, 3, false, false), Step::Admit(3)),
            ((0, 40, true, false), Step::Admit(16)),
            // Refill in groups of at least half the slots.
            ((12, 40, true, false), Step::Generate),
            ((8, 40, true, false), Step::Admit(8)),
            ((8, 2, true, false), Step::Generate),
            ((8, 2, true, true), Step::Admit(2)),
            // The tail does not wait for company.
            ((12, 2, false, false), Step::Admit(2)),
            ((15, 2, false, false), Step::Generate),
            ((3, 0, false, false), Step::Generate),
            ((16, 9, true, false), Step::Generate),
        ] {
            let found = plan(situation(active, waiting, more, gathered));
            assert_eq!(found, expected, "{:?}", (active, waiting, more, gathered));
        }
        // Rows that only need their prompt do not count by slots.
        let prompts = Situation { fitting: 32, ..situation(0, 40, true, false) };
        assert_eq!(plan(prompts), Step::Admit(32));
        let stuck = Situation { fitting: 0, ..situation(0, 1, false, false) };
        assert_eq!(plan(stuck), Step::Admit(1), "an idle engine always tries");
    }

    #[test]
    fn the_policy_on_a_gpu() {
        for ((active, filling, waiting, more, gathered), expected) in [
            ((0, 0, 0, false, false), Step::Sleep),
            ((0, 0, 3, true, false), Step::Gather),
            ((0, 0, 3, true, true), Step::Mix(3)),
            ((0, 0, 40, true, false), Step::Mix(16)),
            // A free slot is refilled at once.
            ((15, 0, 40, true, false), Step::Mix(1)),
            ((15, 1, 40, true, false), Step::Mix(0)),
            ((16, 0, 40, true, false), Step::Generate),
            ((5, 0, 0, true, false), Step::Generate),
        ] {
            let situation = Situation {
                filling,
                is_mixed: true,
                fitting: waiting.min(16 - active - filling),
                ..situation(active, waiting, more, gathered)
            };
            assert_eq!(plan(situation), expected, "{:?}", (active, filling, waiting));
        }
    }

    #[test]
    fn calls_are_of_equal_size_and_of_256_tokens_where_there_are_as_many() {
        for (tokens, expected) in [(0, 1), (1, 1), (512, 512), (513, 257), (700, 350), (1100, 367)]
        {
            assert_eq!(equal_calls(tokens, 512), expected, "{tokens}");
        }
        for tokens in 257..5000 {
            let size = equal_calls(tokens, 512);
            assert!((256..=512).contains(&size), "{tokens} in calls of {size}");
        }
    }

    /// The calls for a row's tokens from `begin` on, each as its first and one behind its last.
    fn calls_of(calls: Calls, begin: usize, end: usize) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let mut first = begin;
        for position in begin..end {
            if calls.end_before(position - first, position) {
                found.push((first, position));
                first = position;
            }
        }
        found.push((first, end));
        found
    }

    #[test]
    fn in_exact_mode_a_row_is_computed_in_the_same_calls_whatever_of_it_is_there() {
        for length in 1..400 {
            let calls = Calls::of(length, 512, true);
            let alone = calls_of(calls, 0, length);
            assert!(alone.iter().all(|(first, end)| end - first <= EXACT_BLOCK && first < end));
            for shared in (EXACT_BLOCK..length).step_by(EXACT_BLOCK) {
                let mut behind = calls_of(calls, 0, shared);
                behind.extend(calls_of(calls, shared, length));
                assert_eq!(behind, alone, "{shared} of {length}");
            }
        }
        assert_eq!(calls_of(Calls::of(700, 512, false), 40, 740), [(40, 390), (390, 740)]);
    }

    #[test]
    fn prompts_get_what_a_mixed_call_leaves() {
        assert_eq!(prompt_budget(0, 512, 512), 512);
        assert_eq!(prompt_budget(100, 512, 512), 412);
        assert_eq!(prompt_budget(500, 512, 512), 12, "no call is larger than a batch");
        assert_eq!(prompt_budget(255, 256, 512), 32, "prompts are not starved");
    }

    #[test]
    fn answers_are_guessed_from_those_before() {
        let mut lengths = AnswerLengths::default();
        assert_eq!(lengths.reserved(256, 0), 256, "nothing is known yet");
        (0..100).for_each(|answer| lengths.push(if answer < 96 { 10 } else { 200 }));
        assert_eq!(lengths.usual(), Some(10));
        assert_eq!(lengths.reserved(256, 0), 26);
        assert_eq!(lengths.reserved(20, 0), 20, "never more than it may take");
        assert_eq!(lengths.reserved(256, 90), 106, "it took more already");
        (0..300).for_each(|_| lengths.push(50));
        assert_eq!(lengths.usual(), Some(50), "old answers are forgotten");
    }

    proptest! {
        #[test]
        fn there_is_always_a_next_step_and_it_fits(
            active in 0_usize..20,
            filling in 0_usize..5,
            slots in 1_usize..20,
            waiting in 0_usize..60,
            more_announced: bool,
            gathered: bool,
            is_mixed: bool,
            prompts_only: bool,
        ) {
            let active = active.min(slots);
            let filling = if is_mixed { filling.min(slots - active) } else { 0 };
            let room = if prompts_only { 2 * slots } else { slots } - active - filling;
            let fitting = waiting.min(room);
            let situation = Situation {
                active, filling, slots, waiting, fitting, more_announced, gathered, is_mixed,
            };
            match plan(situation) {
                Step::Admit(count) => {
                    prop_assert!(!is_mixed && (1..=fitting).contains(&count));
                }
                Step::Mix(count) => prop_assert!(is_mixed && count <= fitting),
                Step::Generate => prop_assert!(active > 0),
                Step::Gather => prop_assert!(more_announced && !gathered),
                Step::Sleep => prop_assert!(active + filling + waiting == 0),
            }
        }
    }
}
