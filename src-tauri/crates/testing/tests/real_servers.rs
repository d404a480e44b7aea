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

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use braincells_core::{Clock, NumberLimits, Output};
use braincells_llm::cloud::{
    ApiKey, ClientOptions, CloudClient, CloudEngine, CloudModel, Endpoint, FlowLimits,
};
use braincells_llm::output::read_answer;
use braincells_llm::{BatchEventKind, LLMEngine, LLMError, LLMRequest, Message, RequestId, Role};
use braincells_workbench::SystemClock;
use futures::{StreamExt, stream};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

const KEY: &str = "conformance-key";

/// The model's own context; small, so that it can be exceeded.
const CONTEXT_TOKENS: u32 = 2048;

/// Loading takes a second; a busy machine may take many.
const READY_WITHIN: Duration = Duration::from_mins(2);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    LlamaServer,
    LlamaCppPython,
}

/// A server of its own process, which ends with it.
struct Server {
    kind: Kind,
    port: u16,
    process: Child,
}

impl Server {
    async fn start(kind: Kind, port: u16) -> Self {
        let process = Self::spawn(kind, port);
        let mut server = Self { kind, port, process };
        server.wait_until_ready().await;
        server
    }

    fn spawn(kind: Kind, port: u16) -> Child {
        let model = set("BRAINCELLS_TEST_MODEL");
        let mut command = match kind {
            Kind::LlamaServer => {
                let mut command = Command::new(set("BRAINCELLS_LLAMA_SERVER"));
                // Four slots share the context.
                command.args(["--model"]).arg(model).args([
                    "--ctx-size",
                    "8192",
                    "--parallel",
                    "4",
                ]);
                command.args(["--api-key", KEY, "--host", "127.0.0.1", "--jinja", "--no-webui"]);
                command
            }
            Kind::LlamaCppPython => {
                let mut command = Command::new(set("BRAINCELLS_LLAMA_CPP_PYTHON"));
                command.args(["-m", "llama_cpp.server", "--model"]).arg(model);
                command.args(["--n_ctx", "2048", "--api_key", KEY, "--host", "127.0.0.1"]);
                command
            }
        };
        command.args(["--port", &port.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the server starts")
    }

    async fn wait_until_ready(&mut self) {
        let (client, endpoint, key) = (client(), self.endpoint(), ApiKey::new(KEY).unwrap());
        let until = Instant::now() + READY_WITHIN;
        while let Err(error) = client.list_models(&endpoint, Some(&key)).await {
            assert!(Instant::now() < until, "{:?} is not ready: {error}", self.kind);
            let ended = self.process.try_wait().expect("the process can be asked");
            assert!(ended.is_none(), "{:?} ended: {ended:?}", self.kind);
            sleep(Duration::from_millis(100)).await;
        }
    }

    fn endpoint(&self) -> Endpoint {
        Endpoint::custom("real", &format!("http://127.0.0.1:{}", self.port)).unwrap()
    }

    fn engine_for(&self, model: &str, key: &str) -> CloudEngine {
        let model = CloudModel {
            endpoint: self.endpoint(),
            key: Some(ApiKey::new(key).unwrap()),
            model: model.to_owned(),
            price: None,
            context_tokens: Some(CONTEXT_TOKENS),
        };
        let limits =
            FlowLimits { parallel_requests: 4, requests_per_minute: None, tokens_per_minute: None };
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
        if self.process.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.kill();
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a test has no `main` that could hand it the path")]
fn set(variable: &str) -> PathBuf {
    std::env::var_os(variable)
        .unwrap_or_else(|| panic!("{variable} is not set: run `scripts/conformance`"))
        .into()
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
    let mut server = Server::start(kind, free_port()).await;
    let model = server.model().await;
    let engine = server.engine_for(&model, KEY);

    generates(&engine).await;
    streams(&engine).await;
    answers_of_every_type_are_valid(kind, &engine).await;
    labels_have_probabilities(kind, &engine).await;
    a_wrong_key_is_called_so(&server, &model).await;
    an_unknown_model(&server).await;
    too_long_a_prompt_is_called_so(&engine).await;
    a_stream_can_be_dropped(&engine).await;
    a_server_may_be_killed_and_come_back(&mut server, &model).await;
}

async fn generates(engine: &CloudEngine) {
    let response = engine.generate(ask("Say hello.", Output::Text)).await.unwrap();
    println!("generate: {response:?}");
    assert!(!response.content.trim().is_empty());
    assert!(response.prompt_tokens > 5 && response.completion_tokens > 0, "{response:?}");
    let again = engine.generate(ask("Say hello.", Output::Text)).await.unwrap();
    assert_eq!(again.content, response.content, "greedy");
}

async fn streams(engine: &CloudEngine) {
    let request = ask("Count from one to ten in words.", Output::Text);
    let whole = engine.generate(request.clone()).await.unwrap().content;
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
    let labels = || ["positive", "negative", "neutral"].map(str::to_owned).to_vec();
    let schema = json!({
        "type": "object",
        "properties": {"item": {"type": "string"}, "price": {"type": "number"}},
        "required": ["item", "price"],
        "additionalProperties": false,
    });
    let outputs = [
        Output::Labels { labels: labels() },
        Output::Number(NumberLimits { integer: true, min: Some(1.0), max: Some(5.0) }),
        Output::Boolean,
        Output::Date,
        Output::Json { schema },
    ];
    for output in outputs {
        let text = "I bought a tin kettle for 25 dollars on 2024-05-17, and it is wonderful.";
        let word = output.as_str();
        match engine.generate(ask(text, output.clone())).await {
            Ok(response) => {
                let read = read_answer(&response.content, &output);
                println!("{word}: {:?} -> {read:?}", response.content);
                // A small model may say anything where nothing constrains it; then it is refused.
                if kind == Kind::LlamaServer && !matches!(output, Output::Boolean) {
                    read.unwrap();
                }
            }
            Err(error) => {
                println!("{word}: {error:?}");
                assert!(!error.ends_run(), "{error:?}");
                assert_ne!(kind, Kind::LlamaServer, "{error:?}");
            }
        }
    }
}

async fn labels_have_probabilities(kind: Kind, engine: &CloudEngine) {
    let labels = ["positive", "negative"].map(str::to_owned).to_vec();
    let output = Output::Label { labels };
    let text = "Is this review positive or negative? Answer with the one word, in small letters.\n\
                Review: Great kettle, I love it.";
    let response = engine.generate(ask(text, output.clone())).await.unwrap();
    println!(
        "label: {:?} {:?} {:?}",
        response.content, response.confidence, response.label_probabilities
    );
    if read_answer(&response.content, &output).is_ok() && kind == Kind::LlamaServer {
        let sum: f64 = response.label_probabilities.iter().map(|label| label.probability).sum();
        assert!((sum - 1.0).abs() < 1e-6, "{response:?}");
        assert!(response.confidence.is_some());
    }
}

async fn a_wrong_key_is_called_so(server: &Server, model: &str) {
    let engine = server.engine_for(model, "wrong-key");
    let error = engine.generate(ask("Hello.", Output::Text)).await.unwrap_err();
    println!("wrong key: {error}");
    assert!(matches!(error, LLMError::KeyRefused { missing: false, .. }), "{error:?}");
    assert!(!format!("{error:?}").contains("wrong-key"));
}

async fn an_unknown_model(server: &Server) {
    let engine = server.engine_for("no-such-model", KEY);
    match engine.generate(ask("Hello.", Output::Text)).await {
        // Servers of one model take any name.
        Ok(response) => println!("unknown model: answered by {}", response.model),
        Err(error) => {
            println!("unknown model: {error}");
            assert!(matches!(error, LLMError::ModelUnknown { .. }), "{error:?}");
        }
    }
}

async fn too_long_a_prompt_is_called_so(engine: &CloudEngine) {
    let text = "The kettle boils. ".repeat(2000);
    let error = engine.generate(ask(&text, Output::Text)).await.unwrap_err();
    println!("too long: {error}");
    let LLMError::ContextLengthExceeded { needed_tokens, available_tokens } = error else {
        panic!("{error:?}")
    };
    assert!(needed_tokens > available_tokens && available_tokens == CONTEXT_TOKENS);
}

async fn a_stream_can_be_dropped(engine: &CloudEngine) {
    let mut request = ask("Write a long story about a kettle.", Output::Text);
    request.max_tokens = Some(1500);
    let mut pieces = engine.generate_stream(request).await.unwrap();
    pieces.next().await.unwrap().unwrap();
    drop(pieces);
    let began = Instant::now();
    let after = engine.generate(ask("Say hello.", Output::Text));
    timeout(Duration::from_secs(20), after).await.expect("the server is free again").unwrap();
    println!("answered {:?} after a stream was dropped", began.elapsed());
}

async fn a_server_may_be_killed_and_come_back(server: &mut Server, model: &str) {
    const ROWS: u64 = 24;
    let engine = server.engine_for(model, KEY);
    let request = |id: u64| {
        let mut request = ask(&format!("Write a sentence about the number {id}."), Output::Text);
        request.max_tokens = Some(24);
        (RequestId(id), request)
    };
    let mut events = engine.generate_batch(Box::pin(stream::iter((0..ROWS).map(request))));
    let (mut ended, mut killed) = (Vec::new(), false);
    while let Some(event) = events.next().await {
        match event.kind {
            BatchEventKind::Done(_) => ended.push(event.id.0),
            BatchEventKind::Failed(error) => panic!("{:?}: {error:?}", event.id),
            BatchEventKind::Started | BatchEventKind::Delta(_) => {}
        }
        if ended.len() == 6 && !killed {
            killed = true;
            server.kill();
            server.process = Server::spawn(server.kind, server.port);
        }
    }
    ended.sort_unstable();
    assert_eq!(ended, (0..ROWS).collect::<Vec<_>>(), "each once");
    println!("killed in the middle: all {ROWS} rows ended once");
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
