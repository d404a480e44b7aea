//! What a crash, a bad disk or a curious person does to the files of a download meanwhile.

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};

use braincells_models::download::{FetchError, Memory, progress_of};

use crate::case::{BLOCK, BYTES, Case, bytes};
use crate::dice::Dice;
use crate::server::{End, Reply};

/// Nine blocks and a bit.
const THERE: usize = 9 * BLOCK + 50;

async fn begun() -> Case {
    let case = Case::first(|reply| reply.then(THERE, End::Close)).await;
    assert!(matches!(case.fetch().await, Err(FetchError::Cut { .. })));
    assert_eq!(progress_of(&case.wanted.target), Some(THERE as u64));
    case
}

fn flip(case: &Case, at: usize) {
    let mut file = OpenOptions::new().read(true).write(true).open(case.partial()).unwrap();
    let was = std::fs::read(case.partial()).unwrap()[at];
    file.seek(SeekFrom::Start(at as u64)).unwrap();
    file.write_all(&[was ^ 0x10]).unwrap();
}

fn asked_for(case: &Case) -> Vec<String> {
    case.server.ranges().into_iter().skip(1).flatten().collect()
}

#[tokio::test]
async fn damaged_blocks_alone_are_fetched_again() {
    let case = begun().await;
    for at in [3 * BLOCK, 6 * BLOCK + 1, 7 * BLOCK + 4095] {
        flip(&case, at);
    }
    case.ends_well(3 * BLOCK + BYTES - THERE).await;
    let asked = [
        format!("bytes={}-{}", 3 * BLOCK, 4 * BLOCK - 1),
        format!("bytes={}-{}", 6 * BLOCK, 8 * BLOCK - 1),
        format!("bytes={THERE}-"),
    ];
    assert_eq!(asked_for(&case), asked);
}

#[tokio::test]
async fn the_first_block_alone_can_be_damaged_too() {
    let case = begun().await;
    flip(&case, 17);
    case.ends_well(BLOCK + BYTES - THERE).await;
    assert_eq!(asked_for(&case), [format!("bytes=0-{}", BLOCK - 1), format!("bytes={THERE}-")]);
}

#[tokio::test]
async fn damage_at_the_end_is_cut_off() {
    for (damaged, from) in [(9 * BLOCK, 9 * BLOCK), (8 * BLOCK + 5, 8 * BLOCK)] {
        let case = begun().await;
        // With the one before the last, the last is damaged, too.
        flip(&case, damaged);
        flip(&case, 9 * BLOCK + 20 + usize::from(damaged == 9 * BLOCK));
        case.ends_well(BYTES - from).await;
        assert_eq!(asked_for(&case), [format!("bytes={from}-")]);
    }
}

#[tokio::test]
async fn a_server_without_ranges_mends_by_sending_all_of_it() {
    let case = Case::new(BYTES, |number, file, _| {
        let all = Reply::new(200, file);
        if number == 0 { all.then(THERE, End::Close) } else { all }
    })
    .await;
    assert!(matches!(case.fetch().await, Err(FetchError::Cut { .. })));
    flip(&case, 3 * BLOCK);
    case.ends_well(BYTES).await;
    let asked = [format!("bytes={}-{}", 3 * BLOCK, 4 * BLOCK - 1), format!("bytes={}-", 3 * BLOCK)];
    assert_eq!(asked_for(&case), asked);
}

#[tokio::test]
async fn mending_that_breaks_off_is_taken_up() {
    let case = Case::new(BYTES, |number, file, seen| {
        let right = Reply::right(file, seen);
        match number {
            0 => right.then(THERE, End::Close),
            // The second of two blocks does not come.
            1 => right.then(BLOCK + 10, End::Close),
            _ => right,
        }
    })
    .await;
    assert!(matches!(case.fetch().await, Err(FetchError::Cut { .. })));
    flip(&case, 3 * BLOCK);
    flip(&case, 4 * BLOCK);
    assert!(matches!(case.fetch().await, Err(FetchError::Cut { .. })));
    case.ends_well(BLOCK + BYTES - THERE).await;
    let two = format!("bytes={}-{}", 3 * BLOCK, 5 * BLOCK - 1);
    let one = format!("bytes={}-{}", 4 * BLOCK, 5 * BLOCK - 1);
    assert_eq!(asked_for(&case), [two, one, format!("bytes={THERE}-")]);
}

#[tokio::test]
async fn a_partial_file_of_another_length_is_used_as_far_as_it_goes() {
    for (length, from) in [
        (0, 0),
        (1, 0),
        (BLOCK, BLOCK),
        (5 * BLOCK + 7, 5 * BLOCK),
        (THERE - 1, 9 * BLOCK),
        (THERE + 1, THERE),
        (BYTES, THERE),
        (3 * BYTES, THERE),
    ] {
        let case = begun().await;
        let file = OpenOptions::new().write(true).open(case.partial()).unwrap();
        file.set_len(length as u64).unwrap();
        case.ends_well(BYTES - from).await;
        let asked = (from > 0).then(|| format!("bytes={from}-"));
        assert_eq!(case.server.ranges(), [None, asked], "{length} bytes");
    }
}

#[tokio::test]
async fn without_one_of_the_two_files_it_begins_anew() {
    let case = begun().await;
    std::fs::remove_file(case.ledger()).unwrap();
    case.ends_well(BYTES).await;
    let case = begun().await;
    std::fs::remove_file(case.partial()).unwrap();
    assert_eq!(progress_of(&case.wanted.target), None);
    case.ends_well(BYTES).await;
}

#[tokio::test]
async fn a_ledger_that_is_cut_says_less() {
    let whole = std::fs::read(begun().await.ledger()).unwrap();
    let mut dice = Dice::new(3);
    for _round in 0..30 {
        let case = begun().await;
        let cut = dice.below(whole.len() as u64);
        let ledger = OpenOptions::new().write(true).open(case.ledger()).unwrap();
        ledger.set_len(cut).unwrap();
        let kept = progress_of(&case.wanted.target).unwrap() as usize;
        assert!(kept <= THERE && kept.is_multiple_of(BLOCK));
        case.ends_well(BYTES - kept).await;
    }
}

#[tokio::test]
async fn a_ledger_full_of_nonsense_says_nothing() {
    let header = |case: &Case| {
        let text = std::fs::read_to_string(case.ledger()).unwrap();
        text.lines().next().unwrap().to_owned() + "\n"
    };
    let case = begun().await;
    let nonsense: [Vec<u8>; 6] = [
        bytes(5000, 1),
        vec![0; 5000],
        b"{}\n{}\n".to_vec(),
        (header(&case) + "{\"n\":0,\"bytes\":4096,\"crc32\":1}\n").into_bytes(),
        (header(&case) + "{\"n\":0,\"bytes\":18446744073709551615,\"crc32\":1}\n").into_bytes(),
        (header(&case) + "{\"n\":4,\"bytes\":4096,\"crc32\":1}\nnonsense\n").into_bytes(),
    ];
    for text in nonsense {
        let case = begun().await;
        // The header has the address of the server in no way, so one case's is good for another.
        std::fs::write(case.ledger(), text).unwrap();
        case.ends_well(BYTES).await;
        assert_eq!(case.server.ranges(), [None, None]);
    }
}

#[tokio::test]
async fn a_ledger_that_vouches_for_what_never_came_is_found_out() {
    // As if the power had gone: the lines reached the disk, the blocks did not.
    let case = begun().await;
    let mut file = OpenOptions::new().write(true).open(case.partial()).unwrap();
    file.seek(SeekFrom::Start(2 * BLOCK as u64)).unwrap();
    file.write_all(&vec![0; THERE - 2 * BLOCK]).unwrap();
    case.ends_well(BYTES - 2 * BLOCK).await;
    assert_eq!(asked_for(&case), [format!("bytes={}-", 2 * BLOCK)]);
}

#[tokio::test]
async fn what_the_last_attempt_knows_is_not_read_again_unless_somebody_wrote_there() {
    for is_seen in [false, true] {
        let mut case = Case::first(|reply| reply.then(THERE, End::Close)).await;
        case.limits.memory = Some(Memory::default());
        assert!(matches!(case.fetch().await, Err(FetchError::Cut { .. })));
        let before = case.partial().metadata().unwrap().modified().unwrap();
        flip(&case, 3 * BLOCK);
        // Nobody but a test does that: only who reads the block again can notice.
        let changed_at = if is_seen { before + std::time::Duration::from_secs(1) } else { before };
        let partial = OpenOptions::new().write(true).open(case.partial()).unwrap();
        partial.set_modified(changed_at).unwrap();
        drop(partial);
        let fetched = case.fetch_alone().await.unwrap().bytes_fetched as usize;
        let again = if is_seen { BLOCK } else { 0 };
        assert_eq!(fetched, again + BYTES - THERE);
    }
}
