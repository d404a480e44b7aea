//! What all connections of a hub share.

use std::sync::Mutex;

use tokio::sync::watch;

use super::address::Address;
use super::content::id_of;
use super::faults::{Cut, Failure, Faults, HubPart};
use super::file::HostedFile;
use super::folder::HubFolder;
use super::lock;
use super::log::Log;
use super::repository::HostedRepository;

/// What all connections of a hub share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) hub: Mutex<HubFolder>,
    pub(super) log: Log,
    /// Where the hub and the CDN are, without a slash at the end.
    pub(super) endpoint: String,
    pub(super) cdn: String,
    faults: watch::Sender<Faults>,
}

impl Shared {
    pub(super) fn new(hub: HubFolder, endpoint: String, cdn: String) -> Self {
        let faults = watch::Sender::new(Faults::default());
        Self { hub: Mutex::new(hub), log: Log::default(), endpoint, cdn, faults }
    }

    pub(super) fn faults(&self) -> Faults {
        self.faults.borrow().clone()
    }

    pub(super) fn set_faults(&self, faults: Faults) {
        self.faults.send_replace(faults);
    }

    fn take<T>(&self, take: impl FnOnce(&mut Faults) -> T) -> T {
        let mut taken = None;
        self.faults.send_modify(|faults| taken = Some(take(faults)));
        taken.expect("it was called")
    }

    pub(super) fn take_failure(&self, part: HubPart, what: &str) -> Option<Failure> {
        self.take(|faults| faults.take_failure(part, what))
    }

    pub(super) fn take_body(&self, what: &str, bytes: u64) -> (Option<Cut>, Option<u64>) {
        self.take(|faults| faults.take_body(what, bytes))
    }

    /// Waits as long as an answer to this never comes.
    pub(super) async fn until_it_speaks(&self, what: &str) {
        if self.take(|faults| faults.take_silence(what)) {
            self.until_no_stall().await;
        }
    }

    pub(super) async fn until_no_stall(&self) {
        let mut faults = self.faults.subscribe();
        let over = faults.wait_for(|faults| faults.stall.is_none()).await;
        drop(over.expect("the hub itself tells"));
    }

    /// What the hub says is the checksum of a file.
    pub(super) fn says_sha256(&self, repository: &HostedRepository, file: &HostedFile) -> String {
        let faults = self.faults.borrow();
        if faults.wrong_sha256 && faults.concern(&name_of(repository, file)) {
            return id_of(&format!("not {}", file.sha256()), 64);
        }
        file.sha256().to_owned()
    }

    /// The file that an address of the CDN is for, and its whole name.
    pub(super) fn at_cdn(&self, path: &str, query: &str) -> Option<(String, HostedFile)> {
        let hub = lock(&self.hub);
        for repository in hub.repositories() {
            for commit in &repository.commits {
                for file in &commit.files {
                    let (known, signature) = cdn_path(repository, &commit.id, file);
                    if known == path {
                        let signed = query.split('&').any(|pair| pair == signature);
                        return signed.then(|| (name_of(repository, file), file.clone()));
                    }
                }
            }
        }
        None
    }

    /// Which part of the hub a request goes to, and what faults may name it by.
    pub(super) fn concerns(&self, address: Option<&Address>, path: &str) -> (HubPart, String) {
        match address {
            Some(Address::File { id, path, .. } | Address::CachedFile { id, path, .. }) => {
                let id = lock(&self.hub).moved(id).map_or(id.clone(), str::to_owned);
                (HubPart::Resolve, format!("{id}/{path}"))
            }
            Some(_) => (HubPart::Api, path.to_owned()),
            None => (HubPart::Any, path.to_owned()),
        }
    }
}

/// `owner/name/path`.
pub(super) fn name_of(repository: &HostedRepository, file: &HostedFile) -> String {
    format!("{}/{}", repository.id, file.path)
}

/// Where a large file is at the CDN, and what in the query of its address lets it be read.
pub(super) fn cdn_path(
    repository: &HostedRepository,
    commit: &str,
    file: &HostedFile,
) -> (String, String) {
    let place = format!("{commit} {}", name_of(repository, file));
    let path = format!("/xet-bridge-us/{}/{}", id_of(&repository.id, 24), id_of(&place, 64));
    (path, format!("Signature={}", id_of(&format!("signed {place}"), 64)))
}
