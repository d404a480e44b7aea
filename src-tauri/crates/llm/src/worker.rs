//! An engine in a process of its own, so that a crash in C++ or a system short of memory never
//! takes the program down.
//!
//! Two sides of one protocol. [`WorkerEngine`] is an [`LLMEngine`](crate::LLMEngine) whose work is
//! done by a child process, which is the same program started again; the workbench makes it.
//! [`serve_process`] is all that the child does: it loads a model with a [`Loader`] and answers.
//!
//! Promises: a child that ends, however it ends, costs the requests it had, and each of them is
//! told why with [`LLMError::WorkerDied`](crate::LLMError::WorkerDied); another child is started
//! in its place. Control messages never queue behind work, and queues are bounded in both
//! directions. The child sees of the environment only what it is given. It ends at once when its
//! parent does, and when the engine is dropped. Left out: who is to blame for an end, and asking
//! again; the run of a column knows the rows.

mod counts;
mod death;
mod engine;
mod link;
mod outbox;
pub mod protocol;
mod serve;
mod shared;
mod supervisor;

#[cfg(feature = "llama")]
mod llama;

use std::ffi::OsString;
use std::path::PathBuf;

use serde_json::Value;

pub use engine::WorkerEngine;
#[cfg(feature = "llama")]
pub use llama::LoadLlama;
pub use serve::{LoadProgress, Loader, Logs, Served, load_with, serve, serve_process};

/// How the child process is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerProgram {
    /// The program, commonly the one that is running.
    pub program: PathBuf,
    /// The arguments that make it call [`serve_process`].
    pub arguments: Vec<OsString>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
}

/// What the child loads.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkerModel {
    /// The model's file.
    pub path: PathBuf,
    /// What the child's [`Loader`] understands.
    pub options: Value,
}

/// What a [`WorkerEngine`] tells while it works.
#[derive(Clone, Debug, PartialEq)]
pub enum WorkerNews {
    /// The model is being loaded, 0 to 1; again after each restart.
    Loading(f32),
    /// The process had ended; another one has loaded the model and goes on.
    Restarted {
        /// How the last one ended.
        reason: String,
    },
}

#[cfg(test)]
mod tests;
