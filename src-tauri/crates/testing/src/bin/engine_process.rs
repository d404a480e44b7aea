//! The process of an engine whose answers are scripted, for tests of what happens when it ends.
//!
//! - `engine_process serve` is such a process; how it answers depends on the last message:
//!   what begins with `crash`, `segfault` and `out of memory` end it in that way, `spin` computes
//!   for ever, what begins with `slow` takes its time, `environment` names the variables that it sees, `who` is answered with its number,
//!   and everything else is repeated.
//! - `engine_process serve-mlx` is the same in the place of the helper for MLX.
//! - `engine_process parent` starts one, says its number, gives it something that never ends, says
//!   `busy`, and waits for the end of stdin.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use braincells_llm::llama::LoadOptions;
use braincells_llm::mlx;
use braincells_llm::worker::{
    LoadProgress, Loader, Served, WorkerEngine, WorkerModel, WorkerProgram, serve_process,
};
use braincells_llm::{
    FakeAnswer, FakeEngine, LLMEngine, LLMError, LLMRequest, Message, RequestId, Role,
};
use futures::StreamExt;
use serde_json::{Value, json};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match arguments.first() {
        Some(verb) if verb == "serve" => ended(&serve_process(Scripted::Llama)),
        Some(verb) if verb == "serve-mlx" => ended(&serve_process(Scripted::Mlx)),
        Some(verb) if verb == "parent" => match parent() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                say(&format!("error {error}"));
                ExitCode::FAILURE
            }
        },
        _ => ExitCode::from(2),
    }
}

fn ended(served: &Served) -> ExitCode {
    match served {
        Served::ShutDown => ExitCode::SUCCESS,
        // Without destructors: something may be computing for ever.
        Served::ParentGone | Served::Broken => std::process::exit(1),
    }
}

/// Loads nothing. Its options are those of what it stands in the place of.
enum Scripted {
    Llama,
    Mlx,
}

impl Scripted {
    /// How many rows the options ask for at once.
    fn parallel_rows(&self, options: Value) -> Result<Option<u32>, serde_json::Error> {
        Ok(match self {
            Self::Llama => serde_json::from_value::<LoadOptions>(options)?.parallel_rows,
            Self::Mlx => {
                Some(serde_json::from_value::<mlx::LoadOptions>(options)?.parallel_requests)
            }
        })
    }
}

impl Loader for Scripted {
    fn load(
        &self,
        _path: &Path,
        options: Value,
        model_hash: &mut dyn FnMut() -> Option<String>,
        mut progress: LoadProgress,
    ) -> Result<Arc<dyn LLMEngine>, LLMError> {
        let parallel_rows = self
            .parallel_rows(options)
            .map_err(|error| LLMError::InvalidRequest { reason: error.to_string() })?;
        if !progress(1.0) {
            return Err(LLMError::Cancelled);
        }
        drop(model_hash());
        let engine = FakeEngine::answering(answer);
        Ok(Arc::new(engine.with_parallel_requests(parallel_rows.unwrap_or(4))))
    }
}

fn answer(request: &LLMRequest) -> FakeAnswer {
    let asked = request.messages.last().map_or("", |message| message.content.as_str());
    match asked {
        crash if crash.starts_with("crash") => std::process::abort(),
        "segfault" => end_by("-SEGV"),
        "out of memory" => end_by("-KILL"),
        "spin" => {
            let spinning = std::thread::Builder::new().spawn(|| {
                loop {
                    std::hint::spin_loop();
                }
            });
            FakeAnswer::text(format!("{spinning:?}")).after_ms(u64::from(u32::MAX))
        }
        "environment" => {
            let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
            let mut names: Vec<String> = names.collect();
            names.sort();
            FakeAnswer::text(names.join(" "))
        }
        "who" => FakeAnswer::text(std::process::id().to_string()),
        slow if slow.starts_with("slow") => FakeAnswer::text(slow).after_ms(20),
        asked => FakeAnswer::text(asked).after_ms(1),
    }
}

/// Ends this process by a signal, as the system does. Rust takes the first SIGSEGV for an overflow
/// of the stack, so it is sent until it is believed.
fn end_by(signal: &str) -> FakeAnswer {
    let id = std::process::id().to_string();
    while Command::new("kill").args([signal, &id]).status().is_ok_and(|status| status.success()) {}
    FakeAnswer::text("there is no `kill` here")
}

#[tokio::main(flavor = "current_thread")]
async fn parent() -> Result<(), LLMError> {
    let own = std::env::current_exe()
        .map_err(|error| LLMError::InferenceFailed { reason: error.to_string() })?;
    let program =
        WorkerProgram { program: own, arguments: vec!["serve".into()], environment: Vec::new() };
    let model = WorkerModel { path: "none".into(), options: json!(LoadOptions::default()) };
    let engine = WorkerEngine::load(program, model, async { None }, |_| {}).await?;
    let ask = |text: &str| LLMRequest::new("m", vec![Message::new(Role::User, text)]);
    say(&engine.generate(ask("who")).await?.content);
    let requests = futures::stream::iter([(RequestId(1), ask("spin"))]).boxed();
    let mut busy = engine.generate_batch(requests);
    let began = busy.next().await;
    say(if began.is_some() { "busy" } else { "it ended" });
    // Nobody writes there: this waits until the test ends it or is over.
    drop(std::io::stdin().read(&mut [0]));
    Ok(())
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A closed pipe means that the test is over; there is nobody left to tell.
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
}
