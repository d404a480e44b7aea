use std::io::{Seek, SeekFrom, Write};

use tempfile::TempDir;

use super::file::VERSION;
use super::*;
use crate::lock::with_suffix;

const HOUR_MS: i64 = 3_600_000;

fn key(number: u32) -> [u8; 32] {
    let mut key = [0; 32];
    key[..4].copy_from_slice(&number.to_be_bytes());
    key
}

fn response(number: u32, model: &str, answer: &str) -> NewResponse {
    NewResponse { key: key(number), model: model.to_owned(), answer: answer.to_owned() }
}

fn cache(folder: &TempDir, limit_bytes: u64) -> ResponseCache {
    ResponseCache::open(&folder.path().join("responses.sqlite"), limit_bytes)
}

fn known(cache: &ResponseCache, numbers: impl IntoIterator<Item = u32>, now_ms: i64) -> Vec<u32> {
    let numbers: Vec<u32> = numbers.into_iter().collect();
    let keys: Vec<[u8; 32]> = numbers.iter().copied().map(key).collect();
    let found = cache.find(&keys, now_ms);
    numbers.into_iter().filter(|number| found.contains_key(&key(*number))).collect()
}

#[test]
fn an_answer_is_found_by_its_question_also_by_the_next_process() {
    let folder = TempDir::new().unwrap();
    let first = cache(&folder, 1 << 20);
    first.put(&[response(1, "m", "one"), response(2, "m", "two")], 5);
    first.put(&[response(2, "m", "two again")], 6);
    for cache in [&first, &cache(&folder, 1 << 20)] {
        let found = cache.find(&[key(2), key(3), key(1)], 7);
        assert_eq!(found.len(), 2);
        assert_eq!(found[&key(1)], "one");
        assert_eq!(found[&key(2)], "two again", "the newer answer counts");
        let info = cache.info().unwrap();
        assert_eq!((info.responses, info.oldest_at_ms), (2, Some(5)));
        assert_eq!(info.bytes, 2 * 33 + 3 + 9);
    }
}

#[test]
fn what_was_not_used_for_the_longest_time_makes_room() {
    let folder = TempDir::new().unwrap();
    let text = "x".repeat(68);
    let cache = cache(&folder, 1000);
    let all: Vec<NewResponse> = (0..10).map(|number| response(number, "m", &text)).collect();
    for (at, one) in all.iter().enumerate() {
        cache.put(std::slice::from_ref(one), at as i64 * HOUR_MS);
    }
    assert_eq!(cache.info().unwrap().bytes, 808, "each takes 101");
    assert_eq!(
        known(&cache, 0..10, 0).len(),
        8,
        "the tenth was too much: a tenth of the room is freed"
    );
}

#[test]
fn a_used_answer_stays_longer() {
    let folder = TempDir::new().unwrap();
    let text = "x".repeat(68);
    let cache = cache(&folder, 1000);
    for number in 0..9 {
        cache.put(&[response(number, "m", &text)], i64::from(number));
    }
    assert_eq!(known(&cache, [0, 1], 2 * HOUR_MS), [0, 1]);
    cache.put(&[response(9, "m", &text)], 2 * HOUR_MS);
    assert_eq!(known(&cache, 0..10, 2 * HOUR_MS), [0, 1, 4, 5, 6, 7, 8, 9]);
    cache.set_limit(500).unwrap();
    assert_eq!(known(&cache, 0..10, 2 * HOUR_MS).len(), 4);
    assert_eq!(cache.info().unwrap().limit_bytes, 500);
}

#[test]
fn answers_are_cleared_by_model_and_by_age() {
    let folder = TempDir::new().unwrap();
    let cache = cache(&folder, 1 << 20);
    cache.put(&[response(1, "small", "one"), response(2, "large", "two")], 10);
    cache.put(&[response(3, "small", "three")], 20);
    let models: Vec<(String, u64)> = cache
        .info()
        .unwrap()
        .models
        .into_iter()
        .map(|model| (model.model, model.responses))
        .collect();
    assert_eq!(models, [("small".to_owned(), 2), ("large".to_owned(), 1)]);
    assert_eq!(cache.clear(Some("small"), Some(20)).unwrap(), 1);
    assert_eq!(known(&cache, 1..4, 20), [2, 3]);
    assert_eq!(cache.clear(Some("none"), None).unwrap(), 0);
    assert_eq!(cache.clear(None, None).unwrap(), 2);
    assert_eq!(cache.info().unwrap().bytes, 0);
}

#[test]
fn a_file_that_is_no_cache_is_put_aside_and_made_anew() {
    for content in ["not a database at all, but longer than a header would be", ""] {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("responses.sqlite");
        std::fs::write(&path, content).unwrap();
        let cache = ResponseCache::open(&path, 1 << 20);
        cache.put(&[response(1, "m", "one")], 1);
        assert_eq!(known(&cache, [1], 1), [1]);
        assert_eq!(with_suffix(&path, ".damaged").exists(), !content.is_empty());
    }
}

#[test]
fn damage_while_it_is_open_costs_answers_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("responses.sqlite");
    let text = "x".repeat(2000);
    let many: Vec<NewResponse> = (0..500).map(|number| response(number, "m", &text)).collect();
    {
        let cache = ResponseCache::open(&path, 1 << 30);
        cache.put(&many, 1);
    }
    let cache = ResponseCache::open(&path, 1 << 30);
    let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(4096)).unwrap();
    file.write_all(&vec![0xa5; 600_000]).unwrap();
    drop(file);
    assert!(known(&cache, 0..500, 1).len() < 500);
    cache.put(&[response(1000, "m", "new")], 2);
    assert_eq!(known(&cache, [1000], 2), [1000], "it works again");
    assert!(with_suffix(&path, ".damaged").exists());
}

#[test]
fn many_that_open_it_first_in_one_moment_share_one_file() {
    const OPENERS: u32 = 8;
    for _round in 0..20 {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("responses.sqlite");
        let together = std::sync::Barrier::new(OPENERS as usize);
        let open_and_put = &|number| {
            together.wait();
            let cache = ResponseCache::open(&path, 1 << 20);
            cache.put(&[response(number, "m", "one")], 1);
            cache
        };
        std::thread::scope(|scope| {
            let openers: Vec<_> =
                (0..OPENERS).map(|number| scope.spawn(move || open_and_put(number))).collect();
            for opener in openers {
                opener.join().unwrap();
            }
        });
        assert!(!with_suffix(&path, ".damaged").exists());
        let kept = known(&ResponseCache::open(&path, 1 << 20), 0..OPENERS, 1);
        assert_eq!(kept, (0..OPENERS).collect::<Vec<_>>());
    }
}

#[test]
fn without_a_place_for_it_nothing_is_kept_and_nothing_fails() {
    let folder = TempDir::new().unwrap();
    let cache = ResponseCache::open(&folder.path().join("none/responses.sqlite"), 1 << 20);
    cache.put(&[response(1, "m", "one")], 1);
    assert!(cache.find(&[key(1)], 1).is_empty());
    assert!(cache.info().is_err() && cache.clear(None, None).is_err());
}

#[test]
fn a_newer_cache_is_put_aside() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("responses.sqlite");
    drop(ResponseCache::open(&path, 1 << 20));
    let connection = Connection::open(&path).unwrap();
    connection.pragma_update(None, "user_version", VERSION + 1).unwrap();
    drop(connection);
    let cache = ResponseCache::open(&path, 1 << 20);
    assert_eq!(cache.info().unwrap().responses, 0);
    assert!(with_suffix(&path, ".damaged").exists());
}

#[test]
fn a_file_has_the_hash_it_had_until_it_changes() {
    let folder = TempDir::new().unwrap();
    let cache = cache(&folder, 1 << 20);
    let file = FileState { path: "/models/a.gguf".into(), size_bytes: 4, changed_at_ms: 9 };
    assert_eq!(cache.file_hash(&file), None);
    cache.put_file_hash(&file, "abc");
    assert_eq!(cache.file_hash(&file).as_deref(), Some("abc"));
    let changed = [
        FileState { size_bytes: 5, ..file.clone() },
        FileState { changed_at_ms: 10, ..file.clone() },
        FileState { path: "/models/b.gguf".into(), ..file },
    ];
    for other in changed {
        assert_eq!(cache.file_hash(&other), None);
    }
}
