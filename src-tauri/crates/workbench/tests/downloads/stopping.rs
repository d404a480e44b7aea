//! Pause, resume, cancel, and the end of a process.

use super::*;

#[tokio::test]
async fn a_paused_download_keeps_what_it_has_and_goes_on_from_there() {
    let hub = hub_with(24 * MIB);
    stall_after(&hub, 12 * MIB);
    let bench = Bench::new(&hub);
    let id = bench.pull(REPOSITORY).await.id;
    bench.told(id, |download| download.bytes_done >= BLOCK).await;
    let paused = bench.workbench.pause_download(id).await.unwrap();
    assert_eq!(paused.state, DownloadState::Paused);
    assert!(partial_path(&bench.path(NAME)).exists());
    assert_eq!(bench.finished(id).await.state, DownloadState::Paused, "it is not waited for");
    let again = bench.workbench.pause_download(id).await.unwrap();
    assert_eq!(again.state, DownloadState::Paused);
    // A pause outlives the process and everything that goes on by itself.
    let bench = bench.again(&hub);
    bench.workbench.resume_downloads().await.unwrap();
    go_on(&hub);
    hub.forget_requests();
    skip(Duration::from_mins(1)).await;
    assert_eq!(bench.now(id).await.state, DownloadState::Paused);
    assert!(hub.requests().is_empty());
    bench.workbench.resume_download(id).await.unwrap();
    assert_eq!(bench.finished(id).await.state, DownloadState::Done);
    let first = &bodies(&hub, FILE)[0];
    assert!(first.range.is_some(), "{first:?}");
}

#[tokio::test]
async fn a_cancelled_download_leaves_nothing_and_never_comes_back() {
    let hub = hub_with(24 * MIB);
    stall_after(&hub, 12 * MIB);
    let bench = Bench::new(&hub);
    let id = bench.pull(REPOSITORY).await.id;
    bench.told(id, |download| download.bytes_done >= BLOCK).await;
    let cancelled = bench.workbench.cancel_download(id).await.unwrap();
    assert_eq!((cancelled.state, cancelled.bytes_done), (DownloadState::Cancelled, 0));
    assert_eq!(bench.files(), [""; 0], "the empty folder goes too");
    for result in
        [bench.workbench.resume_download(id).await, bench.workbench.pause_download(id).await]
    {
        assert_eq!(result.unwrap_err().code, Code::Conflict);
    }
    assert!(bench.workbench.cancel_download(id).await.is_ok(), "it is so already");
    let bench = bench.again(&hub);
    bench.workbench.resume_downloads().await.unwrap();
    skip(Duration::from_mins(1)).await;
    assert_eq!(bench.now(id).await.state, DownloadState::Cancelled);
    go_on(&hub);
    let next = bench.pull(REPOSITORY).await.id;
    assert!(next > id);
    assert_eq!(bench.finished(next).await.state, DownloadState::Done);
    assert_eq!(bench.now(id).await.state, DownloadState::Cancelled);
}

fn part(n: u64) -> String {
    format!("model-Q8_0-0000{n}-of-00002.gguf")
}

/// A hub with a model of two parts, of 9 MiB each.
fn hub_with_parts() -> HubServer {
    let repository = (1..=2).fold(HostedRepository::new(REPOSITORY), |repository, n| {
        repository.with(HostedFile::generated(&part(n), n, 9 * MIB))
    });
    HubServer::start(HubFolder::new().with(repository))
}

/// The first part, which comes last, is not there.
fn without_the_first(hub: &HubServer) {
    hub.set_faults(|faults| {
        faults.only = Some(part(1));
        faults.failure =
            Some(Failure { status: 404, retry_after: None, part: HubPart::Any, times: None });
    });
}

#[tokio::test]
async fn a_split_model_that_is_given_up_leaves_no_part() {
    let hub = hub_with_parts();
    without_the_first(&hub);
    let bench = Bench::new(&hub);
    let id = bench.pull(REPOSITORY).await.id;
    let failed = bench.finished(id).await;
    assert_eq!(failed.state, DownloadState::Failed);
    assert_eq!(failed.bytes_done, 9 * MIB, "the part that came is kept");
    assert!(!bench.path(&failed.name).exists(), "and what a model is found by is not there");
    hub.set_faults(|faults| *faults = Faults::default());
    hub.forget_requests();
    bench.workbench.resume_download(id).await.unwrap();
    assert_eq!(bench.finished(id).await.state, DownloadState::Done);
    assert!(bodies(&hub, &format!("{REPOSITORY}/{}", part(2))).is_empty(), "not fetched again");

    let bench = Bench::new(&hub);
    hub.forget_requests();
    hub.set_faults(|faults| {
        faults.only = Some(part(1));
        faults.stall = Some(Stall { after_bytes: Some(MIB), times: None });
    });
    let id = bench.pull(REPOSITORY).await.id;
    bench.told(id, |download| download.bytes_done >= 9 * MIB).await;
    hub.until(|requests| {
        requests.iter().any(|request| {
            request.sent >= MIB && request.file.as_ref().is_some_and(|f| f.ends_with(&part(1)))
        })
    })
    .await;
    bench.workbench.cancel_download(id).await.unwrap();
    assert_eq!(bench.files(), [""; 0]);
}

#[tokio::test]
async fn parts_that_a_person_put_there_are_never_removed() {
    let hub = hub_with_parts();
    let bench = Bench::new(&hub);
    let id = bench.pull(REPOSITORY).await.id;
    assert_eq!(bench.finished(id).await.state, DownloadState::Done);
    let folder = "owner--model-GGUF";
    let second = format!("{folder}/{}", part(2));
    let bytes = std::fs::read(bench.path(&second)).unwrap();

    // One was there before.
    let bench = Bench::new(&hub);
    std::fs::create_dir(bench.path(folder)).unwrap();
    std::fs::write(bench.path(&second), &bytes).unwrap();
    without_the_first(&hub);
    let id = bench.pull(REPOSITORY).await.id;
    assert_eq!(bench.finished(id).await.state, DownloadState::Failed);
    bench.workbench.cancel_download(id).await.unwrap();
    assert_eq!(bench.files(), [folder, &second]);

    // The download brought it, was given up, and then a person put it there.
    let bench = Bench::new(&hub);
    let id = bench.pull(REPOSITORY).await.id;
    assert_eq!(bench.finished(id).await.state, DownloadState::Failed);
    assert!(bench.path(&second).exists());
    bench.workbench.cancel_download(id).await.unwrap();
    assert_eq!(bench.files(), [""; 0]);
    std::fs::create_dir(bench.path(folder)).unwrap();
    std::fs::write(bench.path(&second), &bytes).unwrap();
    let bench = bench.again(&hub);
    bench.workbench.resume_downloads().await.unwrap();
    bench.workbench.cancel_download(id).await.unwrap();
    assert_eq!(bench.files(), [folder, &second]);
}

#[tokio::test]
async fn a_part_that_went_meanwhile_is_fetched_again() {
    let hub = hub_with_parts();
    without_the_first(&hub);
    let bench = Bench::new(&hub);
    let id = bench.pull(REPOSITORY).await.id;
    assert_eq!(bench.finished(id).await.state, DownloadState::Failed);
    std::fs::remove_dir_all(bench.path("owner--model-GGUF")).unwrap();
    assert_eq!(bench.now(id).await.bytes_done, 0);
    hub.set_faults(|faults| *faults = Faults::default());
    bench.workbench.resume_download(id).await.unwrap();
    assert_eq!(bench.finished(id).await.state, DownloadState::Done);
    for n in 1..=2 {
        let size = bench.path(&format!("owner--model-GGUF/{}", part(n))).metadata().unwrap().len();
        assert_eq!(size, 9 * MIB, "part {n}");
    }
}

#[tokio::test]
async fn a_download_is_cancelled_while_it_is_compared() {
    // The part that is there is so long that comparing it takes a while, and takes no room.
    const LONG: u64 = 4 << 30;
    let (one, two) = ("m-Q8_0-00001-of-00002.gguf", "m-Q8_0-00002-of-00002.gguf");
    let sum = "0".repeat(64);
    let repository = HostedRepository::new(REPOSITORY)
        .with(HostedFile::generated(one, 1, MIB))
        .with(HostedFile::generated(two, 2, LONG).saying_sha256(&sum));
    let hub = HubServer::start(HubFolder::new().with(repository));
    let bench = Bench::new(&hub);
    std::fs::create_dir(bench.path("owner--model-GGUF")).unwrap();
    let there = bench.path(&format!("owner--model-GGUF/{two}"));
    std::fs::File::create(&there).unwrap().set_len(LONG).unwrap();
    let id = bench.pull(REPOSITORY).await.id;
    bench.told_state(id, DownloadState::Verifying).await;
    let cancelled = bench.workbench.cancel_download(id).await.unwrap();
    assert_eq!(cancelled.state, DownloadState::Cancelled);
    assert!(there.exists(), "it was not put there by the download");
    assert_eq!(bench.states(id).last(), Some(&DownloadState::Cancelled));
}

#[tokio::test]
async fn closing_stops_the_work_and_leaves_it_in_the_queue() {
    let hub = hub_with(24 * MIB);
    stall_after(&hub, 12 * MIB);
    let bench = Bench::new(&hub);
    let id = bench.pull(REPOSITORY).await.id;
    bench.told(id, |download| download.bytes_done >= BLOCK).await;
    bench.workbench.close().await.unwrap();
    let other = bench.beside(&hub);
    let left = other.now(id).await;
    assert_eq!((left.state, left.elsewhere), (DownloadState::Queued, false));
    assert!(left.bytes_done >= BLOCK, "{left:?}");
    go_on(&hub);
    other.workbench.resume_downloads().await.unwrap();
    assert_eq!(other.finished(id).await.state, DownloadState::Done);
}

#[tokio::test]
async fn what_is_over_is_cleared_and_what_is_not_is_not() {
    let hub = hub_with(MIB);
    let bench = Bench::new(&hub);
    let id = bench.pull(REPOSITORY).await.id;
    bench.finished(id).await;
    assert_eq!(bench.workbench.find_download("MODEL-q4_k_m").await, Ok(id));
    assert_eq!(bench.workbench.find_download(&id.to_string()).await, Ok(id));
    assert_eq!(bench.workbench.find_download("other").await.unwrap_err().code, Code::NotFound);
    bench.workbench.clear_download(id).await.unwrap();
    assert!(bench.workbench.downloads().await.unwrap().is_empty());
    assert!(bench.path(NAME).exists(), "the model stays");
    assert_eq!(bench.workbench.download(id).await.unwrap_err().code, Code::NotFound);
    std::fs::remove_file(bench.path(NAME)).unwrap();
    stall_after(&hub, 1000);
    let id = bench.pull(REPOSITORY).await.id;
    assert_eq!(bench.workbench.clear_download(id).await.unwrap_err().code, Code::Conflict);
    // After 30 days it is not listed any more.
    bench.workbench.cancel_download(id).await.unwrap();
    assert_eq!(bench.workbench.downloads().await.unwrap().len(), 1);
    bench.clock.advance_ms(31 * 24 * 60 * 60 * 1000);
    assert!(bench.workbench.downloads().await.unwrap().is_empty());
}
