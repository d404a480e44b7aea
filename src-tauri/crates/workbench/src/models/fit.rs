//! How much of this machine is there for a model, and what is known of a model before its header
//! is.

use braincells_core::{AppError, EngineOptions, ModelStatus};
use braincells_llm::llama::{Device, DeviceKind, LoadOptions, devices, wanted};
use braincells_models::fit::{Candidate, Judgement, Machine, Shape, Verdict, judge, suggest};
use braincells_models::gguf::Gguf;

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
    machine: Machine,
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
            let held = loaded.iter().filter_map(|one| one.path.metadata().ok());
            let held_bytes = held.map(|metadata| metadata.len()).sum();
            Ok::<_, AppError>(Room::of(memory(), &devices(), held_bytes, &options))
        })
        .await
    }
}

impl Room {
    /// A machine without a GPU, of which so much is free.
    #[cfg(test)]
    pub(crate) fn with_free_bytes(free_bytes: u64) -> Self {
        let memory = Memory { total_bytes: free_bytes, free_bytes };
        Self::of(Some(memory), &[], 0, &EngineOptions::default())
    }

    fn of(
        memory: Option<Memory>,
        devices: &[Device],
        held_bytes: u64,
        options: &EngineOptions,
    ) -> Self {
        let is_gpu =
            |one: &&Device| matches!(one.kind, DeviceKind::Gpu | DeviceKind::IntegratedGpu);
        let gpus = devices.iter().filter(is_gpu).filter(|_| options.gpu_layers != Some(0));
        let (mut gpu_bytes, mut shared_bytes, mut gpu_held) = (0_u64, 0_u64, held_bytes);
        for gpu in gpus {
            // What is held there is given back to the first that can have had it.
            let back = gpu_held.min(gpu.memory_total_bytes.saturating_sub(gpu.memory_free_bytes));
            gpu_held -= back;
            let free = gpu.memory_free_bytes.saturating_add(back);
            gpu_bytes = gpu_bytes.saturating_add(free);
            if gpu.kind == DeviceKind::IntegratedGpu || cfg!(target_os = "macos") {
                shared_bytes = shared_bytes.saturating_add(free);
            }
        }
        let held_bytes = if gpu_bytes > 0 { 0 } else { held_bytes };
        // Where the system does not tell, nothing is said to be too large.
        let ram_bytes = memory.map_or(u64::MAX, |memory| {
            memory.free_bytes.saturating_add(held_bytes).min(memory.total_bytes)
        });
        Self {
            machine: Machine { ram_bytes: ram_bytes.saturating_sub(shared_bytes), gpu_bytes },
            load: LoadOptions {
                parallel_rows: options.parallel_rows,
                context_tokens: options.context_tokens,
                exact: options.exact,
                ..LoadOptions::default()
            },
        }
    }

    /// Whether a model fits, by the headers of its files.
    pub(crate) fn judge(&self, parts: &[Gguf]) -> Result<Judgement, AppError> {
        let shape = Shape::of_parts(parts)?;
        let wanted = wanted(&shape, self.machine.gpu_bytes > 0, &self.load);
        Ok(judge(&shape, &wanted, &self.machine))
    }

    /// How each of these quantisations of one model fits, and the one to take, by their sizes.
    pub(crate) fn verdicts(
        &self,
        candidates: &[Candidate],
        parameters: Option<u64>,
    ) -> (Vec<Verdict>, Option<usize>) {
        let row_context = self.load.context_tokens.map_or(ROW_CONTEXT, u64::from);
        let besides = besides_bytes(candidates, parameters, row_context);
        let verdict = |candidate: &Candidate| {
            let alone = suggest(std::slice::from_ref(candidate), besides, &self.machine);
            alone.map_or(Verdict::WillNotFit, |alone| alone.verdict)
        };
        let suggested = suggest(candidates, besides, &self.machine);
        (candidates.iter().map(verdict).collect(), suggested.map(|one| one.index))
    }
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

    #[test]
    fn what_is_loaded_now_counts_as_free_and_shared_memory_counts_once() {
        let memory = Some(Memory { total_bytes: 16 * GB, free_bytes: 8 * GB });
        let options = EngineOptions::default();
        let room = |devices: &[Device], held| Room::of(memory, devices, held, &options).machine;
        assert_eq!(room(&[], 0), Machine { ram_bytes: 8 * GB, gpu_bytes: 0 });
        assert_eq!(room(&[], 4 * GB).ram_bytes, 12 * GB);
        assert_eq!(room(&[], 40 * GB).ram_bytes, 16 * GB, "never more than there is");
        let card = gpu(DeviceKind::Gpu, 6 * GB, 12 * GB);
        let with_card = room(std::slice::from_ref(&card), 4 * GB);
        assert_eq!(with_card.gpu_bytes, 10 * GB);
        if cfg!(not(target_os = "macos")) {
            assert_eq!(with_card.ram_bytes, 8 * GB);
        }
        let shared = room(&[gpu(DeviceKind::IntegratedGpu, 5 * GB, 12 * GB)], 0);
        assert_eq!(shared, Machine { ram_bytes: 3 * GB, gpu_bytes: 5 * GB });
        let on_cpu = EngineOptions { gpu_layers: Some(0), ..EngineOptions::default() };
        assert_eq!(Room::of(memory, &[card], 0, &on_cpu).machine.gpu_bytes, 0);
        assert_eq!(Room::of(None, &[], 0, &options).machine.ram_bytes, u64::MAX);
    }

    #[test]
    fn sizes_alone_give_a_verdict_for_each_and_one_to_take() {
        let room = Room {
            machine: Machine { ram_bytes: 10 * GB, gpu_bytes: 0 },
            load: LoadOptions::default(),
        };
        let candidate = |label: &str, tenths: u64| Candidate {
            label: label.to_owned(),
            bytes: tenths * GB / 10,
        };
        let all = [
            candidate("Q4_K_M", 47),
            candidate("Q6_K", 65),
            candidate("Q8_0", 82),
            candidate("F16", 152),
        ];
        let (fits, suggested) = room.verdicts(&all, Some(8 * GB));
        let expected = [Verdict::Fits, Verdict::Fits, Verdict::MayBeSlow, Verdict::WillNotFit];
        assert_eq!(fits, expected);
        assert_eq!(suggested, Some(1));
        assert_eq!(room.verdicts(&all, None).0, expected, "the smallest size tells enough");
        assert_eq!(room.verdicts(&[], None), (Vec::new(), None));
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
