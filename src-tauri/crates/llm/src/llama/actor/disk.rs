//! Prefixes that are worth it are kept on disk, and read from there instead of computed.

use super::super::ffi::{Sequence, Token};
use super::super::kept_prefix;
use super::Actor;

impl Actor {
    /// Fills a sequence with a prefix from the disk. Answers whether it was there and whole.
    pub(super) fn read_prefix(&mut self, sequence: Sequence, tokens: &[Token]) -> bool {
        let (Some(kept), Some(name)) = (&self.kept_prefixes, self.shared.state_name.get()) else {
            return false;
        };
        let Some(state) = kept_prefix::read(&kept.folder, name, tokens) else { return false };
        let was_taken = self.context.set_state(sequence, &state, tokens.len());
        if !was_taken {
            tracing::warn!("a kept prefix was not accepted and is computed again");
        }
        was_taken
    }

    /// Keeps a prefix that took `seconds` to compute, if that was long.
    pub(super) fn write_prefix(&mut self, sequence: Sequence, tokens: &[Token], seconds: f64) {
        let (Some(kept), Some(name)) = (&self.kept_prefixes, self.shared.state_name.get()) else {
            return;
        };
        if seconds * 1000.0 < f64::from(kept.least_ms) {
            return;
        }
        let Some(state) = self.context.state(sequence) else { return };
        let written = kept_prefix::write(&kept.folder, kept.limit_bytes, name, tokens, &state);
        if let Err(error) = written {
            tracing::warn!("a prefix was not kept: {error}");
        }
    }
}
