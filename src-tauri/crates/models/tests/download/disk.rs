//! Disks that are full, sooner or later, and folders that cannot be written to.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use braincells_core::{AppError, Code};
use braincells_models::download::{FetchError, FreeBytes, progress_of};

use crate::case::{BLOCK, BYTES, Case};
use crate::small_disk::SmallDisk;

/// Room for so many blocks, and fewer by some each time somebody looks.
fn shrinking(blocks: u64, by: u64) -> FreeBytes {
    let looks = AtomicU64::new(0);
    Arc::new(move |_folder| {
        let less = by * looks.fetch_add(1, Ordering::Relaxed);
        Some(blocks.saturating_sub(less) * BLOCK as u64)
    })
}

#[tokio::test]
async fn without_room_for_all_of_it_nothing_is_fetched() {
    let mut case = Case::right(BYTES).await;
    case.limits.slack_bytes = 1000;
    let free = BYTES as u64 + 999;
    case.limits.free_bytes = Arc::new(move |_| Some(free));
    let error = case.fetch().await.unwrap_err();
    assert_eq!(error, FetchError::DiskFull { needed: BYTES as u64 + 1000, free: Some(free) });
    assert!(!error.is_retriable());
    assert_eq!(AppError::from(error).code, Code::DiskFull);
    case.is_empty();
    assert!(case.server.seen().is_empty(), "nobody was asked");
    case.limits.free_bytes = Arc::new(move |_| Some(free + 1));
    case.ends_well(BYTES).await;
}

#[tokio::test]
async fn a_disk_that_fills_up_meanwhile_is_noticed_before_it_is_full() {
    // By how many blocks others fill it each time; how many arrive: few, half of them, all but a bit.
    for (by, there) in [(10, 1), (2, 5), (1, 10)] {
        let mut case = Case::right(BYTES).await;
        case.limits.slack_bytes = 4 * BLOCK as u64;
        case.limits.free_bytes = shrinking(15, by);
        let error = case.fetch().await.unwrap_err();
        let FetchError::DiskFull { needed, free: Some(free) } = error else { panic!("{error}") };
        assert!(free < needed, "{free} of {needed}");
        assert_eq!(progress_of(&case.wanted.target), Some(there * BLOCK as u64));
        // There is room again, and only the rest is fetched.
        case.limits.free_bytes = Arc::new(|_| None);
        case.ends_well(BYTES - there as usize * BLOCK).await;
    }
}

/// A case whose target is on a disk of so many MiB; `None` where there are none.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
async fn on_small_disk(bytes: usize, mib: u32) -> Option<(Case, SmallDisk)> {
    let mut case = Case::right(bytes).await;
    let disk = SmallDisk::new(case.folder().join("disk"), mib);
    let Some(disk) = disk else {
        eprintln!("skipped: no disk can be mounted here");
        return None;
    };
    case.wanted.target = disk.path().join("model.gguf");
    case.limits.block_bytes = 16 << 10;
    Some((case, disk))
}

#[tokio::test]
async fn a_disk_that_is_full_from_the_start_says_so() {
    let Some((case, disk)) = on_small_disk(BYTES, 1).await else { return };
    let filler = disk.fill();
    let error = case.fetch().await.unwrap_err();
    assert!(matches!(error, FetchError::DiskFull { .. }), "{error}");
    std::fs::remove_file(filler).unwrap();
    case.ends_well(BYTES).await;
}

#[tokio::test]
async fn a_disk_that_is_full_in_the_middle_keeps_what_is_there() {
    let bytes = (4 << 20) - (64 << 10);
    // Half of it fits; then all but its end; then all of it, but not of its ledger.
    for filled in [2 << 20, 80 << 10, 60 << 10] {
        let Some((case, disk)) = on_small_disk(bytes, 4).await else { return };
        let filler = disk.path().join("filler");
        std::fs::write(&filler, vec![1; filled]).unwrap();
        let error = case.fetch().await.unwrap_err();
        let FetchError::DiskFull { needed, .. } = error else { panic!("{error}") };
        let kept = progress_of(&case.wanted.target).unwrap() as usize;
        assert!(needed as usize >= bytes - kept);
        assert!(kept >= bytes - filled - (128 << 10), "{kept} of {bytes} bytes are kept");
        std::fs::remove_file(filler).unwrap();
        case.ends_well(bytes - kept).await;
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_is_named() {
    let Some((case, disk)) = on_small_disk(BYTES, 1).await else { return };
    // Permissions alone do not stop the super-user.
    let remount = |how: &str| {
        let options = format!("remount,{how}");
        let done = Command::new("mount").args(["-o", &options]).arg(disk.path()).status();
        assert!(done.unwrap().success());
    };
    remount("ro");
    let error = case.fetch().await.unwrap_err();
    assert!(matches!(&error, FetchError::Io { .. }), "{error}");
    assert!(error.to_string().contains("model.gguf"), "{error}");
    assert!(!error.is_retriable());
    assert_eq!(AppError::from(error).code, Code::Storage);
    assert!(case.server.seen().is_empty());
    remount("rw");
    case.ends_well(BYTES).await;
}

#[tokio::test]
async fn a_folder_that_is_none_is_named() {
    let mut case = Case::right(BYTES).await;
    let file = case.folder().join("file");
    std::fs::write(&file, "no folder").unwrap();
    case.wanted.target = file.join("model.gguf");
    let error = case.fetch().await.unwrap_err();
    assert!(matches!(&error, FetchError::Io { .. }), "{error}");
    let closed = case.folder().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o555)).unwrap();
    case.wanted.target = closed.join("model.gguf");
    if std::fs::write(closed.join("probe"), "").is_ok() {
        eprintln!("skipped: permissions do not stop this user");
        return;
    }
    assert!(matches!(case.fetch().await, Err(FetchError::Io { .. })));
}
