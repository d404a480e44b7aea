//! How matrices are packed: MLX's affine form, where groups of neighbours share a scale and an
//! offset.

use std::collections::BTreeMap;

use serde_json::Value;

use super::read::{Fields, config_error};
use crate::MlxError;

/// How the numbers of one matrix are packed into 32-bit words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    /// Numbers that share a scale and an offset: 32, 64 or 128.
    pub group: u32,
    /// Bits of a number: 4, 6 or 8.
    pub bits: u32,
}

/// How a checkpoint's matrices are packed. Those without scales in the files are not packed at
/// all, whatever this says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantization {
    common: Packing,
    /// Of matrices that are packed otherwise, by their names without an ending.
    others: BTreeMap<String, Packing>,
}

impl Quantization {
    pub(super) fn of(fields: Fields<'_>) -> Result<Option<Self>, MlxError> {
        // Both names are written by mlx-lm; the second is for other readers.
        let found = match fields.object("quantization")? {
            Some(found) => Some(found),
            None => fields.object("quantization_config")?,
        };
        let Some(found) = found else { return Ok(None) };
        let common = packing(found.value(), found.path())?;
        let mut others = BTreeMap::new();
        for (name, value) in found.value().as_object().into_iter().flatten() {
            if value.is_object() {
                others.insert(name.clone(), packing(value, name)?);
            }
        }
        Ok(Some(Self { common, others }))
    }

    /// How the matrix with this name is packed, if it is.
    pub fn of_matrix(&self, name: &str) -> Packing {
        self.others.get(name).copied().unwrap_or(self.common)
    }
}

fn packing(value: &Value, place: &str) -> Result<Packing, MlxError> {
    match value.get("mode").filter(|mode| !mode.is_null()).map(Value::as_str) {
        None | Some(Some("affine")) => {}
        Some(mode) => {
            let mode = mode.unwrap_or("of an unknown kind");
            return Err(MlxError::Unsupported { what: format!("the quantisation mode `{mode}`") });
        }
    }
    let one_of = |field: &str, known: &[u32]| {
        let number = value.get(field).and_then(Value::as_u64);
        let number = number.and_then(|number| u32::try_from(number).ok());
        number.filter(|number| known.contains(number)).ok_or_else(|| {
            config_error(&format!("{place}.{field}"), format!("is none of {known:?}"))
        })
    };
    Ok(Packing { group: one_of("group_size", &[32, 64, 128])?, bits: one_of("bits", &[4, 6, 8])? })
}
