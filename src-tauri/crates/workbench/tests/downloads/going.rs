//! Downloads that come.

use super::*;

#[tokio::test]
async fn a_model_comes_whole_and_is_a_model_then() {
    let hub = hub_with(3 * MIB);
    let bench = Bench::new(&hub);
    let download = bench.pull("owner/model-GGUF:Q4_K_M").await;
    assert_eq!(download.name, NAME);
    assert_eq!((download.bytes_total, download.files), (3 * MIB, 1));
    assert_eq!(download.label.as_deref(), Some("Q4_K_M"));
    assert!(bench.workbench.models().await.unwrap().is_empty(), "nothing is there before it is");
    let done = bench.finished(download.id).await;
    assert_eq!((done.state, done.bytes_done), (DownloadState::Done, 3 * MIB));
    let file = HostedFile::generated("model-Q4_K_M.gguf", 7, 3 * MIB);
    assert_eq!(sha256(&bench.path(NAME)), sum_of(&file));
    assert_eq!(bench.files(), ["owner--model-GGUF", NAME]);
    let models = bench.workbench.models().await.unwrap();
    assert_eq!(models.iter().map(|model| model.name.as_str()).collect::<Vec<_>>(), [NAME]);

    let events = bench.events.all();
    let statuses: Vec<ModelStatus> = events
        .iter()
        .filter_map(|event| match event {
            Event::ModelStatus { model, status, .. } if model == NAME => Some(*status),
            _ => None,
        })
        .collect();
    assert_eq!(statuses, [ModelStatus::Downloading, ModelStatus::Downloaded]);
    assert_eq!(events.iter().filter(|event| **event == Event::ModelsChanged).count(), 1);
    let states = bench.states(download.id);
    assert_eq!(states.first(), Some(&DownloadState::Queued));
    assert_eq!(states.last(), Some(&DownloadState::Done));
    assert!(states.contains(&DownloadState::Running));
    // No lock is left behind.
    becomes(|| std::fs::read_dir(bench.home.temporary()).unwrap().next().is_none()).await;

    let error = bench.refused("owner/model-GGUF:Q4_K_M").await;
    assert_eq!(error.code, Code::Conflict);
    assert!(error.message.contains(NAME), "{error}");
}

#[tokio::test]
async fn what_the_hub_sends_is_never_sent_twice_after_a_restart() {
    let hub = hub_with(24 * MIB);
    stall_after(&hub, 20 * MIB);
    let bench = Bench::new(&hub);
    let id = bench.pull(REPOSITORY).await.id;
    bench.told(id, |download| download.bytes_done >= 2 * BLOCK).await;
    becomes(|| braincells_models::download::progress_of(&bench.path(NAME)) >= Some(2 * BLOCK))
        .await;
    let bench = bench.again(&hub);
    go_on(&hub);
    hub.forget_requests();
    let before = bench.now(id).await;
    assert!(before.state.is_active(), "{before:?}");
    assert!(before.bytes_done >= 2 * BLOCK, "what is on the disk is shown: {before:?}");
    assert!(hub.requests().is_empty(), "opening a home fetches nothing");
    bench.workbench.resume_downloads().await.unwrap();
    assert_eq!(bench.finished(id).await.state, DownloadState::Done);
    let bodies = bodies(&hub, FILE);
    assert_eq!(bodies.len(), 1);
    assert!(bodies[0].sent <= 24 * MIB - 2 * BLOCK, "{bodies:?}");
    let file = HostedFile::generated("model-Q4_K_M.gguf", 7, 24 * MIB);
    assert_eq!(sha256(&bench.path(NAME)), sum_of(&file));
}

#[tokio::test]
async fn a_split_model_comes_with_its_first_part_last() {
    let part = |n: u64| format!("Q8_0/model-Q8_0-0000{n}-of-00003.gguf");
    let repository = (1..=3).fold(HostedRepository::new(REPOSITORY), |repository, n| {
        repository.with(HostedFile::generated(&part(n), n, MIB))
    });
    let hub = HubServer::start(HubFolder::new().with(repository));
    let bench = Bench::new(&hub);
    let download = bench.pull(REPOSITORY).await;
    assert_eq!(download.name, "owner--model-GGUF/model-Q8_0-00001-of-00003.gguf");
    assert_eq!((download.files, download.bytes_total), (3, 3 * MIB));
    assert_eq!(bench.finished(download.id).await.state, DownloadState::Done);
    let order: Vec<String> = hub
        .requests()
        .into_iter()
        .filter(|request| request.part == HubPart::Cdn)
        .map(|request| request.file.unwrap())
        .collect();
    let due: Vec<String> = (1..=3).rev().map(|n| format!("{REPOSITORY}/{}", part(n))).collect();
    assert_eq!(order, due);
    assert_eq!(bench.files().len(), 4);
}

#[tokio::test]
async fn a_part_that_is_there_already_is_compared_and_not_fetched() {
    let part = |n: u64| format!("model-Q8_0-0000{n}-of-00002.gguf");
    let file = |n: u64| HostedFile::new(&part(n), format!("part {n}"));
    let repository = HostedRepository::new(REPOSITORY).with(file(1)).with(file(2));
    let hub = HubServer::start(HubFolder::new().with(repository));
    let bench = Bench::new(&hub);
    // As a process leaves it that was killed between the last byte and the note of it.
    std::fs::create_dir(bench.path("owner--model-GGUF")).unwrap();
    let there = bench.path(&format!("owner--model-GGUF/{}", part(2)));
    std::fs::write(&there, "part 2").unwrap();
    let id = bench.pull(REPOSITORY).await.id;
    assert_eq!(bench.finished(id).await.state, DownloadState::Done);
    assert!(bodies(&hub, &format!("{REPOSITORY}/{}", part(2))).is_empty());
    assert_eq!(bodies(&hub, &format!("{REPOSITORY}/{}", part(1))).len(), 1);

    // One that only looks like it is a person's, and stays.
    let bench = Bench::new(&hub);
    std::fs::create_dir(bench.path("owner--model-GGUF")).unwrap();
    let there = bench.path(&format!("owner--model-GGUF/{}", part(2)));
    std::fs::write(&there, "mine!!").unwrap();
    let id = bench.pull(REPOSITORY).await.id;
    let failed = bench.finished(id).await;
    assert_eq!(failed.state, DownloadState::Failed);
    assert_eq!(failed.error.unwrap().code, Code::Conflict);
    bench.workbench.cancel_download(id).await.unwrap();
    assert_eq!(std::fs::read(&there).unwrap(), b"mine!!");
}

#[tokio::test]
async fn what_came_before_a_crash_goes_when_the_download_is_given_up() {
    let part = |n: u64| format!("model-Q8_0-0000{n}-of-00002.gguf");
    let file = |n: u64| HostedFile::new(&part(n), format!("part {n}"));
    let repository = HostedRepository::new(REPOSITORY).with(file(1)).with(file(2));
    let hub = HubServer::start(HubFolder::new().with(repository));
    stall_after(&hub, 2);
    let bench = Bench::new(&hub);
    std::fs::create_dir(bench.path("owner--model-GGUF")).unwrap();
    let there = format!("owner--model-GGUF/{}", part(2));
    // The ledger is what a crash between the rename and the note leaves beside it.
    std::fs::write(bench.path(&there), "part 2").unwrap();
    let ledger = bench.path(&format!("{there}.partial.json"));
    std::fs::write(&ledger, "{}").unwrap();
    let id = bench.pull(REPOSITORY).await.id;
    hub.until(|requests| requests.iter().any(|request| request.sent >= 2)).await;
    assert!(bench.path(&there).exists() && !ledger.exists());
    bench.workbench.cancel_download(id).await.unwrap();
    assert_eq!(bench.files(), [""; 0]);
}

#[tokio::test]
async fn a_download_stays_with_its_commit() {
    let hub = hub_with(24 * MIB);
    stall_after(&hub, 20 * MIB);
    let bench = Bench::new(&hub);
    let download = bench.pull(REPOSITORY).await;
    bench.told(download.id, |download| download.bytes_done >= 2 * BLOCK).await;
    bench.workbench.pause_download(download.id).await.unwrap();
    let newer = HostedFile::generated("model-Q4_K_M.gguf", 8, 5 * MIB);
    hub.change(REPOSITORY, |repository| repository.then(vec![newer]));
    go_on(&hub);
    // Asking for it again goes on with what is on its way.
    let resumed = bench.pull(REPOSITORY).await;
    assert_eq!((resumed.id, &resumed.revision), (download.id, &download.revision));
    assert_eq!(bench.finished(download.id).await.state, DownloadState::Done);
    let file = HostedFile::generated("model-Q4_K_M.gguf", 7, 24 * MIB);
    assert_eq!(sha256(&bench.path(NAME)), sum_of(&file));
}
