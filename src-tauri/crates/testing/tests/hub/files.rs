//! Files, their parts, and where they are.

use braincells_testing::hub_server::{HostedFile, HostedRepository, HubFolder, HubServer};
use serde_json::json;

use super::support::{BYTES, MODEL, ask, at_cdn, bytes, get, hub, model};

#[test]
fn a_large_file_is_redirected_and_has_a_checksum() {
    let hub = hub();
    let got = get(&hub.file_url("owner/name", "main", MODEL));
    assert_eq!(got.status, 302);
    let sha256 = model().sha256().to_owned();
    assert_eq!(got.header("x-linked-etag"), format!("\"{sha256}\""));
    assert_eq!(got.header("x-linked-size"), BYTES.to_string());
    assert_eq!(got.header("x-repo-commit").len(), 40);
    assert!(got.header("location").starts_with(hub.cdn()), "{got:?}");
    let file = get(got.header("location"));
    assert_eq!((file.status, file.body.len() as u64), (200, BYTES));
    assert_ne!(file.header("etag"), got.header("x-linked-etag"));
    assert_eq!(HostedFile::new("x", file.body).sha256(), sha256);
    assert_eq!(hub.sent("owner/name/model-Q4_K_M.gguf"), BYTES);
}

#[test]
fn a_small_file_is_redirected_within_the_hub_or_not_at_all() {
    let hub = hub();
    let got = get(&hub.file_url("owner/name", "main", "docs/a b.txt"));
    assert_eq!(got.status, 307);
    let location = got.header("location").to_owned();
    assert!(location.starts_with("/api/resolve-cache/models/owner/name/"), "{location}");
    let file = get(&format!("{}{location}", hub.endpoint()));
    assert_eq!((file.status, &*file.body), (200, &b"text"[..]));
    assert_eq!(file.header("etag"), got.header("etag"));
    let old = HostedRepository::new("owner/name").with(HostedFile::new("config.json", "{}"));
    let old = HubServer::start(HubFolder::new().with(old).with_small_files_at_once());
    assert_eq!(get(&old.file_url("owner/name", "main", "config.json")).body, b"{}");
}

#[test]
fn head_has_the_headers_alone() {
    let hub = hub();
    let got = ask("HEAD", &at_cdn(&hub), &[]);
    assert_eq!((got.status, got.header("content-length")), (200, "3000001"));
    assert!(got.body.is_empty());
    assert_eq!(ask("POST", &hub.file_url("owner/name", "main", MODEL), &[]).status, 405);
}

#[test]
fn parts_of_a_file() {
    let (hub, whole) = (hub(), bytes());
    let url = at_cdn(&hub);
    let etag = ask("HEAD", &url, &[]).header("etag").to_owned();
    for (range, condition, status, content_range, wanted) in [
        ("bytes=0-0", None, 206, "bytes 0-0/3000001", 0..1),
        ("bytes=4095-4104", None, 206, "bytes 4095-4104/3000001", 4095..4105),
        ("bytes=2999999-", None, 206, "bytes 2999999-3000000/3000001", 2_999_999..3_000_001),
        ("bytes=1048570-9999999", None, 206, "bytes 1048570-3000000/3000001", 1_048_570..3_000_001),
        ("bytes=-3", None, 206, "bytes 2999998-3000000/3000001", 2_999_998..3_000_001),
        ("bytes=5-", Some(etag.as_str()), 206, "bytes 5-3000000/3000001", 5..3_000_001),
        ("bytes=5-", Some("\"another\""), 200, "", 0..3_000_001),
        ("lines=5-", None, 200, "", 0..3_000_001),
        ("bytes=7-5", None, 200, "", 0..3_000_001),
        ("bytes=3000001-", None, 416, "bytes */3000001", 0..0),
    ] {
        let mut headers = vec![("range", range)];
        headers.extend(condition.map(|etag| ("if-range", etag)));
        let got = ask("GET", &url, &headers);
        assert_eq!((got.status, got.header("content-range")), (status, content_range), "{range}");
        if status != 416 {
            assert!(got.body == whole[wanted], "{range}: another part");
        }
    }
}

#[test]
fn a_commit_leaves_the_one_before() {
    let hub = hub();
    let info = format!("{}/api/models/owner/name", hub.endpoint());
    let before = get(&info).json()["sha"].as_str().unwrap().to_owned();
    hub.change("owner/name", |it| it.then(vec![HostedFile::generated(MODEL, 8, BYTES)]));
    let after = get(&info).json()["sha"].as_str().unwrap().to_owned();
    assert_ne!(before, after);
    let said = |revision: &str| {
        let got = get(&hub.file_url("owner/name", revision, MODEL));
        (got.header("x-repo-commit").to_owned(), got.header("x-linked-etag").to_owned())
    };
    assert_eq!(said("main"), said(&after));
    assert_eq!(said(&before), (before.clone(), format!("\"{}\"", model().sha256())));
    assert_ne!(said(&before).1, said(&after).1);
}

#[test]
fn a_folder_says_what_the_hub_has() {
    let folder = tempfile::tempdir().expect("it can be made");
    let files = folder.path().join("owner/name");
    std::fs::create_dir_all(files.join("inner")).expect("it can be made");
    std::fs::write(files.join("inner/small.txt"), "text").expect("it can be written");
    std::fs::write(files.join("head.bin"), "GGUF head").expect("it can be written");
    let facts = json!({"gate": "automatic", "downloads": 3, "xet": ["big.gguf"],
        "generated": [{"path": "big.gguf", "seed": 1, "bytes": 5000, "head": "head.bin"}]});
    std::fs::write(folder.path().join("owner/name.json"), facts.to_string()).expect("written");
    let settings = json!({"tokens": {"hf_in": ["owner/name"]}, "token_required": true});
    std::fs::write(folder.path().join("hub.json"), settings.to_string()).expect("written");
    let hub = HubServer::start(HubFolder::read(folder.path()).expect("it can be read"));
    let url = format!("{}/api/models/owner/name/tree/main?recursive=true", hub.endpoint());
    assert_eq!(get(&url).status, 401);
    let token = [("authorization", "Bearer hf_in")];
    let tree = ask("GET", &url, &token).json();
    let paths: Vec<_> = tree.as_array().unwrap().iter().map(|it| it["path"].clone()).collect();
    assert_eq!(paths, ["big.gguf", "head.bin", "inner", "inner/small.txt"]);
    assert_eq!(tree[0]["xetHash"].as_str().map(str::len), Some(64));
    let redirect = ask("GET", &hub.file_url("owner/name", "main", "big.gguf"), &token);
    let body = get(redirect.header("location")).body;
    assert_eq!((body.len(), &body[..9]), (5000, &b"GGUF head"[..]));
}
