//! Opening what a killed process, a bad disk or another process left. Here the trial runs in this
//! process; the crate `testing` has the tests with one of its own.

use std::cell::RefCell;

use braincells_core::{Holder, OpeningNotice};
use braincells_data::{
    Catalogue, Opened, Opening, ProbeOutcome, ProbeRequest, TornTail, distrust, duplicate_sheet,
    is_there, move_sheet, open_sheet, probe_sheet, remove_leftovers, remove_sheet,
};
use serde_json::json;

use super::*;

const ROOM: u64 = u64::MAX;
const LATER_MS: i64 = NOW_MS + 60_000;

fn open_with(
    path: &Path,
    probe: &dyn Fn(&ProbeRequest) -> ProbeOutcome,
    snapshots: Option<&Path>,
) -> Result<Opened, DataError> {
    let opening =
        Opening { path, limits: LIMITS, now_ms: LATER_MS, probe, snapshots, room_bytes: ROOM };
    open_sheet(&opening)
}

fn open(path: &Path) -> Result<Opened, DataError> {
    open_with(path, &probe_sheet, None)
}

fn untouched(request: &ProbeRequest) -> ProbeOutcome {
    panic!("{} is tried without need", request.path.display())
}

fn beside(path: &Path, end: &str) -> PathBuf {
    PathBuf::from(format!("{}{end}", path.display()))
}

/// A sheet with saved rows 0 to 9 and, in its log, one committed cell for each of them, as a
/// killed process leaves it.
fn abandoned(folder: &Path) -> PathBuf {
    let rows: String = (0..10).map(|row| format!("{row}\n")).collect();
    let store = sheet(folder, "a.csv", format!("a\n{rows}"));
    let column = store.add_ai_column("c", &recipe(Output::Text), NOW_MS).unwrap().id;
    for row in 1..=10 {
        let cell = record(row, CellState::Edited, format!("cell {row}"));
        store.commit_cells(column, None, &[cell], NOW_MS).unwrap();
    }
    let path = folder.join("abandoned.duckdb");
    fs::copy(store.path(), &path).unwrap();
    fs::copy(beside(store.path(), ".wal"), beside(&path, ".wal")).unwrap();
    path
}

fn filled(store: &SheetStore) -> usize {
    let cells = table(store);
    assert_eq!(cells.len(), 10, "what was saved is never lost");
    cells.iter().filter(|row| row[1].is_string()).count()
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 0x10;
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_sheet_that_was_closed_well_is_opened_at_once() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a\n1\n");
    let path = store.path().to_path_buf();
    store.close(ROOM).unwrap();
    let opened = open_with(&path, &untouched, None).unwrap();
    assert_eq!(opened.notices, []);
    assert!(!beside(&path, ".opening").exists(), "the opening came to its end");
}

#[test]
fn a_sheet_of_a_killed_process_is_tried_first_and_loses_nothing() {
    let folder = folder();
    let path = abandoned(folder.path());
    let tries = RefCell::new(Vec::new());
    let probe = |request: &ProbeRequest| {
        tries.borrow_mut().push((request.torn_tail, request.whole));
        let outcome = probe_sheet(request);
        assert!(!beside(&path, ".wal").exists(), "the log went into the file");
        outcome
    };
    let opened = open_with(&path, &probe, None).unwrap();
    assert_eq!(opened.notices, []);
    assert_eq!(filled(&opened.store), 10);
    assert_eq!(tries.into_inner(), [(TornTail::Damage, false)]);
    assert!(beside(&path, ".good").exists(), "the process before did not make a copy");
}

#[test]
fn an_opening_that_never_ended_makes_the_next_one_read_the_whole_sheet_elsewhere() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a\n1\n");
    let path = store.path().to_path_buf();
    assert!(matches!(distrust(&path), Err(DataError::InUse { .. })));
    drop(store);
    distrust(&path).unwrap();
    let whole = RefCell::new(false);
    let probe = |request: &ProbeRequest| {
        *whole.borrow_mut() = request.whole;
        probe_sheet(request)
    };
    drop(open_with(&path, &probe, None).unwrap());
    assert!(whole.into_inner());
    open_with(&path, &untouched, None).unwrap();
}

#[test]
fn a_log_that_ends_in_the_middle_of_a_change_loses_that_change_and_says_so() {
    let folder = folder();
    let path = abandoned(folder.path());
    let log = beside(&path, ".wal");
    let bytes = fs::read(&log).unwrap();
    fs::write(&log, &bytes[..bytes.len() - 7]).unwrap();
    let opened = open(&path).unwrap();
    let [OpeningNotice::LogCutShort { kept_in }] = opened.notices.as_slice() else {
        panic!("{:?}", opened.notices)
    };
    assert_eq!(filled(&opened.store), 9);
    assert_eq!(fs::read(kept_in).unwrap(), bytes[..bytes.len() - 7]);
    assert_eq!(*kept_in, beside(&log, &format!(".corrupt-{LATER_MS}")));
}

#[test]
fn a_log_that_cannot_be_read_is_moved_aside_and_the_last_save_is_opened() {
    let folder = folder();
    let path = abandoned(folder.path());
    let log = beside(&path, ".wal");
    let bytes = fs::read(&log).unwrap();
    let value = bytes.windows(6).position(|window| window == b"cell 5").unwrap();
    flip(&log, value);
    let damaged = fs::read(&log).unwrap();
    let opened = open(&path).unwrap();
    let [OpeningNotice::ChangesLost { saved_at_ms: Some(_), kept_in, reason }] =
        opened.notices.as_slice()
    else {
        panic!("{:?}", opened.notices)
    };
    assert!(reason.contains("checksum"), "{reason}");
    assert_eq!(filled(&opened.store), 0);
    assert_eq!(fs::read(kept_in).unwrap(), damaged);
    drop(opened);
    assert_eq!(open_with(&path, &untouched, None).unwrap().notices, []);
}

#[test]
fn a_file_that_cannot_be_read_is_replaced_by_its_last_good_copy() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a\n1\n");
    let path = store.path().to_path_buf();
    store.close(ROOM).unwrap();
    for damage in [0, 12288 + 300] {
        flip(&path, damage);
        let damaged = fs::read(&path).unwrap();
        let opened = open(&path).unwrap();
        let [OpeningNotice::CopyRestored { copied_at_ms: Some(_), kept_in, reason }] =
            opened.notices.as_slice()
        else {
            panic!("{:?}", opened.notices)
        };
        assert!(!reason.is_empty());
        assert_eq!(table(&opened.store), [[json!(1)]]);
        assert_eq!(fs::read(&kept_in[0]).unwrap(), damaged);
        assert!(beside(&path, ".good").exists());
    }
    fs::remove_file(&path).unwrap();
    assert!(is_there(&path));
    let opened = open(&path).unwrap();
    assert!(
        matches!(&opened.notices[..], [OpeningNotice::CopyRestored { kept_in, .. }] if kept_in.is_empty())
    );
    assert_eq!(table(&opened.store), [[json!(1)]]);
}

#[test]
fn a_file_and_a_log_that_cannot_be_read_are_both_kept() {
    let folder = folder();
    let path = abandoned(folder.path());
    let (log, good) = (beside(&path, ".wal"), beside(&path, ".good"));
    fs::copy(&path, &good).unwrap();
    flip(&log, 5000);
    flip(&path, 12288 + 300);
    let opened = open(&path).unwrap();
    let [OpeningNotice::CopyRestored { kept_in, .. }] = opened.notices.as_slice() else {
        panic!("{:?}", opened.notices)
    };
    assert_eq!(filled(&opened.store), 0);
    assert_eq!(kept_in.len(), 2, "{kept_in:?}");
    assert!(kept_in.iter().all(|path| path.exists()));
}

#[test]
fn without_a_good_copy_a_damaged_sheet_is_an_error_and_stays_as_it_was_found() {
    let folder = folder();
    let path = abandoned(folder.path());
    let log = beside(&path, ".wal");
    flip(&path, 12288 + 300);
    let before = (fs::read(&path).unwrap(), fs::read(&log).unwrap());
    for _ in 0..2 {
        let error = open(&path).unwrap_err();
        assert!(matches!(&error, DataError::Damaged { log: Some(_), .. }), "{error}");
        let app = AppError::from(error);
        assert_eq!(app.code, Code::Storage);
        for file in [&path, &log] {
            assert!(app.message.contains(file.to_str().unwrap()), "{app}");
        }
        assert_eq!((fs::read(&path).unwrap(), fs::read(&log).unwrap()), before);
    }
    let left: Vec<String> =
        file_names(folder.path()).into_iter().filter(|name| name.contains("corrupt")).collect();
    assert_eq!(left, [""; 0]);
    // Neither is a copy that cannot be read any use.
    fs::copy(&path, beside(&path, ".good")).unwrap();
    assert!(matches!(open(&path), Err(DataError::Damaged { .. })));
    assert_eq!(fs::read(&path).unwrap(), before.0);
}

#[test]
fn what_stands_in_the_way_of_a_trial_is_not_the_sheets_fault() {
    let folder = folder();
    let path = abandoned(folder.path());
    let log = fs::read(beside(&path, ".wal")).unwrap();
    let full = |_: &ProbeRequest| ProbeOutcome::Refused {
        error: AppError::new(Code::DiskFull, "the disk is full").with_hint("free some space"),
    };
    let error = AppError::from(open_with(&path, &full, None).unwrap_err());
    assert_eq!((error.code, error.hint.as_deref()), (Code::DiskFull, Some("free some space")));
    assert_eq!(fs::read(beside(&path, ".wal")).unwrap(), log);

    let nobody = |_: &ProbeRequest| ProbeOutcome::Unavailable { reason: "gone".to_owned() };
    distrust(&path).unwrap();
    let error = open_with(&path, &nobody, None).unwrap_err();
    assert!(matches!(error, DataError::Untried { .. }), "{error}");
    fs::remove_file(beside(&path, ".opening")).unwrap();
    let opened = open_with(&path, &nobody, None).unwrap();
    assert_eq!(filled(&opened.store), 10, "after a mere kill it is opened all the same");
}

#[test]
fn a_log_larger_than_the_memory_limit_gets_more_memory_for_its_trial() {
    let folder = folder();
    let path = abandoned(folder.path());
    let log = fs::metadata(beside(&path, ".wal")).unwrap().len();
    let given = RefCell::new(0);
    let probe = |request: &ProbeRequest| {
        *given.borrow_mut() = request.limits.memory_bytes;
        probe_sheet(request)
    };
    let limits = Limits { memory_bytes: log / 2, threads: 1 };
    let opening = Opening {
        path: &path,
        limits,
        now_ms: LATER_MS,
        probe: &probe,
        snapshots: None,
        room_bytes: ROOM,
    };
    // The sheet itself does not open with so little; the trial does.
    drop(open_sheet(&opening));
    assert!(given.into_inner() > log * 4);
    assert_eq!(filled(&open_with(&path, &probe_sheet, None).unwrap().store), 10);
}

#[test]
fn a_good_copy_is_made_when_the_sheet_changed_and_there_is_room() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a\n1\n");
    let path = store.path().to_path_buf();
    let good = beside(&path, ".good");
    store.close(1000).unwrap();
    assert!(!good.exists(), "there was no room");
    open(&path).unwrap().store.close(ROOM).unwrap();
    let first = fs::metadata(&good).unwrap().modified().unwrap();
    assert_eq!(fs::read(&good).unwrap(), fs::read(&path).unwrap());
    open(&path).unwrap().store.close(ROOM).unwrap();
    assert_eq!(fs::metadata(&good).unwrap().modified().unwrap(), first, "nothing changed");
    let store = open(&path).unwrap().store;
    store.rename("other", NOW_MS).unwrap();
    fs::write(beside(&path, ".v1"), "the old format").unwrap();
    store.close(ROOM).unwrap();
    assert_eq!(fs::read(&good).unwrap(), fs::read(&path).unwrap());
    assert!(!beside(&path, ".v1").exists(), "the new format proved itself");
}

/// What another process would write into the lock file.
fn sign_as_another(path: &Path) {
    let holder = Holder { pid: u32::MAX, since_ms: NOW_MS };
    fs::write(beside(path, ".lock"), serde_json::to_string(&holder).unwrap()).unwrap();
}

#[test]
fn a_sheet_that_another_process_has_is_opened_as_a_copy_to_read_from() {
    let folder = folder();
    let copies = folder.path().join("copies");
    fs::create_dir(&copies).unwrap();
    let store = sheet(folder.path(), "a.csv", "a\n1\n2\n");
    let column = store.add_ai_column("c", &recipe(Output::Text), NOW_MS).unwrap().id;
    store.start_run(column, 1, &braincells_core::RunScope::Empty.into(), 2, NOW_MS).unwrap();
    let path = store.path().to_path_buf();
    assert!(matches!(open_with(&path, &probe_sheet, None), Err(DataError::InUse { .. })));
    sign_as_another(&path);

    let opened = open_with(&path, &probe_sheet, Some(&copies)).unwrap();
    let why = opened.store.read_only().unwrap();
    assert_eq!(why.holder, Some(Holder { pid: u32::MAX, since_ms: NOW_MS }));
    assert_eq!(opened.notices, [OpeningNotice::ReadOnly(why)]);
    assert_eq!(table(&opened.store), [[json!(1), json!(null)], [json!(2), json!(null)]]);
    let running = opened.store.runs().unwrap()[0].status;
    assert_eq!(running, braincells_core::RunStatus::Running, "the other process is still at it");

    let copy = &opened.store;
    let edit = [record(1, CellState::Edited, "x")];
    for refused in [
        copy.commit_cells(column, None, &edit, NOW_MS).unwrap_err(),
        copy.rename("x", NOW_MS).unwrap_err(),
        copy.add_ai_column("d", &recipe(Output::Text), NOW_MS).unwrap_err(),
        copy.set_recipe(column, &recipe(Output::Text), NOW_MS).unwrap_err(),
        copy.checkpoint().unwrap_err(),
    ] {
        assert!(matches!(refused, DataError::ReadOnly { holder: Some(_) }), "{refused}");
    }
    let error = AppError::from(DataError::ReadOnly { holder: why.holder });
    assert_eq!(error.code, Code::Conflict);
    assert!(error.message.contains(&u32::MAX.to_string()), "{error}");

    // The other goes on, and a second look sees it.
    store.commit_cells(column, None, &edit, NOW_MS).unwrap();
    assert_eq!(table(copy)[0][1], json!(null));
    let again = open_with(&path, &probe_sheet, Some(&copies)).unwrap();
    assert_eq!(table(&again.store)[0][1], json!("x"));
    again.store.close(ROOM).unwrap();
    drop(opened);
    assert_eq!(fs::read_dir(&copies).unwrap().count(), 0, "the copies are gone");
}

#[test]
fn the_old_format_is_kept_until_the_sheet_was_closed_well_in_the_new_one() {
    let folder = folder();
    let path = folder.path().join("old.duckdb");
    duckdb::Connection::open(&path).unwrap().execute_batch(super::steps::VERSION_1).unwrap();
    let old = fs::read(&path).unwrap();
    let kept = beside(&path, ".v1");

    // While another process has it, only the copy to read from gets the new format.
    sign_as_another(&path);
    let theirs = fs::File::options().write(true).open(beside(&path, ".lock")).unwrap();
    theirs.try_lock().unwrap();
    let copies = folder.path().join("copies");
    fs::create_dir(&copies).unwrap();
    let opened = open_with(&path, &probe_sheet, Some(&copies)).unwrap();
    assert_eq!(table(&opened.store)[0], [json!("x"), json!("one")]);
    assert_eq!(opened.store.runs().unwrap()[0].status.as_str(), "running");
    drop((opened, theirs));
    assert_eq!(fs::read(&path).unwrap(), old);
    assert!(!kept.exists());

    let opened = open(&path).unwrap();
    assert_eq!((opened.notices, fs::read(&kept).unwrap()), (Vec::new(), old));
    opened.store.close(ROOM).unwrap();
    assert!(!kept.exists(), "the new format proved itself");
    assert_eq!(table(&open(&path).unwrap().store)[0], [json!("x"), json!("one")]);
}

#[test]
fn copies_to_read_from_that_killed_processes_left_are_removed() {
    let folder = folder();
    let copies = folder.path().join("copies");
    fs::create_dir(&copies).unwrap();
    let store = sheet(folder.path(), "a.csv", "a\n1\n");
    sign_as_another(store.path());
    let opened = open_with(store.path(), &probe_sheet, Some(&copies)).unwrap();
    assert_eq!(remove_leftovers(&copies).unwrap(), 0, "it is in use");
    for entry in fs::read_dir(&copies).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().replace("reading-", "reading-left-");
        fs::copy(&path, copies.join(name)).unwrap();
    }
    assert!(remove_leftovers(&copies).unwrap() > 0);
    drop(opened);
    assert_eq!(fs::read_dir(&copies).unwrap().count(), 0);
}

#[test]
fn a_sheet_moves_and_goes_with_everything_beside_it() {
    let folder = folder();
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    fs::create_dir(&here).unwrap();
    fs::create_dir(&there).unwrap();
    let store = sheet(&here, "a.csv", "a\n1\n");
    let path = store.path().to_path_buf();
    let target = there.join(path.file_name().unwrap());
    assert!(matches!(move_sheet(&path, &target), Err(DataError::InUse { .. })));
    store.close(ROOM).unwrap();
    for end in [".wal.corrupt-1", ".corrupt-1"] {
        fs::write(beside(&path, end), "kept").unwrap();
    }
    // Another sheet whose name merely begins alike stays.
    fs::write(here.join("a.csv.duckdbx"), "other").unwrap();
    move_sheet(&path, &target).unwrap();
    assert_eq!(file_names(&here), ["a.csv", "a.csv.duckdbx"]);
    assert_eq!(file_names(&there).len(), 4);
    assert!(matches!(move_sheet(&path, &target), Err(DataError::SheetMissing { .. })));
    assert_eq!(table(&open(&target).unwrap().store), [[json!(1)]]);
    remove_sheet(&target).unwrap();
    assert_eq!(fs::read_dir(&there).unwrap().count(), 0);
    assert!(matches!(remove_sheet(&target), Err(DataError::SheetMissing { .. })));
}

#[test]
fn a_duplicate_has_everything_but_the_id_and_the_name() {
    let folder = folder();
    let path = abandoned(folder.path());
    let target = folder.path().join("two.duckdb");
    let id = SheetId::random();
    let copy = || duplicate_sheet(&path, &target, id, "two", LIMITS, LATER_MS);
    assert!(matches!(copy(), Err(DataError::Database { .. })), "its log is not in its file");
    assert!(!target.exists());
    let first = open(&path).unwrap().store;
    assert!(matches!(copy(), Err(DataError::InUse { .. })));
    let content = (table(&first), first.columns().unwrap());
    first.close(ROOM).unwrap();
    copy().unwrap();
    assert!(matches!(copy(), Err(DataError::AlreadyExists { .. })));
    let second = open(&target).unwrap().store;
    let info = second.info().unwrap();
    assert_eq!((second.id(), info.name.as_str()), (id, "two"));
    assert_eq!((info.created_at_ms, info.changed_at_ms), (LATER_MS, LATER_MS));
    assert_eq!((table(&second), second.columns().unwrap()), content);
    let counts = second.count_states(ids(&second)[1]).unwrap();
    assert_eq!(counts[&CellState::Edited], 10, "the history came along");
}

#[test]
fn the_catalogue_keeps_what_is_in_the_trash_apart() {
    let folder = folder();
    let path = folder.path().join("c.sqlite");
    let catalogue = Catalogue::open(&path).unwrap();
    let store = sheet(folder.path(), "a.csv", "a\n1\n");
    let info = store.info().unwrap();
    catalogue.put_sheet(&info, "one.duckdb").unwrap();
    catalogue.put_fill_job("job", info.id).unwrap();
    catalogue.put_in_trash(info.id, LATER_MS).unwrap();
    assert_eq!(catalogue.sheets().unwrap(), []);
    assert_eq!(catalogue.sheet_file(info.id).unwrap(), None);
    catalogue.put_sheet(&info, "one.duckdb").unwrap();
    let trash = catalogue.trash().unwrap();
    assert_eq!(trash.len(), 1, "bringing an entry up to date does not bring the sheet back");
    assert_eq!((&trash[0].0.sheet, trash[0].0.deleted_at_ms), (&info, LATER_MS));
    assert_eq!(trash[0].1, "one.duckdb");
    catalogue.take_from_trash(info.id).unwrap();
    assert_eq!(catalogue.sheets().unwrap(), std::slice::from_ref(&info));
    assert_eq!(catalogue.fill_job("job").unwrap(), Some(info.id), "its fill goes on");
    assert_eq!(catalogue.trash().unwrap(), []);
}
