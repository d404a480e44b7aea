//! The engine as its callers see it.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, PoisonError};
use std::thread::Builder;

use async_trait::async_trait;
use braincells_llm::decoding::prepare::Preparer;
use braincells_llm::decoding::{Desk, Tokenizer, answer, batch_of, pieces};
use braincells_llm::{
    BatchStream, Capabilities, EngineFigures, LLMBackend, LLMEngine, LLMError, LLMRequest,
    LLMResponse, RequestStream, TokenStream,
};
use futures::stream::StreamExt;

use super::actor::{Actor, Shared};
use super::decoder::Decoder;
use super::memory;
use super::room::{MOST_ROWS, Room};
use super::tokenizer::Words;
use crate::{Checkpoint, LoadOptions, MlxError, ModelConfig};

/// Grows when this engine begins to answer the same request differently.
const ANSWERS_VERSION: u32 = 1;
/// The pin in the workspace's `Cargo.toml`; a test compares the two.
const MLX_RS_VERSION: &str = "0.33.0";

/// Names the build of MLX for the record of what made a cell.
pub fn build_info() -> String {
    format!("MLX in mlx-rs {MLX_RS_VERSION}")
}

/// A loaded checkpoint that answers requests. Dropping it ends its thread and frees the model.
pub struct MlxEngine {
    folder: PathBuf,
    capabilities: Capabilities,
    shared: Arc<Shared>,
    desk: Desk,
}

impl MlxEngine {
    /// Loads the checkpoint in a folder. Blocks; `progress` hears 0 to 1 and may answer `false` to
    /// stop, which ends in [`LLMError::Cancelled`].
    pub fn load(
        folder: &Path,
        options: &LoadOptions,
        progress: impl FnMut(f32) -> bool + Send + 'static,
    ) -> Result<Self, LLMError> {
        let llm = |error: MlxError| error.into_llm(folder);
        let config = ModelConfig::read(folder).map_err(llm)?;
        let checkpoint = Checkpoint::open(folder).map_err(llm)?;
        checkpoint.check(&config).map_err(llm)?;
        let words: Arc<dyn Tokenizer> = Arc::new(Words::read(folder, &config).map_err(llm)?);
        let context_tokens = options.context_tokens.clamp(1, config.context_tokens);
        let wished = options.parallel_requests.clamp(1, MOST_ROWS);
        let preparer = Preparer::new(Arc::clone(&words), context_tokens, options.now_ms)?;
        let shared = Arc::<Shared>::default();
        let (inbound, receiver) = sync_channel(2 * wished as usize);
        let (loaded, loading) = sync_channel(1);
        let (owned, place) = (Arc::clone(&shared), folder.to_owned());
        let thread = Builder::new().name("braincells-mlx".to_owned()).spawn(move || {
            // MLX's streams belong to the thread that made them: everything happens here.
            match load(&checkpoint, config, progress, wished, context_tokens) {
                Ok((decoder, room)) => {
                    drop(loaded.send(Ok(room)));
                    Actor::new(decoder, words, owned, receiver, room).run();
                }
                Err(error) => {
                    let most = memory::most_bytes().unwrap_or_default();
                    drop(loaded.send(Err(error.into_load(&place, checkpoint.bytes(), most))));
                }
            }
            // The weights are gone; MLX keeps their memory for what comes next, which is nothing.
            drop(mlx_rs::memory::clear_cache());
        });
        let thread = thread.map_err(|error| LLMError::InferenceFailed {
            reason: format!("the engine's thread cannot be started: {error}"),
        })?;
        let room = match loading.recv() {
            Ok(Ok(room)) => room,
            Ok(Err(error)) => {
                // It has nothing left to do, and what it holds is freed before it ends.
                drop(thread.join());
                return Err(error);
            }
            Err(_) => {
                let reason = match thread.join() {
                    Ok(()) => "its load ended without a word".to_owned(),
                    Err(panic) => format!("its load met a defect: {}", said(&*panic)),
                };
                return Err(LLMError::ModelBroken { path: folder.to_owned(), reason });
            }
        };
        Ok(Self {
            folder: folder.to_owned(),
            capabilities: Capabilities {
                context_tokens,
                constrains_output: true,
                reports_confidence: true,
                scores_labels: true,
                parallel_requests: room.rows as u32,
                fingerprint: None,
            },
            shared,
            desk: Desk::new(preparer, inbound, thread),
        })
    }

    /// Says what the checkpoint holds, by a hash of its files, so that answers can be kept.
    #[must_use]
    pub fn with_model_hash(mut self, sha256: &str) -> Self {
        let Ok(template) = self.desk.preparer().template_hash() else { return self };
        self.capabilities.fingerprint = Some(format!(
            "{}, answers {ANSWERS_VERSION}, model {sha256}, context {}, template {template}",
            build_info(),
            self.capabilities.context_tokens,
        ));
        self
    }
}

/// The model, and how much it may have in work beside it.
fn load(
    checkpoint: &Checkpoint,
    config: ModelConfig,
    progress: impl FnMut(f32) -> bool,
    wished: u32,
    context_tokens: u32,
) -> Result<(Decoder, Room), MlxError> {
    memory::limit_kept(memory::MOST_KEPT)?;
    let decoder = Decoder::load(checkpoint, config, progress)?;
    let free = memory::most_bytes()?.saturating_sub(memory::active_bytes()? as u64);
    let room = Room::within(wished, context_tokens, decoder.token_bytes(), free);
    if room.rows < wished as usize {
        tracing::info!("{} rows of {context_tokens} tokens fit into the memory", room.rows);
    }
    Ok((decoder, room))
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("nothing said")
}

#[async_trait]
impl LLMEngine for MlxEngine {
    async fn generate(&self, request: LLMRequest) -> Result<LLMResponse, LLMError> {
        answer(self.desk.submit(batch_of(request), ())).await
    }

    async fn generate_stream(&self, request: LLMRequest) -> Result<TokenStream, LLMError> {
        Ok(pieces(self.desk.submit(batch_of(request), ())))
    }

    fn generate_batch(&self, requests: RequestStream) -> BatchStream<'_> {
        self.desk.submit(requests, ()).boxed()
    }

    async fn is_ready(&self) -> bool {
        self.desk.is_open()
    }

    fn backend(&self) -> LLMBackend {
        LLMBackend::Local { model_path: self.folder.clone() }
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

impl Drop for MlxEngine {
    fn drop(&mut self) {
        self.shared.is_shutting_down.store(true, Ordering::Relaxed);
        self.desk.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_build_is_the_pinned_one() {
        let manifest = include_str!("../../../../Cargo.toml");
        assert!(manifest.contains(&format!(r#"mlx-rs = {{ version = "={MLX_RS_VERSION}""#)));
    }
}
