//! Downloads of models from a hub on loopback: what is promised of the queue, whatever happens to
//! the hub, the disk, the process and the mind of a person.

#![expect(clippy::unwrap_used, reason = "the functions that tests share fail a test as tests do")]

mod asking;
mod failing;
mod folders;
mod going;
mod queue;
mod sharing;
mod stopping;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use braincells_core::{Code, Download, DownloadId, DownloadState, Event, ModelStatus};
use braincells_llm::FakeEngine;
use braincells_models::download::partial_path;
use braincells_testing::hub_server::{
    Cut, Failure, Faults, HostedFile, HostedRepository, HubFolder, HubGate, HubPart, HubRequest,
    HubServer, Stall,
};
use braincells_testing::{
    ManualClock, RecordedEvents, ScriptedEngines, SmallDisk, TempHome, small_checkpoint,
};
use braincells_workbench::{Cloud, DownloadRequest, Home, Keys, ProbeHere, Workbench, World};

const NOW_MS: i64 = 1_800_000_000_000;
const MIB: u64 = 1 << 20;
const BLOCK: u64 = 8 * MIB;

const REPOSITORY: &str = "owner/model-GGUF";
const FILE: &str = "owner/model-GGUF/model-Q4_K_M.gguf";
const NAME: &str = "owner--model-GGUF/model-Q4_K_M.gguf";

/// A process with a home.
struct Bench {
    workbench: Workbench,
    engines: Arc<ScriptedEngines>,
    events: Arc<RecordedEvents>,
    clock: Arc<ManualClock>,
    home: Home,
    /// The last one to go removes it.
    folder: Option<Arc<TempHome>>,
}

impl Bench {
    fn new(hub: &HubServer) -> Self {
        let folder = Arc::new(TempHome::new());
        let home = folder.home();
        Self { folder: Some(folder), ..Self::in_home(home, hub, Keys::in_memory()) }
    }

    /// A Mac on which models for MLX run.
    fn on_apple_silicon(hub: &HubServer) -> Self {
        let folder = Arc::new(TempHome::new());
        let engines = ScriptedEngines::new(Arc::new(FakeEngine::echo())).with_mlx();
        let bench = Self::with_engines(folder.home(), hub, Keys::in_memory(), engines);
        Self { folder: Some(folder), ..bench }
    }

    fn in_home(home: Home, hub: &HubServer, keys: Keys) -> Self {
        let engines = ScriptedEngines::new(Arc::new(FakeEngine::echo()));
        Self::with_engines(home, hub, keys, engines)
    }

    fn with_engines(home: Home, hub: &HubServer, keys: Keys, engines: ScriptedEngines) -> Self {
        let events = Arc::new(RecordedEvents::default());
        let clock = Arc::new(ManualClock::at(NOW_MS));
        let engines = Arc::new(engines);
        let workbench = Workbench::open(World {
            home: home.clone(),
            clock: Arc::clone(&clock) as _,
            events: Arc::clone(&events) as _,
            engines: Arc::clone(&engines) as _,
            probe: Arc::new(ProbeHere),
            cloud: Arc::new(Cloud::new(keys).with_hub_endpoint(hub.endpoint())),
        })
        .expect("a home opens");
        Self { workbench, engines, events, clock, home, folder: None }
    }

    /// Another process over the same home.
    fn beside(&self, hub: &HubServer) -> Self {
        let folder = self.folder.clone();
        Self { folder, ..Self::in_home(self.home.clone(), hub, Keys::in_memory()) }
    }

    /// The process ends, and another one comes.
    fn again(self, hub: &HubServer) -> Self {
        let (home, folder) = (self.home.clone(), self.folder.clone());
        drop(self.workbench);
        Self { folder, ..Self::in_home(home, hub, Keys::in_memory()) }
    }

    async fn pull(&self, reference: &str) -> Download {
        let request = DownloadRequest::new(reference);
        self.workbench.download_model(request).await.expect("it can be downloaded")
    }

    async fn refused(&self, reference: &str) -> braincells_core::AppError {
        self.workbench.download_model(DownloadRequest::new(reference)).await.unwrap_err()
    }

    async fn finished(&self, id: DownloadId) -> Download {
        self.workbench.finished_download(id).await.unwrap()
    }

    async fn now(&self, id: DownloadId) -> Download {
        self.workbench.download(id).await.unwrap()
    }

    /// Waits until this was told of a download.
    async fn told(&self, id: DownloadId, what: impl Fn(&Download) -> bool) {
        let is_it = |event: &Event| matches!(event, Event::DownloadProgress(download) if download.id == id && what(download));
        self.events.until(|events| events.iter().any(is_it)).await;
    }

    async fn told_state(&self, id: DownloadId, state: DownloadState) {
        self.told(id, |download| download.state == state).await;
    }

    /// The states of a download in the order in which they were told, each once.
    fn states(&self, id: DownloadId) -> Vec<DownloadState> {
        let of = |event: Event| match event {
            Event::DownloadProgress(download) if download.id == id => Some(download.state),
            _ => None,
        };
        let mut states: Vec<DownloadState> = self.events.all().into_iter().filter_map(of).collect();
        states.dedup();
        states
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.models().join(name)
    }

    /// The names in the models folder and below, sorted.
    fn files(&self) -> Vec<String> {
        let models = self.home.models();
        let mut found = Vec::new();
        let mut folders = vec![models.clone()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(&models).unwrap().to_str().unwrap();
                found.push(name.replace('\\', "/"));
                if path.is_dir() {
                    folders.push(path);
                }
            }
        }
        found.sort();
        found
    }
}

/// A hub with one model of so many bytes.
fn hub_with(bytes: u64) -> HubServer {
    let file = HostedFile::generated("model-Q4_K_M.gguf", 7, bytes);
    HubServer::start(HubFolder::new().with(HostedRepository::new(REPOSITORY).with(file)))
}

/// A hub with several models of one repository, each of so many bytes.
fn hub_with_models(labels: &[&str], bytes: u64) -> HubServer {
    let repository = labels.iter().enumerate().fold(
        HostedRepository::new(REPOSITORY),
        |repository, (seed, label)| {
            let path = format!("model-{label}.gguf");
            repository.with(HostedFile::generated(&path, seed as u64, bytes))
        },
    );
    HubServer::start(HubFolder::new().with(repository))
}

/// Files fall silent after so many bytes.
fn stall_after(hub: &HubServer, bytes: u64) {
    let stall = Stall { after_bytes: Some(bytes), times: None };
    hub.set_faults(|faults| faults.stall = Some(stall));
}

fn go_on(hub: &HubServer) {
    hub.set_faults(|faults| faults.stall = None);
}

/// Lets time pass for what waits, without waiting.
async fn skip(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// Waits until a file on the disk is as it is wanted; another process sees to it.
async fn becomes(mut so: impl FnMut() -> bool) {
    while !so() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn sha256(path: &Path) -> String {
    use sha2::{Digest, Sha256};
    data_encoding::HEXLOWER.encode(&Sha256::digest(std::fs::read(path).unwrap()))
}

/// The checksum of a file of the hub.
fn sum_of(hub_file: &HostedFile) -> String {
    hub_file.sha256().to_owned()
}

/// The bodies that were sent of a file.
fn bodies(hub: &HubServer, file: &str) -> Vec<HubRequest> {
    let is_body = |request: &HubRequest| {
        request.part == HubPart::Cdn && request.file.as_deref() == Some(file)
    };
    hub.requests().into_iter().filter(is_body).collect()
}
