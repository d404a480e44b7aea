//! The words that a model writes before it names a label.
//!
//! A small model that is asked for a label wants to say a sentence: "The sentiment of this
//! sentence is positive". Right behind the prompt no label is likely then, and which of them is
//! the less unlikely says little about the row. Behind these words the model decides. So a run has
//! it write freely for some inputs first; the words with which most of its answers begin, up to
//! where they part, are the lead-in of all rows. A model that names the label at once has none.
//! `docs/adr/0009-calibrated-labels.md` tells what that changes.
//!
//! Pure functions: the same rows and answers give the same lead-in.

use std::cmp::Ordering;

use braincells_core::Value;

use super::estimate::spread;

/// Rows that are answered freely, and the most tokens of such an answer.
const ROWS: usize = 12;
pub(crate) const MOST_TOKENS: u32 = 16;

/// What is answered freely beside the rows: texts in which a label is named. Rows may all be of
/// one label, and then what the model says of them would look like words that it always says.
const MOST_LABELS: usize = 8;
const SAYINGS: [fn(&str) -> String; 3] =
    [str::to_owned, |label| format!("This is {label}."), |label| format!("{label}, {label}!")];

/// The share of all answers that must begin with the lead-in, and of those that had its words so
/// far the share that must go on with the next one. More than three quarters: of rows of one label
/// together with the labels' own texts no more say the same label.
const LEAST_OF_ALL: f64 = 0.5;
const LEAST_OF_FOLLOWERS: f64 = 0.8;

const MOST_WORDS: usize = 12;

/// The inputs that are to be answered freely.
#[derive(Debug)]
pub(crate) struct FreeInputs {
    /// The first of these are rows.
    pub(crate) values: Vec<Vec<Value>>,
    rows: usize,
}

impl FreeInputs {
    /// Some of the rows, evenly, and texts that name the labels, in each of the input columns.
    pub(crate) fn new(rows: Vec<Vec<Value>>, labels: &[String]) -> Self {
        let mut values = spread(rows, ROWS);
        let rows = values.len();
        let columns = values.first().map_or(1, Vec::len);
        for label in spread(labels.to_vec(), MOST_LABELS) {
            values.extend(SAYINGS.iter().map(|say| vec![Value::from(say(&label)); columns]));
        }
        Self { values, rows }
    }

    /// What the answers begin with, the space behind it included; `None` if they have nothing in
    /// common or name a label at once. One answer for each input, `None` for one that failed.
    pub(crate) fn lead_in(&self, labels: &[String], answers: &[Option<String>]) -> Option<String> {
        let (of_rows, of_labels) = answers.split_at(self.rows.min(answers.len()));
        let count = |some: &[Option<String>]| some.iter().flatten().count() as f64;
        // Both kinds weigh the same.
        let weigh = |some: &'_ [Option<String>]| 0.5 / count(some).max(1.0);
        let of = |some| (weigh(some), some);
        let mut followers: Vec<(f64, Vec<&str>)> = [of(of_rows), of(of_labels)]
            .into_iter()
            .flat_map(|(weight, some)| some.iter().flatten().map(move |text| (weight, words(text))))
            .collect();
        let mut lead_in = String::new();
        let mut count = 0;
        while count < MOST_WORDS {
            let Some((word, weight)) = commonest(&followers, count) else { break };
            let all: f64 = followers.iter().map(|(weight, _)| weight).sum();
            // A sum of shares is not exact.
            let is_common =
                weight >= LEAST_OF_ALL - 1e-9 && weight >= LEAST_OF_FOLLOWERS * all - 1e-9;
            if !is_common || ends_clause(word) || names_label(word, labels) {
                break;
            }
            lead_in.push_str(word);
            followers.retain(|(_, words)| words.get(count) == Some(&word));
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

/// The word at a place that has the most weight; of several the first in the alphabet.
fn commonest<'a>(followers: &[(f64, Vec<&'a str>)], at: usize) -> Option<(&'a str, f64)> {
    let mut found: Vec<(&str, f64)> = Vec::new();
    for (weight, words) in followers {
        let Some(word) = words.get(at) else { continue };
        match found.iter_mut().find(|(known, _)| known == word) {
            Some((_, sum)) => *sum += weight,
            None => found.push((word, *weight)),
        }
    }
    let more = |one: &(&str, f64), other: &(&str, f64)| {
        one.1.partial_cmp(&other.1).unwrap_or(Ordering::Equal).then(other.0.cmp(one.0))
    };
    found.into_iter().max_by(more)
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

    /// The lead-in where rows and the labels' texts are answered so.
    fn found(labels: &[String], rows: &[&str], of_labels: &[&str]) -> Option<String> {
        let inputs = FreeInputs { values: Vec::new(), rows: rows.len() };
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
    fn a_model_that_names_the_label_at_once_has_none() {
        assert_eq!(found(&labels(), &["positive", "negative"], &["positive", "negative"]), None);
        let talkative = ["Positive because of the screen", "positive for the price"];
        assert_eq!(found(&labels(), &talkative, &["positive as said"]), None);
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
        let inputs = FreeInputs { values: Vec::new(), rows: 3 };
        let said = || Some("The answer is positive.".to_owned());
        let answers = [None, said(), None, None, said()];
        assert_eq!(inputs.lead_in(&labels(), &answers), Some("The answer is ".to_owned()));
        assert_eq!(inputs.lead_in(&labels(), &[None, None, None]), None);
    }

    #[test]
    fn rows_and_texts_that_name_each_label_are_asked_for() {
        let rows: Vec<Vec<Value>> =
            (0..100).map(|row| vec![Value::from(row.to_string()), Value::Null]).collect();
        let inputs = FreeInputs::new(rows, &labels());
        assert_eq!(inputs.values.len(), ROWS + 2 * SAYINGS.len());
        assert!(inputs.values.iter().all(|values| values.len() == 2));
        assert_eq!(inputs.values[ROWS], vec![Value::from("positive"), Value::from("positive")]);
        assert_eq!(FreeInputs::new(Vec::new(), &labels()).values.len(), 2 * SAYINGS.len());
    }
}
