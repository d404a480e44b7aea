//! Engines made of the model files of a home: found by name, looked at, loaded, kept, let go.
//! A little longer than most files: one source answers for both runtimes, so that only one model is
//! in memory.
//!
//! Where each model stands meanwhile is on a [`Board`]; how it gets into memory, in `place`; what
//! a name means, in `found`.

mod board;
mod found;
mod in_use;
mod place;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use braincells_core::{AppError, Clock, EventSink};
use braincells_data::{Catalogue, DEFAULT_RESPONSE_BYTES, ResponseCache};
use braincells_llm::LLMEngine;
use braincells_llm::llama::{KeptPrefixes, LoadOptions, Tuning, build_info};
use braincells_llm::mlx::{MlxHelper, MlxUnavailable};
use braincells_llm::worker::WorkerProgram;
use braincells_models::catalogue::Runtime;
use tokio::sync::Mutex;

use crate::blocking::blocking;
use crate::held::Held;
use crate::kept::Kept;
use crate::measured_setup::Measured;
use crate::model_hash::known_sha256;
use crate::models::LOCAL_MLX;
use crate::{
    EngineOptions, EngineSource, Home, ModelStanding, ModelTuner, ProcessTuner, TUNE_VERB, TuneHere,
};
use board::{Board, Mark, Stage};
use found::{FoundModel, find_model, look_at, mlx_options, unavailable};
use in_use::InUse;
use place::{Loading, Place, load_mlx};

/// The lane of all models that run on this machine.
const LANE: &str = "this machine";

/// Engines made of GGUF files by llama.cpp, and of folders by MLX. Keeps the last one loaded, and
/// lets one run work at a time: two models may not fit into memory, and two runs of one model would
/// not be faster together.
pub struct LocalEngines {
    home: Home,
    clock: Arc<dyn Clock>,
    place: Place,
    mlx: Result<MlxHelper, MlxUnavailable>,
    board: Arc<Board>,
    loaded: Mutex<Option<Loaded>>,
}

struct Loaded {
    options: EngineOptions,
    // Gone before the others: what follows is true until it is out of memory.
    kept: Kept<dyn LLMEngine>,
    held: Arc<Held>,
    model: FoundModel,
    _in_memory: Mark,
}

impl LocalEngines {
    /// A source for the models that this home lists, which run in this process. The clock says how
    /// long a model was idle, and is for chat templates that print today's date.
    pub fn new(home: Home, clock: Arc<dyn Clock>) -> Self {
        Self::at(home, clock, Place::Here)
    }

    /// [`LocalEngines::new`], but each model runs in a process of its own, started as `program`
    /// says: a crash there is told by
    /// [`Event::EngineRestarted`](braincells_core::Event::EngineRestarted) and costs no row.
    pub fn in_worker(home: Home, clock: Arc<dyn Clock>, program: WorkerProgram) -> Self {
        Self::at(home, clock, Place::Worker(program))
    }

    fn at(home: Home, clock: Arc<dyn Clock>, place: Place) -> Self {
        let mlx = Err(MlxUnavailable::OtherMachine);
        Self { home, clock, place, mlx, board: Arc::default(), loaded: Mutex::new(None) }
    }

    /// The same, and models for MLX run in this helper, if it is there.
    #[must_use]
    pub fn with_mlx(self, mlx: Result<MlxHelper, MlxUnavailable>) -> Self {
        Self { mlx, ..self }
    }
}

#[async_trait]
impl EngineSource for LocalEngines {
    async fn check(&self, model: &str) -> Result<(), AppError> {
        let (home, name) = (self.home.clone(), model.to_owned());
        self.check_runs(model)?;
        let mlx = self.mlx.clone();
        blocking(move || {
            let found = find_model(&home, &name)?;
            look_at(&found, &mlx)
        })
        .await
    }

    fn runs(&self, runtime: Runtime) -> bool {
        match runtime {
            Runtime::Gguf => true,
            Runtime::Mlx => self.mlx.is_ok(),
        }
    }

    fn build(&self) -> Option<String> {
        Some(build_info())
    }

    async fn engine(
        &self,
        model: &str,
        options: &EngineOptions,
        events: Arc<dyn EventSink>,
    ) -> Result<Arc<dyn LLMEngine>, AppError> {
        self.check_runs(model)?;
        let (home, name) = (self.home.clone(), model.to_owned());
        let found = blocking(move || find_model(&home, &name)).await?;
        // Held while loading, so that two runs cannot load two models at once.
        let mut loaded = self.loaded.lock().await;
        if let Some(loaded) = loaded.as_mut()
            && loaded.model.path == found.path
            && loaded.options == *options
            && loaded.kept.engine().is_ready().await
        {
            let engine = loaded.kept.take_up(self.clock.now_ms());
            return Ok(self.taken_up(engine, &found, &loaded.held, events).await);
        }
        // The old model goes first: there may not be memory for two.
        let_go(loaded.take()).await;
        let loading = self.board.enter(&found.name, &found.path, Stage::Loading, &events);
        let (engine, held) = match self.load(&found, options, &events).await {
            Ok(engine) => engine,
            Err(error) => {
                loading.fail(&error);
                return Err(error);
            }
        };
        let kept = Kept::new(Arc::clone(&engine), self.clock.now_ms());
        let in_memory = self.board.enter(&found.name, &found.path, Stage::InMemory, &events);
        *loaded = Some(Loaded {
            options: options.clone(),
            kept,
            held: Arc::clone(&held),
            model: found.clone(),
            _in_memory: in_memory,
        });
        drop(loading);
        Ok(self.taken_up(engine, &found, &held, events).await)
    }

    async fn loaded(&self, model: &str) -> Option<Arc<dyn LLMEngine>> {
        let (home, name) = (self.home.clone(), model.to_owned());
        let path = blocking(move || find_model(&home, &name)).await.ok()?.path;
        // While one is being loaded, none is there to count tokens with.
        let loaded = self.loaded.try_lock().ok()?;
        let loaded = loaded.as_ref().filter(|loaded| loaded.model.path == path)?;
        Some(Arc::clone(loaded.kept.engine()))
    }

    async fn unload(&self) {
        // Held until its memory is free: the next one may be waiting to be loaded.
        let mut loaded = self.loaded.lock().await;
        let_go(loaded.take()).await;
    }

    async fn unload_when_idle(&self, after: Duration) -> bool {
        // While one is being loaded, none is idle.
        let Ok(mut loaded) = self.loaded.try_lock() else { return false };
        let after_ms = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
        let now_ms = self.clock.now_ms();
        if !loaded.as_mut().is_some_and(|loaded| loaded.kept.is_idle(after_ms, now_ms)) {
            return false;
        }
        let_go(loaded.take()).await;
        true
    }

    fn standing(&self) -> Vec<ModelStanding> {
        self.board.standing()
    }

    fn forget_failure(&self, path: &Path) {
        self.board.forget_failure(path);
    }

    fn tuner(&self) -> Arc<dyn ModelTuner> {
        match &self.place {
            Place::Here => Arc::new(TuneHere),
            Place::Worker(WorkerProgram { program, environment, .. }) => Arc::new(
                ProcessTuner::new(program.clone(), vec![TUNE_VERB.into()], environment.clone()),
            ),
        }
    }

    fn lane(&self, _model: &str) -> String {
        LANE.to_owned()
    }
}

impl LocalEngines {
    /// Refuses the name of whatever model for MLX where none runs, before it is looked for.
    fn check_runs(&self, model: &str) -> Result<(), AppError> {
        if model == LOCAL_MLX {
            self.mlx.as_ref().map_err(unavailable)?;
        }
        Ok(())
    }

    /// Loads a model, after a look at its header.
    async fn load(
        &self,
        model: &FoundModel,
        options: &EngineOptions,
        events: &Arc<dyn EventSink>,
    ) -> Result<(Arc<dyn LLMEngine>, Arc<Held>), AppError> {
        let (found, responses, mlx) = (model.clone(), self.home.responses(), self.mlx.clone());
        let (held, remembered) = blocking(move || {
            // Before the look, so that what was looked at is what is loaded.
            let held = Arc::new(Held::of(&found.path));
            look_at(&found, &mlx)?;
            let remembered = ResponseCache::open(&responses, DEFAULT_RESPONSE_BYTES);
            Ok::<_, AppError>((held, Arc::new(remembered)))
        })
        .await?;
        let loading = Loading::new(&model.path, Arc::clone(&remembered), Arc::clone(events));
        let engine = match model.runtime {
            Runtime::Gguf => {
                let options = self.load_options(&model.path, options, remembered).await;
                self.place.load(loading, options).await?
            }
            Runtime::Mlx => {
                let helper = self.mlx.as_ref().map_err(unavailable)?;
                load_mlx(helper, loading, &mlx_options(options, self.clock.now_ms())).await?
            }
        };
        Ok((engine, held))
    }

    /// The engine for somebody who is going to use it.
    async fn taken_up(
        &self,
        engine: Arc<dyn LLMEngine>,
        model: &FoundModel,
        held: &Arc<Held>,
        events: Arc<dyn EventSink>,
    ) -> Arc<dyn LLMEngine> {
        let (home, path, now_ms) = (self.home.clone(), model.path.clone(), self.clock.now_ms());
        let noted =
            blocking(move || Catalogue::open(&home.catalogue())?.put_model_use(&path, now_ms));
        if let Err(error) = noted.await {
            tracing::warn!(%error, "when a model was used is not remembered");
        }
        let mark = self.board.enter(&model.name, &model.path, Stage::InUse, &events);
        Arc::new(InUse::new(engine, model.name.clone(), Arc::clone(held), mark))
    }

    async fn load_options(
        &self,
        path: &Path,
        options: &EngineOptions,
        remembered: Arc<ResponseCache>,
    ) -> LoadOptions {
        let now_ms = self.clock.now_ms();
        let (home, path, asked) = (self.home.clone(), path.to_owned(), options.clone());
        let setup =
            blocking(move || measured_setup(&home, &path, &asked, &remembered, now_ms)).await;
        let setup = setup.inspect_err(|error: &AppError| {
            tracing::warn!(%error, "what was measured of the model is not used");
        });
        LoadOptions {
            parallel_rows: options.parallel_rows,
            context_tokens: options.context_tokens,
            gpu_layers: options.gpu_layers,
            threads: options.threads,
            exact: options.exact,
            now_ms: Some(now_ms),
            tuning: setup.unwrap_or_default(),
            // Options travel as JSON, which has no word for a folder that is no Unicode.
            kept_prefixes: self.home.prefixes().to_str().map(KeptPrefixes::new),
            ..LoadOptions::default()
        }
    }
}

/// What tuning the model has found. A file that was never read whole has not been tuned, so that
/// nothing waits for its hash.
fn measured_setup(
    home: &Home,
    path: &Path,
    options: &EngineOptions,
    remembered: &ResponseCache,
    now_ms: i64,
) -> Result<Option<Tuning>, AppError> {
    let Some(sha256) = known_sha256(path, remembered) else { return Ok(None) };
    let build = build_info();
    let measured = Measured { model_sha256: &sha256, build: &build, options };
    Ok(measured.known(&Catalogue::open(&home.catalogue())?, now_ms)?)
}

/// Drops a model; where nobody else has it, its thread or process is waited for.
async fn let_go(loaded: Option<Loaded>) {
    let dropped = blocking(move || {
        drop(loaded);
        Ok::<_, AppError>(())
    });
    if let Err(error) = dropped.await {
        tracing::warn!(%error, "a model was not unloaded well");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use braincells_testing::{ManualClock, TempHome};

    use super::*;
    use crate::model_hash::model_sha256;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_tuned_model_is_loaded_with_the_setup_that_was_measured() {
        const NOW_MS: i64 = 1_800_000_000_000;
        let temporary = TempHome::new();
        let home = Home::new(temporary.outside().to_owned());
        let path = temporary.write("model.gguf", "what it holds");
        let setup = Tuning {
            device: "a processor".to_owned(),
            parallel_rows: 24,
            threads: 3,
            row_us: 900,
            default_row_us: 1000,
        };
        let options = EngineOptions::default();
        let engines = LocalEngines::new(home.clone(), Arc::new(ManualClock::at(NOW_MS)));
        let catalogue = Catalogue::open(&home.catalogue()).unwrap();
        let remembered = Arc::new(ResponseCache::open(&home.responses(), 1 << 20));
        let tuning = async |options| {
            engines.load_options(&path, options, Arc::clone(&remembered)).await.tuning
        };
        assert_eq!(tuning(&options).await, None);
        let sha256 = model_sha256(&path, &remembered, &AtomicBool::new(false)).unwrap();
        let build = build_info();
        let measured = Measured { model_sha256: &sha256, build: &build, options: &options };
        measured.remember(&catalogue, setup.clone(), NOW_MS).unwrap();
        assert_eq!(tuning(&options).await, Some(setup));
        let exact = EngineOptions { exact: true, ..EngineOptions::default() };
        assert_eq!(tuning(&exact).await, None);
    }
}
