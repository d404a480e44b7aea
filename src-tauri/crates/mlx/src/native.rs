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
mod loader;
mod matrix;
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

    /// Bytes that arrays take at this moment, in the whole process.
    pub fn active_bytes() -> Result<usize, MlxError> {
        Ok(mlx_rs::memory::active_memory()?)
    }
}
