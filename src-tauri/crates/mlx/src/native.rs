//! The engine itself: MLX computes the logits, [`braincells_llm::decoding`] does the rest.
//!
//! [`MlxEngine`] is what the helper serves. One named thread (`actor`) owns the model from its first
//! byte to its last, because MLX's streams are bound to a thread. Rows are computed together: what
//! their prompts begin with alike is computed once and broadcast, then each step adds a token to
//! every row (`batch`). There is one decoder for all architectures (`decoder`); what they differ in
//! is in [`ModelConfig`](crate::ModelConfig).

mod actor;
mod admission;
mod batch;
mod block;
mod cache;
mod columns;
mod decoder;
mod engine;
mod kept;
mod loader;
mod matrix;
mod room;
mod rope;
mod tokenizer;
mod weights;

#[cfg(test)]
mod tests;

pub use decoder::Decoder;
pub use engine::{MlxEngine, build_info};
pub use loader::LoadMlx;
pub use tokenizer::Words;

/// Says which file has Metal's kernels; before anything else of this module.
#[cfg(target_os = "macos")]
pub fn take_kernels_from(path: &str) -> Result<(), crate::MlxError> {
    Ok(mlx_rs::metal::set_metallib_path(path)?)
}

/// Numbers of MLX that its users may watch.
pub mod memory {
    use crate::MlxError;

    /// The most that MLX keeps of arrays that are gone, for what comes next: some calls' worth. By
    /// itself it would keep all that the machine has.
    pub const MOST_KEPT: usize = 512 << 20;

    /// Bytes that arrays take at this moment, in the whole process.
    pub fn active_bytes() -> Result<usize, MlxError> {
        Ok(mlx_rs::memory::active_memory()?)
    }

    /// Sets what MLX keeps, in the whole process. Answers what it kept before.
    pub fn limit_kept(bytes: usize) -> Result<usize, MlxError> {
        Ok(mlx_rs::memory::set_cache_limit(bytes)?)
    }

    /// Bytes that MLX would take at most on this machine.
    pub(crate) fn most_bytes() -> Result<u64, MlxError> {
        Ok(mlx_rs::memory::memory_limit()? as u64)
    }
}
