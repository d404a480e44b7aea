use std::fmt;

use serde::{Serialize, Serializer};

/// How the numbers of a tensor are stored: `ggml_type` of `ggml.h`, as of the llama.cpp that the
/// engine is built with (`llama-cpp-sys-2` 0.1.161).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TensorType(u32);

/// Identifier, name, numbers in a block, bytes of a block. The sizes are those that
/// `ggml-common.h` asserts of its blocks; `gguf-py` has them as `GGML_QUANT_SIZES`.
const TYPES: [(u32, &str, u64, u64); 35] = [
    (0, "F32", 1, 4),
    (1, "F16", 1, 2),
    (2, "Q4_0", 32, 18),
    (3, "Q4_1", 32, 20),
    (6, "Q5_0", 32, 22),
    (7, "Q5_1", 32, 24),
    (8, "Q8_0", 32, 34),
    (9, "Q8_1", 32, 36),
    (10, "Q2_K", 256, 84),
    (11, "Q3_K", 256, 110),
    (12, "Q4_K", 256, 144),
    (13, "Q5_K", 256, 176),
    (14, "Q6_K", 256, 210),
    (15, "Q8_K", 256, 292),
    (16, "IQ2_XXS", 256, 66),
    (17, "IQ2_XS", 256, 74),
    (18, "IQ3_XXS", 256, 98),
    (19, "IQ1_S", 256, 50),
    (20, "IQ4_NL", 32, 18),
    (21, "IQ3_S", 256, 110),
    (22, "IQ2_S", 256, 82),
    (23, "IQ4_XS", 256, 136),
    (24, "I8", 1, 1),
    (25, "I16", 1, 2),
    (26, "I32", 1, 4),
    (27, "I64", 1, 8),
    (28, "F64", 1, 8),
    (29, "IQ1_M", 256, 56),
    (30, "BF16", 1, 2),
    (34, "TQ1_0", 256, 54),
    (35, "TQ2_0", 256, 66),
    (39, "MXFP4", 32, 17),
    (40, "NVFP4", 64, 36),
    (41, "Q1_0", 128, 18),
    (42, "Q2_0", 64, 18),
];

/// Types that files once had and that llama.cpp no longer reads.
const RETIRED: [u32; 8] = [4, 5, 31, 32, 33, 36, 37, 38];

impl TensorType {
    /// The type with this identifier, if there is one.
    pub fn from_id(id: u32) -> Option<Self> {
        TYPES.iter().any(|known| known.0 == id).then_some(Self(id))
    }

    /// Whether there was a type with this identifier.
    pub fn is_retired(id: u32) -> bool {
        RETIRED.contains(&id)
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        TYPES.iter().map(|known| Self(known.0))
    }

    /// The identifier in a file.
    pub fn id(self) -> u32 {
        self.0
    }

    fn row(self) -> &'static (u32, &'static str, u64, u64) {
        TYPES.iter().find(|known| known.0 == self.0).unwrap_or(&TYPES[0])
    }

    /// What ggml calls it, in capitals.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// How many numbers are stored together; a row has a multiple of them.
    pub fn block_numbers(self) -> u64 {
        self.row().2
    }

    /// What they take.
    pub fn block_bytes(self) -> u64 {
        self.row().3
    }

    /// Whether its numbers have fewer than 16 bits.
    pub fn is_quantised(self) -> bool {
        self.block_numbers() > 1
    }
}

impl fmt::Debug for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for TensorType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What a whole file is called after: `llama_ftype` of `llama.h`, the value of
/// `general.file_type`. The highest bit that llama.cpp sets, 1024, says that it guessed.
const LABELS: [(u64, &str); 37] = [
    (0, "F32"),
    (1, "F16"),
    (2, "Q4_0"),
    (3, "Q4_1"),
    (7, "Q8_0"),
    (8, "Q5_0"),
    (9, "Q5_1"),
    (10, "Q2_K"),
    (11, "Q3_K_S"),
    (12, "Q3_K_M"),
    (13, "Q3_K_L"),
    (14, "Q4_K_S"),
    (15, "Q4_K_M"),
    (16, "Q5_K_S"),
    (17, "Q5_K_M"),
    (18, "Q6_K"),
    (19, "IQ2_XXS"),
    (20, "IQ2_XS"),
    (21, "Q2_K_S"),
    (22, "IQ3_XS"),
    (23, "IQ3_XXS"),
    (24, "IQ1_S"),
    (25, "IQ4_NL"),
    (26, "IQ3_S"),
    (27, "IQ3_M"),
    (28, "IQ2_S"),
    (29, "IQ2_M"),
    (30, "IQ4_XS"),
    (31, "IQ1_M"),
    (32, "BF16"),
    (36, "TQ1_0"),
    (37, "TQ2_0"),
    (38, "MXFP4"),
    (39, "NVFP4"),
    (40, "Q1_0"),
    (41, "Q2_0"),
    (4, "Q4_1"),
];

/// The label of a file with this `general.file_type`.
pub(super) fn label(file_type: u64) -> Option<&'static str> {
    LABELS.iter().find(|known| known.0 == file_type & !1024).map(|known| known.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_size_and_no_identifier_means_two_things() {
        let mut ids: Vec<u32> = TensorType::all().map(TensorType::id).collect();
        ids.extend(RETIRED);
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
        assert_eq!(ids, (0..43).collect::<Vec<u32>>(), "all that `ggml.h` knows");
        for kind in TensorType::all() {
            let bits = 8.0 * kind.block_bytes() as f64 / kind.block_numbers() as f64;
            assert!((1.1..=64.0).contains(&bits), "{kind}: {bits}");
            assert_eq!(TensorType::from_id(kind.id()), Some(kind));
        }
        assert_eq!(TensorType::from_id(43), None);
    }

    #[test]
    fn the_label_of_a_file_is_read_with_and_without_the_guess() {
        assert_eq!(label(15), Some("Q4_K_M"));
        assert_eq!(label(1024 + 15), Some("Q4_K_M"));
        assert_eq!(label(99), None);
    }
}
