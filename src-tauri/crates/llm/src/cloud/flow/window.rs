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

/// So many ends are remembered of requests that were not alone.
const REMEMBERED: u32 = 8;

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
    /// Of the last ends of requests that were not alone, those that broke off, the last in the
    /// lowest bit; and how many there are.
    broken: u8,
    ends: u32,
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
            broken: 0,
            ends: 0,
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

    /// How an answer ended that the server began while it had others to do.
    pub(super) fn note_end(&mut self, is_broken: bool) {
        self.broken = (self.broken << 1) | u8::from(is_broken);
        self.ends = (self.ends + 1).min(REMEMBERED);
        if self.ends == REMEMBERED && self.broken == 0 {
            self.narrowed = 0;
        }
    }

    /// Whether half of the answers break off that are not alone: no accident, but a server that
    /// interrupts one for the next.
    pub(super) fn breaks_most(&self) -> bool {
        let broken = self.broken.count_ones();
        broken >= 2 && 2 * broken >= self.ends
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
            (self.narrow, self.narrowed, self.broken, self.ends) = (0, 0, 0, 0);
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
mod tests;
