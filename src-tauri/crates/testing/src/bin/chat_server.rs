//! A chat server on loopback for tests of the window, and to try things by hand.
//!
//! ```text
//! chat_server [--port N] [--key KEY] [--model NAME] [--delay-ms N] [--piece-ms N]
//!     [--rate-per-second N] [--log FILE]
//! ```
//!
//! It prints where it listens, answers after the delay with what the user said last, word by word
//! (each after the delay again, or after `--piece-ms`), refuses other keys than the one given, and
//! asks to slow down beyond the rate, of which it saves up a second. `POST /control` with
//! `{"delay_ms": 5, "rate_per_second": 2, "key": "x"}` changes that while it runs; what is `null`
//! has no limit, what is not named stays. It ends when its stdin does, so that it never outlives
//! whoever started it with a pipe.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use braincells_testing::{Answer, ChatCall, ChatServer, Reply, understand};
use serde_json::{Value, json};

#[derive(Clone, Debug, Default)]
struct Manner {
    key: Option<String>,
    delay: Duration,
    /// Between the pieces of an answer, where that is not the delay.
    between: Option<Duration>,
    rate_per_second: Option<u64>,
}

#[derive(Debug, Default)]
struct Options {
    port: u16,
    model: String,
    log: Option<String>,
    manner: Manner,
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { model: "test-model".to_owned(), ..Options::default() };
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} wants a value"))?;
        let number = || value.parse::<u64>().map_err(|error| format!("{name} {value}: {error}"));
        match name.as_str() {
            "--port" => options.port = u16::try_from(number()?).map_err(|e| e.to_string())?,
            "--key" => options.manner.key = Some(value),
            "--model" => options.model = value,
            "--delay-ms" => options.manner.delay = Duration::from_millis(number()?),
            "--piece-ms" => options.manner.between = Some(Duration::from_millis(number()?)),
            "--rate-per-second" => options.manner.rate_per_second = Some(number()?),
            "--log" => options.log = Some(value),
            _ => return Err(format!("there is no option {name}")),
        }
    }
    Ok(options)
}

/// Answers that may be given now: what was saved up, at most a second's.
#[derive(Debug, Default)]
struct Room {
    since: Option<Instant>,
    answers: f64,
}

struct Server {
    manner: Mutex<Manner>,
    room: Mutex<Room>,
    log: Option<String>,
}

impl Server {
    fn reply(&self, call: &ChatCall) -> Reply {
        if call.path == "/control" {
            self.control(&call.body);
            return Reply::json(200, &json!({"ok": true}));
        }
        let manner = self.manner.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let reply = self.answer(call, &manner);
        self.note(call, &reply);
        reply
    }

    fn answer(&self, call: &ChatCall, manner: &Manner) -> Reply {
        if manner.key.is_some() && call.key() != manner.key.as_deref() {
            let message = "Incorrect API key provided. You can find your key in the settings.";
            return Reply::error(401, "invalid_api_key", message);
        }
        if call.is_chat() && !self.has_room(manner.rate_per_second) {
            let message = "Rate limit reached for requests. Please try again in 1s.";
            return Reply::error(429, "rate_limit_exceeded", message)
                .with_header("retry-after", "1");
        }
        match understand(call) {
            Reply::Answer(answer) => {
                let delay_between = manner.between.unwrap_or(manner.delay);
                Reply::Answer(Answer { delay: manner.delay, delay_between, ..answer })
            }
            reply => reply,
        }
    }

    fn has_room(&self, rate_per_second: Option<u64>) -> bool {
        let Some(rate) = rate_per_second else { return true };
        let mut room = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, rate) = (Instant::now(), rate as f64);
        room.answers = match room.since {
            Some(since) => room.answers + rate * now.duration_since(since).as_secs_f64(),
            None => rate,
        };
        room.answers = room.answers.min(rate);
        room.since = Some(now);
        let has_room = room.answers >= 1.0;
        if has_room {
            room.answers -= 1.0;
        }
        has_room
    }

    fn control(&self, body: &Value) {
        let mut manner = self.manner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(delay) = body.get("delay_ms") {
            manner.delay = Duration::from_millis(delay.as_u64().unwrap_or(0));
        }
        if let Some(rate) = body.get("rate_per_second") {
            manner.rate_per_second = rate.as_u64();
        }
        if let Some(key) = body.get("key") {
            manner.key = key.as_str().map(str::to_owned);
        }
    }

    /// One line for each call, without its key.
    fn note(&self, call: &ChatCall, reply: &Reply) {
        let Some(path) = &self.log else { return };
        let said = match reply {
            Reply::Answer(_) => 200,
            Reply::Status { status, .. } => *status,
            Reply::Raw { .. } | Reply::Drop | Reply::Stall => 0,
        };
        let line = json!({"number": call.number, "path": call.path, "status": said});
        let file = OpenOptions::new().create(true).append(true).open(path);
        if let Err(error) = file.and_then(|mut file| writeln!(file, "{line}")) {
            drop(writeln!(io::stderr(), "chat_server: {path}: {error}"));
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(io::stderr(), "chat_server: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), String> {
    let Options { port, model, log, manner } = options(std::env::args().skip(1))?;
    let server = Arc::new(Server { manner: Mutex::new(manner), room: Mutex::default(), log });
    let script = move |call: &ChatCall| server.reply(call);
    let listening = ChatServer::start_at(Ipv4Addr::LOCALHOST.into(), port, None, script)
        .await
        .map_err(|error| error.to_string())?;
    listening.set_models(&[&model]);
    writeln!(io::stdout(), "listening on {}", listening.base_url()).map_err(|e| e.to_string())?;
    // Ends with whoever started it, who holds its stdin, or by a signal.
    let (ended, end) = tokio::sync::oneshot::channel();
    let wait = move || {
        drop(io::copy(&mut io::stdin().lock(), &mut io::sink()));
        ended.send(()).ok();
    };
    std::thread::Builder::new().name("stdin".to_owned()).spawn(wait).map_err(|e| e.to_string())?;
    tokio::select! {
        _ = end => Ok(()),
        signal = tokio::signal::ctrl_c() => signal.map_err(|error| error.to_string()),
    }
}
