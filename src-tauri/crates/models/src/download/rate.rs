//! Bytes a second over the last few seconds, and when it is heard. Times come from outside and
//! never from the wall clock, which jumps.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// What the rate is an average of.
const WINDOW: Duration = Duration::from_secs(5);

/// A rate of fewer seconds than this says little.
const SHORTEST: Duration = Duration::from_millis(200);

/// How far apart two samples are, so that there are few of them however many pieces arrive.
const SAMPLED_EVERY: Duration = Duration::from_millis(50);

/// Listeners hear of progress at most this often.
const HEARD_EVERY: Duration = Duration::from_millis(100);

/// How quickly bytes arrive.
#[derive(Debug)]
pub(super) struct Rate {
    /// When how many had arrived, oldest first, never empty.
    seen: VecDeque<(Instant, u64)>,
    heard: Option<Instant>,
}

impl Rate {
    pub(super) fn new(now: Instant, bytes: u64) -> Self {
        Self { seen: VecDeque::from([(now, bytes)]), heard: None }
    }

    /// So many bytes are there now.
    pub(super) fn note(&mut self, now: Instant, bytes: u64) {
        let (last, _) = *self.seen.back().expect("it is never empty");
        let since = now.duration_since(last);
        if since < SAMPLED_EVERY {
            return;
        }
        if since > WINDOW {
            // The machine slept, or the process stood still: an average over that says nothing.
            self.seen.clear();
        }
        self.seen.push_back((now, bytes));
        while self.seen.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= WINDOW) {
            self.seen.pop_front();
        }
    }

    /// Bytes a second; 0 as long as there is too little to go by.
    pub(super) fn per_second(&self) -> u64 {
        let (Some((from, before)), Some((to, after))) = (self.seen.front(), self.seen.back())
        else {
            return 0;
        };
        let time = to.duration_since(*from);
        if time < SHORTEST {
            return 0;
        }
        (after.saturating_sub(*before) as f64 / time.as_secs_f64()) as u64
    }

    /// Seconds until `bytes` more are there; `None` while nothing arrives.
    pub(super) fn seconds_for(&self, bytes: u64) -> Option<u64> {
        let rate = self.per_second();
        (rate > 0).then(|| bytes.div_ceil(rate))
    }

    /// Whether listeners are told now; if so, the next time is a tenth of a second away.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let due = self.heard.is_none_or(|heard| now.duration_since(heard) >= HEARD_EVERY);
        if due {
            self.heard = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(start: Instant, ms: u64) -> Instant {
        start + Duration::from_millis(ms)
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let start = Instant::now();
        let mut rate = Rate::new(start, 1000);
        assert_eq!((rate.per_second(), rate.seconds_for(10)), (0, None), "nothing is known yet");
        for tick in 1..=100_u64 {
            rate.note(after(start, tick * 100), 1000 + tick * 50);
        }
        assert_eq!(rate.per_second(), 500);
        assert_eq!(rate.seconds_for(1501), Some(4));
        // Nothing arrives any more: it goes down to nothing.
        for tick in 101..=160_u64 {
            rate.note(after(start, tick * 100), 6000);
        }
        assert_eq!((rate.per_second(), rate.seconds_for(1)), (0, None));
    }

    #[test]
    fn a_machine_that_slept_is_not_taken_for_a_slow_one() {
        let start = Instant::now();
        let mut rate = Rate::new(start, 0);
        rate.note(after(start, 1000), 1000);
        let woke = after(start, 3_600_000);
        rate.note(woke, 1000);
        assert_eq!(rate.per_second(), 0, "what was before the sleep is forgotten");
        rate.note(after(woke, 500), 2000);
        assert_eq!(rate.per_second(), 2000);
    }

    #[test]
    fn listeners_hear_ten_times_a_second_at_most() {
        let start = Instant::now();
        let mut rate = Rate::new(start, 0);
        let heard = (0..1000).filter(|ms| rate.is_due(after(start, *ms))).count();
        assert_eq!(heard, 10);
    }
}
