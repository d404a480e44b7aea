//! Several downloads at once.

use super::*;

#[tokio::test]
async fn two_work_at_once_and_the_others_wait_in_order() {
    let labels = ["Q2_K", "Q3_K_M", "Q4_K_M", "Q8_0"];
    let hub = hub_with_models(&labels, 9 * MIB);
    stall_after(&hub, 1000);
    let bench = Bench::new(&hub);
    let mut ids = Vec::new();
    for label in labels {
        ids.push(bench.pull(&format!("{REPOSITORY}:{label}")).await.id);
    }
    hub.until(|requests| requests.iter().filter(|request| request.sent >= 1000).count() == 2).await;
    let states = || async {
        let listed = bench.workbench.downloads().await.unwrap();
        listed.iter().rev().map(|download| download.state).collect::<Vec<_>>()
    };
    let (running, queued) = (DownloadState::Running, DownloadState::Queued);
    assert_eq!(states().await, [running, running, queued, queued]);
    // Whose place becomes free is the next one's.
    bench.workbench.pause_download(ids[0]).await.unwrap();
    bench.told_state(ids[2], running).await;
    assert_eq!(states().await, [DownloadState::Paused, running, running, queued]);
    // One that goes on stands in line by its age.
    bench.workbench.resume_download(ids[0]).await.unwrap();
    assert_eq!(states().await, [queued, running, running, queued]);
    bench.workbench.cancel_download(ids[1]).await.unwrap();
    bench.told(ids[0], |download| download.state == running).await;
    go_on(&hub);
    for id in [ids[0], ids[2], ids[3]] {
        assert_eq!(bench.finished(id).await.state, DownloadState::Done);
    }
    let cdn = |label: &str| bodies(&hub, &format!("{REPOSITORY}/model-{label}.gguf")).len();
    assert_eq!(cdn("Q8_0"), 1);
}

#[tokio::test]
async fn one_that_fails_does_not_hold_up_the_others() {
    let labels = ["Q2_K", "Q3_K_M", "Q4_K_M"];
    let hub = hub_with_models(&labels, MIB);
    hub.set_faults(|faults| {
        faults.only = Some("Q2_K".to_owned());
        faults.cut = Some(Cut { after_bytes: 1000, reset: false, times: None });
    });
    let bench = Bench::new(&hub);
    let mut ids = Vec::new();
    for label in labels {
        ids.push(bench.pull(&format!("{REPOSITORY}:{label}")).await.id);
    }
    for id in &ids[1..] {
        assert_eq!(bench.finished(*id).await.state, DownloadState::Done);
    }
    assert_ne!(bench.now(ids[0]).await.state, DownloadState::Done);
}

#[tokio::test]
async fn a_model_that_is_asked_for_twice_comes_once() {
    let hub = hub_with(MIB);
    stall_after(&hub, 1000);
    let bench = Bench::new(&hub);
    let (one, other) = tokio::join!(bench.pull(REPOSITORY), bench.pull(REPOSITORY));
    assert_eq!(one.id, other.id);
    let named = bench.pull("owner/model-GGUF:q4_k_m").await;
    assert_eq!(named.id, one.id);
    bench.workbench.pause_download(one.id).await.unwrap();
    go_on(&hub);
    assert_eq!(bench.pull(REPOSITORY).await.id, one.id, "asking again has it go on");
    assert_eq!(bench.finished(one.id).await.state, DownloadState::Done);
    assert_eq!(bench.workbench.downloads().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_failed_is_replaced_by_what_the_hub_has_now() {
    let hub = hub_with(MIB);
    hub.set_faults(|faults| faults.damage_at = Some(5));
    let bench = Bench::new(&hub);
    let id = bench.pull(REPOSITORY).await.id;
    assert_eq!(bench.finished(id).await.state, DownloadState::Failed);
    hub.set_faults(|faults| faults.damage_at = None);
    let newer = HostedFile::generated("model-Q4_K_M.gguf", 8, 2 * MIB);
    let sum = sum_of(&newer);
    hub.change(REPOSITORY, |repository| repository.then(vec![newer]));
    let next = bench.pull(REPOSITORY).await;
    assert!(next.id > id);
    assert_eq!(bench.finished(next.id).await.state, DownloadState::Done);
    assert_eq!(bench.now(id).await.state, DownloadState::Cancelled);
    assert_eq!(sha256(&bench.path(NAME)), sum);
}
