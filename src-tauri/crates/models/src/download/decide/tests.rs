use super::*;

const SHA: &str = "aa";

fn wanted(sha256: Option<&str>) -> Wanted {
    Wanted {
        url: "https://hub.example/o/n/resolve/c/f".to_owned(),
        bytes: 100,
        sha256: sha256.map(str::to_owned),
        git_sha1: None,
        target: "f".into(),
    }
}

fn part(start: u64, end: u64, total: Option<u64>) -> Answer {
    let range = Some(ContentRange { start, end, total });
    Answer { status: 206, range, total, ..Answer::default() }
}

fn of(status: u16, total: Option<u64>) -> Answer {
    Answer { status, total, ..Answer::default() }
}

/// One word for what is done.
fn word(next: &Next) -> &'static str {
    match next {
        Next::Take => "take",
        Next::TakeFromStart => "take from start",
        Next::AskFromStart => "ask from start",
        Next::Fail(FetchError::WrongRange { .. }) => "wrong range",
        Next::Fail(FetchError::WrongLength { .. }) => "wrong length",
        Next::Fail(FetchError::Changed { .. }) => "changed",
        Next::Fail(FetchError::Hub(_)) => "hub",
        Next::Fail(_) => "another failure",
    }
}

/// What is done with an answer to a request from byte 0, to one from byte 40, and to one from byte
/// 40 after it was started over once.
fn judged(wanted: &Wanted, answer: &Answer) -> [&'static str; 3] {
    [(0, true), (40, true), (40, false)].map(|(from, may_start_over)| {
        let etag = Some("\"one\"");
        word(&decide(&Asked { wanted, from, to: 100, etag, may_start_over }, answer))
    })
}

#[test]
fn every_answer_is_judged() {
    let tagged = |tag: &str| Answer { etag: Some(tag.to_owned()), ..part(40, 99, Some(100)) };
    let again = ["wrong range", "ask from start", "wrong range"];
    let over = ["take", "take from start", "take from start"];
    let at_40 = ["wrong range", "take", "take"];
    let cases = [
        // All of it.
        ("200", of(200, Some(100)), over),
        ("200 without a length", of(200, None), over),
        ("200, shorter", of(200, Some(99)), ["wrong length"; 3]),
        ("200, longer", of(200, Some(101)), ["wrong length"; 3]),
        ("200, empty", of(200, Some(0)), ["wrong length"; 3]),
        // A part of it.
        ("206, what was asked for", part(40, 99, Some(100)), at_40),
        ("206, total unknown", part(40, 99, None), at_40),
        ("206, less than asked for", part(40, 50, Some(100)), at_40),
        ("206, one byte", part(40, 40, Some(100)), at_40),
        ("206, from the start", part(0, 99, Some(100)), ["take", "ask from start", "wrong range"]),
        ("206, too early", part(39, 99, Some(100)), again),
        ("206, too late", part(41, 99, Some(100)), again),
        ("206, too long", part(40, 100, None), again),
        ("206 without a range", of(206, None), again),
        ("206, another total", part(40, 99, Some(200)), ["changed"; 3]),
        // Nothing of it.
        ("416", of(416, None), again),
        ("416, as long as wanted", of(416, Some(100)), again),
        ("416, shorter now", of(416, Some(30)), ["changed"; 3]),
        ("416, longer now", of(416, Some(300)), ["changed"; 3]),
        ("no status of a file", of(204, None), ["hub"; 3]),
        // Another version of it.
        ("206, the same tag", tagged("\"one\""), at_40),
        ("206, a weak tag", tagged("W/\"two\""), at_40),
        ("206, another tag", tagged("\"two\""), ["wrong range", "ask from start", "changed"]),
    ];
    for (name, answer, due) in &cases {
        assert_eq!(judged(&wanted(None), answer), *due, "{name}");
    }
    // Where the sum is known, a tag says nothing.
    assert_eq!(judged(&wanted(Some(SHA)), &tagged("\"two\"")), at_40);
}

#[test]
fn what_the_hub_itself_says_comes_first() {
    let linked = |sha256: Option<&str>, linked_bytes: Option<u64>| Answer {
        linked_sha256: sha256.map(str::to_owned),
        linked_bytes,
        ..of(200, Some(100))
    };
    let over = ["take", "take from start", "take from start"];
    let cases = [
        (linked(Some("aa"), Some(100)), over),
        (linked(Some("AA"), None), over),
        (linked(None, Some(100)), over),
        (linked(Some("bb"), Some(100)), ["changed"; 3]),
        (linked(Some("aa"), Some(99)), ["changed"; 3]),
    ];
    for (answer, due) in &cases {
        assert_eq!(judged(&wanted(Some(SHA)), answer), *due, "{answer:?}");
    }
    assert_eq!(judged(&wanted(None), &linked(Some("bb"), None)), over, "there is none to compare");
}

#[test]
fn a_piece_in_the_middle_must_not_reach_beyond_its_end() {
    let wanted = wanted(None);
    let asked = Asked { wanted: &wanted, from: 40, to: 60, etag: None, may_start_over: false };
    assert_eq!(decide(&asked, &part(40, 59, Some(100))), Next::Take);
    assert_eq!(word(&decide(&asked, &part(40, 60, Some(100)))), "wrong range");
    assert_eq!(decide(&asked, &of(200, Some(100))), Next::TakeFromStart);
}

#[test]
fn an_empty_file_is_all_there_at_once() {
    let mut wanted = wanted(None);
    wanted.bytes = 0;
    let asked = Asked { wanted: &wanted, from: 0, to: 0, etag: None, may_start_over: true };
    assert_eq!(decide(&asked, &of(200, Some(0))), Next::Take);
    assert_eq!(word(&decide(&asked, &of(200, Some(1)))), "wrong length");
    assert_eq!(word(&decide(&asked, &part(0, 0, None))), "wrong range");
}
