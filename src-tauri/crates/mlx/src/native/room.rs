//! How much is computed at once: bounded by what is asked for and by the memory beside the model.
//! Pure, so that it is tested without MLX.

/// More rows than a Mac computes faster together than one after the other.
pub const MOST_ROWS: u32 = 64;

/// What the engine may have in work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// The most rows at once.
    pub rows: usize,
    /// The most tokens of one.
    pub context: usize,
}

impl Room {
    /// Up to `wished` rows of `context` tokens, which take `token_bytes` each, in so many bytes.
    pub fn within(wished: u32, context: u32, token_bytes: u64, free_bytes: u64) -> Self {
        let wished = u64::from(wished.clamp(1, MOST_ROWS));
        let row = u64::from(context).saturating_mul(token_bytes).max(1);
        // Half of it is for looks behind labels, which take as much as the rows at most, and for
        // what a call computes. Of the rest a row is for prompts that are kept. A single row is
        // tried in any case: most are shorter than they may be.
        let fitting = (free_bytes / 2 / row).saturating_sub(1);
        Self { rows: fitting.clamp(1, wished) as usize, context: context as usize }
    }

    /// The most columns of all rows.
    pub fn columns(self) -> usize {
        self.rows.saturating_mul(self.context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_as_many_as_the_memory_holds() {
        let rows = |wished, context, free| Room::within(wished, context, 100_000, free).rows;
        let gigabytes = 1_000_000_000;
        // A row of 4,096 tokens takes 0.4 GB.
        assert_eq!(rows(8, 4096, 16 * gigabytes), 8);
        assert_eq!(rows(8, 4096, 4 * gigabytes), 3);
        assert_eq!(rows(8, 512, 4 * gigabytes), 8, "shorter ones");
        for (wished, free) in [(8, gigabytes), (8, 0), (0, 16 * gigabytes)] {
            assert_eq!(rows(wished, 4096, free), 1);
        }
        assert_eq!(rows(u32::MAX, 1, u64::MAX), 64);
        assert_eq!(Room::within(1, u32::MAX, u64::MAX, 5).rows, 1);
    }
}
