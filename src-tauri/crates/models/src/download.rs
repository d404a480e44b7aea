//! One file from the hub to the disk, safely.
//!
//! The workbench's queue of downloads is the only caller: one [`fetch`] is one attempt to get one
//! file, from wherever the last attempt ended. What is promised: there is a file at the target only
//! once all of it is there and is what the hub said it is; whatever ends an attempt, a kill
//! included, the next one goes on from there with at most 16 MiB fetched again; blocks that the
//! disk damaged meanwhile are found and fetched again alone; one attempt at a time has a target,
//! whichever process it is of; an attempt that gets no bytes ends; and memory stays below 50 MB
//! however large the file is.
//!
//! How: bytes go to `<target>.partial`, and `<target>.partial.json` says block by block what of it
//! is right (`ledger`); it is locked meanwhile (`lock`), and where there are no locks all of it is
//! read again before it is believed. What the server answers is judged by
//! a table (`decide`). An attempt that follows another takes what that one knew (`memory`). One thread writes, one computes the sha256 of what is written and one
//! brings it to the disk, while this one receives (`intake`).
//!
//! Left out: which files are wanted and when an attempt is made again (the workbench), how redirects
//! are followed ([`crate::hub`]), and the wall clock: it may jump as it likes.

mod attempt;
mod check;
mod control;
mod decide;
mod error;
mod intake;
mod ledger;
mod lock;
mod memory;
mod mend;
mod place;
mod rate;
mod receive;
mod threads;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

pub use check::git_blob_sha1;
pub use control::Control;
pub use error::FetchError;
pub use memory::Memory;
pub use place::{discard, partial_path, progress_of, was_finished};

use crate::hub::Hub;

/// A file to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Where it is: [`Hub::file_url`] of a commit, which never changes, rather than of a branch.
    pub url: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// Its sum, which the hub knows for all large files. Without one the sum counts that the hub
    /// names when it is asked for the file.
    pub sha256: Option<String>,
    /// What git calls its content, for a file without such a sum. Without either only its length is
    /// checked.
    pub git_sha1: Option<String>,
    /// Where it is to be. Folders are made as needed; a file that is there is not written over.
    pub target: PathBuf,
}

/// Says how many bytes are free where a file is to be; `None` if that cannot be told.
pub type FreeBytes = Arc<dyn Fn(&Path) -> Option<u64> + Send + Sync>;

/// How a download goes about it. The default is for everything but tests, except that it does not
/// know how much room there is.
#[derive(Clone)]
pub struct Limits {
    /// How long nothing may arrive before an attempt is given up.
    pub stall: Duration,
    /// In pieces of how many bytes it is written down what is there. A kill loses less than two.
    pub block_bytes: u64,
    /// How many bytes of the disk are left to others.
    pub slack_bytes: u64,
    /// How much room there is. Asked before anything is fetched, and again before each block.
    pub free_bytes: FreeBytes,
    /// What an earlier attempt of this process knows of the partial file. Without it all that is
    /// there is read first.
    pub memory: Option<Memory>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            stall: Duration::from_mins(1),
            block_bytes: 8 << 20,
            slack_bytes: 256 << 20,
            free_bytes: Arc::new(|_folder| None),
            memory: None,
        }
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits")
            .field("stall", &self.stall)
            .field("block_bytes", &self.block_bytes)
            .field("slack_bytes", &self.slack_bytes)
            .finish_non_exhaustive()
    }
}

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Bytes arrive, or are waited for.
    Receiving {
        /// Bytes that are on the disk.
        bytes_done: u64,
        /// Over the last few seconds; 0 while nothing arrives.
        bytes_per_second: u64,
        /// Until all is there at this rate; `None` while nothing arrives.
        seconds_left: Option<u64>,
    },
    /// What is there is read again, because it was there before or because it is all there now.
    Verifying {
        /// Bytes that were found right.
        bytes_done: u64,
    },
}

/// A file that is there now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its sum, in lower case.
    pub sha256: String,
    /// How many bytes this attempt had from the network.
    pub bytes_fetched: u64,
}

/// Fetches a file, or what is missing of it.
///
/// `heard` is told how far it is, ten times a second at most. Dropping the future ends the
/// download too; its threads then end by themselves, within a moment in which the target is
/// [`FetchError::Busy`].
pub async fn fetch(
    hub: &Hub,
    wanted: &Wanted,
    token: Option<&SecretString>,
    limits: &Limits,
    control: &Control,
    mut heard: impl FnMut(Step) + Send,
) -> Result<Fetched, FetchError> {
    let (leash, _hand) = control::Leash::new(control.clone());
    attempt::Attempt::new(hub, wanted, token, limits, leash, &mut heard).run().await
}
