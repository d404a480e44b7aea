//! How many requests may be in flight: additive increase, multiplicative decrease. Pure.
//!
//! Requests of which nothing is heard for much longer than usual do not count, or a few of them
//! would fill a small window for minutes. They count against the limit, which is never exceeded.

use std::collections::BTreeMap;
use std::time::Duration;

/// The most requests in flight before anything is known about the server.
const FIRST: u32 = 5;

/// So many successes one at a time before it grows again, after it was narrowed for the first time.
const NARROW: u32 = 8;

/// The window. It knows requests by their number, in the order in which they were sent.
#[derive(Clone, Debug)]
pub(super) struct Window {
    limit: u32,
    size: u32,
    /// Until the first slow-down every success makes room for one more: it doubles per round trip.
    slow_start: bool,
    /// Successes since it last grew.
    successes: u32,
    /// Successes until more than one at a time is sent again.
    narrow: u32,
    /// How often it was narrowed.
    narrowed: u32,
    next: u64,
    in_flight: u32,
    /// When those were sent of which nothing was heard yet.
    silent: BTreeMap<u64, Duration>,
    /// Requests before this number were sent before the last reaction to a slow-down.
    answered_from: u64,
}

impl Window {
    /// A window that never grows beyond `limit`.
    pub(super) fn new(limit: u32) -> Self {
        let limit = limit.max(1);
        Self {
            limit,
            size: limit.min(FIRST),
            slow_start: true,
            successes: 0,
            narrow: 0,
            narrowed: 0,
            next: 0,
            in_flight: 0,
            silent: BTreeMap::new(),
            answered_from: 0,
        }
    }

    /// A window that knows nothing of its server, but of its own requests.
    pub(super) fn anew(self) -> Self {
        let Self { next, in_flight, silent, .. } = self;
        Self { next, in_flight, silent, ..Self::new(self.limit) }
    }

    /// The most requests in flight now.
    pub(super) fn size(&self) -> u32 {
        self.size
    }

    /// Requests in flight.
    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// When one more may be sent if nothing happens until then; `None` if that alone frees no
    /// place. Of one that is silent for longer than `patience` nothing is expected any more.
    pub(super) fn free_at(&self, patience: Duration, now: Duration) -> Option<Duration> {
        if self.in_flight < self.size {
            return Some(now);
        }
        if self.in_flight >= self.limit || self.narrow > 0 {
            return None;
        }
        // So many of those that are silent for longest must be beyond hope.
        let too_many = (self.in_flight - self.size) as usize;
        let sent = self.silent.values().nth(too_many)?;
        Some((*sent + patience).max(now))
    }

    /// A request is sent. Answers its number.
    pub(super) fn sent(&mut self, now: Duration) -> u64 {
        let number = self.next;
        self.next += 1;
        self.in_flight += 1;
        self.silent.insert(number, now);
        number
    }

    /// The server began to answer it.
    pub(super) fn heard(&mut self, number: u64) {
        self.silent.remove(&number);
    }

    /// It is in flight no more.
    pub(super) fn ended(&mut self, number: u64) {
        self.silent.remove(&number);
        self.in_flight -= 1;
    }

    /// One was answered. `is_paced`: the rate is kept by other means, and the window need not be
    /// careful.
    pub(super) fn succeeded(&mut self, is_paced: bool) {
        if self.narrow > 0 {
            self.narrow -= 1;
            return;
        }
        self.successes += 1;
        if self.slow_start || is_paced || self.successes >= self.size {
            self.successes = 0;
            self.size = (self.size + 1).min(self.limit);
        }
    }

    /// Whether no other request was in flight since this one was sent, which still is.
    pub(super) fn is_alone(&self, sent_alone: bool, number: u64) -> bool {
        sent_alone && number + 1 == self.next
    }

    /// One at a time from now on, until eight succeeded; each further time, twice as many.
    pub(super) fn narrow(&mut self) {
        self.narrow = NARROW << self.narrowed.min(8);
        self.narrowed += 1;
        self.size = 1;
        self.slow_start = true;
        self.successes = 0;
    }

    /// There was no reason to narrow it.
    pub(super) fn widen(&mut self) {
        if self.narrowed > 0 {
            (self.narrow, self.narrowed) = (0, 0);
            self.size = self.limit.min(FIRST);
            self.slow_start = true;
        }
    }

    /// Whether this request was sent after the last reaction: what became of the others says
    /// nothing about what the reaction did.
    pub(super) fn is_news(&self, number: u64) -> bool {
        number >= self.answered_from
    }

    /// What was sent until now is no news any more.
    pub(super) fn react(&mut self) {
        self.answered_from = self.next;
    }

    /// Half as many from now on.
    pub(super) fn halve(&mut self) {
        self.slow_start = false;
        self.successes = 0;
        self.size = (self.size / 2).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after_successes(window: &mut Window, count: u32) -> u32 {
        (0..count).for_each(|_| window.succeeded(false));
        window.size()
    }

    #[test]
    fn it_doubles_with_each_round_until_the_limit() {
        let mut window = Window::new(64);
        let mut sizes = vec![window.size()];
        for _ in 0..5 {
            let round = window.size();
            sizes.push(after_successes(&mut window, round));
        }
        assert_eq!(sizes, [5, 10, 20, 40, 64, 64]);
        for limit in [0, 1, 3] {
            assert_eq!(Window::new(limit).size(), limit.max(1), "limit {limit}");
        }
    }

    #[test]
    fn it_halves_and_then_grows_by_one_for_each_window_of_successes() {
        let mut window = Window::new(64);
        after_successes(&mut window, 35);
        assert_eq!(window.size(), 40);
        window.react();
        window.halve();
        assert_eq!(window.size(), 20);
        assert_eq!(after_successes(&mut window, 19), 20);
        assert_eq!(after_successes(&mut window, 1), 21);
        assert_eq!(after_successes(&mut window, 21), 22);
        for _ in 0..10 {
            window.halve();
        }
        assert_eq!(window.size(), 1, "never under one");
        assert_eq!(after_successes(&mut window, 1), 2);
    }

    #[test]
    fn narrowed_it_lets_one_through_until_several_succeeded_and_each_time_more() {
        let mut window = Window::new(64);
        let (now, later) = (Duration::ZERO, Duration::from_mins(60));
        for successes in [8, 16, 32] {
            window.narrow();
            for _ in 0..successes {
                let number = window.sent(now);
                assert!(window.is_alone(true, number));
                assert_eq!(window.free_at(Duration::ZERO, later), None, "however silent it is");
                window.ended(number);
                window.succeeded(false);
            }
            assert_eq!(after_successes(&mut window, 3), 4, "then it doubles again");
        }
        window.narrow();
        window.widen();
        assert_eq!((window.size(), after_successes(&mut window, 5)), (5, 10));
        window.widen();
        assert_eq!(window.size(), 10, "it is not narrow");
        let first = window.sent(now);
        window.sent(now);
        assert!(!window.is_alone(true, first));
    }

    #[test]
    fn what_was_sent_before_a_reaction_is_no_news() {
        let mut window = Window::new(8);
        let now = Duration::ZERO;
        let before = [window.sent(now), window.sent(now)];
        assert!(before.iter().all(|&number| window.is_news(number)));
        window.react();
        let after = window.sent(now);
        assert!(!before.iter().any(|&number| window.is_news(number)));
        assert!(window.is_news(after));
    }

    #[test]
    fn those_that_are_silent_for_too_long_do_not_fill_it() {
        let (mut window, second) = (Window::new(6), Duration::from_secs(1));
        let sent: Vec<u64> = (0..5).map(|at| window.sent(second * at)).collect();
        let free_at = |window: &Window| window.free_at(second * 10, second * 5);
        assert_eq!(free_at(&window), Some(second * 10), "the first one is beyond hope by then");
        window.heard(sent[0]);
        assert_eq!(free_at(&window), Some(second * 11), "it was heard of, so the second one");
        window.halve();
        assert_eq!((window.size(), free_at(&window)), (2, Some(second * 14)), "four of them");
        window.heard(sent[1]);
        assert_eq!(free_at(&window), None, "only three are silent");
        window.ended(sent[4]);
        assert_eq!((window.in_flight(), free_at(&window)), (4, None));
        window.ended(sent[0]);
        assert_eq!(free_at(&window), Some(second * 13));
        let later = second * 60;
        assert_eq!(window.free_at(second * 10, later), Some(later));
        while window.in_flight() < 6 {
            window.sent(later);
        }
        assert_eq!(window.free_at(Duration::ZERO, later), None, "the limit is the limit");
    }
}
