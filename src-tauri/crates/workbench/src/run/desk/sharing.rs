use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use braincells_core::{CellRecord, RowId};
use braincells_llm::LLMRequest;

use crate::run::cells::reuse;

/// Answers kept for identical prompts later in the run: at most so many, and so many bytes.
const MOST_ANSWERS: usize = 200_000;
const MOST_ANSWER_BYTES: usize = 64 << 20;

/// Two independent 64-bit hashes: among a billion prompts a clash is less likely than 1 in 10^20.
pub(super) type PromptKey = (u64, u64);

/// Rows with identical prompts: one is asked, the others take its answer.
#[derive(Default)]
pub(super) struct Sharing {
    prompts: HashMap<PromptKey, Shared>,
    kept_answers: usize,
    kept_bytes: usize,
    hashers: (RandomState, RandomState),
}

enum Shared {
    /// These rows wait for the one that was asked.
    Asked(Vec<RowId>),
    Answered(Box<CellRecord>),
}

/// What a row with its prompt is to the others.
pub(super) enum Entered {
    /// Nobody has asked this yet.
    First(PromptKey),
    /// It waits for the row that was asked.
    Waits,
    /// It has the answer of a row that was asked before.
    Known(Box<CellRecord>),
}

impl Sharing {
    /// Whether this was asked before.
    pub(super) fn knows(&self, request: &LLMRequest) -> bool {
        self.prompts.contains_key(&self.key(request))
    }

    fn key(&self, request: &LLMRequest) -> PromptKey {
        // Model, sampling and output type are the recipe's, the same for the whole run.
        (self.hashers.0.hash_one(&request.messages), self.hashers.1.hash_one(&request.messages))
    }

    pub(super) fn enter(&mut self, row: RowId, request: &LLMRequest) -> Entered {
        let prompt = self.key(request);
        match self.prompts.get_mut(&prompt) {
            Some(Shared::Asked(waiting)) => {
                waiting.push(row);
                Entered::Waits
            }
            Some(Shared::Answered(cell)) => Entered::Known(Box::new(reuse(cell, row))),
            None => {
                self.prompts.insert(prompt, Shared::Asked(Vec::new()));
                Entered::First(prompt)
            }
        }
    }

    /// Keeps the answer for identical prompts while there is room; returns who waited for it.
    pub(super) fn answered(
        &mut self,
        prompt: PromptKey,
        cell: &CellRecord,
        size_bytes: usize,
    ) -> Vec<RowId> {
        let waiting = self.failed(prompt);
        if self.kept_answers < MOST_ANSWERS && self.kept_bytes + size_bytes <= MOST_ANSWER_BYTES {
            self.kept_answers += 1;
            self.kept_bytes += size_bytes;
            self.prompts.insert(prompt, Shared::Answered(Box::new(cell.clone())));
        }
        waiting
    }

    /// Forgets the prompt; returns who waited for its answer.
    pub(super) fn failed(&mut self, prompt: PromptKey) -> Vec<RowId> {
        match self.prompts.remove(&prompt) {
            Some(Shared::Asked(waiting)) => waiting,
            _ => Vec::new(),
        }
    }
}
