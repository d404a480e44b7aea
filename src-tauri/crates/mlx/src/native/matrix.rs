//! A matrix as it lies in memory, packed or not.

use mlx_rs::ops::indexing::take_axis;
use mlx_rs::{Array, ops};

use crate::{MlxError, Packing};

/// A matrix of `rows` by `columns`, and what is added behind it.
pub struct Matrix {
    pub weight: Array,
    /// Scales, offsets and how the numbers are packed.
    pub packed: Option<(Array, Array, Packing)>,
    pub bias: Option<Array>,
}

impl Matrix {
    /// `x [.., columns]` times the matrix, as `[.., rows]`.
    pub fn apply(&self, x: &Array) -> Result<Array, MlxError> {
        let product = match &self.packed {
            None => ops::matmul(x, self.weight.t())?,
            Some((scales, offsets, packing)) => {
                let (group, bits) = sizes(*packing);
                ops::quantized_matmul(x, &self.weight, scales, offsets, true, group, bits)?
            }
        };
        Ok(match &self.bias {
            Some(bias) => product.add(bias)?,
            None => product,
        })
    }

    /// The rows with these numbers, as `[.., columns]`. The numbers must be below `rows`.
    pub fn rows(&self, numbers: &Array) -> Result<Array, MlxError> {
        let of = |array: &Array| take_axis(array, numbers, 0);
        Ok(match &self.packed {
            None => of(&self.weight)?,
            Some((scales, offsets, packing)) => {
                let (group, bits) = sizes(*packing);
                ops::dequantize(of(&self.weight)?, of(scales)?, &of(offsets)?, group, bits)?
            }
        })
    }

    /// All that it has in memory.
    pub fn arrays(&self) -> impl Iterator<Item = &Array> {
        let packed = self.packed.iter().flat_map(|(scales, offsets, _)| [scales, offsets]);
        std::iter::once(&self.weight).chain(packed).chain(&self.bias)
    }
}

fn sizes(packing: Packing) -> (i32, i32) {
    (packing.group as i32, packing.bits as i32)
}
