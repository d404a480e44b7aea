//! Tuning a model: where the copy goes, what it may replace, what is left behind. What is measured
//! has tests with a real model.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use braincells_core::{AppError, Code, Event, EventSink, TuneStage};
use braincells_data::Catalogue;
use braincells_llm::{FakeEngine, LLMEngine, LLMError};
use braincells_testing::{ManualClock, RecordedEvents, TempHome};
use braincells_workbench::{
    Candidate, CandidateOutcome, EngineOptions, EngineSource, ModelTuner, ProbeHere, Quantisation,
    TuneOptions, TuneProgress, TuneReport, TuneRequest, Tuning, Workbench, World,
};

/// A header without anything behind it: enough for whoever does not load it.
const HOLLOW: &[u8] = b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// How a scripted tuning ends.
#[derive(Clone, Copy)]
enum Ending {
    Chosen,
    NoneIsBetter,
    DiskFull,
    /// Another file gets the name of the copy meanwhile.
    Overtaken,
    /// Waits until it is stopped.
    Stopped,
}

/// Writes hollow copies instead of measuring anything, and remembers what it was asked.
struct ScriptedTuner {
    ending: Ending,
    asked: Mutex<Vec<TuneRequest>>,
}

impl ModelTuner for ScriptedTuner {
    fn tune(
        &self,
        request: &TuneRequest,
        stopped: &Arc<AtomicBool>,
        hear: Arc<dyn Fn(TuneProgress) + Send + Sync>,
    ) -> Result<TuneReport, AppError> {
        self.asked.lock().expect("no test panics with it").push(request.clone());
        let quantisation = Quantisation::Q8_0;
        let path = request.copy_path(quantisation);
        std::fs::write(&path, HOLLOW).expect("the folder is there");
        hear(TuneProgress {
            stage: TuneStage::Writing,
            quantisation: Some(quantisation),
            fraction: 0.5,
        });
        let outcome = match self.ending {
            Ending::Chosen => CandidateOutcome::Chosen,
            Ending::Overtaken => {
                let models = request.scratch.parent().expect("it is in the models folder");
                let name = models.join("small.Q4_1.tuned-Q8_0.gguf");
                std::fs::write(name, "another's").expect("the folder is there");
                CandidateOutcome::Chosen
            }
            Ending::NoneIsBetter => CandidateOutcome::NoGain,
            Ending::DiskFull => {
                let reason = "no space left".to_owned();
                return Err(LLMError::NotWritten { path, reason, full: true }.into());
            }
            Ending::Stopped => {
                while !stopped.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
                return Err(LLMError::Cancelled.into());
            }
        };
        Ok(TuneReport {
            original_quantisation: Some("Q4_1".to_owned()),
            original_size_bytes: HOLLOW.len() as u64,
            original_speed: None,
            candidates: vec![Candidate {
                quantisation,
                outcome,
                size_bytes: Some(HOLLOW.len() as u64),
                speed: None,
                gain: Some(2.0),
                likeness: None,
            }],
            setup: Some(setup()),
            elapsed_ms: 1,
        })
    }
}

fn setup() -> Tuning {
    let device = "a processor".to_owned();
    Tuning { device, parallel_rows: 24, threads: 2, row_us: 900, default_row_us: 1000 }
}

struct TunedEngines(Arc<ScriptedTuner>);

#[async_trait]
impl EngineSource for TunedEngines {
    async fn check(&self, _model: &str) -> Result<(), AppError> {
        Ok(())
    }

    async fn engine(
        &self,
        _model: &str,
        _options: &EngineOptions,
        _events: Arc<dyn EventSink>,
    ) -> Result<Arc<dyn LLMEngine>, AppError> {
        Ok(Arc::new(FakeEngine::echo()))
    }

    fn tuner(&self) -> Arc<dyn ModelTuner> {
        Arc::clone(&self.0) as _
    }
}

struct Bench {
    workbench: Workbench,
    tuner: Arc<ScriptedTuner>,
    events: Arc<RecordedEvents>,
    home: TempHome,
}

impl Bench {
    fn new(ending: Ending) -> Self {
        let home = TempHome::new();
        let tuner = Arc::new(ScriptedTuner { ending, asked: Mutex::default() });
        let events = Arc::new(RecordedEvents::default());
        let workbench = open(&home, &tuner, &events);
        std::fs::write(home.home().models().join("small.Q4_1.gguf"), HOLLOW)
            .expect("the folder is there");
        Self { workbench, tuner, events, home }
    }

    fn models(&self) -> PathBuf {
        self.home.home().models()
    }

    fn kept_setups(&self) -> usize {
        let catalogue = Catalogue::open(&self.home.home().catalogue()).expect("it is there");
        let kept = catalogue.setting("engine_setups").expect("it can be read");
        kept.map_or(0, |kept| kept.as_object().expect("one each").len())
    }

    async fn tune(
        &self,
        options: &TuneOptions,
    ) -> Result<braincells_workbench::TunedModel, AppError> {
        self.workbench.tune_model("small.Q4_1.gguf", options).await
    }
}

fn open(home: &TempHome, tuner: &Arc<ScriptedTuner>, events: &Arc<RecordedEvents>) -> Workbench {
    Workbench::open(World {
        home: home.home(),
        clock: Arc::new(ManualClock::at(1_800_000_000_000)),
        events: Arc::clone(events) as _,
        engines: Arc::new(TunedEngines(Arc::clone(tuner))),
        probe: Arc::new(ProbeHere),
        cloud: braincells_testing::no_backends(),
    })
    .expect("a home opens")
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder is there").map_while(Result::ok);
    let mut names: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_kept_beside_its_original_under_a_name_of_its_own() {
    let bench = Bench::new(Ending::Chosen);
    let engine = EngineOptions { threads: Some(3), ..EngineOptions::default() };
    let options = TuneOptions { engine, ..TuneOptions::default() };
    let tuned = bench.tune(&options).await.unwrap();
    let copy = tuned.copy.unwrap();
    assert_eq!(copy.name, "small.Q4_1.tuned-Q8_0.gguf");
    let origin = copy.tuned.unwrap();
    assert_eq!((origin.file.as_str(), origin.at_ms), ("small.Q4_1.gguf", 1_800_000_000_000));
    assert_eq!(origin.sha256.len(), 64);
    assert_eq!(files(&bench.models()), ["small.Q4_1.gguf", "small.Q4_1.tuned-Q8_0.gguf"]);
    assert_eq!(bench.kept_setups(), 1);
    let asked = bench.tuner.asked.lock().unwrap().remove(0);
    assert_eq!((asked.threads, asked.gpu_layers, asked.origin), (Some(3), None, origin));
    assert!(asked.disk_bytes.is_some_and(|bytes| bytes > 0));
    assert!(asked.scratch.starts_with(bench.models()), "on the disk where the copy stays");
    let told = bench.events.all();
    assert!(told.contains(&Event::ModelTuning {
        model: "small.Q4_1.gguf".to_owned(),
        stage: TuneStage::Writing,
        quantisation: Some("Q8_0".to_owned()),
        fraction: 0.5,
    }));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_that_was_not_wanted_or_is_no_better() {
    let dry = TuneOptions { dry_run: true, ..TuneOptions::default() };
    for (ending, options) in [(Ending::Chosen, dry), (Ending::NoneIsBetter, TuneOptions::default())]
    {
        let bench = Bench::new(ending);
        let tuned = bench.tune(&options).await.unwrap();
        assert_eq!(tuned.copy, None);
        // Of the original, if that is the best; of what is thrown away, none.
        assert_eq!(bench.kept_setups(), usize::from(!options.dry_run));
        assert_eq!(tuned.report.candidates.len(), 1, "what was measured is told");
        assert_eq!(files(&bench.models()), ["small.Q4_1.gguf"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_file_of_that_name_is_not_replaced() {
    let bench = Bench::new(Ending::Chosen);
    let other = bench.models().join("small.Q4_1.tuned-Q4_0.gguf");
    std::fs::write(&other, HOLLOW).unwrap();
    let error = bench.tune(&TuneOptions::default()).await.unwrap_err();
    assert_eq!(error.code, Code::Conflict, "{error}");
    assert!(bench.tuner.asked.lock().unwrap().is_empty(), "it is said before anything is measured");
    assert!(other.exists());
    // Nobody wants to write there.
    let q8 = TuneOptions { candidates: vec![Quantisation::Q8_0], ..TuneOptions::default() };
    bench.tune(&TuneOptions { dry_run: true, ..TuneOptions::default() }).await.unwrap();
    assert!(bench.tune(&q8).await.unwrap().copy.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_comes_while_it_is_measured_is_not_replaced() {
    let bench = Bench::new(Ending::Overtaken);
    let error = bench.tune(&TuneOptions::default()).await.unwrap_err();
    assert_eq!(error.code, Code::Conflict, "{error}");
    let other = bench.models().join("small.Q4_1.tuned-Q8_0.gguf");
    assert_eq!(std::fs::read(other).unwrap(), b"another's");
    assert_eq!(files(&bench.models()), ["small.Q4_1.gguf", "small.Q4_1.tuned-Q8_0.gguf"]);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_link_of_that_name_is_not_replaced_and_nothing_is_written_behind_it() {
    let bench = Bench::new(Ending::Chosen);
    let link = bench.models().join("small.Q4_1.tuned-Q8_0.gguf");
    let behind = bench.home.outside().join("elsewhere.gguf");
    std::os::unix::fs::symlink(&behind, &link).unwrap();
    let error = bench.tune(&TuneOptions::default()).await.unwrap_err();
    assert_eq!(error.code, Code::Conflict, "{error}");
    assert!(link.is_symlink() && !behind.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_and_a_missing_model_leave_nothing() {
    let bench = Bench::new(Ending::DiskFull);
    let error = bench.tune(&TuneOptions::default()).await.unwrap_err();
    assert_eq!(error.code, Code::DiskFull);
    let error = bench.workbench.tune_model("none", &TuneOptions::default()).await.unwrap_err();
    assert_eq!(error.code, Code::ModelMissing);
    std::fs::write(bench.models().join("broken.gguf"), "GG").unwrap();
    let error = bench.workbench.tune_model("broken", &TuneOptions::default()).await.unwrap_err();
    assert_eq!(error.code, Code::ModelBroken);
    assert_eq!(files(&bench.models()), ["broken.gguf", "small.Q4_1.gguf"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_call_stops_it_and_leaves_nothing() {
    let bench = Bench::new(Ending::Stopped);
    let begun = bench.events.until(|events| !events.is_empty());
    let options = TuneOptions::default();
    tokio::select! {
        _ = bench.tune(&options) => panic!("it ends only when it is stopped"),
        () = begun => {}
    }
    // The thread that worked is on its way out; a second call takes the folder when it is free.
    while !files(&bench.models()).iter().all(|name| name == "small.Q4_1.gguf") {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_model_is_tuned_at_a_time_whoever_asks() {
    let bench = Bench::new(Ending::Stopped);
    let options = TuneOptions::default();
    let begun = async {
        bench.events.until(|events| !events.is_empty()).await;
        let tuner = Arc::new(ScriptedTuner { ending: Ending::Chosen, asked: Mutex::default() });
        // Another process has the same home and lines of its own.
        let other = open(&bench.home, &tuner, &Arc::default());
        other.tune_model("small.Q4_1.gguf", &TuneOptions::default()).await.unwrap_err()
    };
    tokio::select! {
        _ = bench.tune(&options) => panic!("it ends only when it is stopped"),
        error = begun => assert_eq!(error.code, Code::Conflict, "{error}"),
    }
}

#[test]
fn what_a_killed_process_left_is_gone_with_the_next_start() {
    let bench = Bench::new(Ending::Chosen);
    let scratch = bench.models().join(".tuning");
    std::fs::create_dir(&scratch).unwrap();
    std::fs::write(scratch.join("lock"), "").unwrap();
    std::fs::write(scratch.join("Q8_0.part"), HOLLOW).unwrap();
    drop(open(&bench.home, &bench.tuner, &bench.events));
    assert_eq!(files(&bench.models()), ["small.Q4_1.gguf"]);
}
