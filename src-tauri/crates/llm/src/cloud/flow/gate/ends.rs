//! What is learned from how a request ended.

use std::time::Duration;

use super::{Gate, Sent};

/// The shortest first pause after a refusal, for servers that answer at once.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);
/// The longest that a server may ask to wait at once.
const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(5);

/// A server that says nothing for so long has too much to do.
const SLOW: Duration = Duration::from_secs(30);
/// Tokens that one answer may well have.
const MOST_TOKENS: u64 = 1 << 20;

impl Gate {
    /// It was answered, for `tokens` tokens.
    pub(in crate::cloud::flow) fn succeeded(&mut self, mut sent: Sent, tokens: u64, now: Duration) {
        self.taken(&mut sent, now);
        if !self.was_alone(&sent) {
            self.window.note_end(false);
        }
        self.end(&sent, now);
        self.window.succeeded(self.pace.per_second().is_some());
        // What the estimate was wrong by, within reason: what a server says may be nonsense.
        let most = sent.tokens.saturating_mul(64).max(MOST_TOKENS);
        self.take(0.0, tokens.min(most) as f64 - sent.tokens as f64);
        self.trouble.ends();
    }

    /// The server asked to slow down.
    pub(in crate::cloud::flow) fn slow_down(
        &mut self,
        sent: Sent,
        retry_after: Option<Duration>,
        now: Duration,
    ) {
        self.end(&sent, now);
        self.slowed_down += 1;
        let asked = retry_after.filter(|pause| !pause.is_zero());
        let asked = asked.map(|pause| pause.min(LONGEST_RETRY_AFTER));
        let is_news = self.window.is_news(sent.number);
        let was_pace = self.pace.refused(sent.number, now);
        if is_news {
            self.window.react();
            if !was_pace {
                self.window.halve();
            }
            self.refusals += 1;
        }
        let pause = match asked {
            Some(asked) => asked,
            None if is_news => {
                let first = self.round_trip.unwrap_or(self.pauses.first);
                self.jittered(first.max(SHORTEST_PAUSE).min(self.pauses.first), self.refusals)
            }
            None => Duration::ZERO,
        };
        self.hold(pause, now);
        if self.trouble.waits(pause, now) {
            self.give_up("it asked to slow down for 10 minutes and answered nothing");
        }
    }

    /// The server ended its stream without a word on why the answer ended. Answers whether this one
    /// was alone.
    pub(in crate::cloud::flow) fn unfinished(&mut self, sent: Sent, now: Duration) -> bool {
        let was_alone = self.was_alone(&sent);
        self.end(&sent, now);
        self.broke_off(&sent, was_alone);
        was_alone
    }

    /// Some servers interrupt an answer for whoever comes next: then one at a time is all that they
    /// take. Those break off half of all answers and more, while a network loses one now and then.
    fn broke_off(&mut self, sent: &Sent, was_alone: bool) {
        if was_alone {
            return;
        }
        self.window.note_end(true);
        // What was in flight together counts once.
        if self.window.breaks_most() && self.window.is_news(sent.number) {
            self.window.react();
            self.window.narrow();
        }
    }

    /// The server answered, but not well.
    pub(in crate::cloud::flow) fn failed(&mut self, sent: Sent, now: Duration) {
        let was_alone = self.was_alone(&sent);
        self.end(&sent, now);
        if sent.taken {
            self.broke_off(&sent, was_alone);
        }
        if self.trouble.fails(now) {
            self.give_up("nothing succeeded for 10 minutes");
        }
        let is_news = self.window.is_news(sent.number);
        // A server that is being started anew may well answer, and each try costs a request one of
        // its own: only now and then one finds out whether it works again.
        if let Some(rounds) = self.trouble.failed_round(is_news) {
            self.window.react();
            let pause = self.jittered(self.pauses.first, rounds);
            self.hold(pause, now);
        } else if is_news && !sent.taken && now.saturating_sub(sent.at) >= SLOW {
            // It said nothing at all for so long: it has more to do than it can.
            self.window.react();
            self.window.halve();
        }
    }

    /// There was no connection, or it broke.
    pub(in crate::cloud::flow) fn unconnected(&mut self, sent: Sent, reason: &str, now: Duration) {
        self.end(&sent, now);
        // The server did not see it, as far as one knows.
        self.take(-1.0, -(sent.tokens as f64));
        let is_news = self.window.is_news(sent.number);
        if self.trouble.does_not_connect(is_news, now) {
            self.give_up(reason);
        }
        if is_news {
            self.window.react();
            // One alone is an accident; its own request waits, and no other.
            let rounds = self.trouble.rounds_unconnected();
            if rounds > 1 {
                let pause = self.jittered(self.pauses.first, rounds - 1);
                self.hold(pause, now);
            }
        }
    }

    /// Nobody wants its answer any more.
    pub(in crate::cloud::flow) fn cancelled(&mut self, sent: Sent, now: Duration) {
        self.end(&sent, now);
    }

    /// Whether nothing else was in flight as long as it was. To be asked before it ends.
    fn was_alone(&self, sent: &Sent) -> bool {
        self.window.is_alone(sent.alone, sent.number)
    }

    fn give_up(&mut self, reason: &str) {
        self.gave_up.get_or_insert_with(|| reason.to_owned());
    }

    fn end(&mut self, sent: &Sent, now: Duration) {
        self.window.ended(sent.number);
        self.idle_since = now;
        self.probe = self.probe.filter(|&(number, _)| number != sent.number);
    }

    fn hold(&mut self, pause: Duration, now: Duration) {
        if pause.is_zero() {
            return;
        }
        let until = (now + pause).max(self.hold_until);
        self.pace.held(until.saturating_sub(self.hold_until.max(now)));
        self.hold_until = until;
        self.is_probing = true;
    }
}
