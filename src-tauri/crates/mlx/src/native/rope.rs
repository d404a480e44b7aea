//! Turning queries and keys by their positions.

use mlx_rs::{Array, fast};

use crate::{MlxError, Rope, RopeScaling};

/// Where the first of some columns stands: at the same place in every row, or each at its own.
pub enum Start {
    /// In all rows.
    Same(i32),
    /// `[rows]`.
    Each(Array),
}

/// One kind of turn, ready to be used.
pub struct Turn {
    width: i32,
    is_interleaved: bool,
    theta: f32,
    /// What positions are multiplied by.
    pace: f32,
    /// What queries and keys are multiplied by.
    magnitude: f32,
    periods: Option<Array>,
}

impl Turn {
    pub fn new(rope: &Rope, head_width: u32) -> Self {
        let pace = match rope.scaling {
            RopeScaling::Linear { factor } => factor.recip(),
            _ => 1.0,
        };
        let magnitude = match rope.scaling {
            RopeScaling::Yarn { magnitude, .. } => magnitude,
            _ => 1.0,
        };
        let periods = rope.periods(head_width);
        Self {
            width: head_width as i32,
            is_interleaved: rope.is_interleaved,
            theta: rope.theta,
            pace,
            magnitude,
            periods: periods.map(|all| Array::from_slice(&all, &[all.len() as i32])),
        }
    }

    /// Turns `heads [rows, heads, columns, width]`, whose first column stands at `start`.
    pub fn apply(&self, heads: &Array, start: &Start) -> Result<Array, MlxError> {
        let scaled;
        let heads = if (self.magnitude - 1.0).abs() > f32::EPSILON {
            let magnitude = Array::from_f32(self.magnitude).as_dtype(heads.dtype())?;
            scaled = heads.multiply(&magnitude)?;
            &scaled
        } else {
            heads
        };
        let base = self.periods.is_none().then_some(self.theta);
        let (interleaved, periods) = (self.is_interleaved, self.periods.as_ref());
        Ok(match start {
            Start::Same(at) => {
                fast::rope(heads, self.width, interleaved, base, self.pace, *at, periods)?
            }
            Start::Each(at) => {
                fast::rope_dynamic(heads, self.width, interleaved, base, self.pace, at, periods)?
            }
        })
    }

    /// All that it has in memory.
    pub fn arrays(&self) -> impl Iterator<Item = &Array> {
        self.periods.iter()
    }
}
