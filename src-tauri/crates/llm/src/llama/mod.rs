//! The llama.cpp engine: a GGUF model inside this process.
//!
//! [`LlamaEngine::load`] is called by the workbench. One named thread (`actor`) owns the
//! context; requests are rendered and cut into tokens beside it ([`decoding`](crate::decoding)); what the thread
//! does next is decided by a pure function (`plan`). Rows share the start of their prompts
//! (`prefix`), and many rows are computed together.
//!
//! Promises: typed answers are always valid. The same request
//! with the same seed gives the same answer whatever else is computed: bit for bit with
//! [`LoadOptions::exact`] on a CPU; else up to rounding, which differs with the rows computed
//! together and shows where two tokens are nearly as likely. A broken file is an error, and so
//! is a model that does not fit into the memory (`memory`). Not promised: that a file made to
//! attack llama.cpp's reader cannot end the process.

mod actor;
mod architectures;
mod autotune;
mod devices;
mod ffi;
#[cfg(test)]
mod fidelity;
mod file;
mod kept_prefix;
mod load;
mod logs;
mod memory;
mod modules;
mod plan;
mod prefix;
mod quantise;
mod queue;
mod tokenizer;
mod tuned_copy;
mod tuning;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, PoisonError};
use std::thread::Builder;

use async_trait::async_trait;
use futures::stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

pub use self::architectures::knows_architecture;
pub use self::devices::{Device, DeviceKind, devices, physical_cores, used_gpus};
pub use self::file::check_file;
pub use self::kept_prefix::clear as clear_prefixes;
pub use self::load::{KeptPrefixes, LoadOptions, memory_estimate};
pub use self::memory::{read_headers, shape, wanted};
pub use self::modules::{loaded_modules, look_for_modules_in};
pub use self::quantise::{Quantisation, TunedOrigin, quantise, tuned_origin};
pub use self::tuned_copy::{
    Candidate, CandidateOutcome, LEAST_GAIN, LEAST_LABEL_AGREEMENT, Likeness, MOST_FLIP_MARGIN,
    MOST_MEAN_KL, Speed, TuneProgress, TuneReport, TuneRequest, tune,
};
pub use self::tuning::{Tuning, TypicalSizes};

use self::actor::{Actor, Settings, Shared};
use self::ffi::{Context, Model};
use self::load::{ModelFacts, Sizes};
use crate::decoding::Desk;
use crate::decoding::prepare::Preparer;
// For the modules below, as if they were here.
use crate::decoding::{labels, prepare, row, sample, thinking};
use crate::single;
use crate::{
    BatchEvent, BatchStream, Capabilities, EngineFigures, LLMBackend, LLMEngine, LLMError,
    LLMRequest, LLMResponse, RequestStream, TokenStream,
};

/// Grows when this engine begins to answer the same request differently.
const ANSWERS_VERSION: u32 = 3;

/// A loaded model that answers requests. Dropping it ends its thread and frees the model.
pub struct LlamaEngine {
    path: PathBuf,
    capabilities: Capabilities,
    exact: bool,
    gpu_layers: i32,
    shared: Arc<Shared>,
    desk: Desk,
}

impl LlamaEngine {
    /// Loads a GGUF file. Blocks; `progress` hears 0 to 1 and may answer `false` to stop, which
    /// ends in [`LLMError::Cancelled`].
    pub fn load(
        path: &Path,
        options: &LoadOptions,
        progress: impl FnMut(f32) -> bool + Send + 'static,
    ) -> Result<Self, LLMError> {
        load::check_model(path, options)?;
        let gpu_layers = load::gpu_layers(path, options);
        let model = Arc::new(Model::load(path, gpu_layers, progress)?);
        if !model.generates_text() {
            return Err(LLMError::ModelBroken {
                path: path.to_owned(),
                reason: "it is not a model that generates text".to_owned(),
            });
        }
        let cores = physical_cores() as u32;
        let options = &load::on_this_device(options, gpu_layers);
        let sizes = Sizes::new(ModelFacts::of(&model), gpu_layers, cores, options);
        let settings = Settings {
            slots: sizes.slots as usize,
            row_sequences: sizes.row_sequences as usize,
            prefixes: sizes.prefixes as usize,
            is_mixed: sizes.is_mixed,
            is_exact: options.exact,
            kept_prefixes: options.kept_prefixes.clone(),
        };
        let preparer = Preparer::new(Arc::clone(&model) as _, sizes.row_context, options.now_ms)?;
        let shared = Arc::new(Shared::default());
        let (inbound, receiver) = sync_channel(2 * sizes.slots as usize);
        let (made, context_made) = sync_channel(1);
        let thread = Builder::new()
            .name("braincells-llama".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || {
                    let question = Arc::clone(&shared);
                    let stops = Box::new(move || question.should_abort());
                    match Context::new(&model, sizes.context, stops) {
                        Ok(context) => {
                            let answered = made.send(Ok(()));
                            drop(answered);
                            Actor::new(model, context, settings, shared, receiver).run();
                        }
                        Err(error) => drop(made.send(Err(error))),
                    }
                }
            })
            .map_err(|error| LLMError::InferenceFailed {
                reason: format!("the engine's thread cannot be started: {error}"),
            })?;
        match context_made.recv() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(error),
            Err(_) => return Err(LLMError::NotRunning),
        }
        Ok(Self {
            path: path.to_owned(),
            capabilities: Capabilities {
                context_tokens: sizes.row_context,
                constrains_output: true,
                reports_confidence: true,
                scores_labels: true,
                parallel_requests: sizes.slots,
                fingerprint: None,
            },
            exact: options.exact,
            gpu_layers,
            shared,
            desk: Desk::new(preparer, inbound, thread),
        })
    }

    /// Says what the model file holds, by the SHA-256 of its bytes, so that answers can be kept:
    /// [`Capabilities::fingerprint`] then names the file, this build, the context, the exact mode
    /// and the chat template as it is today, for some templates write the date.
    ///
    /// Not in it: devices and how many rows are computed together. They change an answer by
    /// rounding at most, see the module's page.
    #[must_use]
    pub fn with_model_hash(mut self, sha256: &str) -> Self {
        // Prefixes depend on the model, the build, how and where they are computed, and on how
        // keys and values lie in memory.
        let devices: Vec<String> = devices().into_iter().map(|one| one.description).collect();
        let state = format!(
            "{}, answers {ANSWERS_VERSION}, model {sha256}, exact {}, {} layers on a GPU of {}",
            build_info(),
            self.exact,
            self.gpu_layers,
            devices.join(", ")
        );
        drop(self.shared.state_name.set(state));
        let Ok(template) = self.desk.preparer().template_hash() else { return self };
        self.capabilities.fingerprint = Some(format!(
            "{}, answers {ANSWERS_VERSION}, model {sha256}, context {}, exact {}, template \
             {template}",
            build_info(),
            self.capabilities.context_tokens,
            self.exact
        ));
        self
    }

    /// Measures which setup computes requests of the given sizes fastest on this machine: how
    /// many rows at once, how many threads. Takes 2 to 4 seconds besides loading the model, which
    /// is let go again; `progress` hears of the loading as in [`LlamaEngine::load`].
    ///
    /// The caller keeps the answer under the model's hash and these options, and passes it as
    /// [`LoadOptions::tuning`]. A setup that is not clearly faster than the default
    /// is not chosen, and a model too slow to be measured in that time keeps the default. While
    /// the machine is busy with other things it is better not asked.
    pub fn autotune(
        path: &Path,
        options: &LoadOptions,
        sizes: TypicalSizes,
        progress: impl FnMut(f32) -> bool + Send + 'static,
    ) -> Result<Tuning, LLMError> {
        load::check_model(path, options)?;
        autotune::autotune(path, options, sizes, progress)
    }

    /// Hands requests to the engine's thread.
    fn submit(&self, requests: RequestStream) -> ReceiverStream<BatchEvent> {
        self.desk.submit(requests, Announced::new(&self.shared))
    }
}

/// Counts a batch as open as long as it lives.
struct Announced(Arc<Shared>);

impl Announced {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.open_batches.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(shared))
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        self.0.open_batches.fetch_sub(1, Ordering::AcqRel);
    }
}

#[async_trait]
impl LLMEngine for LlamaEngine {
    async fn generate(&self, request: LLMRequest) -> Result<LLMResponse, LLMError> {
        single::answer(self.submit(single::batch_of(request))).await
    }

    async fn generate_stream(&self, request: LLMRequest) -> Result<TokenStream, LLMError> {
        Ok(single::pieces(self.submit(single::batch_of(request))))
    }

    fn generate_batch(&self, requests: RequestStream) -> BatchStream<'_> {
        self.submit(requests).boxed()
    }

    async fn is_ready(&self) -> bool {
        self.desk.is_open()
    }

    fn backend(&self) -> LLMBackend {
        LLMBackend::Local { model_path: self.path.clone() }
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }

    fn count_tokens(&self, text: &str) -> Option<u32> {
        self.desk.preparer().count_tokens(text)
    }

    fn figures(&self) -> Option<EngineFigures> {
        Some(self.shared.figures.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl Drop for LlamaEngine {
    fn drop(&mut self) {
        self.shared.is_shutting_down.store(true, Ordering::Relaxed);
        self.desk.close();
    }
}

/// Names the llama.cpp build for the record of what made a cell.
pub fn build_info() -> String {
    format!("llama.cpp in llama-cpp-sys-2 {LLAMA_SYS_VERSION}")
}

/// The pin in the workspace's `Cargo.toml`; a test compares the two.
const LLAMA_SYS_VERSION: &str = "0.1.161";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_build_is_the_pinned_one() {
        let manifest = include_str!("../../../../Cargo.toml");
        assert!(
            manifest.contains(&format!(r#"llama-cpp-sys-2 = {{ version = "={LLAMA_SYS_VERSION}""#))
        );
    }
}
