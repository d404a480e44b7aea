//! The text of one answer as it comes: thinking split off its front, ended by stop sequences.

use crate::output::{THINK_CLOSES, THINK_OPENS};

/// The most thoughts in front of an answer; what follows is the answer, whatever it looks like.
const MOST_THOUGHTS: usize = 8;

/// The text of one answer as it grows.
#[derive(Debug)]
pub(super) struct AnswerText {
    stops: Vec<String>,
    phase: Phase,
    /// What is not known yet to be thinking or answer.
    open: String,
    /// Bytes of `open` in which no end of the thinking begins.
    searched: usize,
    thoughts: Vec<String>,
    answer: String,
    /// Bytes of `answer` that were handed out.
    sent: usize,
    stopped: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The first characters decide, of the text or behind a thought.
    Beginning,
    Thinking,
    Answering,
}

/// All of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts {
    /// The answer, without thinking and without what stood behind a stop sequence.
    pub(super) answer: String,
    /// What was thought, each without white space around it.
    pub(super) thoughts: Vec<String>,
    /// Whether a stop sequence ended it.
    pub(super) stopped: bool,
}

impl AnswerText {
    /// An empty answer that ends at the first of `stops`.
    pub(super) fn new<'a>(stops: impl Iterator<Item = &'a String>) -> Self {
        Self {
            stops: stops.cloned().collect(),
            phase: Phase::Beginning,
            open: String::new(),
            searched: 0,
            thoughts: Vec::new(),
            answer: String::new(),
            sent: 0,
            stopped: false,
        }
    }

    /// Adds text, cut anywhere.
    pub(super) fn push(&mut self, text: &str) {
        if self.stopped {
            return;
        }
        if self.phase == Phase::Answering {
            self.say(text);
            return;
        }
        self.open.push_str(text);
        loop {
            match self.phase {
                Phase::Beginning => {
                    let begun = self.open.trim_start();
                    let may_think = self.thoughts.len() < MOST_THOUGHTS;
                    if begun.is_empty() {
                        // White space may come in many pieces, and is never looked at again.
                        self.open.clear();
                        return;
                    }
                    if may_think && let Some(thinking) = begun.strip_prefix(THINK_OPENS) {
                        self.phase = Phase::Thinking;
                        self.searched = 0;
                        self.open = thinking.to_owned();
                    } else if may_think && THINK_OPENS.starts_with(begun) {
                        return;
                    } else {
                        self.phase = Phase::Answering;
                        let begun = begun.to_owned();
                        self.open.clear();
                        self.say(&begun);
                        return;
                    }
                }
                Phase::Thinking => {
                    let Some(at) = self.open[self.searched..].find(THINK_CLOSES) else {
                        let from = self.open.len().saturating_sub(THINK_CLOSES.len() - 1);
                        self.searched = self.open.floor_char_boundary(from);
                        return;
                    };
                    let at = self.searched + at;
                    self.thoughts.push(self.open[..at].trim().to_owned());
                    self.open.drain(..at + THINK_CLOSES.len());
                    self.phase = Phase::Beginning;
                }
                Phase::Answering => return,
            }
        }
    }

    fn say(&mut self, text: &str) {
        let longest = self.stops.iter().map(String::len).max().unwrap_or(0);
        let from = (self.answer.len() + 1).saturating_sub(longest).min(self.answer.len());
        let from = self.answer.floor_char_boundary(from);
        self.answer.push_str(text);
        let first_stop = self.stops.iter().filter_map(|stop| self.answer[from..].find(stop)).min();
        if let Some(place) = first_stop {
            self.answer.truncate(from + place);
            self.stopped = true;
        }
    }

    /// Whether a stop sequence ended it.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// All that was written so far, whatever it is.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        let texts = [&self.open, &self.answer].into_iter().chain(&self.thoughts);
        texts.map(String::as_str)
    }

    /// What of the answer can be shown since the last call: nothing that could still turn out to be
    /// thinking or the start of a stop sequence.
    pub(super) fn take_delta(&mut self) -> Option<&str> {
        let held = if self.stopped {
            0
        } else {
            self.stops.iter().map(|stop| overlap(&self.answer, stop)).max().unwrap_or(0)
        };
        let from = self.sent;
        self.sent = from.max(self.answer.len() - held);
        self.answer.get(from..self.sent).filter(|delta| !delta.is_empty())
    }

    /// Ends it. Thinking without an end is thinking.
    pub(super) fn finish(mut self) -> Parts {
        match self.phase {
            Phase::Beginning => {
                let begun = std::mem::take(&mut self.open);
                self.say(begun.trim_start());
            }
            Phase::Thinking => self.thoughts.push(self.open.trim().to_owned()),
            Phase::Answering => {}
        }
        self.thoughts.retain(|thought| !thought.is_empty());
        Parts { answer: self.answer, thoughts: self.thoughts, stopped: self.stopped }
    }
}

/// How many bytes at the end of `text` are the start of `stop`.
fn overlap(text: &str, stop: &str) -> usize {
    let starts = stop.char_indices().skip(1).map(|(at, _)| at);
    starts.filter(|&at| text.ends_with(&stop[..at])).last().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is shown of pieces, and what there is at the end.
    fn read<'a>(pieces: impl IntoIterator<Item = &'a str>, stops: &[&str]) -> (Vec<String>, Parts) {
        let stops: Vec<String> = stops.iter().map(|&stop| stop.to_owned()).collect();
        let mut text = AnswerText::new(stops.iter());
        let mut shown = Vec::new();
        for piece in pieces {
            text.push(piece);
            shown.extend(text.take_delta().map(str::to_owned));
        }
        (shown, text.finish())
    }

    fn parts(answer: &str, thoughts: &[&str], stopped: bool) -> Parts {
        let thoughts = thoughts.iter().map(|&thought| thought.to_owned()).collect();
        Parts { answer: answer.to_owned(), thoughts, stopped }
    }

    #[test]
    fn thinking_is_split_off_the_front() {
        let cases = [
            ("plain", parts("plain", &[], false)),
            ("\n <think>\nwhy\n</think>\n\nso", parts("so", &["why"], false)),
            ("<think></think>so", parts("so", &[], false)),
            ("<think>a</think> <think>b</think> c", parts("c", &["a", "b"], false)),
            ("a <think>b</think>", parts("a <think>b</think>", &[], false)),
            ("<think>for ever", parts("", &["for ever"], false)),
            ("<thi", parts("<thi", &[], false)),
            ("<thinner>", parts("<thinner>", &[], false)),
            ("", parts("", &[], false)),
            (" \n", parts("", &[], false)),
        ];
        for (text, expected) in cases {
            assert_eq!(read([text], &[]).1, expected, "{text}");
            let letters: Vec<String> = text.chars().map(String::from).collect();
            let (shown, found) = read(letters.iter().map(String::as_str), &[]);
            assert_eq!(found, expected, "{text} in letters");
            assert!(expected.answer.starts_with(&shown.concat()));
        }
    }

    #[test]
    fn tags_may_be_cut_between_pieces() {
        let (shown, found) = read(["<th", "ink>why</th", "ink>\n", "\nso", " it is"], &[]);
        assert_eq!((shown.concat().as_str(), shown.len()), ("so it is", 2));
        assert_eq!(found, parts("so it is", &["why"], false));
    }

    #[test]
    fn stop_sequences_end_the_answer_and_not_the_thinking() {
        let (shown, found) =
            read(["<think>a\n\nb</think>one\n", "two #", "## three"], &["\n\n", "###"]);
        assert_eq!(shown, ["one", "\ntwo "]);
        assert_eq!(found, parts("one\ntwo ", &["a\n\nb"], true));
        let (_, found) = read(["é", "€S", "TOP", " more"], &["€STOP"]);
        assert_eq!(found, parts("é", &[], true));
        let (shown, found) = read(["go STO"], &["STOP"]);
        assert_eq!((shown.concat(), found), ("go ".to_owned(), parts("go STO", &[], false)));
    }

    #[test]
    fn endless_thoughts_and_endless_space_take_no_time() {
        let thoughts = "<think></think>".repeat(100_000);
        assert_eq!(read([thoughts.as_str()], &[]).1.answer.len(), thoughts.len() - 8 * 15);
        let spaces = vec![" "; 300_000];
        assert_eq!(read(spaces.into_iter().chain(["so"]), &[]).1, parts("so", &[], false));
    }

    proptest! {
        #[test]
        fn cuts_change_nothing(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "<think>", "</think>", "<", "think", ">", " ", "a", "é", "STOP", "ST", "OP", "\n",
                ]),
                0..14,
            ),
        ) {
            let text = pieces.concat();
            let stops = ["STOP", "é\n"];
            let (shown_whole, expected) = read([text.as_str()], &stops);
            let letters: Vec<String> = text.chars().map(String::from).collect();
            for chunks in [pieces.clone(), letters.iter().map(String::as_str).collect()] {
                let (shown, found) = read(chunks, &stops);
                prop_assert_eq!(&found, &expected);
                prop_assert!(expected.answer.starts_with(&shown.concat()));
            }
            prop_assert!(expected.answer.starts_with(&shown_whole.concat()));
        }
    }
}
