//! Tuned copies of a real model.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use braincells_core::TuneStage;
use braincells_llm::llama::{
    CandidateOutcome, LlamaEngine, LoadOptions, Quantisation, TuneProgress, TuneReport,
    TuneRequest, TunedOrigin, check_file, quantise, tune, tuned_origin,
};
use braincells_llm::{LLMEngine, LLMError, LLMRequest, Message, Role};

use super::starter::model_path;

fn request(scratch: &Path, candidates: &[Quantisation]) -> TuneRequest {
    TuneRequest {
        model: model_path(),
        origin: TunedOrigin {
            file: "SmolLM2-135M-Instruct.Q4_1.gguf".to_owned(),
            sha256: "ab".repeat(32),
            at_ms: 1_700_000_000_000,
        },
        scratch: scratch.to_owned(),
        candidates: candidates.to_vec(),
        // Two that share a core with another test wait for each other most of the time.
        threads: Some(1),
        gpu_layers: Some(0),
        memory_bytes: None,
        disk_bytes: None,
    }
}

fn going() -> Arc<AtomicBool> {
    Arc::default()
}

fn files(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
    std::fs::read_dir(folder).unwrap().map(|e| name(e).into_string().unwrap()).collect()
}

/// The table of `docs/adr/0010-tuned-copies.md`.
fn lines(report: &TuneReport) -> String {
    let speed = report.original_speed.unwrap();
    let mut lines = vec![format!(
        "original {:?} {} MB pp {:.0} tg {:.0}, {} ms in all",
        report.original_quantisation,
        report.original_size_bytes / 1_000_000,
        speed.prefill_tokens_per_s,
        speed.decode_tokens_per_s,
        report.elapsed_ms
    )];
    lines.extend(report.candidates.iter().map(|one| format!("{one:?}")));
    lines.join("\n")
}

#[tokio::test]
async fn the_chosen_copy_is_faster_says_where_it_came_from_and_answers() {
    let folder = tempfile::tempdir().unwrap();
    let request = request(folder.path(), &[Quantisation::Q8_0, Quantisation::Q4_0]);
    let heard = Arc::new(Mutex::new(Vec::<TuneProgress>::new()));
    let hear = {
        let heard = Arc::clone(&heard);
        move |progress| heard.lock().unwrap().push(progress)
    };
    let report = tune(&request, &going(), hear).unwrap();
    println!("{}", lines(&report));
    assert_eq!(report.original_quantisation.as_deref(), Some("Q4_1"));
    for candidate in &report.candidates {
        let speed = candidate.speed.expect("it was measured");
        assert!(speed.prefill_tokens_per_s > 0.0 && speed.decode_tokens_per_s > 0.0);
    }
    // On a processor where Q4_1 is as fast as the others there is nothing to choose; on x86
    // it is half as fast as Q8_0.
    let faithful = |one: &braincells_llm::llama::Candidate| {
        one.likeness.is_some_and(|likeness| likeness.fault().is_none())
    };
    let best = report.candidates.iter().filter(|one| faithful(one)).map(|one| one.gain);
    assert_eq!(report.chosen().map(|one| one.gain), best.reduce(|a, b| if a > b { a } else { b }));
    for candidate in &report.candidates {
        let path = request.copy_path(candidate.quantisation);
        let chosen = candidate.outcome == CandidateOutcome::Chosen;
        assert_eq!(path.exists(), chosen, "{candidate:?}");
        if !chosen {
            continue;
        }
        assert_eq!(Some(check_file(&path).unwrap()), candidate.size_bytes);
        assert_eq!(tuned_origin(&path), Some(request.origin.clone()));
        let engine = LlamaEngine::load(&path, &LoadOptions::default(), |_| true).unwrap();
        let asked = LLMRequest::new("copy", vec![Message::new(Role::User, "Say hello.")]);
        assert!(!engine.generate(asked).await.unwrap().content.is_empty());
    }
    assert_eq!(tuned_origin(&model_path()), None);
    let heard = heard.lock().unwrap();
    let stages: Vec<TuneStage> = heard.iter().map(|progress| progress.stage).collect();
    for stage in [TuneStage::Original, TuneStage::Writing, TuneStage::Measuring] {
        assert!(stages.contains(&stage), "{stage:?}");
    }
    assert!(heard.iter().all(|p| (0.0..=1.0).contains(&p.fraction)));
    assert!(heard.is_sorted_by(|one, other| one.fraction <= other.fraction), "{heard:?}");
    let writing = heard.iter().filter(|progress| progress.stage == TuneStage::Writing);
    assert!(writing.count() > 50, "llama.cpp's log tells of every tensor");
}

#[test]
fn a_copy_of_the_same_quantisation_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.gguf");
    let origin = request(folder.path(), &[]).origin;
    let size = quantise(&model_path(), &copy, Quantisation::Q4_0, &origin, 2, |_| {}).unwrap();
    assert_eq!(check_file(&copy).unwrap(), size);
    let again = folder.path().join("again");
    std::fs::create_dir(&again).unwrap();
    let second = TuneRequest { model: copy, ..request(&again, &[Quantisation::Q4_0]) };
    let report = tune(&second, &going(), |_| {}).unwrap();
    let outcome = &report.candidates[0].outcome;
    assert!(
        matches!(outcome, CandidateOutcome::Skipped { reason } if reason.contains("original")),
        "{outcome:?}"
    );
    assert_eq!(report.original_quantisation.as_deref(), Some("Q4_0"));
    assert_eq!(files(&again), Vec::<String>::new());
}

#[test]
fn what_does_not_fit_is_left_out_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let request = request(folder.path(), &[Quantisation::Q8_0]);
    let small = [
        (TuneRequest { disk_bytes: Some(100 << 20), ..request.clone() }, "on the disk"),
        (TuneRequest { memory_bytes: Some(200 << 20), ..request }, "of memory"),
    ];
    for (request, expected) in small {
        let report = tune(&request, &going(), |_| {}).unwrap();
        let outcome = &report.candidates[0].outcome;
        assert!(
            matches!(outcome, CandidateOutcome::Skipped { reason } if reason.contains(expected)),
            "{outcome:?}"
        );
        assert_eq!(files(folder.path()), Vec::<String>::new());
        assert_eq!(report.original_speed, None);
    }
}

#[test]
fn a_stop_leaves_nothing_behind_at_any_stage() {
    let folder = tempfile::tempdir().unwrap();
    let request = request(folder.path(), &[Quantisation::Q8_0, Quantisation::Q4_0]);
    for stage in [TuneStage::Original, TuneStage::Writing, TuneStage::Measuring] {
        let stopped = going();
        let stop = Arc::clone(&stopped);
        let hear = move |progress: TuneProgress| {
            if progress.stage == stage {
                stop.store(true, Ordering::Relaxed);
            }
        };
        let error = tune(&request, &stopped, hear).unwrap_err();
        assert_eq!(error, LLMError::Cancelled, "{stage:?}");
        assert_eq!(files(folder.path()), Vec::<String>::new(), "{stage:?}");
    }
}

#[test]
fn what_cannot_be_read_or_written_is_said_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let good = request(folder.path(), &[Quantisation::Q8_0]);
    let gone = TuneRequest { model: folder.path().join("none.gguf"), ..good.clone() };
    assert!(matches!(tune(&gone, &going(), |_| {}).unwrap_err(), LLMError::ModelNotFound { .. }));
    let half = folder.path().join("half.gguf");
    let bytes = std::fs::read(model_path()).unwrap();
    std::fs::write(&half, &bytes[..bytes.len() / 2]).unwrap();
    let broken = TuneRequest { model: half.clone(), ..good.clone() };
    assert!(matches!(tune(&broken, &going(), |_| {}).unwrap_err(), LLMError::ModelBroken { .. }));
    let nowhere = TuneRequest { scratch: folder.path().join("none"), ..good };
    let error = tune(&nowhere, &going(), |_| {}).unwrap_err();
    assert!(matches!(error, LLMError::NotWritten { full: false, .. }), "{error}");
    std::fs::remove_file(half).unwrap();
    assert_eq!(files(folder.path()), Vec::<String>::new());
}

#[test]
#[ignore = "prints the table of the decision record; takes minutes"]
fn the_table_of_the_decision_record() {
    let folder = tempfile::tempdir().unwrap();
    let report = tune(&request(folder.path(), &Quantisation::ALL), &going(), |_| {}).unwrap();
    println!("{}", lines(&report));
}
