//! Scoring labels: the model is asked at the places behind a prompt where they part.

use std::ops::Range;
use std::time::Instant;

use braincells_llm::FinishReason;
use braincells_llm::decoding::Token;

use super::Actor;
use crate::MlxError;
use crate::native::batch;

/// The most places in one call: each has logits of the whole vocabulary.
const MOST_LOOKS: usize = 64;

impl Actor {
    /// Looks behind the rows whose labels are being scored, which then have their answer.
    pub(super) fn score(&mut self) -> Result<(), MlxError> {
        let mut looks = Vec::new();
        let mut scored = Vec::new();
        for (place, row) in self.active.iter().enumerate().filter(|(_, row)| row.ended.is_none()) {
            let Some(trie) = row.trie() else { continue };
            scored.push(place);
            let nodes = (0..trie.node_count()).filter(|node| !trie.path(*node).is_empty());
            looks.extend(nodes.map(|node| (place, node, trie.path(node).to_vec())));
        }
        let (length, pads) = (self.cache.length(), self.cache.pads());
        let columns: Vec<usize> =
            looks.iter().map(|(row, _, path)| length - pads[*row] + path.len()).collect();
        for call in calls(&columns, self.room.columns()) {
            let looks = &looks[call];
            if !self.look(looks)? {
                // All of them are cancelled, and dropped before the next call.
                scored.retain(|place| !looks.iter().any(|(row, ..)| row == place));
            }
        }
        for place in scored {
            self.active[place].ended.get_or_insert(FinishReason::Scored);
        }
        Ok(())
    }

    /// One call. Answers `false` if nobody waits for it any more.
    fn look(&mut self, looks: &[(usize, usize, Vec<Token>)]) -> Result<bool, MlxError> {
        let mut rows: Vec<usize> = looks.iter().map(|(row, ..)| *row).collect();
        rows.dedup();
        let began = Instant::now();
        // Every look is a copy of its row: without what is a pad in all of them.
        let base = self.cache.picked(&rows, self.cache.length())?.without_common_pad()?;
        let picks: Vec<usize> =
            looks.iter().map(|(row, ..)| rows.partition_point(|other| other < row)).collect();
        let paths: Vec<&[Token]> = looks.iter().map(|(.., path)| path.as_slice()).collect();
        let goes_on = self.goes_on(rows.iter().map(|row| &self.active[*row].row));
        let found = batch::look(&self.decoder, &base, &picks, &paths, goes_on)?;
        let Some(logits) = found else { return Ok(false) };
        self.count(began, |figures, seconds| figures.prompt_seconds += seconds);
        for ((row, node, _), logits) in looks.iter().zip(&logits) {
            self.active[*row].take_look(*node, logits);
        }
        Ok(true)
    }
}

/// Cuts looks, which need so many columns each, into calls that have no more than `most` together,
/// each as long as its longest.
fn calls(columns: &[usize], most: usize) -> Vec<Range<usize>> {
    let mut calls = Vec::new();
    let (mut from, mut longest) = (0, 0);
    for (look, own) in columns.iter().enumerate() {
        let count = look - from + 1;
        if count > 1 && (count > MOST_LOOKS || count * longest.max(*own) > most) {
            calls.push(from..look);
            (from, longest) = (look, 0);
        }
        longest = longest.max(*own);
    }
    if from < columns.len() {
        calls.push(from..columns.len());
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_together_have_no_more_columns_than_rows_may() {
        assert_eq!(calls(&[10, 10, 10, 10], 30), [0..3, 3..4]);
        assert_eq!(calls(&[10, 20, 10], 30), [0..1, 1..2, 2..3], "as long as the longest");
        assert_eq!(calls(&[50, 5], 30), [0..1, 1..2], "one is looked at in any case");
        assert_eq!(calls(&[1; 100], 1000), [0..64, 64..100]);
        assert!(calls(&[], 30).is_empty());
    }
}
