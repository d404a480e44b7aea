//! The words that a model writes before it names a label.
//!
//! A small model that is asked for a label wants to say a sentence: "The sentiment of this
//! sentence is positive". Right behind the prompt no label is likely then, and which of them is
//! the less unlikely says little about the row. Behind these words the model decides. So a run has
//! it write freely for some inputs first; the words with which most of its answers begin, up to
//! where they part, are the lead-in of all rows. A model that names the label at once has none.
//! `docs/adr/0012-labels-behind-a-lead-in.md` tells what that changes.
//!
//! Pure functions: the same rows and answers give the same lead-in.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use braincells_core::Value;

use super::estimate::spread;
use super::sayings::{Saying, sayings};

/// Rows that are answered freely, and the most tokens of such an answer.
const ROWS: usize = 12;
pub(crate) const MOST_TOKENS: u32 = 16;

/// The most labels whose own texts are answered freely beside the rows. Rows may all be of one
/// label, and then what the model says of them looks like words that it always says; where these
/// texts part by their label, it decides.
const MOST_LABELS: usize = 8;

/// The share of all rows whose answers must begin with the lead-in, and of those that had its
/// words so far the share that must go on with the next one.
const LEAST_OF_ALL: f64 = 0.5;
const LEAST_OF_FOLLOWERS: f64 = 0.71;

const MOST_WORDS: usize = 12;

/// The inputs that are to be answered freely.
#[derive(Debug)]
pub(crate) struct FreeInputs {
    rows: Vec<Vec<Value>>,
    sayings: Vec<Saying>,
}

impl FreeInputs {
    /// Some of the rows, evenly, and texts that name the labels.
    pub(crate) fn new(rows: Vec<Vec<Value>>, labels: &[String], columns: usize) -> Self {
        Self { rows: spread(rows, ROWS), sayings: sayings(labels, MOST_LABELS, columns) }
    }

    /// The values of the input columns, for each.
    pub(crate) fn values(&self) -> impl Iterator<Item = &Vec<Value>> {
        self.rows.iter().chain(self.sayings.iter().map(|saying| &saying.values))
    }

    /// What the rows' answers begin with, the space behind it included; `None` if they have
    /// nothing in common or name a label at once. One answer for each input, `None` for one that
    /// failed.
    pub(crate) fn lead_in(&self, labels: &[String], answers: &[Option<String>]) -> Option<String> {
        let (of_rows, of_labels) = answers.split_at(self.rows.len().min(answers.len()));
        let mut rows: Vec<Vec<&str>> = of_rows.iter().flatten().map(|text| words(text)).collect();
        let all = rows.len() as f64;
        let mut sayings: Vec<(usize, Vec<&str>)> = self
            .sayings
            .iter()
            .zip(of_labels)
            .filter_map(|(saying, text)| Some((saying.label, words(text.as_ref()?))))
            .collect();
        let (mut lead_in, mut count) = (String::new(), 0);
        while count < MOST_WORDS {
            let following = rows.iter().map(|words| words.get(count).copied());
            let Some((word, frequency)) = commonest(following.flatten()) else { break };
            let is_common = frequency >= LEAST_OF_ALL * all
                && frequency >= LEAST_OF_FOLLOWERS * rows.len() as f64;
            if !is_common
                || ends_clause(word)
                || names_label(word, labels)
                || part_by_label(&sayings, count)
            {
                break;
            }
            lead_in.push_str(word);
            rows.retain(|words| words.get(count) == Some(&word));
            sayings.retain(|(_, words)| words.get(count) == Some(&word));
            count += 1;
        }
        // One word alone is only how its sentences begin.
        let says_something = count > 1 || lead_in.trim_end().ends_with([':', '：']);
        says_something.then_some(lead_in)
    }
}

/// The words of an answer, each with the space behind it. A last word without one may be cut off,
/// or is the answer itself.
fn words(text: &str) -> Vec<&str> {
    let words = text.trim_start().split_inclusive(char::is_whitespace);
    words.filter(|word| word.ends_with(char::is_whitespace)).collect()
}

/// The most frequent word and how often it is there; of several the first in the alphabet.
fn commonest<'a>(words: impl Iterator<Item = &'a str>) -> Option<(&'a str, f64)> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    let most = counts.into_iter().max_by_key(|(word, count)| (*count, Reverse(*word)))?;
    Some((most.0, f64::from(most.1)))
}

/// Whether texts that name a label all go on with one word at a place, and those that name another
/// one with another.
fn part_by_label(sayings: &[(usize, Vec<&str>)], at: usize) -> bool {
    let mut words_of: BTreeMap<usize, Vec<Option<&str>>> = BTreeMap::new();
    for (label, words) in sayings {
        words_of.entry(*label).or_default().push(words.get(at).copied());
    }
    let sure = words_of.values().filter_map(|words| {
        let first = words.first().copied().flatten()?;
        words.iter().all(|word| *word == Some(first)).then_some(first)
    });
    sure.collect::<BTreeSet<&str>>().len() > 1
}

fn ends_clause(word: &str) -> bool {
    word.trim_end().ends_with(['.', ',', ';', '!', '?', '…', '。', '，', '；', '！', '？', '、'])
}

/// Whether a word is the first one of a label.
fn names_label(word: &str, labels: &[String]) -> bool {
    let bare = |text: &str| text.trim_matches(|at: char| !at.is_alphanumeric()).to_lowercase();
    let word = bare(word);
    !word.is_empty()
        && labels
            .iter()
            .any(|label| label.split_whitespace().next().map(bare).as_ref() == Some(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Vec<String> {
        vec!["positive".to_owned(), "negative".to_owned()]
    }

    /// As many rows and texts; the first half of these is of the first label.
    fn inputs(labels: &[String], rows: usize, of_labels: usize) -> FreeInputs {
        let rows = vec![vec![Value::Null]; rows];
        let label = |at: usize| at * labels.len() / of_labels.max(1);
        let saying = |at: usize| Saying { label: label(at), values: vec![Value::Null] };
        FreeInputs { rows, sayings: (0..of_labels).map(saying).collect() }
    }

    /// The lead-in where rows and the labels' texts are answered so.
    fn found(labels: &[String], rows: &[&str], of_labels: &[&str]) -> Option<String> {
        let inputs = inputs(labels, rows.len(), of_labels.len());
        let answers: Vec<Option<String>> =
            rows.iter().chain(of_labels).map(|text| Some((*text).to_owned())).collect();
        inputs.lead_in(labels, &answers)
    }

    #[test]
    fn it_is_what_the_answers_begin_with_before_they_name_a_label() {
        let rows = [
            "The sentiment of this sentence is positive, but it's",
            "The sentiment of this sentence is negative. The",
            "The sentiment of this sentence is positive.",
            "The sentiment of this sentence is positive. The review",
        ];
        let sayings = [
            "The sentiment of this sentence is positive.",
            "The sentiment of this sentence is negative.",
        ];
        let wanted = Some("The sentiment of this sentence is ".to_owned());
        assert_eq!(found(&labels(), &rows, &sayings), wanted);
        let other_words = ["good".to_owned(), "bad".to_owned()];
        assert_eq!(found(&other_words, &rows, &sayings), wanted);
    }

    #[test]
    fn rows_of_one_label_do_not_put_it_into_the_lead_in() {
        let rows = ["The sentiment is positive and clear to all"; 12];
        let sayings = ["The sentiment is positive and clear"; 3]
            .into_iter()
            .chain(["The sentiment is negative and clear"; 3])
            .collect::<Vec<_>>();
        let other_words = ["good".to_owned(), "bad".to_owned()];
        assert_eq!(found(&other_words, &rows, &sayings), Some("The sentiment is ".to_owned()));
        assert_eq!(found(&labels(), &rows, &sayings), Some("The sentiment is ".to_owned()));
    }

    #[test]
    fn another_way_to_say_the_same_is_no_decision() {
        let rows: Vec<&str> = std::iter::repeat_n("The tone of this text is positive here", 9)
            .chain(std::iter::repeat_n("The tone of this text from a review is positive", 3))
            .collect();
        let sayings = [
            "The tone of this text from a review is positive so",
            "The tone of this text from a review is positive so",
            "The tone of this text is positive so",
            "The tone of this text from a review is negative so",
            "The tone of this text is negative so",
            "The tone of this text is negative so",
        ];
        let wanted = Some("The tone of this text is ".to_owned());
        assert_eq!(found(&labels(), &rows, &sayings), wanted);
        let other_words = ["good".to_owned(), "bad".to_owned()];
        assert_eq!(found(&other_words, &rows, &sayings), wanted);
    }

    #[test]
    fn a_word_that_many_rows_do_not_go_on_with_is_not_part_of_it() {
        let rows = ["This is not good at all"; 7].into_iter().chain(["This is quite good"; 3]);
        let rows: Vec<&str> = rows.collect();
        let other_words = ["good".to_owned(), "bad".to_owned()];
        assert_eq!(found(&other_words, &rows, &[]), Some("This is ".to_owned()));
    }

    #[test]
    fn a_model_that_names_the_label_at_once_has_none() {
        assert_eq!(found(&labels(), &["positive", "negative"], &["positive", "negative"]), None);
        let talkative = ["Positive because of the screen", "positive for the price"];
        assert_eq!(found(&labels(), &talkative, &["positive as said"]), None);
        let few = ["positive as said", "I think it is so", "I think it is 1", "I think it is good"];
        assert_eq!(found(&labels(), &few, &[]), Some("I think it is ".to_owned()), "most do not");
        assert_eq!(found(&labels(), &[], &[]), None);
    }

    #[test]
    fn answers_that_have_nothing_in_common_give_none() {
        let rows = ["I'm glad you like it", "The battery life is great", "A device for all"];
        assert_eq!(found(&labels(), &rows, &["Thank you for asking", "It depends on you"]), None);
        let one_word = ["The battery is great", "The menu is slow", "The price is high"];
        assert_eq!(found(&labels(), &one_word, &["The end of it"]), None, "one word says nothing");
    }

    #[test]
    fn a_clause_that_ends_is_no_lead_in() {
        let rows = ["No, this sentence is not positive."; 4];
        assert_eq!(found(&labels(), &rows, &rows), None);
        let rows = ["This text is clear. It is positive."; 4];
        assert_eq!(found(&labels(), &rows, &rows), Some("This text is ".to_owned()));
    }

    #[test]
    fn a_heading_is_enough() {
        let rows = ["Sentiment: positive because", "Sentiment: negative since"];
        assert_eq!(found(&labels(), &rows, &rows), Some("Sentiment: ".to_owned()));
    }

    #[test]
    fn answers_that_failed_do_not_count() {
        let inputs = inputs(&labels(), 3, 2);
        let said = || Some("The answer is positive.".to_owned());
        let answers = [None, said(), None, None, said()];
        assert_eq!(inputs.lead_in(&labels(), &answers), Some("The answer is ".to_owned()));
        assert_eq!(inputs.lead_in(&labels(), &[None, None, None]), None);
    }

    #[test]
    fn rows_and_texts_that_name_each_label_are_asked_for() {
        let rows: Vec<Vec<Value>> =
            (0..100).map(|row| vec![Value::from(row.to_string()), Value::Null]).collect();
        let inputs = FreeInputs::new(rows, &labels(), 2);
        let values: Vec<_> = inputs.values().collect();
        assert_eq!(values.len(), ROWS + 6);
        assert!(values.iter().all(|values| values.len() == 2));
        assert_eq!(values[ROWS], &vec![Value::from("positive"), Value::from("positive")]);
        assert_eq!(FreeInputs::new(Vec::new(), &labels(), 1).values().count(), 6);
    }
}
