//! The MLX engine: language models on Apple Silicon, in a process of their own.
//!
//! The binary `braincells-mlx` ships beside the app on Apple Silicon alone. The app starts it as it
//! starts the process of its own engine, by [`braincells_llm::worker`], and the two say the same
//! things to each other: frames of JSON over stdin and stdout. So supervision, restarts, bounded
//! queues and cancels are the same for both engines. The app must never link MLX: its GGUF symbols
//! collide with llama.cpp's, and a Metal command that fails ends the process.
//!
//! A model is a checkpoint: a folder with `config.json`, weights as safetensors, and
//! `tokenizer.json`, as the repositories of `mlx-community` have it. What can be read and refused
//! without MLX is always compiled: [`ModelConfig`] says what model it is, [`Checkpoint`] holds each
//! weight file to its own length and to that model, and [`ChatFiles`] finds the chat template. The
//! engine, `native::MlxEngine`, is behind the feature `native`, which needs a Mac or what
//! `scripts/test-mlx` prepares on Linux.
//!
//! Promises: a file that is cut off, or whose header or settings are damaged or made up, ends in an
//! [`MlxError`] before MLX sees a byte of it; a typed answer is valid or a typed error; a row's
//! answer does not depend on the rows beside it, up to rounding, nor does its failure; a cancel is
//! seen before the next token; dropping the engine frees the model. Left out: numbers that were
//! changed within a file, which only its hash shows and is for whoever downloads it; images,
//! mixtures of experts, weights packed in other ways than MLX's affine one, and where checkpoints
//! come from.

mod chat;
mod checkpoint;
mod config;
mod error;
mod file;
#[cfg(feature = "native")]
pub mod native;

pub use braincells_llm::mlx::LoadOptions;

pub use chat::ChatFiles;
pub use checkpoint::{Checkpoint, Number, Tensor};
pub use config::{
    Architecture, Layer, ModelConfig, Packing, PositionScale, Quantization, Rope, RopeScaling,
};
pub use error::MlxError;
