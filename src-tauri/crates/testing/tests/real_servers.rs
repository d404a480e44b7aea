//! The cloud engine against real servers on loopback, with the starter model. Started by
//! `scripts/conformance`, which builds the servers; ignored otherwise.
//!
//! Where the servers differ from one another the test says what each does: neither refuses a model
//! that it does not have, for instance, but answers with the one it has.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "all of it is a test, and what the servers say is what it is run for"
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use braincells_core::{Clock, NumberLimits, Output};
use braincells_llm::cloud::{
    ApiKey, ClientOptions, CloudClient, CloudEngine, CloudModel, Endpoint, FlowLimits,
};
use braincells_llm::output::read_answer;
use braincells_llm::{
    BatchEventKind, FinishReason, LLMEngine, LLMError, LLMRequest, Message, RequestId, Role,
};
use braincells_workbench::SystemClock;
use futures::{StreamExt, stream};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

const KEY: &str = "conformance-key";

/// The model's own context; small, so that it can be exceeded.
const CONTEXT_TOKENS: u32 = 2048;

/// Loading takes a second; a busy machine may take many.
const READY_WITHIN: Duration = Duration::from_mins(2);

/// As much of what a server said last is shown.
const LAST_LINES: usize = 15;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    LlamaServer,
    LlamaCppPython,
}

/// A server of its own process, which ends with it.
struct Server {
    kind: Kind,
    options: &'static [&'static str],
    port: u16,
    process: Child,
    /// What it says.
    log: PathBuf,
    _folder: tempfile::TempDir,
}

/// Four slots share the context.
const FOUR_AT_ONCE: &[&str] = &["--ctx-size", "8192", "--parallel", "4"];

/// One slot, and every prompt is computed as if there had been none before: the same answer each
/// time.
const EXACT: &[&str] = &["--ctx-size", "2048", "--parallel", "1", "--no-cache-prompt"];

impl Kind {
    /// `options` where the server is llama-server; the other has none of them.
    fn with(self, options: &'static [&'static str]) -> &'static [&'static str] {
        if self == Self::LlamaServer { options } else { &[] }
    }
}

impl Server {
    async fn start(kind: Kind, options: &'static [&'static str]) -> Self {
        let port = free_port();
        let folder = tempfile::tempdir().expect("a folder for its log");
        let log = folder.path().join("log");
        let process = Self::spawn(kind, options, port, &log);
        let mut server = Self { kind, options, port, process, log, _folder: folder };
        server.wait_until_ready().await;
        server
    }

    fn spawn(kind: Kind, options: &[&str], port: u16, log: &Path) -> Child {
        let model = set("BRAINCELLS_TEST_MODEL");
        let mut command = match kind {
            Kind::LlamaServer => {
                let mut command = Command::new(set("BRAINCELLS_LLAMA_SERVER"));
                command.arg("--model").arg(model);
                // One thread does not wait for another that a busy machine holds back.
                command.args(["--api-key", KEY, "--jinja", "--no-webui", "--threads", "1"]);
                command
            }
            Kind::LlamaCppPython => {
                let mut command = Command::new(set("BRAINCELLS_PYTHON"));
                // Its settings are also read from the environment, which goes before arguments.
                command.env_clear().env("PYTHONPATH", set("BRAINCELLS_LLAMA_CPP_PYTHON"));
                for name in ["PATH", "HOME", "LD_LIBRARY_PATH"] {
                    command.envs(variable(name).map(|value| (name, value)));
                }
                command.args(["-m", "llama_cpp.server", "--model"]).arg(model);
                command.args(["--n_ctx", "2048", "--api_key", KEY]);
                command
            }
        };
        command.args(["--host", "127.0.0.1", "--port", &port.to_string()]).args(options);
        let log = File::options().create(true).append(true).open(log).expect("its log opens");
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a second handle")).stderr(log);
        command.spawn().expect("the server starts")
    }

    /// What it said last.
    fn said(&self) -> String {
        let said = std::fs::read(&self.log).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(LAST_LINES)..].join("\n")
    }

    fn start_again(&mut self) {
        self.process = Self::spawn(self.kind, self.options, self.port, &self.log);
    }

    async fn wait_until_ready(&mut self) {
        let (client, endpoint, key) = (client(), self.endpoint(), ApiKey::new(KEY).unwrap());
        let until = Instant::now() + READY_WITHIN;
        while let Err(error) = client.list_models(&endpoint, Some(&key)).await {
            let (kind, is_late) = (self.kind, Instant::now() >= until);
            assert!(!is_late, "{kind:?} is not ready: {error}\n{}", self.said());
            let ended = self.process.try_wait().expect("the process can be asked");
            assert!(ended.is_none(), "{kind:?} ended: {ended:?}\n{}", self.said());
            sleep(Duration::from_millis(100)).await;
        }
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint::custom("real", &format!("http://127.0.0.1:{}", self.port)).unwrap()
    }

    fn engine_for(&self, model: &str, key: &str) -> CloudEngine {
        self.engine_of(model, key, 4)
    }

    fn engine_of(&self, model: &str, key: &str, parallel_requests: u32) -> CloudEngine {
        let model = CloudModel {
            endpoint: self.endpoint(),
            key: Some(ApiKey::new(key).unwrap()),
            model: model.to_owned(),
            price: None,
            context_tokens: Some(CONTEXT_TOKENS),
        };
        let limits =
            FlowLimits { parallel_requests, requests_per_minute: None, tokens_per_minute: None };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        CloudEngine::new(client(), model, limits, clock, 7)
    }

    async fn model(&self) -> String {
        let key = ApiKey::new(KEY).unwrap();
        let listed = client().list_models(&self.endpoint(), Some(&key)).await.unwrap();
        listed.first().expect("it lists the model that it has").id.clone()
    }

    fn kill(&mut self) {
        self.process.kill().expect("it can be killed");
        self.process.wait().expect("it ends");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{:?} said last:\n{}", self.kind, self.said());
        }
        if self.process.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.kill();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no `main` that could hand it the path")]
fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

fn set(name: &str) -> PathBuf {
    variable(name).unwrap_or_else(|| panic!("{name} is not set: run `scripts/conformance`"))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn client() -> CloudClient {
    // Without a proxy that the machine may have.
    CloudClient::new(&ClientOptions::default()).unwrap()
}

fn ask(text: &str, output: Output) -> LLMRequest {
    let rules = Message::new(Role::System, "You answer briefly, in English.");
    let mut request = LLMRequest::new("real", vec![rules, Message::new(Role::User, text)]);
    request.output = output;
    request.max_tokens = Some(48);
    request
}

async fn everything(kind: Kind) {
    let server = Server::start(kind, kind.with(FOUR_AT_ONCE)).await;
    let model = server.model().await;
    let engine = server.engine_for(&model, KEY);

    generates(&engine).await;
    streams(&engine).await;
    answers_of_every_type_are_valid(kind, &engine).await;
    labels_have_probabilities(&engine).await;
    a_wrong_key_is_called_so(&server, &model).await;
    any_model_is_the_one_there_is(&server).await;
    too_long_a_prompt_is_called_so(kind, &engine).await;
    streams_can_be_dropped(&engine).await;
    many_are_asked_at_once(&server, &model).await;
    drop(server);
    a_server_may_be_killed_and_come_back(kind).await;
}

/// The second answer to a request: the server has the prompt by then, as every time after. Computed
/// for the first time, tiny margins may turn another way.
async fn again(engine: &CloudEngine, request: &LLMRequest) -> String {
    engine.generate(request.clone()).await.unwrap();
    engine.generate(request.clone()).await.unwrap().content
}

async fn generates(engine: &CloudEngine) {
    let request = ask("Say hello.", Output::Text);
    let response = engine.generate(request.clone()).await.unwrap();
    println!("generate: {response:?}");
    assert!(!response.content.trim().is_empty());
    assert!(response.prompt_tokens > 5 && response.completion_tokens > 0, "{response:?}");
    let (second, third) = (again(engine, &request).await, again(engine, &request).await);
    assert_eq!(second, third, "greedy");
}

async fn streams(engine: &CloudEngine) {
    let request = ask("Count from one to ten in words.", Output::Text);
    let whole = again(engine, &request).await;
    let mut pieces = engine.generate_stream(request).await.unwrap();
    let (mut text, mut count) = (String::new(), 0);
    while let Some(piece) = pieces.next().await {
        text.push_str(&piece.unwrap());
        count += 1;
    }
    println!("stream: {count} pieces: {text:?}");
    assert!(count > 3, "it streams");
    assert_eq!(text.trim(), whole.trim());
}

async fn answers_of_every_type_are_valid(kind: Kind, engine: &CloudEngine) {
    let labels = ["positive", "negative", "neutral"].map(str::to_owned).to_vec();
    let schema = json!({
        "type": "object",
        "properties": {"item": {"type": "string"}, "price": {"type": "number"}},
        "required": ["item", "price"],
        "additionalProperties": false,
    });
    let text = "I bought a tin kettle for 25 dollars on 2024-05-17, and it is wonderful.";
    let cases = [
        ("Which of the labels positive, negative, neutral fit?", Output::Labels { labels }),
        (
            "How many stars from 1 to 5 is that?",
            Output::Number(NumberLimits { integer: true, min: Some(1.0), max: Some(5.0) }),
        ),
        ("Is that a good review? Answer true or false.", Output::Boolean),
        ("On which date was it bought?", Output::Date),
        ("What was bought, and for how much?", Output::Json { schema }),
    ];
    for (question, output) in cases {
        let mut request = ask(&format!("{text}\n\n{question}"), output.clone());
        // Enough for a form to be closed; a small model may fill a text with anything.
        request.max_tokens = Some(256);
        let word = output.as_str();
        let response = match engine.generate(request).await {
            Ok(response) => response,
            Err(error) => panic!("{word}: {error:?}"),
        };
        let read = read_answer(&response.content, &output);
        println!("{word}: {:?} ({:?}) -> {read:?}", response.content, response.finish_reason);
        // Booleans are asked in plain words everywhere, and this Python server takes no schema: a
        // small model may then say anything, which is refused.
        let is_constrained = kind == Kind::LlamaServer && output != Output::Boolean;
        if is_constrained && response.finish_reason == FinishReason::Stop {
            read.unwrap();
        }
    }
}

async fn labels_have_probabilities(engine: &CloudEngine) {
    let labels = ["positive", "negative"].map(str::to_owned).to_vec();
    let output = Output::Label { labels };
    let mut request = ask("", output.clone());
    request.messages.truncate(1);
    // Shown rather than told: the model is tiny, and the Python server puts a token too many in front.
    for label in ["negative", "positive", "negative", "positive"] {
        request.messages.push(Message::new(Role::User, format!("Repeat the word: {label}")));
        request.messages.push(Message::new(Role::Assistant, label));
    }
    request.messages.pop();
    let response = engine.generate(request).await.unwrap();
    println!(
        "label: {:?} {:?} {:?}",
        response.content, response.confidence, response.label_probabilities
    );
    let answer = read_answer(&response.content, &output);
    assert!(answer.is_ok(), "{response:?}");
    let sum: f64 = response.label_probabilities.iter().map(|label| label.probability).sum();
    assert!((sum - 1.0).abs() < 1e-6, "{response:?}");
    assert!(response.confidence.is_some_and(|sure| sure > 0.5), "{response:?}");
}

async fn a_wrong_key_is_called_so(server: &Server, model: &str) {
    let engine = server.engine_for(model, "wrong-key");
    let error = engine.generate(ask("Hello.", Output::Text)).await.unwrap_err();
    println!("wrong key: {error}");
    assert!(matches!(error, LLMError::KeyRefused { missing: false, .. }), "{error:?}");
    assert!(!format!("{error:?}").contains("wrong-key"));
}

async fn any_model_is_the_one_there_is(server: &Server) {
    let engine = server.engine_for("no-such-model", KEY);
    let response = engine.generate(ask("Say hello.", Output::Text)).await.unwrap();
    println!("unknown model: answered {:?}", response.content);
    assert!(!response.content.trim().is_empty());
}

async fn too_long_a_prompt_is_called_so(kind: Kind, engine: &CloudEngine) {
    let text = "The kettle boils. ".repeat(2000);
    let error = engine.generate(ask(&text, Output::Text)).await.unwrap_err();
    println!("too long: {error}");
    assert!(!error.ends_run(), "{error:?}");
    // The other begins its answer, finds that the prompt is too long and closes the connection.
    if kind == Kind::LlamaServer {
        let LLMError::ContextLengthExceeded { needed_tokens, available_tokens } = error else {
            panic!("{error:?}")
        };
        assert!(needed_tokens > available_tokens && available_tokens == CONTEXT_TOKENS);
    }
}

async fn streams_can_be_dropped(engine: &CloudEngine) {
    let mut open = Vec::new();
    for thing in ["kettle", "pan", "spoon", "cup"] {
        let mut request = ask(&format!("Write a long story about a {thing}."), Output::Text);
        request.max_tokens = Some(1500);
        let mut pieces = engine.generate_stream(request).await.unwrap();
        pieces.next().await.unwrap().unwrap();
        open.push(pieces);
    }
    drop(open);
    let began = Instant::now();
    let after = engine.generate(ask("Say hello.", Output::Text));
    timeout(Duration::from_secs(5), after).await.expect("the server is free again").unwrap();
    println!("answered {:?} after four streams were dropped", began.elapsed());
}

fn sentence(about: u64) -> LLMRequest {
    let mut request = ask(&format!("Write a sentence about the number {about}."), Output::Text);
    request.max_tokens = Some(24);
    request
}

/// The Python server drops an answer for the next request by default.
async fn many_are_asked_at_once(server: &Server, model: &str) {
    const ROWS: u64 = 12;
    let engine = server.engine_for(model, KEY);
    let requests = stream::iter((0..ROWS).map(|id| (RequestId(id), sentence(id))));
    let mut events = engine.generate_batch(Box::pin(requests));
    let mut ended = 0;
    while let Some(event) = events.next().await {
        match event.kind {
            BatchEventKind::Done(response) => {
                assert!(!response.content.trim().is_empty());
                ended += 1;
            }
            BatchEventKind::Failed(error) => panic!("{:?}: {error:?}", event.id),
            BatchEventKind::Started | BatchEventKind::Delta(_) | BatchEventKind::Spent { .. } => {}
        }
    }
    drop(events);
    println!("many at once: {ended} of {ROWS}, {:?}", engine.flow().unwrap());
    assert_eq!(ended, ROWS);
}

async fn a_server_may_be_killed_and_come_back(kind: Kind) {
    const ROWS: u64 = 24;
    let mut server = Server::start(kind, kind.with(EXACT)).await;
    let model = server.model().await;
    // What is in flight when it is killed is asked again once, so nothing may be in its way.
    let parallel_requests = if kind == Kind::LlamaServer { 4 } else { 1 };
    let engine = server.engine_of(&model, KEY, parallel_requests);
    let requests = stream::iter((0..ROWS).map(|id| (RequestId(id), sentence(id))));
    let mut events = engine.generate_batch(Box::pin(requests));
    let (mut ended, mut was_killed) = (BTreeMap::new(), false);
    while let Some(event) = events.next().await {
        match event.kind {
            BatchEventKind::Done(response) => {
                let earlier = ended.insert(event.id.0, response.content);
                assert_eq!(earlier, None, "each once");
            }
            BatchEventKind::Failed(error) => panic!("{:?}: {error:?}", event.id),
            BatchEventKind::Started | BatchEventKind::Delta(_) | BatchEventKind::Spent { .. } => {}
        }
        if ended.len() == 6 && !was_killed {
            was_killed = true;
            server.kill();
            server.start_again();
        }
    }
    drop(events);
    assert!(ended.keys().copied().eq(0..ROWS), "{ended:?}");
    let retries = engine.flow().unwrap().retries;
    println!(
        "killed in the middle: all {ROWS} rows ended once, {retries} requests were sent again"
    );
    assert!(was_killed && retries > 0);
    // The Python server goes on from the prompt before, whatever one says.
    if kind == Kind::LlamaServer {
        for (id, content) in &ended {
            let again = engine.generate(sentence(*id)).await.unwrap();
            assert_eq!(&again.content, content, "row {id}");
        }
        println!("asked again, all {ROWS} are the same");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs servers that `scripts/conformance` builds"]
async fn llama_server_is_understood() {
    everything(Kind::LlamaServer).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs servers that `scripts/conformance` builds"]
async fn llama_cpp_python_is_understood() {
    everything(Kind::LlamaCppPython).await;
}
