use super::*;
use crate::worker::protocol::read_frame;

fn request() -> LLMRequest {
    LLMRequest::new("m", Vec::new())
}

fn capabilities(parallel_requests: u32) -> Capabilities {
    Capabilities {
        context_tokens: 1,
        constrains_output: true,
        reports_confidence: true,
        scores_labels: true,
        parallel_requests,
        fingerprint: None,
    }
}

/// A child as far as this bookkeeping sees one.
fn connect(shared: &Shared) {
    let outbox = Arc::new(Outbox::default());
    shared.state().outbox = Some(outbox);
    shared.loaded(capabilities(2));
}

fn started(id: u64) -> BatchEvent {
    BatchEvent { id: RequestId(id), kind: BatchEventKind::Started }
}

fn failed(id: u64) -> BatchEvent {
    let kind = BatchEventKind::Failed(LLMError::Cancelled);
    BatchEvent { id: RequestId(id), kind }
}

/// Takes all events of a batch.
fn drain(shared: &Shared, batch: BatchId) -> (Vec<BatchEvent>, Look) {
    let mut events = Vec::new();
    loop {
        match shared.look(batch) {
            Look::Event(event) => events.push(event),
            look => return (events, look),
        }
    }
}

#[test]
fn a_batch_has_twice_as_many_requests_open_as_are_worked_on() {
    let shared = Shared::default();
    let (batch, _waker) = shared.open_batch();
    assert!(matches!(shared.look(batch), Look::NoChild));
    assert!(matches!(shared.send(batch, RequestId(0), request()), Sent::Back(_)));
    connect(&shared);
    for id in 0..4 {
        assert!(matches!(shared.look(batch), Look::Room));
        assert!(matches!(shared.send(batch, RequestId(id), request()), Sent::Taken));
    }
    assert!(matches!(shared.look(batch), Look::Busy));
    shared.take_events(batch, vec![started(1), failed(1)]).unwrap();
    let (events, look) = drain(&shared, batch);
    assert_eq!(events, [started(1), failed(1)]);
    assert!(matches!(look, Look::Room));
}

#[test]
fn a_request_that_cannot_be_sent_fails_alone() {
    let shared = Shared::default();
    let (batch, _waker) = shared.open_batch();
    connect(&shared);
    let hot = LLMRequest { temperature: f32::NAN, ..request() };
    assert!(matches!(shared.send(batch, RequestId(1), hot), Sent::Taken));
    let (events, look) = drain(&shared, batch);
    let BatchEventKind::Failed(LLMError::InvalidRequest { .. }) = &events[0].kind else {
        panic!("{events:?}")
    };
    assert!(matches!(look, Look::Room) && shared.has_nothing_left(batch));
    assert_eq!(shared.state().batches[&batch].owed, 0, "the child did not send it");
    let hot = LLMRequest { min_p: f32::INFINITY, ..request() };
    assert!(matches!(shared.send(batch, RequestId(2), hot), Sent::Taken));
    assert!(!shared.has_nothing_left(batch), "it still has to be told");
}

#[test]
fn a_batch_is_over_only_when_its_last_event_was_taken() {
    let shared = Shared::default();
    let (batch, _waker) = shared.open_batch();
    connect(&shared);
    assert!(shared.has_nothing_left(batch));
    shared.send(batch, RequestId(1), request());
    assert!(matches!(shared.look(batch), Look::Room));
    // The end may come between a look and this question.
    shared.take_events(batch, vec![failed(1)]).unwrap();
    assert!(!shared.has_nothing_left(batch));
    assert_eq!(drain(&shared, batch).0, [failed(1)]);
    assert!(shared.has_nothing_left(batch));
}

#[test]
fn a_child_that_does_not_keep_to_its_bounds_is_given_up() {
    let shared = Shared::default();
    let (batch, _waker) = shared.open_batch();
    connect(&shared);
    shared.send(batch, RequestId(1), request());
    assert!(shared.take_events(batch, vec![started(2)]).is_err(), "it was not asked that");
    assert!(shared.take_events(BatchId(9), vec![started(1)]).is_ok(), "that was cancelled");
    let flood = vec![started(1); 2 * EVENT_ROOM as usize + 1];
    assert!(shared.take_events(batch, flood).is_err());
}

#[test]
fn room_is_given_back_for_what_the_present_child_sent_and_not_for_what_an_earlier_one_did() {
    let shared = Shared::default();
    let (batch, _waker) = shared.open_batch();
    connect(&shared);
    shared.send(batch, RequestId(1), request());
    shared.take_events(batch, vec![started(1); EVENT_ROOM as usize]).unwrap();
    assert!(shared.died("x"));
    connect(&shared);
    let outbox = Arc::clone(shared.state().outbox.as_ref().unwrap());
    let (events, _) = drain(&shared, batch);
    assert_eq!(events.len(), EVENT_ROOM as usize + 1, "and the failure");
    shared.send(batch, RequestId(2), request());
    let half = EVENT_ROOM / 2;
    shared.take_events(batch, vec![started(2); half as usize]).unwrap();
    assert_eq!(drain(&shared, batch).0.len(), half as usize);
    let mut sent = Vec::new();
    outbox.control(&ToWorker::Shutdown).unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    let written = Arc::clone(&outbox);
    let writing = std::thread::Builder::new().spawn(move || written.write_to(writer)).unwrap();
    let mut reader = std::io::BufReader::new(reader);
    while sent.last() != Some(&ToWorker::Shutdown) {
        sent.push(read_frame::<ToWorker>(&mut reader).unwrap().unwrap());
    }
    outbox.close();
    writing.join().unwrap();
    assert_eq!(sent, [ToWorker::Credit { batch, events: half }, ToWorker::Shutdown]);
}

#[test]
fn what_a_child_had_fails_with_how_many_it_had_and_three_ends_in_a_row_are_enough() {
    let shared = Shared::default();
    let (batch, _waker) = shared.open_batch();
    connect(&shared);
    for round in 0..3 {
        for id in [1, 2] {
            shared.send(batch, RequestId(id), request());
        }
        if round == 0 {
            shared.take_events(batch, vec![started(1)]).unwrap();
        }
        assert_eq!(shared.died("gone"), round < 2);
        let (events, look) = drain(&shared, batch);
        let error = LLMError::WorkerDied { reason: "gone".to_owned(), requests: 2 };
        let fails = |event: &&BatchEvent| event.kind == BatchEventKind::Failed(error.clone());
        assert_eq!(events.iter().filter(fails).count(), 2);
        if round < 2 {
            assert!(matches!(look, Look::NoChild));
            connect(&shared);
        } else {
            assert!(matches!(look, Look::Ended));
        }
    }
    let shared = Shared::default();
    connect(&shared);
    assert!(!shared.died("gone"), "nobody waits for another one");
}

#[test]
fn figures_are_those_of_all_children_together() {
    let rows = |rows| Some(EngineFigures { rows, other_seconds: 0.5, ..Default::default() });
    let shared = Shared::default();
    let (_batch, _waker) = shared.open_batch();
    connect(&shared);
    assert_eq!(shared.figures(), None);
    shared.take_figures(rows(2));
    shared.take_figures(None);
    assert_eq!(shared.figures(), rows(2), "the newest count");
    assert!(shared.died("gone"));
    connect(&shared);
    assert_eq!(shared.figures(), rows(2));
    shared.take_figures(rows(3));
    let all = shared.figures().unwrap();
    assert_eq!((all.rows, all.other_seconds), (5, 1.0));
}
