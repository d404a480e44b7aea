//! Fetching a file from servers that do all that servers and networks do, onto disks that do all
//! that disks do. After every attempt: the target is there with the right bytes, or not at all.

#![expect(clippy::unwrap_used, reason = "the functions that tests share fail a test as tests do")]

#[path = "../../../testing/src/dice.rs"]
mod dice;
#[path = "../../../testing/src/small_disk.rs"]
mod small_disk;

mod broken;
mod case;
mod changed;
mod damage;
mod disk;
mod redirects;
mod server;
mod stopping;
mod time;
mod whole;
mod writers;
