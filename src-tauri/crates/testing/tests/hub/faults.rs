//! What goes wrong when it is told to.

use std::io::{self, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use braincells_testing::hub_server::{Cut, Failure, HubPart, Ranges, Stall};

use super::support::{BYTES, MODEL, ask, at_cdn, begin, bytes, get, hub, model, read};

#[test]
fn ranges_go_wrong_as_they_are_told_to() {
    let hub = hub();
    let url = at_cdn(&hub);
    let part = || ask("GET", &url, &[("range", "bytes=1000-1999")]);
    for (ranges, status, content_range, length) in [
        (Ranges::Ignored, 200, "", 3_000_001),
        (Ranges::Shifted, 206, "bytes 500-1999/3000001", 1500),
        (Ranges::Refused, 416, "bytes */3000001", 0),
        (Ranges::Right, 206, "bytes 1000-1999/3000001", 1000),
    ] {
        hub.set_faults(|faults| faults.ranges = ranges);
        let got = part();
        assert_eq!((got.status, got.header("content-range")), (status, content_range));
        if status != 416 {
            assert_eq!(got.body.len(), length);
        }
    }
}

#[test]
fn a_cut_comes_after_exactly_so_many_bytes_and_so_often() {
    let (hub, whole) = (hub(), bytes());
    let url = at_cdn(&hub);
    for after_bytes in [0, 1, 4096, 1_234_567, BYTES - 1] {
        hub.set_faults(|faults| {
            faults.cut = Some(Cut { after_bytes, reset: false, times: Some(1) });
        });
        let cut = get(&url);
        assert_eq!(cut.header("content-length"), "3000001");
        assert!(cut.body == whole[..after_bytes as usize], "cut at {after_bytes}");
        assert!(get(&url).body == whole, "it is over");
    }
    // A part that is shorter does not count.
    hub.set_faults(|faults| {
        faults.cut = Some(Cut { after_bytes: 100, reset: false, times: Some(1) });
    });
    assert_eq!(ask("GET", &url, &[("range", "bytes=0-99")]).body.len(), 100);
    assert_eq!(get(&url).body.len(), 100);
    hub.set_faults(|faults| faults.cut = Some(Cut { after_bytes: 9, reset: true, times: None }));
    for _ in 0..3 {
        assert_eq!(get_or_reset(&url), io::ErrorKind::ConnectionReset);
    }
}

/// How a connection ended; a reset may even take the head with it.
fn get_or_reset(url: &str) -> io::ErrorKind {
    let mut all = Vec::new();
    let ended = begin("GET", url, &[]).read_to_end(&mut all);
    ended.expect_err("it does not end as it should").kind()
}

#[test]
fn a_stall_ends_when_it_is_taken_away() {
    let (hub, whole) = (hub(), bytes());
    let url = at_cdn(&hub);
    hub.set_faults(|faults| faults.stall = Some(Stall { after_bytes: Some(1000), times: Some(1) }));
    let mut socket = begin("GET", &url, &[]);
    let mut some = vec![0; 1000];
    socket.read_exact(&mut some).expect("the beginning comes");
    let waiting = tokio::runtime::Builder::new_current_thread().build().expect("it can be made");
    waiting.block_on(hub.until(|requests| requests.iter().any(|it| it.sent == 1000)));
    hub.set_faults(|faults| faults.stall = None);
    let mut rest = Vec::new();
    socket.read_to_end(&mut rest).expect("the rest comes");
    assert!(whole.ends_with(&rest), "nothing is missing");
    // Before the status, for the API too.
    hub.set_faults(|faults| {
        faults.stall = Some(Stall { after_bytes: None, times: None });
        faults.only = Some("/api/models".to_owned());
    });
    assert_eq!(get(&hub.file_url("owner/name", "main", MODEL)).status, 302);
    let socket = begin("GET", &format!("{}/api/models", hub.endpoint()), &[]);
    waiting.block_on(hub.until(|requests| requests.last().is_some_and(|it| it.status == 0)));
    hub.set_faults(|faults| faults.stall = None);
    assert_eq!(read(socket).status, 200);
}

#[test]
fn a_slow_connection_takes_its_time() {
    let hub = hub();
    let url = at_cdn(&hub);
    hub.set_faults(|faults| faults.bytes_per_second = Some(200_000));
    let started = Instant::now();
    assert_eq!(ask("GET", &url, &[("range", "bytes=0-59999")]).body.len(), 60_000);
    assert!(started.elapsed() >= Duration::from_millis(280), "{:?}", started.elapsed());
}

#[test]
fn so_many_answers_fail() {
    let hub = hub();
    let info = format!("{}/api/models/owner/name", hub.endpoint());
    let failure = |status, part, retry_after| Failure { status, retry_after, part, times: Some(1) };
    hub.set_faults(|faults| faults.failure = Some(failure(429, HubPart::Api, Some(3))));
    assert_eq!(get(&hub.file_url("owner/name", "main", MODEL)).status, 302);
    let got = get(&info);
    assert_eq!((got.status, got.header("retry-after")), (429, "3"));
    assert_eq!(got.header("ratelimit"), "\"api\";r=0;t=3");
    assert_eq!(get(&info).status, 200);
    hub.set_faults(|faults| faults.failure = Some(failure(503, HubPart::Any, None)));
    assert_eq!(get(&info).status, 503);
    assert_eq!(get(&info).status, 200);
}

#[test]
fn wrong_checksums_and_damage() {
    let (hub, whole) = (hub(), bytes());
    let url = at_cdn(&hub);
    hub.set_faults(|faults| faults.damage_at = Some(2_000_000));
    let damaged = get(&url).body;
    let differ = (0..whole.len()).filter(|at| whole[*at] != damaged[*at]);
    assert_eq!(differ.collect::<Vec<_>>(), [2_000_000]);
    hub.set_faults(|faults| {
        faults.damage_at = None;
        faults.wrong_sha256 = true;
        faults.only = Some(MODEL.to_owned());
    });
    let said = get(&hub.file_url("owner/name", "main", MODEL)).header("x-linked-etag").to_owned();
    assert_ne!(said, format!("\"{}\"", model().sha256()));
    let tree = get(&format!("{}/api/models/owner/name/tree/main", hub.endpoint())).json();
    let file = tree.as_array().and_then(|files| files.iter().find(|it| it["path"] == MODEL));
    assert_eq!(format!("\"{}\"", file.expect("it is there")["lfs"]["oid"].as_str().unwrap()), said);
}

#[test]
fn offline_and_back() {
    let hub = hub();
    let url = format!("{}/api/models", hub.endpoint());
    hub.set_faults(|faults| faults.stall = Some(Stall { after_bytes: Some(10), times: None }));
    let mut held = begin("GET", &at_cdn(&hub), &[]);
    held.read_exact(&mut [0; 10]).expect("it begins");
    hub.go_offline();
    let host = url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap();
    let refused = TcpStream::connect(host).expect_err("nobody listens").kind();
    assert_eq!(refused, io::ErrorKind::ConnectionRefused);
    drop(held.read_to_end(&mut Vec::new()));
    hub.go_online().expect("the ports are free");
    assert_eq!(get(&url).status, 200);
}

#[test]
fn faults_are_changed_by_json() {
    let hub = hub();
    let change = |text: &str| hub.faults().changed_by(&serde_json::from_str(text).unwrap());
    let cut = change(r#"{"cut": {"after_bytes": 5, "times": 2}, "ranges": "ignored"}"#).unwrap();
    assert_eq!(cut.cut, Some(Cut { after_bytes: 5, reset: false, times: Some(2) }));
    hub.set_faults(|faults| *faults = cut);
    let slow = change(r#"{"bytes_per_second": 9, "cut": null, "ranges": null}"#).unwrap();
    assert_eq!((slow.bytes_per_second, slow.cut, slow.ranges), (Some(9), None, Ranges::Right));
    for wrong in [r#"{"cuts": null}"#, r#"{"cut": 5}"#, r#"{"cuts": 5}"#, "7"] {
        assert!(change(wrong).is_err(), "{wrong}");
    }
}
