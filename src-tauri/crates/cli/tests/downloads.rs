//! Downloads of models as a person meets them: the binary against a hub on loopback.

#![expect(clippy::unwrap_used, reason = "in a test a failed step is the failure")]

mod support;

use std::process::{Child, Command, Stdio};

use braincells_testing::hub_server::{HostedFile, HostedRepository, HubFolder, HubServer, Stall};
use braincells_testing::{becomes, kill};
use serde_json::Value;
use support::{BACKEND, Bench, NOT_FOUND, STOPPED, Said, USAGE};

const MIB: u64 = 1 << 20;
const NAME: &str = "owner--model-GGUF/model-Q4_K_M.gguf";

/// A bench with a hub of its own.
struct Lab {
    bench: Bench,
    hub: HubServer,
}

impl Lab {
    fn new(bytes: u64) -> Self {
        let repository = HostedRepository::new("owner/model-GGUF")
            .with(HostedFile::generated("model-Q4_K_M.gguf", 7, bytes))
            .with(HostedFile::generated("model-Q8_0.gguf", 8, bytes));
        let hub = HubServer::start(HubFolder::new().with(repository));
        Self { bench: Bench::new(), hub }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bench.command(arguments);
        command.env("HF_ENDPOINT", self.hub.endpoint());
        command
    }

    fn run(&self, arguments: &[&str]) -> Said {
        Said::from(self.command(arguments).output().unwrap())
    }

    /// Begins a download and waits until it has come to where the hub falls silent.
    fn begin(&self, bytes: u64) -> Child {
        let stall = Stall { after_bytes: Some(bytes), times: None };
        self.hub.set_faults(|faults| faults.stall = Some(stall));
        let mut command = self.command(&["models", "pull", "owner/model-GGUF:Q4_K_M", "--json"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        assert!(becomes(|| self.hub.requests().iter().any(|request| request.sent >= bytes)));
        child
    }

    fn go_on(&self) {
        self.hub.set_faults(|faults| faults.stall = None);
    }

    fn listed(&self) -> Vec<Value> {
        let results = self.run(&["models", "downloads", "--json"]).ok().results();
        results[0]["downloads"].as_array().unwrap().clone()
    }

    fn size(&self, name: &str) -> Option<u64> {
        Some(self.bench.path("home/models").join(name).metadata().ok()?.len())
    }
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn a_model_is_pulled_and_listed() {
    let lab = Lab::new(3 * MIB);
    let said = lab.run(&["models", "pull", "owner/model-GGUF", "-Q", "q4_k_m"]).ok();
    assert_eq!(said.stdout, format!("{NAME} is here\n"));
    assert_eq!(lab.size(NAME), Some(3 * MIB));
    let models = lab.run(&["models", "--json"]).ok().results();
    assert_eq!(models[0]["models"][0]["name"], NAME);
    lab.run(&["models", "pull", "owner/model-GGUF:Q4_K_M"]).fails(NOT_FOUND, "on this machine");

    let said = lab.run(&["models", "pull", "owner/model-GGUF:Q8_0", "--json"]).ok();
    let lines = said.json();
    let last = lines.last().unwrap();
    assert_eq!(
        (last["verb"].as_str(), last["state"].as_str()),
        (Some("models pull"), Some("done"))
    );
    for event in ["download_progress", "model_status", "models_changed"] {
        assert!(lines.iter().any(|line| line["event"] == event), "{event}");
    }
    let states: Vec<Value> = lab.listed().iter().map(|one| one["state"].clone()).collect();
    assert_eq!(states, ["done", "done"]);
    let table = lab.run(&["models", "downloads"]).ok().stdout;
    assert!(table.contains("model-Q8_0.gguf") && table.contains("100 %"), "{table}");
}

#[test]
fn what_cannot_be_pulled_is_said_with_a_hint() {
    let lab = Lab::new(1000);
    let pull = |reference: &str| lab.run(&["models", "pull", reference]);
    pull("owner/none").fails(NOT_FOUND, "owner/none");
    let said = pull("owner/model-GGUF:Q2_K").fails(NOT_FOUND, "Q2_K");
    assert!(said.stderr.contains("`Q8_0`"), "{}", said.stderr);
    pull("not a model").fails(support::BAD_INPUT, "not a model");
    lab.run(&["models", "pause", "1"]).fails(NOT_FOUND, "no download `1`");
    lab.run(&["models", "cancel"]).code(USAGE);
    lab.hub.go_offline();
    pull("owner/model-GGUF").fails(BACKEND, "");
    assert_eq!(lab.listed().len(), 0);
}

#[test]
fn ctrl_c_pauses_a_download_and_resume_goes_on() {
    let lab = Lab::new(24 * MIB);
    let child = lab.begin(12 * MIB);
    signal(&child, "-INT");
    let said = Said::from(child.wait_with_output().unwrap()).code(STOPPED);
    let last = said.json().pop().unwrap();
    assert_eq!(last["code"], "cancelled");
    assert!(last["hint"].as_str().unwrap().contains("models resume 1"), "{last}");
    let listed = lab.listed();
    assert_eq!((&listed[0]["state"], &listed[0]["elsewhere"]), (&"paused".into(), &false.into()));
    lab.go_on();
    lab.hub.forget_requests();
    let said = lab.run(&["models", "resume", "--all"]).ok();
    assert_eq!(said.stdout, format!("{NAME} is here\n"));
    assert_eq!(lab.size(NAME), Some(24 * MIB));
    assert!(lab.hub.requests().iter().any(|request| request.range.is_some()));
}

#[test]
fn a_killed_download_is_gone_on_with_by_the_same_command() {
    let lab = Lab::new(24 * MIB);
    let mut child = lab.begin(20 * MIB);
    let partial = format!("{NAME}.partial");
    assert!(becomes(|| lab.size(&partial) >= Some(16 * MIB)));
    kill(child.id());
    child.wait().unwrap();
    assert_eq!(lab.size(NAME), None);
    assert_eq!(lab.listed()[0]["state"], "queued", "nobody works on it");
    lab.go_on();
    lab.run(&["models", "pull", "owner/model-GGUF:Q4_K_M"]).ok();
    assert_eq!((lab.size(NAME), lab.size(&partial)), (Some(24 * MIB), None));
}

#[test]
fn another_process_pauses_and_cancels() {
    let lab = Lab::new(24 * MIB);
    let child = lab.begin(12 * MIB);
    assert_eq!(lab.listed()[0]["elsewhere"], true);
    let paused = lab.run(&["models", "pause", "model-q4", "--json"]).ok().results();
    assert_eq!(paused[0]["downloads"][0]["state"], "paused");
    let said = Said::from(child.wait_with_output().unwrap()).code(STOPPED);
    assert!(said.json().pop().unwrap()["message"].as_str().unwrap().contains("paused"));
    lab.run(&["models", "cancel", "--all"]).ok();
    assert_eq!(lab.listed()[0]["state"], "cancelled");
    assert_eq!(std::fs::read_dir(lab.bench.path("home/models")).unwrap().count(), 0);
    lab.run(&["models", "resume", "1"]).fails(NOT_FOUND, "cancelled");
}

#[test]
fn a_queued_download_comes_with_the_next_one() {
    let lab = Lab::new(MIB);
    lab.run(&["models", "pull", "owner/model-GGUF:Q8_0", "--no-wait"]).ok();
    assert_eq!(lab.listed()[0]["state"], "queued");
    lab.run(&["models", "resume", "1"]).ok();
    assert_eq!(lab.listed()[0]["state"], "done");
}
