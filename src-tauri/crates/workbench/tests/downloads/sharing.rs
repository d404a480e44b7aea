//! Two processes over one home. In a test both are workbenches of this one, whose locks keep them
//! apart as they keep processes.

use super::*;

/// A download that one process works on and has come some way with.
async fn begun(hub: &HubServer, bench: &Bench) -> DownloadId {
    stall_after(hub, 12 * MIB);
    let id = bench.pull(REPOSITORY).await.id;
    bench.told(id, |download| download.bytes_done >= BLOCK).await;
    id
}

#[tokio::test]
async fn a_download_works_in_one_process_and_is_seen_in_the_other() {
    let hub = hub_with(24 * MIB);
    let bench = Bench::new(&hub);
    let id = begun(&hub, &bench).await;
    let other = bench.beside(&hub);
    other.workbench.resume_downloads().await.unwrap();
    other.told(id, |download| download.elsewhere).await;
    let seen = other.now(id).await;
    assert_eq!((seen.state, seen.elsewhere), (DownloadState::Running, true));
    assert!(!bench.now(id).await.elsewhere);
    assert_eq!(other.pull(REPOSITORY).await.id, id, "asking there does not begin a second one");
    go_on(&hub);
    assert_eq!(other.finished(id).await.state, DownloadState::Done);
    other.events.until(|events| events.contains(&Event::ModelsChanged)).await;
    assert_eq!(bodies(&hub, FILE).len(), 1, "it was fetched once");
    // An earlier file of this name may have failed to load in either.
    for process in [&bench, &other] {
        process.events.until(|events| events.contains(&Event::ModelsChanged)).await;
        assert_eq!(process.engines.failures_forgotten(), [bench.path(NAME)]);
    }
}

#[tokio::test]
async fn one_process_stops_what_the_other_works_on() {
    let hub = hub_with(24 * MIB);
    let bench = Bench::new(&hub);
    let id = begun(&hub, &bench).await;
    let other = bench.beside(&hub);
    let paused = other.workbench.pause_download(id).await.unwrap();
    assert_eq!(paused.state, DownloadState::Paused);
    // The one that works looks at the table every second.
    bench.told_state(id, DownloadState::Paused).await;
    // Then the other may go on with it.
    go_on(&hub);
    other.workbench.resume_download(id).await.unwrap();
    assert_eq!(other.finished(id).await.state, DownloadState::Done);
}

#[tokio::test]
async fn one_process_gives_up_what_the_other_works_on() {
    let hub = hub_with(24 * MIB);
    let bench = Bench::new(&hub);
    let id = begun(&hub, &bench).await;
    let other = bench.beside(&hub);
    let cancelled = other.workbench.cancel_download(id).await.unwrap();
    assert_eq!(cancelled.state, DownloadState::Cancelled);
    bench.told_state(id, DownloadState::Cancelled).await;
    becomes(|| bench.files().is_empty()).await;
}

#[tokio::test]
async fn what_a_dead_process_left_is_taken_up_by_the_living() {
    let hub = hub_with(24 * MIB);
    let bench = Bench::new(&hub);
    let other = bench.beside(&hub);
    other.workbench.resume_downloads().await.unwrap();
    let id = begun(&hub, &bench).await;
    other.told(id, |download| download.elsewhere).await;
    go_on(&hub);
    stall_after(&hub, 2 * MIB);
    // It goes without a word in the table.
    bench.workbench.close().await.unwrap();
    go_on(&hub);
    assert_eq!(other.finished(id).await.state, DownloadState::Done);
    assert!(!other.now(id).await.elsewhere);
}

#[tokio::test]
async fn a_process_that_adopts_nothing_leaves_others_alone() {
    let hub = hub_with(24 * MIB);
    let bench = Bench::new(&hub);
    let id = begun(&hub, &bench).await;
    bench.workbench.close().await.unwrap();
    let other = bench.beside(&hub);
    let requests = hub.requests().len();
    let second = other.workbench.download_model(DownloadRequest::new("owner/none")).await;
    assert!(second.is_err());
    skip(Duration::from_mins(1)).await;
    assert_eq!(bodies(&hub, FILE).len(), 1, "{requests}");
    assert!(other.now(id).await.state.is_active());
}
