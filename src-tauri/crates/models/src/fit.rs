//! Does a model fit this machine? An estimate from the header alone, before the model is loaded
//! or even downloaded, against the memory that the caller says there is.
//!
//! [`Shape`] takes from a header what memory depends on, layer by layer, so that some layers can
//! lie on a GPU; [`estimate`] makes bytes of it; [`judge`] compares them with a [`Machine`] and
//! gives a verdict with all its figures; [`suggest`] chooses among quantisations, and
//! [`smallest`] where nothing is known of the machine. Nothing is ever
//! forbidden: loading anyway is for the caller to offer.
//!
//! The formulas are those of the llama.cpp that the engine is built with (`llama-cpp-sys-2`
//! 0.1.161), each documented with the file that it is from; the constants for what llama.cpp
//! computes only while it runs were measured with SmolLM2-135M and Gemma-3-270M, and tests hold
//! the estimate to within a tenth of what was measured.
//!
//! Left out: pages of the file that the system caches twice while weights are repacked for a
//! processor, which it gives back when memory is short; projectors and adapters beside a model;
//! several GPUs, which count as one with their memory added.

mod judge;
mod memory;
mod shape;
mod suggest;
mod windows;

pub use judge::{Judgement, Machine, Verdict, judge, most_gpu_layers};
pub use memory::{Memory, Placement, Wanted, estimate, place};
pub use shape::{Layer, Shape};
pub use suggest::{Candidate, Suggestion, smallest, suggest};
