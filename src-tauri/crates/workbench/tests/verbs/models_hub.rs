//! The hub's models, with what they mean for this machine, from a hub on loopback.

use std::sync::Arc;

use braincells_core::{Code, Settings};
use braincells_llm::FakeEngine;
use braincells_testing::hub_server::{HostedFile, HostedRepository, HubFolder, HubServer};
use braincells_testing::{
    ManualClock, RecordedEvents, ScriptedEngines, TempHome, small_model, small_model_part,
    small_model_with,
};
use braincells_workbench::{
    Cloud, DownloadRequest, Keys, ProbeHere, Runtime, Search, SearchSort, Verdict, Workbench, World,
};

fn hub() -> HubServer {
    let part = |number| {
        let path = format!("Q8_0/small-Q8_0-{number:05}-of-00002.gguf");
        HostedFile::new(&path, small_model_part("small", number, 2))
    };
    let repository = HostedRepository::new("owner/small-GGUF")
        .with(HostedFile::new("small-Q4_K_M.gguf", small_model("small")))
        .with(part(1))
        .with(part(2))
        .with(HostedFile::new("small-BF16.gguf", vec![7; 4000]))
        .knowing(|facts| facts.downloads = 10);
    let other = HostedRepository::new("owner/other-GGUF")
        .with(HostedFile::new("other-Q4_K_M.gguf", small_model("other")))
        .knowing(|facts| facts.downloads = 20);
    HubServer::start(HubFolder::new().with(repository).with(other))
}

fn workbench(home: &TempHome, endpoint: &str) -> Workbench {
    Workbench::open(World {
        home: home.home(),
        clock: Arc::new(ManualClock::at(1_800_000_000_000)),
        events: Arc::new(RecordedEvents::default()),
        engines: Arc::new(ScriptedEngines::new(Arc::new(FakeEngine::echo()))),
        probe: Arc::new(ProbeHere),
        cloud: Arc::new(Cloud::new(Keys::in_memory()).with_hub_endpoint(endpoint)),
    })
    .unwrap()
}

#[tokio::test]
async fn a_repository_says_what_fits_and_what_is_here() {
    let (hub, home) = (hub(), TempHome::new());
    let workbench = workbench(&home, hub.endpoint());
    let search = Search {
        text: "owner".to_owned(),
        runtime: Runtime::Gguf,
        sort: SearchSort::Downloads,
        limit: 10,
    };
    let found = workbench.search_models(search).await.unwrap();
    let ids: Vec<&str> = found.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["owner/other-GGUF", "owner/small-GGUF"]);

    let folder = home.home().models().join("owner--small-GGUF");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("small-Q4_K_M.gguf"), small_model("small")).unwrap();
    let found = workbench.hub_repository("owner/small-GGUF:q8_0").await.unwrap();
    let labels: Vec<&str> =
        found.repository.choices.iter().map(|choice| choice.label.as_str()).collect();
    let at = |label: &str| labels.iter().position(|one| *one == label).unwrap();
    assert_eq!(labels.len(), 3, "{labels:?}");
    assert_eq!(found.wanted, Some(at("Q8_0")));
    assert_eq!(found.fits, [Verdict::Fits; 3]);
    assert!(found.suggested.is_some());
    let here = Some("owner--small-GGUF/small-Q4_K_M.gguf");
    assert_eq!(found.installed[at("Q4_K_M")].as_deref(), here);
    assert_eq!(found.installed[at("Q8_0")], None);

    for (label, due) in [("Q4_K_M", "Q4_K_M"), ("q8_0", "Q8_0"), ("", "Q4_K_M")] {
        let fit = workbench.hub_fit("owner/small-GGUF:Q4_K_M", label).await.unwrap();
        assert_eq!((fit.label.as_str(), fit.problem), (due, None));
        let judged = fit.judgement;
        assert_eq!(judged.verdict, Verdict::Fits, "{label}: {}", judged.reason);
        assert_eq!(judged.layers, 1);
    }
    for (reference, label) in [
        ("owner/small-GGUF", "Q2_K"),
        ("owner/small-GGUF:Q2_K", ""),
        ("owner/small-GGUF/none.gguf", ""),
    ] {
        let unknown = workbench.hub_fit(reference, label).await.unwrap_err();
        assert_eq!(unknown.code, Code::NotFound, "{reference}");
        assert!(unknown.hint.as_ref().unwrap().contains("Q8_0"), "{unknown:?}");
        let label = Some(label.to_owned());
        let request = DownloadRequest { label, ..DownloadRequest::new(reference) };
        assert_eq!(workbench.download_model(request).await.unwrap_err(), unknown);
    }
    let broken = workbench.hub_fit("owner/small-GGUF", "BF16").await.unwrap_err();
    assert_eq!(broken.code, Code::ModelBroken, "{broken}");
}

#[tokio::test]
async fn what_is_suggested_is_judged_and_fetched() {
    let starter = braincells_models::catalogue::Catalogue::built_in().starter().unwrap();
    let label = &starter.variants[0].label;
    let file = |label: &str| HostedFile::new(&format!("m.{label}.gguf"), small_model(label));
    // Quantisations that the list leaves out are not what its name means.
    let of_list = HostedRepository::new(&starter.repository).with(file(label)).with(file("Q8_0"));
    let strange = HostedRepository::new("owner/strange-GGUF")
        .with(HostedFile::new("m-Q4_0.gguf", small_model_with("m", "llama", "lxama")))
        .knowing(|facts| {
            facts.gguf = Some(serde_json::json!({ "total": 1000, "architecture": "lxama" }));
        });
    let vast = |label: &str, bytes| {
        let file = HostedFile::generated(&format!("m-2b-{label}.gguf"), 1, bytes);
        file.saying_sha256(&"0".repeat(64))
    };
    let other = HostedRepository::new("owner/other-GGUF")
        .with(vast("Q2_K", 15 << 40))
        .with(vast("Q4_0", 16 << 40));
    let hub = HubServer::start(HubFolder::new().with(of_list).with(strange).with(other));
    let home = TempHome::new();
    let workbench = workbench(&home, hub.endpoint());

    let shown = workbench.hub_repository(&starter.id).await.unwrap();
    let suggested = &shown.repository.choices[shown.suggested.unwrap()].label;
    let fit = workbench.hub_fit(&starter.id, "").await.unwrap();
    let fetched = workbench.download_model(DownloadRequest::new(&starter.id)).await.unwrap();
    assert_eq!((suggested, &fit.label, fetched.label.as_ref()), (label, label, Some(label)));

    // Even where nothing will fit, one is named.
    let shown = workbench.hub_repository("owner/other-GGUF").await.unwrap();
    assert_eq!((shown.suggested, shown.fits), (Some(1), vec![Verdict::WillNotFit; 2]));

    let shown = workbench.hub_repository("owner/strange-GGUF").await.unwrap();
    assert!(shown.problem.unwrap().contains("`lxama`"));
    assert!(shown.repository.notes.is_empty(), "it is not said twice");
    let fit = workbench.hub_fit("owner/strange-GGUF", "").await.unwrap();
    assert!(fit.problem.unwrap().contains("`lxama`"));
}

#[tokio::test]
async fn what_a_folder_for_mlx_takes_is_told_by_its_size_alone() {
    let repository = HostedRepository::new("owner/small-4bit")
        .with(HostedFile::new("config.json", b"{}".to_vec()))
        .with(HostedFile::generated("model.safetensors", 1, 1 << 20))
        .knowing(|facts| facts.library = Some("mlx".to_owned()));
    let hub = HubServer::start(HubFolder::new().with(repository));
    let home = TempHome::new();
    let workbench = workbench(&home, hub.endpoint());
    let shown = workbench.hub_repository("owner/small-4bit").await.unwrap();
    assert_eq!(shown.fits, [Verdict::Fits]);
    let error = workbench.hub_fit("owner/small-4bit", "").await.unwrap_err();
    assert_eq!(error.code, Code::BadInput, "{error}");
    // People read it, who have never seen a field of an answer.
    let hint = error.hint.unwrap();
    assert!(hint.contains("its size") && !hint.contains('`'), "{hint}");
}

#[tokio::test]
async fn what_cannot_be_asked_is_said() {
    let (hub, home) = (hub(), TempHome::new());
    let bench = workbench(&home, hub.endpoint());
    for (reference, code) in
        [("owner/none-GGUF", Code::NotFound), ("../../etc", Code::BadInput), ("", Code::BadInput)]
    {
        let error = bench.hub_repository(reference).await.unwrap_err();
        assert_eq!(error.code, code, "{reference}: {error}");
        assert!(error.hint.is_some(), "{error}");
    }
    for (text, is_one) in [
        ("owner/small-GGUF:Q4_K_M", true),
        ("owner/small-GGUF/small-Q4_K_M.gguf", true),
        ("owner/small-GGUF:small-Q4_K_M.gguf", true),
        ("small-Q4_K_M.gguf", false),
        ("Downloads/small-Q4_K_M.gguf", false),
        ("Downloads/small.GGUF", false),
    ] {
        assert_eq!(bench.is_hub_reference(text).await.unwrap(), is_one, "{text}");
    }
    // A hub on this machine may be asked whatever is set; another one may not.
    let settings = Settings { local_only: true, ..Settings::default() };
    bench.set_settings(settings).await.unwrap();
    bench.hub_repository("owner/small-GGUF").await.unwrap();
    drop(bench);
    let far = workbench(&home, "https://hub.example");
    let error = far.hub_repository("owner/small-GGUF").await.unwrap_err();
    assert_eq!(error.code, Code::LocalOnly, "{error}");
    assert!(!far.recommended_models().await.unwrap().is_empty(), "the list asks nobody");
}
