//! A rendered chat with holes where the contents of its messages go.

use std::borrow::Cow;

use crate::Message;

use super::Segment;

const PLACEHOLDER_START: &str = "\u{F8A0}q7Zk";
const PLACEHOLDER_END: &str = "Xw3V\u{F8A1}";

/// White space put before and after placeholders to see what the template removes. The inner
/// character is one that `strip()` removes and `strip('\n')` does not.
pub(super) const LEADING_PROBE: &str = "\n\u{B}";
pub(super) const TRAILING_PROBE: &str = "\u{C}\n";

/// What stands for the content of a message while the template runs. White space trimming
/// leaves it alone; a change of letter case, slicing or anything else destroys it visibly.
pub(super) fn placeholder(message: usize) -> String {
    format!("{PLACEHOLDER_START}{message}{PLACEHOLDER_END}")
}

/// What is removed from one end of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trim {
    None,
    Newlines,
    All,
}

impl Trim {
    const ALL: [Self; 3] = [Self::None, Self::Newlines, Self::All];

    fn start(self, text: &str) -> &str {
        match self {
            Self::None => text,
            Self::Newlines => text.trim_start_matches('\n'),
            Self::All => text.trim_start(),
        }
    }

    fn end(self, text: &str) -> &str {
        match self {
            Self::None => text,
            Self::Newlines => text.trim_end_matches('\n'),
            Self::All => text.trim_end(),
        }
    }
}

/// A part of a [`Layout`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Written by the template.
    Text(String),
    /// The content of a message.
    Content { message: usize, leading: Trim, trailing: Trim },
}

/// What a template makes of a chat with certain roles, whatever the messages say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) pieces: Vec<Piece>,
    /// The pieces count messages as if the first two were one.
    pub(super) merges_system: bool,
}

impl Layout {
    /// Puts contents in.
    pub(super) fn fill(&self, messages: &[Message]) -> Vec<Segment> {
        let mut contents: Vec<Cow<'_, str>> =
            messages.iter().map(|message| Cow::from(message.content.as_str())).collect();
        if self.merges_system && contents.len() > 1 {
            let system = contents.remove(0);
            contents[0] = Cow::from(format!("{}\n\n{}", system.trim_end(), contents[0]));
        }
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Segment { text: text.clone(), is_data: false },
                Piece::Content { message, leading, trailing } => Segment {
                    text: trailing.end(leading.start(&contents[*message])).to_owned(),
                    is_data: true,
                },
            })
            .filter(|segment| !segment.text.is_empty())
            .collect()
    }
}

/// A rendering cut at its placeholders: `texts` is one longer than `messages`.
#[derive(Debug)]
pub(super) struct Split {
    texts: Vec<String>,
    messages: Vec<usize>,
}

/// Cuts `rendered` at the placeholders; fails unless each of the `message_count` contents is
/// there exactly once.
pub(super) fn split(rendered: &str, message_count: usize) -> Result<Split, String> {
    let mut split = Split { texts: Vec::new(), messages: Vec::new() };
    let mut rest = rendered;
    while let Some((text, from_index)) = rest.split_once(PLACEHOLDER_START) {
        let (message, after) = from_index
            .split_once(PLACEHOLDER_END)
            .and_then(|(digits, after)| Some((digits.parse::<usize>().ok()?, after)))
            .ok_or("it changes what messages say")?;
        split.texts.push(text.to_owned());
        split.messages.push(message);
        rest = after;
    }
    split.texts.push(rest.to_owned());
    for message in 0..message_count {
        let uses = split.messages.iter().filter(|used| **used == message).count();
        if uses != 1 {
            return Err(format!("it writes message {} of the chat {uses} times", message + 1));
        }
    }
    if split.messages.len() > message_count {
        return Err("it writes messages that are not in the chat".to_owned());
    }
    Ok(split)
}

/// The pieces of a rendering; `probed` is the same chat with white space around the contents.
pub(super) fn pieces(plain: Split, probed: Option<&Split>) -> Vec<Piece> {
    let count = plain.messages.len();
    let mut trims = vec![(Trim::None, Trim::None); count];
    if let Some(probed) = probed.filter(|probed| probed.messages == plain.messages) {
        for (place, (text, seen)) in plain.texts.iter().zip(&probed.texts).enumerate() {
            let (trailing, leading) = trims_around(text, seen, place > 0, place < count);
            if place > 0 {
                trims[place - 1].1 = trailing;
            }
            if place < count {
                trims[place].0 = leading;
            }
        }
    }
    let mut pieces = Vec::with_capacity(2 * count + 1);
    let mut texts = plain.texts.into_iter();
    for (message, (leading, trailing)) in plain.messages.into_iter().zip(trims) {
        pieces.extend(texts.next().map(Piece::Text));
        pieces.push(Piece::Content { message, leading, trailing });
    }
    pieces.extend(texts.map(Piece::Text));
    pieces
}

/// What was removed from the end of the content before `text` and from the beginning of the
/// one after it, given what a probe shows between them. Nothing, if it is no known removal.
fn trims_around(text: &str, seen: &str, has_before: bool, has_after: bool) -> (Trim, Trim) {
    let shows = |(trailing, leading): &(Trim, Trim)| {
        let before = if has_before { trailing.end(TRAILING_PROBE) } else { "" };
        let after = if has_after { leading.start(LEADING_PROBE) } else { "" };
        seen.len() == before.len() + text.len() + after.len()
            && seen.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)) == Some(text)
    };
    // The same removal at both ends first: templates trim all contents alike.
    let alike = Trim::ALL.into_iter().map(|trim| (trim, trim));
    let mixed = Trim::ALL
        .into_iter()
        .flat_map(|trailing| Trim::ALL.into_iter().map(move |leading| (trailing, leading)));
    alike.chain(mixed).find(shows).unwrap_or((Trim::None, Trim::None))
}

/// Removes the marks of which tokens a model was trained on: a tag of one library only, which
/// writes nothing. Replaced by a tag that writes nothing either, so that the white space
/// control around it stays.
pub(super) fn without_training_marks(source: &str) -> String {
    let mut kept = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(start) = rest.find("{%") {
        let (before, tag) = rest.split_at(start + 2);
        kept.push_str(before);
        rest = tag;
        let Some(end) = tag.find("%}") else { break };
        let inner = &tag[..end];
        let replacement = match inner.trim_matches(['-', '+']).trim() {
            "generation" => "if true",
            "endgeneration" => "endif",
            _ => continue,
        };
        let (opens, closes) = (inner.starts_with('-'), inner.ends_with('-'));
        kept.push_str(if opens { "- " } else { " " });
        kept.push_str(replacement);
        kept.push_str(if closes { " -" } else { " " });
        rest = &tag[end..];
    }
    kept.push_str(rest);
    kept
}
