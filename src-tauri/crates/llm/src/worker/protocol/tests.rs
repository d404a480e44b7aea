use braincells_core::Output;
use proptest::prelude::*;

use super::*;
use crate::{BatchEventKind, FinishReason, LLMResponse, LabelProbability, Message, Role};

fn text() -> impl Strategy<Value = String> {
    // Whatever a cell may hold: every character, line ends and quotes among them.
    prop_oneof![any::<String>(), Just("\u{0}\"\\\n\u{2028}😀".to_owned())]
}

fn request() -> impl Strategy<Value = LLMRequest> {
    let output = prop_oneof![
        Just(Output::Text),
        Just(Output::Boolean),
        prop::collection::vec(text(), 1..4).prop_map(|labels| Output::Label { labels }),
    ];
    (prop::collection::vec(text(), 0..4), any::<u64>(), 0.0_f32..2.0, output).prop_map(
        |(texts, seed, temperature, output)| {
            let messages = texts.into_iter().map(|text| Message::new(Role::User, text)).collect();
            LLMRequest { temperature, seed, output, ..LLMRequest::new("m", messages) }
        },
    )
}

fn to_worker() -> impl Strategy<Value = ToWorker> {
    let batch = any::<u64>().prop_map(BatchId);
    prop_oneof![
        (text(), any::<bool>()).prop_map(|(path, exact)| ToWorker::Load {
            path: path.into(),
            options: serde_json::json!({ "exact": exact }),
            log: Some(LogLevel::Warn),
        }),
        prop::option::of(text()).prop_map(|sha256| ToWorker::ModelHash { sha256 }),
        (batch.clone(), any::<u64>(), request()).prop_map(|(batch, id, request)| {
            ToWorker::Generate { batch, id: RequestId(id), request: Box::new(request) }
        }),
        batch.clone().prop_map(|batch| ToWorker::EndBatch { batch }),
        batch.clone().prop_map(|batch| ToWorker::Cancel { batch }),
        (batch, any::<u32>()).prop_map(|(batch, events)| ToWorker::Credit { batch, events }),
        (any::<u64>(), prop::collection::vec(text(), 0..4))
            .prop_map(|(id, texts)| ToWorker::Count { id, texts }),
        Just(ToWorker::Shutdown),
    ]
}

fn response() -> impl Strategy<Value = LLMResponse> {
    (text(), prop::option::of(0.0_f64..=1.0), any::<u32>()).prop_map(
        |(content, confidence, tokens)| LLMResponse {
            label_probabilities: vec![LabelProbability {
                label: content.clone(),
                probability: confidence.unwrap_or(f64::MIN_POSITIVE),
            }],
            content,
            reasoning: None,
            model: "m".to_owned(),
            prompt_tokens: tokens,
            shared_tokens: tokens / 2,
            completion_tokens: 1,
            duration_ms: 1,
            finish_reason: FinishReason::Scored,
            confidence,
            cost_usd: None,
        },
    )
}

fn from_worker() -> impl Strategy<Value = FromWorker> {
    let kind = prop_oneof![
        Just(BatchEventKind::Started),
        text().prop_map(BatchEventKind::Delta),
        response().prop_map(|response| BatchEventKind::Done(Box::new(response))),
        text().prop_map(|reason| BatchEventKind::Failed(LLMError::InferenceFailed { reason })),
        (text(), any::<u32>()).prop_map(|(reason, requests)| {
            BatchEventKind::Failed(LLMError::WorkerDied { reason, requests })
        }),
    ];
    let event = (any::<u64>(), kind).prop_map(|(id, kind)| BatchEvent { id: RequestId(id), kind });
    prop_oneof![
        (any::<u32>(), text())
            .prop_map(|(protocol, version)| FromWorker::Hello { protocol, version }),
        (0.0_f32..=1.0).prop_map(|fraction| FromWorker::LoadProgress { fraction }),
        prop::option::of(text()).prop_map(|fingerprint| FromWorker::Loaded {
            capabilities: Capabilities {
                context_tokens: 1,
                constrains_output: true,
                reports_confidence: false,
                scores_labels: true,
                parallel_requests: 16,
                fingerprint,
            },
        }),
        Just(FromWorker::LoadFailed { error: LLMError::ModelNotFound { path: "a/b".into() } }),
        (any::<u64>(), prop::collection::vec(event, 0..4)).prop_map(|(batch, events)| {
            FromWorker::Events { batch: BatchId(batch), events, figures: None }
        }),
        (any::<u64>(), prop::collection::vec(any::<Option<u32>>(), 0..4))
            .prop_map(|(id, counts)| FromWorker::Counted { id, counts }),
        (text(), text()).prop_map(|(target, text)| FromWorker::Log {
            level: LogLevel::Trace,
            target,
            text
        }),
        text().prop_map(|reason| FromWorker::Fatal { reason }),
    ]
}

/// All frames that can be read, and whether the rest was an error.
fn read_all<T: DeserializeOwned>(mut bytes: &[u8]) -> (Vec<T>, bool) {
    let mut frames = Vec::new();
    loop {
        match read_frame(&mut bytes) {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return (frames, false),
            Err(_) => return (frames, true),
        }
    }
}

/// Whole frames before a cut are read as they were sent; a cut within one is an error.
fn check_cut<T>(frames: &[T], cut: usize) -> Result<(), TestCaseError>
where
    T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    let mut bytes = Vec::new();
    let mut ends = vec![0];
    for frame in frames {
        write_frame(&mut bytes, frame).unwrap();
        ends.push(bytes.len());
    }
    let cut = cut % (bytes.len() + 1);
    let whole = ends.iter().filter(|end| **end <= cut).count() - 1;
    let (read, is_error) = read_all::<T>(&bytes[..cut]);
    prop_assert_eq!(&read[..], &frames[..whole]);
    prop_assert_eq!(is_error, !ends.contains(&cut));
    Ok(())
}

proptest! {
    #[test]
    fn frames_arrive_as_they_were_sent_and_a_cut_anywhere_is_seen(
        frames in prop::collection::vec(to_worker(), 0..4),
        answers in prop::collection::vec(from_worker(), 0..4),
        cut in any::<usize>(),
    ) {
        for cut in [cut, usize::MAX] {
            check_cut(&frames, cut)?;
            check_cut(&answers, cut)?;
        }
    }

    #[test]
    fn garbage_is_an_error_and_never_a_panic(
        garbage in prop::collection::vec(any::<u8>(), 0..200),
        flips in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 1..4),
        frame in to_worker(),
    ) {
        read_all::<ToWorker>(&garbage);
        read_all::<FromWorker>(&garbage);
        let mut damaged = encode(&frame).unwrap();
        for (place, byte) in flips {
            *place.get_mut(&mut damaged) = byte;
        }
        read_all::<ToWorker>(&damaged);
        // One side's frames are not the other's.
        prop_assert!(read_all::<FromWorker>(&encode(&frame).unwrap()).1);
    }
}

#[test]
fn a_frame_that_is_too_long_is_refused_on_both_sides_before_it_takes_memory() {
    let text = "x".repeat(MOST_FRAME_BYTES);
    let long = FromWorker::Fatal { reason: text };
    assert!(matches!(encode(&long), Err(FrameError::TooLong { .. })));
    let claim = u32::MAX.to_le_bytes();
    let read = read_frame::<ToWorker>(&mut claim.as_slice());
    assert!(matches!(read, Err(FrameError::TooLong { bytes }) if bytes == u32::MAX as usize));
    let mut just_possible = (MOST_FRAME_BYTES as u32).to_le_bytes().to_vec();
    just_possible.extend(b"\"shutdown\"");
    let read = read_frame::<ToWorker>(&mut just_possible.as_slice());
    assert!(matches!(read, Err(FrameError::Io(_))), "it ends before it does");
}
