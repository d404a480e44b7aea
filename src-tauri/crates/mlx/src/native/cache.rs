//! Keys and values of the rows that are computed together.

use std::ops::Range;

use mlx_rs::ops::indexing::{TryIndexMutOp, TryIndexOp, take_axis};
use mlx_rs::{Array, ops};

use super::columns::Columns;
use crate::MlxError;

/// Columns by which the arrays grow: each growth copies them.
const STEP: usize = 256;

/// Keys and values of every layer, for some rows, and which columns are whose.
///
/// The arrays are `[rows, heads, room, width]`, of which the first [`Cache::length`] columns are
/// computed. All rows end in the same column; shorter ones begin with a pad.
#[derive(Clone)]
pub struct Cache {
    layers: Vec<Option<(Array, Array)>>,
    length: usize,
    pads: Vec<usize>,
}

impl Cache {
    /// So many rows without a token.
    pub fn empty(layers: usize, rows: usize) -> Self {
        Self { layers: vec![None; layers], length: 0, pads: vec![0; rows] }
    }

    /// How many columns are computed.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Columns at the beginning of each row that stand for nothing.
    pub fn pads(&self) -> &[usize] {
        &self.pads
    }

    pub fn rows(&self) -> usize {
        self.pads.len()
    }

    /// Everything that it has in memory.
    pub fn arrays(&self) -> impl Iterator<Item = &Array> {
        self.layers.iter().flatten().flat_map(|(keys, values)| [keys, values])
    }

    /// Adds the keys and values of one layer, `[rows, heads, new, width]`, behind what is there,
    /// and answers with all of the layer. To be told by [`Cache::grown`] once all layers are.
    pub fn add(
        &mut self,
        layer: usize,
        keys: &Array,
        values: &Array,
    ) -> Result<(Array, Array), MlxError> {
        let end = self.length + keys.dim(2) as usize;
        let first = end.next_multiple_of(STEP);
        let (mut all_keys, mut all_values) = match self.layers[layer].take() {
            Some(pair) => pair,
            None => (room_like(keys, first)?, room_like(values, first)?),
        };
        let room = all_keys.dim(2) as usize;
        if room < end {
            let more = (end - room).next_multiple_of(STEP);
            all_keys = ops::concatenate(&[all_keys, room_like(keys, more)?], 2)?;
            all_values = ops::concatenate(&[all_values, room_like(values, more)?], 2)?;
        }
        let place = self.length as i32..end as i32;
        all_keys.try_index_mut((.., .., place.clone(), ..), keys)?;
        all_values.try_index_mut((.., .., place, ..), values)?;
        let answer = (columns_of(&all_keys, 0..end)?, columns_of(&all_values, 0..end)?);
        self.layers[layer] = Some((all_keys, all_values));
        Ok(answer)
    }

    /// Tells that every layer was added so many columns.
    pub fn grown(&mut self, columns: usize) {
        self.length += columns;
    }

    /// Some rows, each as often as it is named, with their first `length` columns.
    pub fn picked(&self, rows: &[usize], length: usize) -> Result<Self, MlxError> {
        let is_broadcast = self.rows() == 1;
        let count = rows.len() as i32;
        let numbers: Vec<i32> = rows.iter().map(|row| *row as i32).collect();
        let numbers = Array::from_slice(&numbers, &[count]);
        let pick = |all: &Array| {
            let all = columns_of(all, 0..length)?;
            if is_broadcast {
                // One row in memory, however many look at it.
                let mut shape = all.shape().to_vec();
                shape[0] = count;
                ops::broadcast_to(&all, &shape)
            } else {
                take_axis(&all, &numbers, 0)
            }
        };
        let pads = rows.iter().map(|row| self.pads[*row]).collect();
        self.with(length, pads, pick)
    }

    /// The same rows with their tokens moved to the end, so that there are pads only.
    pub fn without_gaps(self, columns: &Columns) -> Result<Self, MlxError> {
        if columns.gaps.iter().all(|gap| *gap == 0) {
            return Ok(self);
        }
        let places = columns.without_gaps(self.length);
        let flat: Vec<i32> = places.iter().flatten().map(|column| *column as i32).collect();
        let places = Array::from_slice(&flat, &[self.rows() as i32, 1, self.length as i32, 1]);
        let length = self.length;
        self.with(length, columns.pads_without_gaps(), |all| {
            let all = columns_of(all, 0..length)?;
            all.take_along_axis(&places, 2)
        })
    }

    /// These rows, and behind them those of another one.
    pub fn joined(self, other: Self) -> Result<Self, MlxError> {
        if self.rows() == 0 {
            return Ok(other);
        }
        let length = self.length.max(other.length);
        let (own, other) = (self.lengthened(length)?, other.lengthened(length)?);
        let mut layers = Vec::with_capacity(own.layers.len());
        for pair in own.layers.into_iter().zip(other.layers) {
            layers.push(match pair {
                (Some((keys, values)), Some((other_keys, other_values))) => Some((
                    ops::concatenate(&[keys, other_keys], 0)?,
                    ops::concatenate(&[values, other_values], 0)?,
                )),
                _ => None,
            });
        }
        let pads = [own.pads, other.pads].concat();
        Ok(Self { layers, length, pads })
    }

    /// The same rows without the columns that are a pad in all of them.
    pub fn shortened(self) -> Result<Self, MlxError> {
        let common = self.pads.iter().copied().min().unwrap_or(0);
        // Every time a row ends would be too often.
        if common < STEP { Ok(self) } else { self.without_common_pad() }
    }

    /// As [`Cache::shortened`], however few columns that are.
    pub fn without_common_pad(self) -> Result<Self, MlxError> {
        let common = self.pads.iter().copied().min().unwrap_or(0);
        if common == 0 {
            return Ok(self);
        }
        let pads = self.pads.iter().map(|pad| pad - common).collect();
        let left = common..self.length;
        self.with(self.length - common, pads, |all| columns_of(all, left.clone()))
    }

    /// The computed columns with more pad before them.
    fn lengthened(self, length: usize) -> Result<Self, MlxError> {
        let more = length - self.length;
        let pads = self.pads.iter().map(|pad| pad + more).collect();
        self.with(length, pads, |all| {
            let all = columns_of(all, 0..self.length)?;
            if more == 0 { Ok(all) } else { ops::concatenate(&[room_like(&all, more)?, all], 2) }
        })
    }

    fn with(
        &self,
        length: usize,
        pads: Vec<usize>,
        change: impl Fn(&Array) -> mlx_rs::error::Result<Array>,
    ) -> Result<Self, MlxError> {
        let mut layers = Vec::with_capacity(self.layers.len());
        for layer in &self.layers {
            layers.push(match layer {
                Some((keys, values)) => Some((change(keys)?, change(values)?)),
                None => None,
            });
        }
        Ok(Self { layers, length, pads })
    }
}

/// Some columns of an array of keys or values.
fn columns_of(all: &Array, columns: Range<usize>) -> mlx_rs::error::Result<Array> {
    all.try_index((.., .., columns.start as i32..columns.end as i32, ..))
}

/// Columns of zeros beside others.
fn room_like(other: &Array, columns: usize) -> mlx_rs::error::Result<Array> {
    let mut shape = other.shape().to_vec();
    shape[2] = columns as i32;
    ops::zeros_dtype(&shape, other.dtype())
}
