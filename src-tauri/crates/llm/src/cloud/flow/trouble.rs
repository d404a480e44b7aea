//! When a backend is given up: nothing succeeds for too long, or nothing connects. Pure.

use std::time::Duration;

/// The longest without one success.
const PATIENCE: Duration = Duration::from_mins(10);
/// So many failed connections in a row are no accident.
const CONNECTIONS: u32 = 8;
/// A server that answered before is given this long to come back: it may be started anew.
const COMES_BACK_WITHIN: Duration = Duration::from_mins(3);
/// So many failures in a row are needed to lose patience over them: one may take minutes. They are
/// also no accident any more.
const FAILURES: u32 = 8;

/// What went wrong since the last success.
#[derive(Clone, Debug, Default)]
pub(super) struct Trouble {
    since: Option<Duration>,
    failures: u32,
    /// Failures that were sent after what is known of the others, once they are no accident.
    failed_rounds: u32,
    unconnected_since: Option<Duration>,
    unconnected: u32,
    /// Those that were in flight together count once here.
    rounds: u32,
    has_succeeded: bool,
}

impl Trouble {
    /// One succeeded.
    pub(super) fn ends(&mut self) {
        *self = Self { has_succeeded: true, ..Self::default() };
    }

    /// Nobody asked for a while: what went wrong before says nothing about now.
    pub(super) fn begins_again(&mut self) {
        *self = Self { has_succeeded: self.has_succeeded, ..Self::default() };
    }

    /// The server asked to wait this long. Whether that is too long, all in all.
    pub(super) fn waits(&mut self, pause: Duration, now: Duration) -> bool {
        let since = *self.since.get_or_insert(now);
        (now + pause).saturating_sub(since) > PATIENCE
    }

    /// The server answered, but not well. Whether it did nothing else for too long.
    pub(super) fn fails(&mut self, now: Duration) -> bool {
        self.failures += 1;
        let since = *self.since.get_or_insert(now);
        self.failures >= FAILURES && now.saturating_sub(since) > PATIENCE
    }

    /// How often in a row the server did nothing but fail, once that is no accident; what was in
    /// flight together counts once. `is_news`: this one was sent after what is known of the others.
    pub(super) fn failed_round(&mut self, is_news: bool) -> Option<u32> {
        if self.failures < FAILURES || !is_news {
            return None;
        }
        self.failed_rounds += 1;
        Some(self.failed_rounds)
    }

    /// There was no connection. `is_news`: it was tried after what is known of the others. Whether
    /// that is too often.
    pub(super) fn does_not_connect(&mut self, is_news: bool, now: Duration) -> bool {
        self.since.get_or_insert(now);
        self.unconnected += 1;
        self.rounds += u32::from(is_news);
        // A server that answered before may come back: what broke at once counts once. One that
        // never did is most likely not there.
        let since = *self.unconnected_since.get_or_insert(now);
        if self.has_succeeded {
            self.rounds >= CONNECTIONS && now.saturating_sub(since) >= COMES_BACK_WITHIN
        } else {
            self.unconnected >= CONNECTIONS
        }
    }

    /// Whether nothing has ever connected, though it was tried.
    pub(super) fn is_nobody_there(&self) -> bool {
        !self.has_succeeded && self.unconnected > 0
    }

    /// How often in a row nothing connected to a server that answered before; what was in flight
    /// together counts once.
    pub(super) fn rounds_unconnected(&self) -> u32 {
        if self.has_succeeded { self.rounds } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minutes(count: u64) -> Duration {
        Duration::from_mins(count)
    }

    #[test]
    fn a_server_that_asks_to_wait_is_given_ten_minutes() {
        let mut trouble = Trouble::default();
        assert!(!trouble.waits(minutes(5), minutes(1)));
        assert!(!trouble.waits(minutes(5), minutes(6)), "until minute eleven: ten in all");
        assert!(trouble.waits(minutes(5), minutes(7)), "that would be eleven");
        trouble.ends();
        assert!(!trouble.waits(minutes(5), minutes(8)), "after a success it begins again");
        assert!(!trouble.waits(Duration::ZERO, minutes(18)));
        assert!(trouble.waits(Duration::from_millis(1), minutes(18)));
    }

    #[test]
    fn failures_are_given_ten_minutes_and_are_not_few() {
        let mut trouble = Trouble::default();
        for failure in 0..7 {
            assert!(!trouble.fails(minutes(3 * failure)), "slow, but few: {failure}");
        }
        assert!(trouble.fails(minutes(21)));
        trouble.ends();
        for failure in 0..1_000 {
            assert!(!trouble.fails(minutes(21) + Duration::from_millis(failure)), "{failure}");
        }
        assert!(trouble.fails(minutes(32)));
    }

    #[test]
    fn eight_failed_connections_are_enough_where_nobody_was_ever_and_later_three_minutes_of_them() {
        let mut trouble = Trouble::default();
        let tried: Vec<bool> =
            (0..8).map(|count| trouble.does_not_connect(count == 0, minutes(0))).collect();
        assert_eq!(tried.iter().position(|&enough| enough), Some(7));
        assert!(trouble.is_nobody_there());
        trouble.ends();
        for _ in 0..64 {
            assert!(!trouble.does_not_connect(false, minutes(0)), "all broke at once");
        }
        for _ in 0..8 {
            assert!(!trouble.does_not_connect(true, minutes(2)), "it may be started anew");
        }
        assert_eq!(trouble.rounds_unconnected(), 8);
        assert!(trouble.does_not_connect(true, minutes(3)));
        assert!(!trouble.is_nobody_there());
    }
}
