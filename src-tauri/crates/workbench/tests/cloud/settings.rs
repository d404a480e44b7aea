use braincells_core::{BackendLimits, BackendSettings, Code, EndpointSettings, Settings};
use braincells_testing::ScriptedEngines;
use braincells_workbench::{EngineSource, RoutedEngines};

use super::*;

fn endpoint(id: &str, base_url: &str) -> EndpointSettings {
    EndpointSettings { id: id.to_owned(), base_url: base_url.to_owned(), models: Vec::new() }
}

/// The engines of the product, with a script where model files are.
fn routed(bench: &Bench, keys: Keys) -> (RoutedEngines, Arc<ScriptedEngines>) {
    let local = Arc::new(ScriptedEngines::new(Arc::new(upper())));
    let clock = Arc::new(ManualClock::at(NOW_MS));
    let cloud = Arc::new(Cloud::new(keys));
    (RoutedEngines::new(Arc::clone(&local) as _, bench.home.home(), clock, cloud), local)
}

#[tokio::test]
async fn endpoints_are_added_changed_and_removed_with_their_keys() {
    let bench = Bench::new(Paid::new(upper()));
    let workbench = &bench.workbench;
    let backends = workbench.backends().await.unwrap();
    let ids = |list: &braincells_workbench::Backends| {
        list.list.iter().map(|one| one.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&backends), ["huggingface", "openrouter", "openai"]);
    assert_eq!(backends.presets.len(), 4);
    assert!(backends.list.iter().all(|one| one.needs_key && one.key.is_none() && !one.is_custom));
    let mut lab = endpoint("lab", "http://lab.example:8000");
    lab.models = vec!["mine".to_owned()];
    let added = workbench.put_endpoint(lab.clone()).await.unwrap();
    let info = added.list.last().unwrap();
    assert_eq!((info.id.as_str(), info.base_url.as_str()), ("lab", "http://lab.example:8000/v1"));
    assert!(info.is_custom && info.key_in_the_clear && !info.needs_key && !info.is_this_machine);
    assert_eq!(info.models, ["mine"]);
    workbench.set_key("lab", "secret".to_owned(), true).await.unwrap();
    lab.base_url = "http://localhost:8000/v1".to_owned();
    let changed = workbench.put_endpoint(lab).await.unwrap();
    assert_eq!(changed.list.len(), 4);
    let info = changed.list.last().unwrap();
    assert!(info.is_this_machine && !info.key_in_the_clear);
    assert_eq!(info.key, None, "a key is for the server that it was entered for");
    assert_eq!(info.key_variable, "BRAINCELLS_KEY_LAB");
    let bad = workbench.put_endpoint(endpoint("openai", "http://x/v1")).await.unwrap_err();
    assert_eq!(bad.code, Code::BadInput);
    assert_eq!(workbench.remove_endpoint("lab").await.unwrap().list.len(), 3);
    assert_eq!(workbench.remove_endpoint("lab").await.unwrap_err().code, Code::NotFound);
    workbench.put_endpoint(endpoint("lab", "http://localhost:1/v1")).await.unwrap();
    let back = workbench.backends().await.unwrap();
    assert_eq!(back.list.last().unwrap().key, None, "the key went with the endpoint");
}

#[tokio::test]
async fn a_key_stays_with_the_server_that_it_was_entered_for() {
    let bench = Bench::new(Paid::new(upper()));
    let workbench = &bench.workbench;
    let put = async |url: &str| {
        let put = workbench.put_endpoint(endpoint("lab", url)).await;
        put.map(|backends| backends.list.last().unwrap().key.is_some())
    };
    put("http://lab.example:8000/v1").await.unwrap();
    for (url, stays) in [
        ("http://lab.example:8000", true),
        ("http://LAB.example:8000/other/v1", true),
        ("https://lab.example:8000/v1", false),
        ("https://lab.example:8001/v1", false),
        ("https://lab.example.com:8001/v1", false),
    ] {
        workbench.set_key("lab", "secret".to_owned(), true).await.unwrap();
        assert_eq!(put(url).await.unwrap(), stays, "{url}");
    }
    workbench.set_key("lab", "secret".to_owned(), false).await.unwrap();
    let mut bad = endpoint("lab", "https://elsewhere.example/v1");
    bad.models = vec!["two words".to_owned()];
    assert_eq!(workbench.put_endpoint(bad).await.unwrap_err().code, Code::BadInput);
    let kept = workbench.backends().await.unwrap();
    assert!(kept.list.last().unwrap().key.is_some(), "what is refused costs no key");
    assert!(!put("https://elsewhere.example/v1").await.unwrap(), "nor one of this session");
}

#[tokio::test]
async fn an_endpoint_that_is_moved_with_all_settings_takes_no_key_along() {
    let bench = Bench::new(Paid::new(upper()));
    let workbench = &bench.workbench;
    workbench.put_endpoint(endpoint("lab", "http://lab.example/v1")).await.unwrap();
    let here = workbench.settings().await.unwrap();
    let mut there = here.clone();
    there.backends.endpoints[0].base_url = "http://elsewhere.example/v1".to_owned();
    let has_key = async |settings: &Settings| {
        workbench.set_settings(settings.clone()).await.unwrap();
        workbench.backends().await.unwrap().list.last().unwrap().key.is_some()
    };
    for keep in [true, false] {
        workbench.set_key("lab", "secret".to_owned(), keep).await.unwrap();
        assert!(!has_key(&there).await, "{keep}");
        assert!(has_key(&here).await, "it is where it was entered for");
        workbench.remove_key("lab").await.unwrap();
    }
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_read_keeps_no_other_setting_from_changing() {
    let bench = Bench::new(Paid::new(upper()));
    let good = endpoint("lab", "http://lab.example/v1");
    bench.workbench.put_endpoint(good.clone()).await.unwrap();
    // As another version may write it.
    let catalogue = braincells_data::Catalogue::open(&bench.home.home().catalogue()).unwrap();
    let mut kept = catalogue.setting("settings").unwrap().unwrap();
    kept["backends"]["endpoints"][0]["base_url"] = "unix:/run/lab".into();
    catalogue.set_setting("settings", &kept).unwrap();
    let lock = |settings: &mut Settings| {
        settings.local_only = true;
        Ok(())
    };
    assert!(bench.workbench.change_settings(lock).await.unwrap().local_only);
    let all = bench.workbench.settings().await.unwrap();
    assert!(all.local_only);
    bench.workbench.set_settings(Settings { local_only: false, ..all }).await.unwrap();
    let other = bench.workbench.put_endpoint(endpoint("other", "http://localhost:1/v1")).await;
    assert_eq!(other.unwrap_err().code, Code::BadInput, "endpoints are checked together");
    assert_eq!(bench.workbench.put_endpoint(good).await.unwrap().list.len(), 4);
}

#[tokio::test]
async fn changes_at_the_same_time_do_not_undo_each_other() {
    let bench = Bench::new(Paid::new(upper()));
    let puts = (0..24).map(|at| {
        let workbench = bench.workbench.clone();
        tokio::spawn(async move {
            let put = endpoint(&format!("lab-{at}"), "http://localhost:8000/v1");
            workbench.put_endpoint(put).await.unwrap();
            let limits = BackendLimits { requests_per_minute: Some(at + 1), ..limits_of(at) };
            let change = move |settings: &mut Settings| {
                settings.backends.limits.push(limits);
                Ok(())
            };
            workbench.change_settings(change).await.unwrap();
        })
    });
    for put in puts.collect::<Vec<_>>() {
        put.await.unwrap();
    }
    let backends = bench.workbench.settings().await.unwrap().backends;
    assert_eq!((backends.endpoints.len(), backends.limits.len()), (24, 24));
    let refused = |settings: &mut Settings| {
        settings.local_only = true;
        Err(braincells_core::AppError::new(Code::BadInput, "no"))
    };
    bench.workbench.change_settings(refused).await.unwrap_err();
    assert!(!bench.workbench.settings().await.unwrap().local_only);
}

fn limits_of(at: u32) -> BackendLimits {
    BackendLimits { backend: format!("lab-{at}"), ..BackendLimits::default() }
}

#[tokio::test]
async fn an_engine_with_a_key_that_another_process_replaced_is_not_used_again() {
    let keys = Keys::in_memory();
    let bench = Bench::with_keys(Paid::new(upper()), keys.of_another_process());
    bench.workbench.put_endpoint(endpoint("here", "http://127.0.0.1:9/v1")).await.unwrap();
    let set = async |key: &str| {
        bench.workbench.set_key("here", key.to_owned(), true).await.unwrap();
    };
    let (engines, _) = routed(&bench, keys);
    let options = EngineOptions::default();
    let engine = async || {
        let events = Arc::new(RecordedEvents::default());
        engines.engine("here:m", &options, events).await.unwrap()
    };
    set("sk-1").await;
    let first = engine().await;
    assert!(Arc::ptr_eq(&first, &engine().await));
    set("sk-2").await;
    assert!(engines.loaded("here:m").await.is_none());
    let second = engine().await;
    assert!(!Arc::ptr_eq(&first, &second));
    assert!(Arc::ptr_eq(&second, &engines.loaded("here:m").await.unwrap()));
}

#[tokio::test]
async fn the_default_model_may_be_one_of_a_backend() {
    let bench = Bench::new(Paid::new(upper()));
    let with = |model: &str| Settings { model: model.to_owned(), ..Settings::default() };
    let set = async |settings| bench.workbench.set_settings(settings).await;
    assert_eq!(set(with("openai:gpt-4o-mini")).await.unwrap().model, "openai:gpt-4o-mini");
    assert_eq!(set(with("openai:")).await.unwrap_err().code, Code::BadInput);
    assert_eq!(set(with("vllm:m")).await.unwrap_err().code, Code::ModelMissing);
    let backends = BackendSettings {
        endpoints: vec![endpoint("vllm", "http://localhost:8000")],
        ..BackendSettings::default()
    };
    let known = set(Settings { backends, ..with("vllm:m") }).await.unwrap();
    assert_eq!(known.backends.endpoints[0].base_url, "http://localhost:8000/v1");
    let sheet = bench.sheet(1).await;
    let column = bench.add(sheet, "answer", of_model("", "{{text}}")).await;
    assert_eq!(bench.fill(sheet, column, RunScope::Empty).await.status, RunStatus::Done);
    assert_eq!(bench.engines.models_asked(), ["vllm:m"]);
}

#[tokio::test]
async fn limits_outside_of_reason_are_refused() {
    let bench = Bench::new(Paid::new(upper()));
    let limits = |parallel_requests, requests_per_minute| Settings {
        backends: BackendSettings {
            limits: vec![BackendLimits {
                backend: "openai".to_owned(),
                parallel_requests,
                requests_per_minute,
                tokens_per_minute: None,
            }],
            ..BackendSettings::default()
        },
        ..Settings::default()
    };
    for bad in [limits(Some(0), None), limits(Some(257), None), limits(None, Some(0))] {
        assert_eq!(bench.workbench.set_settings(bad).await.unwrap_err().code, Code::BadInput);
    }
    let kept = bench.workbench.set_settings(limits(Some(64), Some(20))).await.unwrap();
    assert_eq!(bench.workbench.settings().await.unwrap(), kept);
    let openai = bench.workbench.backends().await.unwrap().list.pop().unwrap();
    assert_eq!(openai.limits.parallel_requests, Some(64));
}

#[tokio::test]
async fn engines_are_found_by_the_name_of_the_model() {
    let bench = Bench::new(Paid::new(upper()));
    bench.workbench.put_endpoint(endpoint("here", "http://127.0.0.1:9/v1")).await.unwrap();
    let keys =
        Keys::in_memory().with_environment([("openai".to_owned(), "sk-1".to_owned())].into());
    let (engines, local) = routed(&bench, keys);
    engines.check("openai:m").await.unwrap();
    engines.check("here:m").await.unwrap();
    engines.check("m.gguf").await.unwrap();
    let missing = engines.check("hf:org/m").await.unwrap_err();
    assert_eq!(missing.code, Code::KeyRefused);
    assert!(missing.message.contains("has no key") && missing.message.contains("HF_TOKEN"));
    let unknown = engines.check("vllm:m").await.unwrap_err();
    assert_eq!(unknown.code, Code::NotFound);
    assert!(unknown.hint.unwrap().contains("`here`"));
    assert_eq!(engines.check("openai:").await.unwrap_err().code, Code::BadInput);
    let lanes = ["openai:a", "openai:b", "here:a", "m.gguf"].map(|model| engines.lane(model));
    assert!(lanes[0] == lanes[1] && lanes[1] != lanes[2]);
    assert_eq!(lanes[3], "m.gguf");
    let options = EngineOptions {
        cap: braincells_core::RunCap { micro_usd: Some(1), tokens: None },
        parallel_requests: Some(9),
        threads: Some(2),
        ..EngineOptions::default()
    };
    let events = Arc::new(RecordedEvents::default());
    engines.engine("m.gguf", &options, Arc::clone(&events) as _).await.unwrap();
    let plain = EngineOptions { threads: Some(2), ..EngineOptions::default() };
    assert_eq!(local.options_asked(), [plain], "a model is not loaded again for a cap");
    let engine = engines.engine("here:m", &options, events).await.unwrap();
    assert_eq!(engine.capabilities().parallel_requests, 9);
    assert!(!engine.capabilities().scores_labels);
    assert!(engines.loaded("here:m").await.is_some() && engines.loaded("here:n").await.is_none());
}

#[tokio::test]
async fn without_a_key_no_run_is_begun() {
    let bench = Bench::new(Paid::new(upper()));
    let (engines, _) = routed(&bench, Keys::in_memory());
    let home = TempHome::new();
    let workbench = Workbench::open(World {
        home: home.home(),
        clock: Arc::new(ManualClock::at(NOW_MS)),
        events: Arc::new(RecordedEvents::default()),
        engines: Arc::new(engines),
        probe: Arc::new(ProbeHere),
        cloud: braincells_testing::no_backends(),
    })
    .unwrap();
    let source = bench.home.write("in.csv", "text\na\n");
    let sheet = workbench.import(&InputFile::new(source)).await.unwrap().id;
    let recipe = of_model("openai:m", "{{text}}");
    let added = workbench.add_ai_column(sheet, "answer", recipe).await;
    let options = EngineOptions::default();
    let refused = match added {
        Ok(column) => workbench.run(sheet, column.id, RunScope::Empty, &options).await.err(),
        Err(error) => Some(error),
    };
    assert_eq!(refused.unwrap().code, Code::KeyRefused);
    assert_eq!(workbench.runs(sheet).await.unwrap().len(), 0);
}
