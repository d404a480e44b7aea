//! A bucket that fills at a steady rate and that each request takes from. Pure: time is an
//! argument, counted from when the flow began.

use std::time::Duration;

/// What may still be sent at this moment, under one limit.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    per_second: f64,
    /// How much gathers while nobody takes.
    room: f64,
    /// Below zero after more was taken than was there; the next one waits for that.
    level: f64,
    at: Duration,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn new(per_second: f64, room: f64, now: Duration) -> Self {
        Self { per_second, room, level: room, at: now }
    }

    /// Never more than `limit` requests in any minute, evenly but for the tenth of a second that a
    /// timer may be late.
    pub(super) fn of_requests(limit: u32, now: Duration) -> Self {
        let limit = f64::from(limit.max(1));
        let room = (limit / 600.0).max(1.0);
        Self::new((limit - room + 1.0) / 60.0, room, now)
    }

    /// Never more than `limit` tokens in any minute, as far as estimates are right and a request
    /// is not larger than a second's share.
    pub(super) fn of_tokens(limit: u32, now: Duration) -> Self {
        let limit = f64::from(limit.max(1));
        let room = limit / 60.0;
        Self::new((limit - room) / 60.0, room, now)
    }

    /// How much it fills in a second.
    pub(super) fn per_second(&self) -> f64 {
        self.per_second
    }

    /// Fills at another rate from now on, and keeps what is in it.
    pub(super) fn change(&mut self, per_second: f64, room: f64, now: Duration) {
        self.fill(now, self.room);
        self.per_second = per_second;
        self.room = room;
        self.level = self.level.min(room);
    }

    /// When `cost` may be taken, if nobody else takes before. One that costs more than gathers in
    /// a minute waits for that much and leaves the rest to those after it.
    pub(super) fn ready_at(&mut self, cost: f64, now: Duration) -> Duration {
        // Even what costs nothing waits until nothing is owed.
        let cost = cost.min(self.per_second * 60.0).max(self.room.min(1.0));
        self.fill(now, self.room.max(cost));
        let missing = cost - self.level;
        // A billionth is an error of rounding, not a reason to wait.
        if missing <= 1e-9 { now } else { now + Duration::from_secs_f64(missing / self.per_second) }
    }

    /// Takes `cost`, more than is there if it must be; a negative one gives back what was not used.
    pub(super) fn take(&mut self, cost: f64) {
        self.level -= cost;
    }

    fn fill(&mut self, now: Duration, room: f64) {
        let passed = now.saturating_sub(self.at).as_secs_f64();
        self.at = self.at.max(now);
        self.level = (self.level + passed * self.per_second).min(room);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When each of `costs` is sent if all wait from the beginning, in milliseconds.
    fn sent(mut bucket: Bucket, costs: &[f64]) -> Vec<u128> {
        let mut now = Duration::ZERO;
        costs
            .iter()
            .map(|&cost| {
                now = bucket.ready_at(cost, now);
                bucket.take(cost);
                now.as_millis()
            })
            .collect()
    }

    #[test]
    fn requests_go_out_evenly_and_never_more_than_allowed_in_a_minute() {
        for limit in [1, 2, 3, 20, 60, 600, 1_000, 6_000, 30_000] {
            let bucket = Bucket::of_requests(limit, Duration::ZERO);
            let sent = sent(bucket, &vec![1.0; limit as usize * 3 + 1]);
            for first in 0..sent.len() - limit as usize {
                let over = sent[first + limit as usize] - sent[first];
                // A millisecond for what was cut off in this table.
                assert!(over + 1 >= 60_000, "{limit} a minute, from {first}: {over} ms");
            }
            let whole = *sent.last().unwrap();
            assert!(whole <= 60_000 * 3 * 102 / 100, "{limit} a minute: {whole} ms for three");
        }
        assert_eq!(
            sent(Bucket::of_requests(3, Duration::ZERO), &[1.0; 4]),
            [0, 20_000, 40_000, 60_000]
        );
    }

    #[test]
    fn large_requests_wait_for_their_tokens_and_none_waits_for_ever() {
        let bucket = || Bucket::of_tokens(6_100, Duration::ZERO);
        let per_second = bucket().per_second();
        assert!((99.0..101.0).contains(&per_second), "{per_second}");
        let room = 6_100.0 / 60.0;
        let after = |tokens: f64| ((tokens - room) / per_second * 1_000.0) as u128;
        assert_eq!(sent(bucket(), &[50.0, 50.0]), [0, 0], "both fit the first second");
        assert_eq!(sent(bucket(), &[1_000.0]), [after(1_000.0)]);
        assert_eq!(sent(bucket(), &[1_000.0, 500.0]), [after(1_000.0), after(1_500.0)]);
        let huge = sent(bucket(), &[1e9, 0.0]);
        assert!(huge[0] <= 60_000, "more than a minute gives: it is sent when a minute is full");
        assert!(huge[1] > 1_000_000_000, "and those after it pay");
    }

    #[test]
    fn what_was_not_used_is_given_back_and_what_was_used_besides_is_taken() {
        let mut bucket = Bucket::new(10.0, 100.0, Duration::ZERO);
        bucket.take(100.0);
        bucket.take(-40.0);
        assert_eq!(bucket.ready_at(40.0, Duration::ZERO), Duration::ZERO);
        bucket.take(40.0);
        bucket.take(20.0);
        assert_eq!(bucket.ready_at(10.0, Duration::ZERO), Duration::from_secs(3));
        bucket.take(-1_000.0);
        assert_eq!(bucket.ready_at(10.0, Duration::ZERO), Duration::ZERO);
        bucket.take(100.0);
        assert!(bucket.ready_at(10.0, Duration::ZERO) > Duration::ZERO, "no more than its room");
    }

    #[test]
    fn a_new_rate_counts_from_now_on() {
        let mut bucket = Bucket::new(10.0, 1.0, Duration::ZERO);
        bucket.take(1.0);
        let half = Duration::from_millis(50);
        bucket.change(1.0, 1.0, half);
        assert_eq!(bucket.ready_at(1.0, half), half + Duration::from_millis(500));
    }
}
