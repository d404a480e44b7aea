//! Whose turn it is: runs that want the same engine stand in one line.
//!
//! One of them works, the others wait in the order of their priority, then of their coming. When
//! someone more urgent comes, the one that works is told to give way: it stops asking, lets the
//! engine finish what it has, and is first of its priority again. Nothing in flight is lost.
//!
//! The line itself ([`Line`]) is a pure table; [`Turn`] is a run's place in it, given up when
//! dropped.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use braincells_core::Priority;
use tokio::sync::watch;

/// One run's place. Tickets count up, so that a lower one came earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    ticket: u64,
    priority: Priority,
}

#[derive(Debug, Default)]
struct Line {
    working: Option<Place>,
    waiting: Vec<Place>,
}

impl Line {
    fn enter(&mut self, place: Place) {
        self.waiting.push(place);
        self.advance();
    }

    fn leave(&mut self, ticket: u64) {
        self.waiting.retain(|place| place.ticket != ticket);
        if self.is_working(ticket) {
            self.working = None;
        }
        self.advance();
    }

    fn give_way(&mut self, ticket: u64) {
        if self.must_give_way(ticket) {
            self.waiting.extend(self.working.take());
            self.advance();
        }
    }

    fn is_working(&self, ticket: u64) -> bool {
        self.working.is_some_and(|place| place.ticket == ticket)
    }

    fn must_give_way(&self, ticket: u64) -> bool {
        self.working.is_some_and(|working| {
            let is_urgent = |place: &Place| place.priority > working.priority;
            working.ticket == ticket && self.waiting.iter().any(is_urgent)
        })
    }

    fn advance(&mut self) {
        if self.working.is_none() {
            let first = |place: &&Place| (place.priority, Reverse(place.ticket));
            self.working = self.waiting.iter().max_by_key(first).copied();
            self.waiting.retain(|place| Some(*place) != self.working);
        }
    }

    fn is_empty(&self) -> bool {
        self.working.is_none() && self.waiting.is_empty()
    }
}

/// The lines of all engines, by [`crate::EngineSource::lane`].
#[derive(Debug)]
pub(crate) struct Lines {
    table: Mutex<Table>,
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Table {
    lines: HashMap<String, Line>,
    tickets: u64,
}

impl Default for Lines {
    fn default() -> Self {
        Self { table: Mutex::default(), changed: watch::Sender::new(()) }
    }
}

impl Lines {
    /// Takes a place at the end of a line.
    pub(crate) fn enter(self: &Arc<Self>, lane: String, priority: Priority) -> Turn {
        let ticket = {
            let mut table = self.lock();
            table.tickets += 1;
            let ticket = table.tickets;
            table.lines.entry(lane.clone()).or_default().enter(Place { ticket, priority });
            ticket
        };
        let standing = Standing(Reverse(priority), ticket);
        Turn { view: TurnView { lines: Arc::clone(self), lane, ticket }, standing }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // Nothing under this lock can panic half-way through a change.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, lane: &str, work: impl FnOnce(&mut Line)) {
        {
            let mut table = self.lock();
            let Some(found) = table.lines.get_mut(lane) else { return };
            work(found);
            if found.is_empty() {
                table.lines.remove(lane);
            }
        }
        self.changed.send_replace(());
    }
}

/// A run's place in a line, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    view: TurnView,
    standing: Standing,
}

/// Who of those that wait comes first: the lesser one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Standing(Reverse<Priority>, u64);

/// What others may know of a place; it does not keep it.
#[derive(Clone, Debug)]
pub(crate) struct TurnView {
    lines: Arc<Lines>,
    lane: String,
    ticket: u64,
}

impl Turn {
    pub(crate) fn view(&self) -> TurnView {
        self.view.clone()
    }

    pub(crate) fn standing(&self) -> Standing {
        self.standing
    }

    /// Waits until it is this run's turn.
    pub(crate) async fn come(&self) {
        let mut changed = self.view.lines.changed.subscribe();
        while !self.view.has_come() {
            // The lines live as long as this place, so the channel cannot close.
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// Lets whoever is more urgent go first, if anyone is.
    pub(crate) fn give_way(&self) {
        let TurnView { lines, lane, ticket } = &self.view;
        lines.change(lane, |line| line.give_way(*ticket));
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let TurnView { lines, lane, ticket } = &self.view;
        lines.change(lane, |line| line.leave(*ticket));
    }
}

impl TurnView {
    /// Whether it is this run's turn.
    pub(crate) fn has_come(&self) -> bool {
        let table = self.lines.lock();
        table.lines.get(&self.lane).is_some_and(|line| line.is_working(self.ticket))
    }

    /// Whether someone more urgent waits for this run.
    pub(crate) fn must_give_way(&self) -> bool {
        let table = self.lines.lock();
        table.lines.get(&self.lane).is_some_and(|line| line.must_give_way(self.ticket))
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn lines() -> Arc<Lines> {
        Arc::default()
    }

    fn enter(lines: &Arc<Lines>, priority: Priority) -> Turn {
        lines.enter("engine".to_owned(), priority)
    }

    fn come(turn: &Turn) -> bool {
        turn.view().has_come()
    }

    #[test]
    fn the_first_works_and_the_others_follow_by_priority_then_by_coming() {
        let lines = lines();
        let first = enter(&lines, Priority::Background);
        let second = enter(&lines, Priority::Background);
        let third = enter(&lines, Priority::Normal);
        let fourth = enter(&lines, Priority::Normal);
        let elsewhere = lines.enter("another".to_owned(), Priority::Background);
        assert!(come(&first) && come(&elsewhere));
        assert!(!come(&second) && !come(&third) && !come(&fourth));
        drop(first);
        assert!(come(&third));
        drop(third);
        assert!(come(&fourth));
        drop(fourth);
        assert!(come(&second));
    }

    #[test]
    fn the_urgent_goes_in_between_and_the_one_it_passed_is_first_again() {
        let lines = lines();
        let long = enter(&lines, Priority::Normal);
        let next = enter(&lines, Priority::Normal);
        assert!(!long.view().must_give_way(), "an equal waits");
        let urgent = enter(&lines, Priority::Now);
        assert!(long.view().must_give_way() && !come(&urgent), "until the other gives way");
        next.give_way();
        assert!(come(&long), "only who works can give way");
        long.give_way();
        assert!(come(&urgent) && !come(&long) && !urgent.view().must_give_way());
        drop(urgent);
        assert!(come(&long) && !come(&next));
    }

    #[test]
    fn who_leaves_while_waiting_is_never_called() {
        let lines = lines();
        let long = enter(&lines, Priority::Normal);
        let urgent = enter(&lines, Priority::Now);
        drop(urgent);
        assert!(!long.view().must_give_way());
        long.give_way();
        assert!(come(&long));
        drop(long);
        assert!(lines.lock().lines.is_empty(), "a line that nobody stands in is forgotten");
    }

    #[tokio::test]
    async fn a_turn_can_be_waited_for() {
        let lines = lines();
        let first = enter(&lines, Priority::Normal);
        first.come().await;
        let second = enter(&lines, Priority::Normal);
        let mut waiting = Box::pin(second.come());
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(first);
        waiting.await;
    }
}
