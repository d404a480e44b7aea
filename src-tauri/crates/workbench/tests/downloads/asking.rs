//! What is refused before anything is fetched, and what a wish may look like.

use braincells_workbench::RoutedEngines;

use super::*;

#[tokio::test]
async fn an_address_a_label_and_a_file_mean_the_same_model() {
    let hub = hub_with_models(&["Q4_K_M", "Q8_0"], 1000);
    let bench = Bench::new(&hub);
    let page = format!("{}/{REPOSITORY}/blob/main/model-Q8_0.gguf", hub.endpoint());
    let one = bench.pull(&page).await;
    assert_eq!(one.label.as_deref(), Some("Q8_0"));
    let request =
        DownloadRequest { label: Some("q4_k_m".to_owned()), ..DownloadRequest::new(page) };
    let other = bench.workbench.download_model(request).await.unwrap();
    assert_eq!(other.label.as_deref(), Some("Q4_K_M"), "what was chosen last counts");
    for id in [one.id, other.id] {
        assert_eq!(bench.finished(id).await.state, DownloadState::Done);
    }
}

#[tokio::test]
async fn what_is_not_there_is_refused_with_what_is_and_leaves_no_trace() {
    let hub = hub_with_models(&["Q4_K_M", "Q8_0"], 1000);
    let bench = Bench::new(&hub);
    for (reference, code, said) in [
        ("owner/model-GGUF:Q9", Code::NotFound, "Q8_0"),
        ("owner/none-GGUF", Code::NotFound, ""),
        ("owner/model-GGUF/none.gguf", Code::NotFound, "model-Q8_0.gguf"),
        ("owner/model-GGUF@none", Code::NotFound, ""),
        ("what is this", Code::BadInput, ""),
        ("../../etc/passwd", Code::BadInput, ""),
    ] {
        let error = bench.refused(reference).await;
        assert_eq!(error.code, code, "{reference}: {error}");
        assert!(error.hint.as_ref().unwrap().contains(said), "{reference}: {error:?}");
    }
    hub.go_offline();
    assert_eq!(bench.refused(REPOSITORY).await.code, Code::Unreachable);
    assert!(bench.workbench.downloads().await.unwrap().is_empty());
    assert_eq!(bench.files(), [""; 0]);
}

#[tokio::test]
async fn a_model_that_is_too_large_for_the_disk_is_refused_with_figures() {
    let sum = "0".repeat(64);
    let file = HostedFile::generated("m-Q4_K_M.gguf", 1, 15 << 40).saying_sha256(&sum);
    let repository = HostedRepository::new(REPOSITORY).with(file);
    let hub = HubServer::start(HubFolder::new().with(repository));
    let bench = Bench::new(&hub);
    let error = bench.refused(REPOSITORY).await;
    assert_eq!(error.code, Code::DiskFull);
    assert!(error.message.contains("needs 16492.9 GB"), "{error}");
    assert!(error.message.contains("free"), "{error}");
    assert!(bench.workbench.downloads().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_gated_model_needs_a_token_that_opens_it() {
    let repository = HostedRepository::new(REPOSITORY)
        .with(HostedFile::generated("model-Q4_K_M.gguf", 7, MIB))
        .knowing(|facts| facts.gate = HubGate::Manual);
    let folder = HubFolder::new()
        .with(repository)
        .with_token("hf_other", &[])
        .with_token("hf_opens", &[REPOSITORY]);
    let hub = HubServer::start(folder);
    let bench = Bench::new(&hub);
    // The page of a gated model is for everybody, its files are not.
    let without = outcome(&bench).await;
    assert_eq!(without.code, Code::KeyRefused);
    let set = |key: &str| bench.workbench.set_key("huggingface", key.to_owned(), false);
    set("hf_other").await.unwrap();
    let refused = outcome(&bench).await;
    assert_eq!(refused.code, Code::Refused);
    assert!(refused.hint.unwrap().contains(REPOSITORY));
    set("hf_opens").await.unwrap();
    let id = bench.pull(REPOSITORY).await.id;
    assert_eq!(bench.finished(id).await.state, DownloadState::Done);
    let to_cdn = |request: &HubRequest| request.part == HubPart::Cdn && request.had_token;
    assert!(!hub.requests().iter().any(to_cdn), "the token is for the hub");
}

/// Why the model does not come, now or after it was asked for.
async fn outcome(bench: &Bench) -> braincells_core::AppError {
    match bench.workbench.download_model(DownloadRequest::new(REPOSITORY)).await {
        Err(error) => error,
        Ok(download) => {
            let failed = bench.finished(download.id).await;
            assert_eq!(failed.state, DownloadState::Failed);
            failed.error.unwrap()
        }
    }
}

#[tokio::test]
async fn nothing_is_asked_of_the_hub_while_nothing_may_leave_this_machine() {
    let hub = hub_with(24 * MIB);
    let bench = Bench::new(&hub);
    let lock = |on: bool| {
        let change = move |settings: &mut braincells_core::Settings| {
            settings.local_only = on;
            Ok(())
        };
        bench.workbench.change_settings(change)
    };
    lock(true).await.unwrap();
    // This hub is on this machine.
    let id = bench.pull(REPOSITORY).await.id;
    assert_eq!(bench.finished(id).await.state, DownloadState::Done);

    let folder = TempHome::new();
    let engines = ScriptedEngines::new(Arc::new(FakeEngine::echo()));
    let cloud = Arc::new(Cloud::new(Keys::in_memory()).with_hub_endpoint("https://hub.invalid"));
    let clock = Arc::new(ManualClock::at(NOW_MS));
    let workbench = Workbench::open(World {
        home: folder.home(),
        clock: Arc::clone(&clock) as _,
        events: Arc::new(RecordedEvents::default()),
        engines: Arc::new(RoutedEngines::new(
            Arc::new(engines),
            folder.home(),
            clock,
            Arc::clone(&cloud),
        )),
        probe: Arc::new(ProbeHere),
        cloud,
    })
    .unwrap();
    let change = |settings: &mut braincells_core::Settings| {
        settings.local_only = true;
        Ok(())
    };
    workbench.change_settings(change).await.unwrap();
    let error = workbench.download_model(DownloadRequest::new(REPOSITORY)).await.unwrap_err();
    assert_eq!(error.code, Code::LocalOnly);
}

#[tokio::test]
async fn an_entry_of_the_catalogue_is_found_where_the_hub_has_it_now() {
    let catalogue = braincells_models::catalogue::Catalogue::built_in();
    let starter = catalogue.starter().unwrap();
    let variant = &starter.variants[0];
    // The commit that the catalogue knows is not there, and the file is called otherwise.
    let path = format!("renamed.{}.gguf", variant.label);
    let repository =
        HostedRepository::new(&starter.repository).with(HostedFile::generated(&path, 1, MIB));
    let hub = HubServer::start(HubFolder::new().with(repository));
    let bench = Bench::new(&hub);
    let download = bench.pull(&format!("{}:{}", starter.id, variant.label)).await;
    assert_eq!(download.repository, starter.repository);
    assert_eq!(bench.finished(download.id).await.state, DownloadState::Done);
    assert!(download.name.ends_with(&path), "{}", download.name);
}

#[tokio::test]
async fn the_same_words_go_on_with_what_came_of_them() {
    let hub = hub_with_models(&["Q4_K_M", "Q8_0"], 3 * BLOCK);
    let bench = Bench::new(&hub);
    stall_after(&hub, BLOCK);
    // Not the one that the machine would decide for.
    let begun = bench.pull("owner/model-GGUF:Q4_K_M").await;
    bench.told(begun.id, |download| download.bytes_done >= BLOCK).await;
    assert_eq!(bench.pull(REPOSITORY).await.id, begun.id);
    bench.workbench.pause_download(begun.id).await.unwrap();
    go_on(&hub);
    assert_eq!(bench.pull(REPOSITORY).await.id, begun.id, "whatever is free now");
    assert_eq!(bench.finished(begun.id).await.state, DownloadState::Done);
    assert_eq!(bench.workbench.downloads().await.unwrap().len(), 1);
    let other = bench.pull("owner/model-GGUF:Q8_0").await;
    assert_eq!(other.label.as_deref(), Some("Q8_0"), "a named one is another");
}

#[tokio::test]
async fn another_commit_than_the_one_under_way_is_a_conflict() {
    let file = |seed| HostedFile::generated("model-Q4_K_M.gguf", seed, 3 * BLOCK);
    let first = HostedRepository::new(REPOSITORY).with(file(1)).tagged("v1");
    let commit = first.commit().to_owned();
    let hub = HubServer::start(HubFolder::new().with(first.then(vec![file(2)])));
    let bench = Bench::new(&hub);
    stall_after(&hub, BLOCK);
    let begun = bench.pull(REPOSITORY).await;
    bench.told(begun.id, |download| download.bytes_done >= BLOCK).await;
    bench.workbench.pause_download(begun.id).await.unwrap();
    for revision in ["v1", &commit] {
        for label in ["", ":Q4_K_M"] {
            let error = bench.refused(&format!("{REPOSITORY}@{revision}{label}")).await;
            assert_eq!(error.code, Code::Conflict, "{error}");
            assert!(error.message.contains("is paused"), "{error}");
            assert!(error.message.contains(&begun.revision[..7]), "{error}");
            assert!(error.hint.unwrap().contains(&format!("models cancel {}", begun.id)));
        }
    }
    let standing = bench.now(begun.id).await;
    assert_eq!((standing.state, bench.files().len()), (DownloadState::Paused, 3));
    let named = format!("{REPOSITORY}@{}", begun.revision);
    for same in [named.as_str(), REPOSITORY, FILE] {
        assert_eq!(bench.pull(same).await.id, begun.id, "{same}");
    }
    bench.workbench.cancel_download(begun.id).await.unwrap();
    go_on(&hub);
    let other = bench.pull(&format!("{REPOSITORY}@v1")).await;
    assert_eq!(other.revision, commit);
    assert_eq!(bench.finished(other.id).await.state, DownloadState::Done);
}

#[tokio::test]
async fn what_nothing_here_can_load_is_not_fetched() {
    let mlx = HostedRepository::new("mlx-community/gemma-3-1b-it-qat-4bit")
        .with(HostedFile::new("config.json", b"{}".to_vec()))
        .with(HostedFile::generated("model.safetensors", 1, MIB))
        .knowing(|facts| facts.library = Some("mlx".to_owned()));
    let strange = HostedRepository::new(REPOSITORY)
        .with(HostedFile::generated("model-Q4_K_M.gguf", 7, MIB))
        .knowing(|facts| {
            facts.gguf = Some(serde_json::json!({ "total": 1000, "architecture": "lxama" }));
        });
    let hub = HubServer::start(HubFolder::new().with(mlx).with(strange));
    let bench = Bench::new(&hub);
    for reference in ["mlx-community/gemma-3-1b-it-qat-4bit", "mlx-gemma-3-1b-it"] {
        let error = bench.refused(reference).await;
        assert_eq!(error.code, Code::BadInput, "{error}");
        assert!(error.hint.unwrap().contains("`gemma-3-1b-it`"), "{reference}");
    }
    let error = bench.refused(REPOSITORY).await;
    assert_eq!(error.code, Code::BadInput);
    assert!(error.message.contains("`lxama`"), "{error}");
    assert!(bench.workbench.downloads().await.unwrap().is_empty());
    let request = DownloadRequest { anyway: true, ..DownloadRequest::new(REPOSITORY) };
    let insisted = bench.workbench.download_model(request).await.unwrap();
    assert_eq!(bench.finished(insisted.id).await.state, DownloadState::Done);
}
