//! What the process of its own costs: the same column is filled by an engine in this process and
//! by one in a child, in turns, and one line of JSON says how fast each was.
//!
//! `measure_worker MODEL [ROWS] [ROUNDS]`; 200 rows and 3 rounds unless said otherwise. The first
//! round of each is for warming up and is not counted.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use braincells_core::{AppError, Code, IgnoreEvents, Output, Recipe, RunScope, RunStatus, SheetId};
use braincells_testing::{TempHome, typed_recipe};
use braincells_workbench::{
    ENGINE_VERB, EngineOptions, EngineSource, InputFile, LocalEngines, OwnProgram, ProbeHere,
    SystemClock, Workbench, World, serve_engine,
};

const REVIEWS: [&str; 6] = [
    "I love this camera, the pictures are great, and the battery lasts for days.",
    "It broke after two days and nobody answers the phone. Never again.",
    "The box contains a cable, a manual and a battery. Delivery took a week.",
    "The sound is fine, the buttons are too small, the price is fair.",
    "Works as described; I bought a second one for my sister because she liked it so much.",
    "I expected more, but for this price it is acceptable.",
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == ENGINE_VERB) {
        serve_engine();
    }
    let number = |at: usize, usual: usize| {
        arguments.get(at).map_or(Some(usual), |text| text.parse::<usize>().ok())
    };
    let (Some(model), Some(rows), Some(rounds)) = (arguments.first(), number(1, 200), number(2, 3))
    else {
        return ExitCode::from(2);
    };
    match measure(&PathBuf::from(model), rows, rounds) {
        Ok(line) => {
            say(&line);
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// One way to run the engine.
struct Way {
    name: &'static str,
    home: TempHome,
    engines: Arc<LocalEngines>,
    workbench: Workbench,
    rates: Vec<f64>,
    loads_ms: Vec<f64>,
}

impl Way {
    fn new(name: &'static str, program: Option<&OwnProgram>) -> Result<Self, AppError> {
        let (home, clock) = (TempHome::new(), Arc::new(SystemClock));
        let engines = Arc::new(match program {
            Some(program) => LocalEngines::in_worker(home.home(), clock.clone(), program.engine()),
            None => LocalEngines::new(home.home(), clock.clone()),
        });
        let workbench = Workbench::open(World {
            home: home.home(),
            clock,
            events: Arc::new(IgnoreEvents),
            engines: Arc::clone(&engines) as _,
            probe: Arc::new(ProbeHere),
            cloud: braincells_testing::no_backends(),
        })?;
        Ok(Self { name, home, engines, workbench, rates: Vec::new(), loads_ms: Vec::new() })
    }

    /// Loads the model anew and fills one column.
    async fn round(&mut self, recipe: &Recipe, rows: usize, counts: bool) -> Result<(), AppError> {
        let options = EngineOptions::default();
        self.engines.unload().await;
        let began = Instant::now();
        drop(self.engines.engine(&recipe.model, &options, Arc::new(IgnoreEvents)).await?);
        let load_ms = began.elapsed().as_secs_f64() * 1000.0;
        let sheet = self.sheet(rows).await?;
        let column = self.workbench.add_ai_column(sheet, "answer", recipe.clone()).await?.id;
        // Every answer is asked for, though the last round asked the same.
        self.workbench.clear_cache(None, None).await?;
        let began = Instant::now();
        let run = self.workbench.run(sheet, column, RunScope::Empty, &options).await?;
        let outcome = run.finished().await;
        let rate = rows as f64 / began.elapsed().as_secs_f64();
        if outcome.status != RunStatus::Done || outcome.progress.rows_reused > 0 {
            let message = format!("the run ended as {:?}", outcome.status);
            return Err(outcome.error.unwrap_or(AppError::new(Code::Internal, message)));
        }
        if counts {
            self.rates.push(rate);
            self.loads_ms.push(load_ms);
        }
        Ok(())
    }

    async fn sheet(&self, rows: usize) -> Result<SheetId, AppError> {
        let row = |at: usize| format!("\"{} ({at})\"\n", REVIEWS[at % REVIEWS.len()]);
        let table: String =
            std::iter::once("text\n".to_owned()).chain((0..rows).map(row)).collect();
        let source = self.home.write("reviews.csv", table);
        Ok(self.workbench.import(&InputFile::new(source)).await?.id)
    }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

#[tokio::main]
async fn measure(model: &std::path::Path, rows: usize, rounds: usize) -> Result<String, AppError> {
    let own = std::env::current_exe()
        .map_err(|error| AppError::new(Code::Internal, format!("no own name: {error}")))?;
    let program = OwnProgram::new(own, std::env::vars_os());
    let mut ways = [Way::new("here", None)?, Way::new("worker", Some(&program))?];
    let labels = ["positive", "negative", "neutral"].map(str::to_owned).into();
    let mut recipe = typed_recipe("Classify the sentiment of: {{text}}", Output::Label { labels });
    recipe.model = model.to_string_lossy().into_owned();
    for round in 0..=rounds {
        for way in &mut ways {
            way.round(&recipe, rows, round > 0).await?;
            // One model in memory at a time.
            way.engines.unload().await;
        }
    }
    let figures: Vec<serde_json::Value> = ways
        .iter()
        .map(|way| {
            serde_json::json!({
                "where": way.name,
                "rows_per_second": way.rates,
                "median_rows_per_second": median(&way.rates),
                "median_load_ms": median(&way.loads_ms),
            })
        })
        .collect();
    let ratio = median(&ways[1].rates) / median(&ways[0].rates);
    let added_ms = median(&ways[1].loads_ms) - median(&ways[0].loads_ms);
    Ok(serde_json::json!({ "ways": figures, "ratio": ratio, "added_load_ms": added_ms })
        .to_string())
}

fn say(line: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
}
