//! Measures how the cloud engine uses a server: see `bench/cloud/README.md`.
//!
//! `measure_cloud [SECONDS]` starts `chat_server`, which must be beside it, once for each line,
//! asks it for about SECONDS (20) and prints a table. The server has a process of its own, so that
//! the processor time is that of the client alone.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use braincells_core::{AppError, Code};
use braincells_llm::cloud::{
    ClientOptions, CloudClient, CloudEngine, CloudModel, Endpoint, FlowLimits,
};
use braincells_llm::{BatchEventKind, LLMEngine, LLMRequest, Message, RequestId, Role};
use braincells_workbench::SystemClock;
use futures::{StreamExt, stream};

const PARALLEL: u32 = 64;

/// What is measured: a server, and what it would take at best.
struct Line {
    name: &'static str,
    server: &'static [&'static str],
    /// Cells a second at best; `None` for as fast as both sides can.
    ideal: Option<f64>,
    /// Until the pace is found.
    ramp_up: Duration,
    bound: &'static str,
}

const LINES: [Line; 3] = [
    Line {
        name: "64 at a time, 100 ms",
        server: &["--delay-ms", "100", "--piece-ms", "0"],
        ideal: Some(640.0),
        ramp_up: Duration::from_secs(2),
        bound: ">= 95 %",
    },
    Line {
        name: "wall of 20 a second",
        server: &["--delay-ms", "100", "--piece-ms", "0", "--rate-per-second", "20"],
        ideal: Some(20.0),
        ramp_up: Duration::from_secs(5),
        bound: "90 to 110 %, < 5 % refused",
    },
    Line {
        name: "as fast as it goes",
        server: &["--piece-ms", "0"],
        ideal: None,
        ramp_up: Duration::from_secs(1),
        bound: "< 1 ms of processor a cell",
    },
];

#[tokio::main]
async fn main() -> Result<(), AppError> {
    let seconds = match std::env::args().nth(1) {
        Some(seconds) => seconds.parse().map_err(|_not_a_number| usage())?,
        None => 20,
    };
    say("server                  cells   a second   of ideal   refused   CPU a cell   bound");
    for line in LINES {
        measure(&line, Duration::from_secs(seconds)).await?;
    }
    Ok(())
}

/// One process of the server, ended when dropped.
struct Server {
    process: Child,
    base_url: String,
}

impl Server {
    fn start(arguments: &[&str]) -> Result<Self, AppError> {
        let program = std::env::current_exe().map_err(failed)?.with_file_name("chat_server");
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let mut said = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut said).map_err(failed)?;
        }
        let base_url = said.trim().strip_prefix("listening on ").unwrap_or_default().to_owned();
        Ok(Self { process, base_url })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill().and_then(|()| self.process.wait()));
    }
}

async fn measure(line: &Line, time: Duration) -> Result<(), AppError> {
    let server = Server::start(line.server)?;
    let engine = engine(&server.base_url)?;
    let begin = Instant::now();
    // A prompt and an answer as of a label column.
    let text = "Is this review good or bad? The keyboard is fine, the screen is not. ".repeat(4);
    let until = time + line.ramp_up;
    let requests = stream::iter(0..).take_while(move |_| {
        let goes_on = begin.elapsed() < until;
        async move { goes_on }
    });
    let requests = requests.map(move |id| {
        let message = Message::new(Role::User, text.clone());
        (RequestId(id), LLMRequest::new("own:test-model", vec![message]))
    });
    let mut batch = engine.generate_batch(Box::pin(requests));
    let (mut settled, mut last, mut cells, mut all) = (None, begin, 0_u64, 0_u64);
    let cpu_before = cpu_time();
    while let Some(event) = batch.next().await {
        match event.kind {
            BatchEventKind::Started | BatchEventKind::Delta(_) | BatchEventKind::Spent { .. } => {
                continue;
            }
            BatchEventKind::Failed(error) => return Err(error.into()),
            BatchEventKind::Done(_) => all += 1,
        }
        let now = Instant::now();
        if now.duration_since(begin) < line.ramp_up {
            continue;
        }
        if settled.is_none() {
            settled = Some(now);
        } else if now.duration_since(begin) < until {
            (cells, last) = (cells + 1, now);
        }
    }
    drop(batch);
    let cpu = cpu_time().zip(cpu_before).map(|(after, before)| (after - before) / all as f64);
    let seconds = last.duration_since(settled.unwrap_or(begin)).as_secs_f64();
    let rate = cells as f64 / seconds;
    let refused = engine.flow().map_or(0, |flow| flow.slowed_down);
    say(&format!(
        "{:<22} {all:>6}   {rate:>8.1}   {:>8}   {:>5.1} %   {:>10}   {}",
        line.name,
        line.ideal.map_or_else(|| "-".to_owned(), |ideal| format!("{:.1} %", rate / ideal * 100.0)),
        refused as f64 / (refused + all) as f64 * 100.0,
        cpu.map_or_else(|| "-".to_owned(), |cpu| format!("{:.2} ms", cpu * 1e3)),
        line.bound,
    ));
    Ok(())
}

fn engine(base_url: &str) -> Result<CloudEngine, AppError> {
    let model = CloudModel {
        endpoint: Endpoint::custom("own", base_url)?,
        key: None,
        model: "test-model".to_owned(),
        price: None,
        context_tokens: None,
    };
    let limits = FlowLimits {
        parallel_requests: PARALLEL,
        requests_per_minute: None,
        tokens_per_minute: None,
    };
    let client = CloudClient::new(&ClientOptions::default())?;
    Ok(CloudEngine::new(client, model, limits, Arc::new(SystemClock), 1))
}

/// Seconds of processor time of this process so far; Linux only.
fn cpu_time() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name, which may have spaces in it: user and system time in hundredths.
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A closed pipe means that nobody wants to know.
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
}

fn usage() -> AppError {
    AppError::new(Code::BadInput, "usage: measure_cloud [SECONDS]")
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn failed(error: std::io::Error) -> AppError {
    AppError::new(Code::EngineFailed, error.to_string())
}
