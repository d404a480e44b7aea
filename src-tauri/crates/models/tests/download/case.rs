//! What the tests have in common: a file, a server of it, a folder to fetch it to, and what must
//! hold after every attempt.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use braincells_models::download::{
    Control, FetchError, Fetched, Limits, Step, Wanted, fetch, partial_path,
};
use braincells_models::hub::{Http, Hub, HubOptions};
use data_encoding::HEXLOWER;
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::dice::Dice;
use crate::server::{Reply, Seen, Server};

/// Small, so that small files have many.
pub const BLOCK: usize = 4096;

/// Ten blocks and a bit.
pub const BYTES: usize = 10 * BLOCK + 123;

/// Random bytes, the same each time.
pub fn bytes(count: usize, seed: u64) -> Vec<u8> {
    let mut dice = Dice::new(seed);
    let mut bytes = Vec::with_capacity(count + 8);
    while bytes.len() < count {
        bytes.extend(dice.below(u64::MAX).to_le_bytes());
    }
    bytes.truncate(count);
    bytes
}

pub fn sha256(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// A hub at this address.
pub fn hub(address: &str, stall: Duration) -> Hub {
    static TLS: Once = Once::new();
    TLS.call_once(|| {
        rustls::crypto::ring::default_provider().install_default().expect("nobody else has");
    });
    let client = || {
        let none = reqwest::redirect::Policy::none();
        reqwest::Client::builder().redirect(none).referer(false).no_proxy().build().unwrap()
    };
    let http = Http { far: client(), beside: client() };
    Hub::new(http, HubOptions { endpoint: address.to_owned(), stall_timeout: stall }).unwrap()
}

/// A file that is wanted, and all there is around it.
pub struct Case {
    pub server: Server,
    pub hub: Hub,
    pub file: Arc<Vec<u8>>,
    pub wanted: Wanted,
    pub limits: Limits,
    pub token: Option<SecretString>,
    pub steps: Mutex<Vec<Step>>,
    folder: TempDir,
}

impl Case {
    /// A file of so many bytes and a server that answers as it is told.
    pub async fn new(
        count: usize,
        replies: impl Fn(usize, &[u8], &Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let file = Arc::new(bytes(count, count as u64));
        let content = Arc::clone(&file);
        let server = Server::start(move |number, seen| replies(number, &content, seen)).await;
        let folder = tempfile::tempdir().unwrap();
        let hub = hub(&server.address, Duration::from_mins(1));
        let wanted = Wanted {
            url: hub.file_url("owner/name", "c0ffee", "model.gguf"),
            bytes: count as u64,
            sha256: Some(sha256(&file)),
            git_sha1: None,
            target: folder.path().join("owner--name/model.gguf"),
        };
        let limits = Limits { block_bytes: BLOCK as u64, slack_bytes: 0, ..Limits::default() };
        let (token, steps) = (None, Mutex::default());
        Self { server, hub, file, wanted, limits, token, steps, folder }
    }

    /// A server that does all as it should.
    pub async fn right(count: usize) -> Self {
        Self::new(count, |_number, file, seen| Reply::right(file, seen)).await
    }

    /// One that answers the first request so, and all others as it should.
    pub async fn first(reply: impl Fn(Reply) -> Reply + Send + Sync + 'static) -> Self {
        Self::new(BYTES, move |number, file, seen| {
            let right = Reply::right(file, seen);
            if number == 0 { reply(right) } else { right }
        })
        .await
    }

    /// One that breaks off its first answer after so many bytes, and answers the second as it is
    /// told and all others as it should.
    pub async fn resumed(
        after: usize,
        second: impl Fn(&[u8], &Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::new(BYTES, move |number, file, seen| match number {
            0 => Reply::right(file, seen).then(after, crate::server::End::Close),
            1 => second(file, seen),
            _ => Reply::right(file, seen),
        })
        .await
    }

    /// The sum is not known.
    pub fn without_sha256(mut self) -> Self {
        self.wanted.sha256 = None;
        self
    }

    pub fn ledger(&self) -> PathBuf {
        let mut path = partial_path(&self.wanted.target).into_os_string();
        path.push(".json");
        path.into()
    }

    pub fn partial(&self) -> PathBuf {
        partial_path(&self.wanted.target)
    }

    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// One attempt, after which what must hold is looked at.
    pub async fn fetch(&self) -> Result<Fetched, FetchError> {
        self.fetch_until(&Control::new()).await
    }

    pub async fn fetch_until(&self, control: &Control) -> Result<Fetched, FetchError> {
        self.steps.lock().unwrap().clear();
        let heard = |step| self.steps.lock().unwrap().push(step);
        let token = self.token.as_ref();
        let outcome = fetch(&self.hub, &self.wanted, token, &self.limits, control, heard).await;
        self.check(&outcome);
        outcome
    }

    /// One of several attempts at a time.
    pub async fn fetch_alone(&self) -> Result<Fetched, FetchError> {
        fetch(&self.hub, &self.wanted, None, &self.limits, &Control::new(), |_step| {}).await
    }

    /// The target is there with the right bytes, or not at all.
    fn check(&self, outcome: &Result<Fetched, FetchError>) {
        let there = std::fs::read(&self.wanted.target);
        match outcome {
            Ok(fetched) => {
                assert!(there.unwrap() == *self.file, "the target is the file");
                assert_eq!(fetched.sha256, sha256(&self.file));
                assert!(!self.partial().exists(), "no partial file is left");
                assert!(!self.ledger().exists(), "no ledger is left");
            }
            Err(FetchError::TargetTaken { .. }) => {}
            Err(error) => assert!(there.is_err(), "no target after {error}"),
        }
    }

    /// It ends well now, with so many bytes from the network.
    pub async fn ends_well(&self, fetched: usize) {
        let outcome = self.fetch().await.unwrap();
        assert_eq!(outcome.bytes_fetched, fetched as u64);
    }

    /// Nothing is on the disk but the folder.
    pub fn is_empty(&self) {
        let folder = self.wanted.target.parent().unwrap();
        let left: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
        assert_eq!(left, Vec::<PathBuf>::new());
    }
}
