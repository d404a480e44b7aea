//! A server on loopback that answers from a script, for the tests of this folder.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use braincells_core::{Clock, Value};
use serde_json::json;

use super::client::{ClientOptions, CloudClient};
use super::endpoint::Endpoint;
use super::engine::CloudModel;
use crate::{LLMRequest, Message, Role};

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// How many came before it.
    pub(super) number: usize,
    /// Its first line and headers, in small letters.
    pub(super) head: String,
    pub(super) body: Value,
}

/// What is done for a request.
pub(super) enum Step {
    Send(Vec<u8>),
    /// Waits until so many requests came in all.
    UntilSeen(usize),
    /// Sends this every few milliseconds until the client goes.
    Drip(Vec<u8>),
    /// Says nothing more until the client goes.
    Hang,
    /// Closes the connection.
    Close,
}

#[derive(Default)]
struct Counts {
    seen: Vec<Seen>,
    in_flight: usize,
    most_in_flight: usize,
    left: usize,
}

type Shared = Arc<(Mutex<Counts>, Condvar)>;
type Script = dyn Fn(&Seen) -> Vec<Step> + Send + Sync;

pub(super) struct Loopback {
    pub(super) url: String,
    counts: Shared,
}

impl Loopback {
    pub(super) fn new(script: impl Fn(&Seen) -> Vec<Step> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let (counts, script): (Shared, Arc<Script>) = (Arc::default(), Arc::new(script));
        let all = Arc::clone(&counts);
        // It ends with the process of the test.
        let accept = move || {
            for connection in listener.incoming().flatten() {
                let (counts, script) = (Arc::clone(&all), Arc::clone(&script));
                let serve = move || drop(serve(&connection, &counts, &*script));
                std::thread::Builder::new().name("connection".to_owned()).spawn(serve).unwrap();
            }
        };
        std::thread::Builder::new().name("loopback".to_owned()).spawn(accept).unwrap();
        Self { url, counts }
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.counts.0.lock().unwrap().seen.clone()
    }

    pub(super) fn most_in_flight(&self) -> usize {
        self.counts.0.lock().unwrap().most_in_flight
    }

    /// Waits until so many clients left requests that hang.
    pub(super) fn wait_until_left(&self, clients: usize) {
        wait(&self.counts, |counts| counts.left >= clients);
    }

    pub(super) fn model(&self) -> CloudModel {
        CloudModel {
            endpoint: Endpoint::custom("own", &self.url).unwrap(),
            key: None,
            model: "m".to_owned(),
            price: None,
            context_tokens: None,
        }
    }
}

fn wait(shared: &Shared, until: impl Fn(&Counts) -> bool) {
    let counts = shared.0.lock().unwrap();
    let (_counts, timeout) =
        shared.1.wait_timeout_while(counts, PATIENCE, |counts| !until(counts)).unwrap();
    assert!(!timeout.timed_out(), "it did not happen");
}

fn serve(connection: &TcpStream, shared: &Shared, script: &Script) -> std::io::Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::new(connection);
    let mut writer = connection;
    let change = |change: &dyn Fn(&mut Counts)| {
        change(&mut shared.0.lock().unwrap());
        shared.1.notify_all();
    };
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head)? == 0 {
                return Ok(());
            }
        }
        let head = head.to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        reader.read_exact(&mut body)?;
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let seen = {
            let mut counts = shared.0.lock().unwrap();
            let seen = Seen { number: counts.seen.len(), head, body };
            counts.seen.push(seen.clone());
            counts.in_flight += 1;
            counts.most_in_flight = counts.most_in_flight.max(counts.in_flight);
            seen
        };
        shared.1.notify_all();
        for step in script(&seen) {
            match step {
                Step::Send(bytes) => writer.write_all(&bytes)?,
                Step::UntilSeen(count) => wait(shared, |counts| counts.seen.len() >= count),
                Step::Drip(bytes) => {
                    connection.set_read_timeout(Some(Duration::from_millis(10)))?;
                    // The client says nothing more until it goes.
                    while reader.read(&mut [0]).is_err() {
                        writer.write_all(&bytes)?;
                    }
                    change(&|counts| counts.in_flight -= 1);
                    return Ok(());
                }
                Step::Close => {
                    change(&|counts| counts.in_flight -= 1);
                    return Ok(());
                }
                Step::Hang => {
                    // Ends with nothing or with an error once the client is gone.
                    reader.read_to_end(&mut Vec::new()).ok();
                    change(&|counts| {
                        counts.in_flight -= 1;
                        counts.left += 1;
                    });
                    return Ok(());
                }
            }
        }
        change(&|counts| counts.in_flight -= 1);
    }
}

/// A whole response.
pub(super) fn whole(status: u16, headers: &str, body: &str) -> Vec<Step> {
    let text =
        format!("HTTP/1.1 {status} x\r\n{headers}content-length: {}\r\n\r\n{body}", body.len());
    vec![Step::Send(text.into_bytes())]
}

/// A JSON response.
pub(super) fn json_reply(status: u16, body: &Value) -> Vec<Step> {
    whole(status, "content-type: application/json\r\n", &body.to_string())
}

/// The head of an event stream.
pub(super) fn stream_head() -> Step {
    Step::Send(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            .to_vec(),
    )
}

/// One piece of a chunked body.
pub(super) fn chunk(text: &str) -> Step {
    Step::Send(format!("{:x}\r\n{text}\r\n", text.len()).into_bytes())
}

/// The end of a chunked body.
pub(super) fn end() -> Step {
    Step::Send(b"0\r\n\r\n".to_vec())
}

/// An event of a stream.
pub(super) fn event(value: &Value) -> Step {
    chunk(&format!("data: {value}\n\n"))
}

/// An event with text of the answer.
pub(super) fn text(content: &str) -> Step {
    event(&json!({ "choices": [{ "index": 0, "delta": { "content": content } }] }))
}

/// The event that ends an answer.
pub(super) fn finish(reason: &str) -> Step {
    event(&json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": reason }] }))
}

/// A whole stream with an answer in these pieces.
pub(super) fn stream(pieces: &[&str]) -> Vec<Step> {
    let mut steps = vec![stream_head()];
    steps.extend(pieces.iter().map(|piece| text(piece)));
    steps.push(finish("stop"));
    let usage = json!({ "prompt_tokens": 10, "completion_tokens": pieces.len() });
    steps.push(event(&json!({ "choices": [], "usage": usage })));
    steps.extend([chunk("data: [DONE]\n\n"), end()]);
    steps
}

/// A client that gives a silent server so long.
pub(super) fn client(stall_timeout: Duration) -> CloudClient {
    let options = ClientOptions { stall_timeout: Some(stall_timeout), ..ClientOptions::default() };
    CloudClient::new(&options).unwrap()
}

pub(super) fn question() -> LLMRequest {
    LLMRequest::new("own:m", vec![Message::new(Role::User, "question")])
}

/// A clock that stands still.
pub(super) struct Still;

impl Clock for Still {
    fn now_ms(&self) -> i64 {
        1_700_000_000_000
    }
}
