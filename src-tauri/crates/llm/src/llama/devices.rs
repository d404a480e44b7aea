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
    /// Whether its memory is there beside the processor's. Apple's graphics count as a card for
    /// llama.cpp, and share the processor's memory all the same.
    pub fn has_own_memory(&self) -> bool {
        self.kind == DeviceKind::Gpu && !cfg!(target_os = "macos")
    }
}

/// The devices that layers go to: the cards, and graphics in the processor only where there is no
/// card, as llama.cpp has it.
pub fn used_gpus(devices: &[Device]) -> Vec<&Device> {
    let of = |kind| devices.iter().filter(|one| one.kind == kind).collect::<Vec<_>>();
    let cards = of(DeviceKind::Gpu);
    if cards.is_empty() { of(DeviceKind::IntegratedGpu) } else { cards }
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
    let free = free_gpu_bytes(&devices());
    if free == 0 {
        return 0;
    }
    let Some(shape) = memory::shape(path) else { return 0 };
    layers_that_fit(&shape, &memory::wanted(&shape, true, options), free)
}

fn free_gpu_bytes(devices: &[Device]) -> u64 {
    used_gpus(devices).iter().map(|device| device.memory_free_bytes).sum()
}

fn layers_that_fit(shape: &Shape, wanted: &Wanted, free_bytes: u64) -> i32 {
    let layers = most_gpu_layers(shape, wanted, free_bytes);
    if layers > shape.layers.len() as u64 { -1 } else { layers as i32 }
}

/// What there is for a model: the processor's memory, and unless it is computed there also the
/// memory that graphics have of their own.
pub fn available_bytes(devices: &[Device], on_cpu: bool) -> u64 {
    let counts =
        |device: &&Device| device.kind == DeviceKind::Cpu || (!on_cpu && device.has_own_memory());
    devices.iter().filter(counts).map(|device| device.memory_free_bytes).sum()
}

/// What computes a model with so many layers on a GPU, as text; a setup that was measured on one
/// device says nothing of another.
pub fn computing(gpu_layers: i32) -> String {
    name_of(&devices(), physical_cores(), gpu_layers != 0)
}

fn name_of(devices: &[Device], cores: usize, with_gpu: bool) -> String {
    let mut used: Vec<&Device> =
        devices.iter().filter(|device| device.kind == DeviceKind::Cpu).collect();
    if with_gpu {
        used.extend(used_gpus(devices));
    }
    let names: Vec<&str> = used.into_iter().map(|device| device.description.as_str()).collect();
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

    fn device(description: &str, kind: DeviceKind, free: u64) -> Device {
        Device {
            name: String::new(),
            description: description.to_owned(),
            kind,
            memory_total_bytes: free,
            memory_free_bytes: free,
        }
    }

    #[test]
    fn a_graphics_card_counts_where_it_is_used() {
        let all = [
            device("a processor", DeviceKind::Cpu, 1),
            device("a library", DeviceKind::Accelerator, 1),
            device("graphics in it", DeviceKind::IntegratedGpu, 1),
            device("a card", DeviceKind::Gpu, 1),
        ];
        assert_eq!(name_of(&all, 4, false), "a processor, 4 cores");
        assert_eq!(name_of(&all, 4, true), "a processor + a card, 4 cores");
        assert_eq!(name_of(&all[..3], 4, true), "a processor + graphics in it, 4 cores");
    }

    #[test]
    fn beside_a_card_graphics_in_the_processor_have_no_room_for_layers() {
        let all = [
            device("a processor", DeviceKind::Cpu, 16),
            device("graphics in it", DeviceKind::IntegratedGpu, 8),
            device("a card", DeviceKind::Gpu, 4),
            device("another", DeviceKind::Gpu, 2),
        ];
        assert_eq!(free_gpu_bytes(&all), 6);
        assert_eq!(free_gpu_bytes(&all[..2]), 8);
        assert_eq!(free_gpu_bytes(&all[..1]), 0);
    }

    #[test]
    fn memory_that_is_shared_counts_once() {
        let processor = device("a processor", DeviceKind::Cpu, 16);
        let shared = [processor.clone(), device("graphics in it", DeviceKind::IntegratedGpu, 12)];
        let card = [processor, device("a card", DeviceKind::Gpu, 8)];
        // Apple's graphics say that they are a card.
        let on_card = if cfg!(target_os = "macos") { 16 } else { 24 };
        for (devices, on_cpu, expected) in
            [(&shared, true, 16), (&shared, false, 16), (&card, true, 16), (&card, false, on_card)]
        {
            assert_eq!(available_bytes(devices, on_cpu), expected, "{devices:?} {on_cpu}");
        }
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
