//! Sheets as files: made, copied, deleted, brought back, damaged.

use std::fs;
use std::path::{Path, PathBuf};

use braincells_core::{Code, Event, Holder, OpeningNotice, RunScope, SheetId};
use braincells_llm::FakeEngine;
use braincells_testing::{Scripted, scripted_workbench, text_recipe};
use braincells_workbench::{EngineOptions, FillRequest, InputFile, OutputFile};

const ANIMALS: &str = "animal,legs\nowl,2\ncat,4\n";
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

fn file(scripted: &Scripted, sheet: SheetId, end: &str) -> PathBuf {
    scripted.home.home().sheets().join(format!("{sheet}.duckdb{end}"))
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).expect("the folder is there");
    let names = names.map(|entry| entry.expect("it can be read").file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| !name.ends_with(".duckdb.lock")).collect()
}

fn notices(scripted: &Scripted) -> Vec<OpeningNotice> {
    let notice = |event| match event {
        Event::SheetNotice { notice, .. } => Some(notice),
        _ => None,
    };
    scripted.events.all().into_iter().filter_map(notice).collect()
}

fn fill_request(source: &Path) -> FillRequest {
    FillRequest {
        input: InputFile::new(source),
        columns: vec![("noise".to_owned(), text_recipe("What says the {{animal}}?"))],
        scope: RunScope::Empty,
        retry_failed: false,
        fresh: false,
        options: EngineOptions::default(),
    }
}

#[tokio::test]
async fn a_sheet_can_be_made_of_nothing_and_renamed() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let workbench = &scripted.workbench;
    let made = workbench.create_sheet("  notes ").await.unwrap();
    assert_eq!((made.name.as_str(), made.row_count, made.column_count), ("notes", 0, 0));
    assert_eq!(workbench.find_sheet("notes").await.unwrap(), made.id);
    scripted.clock.advance_ms(5);
    workbench.rename_sheet(made.id, "diary").await.unwrap();
    let listed = workbench.sheets().await.unwrap();
    assert_eq!(listed[0].name, "diary");
    assert_eq!(listed[0].changed_at_ms, made.changed_at_ms + 5);
    for blank in ["", " \t"] {
        let error = workbench.create_sheet(blank).await.unwrap_err();
        assert_eq!(error.code, Code::BadInput);
        assert_eq!(workbench.rename_sheet(made.id, blank).await.unwrap_err().code, Code::BadInput);
    }
    let again = scripted.reopen(FakeEngine::echo());
    assert_eq!(again.workbench.sheets().await.unwrap()[0].name, "diary");
}

#[tokio::test]
async fn a_copy_of_a_sheet_goes_its_own_way() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let workbench = &scripted.workbench;
    let sheet = scripted.sheet(ANIMALS).await;
    let column = workbench.add_ai_column(sheet, "noise", text_recipe("{{animal}}")).await.unwrap();
    let run = workbench.run(sheet, column.id, RunScope::Empty, &EngineOptions::default()).await;
    run.unwrap().finished().await;
    let before = scripted.cells(sheet, column.id).await;

    let copy = workbench.duplicate_sheet(sheet, None).await.unwrap();
    assert_eq!((copy.name.as_str(), copy.row_count, copy.column_count), ("sheet copy", 2, 3));
    let second = workbench.duplicate_sheet(sheet, None).await.unwrap();
    assert_eq!(second.name, "sheet copy 2");
    let named = workbench.duplicate_sheet(copy.id, Some(" third ")).await.unwrap();
    assert_eq!(named.name, "third");

    assert_eq!(scripted.cells(copy.id, column.id).await, before);
    assert_eq!(workbench.runs(copy.id).await.unwrap().len(), 1, "the history came along");
    let row = before[0].0;
    workbench.edit_cell(copy.id, column.id, row, "mine".into()).await.unwrap();
    assert_eq!(scripted.cells(sheet, column.id).await, before);
    let missing = workbench.duplicate_sheet(SheetId::random(), None).await.unwrap_err();
    assert_eq!(missing.code, Code::NotFound);
}

#[tokio::test]
async fn a_deleted_sheet_comes_back_with_all_it_had() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let source = scripted.home.write("animals.csv", ANIMALS);
    let workbench = &scripted.workbench;
    let fill = workbench.start_fill(fill_request(&source)).await.unwrap();
    let sheet = fill.sheet;
    workbench.delete_sheet(sheet).await.unwrap();
    assert!(workbench.sheets().await.unwrap().is_empty());
    assert_eq!(workbench.columns(sheet).await.unwrap_err().code, Code::NotFound);
    assert_eq!(names(&scripted.home.home().sheets()), [""; 0]);
    let trash = workbench.trash().await.unwrap();
    assert_eq!((trash.len(), trash[0].sheet.id), (1, sheet));
    assert_eq!(workbench.find_trashed("animals").await.unwrap(), sheet);
    assert_eq!(workbench.find_trashed("no such").await.unwrap_err().code, Code::NotFound);

    let scripted = scripted.reopen(FakeEngine::echo());
    let workbench = &scripted.workbench;
    assert_eq!(workbench.restore_sheet(sheet).await.unwrap().id, sheet);
    assert_eq!(workbench.columns(sheet).await.unwrap().len(), 3);
    assert!(workbench.trash().await.unwrap().is_empty());
    assert_eq!(workbench.restore_sheet(sheet).await.unwrap_err().code, Code::NotFound);
    let again = workbench.start_fill(fill_request(&source)).await.unwrap();
    assert!(again.resumed && again.sheet == sheet, "the same fill finds its sheet again");
}

#[tokio::test]
async fn the_trash_is_emptied_by_hand_and_after_thirty_days() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let workbench = &scripted.workbench;
    let mut sheets = Vec::new();
    for name in ["a", "b", "c", "d"] {
        sheets.push(workbench.create_sheet(name).await.unwrap().id);
    }
    workbench.delete_sheet_for_good(sheets[0]).await.unwrap();
    assert!(workbench.trash().await.unwrap().is_empty());
    workbench.delete_sheet(sheets[1]).await.unwrap();
    workbench.delete_trashed(sheets[1]).await.unwrap();
    assert_eq!(workbench.delete_trashed(sheets[1]).await.unwrap_err().code, Code::NotFound);
    workbench.delete_sheet(sheets[2]).await.unwrap();
    assert_eq!(workbench.empty_trash().await.unwrap(), 1);
    assert_eq!(names(&scripted.home.home().trash()), [""; 0]);

    workbench.delete_sheet(sheets[3]).await.unwrap();
    let mut scripted = scripted;
    for (days, left) in [(29, 1), (31, 0)] {
        let Scripted { workbench, home, .. } = scripted;
        drop(workbench);
        scripted = Scripted::open_later(home, FakeEngine::echo(), days * DAY_MS);
        assert_eq!(scripted.workbench.trash().await.unwrap().len(), left, "after {days} days");
    }
    assert_eq!(names(&scripted.home.home().trash()), [""; 0]);
}

#[tokio::test]
async fn a_deletion_or_a_return_that_a_kill_cut_in_two_is_finished_at_the_next_start() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.workbench.create_sheet("a").await.unwrap().id;
    scripted.workbench.delete_sheet(sheet).await.unwrap();
    let home = scripted.home.home();
    let name = format!("{sheet}.duckdb");
    // As it is when the entry is made and the file is not moved yet.
    fs::rename(home.trash().join(&name), home.sheets().join(&name)).unwrap();
    let scripted = scripted.reopen(FakeEngine::echo());
    assert!(scripted.workbench.sheets().await.unwrap().is_empty());
    assert!(home.trash().join(&name).exists());
    scripted.workbench.restore_sheet(sheet).await.unwrap();
    fs::rename(home.sheets().join(&name), home.trash().join(&name)).unwrap();
    let scripted = scripted.reopen(FakeEngine::echo());
    assert_eq!(scripted.workbench.find_sheet("a").await.unwrap(), sheet);

    // A lost catalogue takes neither the sheets nor what is in the trash with it.
    let other = scripted.workbench.create_sheet("b").await.unwrap().id;
    scripted.workbench.delete_sheet(other).await.unwrap();
    let Scripted { workbench, home, .. } = scripted;
    drop(workbench);
    for entry in fs::read_dir(home.home().root()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::remove_file(path).unwrap();
        }
    }
    let scripted = Scripted::open(home, FakeEngine::echo());
    assert_eq!(scripted.workbench.find_sheet("a").await.unwrap(), sheet);
    assert_eq!(scripted.workbench.find_trashed("b").await.unwrap(), other);
}

#[tokio::test]
async fn a_damaged_sheet_is_said_and_does_not_touch_the_others() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let saved = scripted.sheet(ANIMALS).await;
    let lost = scripted.workbench.create_sheet("lost").await.unwrap().id;
    scripted.workbench.columns(saved).await.unwrap();
    let scripted = scripted.reopen(FakeEngine::echo());
    for sheet in [saved, lost] {
        let path = file(&scripted, sheet, "");
        let mut bytes = fs::read(&path).unwrap();
        bytes[12288 + 300] ^= 1;
        fs::write(&path, bytes).unwrap();
    }
    assert!(!file(&scripted, lost, ".good").exists(), "it was never closed by the workbench");
    let workbench = &scripted.workbench;
    let error = workbench.columns(lost).await.unwrap_err();
    assert_eq!(error.code, Code::Storage);
    assert!(error.message.contains(&lost.to_string()) && error.hint.is_some(), "{error}");
    assert_eq!(notices(&scripted), []);

    let opened = workbench.open_sheet(saved).await.unwrap();
    assert!(matches!(opened.notices[..], [OpeningNotice::CopyRestored { .. }]));
    assert_eq!(notices(&scripted), opened.notices, "those who only listen hear it too");
    assert_eq!(workbench.columns(saved).await.unwrap().len(), 2);
    assert_eq!(workbench.sheets().await.unwrap().len(), 2);
    workbench.delete_sheet(lost).await.unwrap();
    assert_eq!(workbench.sheets().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_check_reads_the_whole_sheet_and_brings_the_good_copy_back() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let noise = |row: u64, at: u64| ((row << 8) + at).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let text = |row| (0..8).map(|at| format!("{:x}", noise(row, at))).collect::<Vec<_>>().concat();
    let rows: Vec<String> = (0..20_000).map(|row| format!("{row},{}", text(row))).collect();
    let sheet = scripted.sheet(&format!("n,t\n{}\n", rows.join("\n"))).await;
    assert_eq!(scripted.workbench.check_sheet(sheet).await.unwrap().notices, []);
    let scripted = scripted.reopen(FakeEngine::echo());
    // In a block of texts, which opening does not read.
    let path = file(&scripted, sheet, "");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    let workbench = &scripted.workbench;
    assert_eq!(workbench.open_sheet(sheet).await.unwrap().notices, []);
    let error = workbench.show(sheet, None, 0, 20_000).await.unwrap_err();
    assert_eq!(error.code, Code::Storage);
    assert!(error.hint.unwrap().contains("sheets check"), "{}", error.message);
    let checked = workbench.check_sheet(sheet).await.unwrap();
    assert!(matches!(checked.notices[..], [OpeningNotice::CopyRestored { .. }]), "{checked:?}");
    assert_eq!(workbench.show(sheet, None, 0, 20_000).await.unwrap().window.rows.len(), 20_000);
}

#[tokio::test]
async fn a_sheet_that_another_process_has_can_be_read_and_says_why_not_more() {
    let first = scripted_workbench(FakeEngine::echo());
    let sheet = first.sheet(ANIMALS).await;
    let column = first.workbench.add_ai_column(sheet, "noise", text_recipe("{{animal}}")).await;
    let column = column.unwrap().id;
    // A workbench of another process, as far as the sheet can tell.
    let holder = Holder { pid: u32::MAX, since_ms: 7 };
    fs::write(file(&first, sheet, ".lock"), serde_json::to_string(&holder).unwrap()).unwrap();
    let Scripted { workbench: theirs, home, engines, .. } = first;
    let ours = Scripted::open(home, FakeEngine::echo());
    let workbench = &ours.workbench;

    let opened = workbench.open_sheet(sheet).await.unwrap();
    assert_eq!(opened.read_only.unwrap().holder, Some(holder));
    assert!(matches!(opened.notices[..], [OpeningNotice::ReadOnly(_)]));
    assert_eq!(workbench.columns(sheet).await.unwrap().len(), 3);
    let target = ours.home.outside().join("out.csv");
    assert_eq!(workbench.export(sheet, &OutputFile::new(&target)).await.unwrap(), 2);

    let row = ours.cells(sheet, column).await[0].0;
    let options = EngineOptions::default();
    for error in [
        workbench.edit_cell(sheet, column, row, "x".into()).await.unwrap_err(),
        workbench.rename_sheet(sheet, "x").await.unwrap_err(),
        workbench.add_ai_column(sheet, "y", text_recipe("{{animal}}")).await.unwrap_err(),
        workbench.run(sheet, column, RunScope::Empty, &options).await.err().unwrap(),
        workbench.duplicate_sheet(sheet, None).await.unwrap_err(),
        workbench.delete_sheet(sheet).await.unwrap_err(),
        workbench.delete_sheet_for_good(sheet).await.unwrap_err(),
        workbench.check_sheet(sheet).await.unwrap_err(),
    ] {
        assert_eq!(error.code, Code::Conflict, "{error}");
        assert!(error.hint.is_some());
    }
    assert_eq!(ours.engines.models_asked(), [""; 0], "no model is loaded in vain");
    drop(engines);

    theirs.edit_cell(sheet, column, row, "theirs".into()).await.unwrap();
    let reloaded = workbench.reload_sheet(sheet).await.unwrap();
    assert!(reloaded.read_only.is_some());
    assert_eq!(ours.cells(sheet, column).await[0].1, "theirs");
    drop(theirs);
    workbench.edit_cell(sheet, column, row, "ours".into()).await.unwrap();
    assert_eq!(workbench.reload_sheet(sheet).await.unwrap().read_only, None);
    assert_eq!(ours.cells(sheet, column).await[0].1, "ours");
    assert_eq!(names(&ours.home.home().temporary()), [""; 0], "the copies are gone");
}
