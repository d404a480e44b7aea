//! What a server turned out to refuse or to ignore, learned once for all requests of an engine.
//!
//! The engine notes here what it sees, [`super::body`] writes the next request by it. Promises:
//! everything learned only ever takes something away, so a request that is sent again because of
//! it is sent again a bounded number of times; many requests in flight that meet the same refusal
//! teach it once. Left out: remembering it for the next engine. Servers change.

/// How strongly the form of a typed answer is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Demand {
    /// `response_format` with a JSON Schema.
    #[default]
    Schema,
    /// `response_format` for any JSON object, and words.
    Object,
    /// Words alone.
    Words,
}

impl Demand {
    /// The next weaker one.
    fn weaker(self) -> Self {
        match self {
            Self::Schema => Self::Object,
            Self::Object | Self::Words => Self::Words,
        }
    }
}

/// Parameters that a request can do without.
const OPTIONAL: [&str; 9] = [
    "stream_options",
    "temperature",
    "top_p",
    "seed",
    "stop",
    "top_k",
    "min_p",
    "logprobs",
    "usage",
];

/// Alternatives that are asked for behind each token of a label, at most and where that is refused.
const ALTERNATIVES: [u8; 2] = [20, 5];

/// After that many typed answers a server is known to keep to the form.
const TRIED_ANSWERS: u32 = 3;

/// So many of them without the form say that it is ignored.
const FORMLESS_ANSWERS: u32 = 2;

/// So many answers without a word on why they ended say that the server never says it. Only those
/// count that were sent alone: some servers interrupt an answer for whoever comes next.
const UNENDED_ANSWERS: u32 = 2;

/// What is known about a server and a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Learned {
    /// Optional parameters that are refused, by their place in [`OPTIONAL`].
    refused: [bool; OPTIONAL.len()],
    /// The two names of the limit of tokens that are refused: the provider's own, the other one.
    refused_limits: [bool; 2],
    alternatives_refused: u8,
    demand: Demand,
    typed: u32,
    formless: u32,
    /// Answers without a word on why they ended that were sent alone, since the last with one.
    unended: u32,
    /// Whether the model thinks before it answers.
    pub(super) thinks: bool,
    /// Whether room for thinking is more than the server allows.
    pub(super) room_refused: bool,
    /// The most tokens of prompt and answer together, where that is known.
    pub(super) context_tokens: Option<u32>,
}

/// The names of the limit of generated tokens.
const LIMITS: [&str; 2] = ["max_tokens", "max_completion_tokens"];

impl Learned {
    /// What is known of a model before it is asked.
    pub(super) fn of_context(context_tokens: Option<u32>) -> Self {
        Self { context_tokens, ..Self::default() }
    }

    /// Notes how many tokens fit by a server's own word.
    pub(super) fn note_context(&mut self, tokens: u32) {
        self.context_tokens = Some(self.context_tokens.map_or(tokens, |known| known.min(tokens)));
    }

    /// Whether this optional parameter may be sent.
    pub(super) fn takes(&self, parameter: &str) -> bool {
        place(parameter).is_none_or(|at| !self.refused[at])
    }

    /// The name of the limit of tokens, where `usual` is the provider's; `None` if it knows none.
    pub(super) fn limit_name(&self, usual: &str) -> Option<&'static str> {
        let usual = usize::from(usual == LIMITS[1]);
        [usual, 1 - usual].into_iter().find(|&at| !self.refused_limits[at]).map(|at| LIMITS[at])
    }

    /// How many alternatives to ask for behind each token of a label; `None` for no probabilities.
    pub(super) fn alternatives(&self) -> Option<u8> {
        let known = ALTERNATIVES.get(usize::from(self.alternatives_refused)).copied();
        known.filter(|_| self.takes("logprobs"))
    }

    /// How strongly to ask for a form, where the provider is known to read schemas or not to.
    pub(super) fn demand(&self, reads_schemas: bool) -> Demand {
        if reads_schemas { self.demand } else { self.demand.max(Demand::Object) }
    }

    /// Notes that a parameter was refused of a request that was written by `sent`. Answers whether
    /// the request would now be another one: else it is not worth sending again.
    pub(super) fn refuse(&mut self, parameter: &str, sent: &Self, reads_schemas: bool) -> bool {
        let parameter = parameter.split(['.', '[']).next().unwrap_or(parameter);
        if let Some(at) = place(parameter) {
            self.refused[at] = true;
            return !sent.refused[at];
        }
        if let Some(at) = LIMITS.iter().position(|name| *name == parameter) {
            self.refused_limits[at] = true;
            return !sent.refused_limits[at];
        }
        match parameter {
            "top_logprobs" => {
                let next = (sent.alternatives_refused + 1).min(ALTERNATIVES.len() as u8);
                self.alternatives_refused = self.alternatives_refused.max(next);
                sent.alternatives() != self.alternatives()
            }
            "response_format" | "json_schema" => {
                let was = sent.demand(reads_schemas);
                self.fall_to(was.weaker());
                was != self.demand(reads_schemas)
            }
            _ => false,
        }
    }

    /// Notes whether a whole typed answer had the form that was demanded by `sent`.
    pub(super) fn note_form(&mut self, has_form: bool, sent: &Self, reads_schemas: bool) {
        let was = sent.demand(reads_schemas);
        if was == Demand::Words || was != self.demand(reads_schemas) || self.typed >= TRIED_ANSWERS
        {
            return;
        }
        self.typed += 1;
        self.formless += u32::from(!has_form);
        if self.formless >= FORMLESS_ANSWERS {
            self.fall_to(was.weaker());
        }
    }

    /// Notes an answer, sent alone, that came without a word on why it ended. Answers whether that is
    /// how this server answers.
    pub(super) fn note_unended(&mut self) -> bool {
        self.unended = self.unended.saturating_add(1);
        self.leaves_out_ends()
    }

    /// Notes that the server said why an answer ended.
    pub(super) fn note_ended(&mut self) {
        self.unended = 0;
    }

    /// Whether the server never says why an answer ended.
    pub(super) fn leaves_out_ends(&self) -> bool {
        self.unended >= UNENDED_ANSWERS
    }

    fn fall_to(&mut self, demand: Demand) {
        if demand > self.demand {
            self.demand = demand;
            (self.typed, self.formless) = (0, 0);
        }
    }
}

fn place(parameter: &str) -> Option<usize> {
    OPTIONAL.iter().position(|name| *name == parameter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_parameter_is_not_sent_again() {
        let mut learned = Learned::default();
        for parameter in OPTIONAL {
            assert!(learned.takes(parameter));
            let sent = learned.clone();
            assert!(learned.refuse(parameter, &sent, true), "{parameter}");
            assert!(!learned.takes(parameter));
            assert!(learned.refuse(parameter, &sent, true), "another that was in flight");
            let sent = learned.clone();
            assert!(!learned.refuse(parameter, &sent, true), "there is nothing left to leave out");
        }
        assert!(learned.refuse("stream_options.include_usage", &Learned::default(), true));
        assert!(!learned.refuse("messages", &Learned::default(), true));
        assert!(!learned.refuse("", &Learned::default(), true));
    }

    #[test]
    fn two_answers_in_a_row_without_an_end_say_that_none_has_one() {
        let mut learned = Learned::default();
        assert!(!learned.note_unended());
        learned.note_ended();
        assert!(!learned.note_unended() && !learned.leaves_out_ends());
        assert!(learned.note_unended() && learned.leaves_out_ends());
        learned.note_ended();
        assert!(!learned.leaves_out_ends());
    }

    #[test]
    fn the_limit_has_two_names() {
        for (usual, other) in [(LIMITS[0], LIMITS[1]), (LIMITS[1], LIMITS[0])] {
            let mut learned = Learned::default();
            assert_eq!(learned.limit_name(usual), Some(usual));
            let sent = learned.clone();
            assert!(learned.refuse(usual, &sent, true));
            assert_eq!(learned.limit_name(usual), Some(other));
            let sent = learned.clone();
            assert!(learned.refuse(other, &sent, true));
            assert_eq!(learned.limit_name(usual), None);
        }
    }

    #[test]
    fn fewer_alternatives_are_asked_for_then_none() {
        let mut learned = Learned::default();
        let first = learned.clone();
        assert_eq!(learned.alternatives(), Some(20));
        for _ in 0..5 {
            assert!(learned.refuse("top_logprobs", &first, true));
            assert_eq!(learned.alternatives(), Some(5), "all of them were sent with 20");
        }
        let second = learned.clone();
        assert!(learned.refuse("top_logprobs", &second, true));
        assert_eq!(learned.alternatives(), None);
        let third = learned.clone();
        assert!(!learned.refuse("top_logprobs", &third, true));

        let mut learned = Learned::default();
        assert!(learned.refuse("logprobs", &first, true));
        assert_eq!(learned.alternatives(), None);
    }

    #[test]
    fn the_form_is_asked_for_ever_more_weakly() {
        let mut learned = Learned::default();
        let first = learned.clone();
        for _ in 0..5 {
            assert!(learned.refuse("response_format", &first, true));
            assert_eq!(learned.demand(true), Demand::Object, "refused of five at once");
        }
        let second = learned.clone();
        assert!(learned.refuse("response_format", &second, true));
        assert_eq!(learned.demand(true), Demand::Words);
        let third = learned.clone();
        assert!(!learned.refuse("response_format", &third, true));

        let mut learned = Learned::default();
        assert_eq!(learned.demand(false), Demand::Object, "known to read no schemas");
        assert!(learned.refuse("response_format", &first, false));
        assert_eq!(learned.demand(false), Demand::Words);
    }

    #[test]
    fn two_of_the_first_three_answers_without_the_form_weaken_the_demand() {
        let cases: [(&[bool], Demand); 6] = [
            (&[false], Demand::Schema),
            (&[false, false], Demand::Object),
            (&[true, false, false], Demand::Object),
            (&[true, false, true, false, false], Demand::Schema),
            (&[true, true, true, false, false, false], Demand::Schema),
            (&[false, false, false, false], Demand::Words),
        ];
        for (answers, demand) in cases {
            let mut learned = Learned::default();
            for &has_form in answers {
                let sent = learned.clone();
                learned.note_form(has_form, &sent, true);
            }
            assert_eq!(learned.demand(true), demand, "{answers:?}");
        }
        let mut learned = Learned::default();
        let sent = learned.clone();
        for _ in 0..10 {
            learned.note_form(false, &sent, true);
        }
        assert_eq!(learned.demand(true), Demand::Object, "ten answers to one demand");
    }
}
