//! One attempt at one file, from the lock to the rename.

use std::future::Future;
use std::path::PathBuf;

use secrecy::SecretString;
use tokio::sync::watch;
use tokio::time::Instant;

use super::check::{self, Kept};
use super::control::Leash;
use super::intake::Taken;
use super::place::{Place, discard, partial_path, progress_of};
use super::rate::Rate;
use super::writer::Room;
use super::{Control, FetchError, Fetched, Limits, Step, Wanted, threads};
use crate::hub::Hub;

/// How often damaged blocks are fetched again. A disk that keeps nothing is told of, not filled
/// again and again.
const MENDED_AT_MOST: usize = 3;

/// What an attempt goes by, and what it has had so far.
pub(super) struct Attempt<'a> {
    pub(super) hub: &'a Hub,
    pub(super) wanted: &'a Wanted,
    pub(super) token: Option<&'a SecretString>,
    pub(super) limits: &'a Limits,
    pub(super) control: Control,
    leash: Leash,
    pub(super) heard: &'a mut (dyn FnMut(Step) + Send),
    pub(super) rate: Rate,
    /// Bytes from the network.
    pub(super) fetched: u64,
    /// The sum that the hub named with the file.
    pub(super) linked_sha256: Option<String>,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(
        hub: &'a Hub,
        wanted: &'a Wanted,
        token: Option<&'a SecretString>,
        limits: &'a Limits,
        leash: Leash,
        heard: &'a mut (dyn FnMut(Step) + Send),
    ) -> Self {
        let (control, rate) = (leash.control().clone(), Rate::new(Instant::now(), 0));
        let (fetched, linked_sha256) = (0, None);
        Self { hub, wanted, token, limits, control, leash, heard, rate, fetched, linked_sha256 }
    }

    pub(super) async fn run(mut self) -> Result<Fetched, FetchError> {
        if self.control.is_stopped() {
            return Err(FetchError::Stopped);
        }
        let target = self.wanted.target.clone();
        let take = move || Place::take(&target);
        let place = self.on_thread("download-open", take).await??;
        let outcome = self.get(place).await.map_err(|error| self.explained(error));
        if outcome.is_err() && progress_of(&self.wanted.target) == Some(0) {
            // Nothing came of it: then nothing is left of it, either. If it cannot be deleted, or
            // somebody else has begun meanwhile, it stays.
            drop(discard(&self.wanted.target));
        }
        outcome
    }

    async fn get(&mut self, place: Place) -> Result<Fetched, FetchError> {
        if std::fs::symlink_metadata(&self.wanted.target).is_ok() {
            return self.there_already(place).await;
        }
        let (mut place, mut kept, etag) = self.look(place).await?;
        self.check_room(kept.bytes())?;
        let mut mended = 0;
        loop {
            let damaged;
            (place, kept, damaged) = self.read(place, kept).await?;
            if damaged.is_empty() {
                break;
            }
            if mended == MENDED_AT_MOST {
                let reason = "it does not keep what is written to it".to_owned();
                let path = self.wanted.target.clone();
                return Err(FetchError::Io { attempt: "read again", path, reason });
            }
            mended += 1;
            place = self.mend(place, &mut kept, etag.as_deref(), &damaged).await?;
        }
        let there = kept.bytes();
        let cut = move || place.cut(there).map(|()| place);
        place = self.on_thread("download-write", cut).await??;
        self.rate = Rate::new(Instant::now(), there);
        if there < self.wanted.bytes || there == 0 {
            self.hear_receiving(there);
            let taken = self.receive(place, kept, etag).await?;
            self.hear_receiving(taken.kept.bytes());
            let Taken { place: after, kept: all, outcome, synced } = taken;
            if let (Err(_), Some(memory)) = (&outcome, &self.limits.memory) {
                memory.keep(after.target(), &all);
            }
            outcome?;
            (place, kept) = (after, all);
            or_stopped(&self.control, threads::outcome(synced)).await??;
        }
        self.conclude(place, kept).await
    }

    /// Compares the sum, and if it is right makes the partial file the target.
    async fn conclude(&mut self, mut place: Place, kept: Kept) -> Result<Fetched, FetchError> {
        debug_assert_eq!(kept.hashed, self.wanted.bytes, "all of it is in the sum");
        let streamed = check::hex(kept.sha256);
        let sha256 = if place.is_locked() {
            (self.heard)(Step::Verifying { bytes_done: kept.hashed });
            streamed.clone()
        } else {
            // The sum is of what we wrote. Somebody else may have written there, too.
            let (path, leash) = (partial_path(place.target()), self.leash.clone());
            check::hex(self.reading(move |told| check::sha256_of(&path, &leash, told)).await?)
        };
        let known = self.wanted.sha256.as_ref().or(self.linked_sha256.as_ref()).cloned();
        // Where the hub has no sum, at least it is what came.
        let wanted = known.as_ref().unwrap_or(&streamed);
        let wrong = if !wanted.eq_ignore_ascii_case(&sha256) {
            Some((wanted.clone(), sha256.clone()))
        } else if known.is_none() {
            self.git_trouble(partial_path(place.target())).await?
        } else {
            None
        };
        if let Some((wanted, found)) = wrong {
            // There is no telling which part of it is wrong.
            place.forget()?;
            return Err(FetchError::WrongChecksum { wanted, found });
        }
        // Nobody is made to wait for a slow disk: what is synced until a stop stays so.
        let partial = place.partial_handle()?;
        let path = self.wanted.target.clone();
        let sync =
            move || partial.sync_all().map_err(|error| FetchError::io("written", &path, &error));
        let thread = threads::start("download-sync", &self.wanted.target, sync)?;
        or_stopped(&self.control, threads::outcome(thread)).await??;
        // From here on it is too late to stop it.
        let finish = move || place.finish();
        threads::outcome(threads::start("download-write", &self.wanted.target, finish)?).await?;
        Ok(Fetched { sha256, bytes_fetched: self.fetched })
    }

    /// There is a file at the target: it is the one that is wanted, or in the way.
    async fn there_already(&mut self, place: Place) -> Result<Fetched, FetchError> {
        let taken = FetchError::TargetTaken { target: self.wanted.target.clone() };
        let about = std::fs::metadata(&self.wanted.target);
        if !about.is_ok_and(|about| about.is_file() && about.len() == self.wanted.bytes) {
            return Err(taken);
        }
        let (target, leash) = (self.wanted.target.clone(), self.leash.clone());
        let sum = self.reading(move |told| check::sha256_of(&target, &leash, told)).await?;
        let sha256 = check::hex(sum);
        match &self.wanted.sha256 {
            Some(wanted) if !wanted.eq_ignore_ascii_case(&sha256) => Err(taken),
            None if self.git_trouble(self.wanted.target.clone()).await?.is_some() => Err(taken),
            _same => {
                // A kill between the rename and this leaves a ledger behind.
                place.tidy();
                Ok(Fetched { sha256, bytes_fetched: 0 })
            }
        }
    }

    /// What git should call the content of a file and what it does, if that is not the same.
    async fn git_trouble(&mut self, path: PathBuf) -> Result<Option<(String, String)>, FetchError> {
        let Some(wanted) = &self.wanted.git_sha1 else { return Ok(None) };
        let sum = move || {
            let found = check::git_blob_sha1(&path);
            found.map_err(|error| FetchError::io("read", &path, &error))
        };
        let found = self.on_thread("download-check", sum).await??;
        Ok((!wanted.eq_ignore_ascii_case(&found)).then(|| (wanted.clone(), found)))
    }

    /// What the ledger says there is, and which version of the file that is of.
    async fn look(
        &mut self,
        mut place: Place,
    ) -> Result<(Place, Kept, Option<String>), FetchError> {
        let (wanted, block_bytes) = (self.wanted.clone(), self.limits.block_bytes);
        let memory = self.limits.memory.clone();
        let look = move || {
            let recorded = place.recorded(&wanted)?;
            let (kept, etag) = match recorded {
                Some(recorded) => {
                    let block_bytes = recorded.header.block_bytes;
                    let known = memory.and_then(|memory| {
                        memory.take(&wanted.target, block_bytes, &recorded.blocks)
                    });
                    let unread = || Kept::unread(block_bytes, recorded.blocks);
                    (known.unwrap_or_else(unread), recorded.header.etag)
                }
                None => (Kept::nothing(block_bytes), None),
            };
            Ok((place, kept, etag))
        };
        self.on_thread("download-open", look).await?
    }

    /// Reads what was not read yet. Returns the blocks that are damaged.
    async fn read(
        &mut self,
        mut place: Place,
        mut kept: Kept,
    ) -> Result<(Place, Kept, Vec<usize>), FetchError> {
        if kept.hashed == kept.bytes() {
            return Ok((place, kept, Vec::new()));
        }
        let leash = self.leash.clone();
        self.reading(move |told| {
            let damaged = kept.read(&mut place, &leash, told)?;
            Ok((place, kept, damaged))
        })
        .await
    }

    /// Runs something that reads a file on a thread, and tells how far it is.
    async fn reading<T: Send + 'static>(
        &mut self,
        read: impl FnOnce(&watch::Sender<u64>) -> Result<T, FetchError> + Send + 'static,
    ) -> Result<T, FetchError> {
        let (told, mut news) = watch::channel(0);
        let mut thread =
            threads::start("download-check", &self.wanted.target, move || read(&told))?;
        loop {
            tokio::select! {
                biased;
                // It is on the leash itself, and ends soon if somebody stops it.
                outcome = &mut thread => {
                    return outcome.expect("a thread of a download does not panic");
                }
                Ok(()) = news.changed() => {
                    let bytes_done = *news.borrow_and_update();
                    if self.rate.is_due(Instant::now()) {
                        (self.heard)(Step::Verifying { bytes_done });
                    }
                }
            }
        }
    }

    fn check_room(&self, there: u64) -> Result<(), FetchError> {
        let room = Room::new(self.limits, &self.wanted.target);
        room.check(self.wanted.bytes.saturating_sub(there))
    }

    /// Runs what is short on a thread. It is waited for even after a stop, so that nobody has the
    /// lock any more when the download has ended.
    async fn on_thread<T: Send + 'static>(
        &mut self,
        name: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, FetchError> {
        let outcome = threads::outcome(threads::start(name, &self.wanted.target, work)?).await;
        if self.control.is_stopped() { Err(FetchError::Stopped) } else { Ok(outcome) }
    }

    /// An error of a full disk says how much was still to come.
    fn explained(&self, error: FetchError) -> FetchError {
        let there = progress_of(&self.wanted.target).unwrap_or_default();
        let missing = self.wanted.bytes.saturating_sub(there);
        Room::new(self.limits, &self.wanted.target).explain(error, missing)
    }
}

/// Waits for something, or until somebody stops the download.
pub(super) async fn or_stopped<T>(
    control: &Control,
    wait: impl Future<Output = T>,
) -> Result<T, FetchError> {
    tokio::select! {
        biased;
        () = control.stopped() => Err(FetchError::Stopped),
        outcome = wait => Ok(outcome),
    }
}

#[cfg(test)]
mod tests;
