//! A process to be killed: imports a file or fills a column of it, and says on its standard
//! output what has happened so far.
//!
//! `scripted_fill HOME CSV import|run` prints, one a line and flushed:
//! `opened`, `written BYTES` (import), `imported`, `asked` (a request began),
//! `acked ROW` (a cell is on disk and was announced), `ended STATUS`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use braincells_core::{AppError, Code, Event, EventSink, RunScope};
use braincells_llm::{
    Capabilities, FakeEngine, LLMBackend, LLMEngine, LLMError, LLMRequest, LLMResponse, TokenStream,
};
use braincells_testing::{ScriptedEngines, sheet_probe_beside, text_recipe};
use braincells_workbench::{
    EngineOptions, FillRequest, Home, InputFile, SystemClock, Workbench, World,
};

/// How long an answer takes: enough for many to be in flight when the end comes.
const ANSWER_TIME: Duration = Duration::from_millis(1);

/// Rows asked at once.
const PARALLEL_REQUESTS: u32 = 16;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), AppError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [home, source, mode] = arguments.as_slice() else {
        return Err(AppError::new(Code::BadInput, "usage: scripted_fill HOME CSV import|run"));
    };
    let engine = Arc::new(SlowEcho(FakeEngine::echo().with_parallel_requests(PARALLEL_REQUESTS)));
    let workbench = Workbench::open(World {
        home: Home::new(PathBuf::from(home)),
        clock: Arc::new(SystemClock),
        events: Arc::new(Said),
        engines: Arc::new(ScriptedEngines::new(engine)),
        probe: Arc::new(sheet_probe_beside()?),
        cloud: braincells_testing::no_backends(),
    })?;
    say("opened");
    match mode.as_str() {
        "import" => {
            workbench.import(&InputFile::new(source)).await?;
            say("imported");
            Ok(())
        }
        "run" => fill(&workbench, Path::new(source)).await,
        other => Err(AppError::new(Code::BadInput, format!("`{other}` is no mode"))),
    }
}

async fn fill(workbench: &Workbench, source: &Path) -> Result<(), AppError> {
    let mut fill = workbench
        .start_fill(FillRequest {
            input: InputFile::new(source),
            columns: vec![("echo".to_owned(), text_recipe("Repeat: {{text}}"))],
            scope: RunScope::Empty,
            retry_failed: false,
            fresh: false,
            options: EngineOptions::default(),
        })
        .await?;
    let column = fill.columns[0].id;
    while let Some(run) = workbench.run_fill_column(&mut fill, column).await? {
        say(&format!("ended {}", run.finished().await.status.as_str()));
    }
    Ok(())
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A closed pipe means that the test is over; there is nobody left to tell.
    let told = writeln!(out, "{line}").and_then(|()| out.flush());
    drop(told);
}

struct Said;

impl EventSink for Said {
    fn emit(&self, event: Event) {
        match event {
            Event::ImportProgress { bytes_written } => say(&format!("written {bytes_written}")),
            Event::CellDone { row, .. } => say(&format!("acked {row}")),
            _ => {}
        }
    }
}

/// Answers as the echo engine does, a moment later, and says when it is asked.
struct SlowEcho(FakeEngine);

#[async_trait]
impl LLMEngine for SlowEcho {
    async fn generate(&self, request: LLMRequest) -> Result<LLMResponse, LLMError> {
        say("asked");
        tokio::time::sleep(ANSWER_TIME).await;
        self.0.generate(request).await
    }

    async fn generate_stream(&self, request: LLMRequest) -> Result<TokenStream, LLMError> {
        self.0.generate_stream(request).await
    }

    async fn is_ready(&self) -> bool {
        self.0.is_ready().await
    }

    fn backend(&self) -> LLMBackend {
        self.0.backend()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }
}
