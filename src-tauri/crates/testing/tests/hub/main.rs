//! The hub on loopback: what it says byte by byte, and that it fails as it is told to.
//!
//! That it is as the real one is for `scripts/hub-conformance` to say.

mod answers;
mod faults;
mod files;
mod support;
