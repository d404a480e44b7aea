//! How many requests may be in flight: additive increase, multiplicative decrease. Pure.

/// The most requests in flight before anything is known about the server.
const FIRST: u32 = 5;

/// The window. It knows requests by their number, in the order in which they were sent.
#[derive(Clone, Debug)]
pub(super) struct Window {
    limit: u32,
    size: u32,
    /// Until the first slow-down every success makes room for one more: it doubles per round trip.
    slow_start: bool,
    /// Successes since it last grew.
    successes: u32,
    next: u64,
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
            next: 0,
            answered_from: 0,
        }
    }

    /// The most requests in flight now.
    pub(super) fn size(&self) -> u32 {
        self.size
    }

    /// The number of a request that is sent now.
    pub(super) fn sent(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// One was answered. `is_paced`: the rate is kept by other means, and the window need not be
    /// careful.
    pub(super) fn succeeded(&mut self, is_paced: bool) {
        self.successes += 1;
        if self.slow_start || is_paced || self.successes >= self.size {
            self.successes = 0;
            self.size = (self.size + 1).min(self.limit);
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
    fn what_was_sent_before_a_reaction_is_no_news() {
        let mut window = Window::new(8);
        let before = [window.sent(), window.sent()];
        assert!(before.iter().all(|&number| window.is_news(number)));
        window.react();
        let after = window.sent();
        assert!(!before.iter().any(|&number| window.is_news(number)));
        assert!(window.is_news(after));
    }
}
