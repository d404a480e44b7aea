//! The learned ceiling: how many requests a second the server takes before it refuses some. Pure.
//!
//! There is none until refusals come thick, because a few among many answers are no wall: slowing
//! down would not make them fewer. At a wall the pace is what the server took between two walls,
//! over the time between them; that is its rate, however large a burst it lets through. It then
//! rises a little for each stretch without a refusal, and goes back to where it was at the next.

use std::collections::VecDeque;
use std::time::Duration;

use super::bucket::Bucket;

/// So many refusals among the last outcomes are a wall.
const WALL: (usize, usize) = (8, 32);
/// So many may be one: the pace is tried that the server took on average, which costs nothing.
const PERHAPS: (usize, usize) = (6, 128);
/// The time without a refusal after which the pace rises, and by how much.
const CLEAN: Duration = Duration::from_secs(10);
const RISE: f64 = 0.05;
/// After so many rises in a row the steps double, up to half.
const SMALL_RISES: u32 = 3;
const HIGHEST_RISE: f64 = 0.5;
/// A little less than what was measured, or the next refusal would come at once.
const BELOW: f64 = 0.97;
/// The same behind the first wall, until it is met again: what was measured before is rough.
const CLEAN_WHEN_ROUGH: Duration = Duration::from_secs(2);
/// Refusals that go on at so many paces within a while: it is no wall, and none is looked for in
/// the next while.
const ATTEMPTS: usize = 4;
const NOT_TRIED: Duration = Duration::from_mins(5);
/// Over less time than this a rate is chance, unless so many were taken in a part of it.
const LEAST_SPAN: Duration = Duration::from_secs(1);
const ENOUGH: u64 = 8;
/// A wall longer ago than this says nothing about the server now.
const MEMORY: Duration = Duration::from_secs(90);

/// How much the server had taken when something happened, and how long nothing had been sent.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    at: Duration,
    taken: u64,
    held: Duration,
}

/// The pace and what it is learned from.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    bucket: Option<Bucket>,
    /// The pace before the last change, if that was a rise.
    before_rise: Option<f64>,
    /// Rises in a row, and those that were taken back since one was not.
    rises: u32,
    undone: u32,
    /// How much it rises next, as a share of it.
    step: f64,
    is_rough: bool,
    /// A rise was taken back since the last wall.
    was_too_high: bool,
    changed: Mark,
    refused_at: Option<Duration>,
    attempts: VecDeque<Duration>,
    not_tried_until: Duration,
    /// How much was taken until the last refusal.
    taken_before: u64,
    /// The last outcomes: whether it was refused.
    outcomes: VecDeque<bool>,
    /// The number of the next request, and of the first that was sent after the last change for
    /// a refusal, and after the last wall: what became of those before is no news.
    next: u64,
    news_from: u64,
    outcomes_from: u64,
    /// The beginning, and the walls within memory.
    start: Mark,
    walls: VecDeque<Mark>,
    now: Mark,
}

impl Pace {
    /// Requests a second, where a wall was met.
    pub(super) fn per_second(&self) -> Option<f64> {
        self.bucket.as_ref().map(Bucket::per_second)
    }

    /// When the next request may be sent.
    pub(super) fn ready_at(&mut self, now: Duration) -> Duration {
        self.rise_if_clean(now);
        self.bucket.as_mut().map_or(now, |bucket| bucket.ready_at(1.0, now))
    }

    /// A request is sent.
    pub(super) fn sent(&mut self, number: u64) {
        self.next = number + 1;
        if let Some(bucket) = &mut self.bucket {
            bucket.take(1.0);
        }
    }

    /// Nothing was sent for a while because there was nothing to send: what was measured until
    /// then does not count.
    pub(super) fn begins_again(&mut self, now: Duration) {
        self.now.at = now;
        self.start = self.now;
        self.changed = self.now;
        self.walls.clear();
    }

    /// Nothing is sent for this long because the server asked for it.
    pub(super) fn held(&mut self, pause: Duration) {
        self.now.held += pause;
    }

    /// The server took one on.
    pub(super) fn taken(&mut self, number: u64, now: Duration) {
        self.now.at = now;
        self.now.taken += 1;
        self.note(number, false);
    }

    /// The server refused one because there were too many. Returns whether a rise of the pace was
    /// to blame and was taken back.
    pub(super) fn refused(&mut self, number: u64, now: Duration) -> bool {
        self.now.at = now;
        self.refused_at = Some(now);
        let is_news = number >= self.news_from;
        if is_news {
            self.news_from = self.next;
            if self.taken_before == self.now.taken {
                // A probe, and the server is still closed. That says nothing about its rate.
                return false;
            }
        }
        self.taken_before = self.now.taken;
        self.note(number, true);
        let is_wall = self.had(WALL);
        if is_wall || self.had(PERHAPS) && (self.bucket.is_some() || now >= self.not_tried_until) {
            self.learn(is_wall);
        } else if let (true, Some(before)) = (is_news, self.before_rise) {
            self.rises = 0;
            self.undone += 1;
            self.step = (self.step / 2.0).max(RISE);
            // Each time nearer: what was rough is known once the steps are small.
            self.is_rough &= self.step > RISE;
            self.was_too_high = true;
            self.outcomes.clear();
            self.set(before, None);
            return true;
        }
        false
    }

    /// Whether at least so many of the last so many were refused.
    fn had(&self, (refusals, of): (usize, usize)) -> bool {
        let last = self.outcomes.iter().rev().take(of);
        last.filter(|&&refused| refused).count() >= refusals
    }

    /// Refusals come thick: the pace becomes what the server took since the wall before.
    fn learn(&mut self, is_wall: bool) {
        let Some((lowest, highest)) = self.measured() else {
            // Too soon to tell. From here on it is counted.
            if is_wall {
                self.meet_wall();
            }
            return;
        };
        self.attempts.retain(|&attempt| attempt + NOT_TRIED > self.now.at);
        self.attempts.push_back(self.now.at);
        if self.attempts.len() > ATTEMPTS {
            self.attempts.clear();
            self.bucket = None;
            self.before_rise = None;
            self.outcomes.clear();
            self.not_tried_until = self.now.at + NOT_TRIED;
            return;
        }
        // The server may have saved up what it did not give during a pause, or not.
        let likely = (lowest * highest).sqrt();
        let paced = match self.per_second() {
            Some(pace) => likely.min(pace * 0.95).max(lowest),
            None if is_wall => likely,
            None => lowest,
        };
        self.is_rough = self.bucket.is_none() || highest > 1.2 * lowest;
        self.step = if self.is_rough { 2.0 * RISE } else { RISE };
        self.was_too_high = false;
        self.rises = 0;
        self.undone = 0;
        self.meet_wall();
        // Nearly nothing at all is nothing that could be measured.
        self.set((paced * BELOW).max(1.0 / 60.0), None);
    }

    /// What was sent until now is judged, and the server has nothing left to give.
    fn meet_wall(&mut self) {
        self.outcomes.clear();
        self.outcomes_from = self.next;
        self.news_from = self.next;
        self.walls.push_back(self.now);
        while self.walls.front().is_some_and(|wall| wall.at + MEMORY < self.now.at) {
            self.walls.pop_front();
        }
    }

    /// What the server took a second since the last wall that is long enough ago: with and without
    /// the pauses.
    fn measured(&self) -> Option<(f64, f64)> {
        let now = self.now.at;
        let long_ago = |wall: &&Mark| {
            let many = self.now.taken - wall.taken >= ENOUGH;
            let least = if many { LEAST_SPAN / 4 } else { LEAST_SPAN };
            wall.at + least <= now && wall.at + MEMORY >= now
        };
        // A burst at the beginning would count, and there is no wall yet that ends it.
        let since_start = Some(&self.start).filter(|start| start.at + LEAST_SPAN <= now);
        let wall = self.walls.iter().rev().find(long_ago).or(since_start)?;
        let taken = (self.now.taken - wall.taken) as f64;
        let passed = now.saturating_sub(wall.at);
        let sending =
            passed.saturating_sub(self.now.held.saturating_sub(wall.held)).max(passed / 10);
        Some((taken / passed.as_secs_f64(), taken / sending.as_secs_f64()))
    }

    fn rise_if_clean(&mut self, now: Duration) {
        let Some(pace) = self.per_second() else { return };
        let (least, count) = if self.is_rough {
            (CLEAN_WHEN_ROUGH, ENOUGH)
        } else {
            // A ceiling that was met again and again is tried less often.
            (CLEAN * (1 << self.undone.min(2)), 4 * ENOUGH)
        };
        let since = self.refused_at.unwrap_or_default().max(self.changed.at);
        let taken = self.now.taken - self.taken_before.max(self.changed.taken);
        if now.saturating_sub(since) < least || taken < count {
            return;
        }
        self.now.at = now;
        if self.before_rise.is_some() {
            self.undone = 0;
        }
        let over = now.saturating_sub(self.changed.at).as_secs_f64();
        if ((self.now.taken - self.changed.taken) as f64) < 0.8 * pace * over {
            // What is not used up needs no more. It is looked at again after the next stretch.
            self.changed = self.now;
            return;
        }
        let step = self.step;
        self.rises += 1;
        if self.rises >= SMALL_RISES || self.is_rough && !self.was_too_high {
            self.step = (2.0 * step).min(HIGHEST_RISE);
        }
        self.set(pace * (1.0 + step), Some(pace));
    }

    fn set(&mut self, per_second: f64, before_rise: Option<f64>) {
        // What a timer may be late by may go out at once.
        let room = (per_second / 50.0).max(1.0);
        match &mut self.bucket {
            Some(bucket) => bucket.change(per_second, room, self.now.at),
            None => self.bucket = Some(Bucket::new(per_second, room, self.now.at)),
        }
        self.before_rise = before_rise;
        self.changed = self.now;
    }

    fn note(&mut self, number: u64, refused: bool) {
        if number < self.outcomes_from {
            return;
        }
        self.outcomes.push_back(refused);
        if self.outcomes.len() > PERHAPS.1 {
            self.outcomes.pop_front();
        }
    }
}
