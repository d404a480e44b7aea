use std::time::Duration;

use reqwest::Client;
use sha2::{Digest, Sha256};

use super::*;
use crate::hub::{Http, HubOptions};

const CONTENT: &[u8] = b"what came from the network, byte for byte";

/// A hub that is asked nothing.
fn hub() -> Hub {
    // Where another test was first it is the same one.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = || Client::builder().no_proxy().build().unwrap();
    let options = HubOptions { stall_timeout: Duration::from_mins(1), ..HubOptions::default() };
    Hub::new(Http { far: client(), beside: client() }, options).unwrap()
}

/// What concluding comes to if all came, and the file has `there` in it then.
async fn concluded(there: &[u8], is_locked: bool, knows_sum: bool) -> Result<Vec<u8>, FetchError> {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("model.gguf");
    let sha256 = Sha256::new_with_prefix(CONTENT);
    let wanted = Wanted {
        url: "https://hub.invalid/model.gguf".to_owned(),
        bytes: CONTENT.len() as u64,
        sha256: knows_sum.then(|| check::hex(sha256.clone())),
        git_sha1: None,
        target: target.clone(),
    };
    let mut place = Place::take(&target).unwrap();
    place.write(there, &mut 0).unwrap();
    let place = if is_locked { place } else { place.without_lock() };
    let kept = Kept { hashed: wanted.bytes, sha256, ..Kept::nothing(8) };
    let (hub, limits, mut heard) = (hub(), Limits::default(), |_step: Step| {});
    let (leash, _hand) = Leash::new(Control::new());
    let mut attempt = Attempt::new(&hub, &wanted, None, &limits, leash, &mut heard);
    attempt.conclude(place, kept).await?;
    Ok(std::fs::read(&target).unwrap())
}

#[tokio::test]
async fn without_a_lock_a_file_is_what_can_be_read_and_not_what_was_written() {
    // As another process leaves it that began the same file from the start.
    let cut = &CONTENT[..10];
    for knows_sum in [true, false] {
        let damaged = concluded(cut, false, knows_sum).await;
        assert!(matches!(damaged, Err(FetchError::WrongChecksum { .. })), "{damaged:?}");
        for is_locked in [true, false] {
            assert_eq!(concluded(CONTENT, is_locked, knows_sum).await.unwrap(), CONTENT);
        }
    }
}
