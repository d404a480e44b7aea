use std::collections::HashSet;
use std::io::{Read, Seek};

use serde::Serialize;

use super::cursor::{Cursor, Stop};
use super::defect::{Defect, Place};
use super::metadata::{is_printable, text_length};
use super::tensor_type::TensorType;

/// The longest name: one byte less than llama.cpp's `GGML_MAX_NAME`.
const MOST_NAME_BYTES: u64 = 63;
/// `GGML_MAX_DIMS`.
const MOST_DIMENSIONS: usize = 4;
/// What an entry of the table takes at least.
const LEAST_BYTES: u64 = 8 + 4 + 4 + 8;

/// An entry of the table of tensors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tensor {
    /// Its name, such as `blk.0.attn_q.weight`.
    pub name: String,
    /// Its dimensions, rows first, at most four.
    pub shape: Vec<u64>,
    /// How its numbers are stored.
    pub kind: TensorType,
    /// Where it begins, counted from the first tensor.
    pub offset: u64,
    /// What it takes.
    pub bytes: u64,
}

impl Tensor {
    /// How many numbers it has.
    pub fn numbers(&self) -> u64 {
        self.shape.iter().product()
    }

    /// The layer that it belongs to, as its name says.
    pub fn layer(&self) -> Option<u64> {
        self.name.strip_prefix("blk.")?.split('.').next()?.parse().ok()
    }
}

/// The tensors, and where the first of them begins in the file.
pub(super) fn read<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    count: u64,
    alignment: u64,
) -> Result<(Vec<Tensor>, u64), Stop> {
    let room = count.min(cursor.left() / LEAST_BYTES) as usize;
    let mut tensors: Vec<Tensor> = Vec::with_capacity(room);
    let mut names = HashSet::with_capacity(room);
    for index in 0..count {
        cursor.place = Place::Tensor(index);
        let name = name(cursor, index)?;
        if !names.insert(name.clone()) {
            return Err(Defect::DuplicateTensor { name }.into());
        }
        cursor.place = Place::NamedTensor(name.clone());
        tensors.push(entry(cursor, name)?);
    }
    let data_offset = cursor.position().next_multiple_of(alignment);
    check_layout(&tensors, data_offset, alignment, cursor.file_bytes())?;
    Ok((tensors, data_offset))
}

fn name<R: Read + Seek>(cursor: &mut Cursor<R>, index: u64) -> Result<String, Stop> {
    let bytes = text_length(cursor)?;
    match bytes {
        0 => return Err(Defect::EmptyTensorName { index }.into()),
        _ if bytes > MOST_NAME_BYTES => {
            return Err(Defect::TensorNameTooLong { index, bytes, most: MOST_NAME_BYTES }.into());
        }
        _ => {}
    }
    match String::from_utf8(cursor.bytes(bytes)?) {
        Ok(name) if is_printable(&name) => Ok(name),
        _ => Err(Defect::TensorNameNotText { index }.into()),
    }
}

fn entry<R: Read + Seek>(cursor: &mut Cursor<R>, name: String) -> Result<Tensor, Stop> {
    let dimensions = cursor.u32()?;
    if dimensions as usize > MOST_DIMENSIONS {
        return Err(Defect::TooManyDimensions { name, found: dimensions }.into());
    }
    let mut shape = Vec::with_capacity(dimensions as usize);
    for _ in 0..dimensions {
        let numbers = cursor.u64()?;
        if i64::try_from(numbers).is_err() {
            return Err(Defect::NegativeDimension { name }.into());
        }
        shape.push(numbers);
    }
    // As llama.cpp counts: with a sign, and the dimensions in their order.
    let counted = shape.iter().try_fold(1_i64, |all, &each| all.checked_mul(each as i64));
    let Some(numbers) = counted else { return Err(Defect::TooManyNumbers { name }.into()) };
    let found = cursor.u32()?;
    let Some(kind) = TensorType::from_id(found) else {
        let defect = if TensorType::is_retired(found) {
            Defect::RetiredTensorType { name, found }
        } else {
            Defect::UnknownTensorType { name, found }
        };
        return Err(defect.into());
    };
    let (row, block) = (shape.first().copied().unwrap_or(1), kind.block_numbers());
    if !row.is_multiple_of(block) {
        return Err(Defect::RaggedRow { name, row, block }.into());
    }
    let Some(bytes) = (numbers as u64 / block).checked_mul(kind.block_bytes()) else {
        return Err(Defect::TensorTooLarge { name }.into());
    };
    let offset = cursor.u64()?;
    Ok(Tensor { name, shape, kind, offset, bytes })
}

/// Whether each tensor begins where the one before it ends, and the last ends with the file.
fn check_layout(
    tensors: &[Tensor],
    data_offset: u64,
    alignment: u64,
    file_bytes: u64,
) -> Result<(), Stop> {
    let mut due = 0_u64;
    for tensor in tensors {
        let (name, offset) = (|| tensor.name.clone(), tensor.offset);
        if !offset.is_multiple_of(alignment) {
            return Err(Defect::Misaligned { name: name(), offset, alignment }.into());
        }
        let end = offset.checked_add(tensor.bytes).and_then(|end| end.checked_add(data_offset));
        let Some(end) = end else { return Err(Defect::TensorTooLarge { name: name() }.into()) };
        if end > file_bytes {
            return Err(Defect::OutsideFile { name: name(), end, file_bytes }.into());
        }
        if offset < due {
            return Err(Defect::Overlap { name: name(), offset, due }.into());
        }
        if offset > due {
            return Err(Defect::Gap { name: name(), offset, due }.into());
        }
        // It ends inside the file, so the next multiple is a number.
        due = (offset + tensor.bytes).next_multiple_of(alignment);
    }
    Ok(())
}
