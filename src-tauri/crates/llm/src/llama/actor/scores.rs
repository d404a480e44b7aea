//! Looking at the places behind a prompt where labels part.

use super::super::ffi::DecodeError;
use super::super::row::ActiveRow;
use super::Actor;

impl Actor {
    /// Looks at the branching nodes below the prompts of label rows, each behind a scratch copy
    /// of its row, which every kind of memory can forget again.
    pub(super) fn compute_scores(&mut self, group: &mut [ActiveRow]) -> Result<(), DecodeError> {
        let most = self.context.size().batch_tokens as usize;
        let nodes = group.iter().filter_map(ActiveRow::trie).map(|trie| trie.node_count()).max();
        for node in 0..nodes.unwrap_or(0) {
            let mut looks: Vec<(usize, usize)> = Vec::new();
            self.batch.clear();
            for index in 0..group.len() {
                let Some(trie) = group[index].trie().filter(|trie| node < trie.node_count()) else {
                    continue;
                };
                let path = trie.path(node);
                let Some(last) = path.len().checked_sub(1) else { continue };
                if self.batch.len() + path.len() > most {
                    self.look(group, node, &mut looks)?;
                }
                let row = &group[index];
                let (sequence, begin) = (self.sequences.second(row.sequence), row.position());
                self.context.share_all(row.sequence, sequence);
                for (step, &token) in path.iter().enumerate() {
                    // A path of its own may be longer than a call.
                    if self.batch.len() == most {
                        self.look(group, node, &mut looks)?;
                    }
                    let place = self.batch.push(token, begin + step, sequence, step == last);
                    if step == last {
                        looks.push((index, place));
                    }
                }
            }
            self.look(group, node, &mut looks)?;
        }
        Ok(())
    }

    fn look(
        &mut self,
        group: &mut [ActiveRow],
        node: usize,
        looks: &mut Vec<(usize, usize)>,
    ) -> Result<(), DecodeError> {
        self.decode(group)?;
        for (index, place) in looks.drain(..) {
            let row = &mut group[index];
            row.take_look(node, self.context.logits(place));
            self.context.forget(self.sequences.second(row.sequence));
        }
        self.batch.clear();
        Ok(())
    }
}
