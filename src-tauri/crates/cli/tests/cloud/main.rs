//! Backends that are not on this machine, as a person meets them: the binary against a server on
//! loopback. The keyring of whoever runs this is not touched.

#![expect(clippy::unwrap_used, reason = "in a test a failed step is the failure")]

mod files;
mod keys;
mod lab;
mod limits;
mod servers;
#[path = "../support/mod.rs"]
mod support;
