//! What llama.cpp can compute on, and how many layers fit there.

use std::path::Path;

use braincells_models::fit::{Shape, Wanted, most_gpu_layers};
use llama_cpp_2::{LlamaBackendDeviceType, list_llama_ggml_backend_devices};
use serde::{Deserialize, Serialize};

use super::load::LoadOptions;
use super::{ffi, memory};

/// What kind of device it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum DeviceKind {
    /// The processor.
    Cpu,
    /// A graphics card with memory of its own.
    Gpu,
    /// A graphics unit that shares the processor's memory.
    IntegratedGpu,
    /// A library or unit that helps the processor.
    Accelerator,
    /// Anything else.
    Other,
}

/// One device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct Device {
    /// llama.cpp's name for it, such as `CPU` or `CUDA0`.
    pub name: String,
    /// The maker's name for it.
    pub description: String,
    /// What kind it is.
    pub kind: DeviceKind,
    /// Its memory in bytes.
    pub memory_total_bytes: u64,
    /// Of that, free.
    pub memory_free_bytes: u64,
}

impl Device {
    fn is_gpu(&self) -> bool {
        matches!(self.kind, DeviceKind::Gpu | DeviceKind::IntegratedGpu)
    }
}

/// Every device that this build of llama.cpp sees.
pub fn devices() -> Vec<Device> {
    ffi::initialise();
    list_llama_ggml_backend_devices()
        .into_iter()
        .map(|device| Device {
            name: device.name,
            description: device.description,
            kind: match device.device_type {
                LlamaBackendDeviceType::Cpu => DeviceKind::Cpu,
                LlamaBackendDeviceType::Gpu => DeviceKind::Gpu,
                LlamaBackendDeviceType::IntegratedGpu => DeviceKind::IntegratedGpu,
                LlamaBackendDeviceType::Accelerator => DeviceKind::Accelerator,
                LlamaBackendDeviceType::Unknown => DeviceKind::Other,
            },
            memory_total_bytes: device.memory_total as u64,
            memory_free_bytes: device.memory_free as u64,
        })
        .collect()
}

/// How many layers of the model go to the GPU: all if they fit with what they need besides, a part
/// if only a part fits, none without a GPU. `-1` means all.
pub fn automatic_gpu_layers(path: &Path, options: &LoadOptions) -> i32 {
    let free: u64 =
        devices().iter().filter(|device| device.is_gpu()).map(|d| d.memory_free_bytes).sum();
    if free == 0 {
        return 0;
    }
    let Some(shape) = memory::shape(path) else { return 0 };
    layers_that_fit(&shape, &memory::wanted(&shape, true, options), free)
}

fn layers_that_fit(shape: &Shape, wanted: &Wanted, free_bytes: u64) -> i32 {
    let layers = most_gpu_layers(shape, wanted, free_bytes);
    if layers > shape.layers.len() as u64 { -1 } else { layers as i32 }
}

/// What computes a model with so many layers on a GPU, as text; a setup that was measured on one
/// device says nothing of another.
pub fn computing(gpu_layers: i32) -> String {
    name_of(&devices(), physical_cores(), gpu_layers != 0)
}

fn name_of(devices: &[Device], cores: usize, with_gpu: bool) -> String {
    let counts = |device: &&Device| device.kind == DeviceKind::Cpu || (with_gpu && device.is_gpu());
    let names: Vec<&str> =
        devices.iter().filter(counts).map(|device| device.description.as_str()).collect();
    format!("{}, {cores} cores", names.join(" + "))
}

/// Physical cores that this process may use: more threads than that slow llama.cpp down.
pub fn physical_cores() -> usize {
    let allowed = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    num_cpus::get_physical().clamp(1, allowed)
}

#[cfg(test)]
mod tests {
    use braincells_models::fit::Layer;

    use super::*;

    #[test]
    fn a_graphics_card_counts_where_it_is_used() {
        let device = |description: &str, kind| Device {
            name: String::new(),
            description: description.to_owned(),
            kind,
            memory_total_bytes: 1,
            memory_free_bytes: 1,
        };
        let all = [
            device("a processor", DeviceKind::Cpu),
            device("a library", DeviceKind::Accelerator),
            device("a card", DeviceKind::Gpu),
        ];
        assert_eq!(name_of(&all, 4, false), "a processor, 4 cores");
        assert_eq!(name_of(&all, 4, true), "a processor + a card, 4 cores");
    }

    #[test]
    fn layers_go_where_there_is_room() {
        let mib = 1_u64 << 20;
        let layer = Layer { weight_bytes: 100 * mib, cell_bytes: 1024, ..Layer::default() };
        let model = Shape { layers: vec![layer; 20], output_bytes: 50 * mib, ..Shape::default() };
        let wanted = Wanted {
            cells: 1024,
            sequences: 4,
            batch_tokens: 512,
            flash_attention: true,
            gpu_layers: None,
        };
        assert_eq!(layers_that_fit(&model, &wanted, 0), 0);
        assert_eq!(layers_that_fit(&model, &wanted, 4096 * mib), -1);
        // Nine tenths are for the model: ten layers with their cells, and the output.
        assert_eq!(layers_that_fit(&model, &wanted, 1180 * mib), 11);
    }
}
