//! The engine and the helper, with real checkpoints and tiny ones. Run by `scripts/test-mlx`.
#![expect(clippy::unwrap_used, reason = "in a test a failed step is the failure")]

#[path = "../support/process.rs"]
mod process;
#[path = "../support/mod.rs"]
mod support;

mod damage;
mod helper;
mod real_model;
mod typed;
