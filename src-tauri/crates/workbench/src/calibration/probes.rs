//! Inputs that say nothing, to hear which labels the model likes before it has read anything.
//!
//! *Scrambled* inputs look like the column: words of its own rows, put together at random, so that
//! length, vocabulary and punctuation are right and the sense is gone. Where the rows have no
//! words, *blank* inputs take their place, which are placeholders. They tell less: small models
//! read `N/A`, `none` or `not available`, the usual choice, as a complaint, so these are not among
//! them, and the others still say little about how a row will be read
//! (`docs/adr/0009-calibrated-labels.md`).
//!
//! Pure functions: the same seed and rows give the same inputs.

use braincells_core::Value;

/// Placeholders, each for one probe.
pub(crate) const BLANKS: [&str; 8] =
    ["[MASK]", "text", "lorem ipsum", "[text]", "content", "item 1", "the", "abc"];

/// How many scrambled inputs are asked for.
pub(crate) const SCRAMBLED: usize = 32;

/// Rows that scrambled inputs are made of, at most.
pub(crate) const MOST_ROWS: usize = 256;

/// The least and the most pieces of a scrambled text.
const LEAST_PIECES: usize = 4;
const MOST_PIECES: usize = 40;

/// Characters of a word, on average, above which a text is taken for one without spaces, and how
/// many of those make a piece.
const LONGEST_MEAN_WORD: usize = 15;
const CHARACTERS_OF_PIECE: usize = 2;

/// The values of the input columns for each blank probe.
pub(crate) fn blank(inputs: usize) -> Vec<Vec<Value>> {
    BLANKS.iter().map(|text| vec![Value::from(*text); inputs]).collect()
}

/// The values of the input columns for each scrambled probe, from rows of the sheet; none if no
/// row has a word.
///
/// A text becomes words from random rows, as many as a random row has. A value that is no text (a
/// number, a date) is that of a random row.
pub(crate) fn scrambled(rows: &[Vec<Value>], seed: u64) -> Vec<Vec<Value>> {
    let columns = rows.first().map_or(0, Vec::len);
    let columns: Vec<Column<'_>> =
        (0..columns).map(|column| Column::new(rows.iter().map(|row| &row[column]))).collect();
    // Values that cannot be scrambled are rows, and rows say something.
    if columns.iter().all(|column| column.texts.is_empty()) {
        return Vec::new();
    }
    let mut dice = Dice(seed);
    (0..SCRAMBLED)
        .map(|_| columns.iter().map(|column| column.scrambled(&mut dice)).collect())
        .collect()
}

/// What the rows have in one column, without the empty cells.
struct Column<'a> {
    texts: Vec<Text<'a>>,
    others: Vec<&'a Value>,
}

/// A text in the pieces that it may be cut at.
struct Text<'a> {
    pieces: Vec<&'a str>,
    /// What stands between pieces: nothing in a script without spaces.
    between: &'static str,
}

impl<'a> Text<'a> {
    fn new(text: &'a str) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        let characters: usize = words.iter().map(|word| word.chars().count()).sum();
        if characters <= words.len() * LONGEST_MEAN_WORD {
            return Self { pieces: words, between: " " };
        }
        let pieces = words.into_iter().flat_map(|word| {
            let starts: Vec<usize> =
                word.char_indices().map(|(at, _)| at).step_by(CHARACTERS_OF_PIECE).collect();
            let ends: Vec<usize> = starts.iter().skip(1).copied().chain([word.len()]).collect();
            starts.into_iter().zip(ends).map(|(start, end)| &word[start..end]).collect::<Vec<_>>()
        });
        Self { pieces: pieces.collect(), between: "" }
    }
}

impl<'a> Column<'a> {
    fn new(values: impl Iterator<Item = &'a Value>) -> Self {
        let (mut texts, mut others) = (Vec::new(), Vec::new());
        for value in values {
            match value {
                Value::Null => {}
                Value::String(text) if text.trim().is_empty() => {}
                Value::String(text) => texts.push(Text::new(text)),
                other => others.push(other),
            }
        }
        Self { texts, others }
    }

    fn scrambled(&self, dice: &mut Dice) -> Value {
        let Some(like) = dice.pick(&self.texts) else {
            return dice.pick(&self.others).map_or(Value::Null, |value| (*value).clone());
        };
        let wanted = like.pieces.len().clamp(LEAST_PIECES, MOST_PIECES);
        let (mut scrambled, mut count) = (String::new(), 0);
        while count < wanted {
            let Some(Text { pieces, between }) = dice.pick(&self.texts) else { break };
            let Some(piece) = dice.pick(pieces) else { break };
            if count > 0 {
                scrambled.push_str(between);
            }
            scrambled.push_str(piece);
            count += 1;
        }
        Value::from(scrambled)
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): a few numbers that only have to look unordered and be
/// the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let number = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    }

    /// A number below `count`, 0 when there is none.
    fn below(&mut self, count: usize) -> usize {
        self.roll().checked_rem(count as u64).unwrap_or(0) as usize
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let index = self.below(items.len());
        items.get(index)
    }
}

#[cfg(test)]
mod tests {
    use braincells_core::render_value;

    use super::*;

    fn rows(texts: &[&str]) -> Vec<Vec<Value>> {
        texts.iter().map(|text| vec![Value::from(*text)]).collect()
    }

    #[test]
    fn the_same_seed_and_rows_give_the_same_inputs() {
        let rows = rows(&["one two three four five", "six seven eight", "nine"]);
        let made = scrambled(&rows, 7);
        assert_eq!(made.len(), SCRAMBLED);
        assert_eq!(made, scrambled(&rows, 7));
        assert_ne!(made, scrambled(&rows, 8));
    }

    #[test]
    fn scrambled_texts_have_the_words_and_the_lengths_of_the_rows() {
        let rows = rows(&["a1 a2 a3 a4 a5 a6 a7", "b1 b2 b3 b4 b5 b6 b7", "c1 c2 c3 c4 c5"]);
        let all: Vec<String> = rows.iter().map(|row| render_value(&row[0])).collect();
        let all = all.join(" ");
        let mut mixed = 0;
        for made in scrambled(&rows, 1) {
            let text = render_value(&made[0]);
            let words: Vec<&str> = text.split(' ').collect();
            assert!([5, 7].contains(&words.len()), "{text}");
            assert!(words.iter().all(|word| all.contains(word)), "{text}");
            mixed += usize::from(!all.contains(&text));
        }
        assert!(mixed > SCRAMBLED / 2, "most are none of the rows");
    }

    #[test]
    fn a_script_without_spaces_is_cut_between_characters() {
        let rows = rows(&[
            "这个播放器的画质非常好我很喜欢它的遥控器和菜单",
            "屏幕坏了客服也不回复邮件真的很失望不会再买了",
        ]);
        for made in scrambled(&rows, 1) {
            let text = render_value(&made[0]);
            assert!(!text.contains(' ') && (4..=48).contains(&text.chars().count()), "{text}");
            assert!(!rows.contains(&made), "{text}");
        }
    }

    #[test]
    fn numbers_come_from_the_rows_and_empty_cells_from_none() {
        let rows = vec![
            vec![Value::Null, Value::from(5), Value::from("words of a row here")],
            vec![Value::Null, Value::from(7), Value::from(" ")],
        ];
        for made in scrambled(&rows, 3) {
            assert_eq!(made[0], Value::Null);
            assert!([Value::from(5), Value::from(7)].contains(&made[1]));
            assert!(made[2].as_str().is_some_and(|text| !text.trim().is_empty()));
        }
    }

    #[test]
    fn rows_without_anything_give_no_inputs() {
        assert_eq!(scrambled(&[], 1), Vec::<Vec<Value>>::new());
        assert_eq!(scrambled(&[vec![Value::Null], vec![Value::from("  ")]], 1).len(), 0);
        assert_eq!(scrambled(&[vec![Value::from(5)], vec![Value::from(7)]], 1).len(), 0);
        assert_eq!(blank(2).len(), BLANKS.len());
        assert!(blank(2).iter().all(|values| values.len() == 2 && values[0] == values[1]));
    }

    #[test]
    fn a_text_of_one_endless_word_stays_short() {
        let rows = rows(&[&"x".repeat(100_000)]);
        for made in scrambled(&rows, 1) {
            assert!(render_value(&made[0]).len() <= MOST_PIECES * CHARACTERS_OF_PIECE);
        }
    }
}
