//! Models that other apps keep on this machine, laid out as these apps lay them out, and by
//! people who mean no good.

#![cfg(unix)]

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use braincells_core::Code;
use braincells_llm::FakeEngine;
use braincells_testing::{
    ManualClock, RecordedEvents, ScriptedEngines, TempHome, no_backends, small_model,
    small_model_part,
};
use braincells_workbench::{
    AddModel, FoundModel, ModelApp, OtherApps, ProbeHere, Workbench, World,
};

/// A user's home folder, and a workbench that looks for models in it.
struct Machine {
    home: TempHome,
    variables: Vec<(OsString, OsString)>,
}

impl Machine {
    fn new() -> Self {
        let home = TempHome::new();
        let user = home.outside().join("user");
        fs::create_dir(&user).unwrap();
        // The folder of the service would be this machine's own.
        let variables = [("HOME", user.clone()), ("OLLAMA_MODELS", user.join(".ollama/models"))];
        let variables = variables.map(|(name, path)| (name.into(), path.into())).to_vec();
        Self { home, variables }
    }

    fn with(mut self, name: &str, folder: &str) -> Self {
        let path = self.user(folder);
        self.variables.retain(|variable| variable.0 != name);
        self.variables.push((name.into(), path.into()));
        self
    }

    fn user(&self, path: &str) -> PathBuf {
        self.home.outside().join("user").join(path)
    }

    fn put(&self, path: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.user(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// A link as the cache of the hub has them, to a blob by a path that climbs.
    fn link(&self, path: &str, target: &str) {
        let path = self.user(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }

    fn workbench(&self) -> Workbench {
        let apps = OtherApps::of(self.variables.iter().cloned());
        Workbench::open(World {
            home: self.home.home().with_other_apps(apps),
            clock: Arc::new(ManualClock::at(1_800_000_000_000)),
            events: Arc::new(RecordedEvents::default()),
            engines: Arc::new(ScriptedEngines::new(Arc::new(FakeEngine::echo()))),
            probe: Arc::new(ProbeHere),
            cloud: no_backends(),
        })
        .unwrap()
    }
}

async fn scan(workbench: &Workbench) -> Vec<FoundModel> {
    workbench.scan_models().await.unwrap()
}

fn names(found: &[FoundModel]) -> Vec<&str> {
    found.iter().map(|model| model.name.as_str()).collect()
}

/// A manifest as Ollama writes it, with the digest of its weights.
fn manifest(digest: &str) -> String {
    format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json",
        "config":{{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"sha256:{c}","size":487}},
        "layers":[
        {{"mediaType":"application/vnd.ollama.image.model","digest":"{digest}","size":9}},
        {{"mediaType":"application/vnd.ollama.image.template","digest":"sha256:{c}","size":1}}]}}"#,
        c = "c".repeat(64)
    )
}

fn hash(letter: char) -> String {
    letter.to_string().repeat(64)
}

#[tokio::test]
async fn lm_studio_has_two_homes_and_a_folder_of_choice() {
    let machine = Machine::new();
    let small = || small_model("m");
    machine.put(".lmstudio/models/lmstudio-community/Qwen3-GGUF/Qwen3-Q4_K_M.gguf", small());
    machine.put(".lmstudio/models/lmstudio-community/Qwen3-GGUF/mmproj-Qwen3-F16.gguf", small());
    machine.put(".lmstudio/models/lmstudio-community/Qwen3-GGUF/config.json", "{}");
    machine.put(".lmstudio/models/mlx-community/Qwen3-4bit/model.safetensors", "no");
    machine.put(".cache/lm-studio/models/TheBloke/Old-GGUF/old.Q4_0.gguf", small());
    let chosen = machine.user("big disk");
    machine.put("big disk/me/Mine-GGUF/mine.gguf", small());
    let settings =
        format!(r#"{{"downloadsFolder": {:?}, "theme": "dark"}}"#, chosen.to_str().unwrap());
    machine.put(".lmstudio/settings.json", settings);
    let moved = machine.user("moved");
    machine.put("moved/models/a/b/moved.gguf", small());
    machine.put(".lmstudio-home-pointer", format!("{}\n", moved.display()));
    let found = scan(&machine.workbench()).await;
    assert_eq!(names(&found), ["Qwen3-Q4_K_M.gguf", "mine.gguf", "old.Q4_0.gguf", "moved.gguf"]);
    assert!(found.iter().all(|model| model.app == ModelApp::LmStudio));
    assert!(found.iter().all(|model| model.problem.is_none() && !model.linked), "{found:?}");
    assert_eq!(found[0].bytes, small().len() as u64);
}

#[tokio::test]
async fn ollama_names_its_models_in_manifests() {
    let machine = Machine::new().with("OLLAMA_MODELS", "elsewhere");
    let registry = "elsewhere/manifests/registry.ollama.ai";
    machine
        .put(&format!("{registry}/library/mistral/7b"), manifest(&format!("sha256:{}", hash('a'))));
    machine.put(&format!("{registry}/me/tuned/latest"), manifest(&format!("sha256:{}", hash('b'))));
    machine.put(
        "elsewhere/manifests/hf.co/bartowski/X-GGUF/Q4_K_M",
        manifest(&format!("sha256:{}", hash('d'))),
    );
    machine.put(&format!("elsewhere/blobs/sha256-{}", hash('a')), small_model("a"));
    machine.put(&format!("elsewhere/blobs/sha256-{}", hash('b')), small_model("b"));
    let workbench = machine.workbench();
    let found = scan(&workbench).await;
    assert_eq!(names(&found), ["hf.co/bartowski/X-GGUF:Q4_K_M", "me/tuned:latest", "mistral:7b"]);
    assert_eq!(found[0].problem.as_deref(), Some("its file is missing"));
    assert!(found[1..].iter().all(|model| model.problem.is_none()), "{found:?}");

    let added = workbench.add_model(&found[2].path, AddModel::Link).await.unwrap();
    // `mistral:7b` would be a provider's.
    assert_eq!((added.name.as_str(), added.app.as_deref()), ("mistral-7b", Some("Ollama")));
    assert!(scan(&workbench).await[2].linked);
    let copied = workbench.add_model(&found[1].path, AddModel::Copy).await.unwrap();
    assert_eq!((copied.name.as_str(), copied.linked), ("me-tuned-latest.gguf", false));
    let unlinked = workbench.delete_model("mistral-7b").await.unwrap();
    assert!(unlinked.unlinked && found[2].path.exists());
}

#[tokio::test]
async fn the_hubs_cache_is_links_to_blobs() {
    let machine = Machine::new();
    let hub = ".cache/huggingface/hub";
    let repository = format!("{hub}/models--bartowski--Qwen3-GGUF");
    machine.put(&format!("{repository}/blobs/{}", hash('a')), small_model("a"));
    machine.put(&format!("{repository}/refs/main"), "1111");
    for revision in ["1111", "2222"] {
        let link = format!("{repository}/snapshots/{revision}/Qwen3-Q4_K_M.gguf");
        machine.link(&link, &format!("../../blobs/{}", hash('a')));
    }
    machine.link(&format!("{repository}/snapshots/1111/gone.gguf"), "../../blobs/none");
    for number in [1, 2] {
        let blob = hash(if number == 1 { 'b' } else { 'c' });
        machine.put(&format!("{repository}/blobs/{blob}"), small_model_part("big", number, 2));
        let link = format!("{repository}/snapshots/1111/Q8_0/big-{number:05}-of-00002.gguf");
        machine.link(&link, &format!("../../../blobs/{blob}"));
    }
    // Another repository has a file of the same name; datasets are none of ours.
    let other = format!("{hub}/models--unsloth--Qwen3-GGUF");
    machine.put(&format!("{other}/snapshots/3333/Qwen3-Q4_K_M.gguf"), small_model("another"));
    machine.put(&format!("{hub}/datasets--a--b/snapshots/1/x.gguf"), small_model("x"));
    machine.put(&format!("{hub}/version.txt"), "1");
    let workbench = machine.workbench();
    let found = scan(&workbench).await;
    assert_eq!(
        names(&found),
        ["Qwen3-Q4_K_M.gguf", "Qwen3-Q4_K_M.gguf", "big-00001-of-00002.gguf", "gone.gguf"]
    );
    assert_eq!(found[3].problem.as_deref(), Some("its file is missing"));
    let one = workbench.add_model(&found[0].path, AddModel::Link).await.unwrap();
    let two = workbench.add_model(&found[1].path, AddModel::Link).await.unwrap();
    assert_eq!(one.name, "Qwen3-Q4_K_M.gguf");
    assert_eq!(two.name, "unsloth--Qwen3-GGUF/Qwen3-Q4_K_M.gguf");
    let big = workbench.add_model(&found[2].path, AddModel::Link).await.unwrap();
    assert_eq!((big.parts, big.app.as_deref()), (2, Some("Hugging Face")));
    assert!(scan(&workbench).await[..3].iter().all(|model| model.linked));
    let elsewhere = Machine::new().with("HF_HOME", "hf");
    elsewhere.put("hf/hub/models--a--b/snapshots/1/m.gguf", small_model("m"));
    assert_eq!(names(&scan(&elsewhere.workbench()).await), ["m.gguf"]);
}

#[tokio::test]
async fn llama_cpps_cache_is_a_flat_folder() {
    let machine = Machine::new().with("LLAMA_CACHE", "cache");
    machine.put("cache/ggml-org_gemma-3-270m-GGUF_gemma-3-270m-Q8_0.gguf", small_model("g"));
    machine.put("cache/ggml-org_gemma-3-270m-GGUF_gemma-3-270m-Q8_0.gguf.json", "{}");
    machine.put("cache/ggml-org_gemma-3_mmproj-model-f16.gguf", small_model("eyes"));
    machine.put("cache/half.gguf.downloadInProgress", "half");
    machine.put("cache/page.gguf", "<html>");
    let workbench = machine.workbench();
    let found = scan(&workbench).await;
    assert_eq!(names(&found), ["ggml-org_gemma-3-270m-GGUF_gemma-3-270m-Q8_0.gguf", "page.gguf"]);
    assert_eq!(found[1].problem.as_deref(), Some("it is not a GGUF file"));
    let error = workbench.add_model(&found[1].path, AddModel::Link).await.unwrap_err();
    assert_eq!(error.code, Code::ModelBroken);
}

#[tokio::test]
async fn hostile_folders_lead_nowhere() {
    let machine = Machine::new();
    let secret = machine.put("secret", "GGUF nothing of theirs");
    let manifests = ".ollama/models/manifests/registry.ollama.ai/library";
    for (tag, text) in [
        ("climbs", manifest("sha256:../../../../secret")),
        ("root", manifest("/etc/passwd")),
        ("long", manifest(&format!("sha256:{}", "a".repeat(5000)))),
        ("list", "[1, 2]".to_owned()),
        ("deep", "[".repeat(100_000)),
        ("types", r#"{"layers": [{"mediaType": 7, "digest": {}}]}"#.to_owned()),
        ("huge", " ".repeat(2 << 20)),
        ("none", "{}".to_owned()),
    ] {
        machine.put(&format!("{manifests}/bad/{tag}"), text);
    }
    machine.put(&format!("{manifests}/bad/binary"), [0xff, 0xfe, 0, 1]);
    // Links in a circle, a link to everything, and a tower of folders.
    machine.link(".lmstudio/models/loop", "../models");
    machine.link(".lmstudio/models/self", "self");
    machine.link(".lmstudio/models/all", "/");
    machine.put(&format!(".lmstudio/models/{}deep.gguf", "d/".repeat(60)), small_model("deep"));
    machine.put(".lmstudio/models/a/b/good.gguf", small_model("good"));
    machine.put(".lmstudio/settings.json", "{\"downloadsFolder\": \"relative/../..\"}");
    machine.put(".lmstudio-home-pointer", "../relative");
    let found = scan(&machine.workbench()).await;
    let named = |name: &str| found.iter().find(|model| model.name == name);
    for tag in ["climbs", "root", "long"] {
        let model = named(&format!("bad:{tag}")).unwrap();
        assert_eq!(model.problem.as_deref(), Some("its manifest names no blob"));
    }
    for tag in ["list", "deep", "types", "huge", "binary"] {
        let model = named(&format!("bad:{tag}")).unwrap();
        assert_eq!(model.problem.as_deref(), Some("its manifest cannot be read"), "{tag}");
    }
    assert!(named("bad:none").is_none());
    assert!(named("good.gguf").is_some() && named("deep.gguf").is_none());
    assert!(found.iter().all(|model| model.path != secret), "{found:?}");
}

#[tokio::test]
async fn a_folder_of_a_hundred_thousand_files_costs_a_bounded_look() {
    let machine = Machine::new().with("LLAMA_CACHE", "cache");
    let folder = machine.user("cache");
    fs::create_dir(&folder).unwrap();
    let model = machine.put("one.gguf", small_model("one"));
    for index in 0..100_000 {
        // Links to one file are as quick to make as files are slow.
        fs::hard_link(&model, folder.join(format!("m{index}.gguf"))).unwrap_or_else(|_most| {
            fs::write(folder.join(format!("m{index}.gguf")), "x").unwrap();
        });
    }
    let workbench = machine.workbench();
    let begun = Instant::now();
    let found = scan(&workbench).await;
    assert!(found.len() <= 2_000, "{}", found.len());
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

/// Runs one by link, as Ollama keeps it.
#[tokio::test(flavor = "multi_thread")]
async fn real_model_of_another_app_runs_by_link() {
    #[expect(clippy::disallowed_methods, reason = "scripts/test names the model so")]
    let model = std::env::var_os("BRAINCELLS_TEST_MODEL").expect("the starter model is named");
    let machine = Machine::new();
    let blob = machine.user(&format!(".ollama/models/blobs/sha256-{}", hash('e')));
    fs::create_dir_all(blob.parent().unwrap()).unwrap();
    symlink(Path::new(&model), &blob).unwrap();
    machine.put(
        ".ollama/models/manifests/registry.ollama.ai/library/smollm2/135m",
        manifest(&format!("sha256:{}", hash('e'))),
    );
    let found = real::fill_by_link(&machine.home, &machine.variables).await;
    assert_eq!(found, "smollm2-135m");
}

mod real {
    use braincells_core::{CalibrationMode, Event, ModelStatus, RunScope, RunStatus, Sampling};
    use braincells_testing::typed_recipe;
    use braincells_workbench::{EngineOptions, InputFile, LocalEngines, SystemClock};

    use super::*;

    /// Links the only model that is found, fills a column with it, and says what it is called.
    pub async fn fill_by_link(home: &TempHome, variables: &[(OsString, OsString)]) -> String {
        let clock = Arc::new(SystemClock);
        let place = home.home().with_other_apps(OtherApps::of(variables.iter().cloned()));
        let events = Arc::new(RecordedEvents::default());
        let workbench = Workbench::open(World {
            engines: Arc::new(LocalEngines::new(place.clone(), clock.clone())),
            clock,
            events: Arc::clone(&events) as _,
            home: place,
            probe: Arc::new(ProbeHere),
            cloud: no_backends(),
        })
        .unwrap();
        let found = workbench.scan_models().await.unwrap();
        let [found] = found.as_slice() else { panic!("{found:?}") };
        let model = workbench.add_model(&found.path, AddModel::Link).await.unwrap();
        assert_eq!(model.used_at_ms, None);
        let info = workbench.model_info(&model.name).await.unwrap();
        assert_eq!((info.architecture.as_deref(), info.problem), (Some("llama"), None));
        assert!(info.fit.is_some());

        let source = home.write("t.csv", "text\nHello.\n");
        let sheet = workbench.import(&InputFile::new(source)).await.unwrap().id;
        let mut recipe = typed_recipe("Say: {{text}}", braincells_core::Output::Text);
        recipe.model.clone_from(&model.name);
        recipe.sampling = Sampling { max_tokens: Some(4), ..Sampling::default() };
        recipe.calibration = CalibrationMode::None;
        let column = workbench.add_ai_column(sheet, "said", recipe).await.unwrap().id;
        let options = EngineOptions::default();
        let run = workbench.run(sheet, column, RunScope::Empty, &options).await.unwrap();
        assert_eq!(run.finished().await.status, RunStatus::Done);
        let listed = workbench.models().await.unwrap();
        assert!(listed[0].used_at_ms.is_some());
        assert_eq!(listed[0].status, ModelStatus::Ready, "it stays in memory");
        workbench.unload_models().await;
        assert_eq!(workbench.models().await.unwrap()[0].status, ModelStatus::Downloaded);
        let told: Vec<ModelStatus> = events
            .all()
            .into_iter()
            .filter_map(|event| match event {
                Event::ModelStatus { model: name, status, .. } if name == model.name => {
                    Some(status)
                }
                _ => None,
            })
            .collect();
        assert_eq!(
            told,
            [
                ModelStatus::Loading,
                ModelStatus::Ready,
                ModelStatus::Running,
                ModelStatus::Ready,
                ModelStatus::Downloaded,
            ]
        );
        model.name
    }
}
