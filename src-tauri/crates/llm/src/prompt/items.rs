use std::collections::hash_map::RandomState;
use std::collections::{HashSet, VecDeque};
use std::hash::BuildHasher;

use braincells_core::{Value, render_value};
use unicode_normalization::UnicodeNormalization;

/// What a column has already, so that each row can be asked for something else.
///
/// Every item is remembered, as a hash of 128 bits; the newest are listed in prompts, as many as
/// fit the limit, each whole. When they no longer fit, the older half of the list goes at once
/// and not one at a time, because each cut is a new beginning that no earlier prompt shares.
#[derive(Debug)]
pub struct EarlierItems {
    seen: HashSet<(u64, u64)>,
    hashers: (RandomState, RandomState),
    listed: VecDeque<(String, u32)>,
    listed_tokens: u32,
    most_tokens: u32,
}

impl EarlierItems {
    /// Nothing yet; prompts list at most `most_tokens` tokens.
    pub fn new(most_tokens: u32) -> Self {
        Self {
            seen: HashSet::new(),
            hashers: (RandomState::new(), RandomState::new()),
            listed: VecDeque::new(),
            listed_tokens: 0,
            most_tokens,
        }
    }

    /// Takes an item; `false` if it is there already. Items are the same if nothing but letter
    /// case, white space, punctuation or the form of their characters (Unicode NFKC) differs.
    pub fn add(&mut self, item: &Value, count_tokens: &dyn Fn(&str) -> u32) -> bool {
        let text = render_value(item);
        let folded = folded(&text);
        let key = (self.hashers.0.hash_one(&folded), self.hashers.1.hash_one(&folded));
        if !self.seen.insert(key) {
            return false;
        }
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let tokens = count_tokens(&line).saturating_add(1);
        // One that is longer than the whole list may be would empty it.
        if tokens > self.most_tokens || line.is_empty() {
            return true;
        }
        self.listed.push_back((line, tokens));
        self.listed_tokens += tokens;
        if self.listed_tokens > self.most_tokens {
            while self.listed_tokens > (self.most_tokens / 2).max(tokens) {
                let Some((_, tokens)) = self.listed.pop_front() else { break };
                self.listed_tokens -= tokens;
            }
        }
        true
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.seen.len()
    }

    /// What a prompt lists, oldest first, each on one line.
    pub fn listed(&self) -> impl Iterator<Item = &str> {
        self.listed.iter().map(|(line, _)| line.as_str())
    }
}

/// The text without what makes no other item of it. A text of nothing but punctuation stays.
fn folded(text: &str) -> String {
    let plain: String = text.nfkc().collect::<String>().to_lowercase();
    let words: Vec<&str> = plain
        .split(|letter: char| letter.is_whitespace() || is_punctuation(letter))
        .filter(|word| !word.is_empty())
        .collect();
    if words.is_empty() { plain.trim().to_owned() } else { words.join(" ") }
}

/// Marks that carry no meaning of their own. `C++` and `C#` are not `C`, and `5 %` is not `5`.
fn is_punctuation(letter: char) -> bool {
    const MEANINGFUL: &str = "#%&@$*+<=>^|~";
    if letter.is_ascii() {
        return letter.is_ascii_punctuation() && !MEANINGFUL.contains(letter);
    }
    // Inverted marks, guillemets, typographic dashes and quotes, CJK brackets and stops.
    matches!(
        letter,
        '¡' | '¿' | '«' | '»' | '·'
            | '\u{2010}'..='\u{2027}'
            | '\u{2030}'..='\u{205e}'
            | '\u{3001}'..='\u{3003}'
            | '\u{3008}'..='\u{3011}'
            | '\u{3014}'..='\u{301f}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn letters(text: &str) -> u32 {
        text.chars().count() as u32
    }

    fn listed(items: &EarlierItems) -> Vec<&str> {
        items.listed().collect()
    }

    #[test]
    fn an_item_is_known_whatever_its_case_spaces_and_punctuation() {
        let same = [
            ["Café Noir", "cafe\u{301}  NOIR."],
            ["It's a dog-house", "“It’s a dog–house!”"],
            ["ﬁne", "FINE"],
            ["１２ Monkeys", "12 monkeys"],
            ["line one\nline two", "Line one, line two"],
        ];
        for [one, other] in same {
            let mut items = EarlierItems::new(100);
            assert!(items.add(&json!(one), &letters));
            assert!(!items.add(&json!(other), &letters), "{one:?} and {other:?}");
            assert!(!items.add(&json!(one), &letters));
        }
        let mut items = EarlierItems::new(100);
        for different in ["C", "C++", "C#", "5", "5 %", "!", "?!", "a b", "ab", "ä", "a"] {
            assert!(items.add(&json!(different), &letters), "{different}");
        }
        let object = json!({"name": "Ada", "age": 3});
        assert!(items.add(&object, &letters));
        assert!(!items.add(&object, &letters));
        assert_eq!(items.count(), 12);
    }

    #[test]
    fn the_newest_are_listed_whole_oldest_first_and_cut_by_half() {
        let mut items = EarlierItems::new(12);
        for item in ["aa", "bb", "cc", "dd"] {
            assert!(items.add(&json!(item), &letters));
        }
        assert_eq!(listed(&items), ["aa", "bb", "cc", "dd"], "three tokens each fit exactly");
        assert!(items.add(&json!("ee"), &letters));
        assert_eq!(listed(&items), ["dd", "ee"], "half of the room is free again");
        assert!(!items.add(&json!("aa"), &letters), "what is no longer listed is still known");
        assert!(items.add(&json!("much too long to be listed"), &letters));
        assert_eq!(listed(&items), ["dd", "ee"]);
        assert!(items.add(&json!("ten\nletter"), &letters));
        assert_eq!(listed(&items), ["ten letter"], "one that takes nearly all is listed alone");
    }

    proptest! {
        #[test]
        fn the_list_never_takes_more_than_it_may(
            most in 0_u32..40,
            words in proptest::collection::vec("[a-c]{0,12}", 0..40),
        ) {
            let mut items = EarlierItems::new(most);
            let mut different = std::collections::HashSet::new();
            for word in words {
                prop_assert_eq!(items.add(&json!(word), &letters), different.insert(word));
                prop_assert!(items.listed().map(|line| letters(line) + 1).sum::<u32>() <= most);
            }
        }
    }
}
