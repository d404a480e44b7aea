//! The weights of a checkpoint as arrays of MLX.

use std::collections::HashMap;

use mlx_rs::{Array, Device, DeviceType, Dtype};

use super::matrix::Matrix;
use crate::{Checkpoint, MlxError, ModelConfig};

/// Arrays by their names, each read when it is first computed with.
pub struct Weights<'a> {
    arrays: HashMap<String, Array>,
    config: &'a ModelConfig,
    /// What floats become; `None` leaves them.
    floats: Option<Dtype>,
}

impl<'a> Weights<'a> {
    /// Opens the files of a checkpoint that was checked against `config`.
    pub fn open(checkpoint: &Checkpoint, config: &'a ModelConfig) -> Result<Self, MlxError> {
        let mut arrays = HashMap::new();
        for path in checkpoint.files() {
            let own = Array::load_safetensors(path).map_err(|error| MlxError::Weights {
                path: path.clone(),
                reason: error.to_string(),
            })?;
            arrays.extend(own);
        }
        // A processor without arithmetic of half precision takes 10 to 35 times as long with it.
        let is_processor = matches!(Device::try_default()?.get_type()?, DeviceType::Cpu);
        Ok(Self { arrays, config, floats: is_processor.then_some(Dtype::Float32) })
    }

    /// What a norm multiplies with.
    pub fn vector(&mut self, name: &str) -> Result<Array, MlxError> {
        self.take(&format!("{}{name}.weight", self.config.weight_prefix))
    }

    /// A matrix, packed where it has scales.
    pub fn matrix(&mut self, name: &str) -> Result<Matrix, MlxError> {
        let name = format!("{}{name}", self.config.weight_prefix);
        let weight = self.take(&format!("{name}.weight"))?;
        let bias = self.take_if_any(&format!("{name}.bias"))?;
        let scales = self.take_if_any(&format!("{name}.scales"))?;
        let packed = match (scales, &self.config.quantization) {
            (Some(scales), Some(quantization)) => {
                let offsets = self.take(&format!("{name}.biases"))?;
                Some((scales, offsets, quantization.of_matrix(&name)))
            }
            _ => None,
        };
        Ok(Matrix { weight, packed, bias })
    }

    fn take(&mut self, name: &str) -> Result<Array, MlxError> {
        let found = self.take_if_any(name)?;
        found.ok_or_else(|| MlxError::MissingTensor { name: name.to_owned() })
    }

    fn take_if_any(&mut self, name: &str) -> Result<Option<Array>, MlxError> {
        let Some(array) = self.arrays.remove(name) else { return Ok(None) };
        Ok(Some(match self.floats {
            Some(wanted) if array.dtype() != Dtype::Uint32 => array.as_dtype(wanted)?,
            _ => array,
        }))
    }
}
