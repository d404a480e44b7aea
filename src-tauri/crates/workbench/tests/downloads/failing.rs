//! Downloads that do not come, or not at once.

use super::*;

fn cut(hub: &HubServer, times: Option<u32>) {
    hub.set_faults(|faults| {
        faults.cut = Some(Cut { after_bytes: 1000, reset: false, times });
    });
}

#[tokio::test]
async fn a_broken_connection_is_tried_again_by_itself() {
    let hub = hub_with(MIB);
    cut(&hub, Some(1));
    let bench = Bench::new(&hub);
    let id = bench.pull(REPOSITORY).await.id;
    bench.told_state(id, DownloadState::Waiting).await;
    let waiting = bench.now(id).await;
    assert_eq!((waiting.retries, waiting.retry_at_ms), (1, Some(NOW_MS + 2000)));
    assert_eq!(waiting.error.unwrap().code, Code::Unreachable);
    skip(Duration::from_secs(2)).await;
    let done = bench.finished(id).await;
    assert_eq!((done.state, done.error), (DownloadState::Done, None));
}

#[tokio::test]
async fn after_three_times_a_person_has_to_try_and_can() {
    let hub = hub_with(MIB);
    cut(&hub, None);
    let bench = Bench::new(&hub);
    let id = bench.pull(REPOSITORY).await.id;
    for (retries, seconds) in [(1, 2), (2, 8), (3, 30)] {
        bench.told(id, |now| now.state == DownloadState::Waiting && now.retries == retries).await;
        let waiting = bench.now(id).await;
        assert_eq!(waiting.retry_at_ms, Some(NOW_MS + seconds * 1000));
        skip(Duration::from_secs(seconds as u64)).await;
    }
    let failed = bench.finished(id).await;
    assert_eq!((failed.state, failed.retries), (DownloadState::Failed, 3));
    assert!(failed.error.unwrap().hint.is_some());
    assert!(!bench.path(NAME).exists());
    assert_eq!(bodies(&hub, FILE).len(), 4);
    assert_eq!(bench.workbench.pause_download(id).await.unwrap_err().code, Code::Conflict);
    hub.set_faults(|faults| faults.cut = None);
    let resumed = bench.workbench.resume_download(id).await.unwrap();
    assert_eq!((resumed.retries, resumed.error), (0, None));
    assert_eq!(bench.finished(id).await.state, DownloadState::Done);
}

#[tokio::test]
async fn the_hub_is_not_pressed_when_it_asks_to_wait() {
    let hub = hub_with(MIB);
    let bench = Bench::new(&hub);
    for (status, retry_after, wait_ms) in [(429, Some(20), 20_000), (503, None, 2000)] {
        hub.set_faults(|faults| {
            faults.failure =
                Some(Failure { status, retry_after, part: HubPart::Resolve, times: Some(1) });
        });
        let id = bench.pull(REPOSITORY).await.id;
        bench.told_state(id, DownloadState::Waiting).await;
        let waiting = bench.now(id).await;
        assert_eq!(waiting.retry_at_ms, Some(NOW_MS + wait_ms), "{status}");
        bench.workbench.cancel_download(id).await.unwrap();
    }
}

#[tokio::test]
async fn a_wait_can_be_cut_short_or_ended() {
    let hub = hub_with(MIB);
    cut(&hub, Some(1));
    let bench = Bench::new(&hub);
    let id = bench.pull(REPOSITORY).await.id;
    bench.told_state(id, DownloadState::Waiting).await;
    bench.workbench.pause_download(id).await.unwrap();
    skip(Duration::from_mins(1)).await;
    assert_eq!(bench.now(id).await.state, DownloadState::Paused);
    bench.workbench.resume_download(id).await.unwrap();
    assert_eq!(bench.finished(id).await.state, DownloadState::Done);
}

#[tokio::test]
async fn a_hub_that_goes_away_and_comes_back_is_waited_for() {
    let hub = hub_with(24 * MIB);
    stall_after(&hub, 12 * MIB);
    let bench = Bench::new(&hub);
    let id = bench.pull(REPOSITORY).await.id;
    bench.told(id, |download| download.bytes_done >= BLOCK).await;
    hub.go_offline();
    bench.told_state(id, DownloadState::Waiting).await;
    go_on(&hub);
    hub.go_online().unwrap();
    skip(Duration::from_secs(2)).await;
    assert_eq!(bench.finished(id).await.state, DownloadState::Done);
    let file = HostedFile::generated("model-Q4_K_M.gguf", 7, 24 * MIB);
    assert_eq!(sha256(&bench.path(NAME)), sum_of(&file));
}

#[tokio::test]
async fn what_is_not_what_the_hub_said_never_becomes_a_model() {
    let hub = hub_with(MIB);
    hub.set_faults(|faults| faults.damage_at = Some(1234));
    let bench = Bench::new(&hub);
    let id = bench.pull(REPOSITORY).await.id;
    let failed = bench.finished(id).await;
    assert_eq!(failed.state, DownloadState::Failed);
    assert_eq!(failed.error.unwrap().code, Code::ModelBroken);
    assert!(!bench.path(NAME).exists());
    assert!(bench.workbench.models().await.unwrap().is_empty());
    hub.set_faults(|faults| faults.damage_at = None);
    bench.workbench.resume_download(id).await.unwrap();
    assert_eq!(bench.finished(id).await.state, DownloadState::Done);
}

#[tokio::test]
async fn a_home_that_is_gone_ends_its_downloads_with_a_reason() {
    let hub = hub_with(MIB);
    stall_after(&hub, 1000);
    let bench = Bench::new(&hub);
    let id = bench.pull(REPOSITORY).await.id;
    hub.until(|requests| requests.iter().any(|request| request.sent >= 1000)).await;
    bench.workbench.pause_download(id).await.unwrap();
    std::fs::remove_dir_all(bench.home.models()).unwrap();
    go_on(&hub);
    bench.workbench.resume_download(id).await.unwrap();
    let failed = bench.finished(id).await;
    assert_eq!(failed.state, DownloadState::Failed);
    assert_eq!(failed.error.unwrap().code, Code::Storage);
    assert!(!bench.home.models().exists(), "a home is not made anew behind one's back");
}

#[tokio::test]
async fn a_disk_that_is_full_stops_a_download_until_there_is_room() {
    let hub = hub_with(24 * MIB);
    let folder = TempHome::new();
    let Some(disk) = SmallDisk::new(folder.outside().join("disk"), 384) else {
        println!("not tested: nothing may be mounted here");
        return;
    };
    stall_after(&hub, 12 * MIB);
    let home = Home::new(disk.path().join("home"));
    let bench = Bench::in_home(home, &hub, Keys::in_memory());
    let id = bench.pull(REPOSITORY).await.id;
    bench.told(id, |download| download.bytes_done >= BLOCK).await;
    // To the last byte: the row that says so may find no room either.
    let filler = disk.fill();
    go_on(&hub);
    let failed = bench.finished(id).await;
    assert_eq!(failed.state, DownloadState::Failed);
    assert_eq!(failed.error.unwrap().code, Code::DiskFull);
    std::fs::remove_file(filler).unwrap();
    hub.forget_requests();
    bench.workbench.resume_download(id).await.unwrap();
    assert_eq!(bench.finished(id).await.state, DownloadState::Done);
    assert!(bodies(&hub, FILE)[0].range.is_some(), "what was there was not fetched again");
}

#[tokio::test]
async fn a_download_that_cannot_be_locked_says_so_and_keeps_no_other_from_its_turn() {
    let hub = hub_with_models(&["Q4_K_M", "Q8_0"], MIB);
    let bench = Bench::new(&hub);
    // As a lock file of another user would be, it cannot be opened for writing.
    let in_the_way = bench.home.temporary().join("download-1.lock");
    std::fs::create_dir_all(&in_the_way).unwrap();
    let id = bench.pull(&format!("{REPOSITORY}:Q4_K_M")).await.id;
    let failed = bench.finished(id).await;
    assert_eq!(failed.state, DownloadState::Failed);
    let error = failed.error.unwrap();
    assert_eq!(error.code, Code::Storage);
    assert!(error.message.contains("cannot be locked"), "{error}");
    let other = bench.pull(&format!("{REPOSITORY}:Q8_0")).await.id;
    assert_eq!(bench.finished(other).await.state, DownloadState::Done);
    std::fs::remove_dir(&in_the_way).unwrap();
    bench.workbench.resume_download(id).await.unwrap();
    assert_eq!(bench.finished(id).await.state, DownloadState::Done);
}
