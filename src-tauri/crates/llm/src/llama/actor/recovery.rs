//! When a call did not do what it should.

use std::collections::BTreeSet;

use super::super::ffi::DecodeError;
use super::super::plan::halved;
use super::super::row::ActiveRow;
use super::prefixes::Prefixes;
use super::sequences::Sequences;
use super::waiting::Waiting;
use super::{Actor, shared_tokens};
use crate::LLMError;

impl Actor {
    /// A call failed. Where the memory was full, the youngest rows wait until there is room.
    /// Otherwise every row in the context ends, and the context starts afresh: after an abort
    /// nobody waits for them, after anything else they are told why.
    pub(super) fn give_up(&mut self, group: Vec<ActiveRow>, error: DecodeError) {
        if error == DecodeError::NoRoom {
            if !group.is_empty() {
                self.interrupt_torn();
                self.put_back(group);
                return;
            }
            if self.make_room() {
                self.end_finished();
                return;
            }
        }
        let prefixes = self.prefixes.sequences();
        self.context.forget_all();
        self.prefixes = Prefixes::new(self.row_sequences, prefixes);
        self.sequences = Sequences::new(self.row_sequences);
        let reason = match error {
            DecodeError::Aborted => None,
            DecodeError::NoRoom => Some("the key-value memory is full".to_owned()),
            DecodeError::Failed(code) => Some(format!("llama.cpp's decode answered {code}")),
        };
        // Who hears of a failure must find the time counted that led to it.
        self.publish();
        let rows: Vec<ActiveRow> =
            self.active.drain(..).chain(self.filling.drain(..)).chain(group).collect();
        // What the first that waits shares with others could not be computed. Without its failure
        // the same would be tried for ever.
        if rows.is_empty()
            && let Some(reason) = reason.clone().filter(|_| error != DecodeError::Aborted)
            && let Some(first) = self.queue.pop()
        {
            first.into_row().fail(LLMError::InferenceFailed { reason });
        }
        for active in rows {
            // A row that is just dropped tells so without waiting for a caller who may be waiting
            // for this thread to end.
            if let Some(reason) = &reason {
                active.into_row().fail(LLMError::InferenceFailed { reason: reason.clone() });
            }
        }
    }

    /// Frees memory for the rows that generate: a prefix that none of them started from, else the
    /// youngest row, which goes on later, else any prefix. Answers whether there was anything.
    fn make_room(&mut self) -> bool {
        self.interrupt_torn();
        let behind_one = self.active.iter().filter(|row| row.shared > 0);
        let used: BTreeSet<_> =
            behind_one.filter_map(|row| self.prefix_of(shared_tokens(row))).collect();
        if self.drop_prefix(&used) {
            return true;
        }
        // Rows whose prompt is not computed yet are younger than all that generate.
        if let Some(filling) = self.filling.pop() {
            self.release(filling.sequence);
            self.queue.push_front(Waiting::New(Box::new(filling.into_row())));
            return true;
        }
        if self.active.len() > 1
            && let Some(youngest) = self.active.pop()
        {
            self.most_admitted = halved(self.active.len());
            self.interrupt(youngest);
            return true;
        }
        self.drop_prefix(&BTreeSet::new())
    }

    /// Rows of which an earlier call computed a part that the failed one did not complete: what
    /// their sequence holds is not what they know of.
    fn interrupt_torn(&mut self) {
        let torn = |row: &ActiveRow| {
            self.context.last_position(row.sequence).is_some_and(|last| last >= row.position())
        };
        let torn: Vec<bool> = self.active.iter().map(torn).collect();
        let mut torn = torn.into_iter();
        let (torn, whole): (Vec<_>, Vec<_>) =
            self.active.drain(..).partition(|_| torn.next().unwrap_or(false));
        self.active = whole;
        for row in torn.into_iter().rev() {
            self.interrupt(row);
        }
    }
}
