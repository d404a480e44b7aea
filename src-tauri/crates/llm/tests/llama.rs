//! The llama.cpp engine with a real model: the starter model, whose path `scripts/test` passes
//! in `BRAINCELLS_TEST_MODEL`.
#![cfg(feature = "llama")]
#![expect(clippy::unwrap_used, reason = "in a test a failed step is the failure")]

/// nextest runs what is named so one after another, with time for the model.
mod real_model {
    mod answers;
    mod memory_and_time;
    mod starter;
    mod tuned;
    mod typed;
}
