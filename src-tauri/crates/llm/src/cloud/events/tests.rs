use proptest::prelude::*;

use super::*;

/// The events of chunks, and what stood behind them.
fn read<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<String>, Option<String>) {
    let (mut events, mut found) = (Events::default(), Vec::new());
    for chunk in chunks {
        events.push(chunk, &mut found).unwrap();
    }
    (found, events.finish())
}

fn whole(text: &[u8]) -> Vec<String> {
    read([text]).0
}

#[test]
fn events_are_ended_by_blank_lines_of_every_kind() {
    for end in ["\n", "\r", "\r\n"] {
        let text = format!("data: one{end}{end}data:two{end}{end}data:  three{end}{end}");
        assert_eq!(whole(text.as_bytes()), ["one", "two", " three"], "{end:?}");
    }
    assert_eq!(whole(b"data: a\r\n\ndata: b\n\r\n"), ["a", "b"], "mixed");
    assert_eq!(whole(b"data:[DONE]\n\n"), ["[DONE]"]);
}

#[test]
fn comments_and_other_fields_are_no_data() {
    let text = b": keep-alive\n\n:\n\nid: 7\nevent: message\nretry: 10\ndata: a\nnonsense\n\n\n\n";
    assert_eq!(whole(text), ["a"]);
    assert_eq!(whole(b"database: a\n\n data: b\n\n"), [""; 0]);
}

#[test]
fn data_of_several_lines_is_one_text() {
    assert_eq!(whole(b"data: {\ndata: \"a\": 1\ndata: }\n\n"), ["{\n\"a\": 1\n}"]);
    assert_eq!(whole(b"data\n\n"), [""], "a field without a colon is empty");
    assert_eq!(whole(b"data\ndata\n\n"), ["\n"]);
    assert_eq!(whole(b"data: a: b\n\n"), ["a: b"]);
}

#[test]
fn a_byte_order_mark_is_ignored_at_the_start_only() {
    assert_eq!(whole(b"\xEF\xBB\xBFdata: a\n\n"), ["a"]);
    assert_eq!(whole(b"\xEF\xBB\xBF\n\ndata: a\n\n"), ["a"]);
    assert_eq!(whole(b"\n\xEF\xBB\xBFdata: a\n\n"), [""; 0]);
    assert_eq!(whole("data: \u{feff}a\n\n".as_bytes()), ["\u{feff}a"]);
}

#[test]
fn bytes_that_are_no_text_are_replaced() {
    assert_eq!(whole(b"data: a\xFFb\n\n"), ["a\u{fffd}b"]);
    assert_eq!(whole(b"data: \xE2\x82\n\n"), ["\u{fffd}"]);
    let euro = "data: €\n\n".as_bytes();
    for at in 0..euro.len() {
        assert_eq!(read([&euro[..at], &euro[at..]]).0, ["€"], "cut at {at}");
    }
}

#[test]
fn what_has_no_end_is_given_at_the_end() {
    assert_eq!(read([b"data: a\n\ndata: [DONE]".as_slice()]).1.as_deref(), Some("[DONE]"));
    assert_eq!(read([b"data: a\n".as_slice()]).1.as_deref(), Some("a"));
    assert_eq!(read([b"data: a\n\n".as_slice()]).1, None);
    assert_eq!(read([b": bye".as_slice()]).1, None);
    assert_eq!(read([]).1, None);
}

#[test]
fn llama_servers_error_field_is_read() {
    assert_eq!(whole(b"error: {\"code\":500}\n\n"), ["{\"code\":500}"]);
}

#[test]
fn an_event_has_a_longest_length() {
    let chunk = vec![b'a'; 1 << 20];
    let mut found = Vec::new();
    // One line without an end.
    let mut events = Events::default();
    events.push(b"data: ", &mut found).unwrap();
    let pushed = (0..9).try_for_each(|_| events.push(&chunk, &mut found));
    assert_eq!((pushed, events.line.len() <= MOST_EVENT_BYTES), (Err(TooLong), true));
    // Many lines of one event.
    let line = [b"data: ".as_slice(), &chunk, b"\n"].concat();
    let mut events = Events::default();
    let pushed = (0..9).try_for_each(|_| events.push(&line, &mut found));
    assert_eq!(pushed, Err(TooLong));
    // Many long events are none too long.
    let mut events = Events::default();
    for _ in 0..9 {
        events.push(&[line.as_slice(), b"\n"].concat(), &mut found).unwrap();
    }
    assert_eq!(found.len(), 9);
}

fn sample() -> Vec<u8> {
    [
        "\u{feff}: hello\r\n\r\ndata: {\"a\":\"é€😀\"}\r\n\r\ndata: one\rdata: two\r\r".as_bytes(),
        b"event: x\ndata:\xF0\x9F\x98 cut\xFF\n\n\r\n\n\rdata\n\ndata: [DONE]\r\n\r\ndata: tail",
    ]
    .concat()
}

#[test]
fn a_cut_at_any_byte_changes_nothing() {
    let text = sample();
    let expected = read([text.as_slice()]);
    assert_eq!(expected.0.len(), 5);
    for at in 0..=text.len() {
        assert_eq!(read([&text[..at], &text[at..]]), expected, "cut at {at}");
    }
    assert_eq!(read(text.chunks(1)), expected);
}

proptest! {
    #[test]
    fn any_bytes_cut_anywhere_give_the_same(
        parts in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..6),
                prop::sample::select(vec![
                    "data: ", "data", ":", "\n", "\r", "\r\n", "\n\n", "é", "\u{feff}", "[DONE]",
                ])
                .prop_map(|text| text.as_bytes().to_vec()),
            ],
            0..40,
        ),
        cuts in prop::collection::vec(0_usize..200, 0..8),
    ) {
        let text = parts.concat();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.sort_unstable();
        let mut chunks = Vec::new();
        let mut from = 0;
        for cut in cuts.into_iter().chain([text.len()]) {
            chunks.push(&text[from..cut]);
            from = cut;
        }
        let expected = read([text.as_slice()]);
        prop_assert_eq!(read(chunks), expected.clone());
        prop_assert_eq!(read(text.chunks(1)), expected);
    }
}
