//! How much of this machine is there for a model, and what is known of a model before its header
//! is.

use std::path::Path;

use braincells_core::{AppError, EngineOptions, ModelStatus};
use braincells_llm::llama::{Device, LoadOptions, devices, used_gpus, wanted};
use braincells_models::fit::{
    Candidate, Judgement, Machine, Shape, Verdict, judge, smallest, suggest,
};
use braincells_models::gguf::Gguf;

use super::parts::paths_of;
use crate::Workbench;
use crate::blocking::blocking;
use crate::machine::{Memory, memory};

/// The context of a row where the settings say nothing, as the engine has it (`ROW_CONTEXT`).
const ROW_CONTEXT: u64 = 8192;

/// What a model takes besides its weights whatever its size: buffers and the program.
const BESIDES_BYTES: u64 = 300_000_000;
/// Keys and values of [`ROW_CONTEXT`] tokens for a model of [`TYPICAL_PARAMETERS`]: 32 layers with
/// 8 heads of 128 numbers, as Llama 3.1 8B has them.
const TYPICAL_KV_BYTES: f64 = 1_073_741_824.0;
const TYPICAL_PARAMETERS: f64 = 8e9;
/// Bytes of a parameter in four bits, with what belongs to it.
const FOUR_BITS: f64 = 0.6;

/// This machine as a model finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    /// What is free: whether a model can be loaded now.
    machine: Machine,
    /// What the machine has: which model to take. Not what is free, or the same question would have
    /// another answer once a browser is open. `None` where the system does not tell.
    whole: Option<Machine>,
    load: LoadOptions,
}

impl Workbench {
    /// What there is for a model: what is free, and what the model that is loaded now would leave.
    pub(crate) async fn room(&self) -> Result<Room, AppError> {
        let options = self.settings().await?.engine;
        let loaded: Vec<_> = self
            .engines()
            .standing()
            .into_iter()
            .filter(|one| matches!(one.status, ModelStatus::Ready | ModelStatus::Running))
            .collect();
        blocking(move || {
            let held_bytes = loaded.iter().map(|one| file_bytes(&one.path)).sum();
            Ok::<_, AppError>(Room::of(memory(), &devices(), held_bytes, &options))
        })
        .await
    }
}

impl Room {
    /// A machine without a GPU, with so much memory.
    #[cfg(test)]
    pub(crate) fn with_bytes(total_bytes: u64) -> Self {
        let memory = Memory { total_bytes, free_bytes: total_bytes };
        Self::of(Some(memory), &[], 0, &EngineOptions::default())
    }

    fn of(
        memory: Option<Memory>,
        devices: &[Device],
        held_bytes: u64,
        options: &EngineOptions,
    ) -> Self {
        let on_cpu = options.gpu_layers == Some(0);
        let gpus = if on_cpu { Vec::new() } else { used_gpus(devices) };
        let gpu_is_ram = !gpus.iter().any(|gpu| gpu.has_own_memory());
        let (mut gpu_bytes, mut gpu_total_bytes, mut gpu_held) = (0_u64, 0_u64, held_bytes);
        for gpu in &gpus {
            // What is held there is given back to the first that can have had it.
            let back = gpu_held.min(gpu.memory_total_bytes.saturating_sub(gpu.memory_free_bytes));
            gpu_held -= back;
            gpu_bytes = gpu_bytes.saturating_add(gpu.memory_free_bytes.saturating_add(back));
            gpu_total_bytes = gpu_total_bytes.saturating_add(gpu.memory_total_bytes);
        }
        // What no card can have had was in main memory.
        let held_bytes = if gpu_is_ram { held_bytes } else { gpu_held };
        // Where the system does not tell, nothing is said to be too large.
        let ram_bytes = memory.map_or(u64::MAX, |memory| {
            memory.free_bytes.saturating_add(held_bytes).min(memory.total_bytes)
        });
        let gpu_is_ram = gpu_is_ram && !gpus.is_empty();
        let whole = memory.map(|memory| Machine {
            ram_bytes: memory.total_bytes,
            gpu_bytes: gpu_total_bytes,
            gpu_is_ram,
        });
        Self {
            machine: Machine { ram_bytes, gpu_bytes, gpu_is_ram },
            whole,
            load: LoadOptions {
                gpu_layers: options.gpu_layers,
                parallel_rows: options.parallel_rows,
                context_tokens: options.context_tokens,
                exact: options.exact,
                ..LoadOptions::default()
            },
        }
    }

    /// Whether a model fits, by the headers of its files.
    pub(crate) fn judge(&self, parts: &[Gguf]) -> Result<Judgement, AppError> {
        Ok(self.judge_shape(&Shape::of_parts(parts)?))
    }

    /// Whether a model fits, by what its memory depends on.
    pub(crate) fn judge_shape(&self, shape: &Shape) -> Judgement {
        let wanted = wanted(shape, self.machine.gpu_bytes > 0, &self.load);
        judge(shape, &wanted, &self.machine)
    }

    /// How each of these quantisations of one model would fit this machine, by their sizes.
    pub(crate) fn verdicts(
        &self,
        candidates: &[Candidate],
        parameters: Option<u64>,
    ) -> Vec<Verdict> {
        let besides = self.besides_bytes(candidates, parameters);
        let verdict = |candidate: &Candidate| match &self.whole {
            Some(whole) => suggest(std::slice::from_ref(candidate), besides, whole)
                .map_or(Verdict::WillNotFit, |alone| alone.verdict),
            None => Verdict::Fits,
        };
        candidates.iter().map(verdict).collect()
    }

    /// Which of these quantisations of one model to take where none is named: what is shown as
    /// suggested, and what is fetched. Where nothing will fit, or nothing is known of the memory,
    /// the least that is worth having. `None` if there is none at all.
    pub(crate) fn to_take(
        &self,
        candidates: &[Candidate],
        parameters: Option<u64>,
    ) -> Option<usize> {
        let besides = self.besides_bytes(candidates, parameters);
        let fitting = self.whole.as_ref().and_then(|whole| suggest(candidates, besides, whole));
        fitting.map(|one| one.index).or_else(|| smallest(candidates))
    }

    fn besides_bytes(&self, candidates: &[Candidate], parameters: Option<u64>) -> u64 {
        let row_context = self.load.context_tokens.map_or(ROW_CONTEXT, u64::from);
        besides_bytes(candidates, parameters, row_context)
    }
}

/// What the files of a model take, all parts of one that was split.
fn file_bytes(path: &Path) -> u64 {
    let files = paths_of(path).into_iter().filter_map(|part| part.metadata().ok());
    files.fold(0, |all, metadata| all.saturating_add(metadata.len()))
}

/// What a model takes besides its weights, where its header is not there to tell. Layers grow with
/// the third root of the parameters and so do widths, but heads of keys and values hardly; between
/// 0.1 and 70 billion parameters the square root is right to a factor of two.
fn besides_bytes(candidates: &[Candidate], parameters: Option<u64>, row_context: u64) -> u64 {
    let parameters = parameters.filter(|&count| count > 0).map_or_else(
        || candidates.iter().map(|one| one.bytes).min().unwrap_or(0) as f64 / FOUR_BITS,
        |count| count as f64,
    );
    let share =
        (parameters / TYPICAL_PARAMETERS).sqrt() * (row_context as f64 / ROW_CONTEXT as f64);
    BESIDES_BYTES.saturating_add((TYPICAL_KV_BYTES * share) as u64)
}

#[cfg(test)]
mod tests {
    use braincells_llm::llama::DeviceKind;

    use super::*;

    const GB: u64 = 1_000_000_000;

    fn gpu(kind: DeviceKind, free: u64, total: u64) -> Device {
        Device {
            name: "GPU0".to_owned(),
            description: "a card".to_owned(),
            kind,
            memory_total_bytes: total,
            memory_free_bytes: free,
        }
    }

    fn of(ram_gb: u64, gpu_gb: u64, gpu_is_ram: bool) -> Machine {
        Machine { ram_bytes: ram_gb * GB, gpu_bytes: gpu_gb * GB, gpu_is_ram }
    }

    const MEMORY: Option<Memory> = Some(Memory { total_bytes: 16 * GB, free_bytes: 8 * GB });

    #[test]
    fn what_is_loaded_now_counts_as_free() {
        let options = EngineOptions::default();
        let room = |devices: &[Device], held| Room::of(MEMORY, devices, held, &options);
        let without = room(&[], 0);
        assert_eq!((without.machine, without.whole), (of(8, 0, false), Some(of(16, 0, false))));
        assert_eq!(room(&[], 4 * GB).machine.ram_bytes, 12 * GB);
        assert_eq!(room(&[], 40 * GB).machine.ram_bytes, 16 * GB, "never more than there is");
        let unknown = Room::of(None, &[], 0, &options);
        assert_eq!((unknown.machine.ram_bytes, unknown.whole), (u64::MAX, None));
    }

    #[test]
    #[cfg(not(target_os = "macos"))]
    fn a_card_has_memory_of_its_own_and_comes_before_other_graphics() {
        let options = EngineOptions::default();
        let card = gpu(DeviceKind::Gpu, 6 * GB, 12 * GB);
        let devices = [gpu(DeviceKind::IntegratedGpu, 7 * GB, 14 * GB), card];
        let room = Room::of(MEMORY, &devices, 4 * GB, &options);
        assert_eq!((room.machine, room.whole), (of(8, 10, false), Some(of(16, 12, false))));
        let partly = Room::of(MEMORY, &devices, 7 * GB, &options);
        assert_eq!(partly.machine, of(9, 12, false), "a part of it was in main memory");
        let on_cpu = EngineOptions { gpu_layers: Some(0), ..options.clone() };
        assert_eq!(Room::of(MEMORY, &devices, 0, &on_cpu).machine, of(8, 0, false));
        let part = EngineOptions { gpu_layers: Some(7), ..options };
        let part = Room::of(MEMORY, &devices, 0, &part);
        assert_eq!((part.machine.gpu_bytes, part.load.gpu_layers), (6 * GB, Some(7)));
    }

    #[test]
    fn memory_that_a_gpu_shares_is_there_once() {
        let options = EngineOptions::default();
        let shared = [gpu(DeviceKind::IntegratedGpu, 5 * GB, 12 * GB)];
        let room = |held| Room::of(MEMORY, &shared, held, &options);
        assert_eq!((room(0).machine, room(0).whole), (of(8, 5, true), Some(of(16, 12, true))));
        assert_eq!(room(4 * GB).machine, of(12, 9, true), "it was in both");
        assert_eq!(room(40 * GB).machine, of(16, 12, true), "never more than there is");
        // As on Apple Silicon: nearly all of the memory is the GPU's, too.
        let apple = [gpu(DeviceKind::IntegratedGpu, 11 * GB, 12 * GB)];
        let room = Room::of(MEMORY, &apple, 0, &options);
        let four_bits = [Candidate::dense("Q4_K_M", 5 * GB)];
        assert_eq!(room.verdicts(&four_bits, Some(8 * GB)), [Verdict::Fits]);
    }

    #[test]
    fn a_loaded_model_gives_back_all_its_parts() {
        let folder = tempfile::tempdir().unwrap();
        let part = |number: u32| folder.path().join(format!("m-0000{number}-of-00003.gguf"));
        for number in 1..=3 {
            std::fs::write(part(number), vec![0; 100]).unwrap();
        }
        assert_eq!(file_bytes(&part(1)), 300);
        std::fs::remove_file(part(2)).unwrap();
        assert_eq!(file_bytes(&part(1)), 200, "it was loaded before");
        assert_eq!(file_bytes(&folder.path().join("none.gguf")), 0);
    }

    #[test]
    fn sizes_alone_give_a_verdict_for_each_and_one_to_take() {
        let room = |free_gb: u64, total_gb: Option<u64>| Room {
            machine: of(free_gb, 0, false),
            whole: total_gb.map(|total_gb| of(total_gb, 0, false)),
            load: LoadOptions::default(),
        };
        let candidate = |label: &str, tenths: u64| Candidate::dense(label, tenths * GB / 10);
        let all = [
            candidate("Q2_K", 30),
            candidate("Q4_K_M", 47),
            candidate("Q6_K", 65),
            candidate("Q8_0", 82),
            candidate("F16", 152),
        ];
        let none = Verdict::WillNotFit;
        let expected =
            [Verdict::Fits, Verdict::Fits, Verdict::Fits, Verdict::MayBeSlow, Verdict::WillNotFit];
        for free_gb in [1, 5, 10] {
            let room = room(free_gb, Some(10));
            assert_eq!(room.verdicts(&all, Some(8 * GB)), expected);
            assert_eq!(room.to_take(&all, Some(8 * GB)), Some(2), "whatever is free now");
        }
        let small = room(1, Some(2));
        assert_eq!(
            (small.verdicts(&all, None), small.to_take(&all, None)),
            (vec![none; 5], Some(1))
        );
        let unknown = room(1, None);
        assert_eq!(unknown.verdicts(&all, None), [Verdict::Fits; 5], "nothing is too large");
        assert_eq!(unknown.to_take(&all, None), Some(1));
        assert_eq!((small.verdicts(&[], None), small.to_take(&[], None)), (Vec::new(), None));
    }

    #[test]
    fn besides_its_weights_a_model_takes_what_was_seen_of_such_models() {
        // Keys and values of 8,192 tokens: Qwen2.5-0.5B 100 MB, Llama-3.2-1B 270 MB, Llama-3.1-8B
        // 1.07 GB, Llama-3.3-70B 2.7 GB.
        for (parameters, kv) in [
            (5 * GB / 10, 100_000_000),
            (12 * GB / 10, 270_000_000),
            (8 * GB, 1_074_000_000),
            (70 * GB, 2_700_000_000_u64),
        ] {
            let found = besides_bytes(&[], Some(parameters), ROW_CONTEXT) - BESIDES_BYTES;
            assert!(found > kv / 2 && found < kv * 3, "{parameters}: {found}");
        }
    }
}
