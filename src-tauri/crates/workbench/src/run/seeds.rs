use braincells_core::RowId;

/// The seeds of a run's requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seeds {
    /// The recipe's.
    pub(crate) seed: u64,
    /// Whether the same prompt always gets the same answer, so that rows may share one.
    pub(crate) greedy: bool,
}

impl Seeds {
    /// The seed of a row's attempt. Greedy decoding takes the recipe's; sampling takes one that
    /// depends on the row and on nothing else, so that cells do not depend on their order.
    pub(crate) fn of(self, row: RowId, attempt: u32) -> u64 {
        if self.greedy && attempt == 0 {
            return self.seed;
        }
        mix(self.seed ^ mix(row.0 as u64) ^ mix(u64::from(attempt) << 32))
    }
}

/// Spreads neighbouring numbers over all 64 bits (the finaliser of SplitMix64).
fn mix(number: u64) -> u64 {
    let number = (number.wrapping_add(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
