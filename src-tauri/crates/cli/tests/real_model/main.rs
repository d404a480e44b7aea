//! The tests with a real model. They are in a module of this name because nextest runs what is
//! named so one after another, with time for the model.

#![expect(clippy::unwrap_used, reason = "in a test a failed step is the failure")]
#![expect(clippy::format_collect, reason = "test tables are plainer to read this way, and small")]

mod real_model;
/// Of the same lane.
#[cfg(target_os = "linux")]
#[path = "engine_process.rs"]
mod real_model_process;
#[path = "../support/mod.rs"]
mod support;
