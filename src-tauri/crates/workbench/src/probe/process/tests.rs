//! How an end of the process is read, with a shell in its place.

use braincells_data::{Limits, TornTail};

use super::*;

fn request() -> ProbeRequest {
    ProbeRequest {
        path: "none.duckdb".into(),
        limits: Limits { memory_bytes: 1, threads: 1 },
        torn_tail: TornTail::Damage,
        whole: false,
    }
}

fn scripted(script: &str) -> ProcessProbe {
    let environment = vec![
        (OsString::from("GIVEN"), OsString::from("yes")),
        (OsString::from("PATH"), OsString::from("/usr/bin:/bin")),
    ];
    ProcessProbe::new("/bin/sh".into(), vec!["-c".into(), script.into()], environment)
}

fn outcome(script: &str) -> ProbeOutcome {
    scripted(script).probe(&request())
}

#[test]
fn only_a_crash_of_its_own_counts_against_a_sheet() {
    assert_eq!(outcome("echo '\"sound\"'"), ProbeOutcome::Sound);
    let damaged = outcome(r#"echo '{"damaged":{"reason":"a checksum"}}'"#);
    assert_eq!(damaged, ProbeOutcome::Damaged { reason: "a checksum".to_owned() });
    for crash in ["kill -ABRT $$", "kill -SEGV $$", "exit 101"] {
        assert!(matches!(outcome(crash), ProbeOutcome::Damaged { .. }), "{crash}");
    }
    for outside in ["kill -KILL $$", "kill -TERM $$", "kill -INT $$"] {
        assert!(matches!(outcome(outside), ProbeOutcome::Refused { .. }), "{outside}");
    }
    for nothing in ["exit 0", "exit 2", "echo hello"] {
        assert!(matches!(outcome(nothing), ProbeOutcome::Unavailable { .. }), "{nothing}");
    }
    let missing = ProcessProbe::new("/no/such/program".into(), Vec::new(), Vec::new());
    assert!(matches!(missing.probe(&request()), ProbeOutcome::Unavailable { .. }));
}

#[test]
fn a_process_that_gets_nowhere_is_ended() {
    for (script, words) in
        [("exec sleep 600", "standstill"), ("while :; do :; done", "did not end")]
    {
        let patience = Patience {
            stillness: Duration::from_secs(2),
            computing: Duration::from_secs(1),
            computing_for_mib: Duration::ZERO,
        };
        let probe = ProcessProbe { patience, ..scripted(script) };
        match probe.probe(&request()) {
            ProbeOutcome::Damaged { reason } => assert!(reason.contains(words), "{reason}"),
            outcome => panic!("{script}: {outcome:?}"),
        }
    }
}

#[test]
fn the_process_gets_no_environment_but_what_is_named() {
    let script = r#"test -z "$HOME$CARGO_MANIFEST_DIR" && test "$GIVEN" = yes && echo '"sound"'"#;
    assert_eq!(outcome(script), ProbeOutcome::Sound);
}

#[test]
fn a_sheet_that_an_orphan_has_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let count = folder.path().join("count");
    let script = format!(
        r#"echo x >> '{0}'; test "$(wc -l < '{0}')" -ge 3 && echo '"sound"' && exit
        echo '{{"refused":{{"error":{{"code":"conflict","message":"in use","hint":null}}}}}}'"#,
        count.display()
    );
    assert_eq!(outcome(&script), ProbeOutcome::Sound);
    assert_eq!(std::fs::read_to_string(count).unwrap().lines().count(), 3);
}
