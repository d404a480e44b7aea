//! Headers of model files: sound ones, broken ones, mutated ones, and that of the starter model,
//! whose path `scripts/test` passes in `BRAINCELLS_TEST_MODEL`.
#![expect(clippy::unwrap_used, reason = "in a test a failed step is the failure")]

mod allocations;
mod fuzz;
mod malformed;
mod malformed_files;
mod mutations;
/// nextest runs what is named so one after another, with time for the model.
mod real_model;
mod sound;
mod writer;
