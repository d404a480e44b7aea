//! The hub's client against answers of a server on this machine: those that the hub's documentation
//! shows, and those that nobody should ever see.
#![expect(clippy::unwrap_used, reason = "in a test a failed step is the failure")]

mod files;
mod headers;
mod redirects;
mod refusals;
mod repositories;
mod searches;
mod server;
