/// Numbers that break programs.
const EXTREMES: [u64; 24] = [
    0,
    1,
    2,
    3,
    7,
    31,
    32,
    64,
    255,
    256,
    512,
    513,
    65_536,
    65_537,
    256 << 20,
    i32::MAX as u64,
    u32::MAX as u64,
    1 << 32,
    1 << 40,
    1 << 62,
    i64::MAX as u64,
    1 << 63,
    u64::MAX - 31,
    u64::MAX,
];

/// The same numbers for the same seed, on every machine: SplitMix64.
#[derive(Clone)]
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64, round: u64) -> Self {
        let mut numbers = Self(seed.wrapping_mul(0xd1b5_4a32_d192_ed03) ^ round);
        numbers.next();
        numbers
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, most: usize) -> usize {
        (self.next() % most.max(1) as u64) as usize
    }

    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// A number that a model may have, or one that breaks programs.
    pub fn hostile(&mut self) -> u64 {
        match self.below(3) {
            0 => self.below(600) as u64,
            1 => *self.one_of(&EXTREMES),
            _ => {
                let bits = self.below(64);
                (self.next() >> bits).wrapping_sub(self.below(2) as u64)
            }
        }
    }
}
