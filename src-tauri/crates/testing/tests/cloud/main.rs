//! The cloud engine over real sockets, against a server on loopback that misbehaves as it is told.
//!
//! Figures that need time to settle are measured on a paused clock, in `braincells-llm`; here the
//! bounds are loose, so that a busy machine passes them.

mod cancel;
mod faults;
mod keys;
mod learning;
mod pieces;
mod support;
mod tls;
mod ways;
