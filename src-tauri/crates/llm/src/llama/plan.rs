//! What the engine does next: a pure function of its state, so that the policy is a table.
//!
//! On a CPU a prompt is cheapest in large groups and generation in calls of its own, so free
//! slots are refilled together. A group is gathered for a moment when more rows are announced,
//! because rows are cut into tokens beside the engine and arrive one by one.

/// The state that the decision depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation {
    /// Rows that are generating.
    pub active: usize,
    /// Slots in all.
    pub slots: usize,
    /// Prepared rows that wait.
    pub waiting: usize,
    /// Whether more rows are announced by a batch that has not ended.
    pub more_announced: bool,
    /// Whether the announced rows were already waited for.
    pub gathered: bool,
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
    /// Nothing to do until something arrives.
    Sleep,
}

/// Decides the next step.
pub fn plan(situation: Situation) -> Step {
    let Situation { active, slots, waiting, more_announced, gathered } = situation;
    let free = slots - active;
    let refill_at = slots.div_ceil(2);
    if active == 0 {
        return match waiting {
            0 if more_announced && !gathered => Step::Gather,
            0 => Step::Sleep,
            _ if waiting < slots && more_announced && !gathered => Step::Gather,
            _ => Step::Admit(waiting.min(slots)),
        };
    }
    // A last, small group does not wait for a half of the slots that nobody will fill.
    let enough = if more_announced { refill_at } else { waiting.min(refill_at) };
    if waiting > 0 && free >= enough && (waiting >= enough || gathered) {
        return Step::Admit(waiting.min(free));
    }
    Step::Generate
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(active: usize, waiting: usize, more_announced: bool, gathered: bool) -> Step {
        plan(Situation { active, slots: 16, waiting, more_announced, gathered })
    }

    #[test]
    fn the_policy() {
        for (situation, expected) in [
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
        ] {
            let (active, waiting, more, gathered) = situation;
            assert_eq!(step(active, waiting, more, gathered), expected, "{situation:?}");
        }
    }
}
