//! How probable each label is, from the probabilities of the tokens of an answer that names one.
//!
//! [`super::answer`] hands in what the server said about each token. Promises: shares of all labels
//! in the recipe's order that add up to 1, or nothing. Left out: how sure the model is of labels
//! that were in no list of alternatives (their share is 0), and of texts that are no label (they
//! are not counted).

use braincells_core::{Output, Value};

use crate::LabelProbability;
use crate::output::{THINK_CLOSES, bare, is_full_stop, is_wrapping, read_answer};

/// One token of an answer, as the server tells about it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct TokenChoice {
    /// The token that was written.
    chosen: Choice,
    /// The likeliest tokens in its place; it may be among them.
    alternatives: Vec<Choice>,
}

/// A token and how probable it was.
#[derive(Clone, Debug, PartialEq)]
struct Choice {
    /// Its bytes: a token may end within a character.
    bytes: Vec<u8>,
    /// The natural logarithm of its probability.
    log_probability: f64,
}

impl Choice {
    fn of(value: &Value) -> Option<Self> {
        let log_probability = value.get("logprob")?.as_f64().filter(|log| !log.is_nan())?;
        let bytes = value.get("bytes").and_then(Value::as_array).and_then(|bytes| {
            let byte = |byte: &Value| byte.as_u64().and_then(|byte| u8::try_from(byte).ok());
            bytes.iter().map(byte).collect::<Option<Vec<u8>>>()
        });
        let token = || value.get("token").and_then(Value::as_str).map(Into::into);
        Some(Self { bytes: bytes.or_else(token)?, log_probability })
    }

    fn probability(&self) -> f64 {
        self.log_probability.exp().clamp(0.0, 1.0)
    }
}

impl TokenChoice {
    /// Reads an entry of `logprobs.content`; `None` if it is none.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let alternatives = value.get("top_logprobs").and_then(Value::as_array);
        let alternatives = alternatives.map_or(&[][..], Vec::as_slice);
        Some(Self {
            chosen: Choice::of(value)?,
            alternatives: alternatives.iter().filter_map(Choice::of).collect(),
        })
    }
}

/// What a scored answer says about the labels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scores {
    /// The share of the label that was answered.
    pub(super) confidence: f64,
    /// Every label's share, in the recipe's order.
    pub(super) labels: Vec<LabelProbability>,
}

/// The shares of all labels; `None` if the answer is no label or its tokens say nothing.
pub(super) fn scores(content: &str, tokens: &[TokenChoice], output: &Output) -> Option<Scores> {
    let labels = output.scored_labels()?;
    let value = read_answer(content, output).ok()?.value;
    let answered = labels.iter().position(|label| output.label_value(label) == value)?;
    let spellings = Spellings::of(output, &labels);
    let tokens = behind_thinking(tokens);
    let mut shares = spellings.walk(tokens, answered)?;
    let sum: f64 = shares.iter().sum();
    if !(sum > 0.0 && sum.is_finite()) {
        return None;
    }
    for share in &mut shares {
        *share /= sum;
    }
    let confidence = shares[answered];
    let labels = labels.into_iter().zip(shares);
    let labels =
        labels.map(|(label, probability)| LabelProbability { label, probability }).collect();
    Some(Scores { confidence, labels })
}

/// The tokens of the answer itself. Some servers tell about those of the thinking too.
fn behind_thinking(tokens: &[TokenChoice]) -> &[TokenChoice] {
    let mut text = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        text.extend_from_slice(&token.chosen.bytes);
        // The tag may be several tokens, and a token may hold more than its end.
        let from = text.len().saturating_sub(THINK_CLOSES.len() + token.chosen.bytes.len());
        let tail = &text[from..];
        if tail.windows(THINK_CLOSES.len()).any(|window| window == THINK_CLOSES.as_bytes()) {
            return &tokens[at + 1..];
        }
    }
    tokens
}

/// All texts that are read as a label, with the index of that label.
struct Spellings {
    known: Vec<(Vec<u8>, usize)>,
    labels: usize,
}

impl Spellings {
    fn of(output: &Output, labels: &[String]) -> Self {
        let known = if *output == Output::Boolean {
            let words = [("true", 0), ("yes", 0), ("false", 1), ("no", 1)];
            words.map(|(word, at)| (word.into(), at)).into()
        } else {
            let named = labels.iter().enumerate();
            named.map(|(at, label)| (bare(label).to_lowercase().into_bytes(), at)).collect()
        };
        Self { known, labels: labels.len() }
    }

    /// The labels that an answer which begins with `text` can still be. Those that it is whole,
    /// white space and closing quotes aside, are among them.
    fn compatible(&self, text: &[u8]) -> Vec<usize> {
        let begun = begun(text);
        let whole = ended(&begun);
        let mut found: Vec<usize> = Vec::new();
        for (spelling, label) in &self.known {
            if (spelling.starts_with(&begun) || spelling == whole) && !found.contains(label) {
                found.push(*label);
            }
        }
        found
    }

    /// The labels that a text is, white space, quotes and full stops aside.
    fn whole(&self, text: &[u8]) -> Vec<usize> {
        let begun = begun(text);
        let whole = ended(&begun);
        let is_it = |(spelling, _): &&(Vec<u8>, usize)| spelling == whole;
        self.known.iter().filter(is_it).map(|(_, label)| *label).collect()
    }

    /// The labels that `path` could still be behind one more token. A token that ends the answer
    /// leaves those that the path is already.
    fn behind(&self, path: &[u8], token: &[u8]) -> Behind {
        let text = [path, token].concat();
        let labels = self.compatible(&text);
        // Servers name such a token as they like, or not at all.
        let has_angles = token.starts_with(b"<") && token.ends_with(b">");
        if token.is_empty() || (has_angles && labels.is_empty()) {
            return Behind { text: path.to_vec(), labels: self.whole(path), is_end: true };
        }
        Behind { text, labels, is_end: false }
    }

    /// Walks along the answer: what stands beside its tokens counts for the labels that it could
    /// have become, the answer's own path for the one that it became.
    fn walk(&self, tokens: &[TokenChoice], answered: usize) -> Option<Vec<f64>> {
        let mut shares = vec![0.0; self.labels];
        let mut path = Vec::new();
        let mut path_probability = 1.0;
        let mut was_compared = false;
        for token in tokens {
            for other in &token.alternatives {
                if other.bytes == token.chosen.bytes {
                    continue;
                }
                was_compared = true;
                let behind = self.behind(&path, &other.bytes);
                // White space and quotes alone could become any.
                if !begun(&behind.text).is_empty() {
                    // One that spells a label is that label: others that begin with it mostly begin
                    // with another token.
                    let whole = self.whole(&behind.text);
                    let labels = if whole.is_empty() { behind.labels } else { whole };
                    let share = path_probability * other.probability() / labels.len() as f64;
                    for label in labels {
                        shares[label] += share;
                    }
                }
            }
            path_probability *= token.chosen.probability();
            let behind = self.behind(&path, &token.chosen.bytes);
            if behind.is_end && behind.labels.is_empty() {
                // Nothing was written yet.
                continue;
            }
            if !behind.labels.contains(&answered) {
                // The tokens are not those of the answer.
                return None;
            }
            path = behind.text;
            if behind.is_end || behind.labels.len() == 1 {
                break;
            }
        }
        shares[answered] += path_probability;
        (was_compared && !begun(&path).is_empty()).then_some(shares)
    }
}

/// How an answer stands behind one more token.
struct Behind {
    text: Vec<u8>,
    labels: Vec<usize>,
    is_end: bool,
}

/// An answer's beginning as labels are compared: in small letters, without what may stand in front.
/// Bytes of a character that has no end yet stay as they are.
fn begun(text: &[u8]) -> Vec<u8> {
    let (text, cut) = match std::str::from_utf8(text) {
        Ok(text) => (text, &[][..]),
        Err(error) => {
            let (valid, cut) = text.split_at(error.valid_up_to());
            (std::str::from_utf8(valid).unwrap_or_default(), cut)
        }
    };
    let text = text.trim_start_matches(|letter| is_wrapping(letter) || is_full_stop(letter));
    [text.to_lowercase().as_bytes(), cut].concat()
}

/// Without what may stand behind a whole answer.
fn ended(begun: &[u8]) -> &[u8] {
    std::str::from_utf8(begun).map_or(begun, |text| bare(text).as_bytes())
}

#[cfg(test)]
mod tests;
