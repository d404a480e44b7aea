//! Bytes that went bad: a log cut short or changed at 200 places, a file changed at 50. The trial
//! runs in a process of its own; whatever it does, this one goes on, and no sheet ever opens with
//! values that it never had.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use braincells_core::{
    AppError, CellFigures, CellRecord, CellState, Code, ColumnId, OpeningNotice, RowId, RunId,
    RunScope, SheetId, Value,
};
use braincells_data::{
    DataError, Format, ImportRequest, Limits, Opened, Opening, SheetStore, distrust, open_sheet,
};
use braincells_testing::{Dice, sheet_probe, text_recipe};
use braincells_workbench::SheetProbe;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_sheet_process");
const LIMITS: Limits = Limits { memory_bytes: 512 << 20, threads: 1 };
const NOW_MS: i64 = 1_800_000_000_000;
const ROWS: i64 = 400;
/// Cells in one transaction.
const GROUP: usize = 20;

/// A sheet as a killed process leaves it: rows and the first AI column saved, the second in the
/// log, 20 transactions of it, among them the beginning of its run.
struct Abandoned {
    folder: TempDir,
    file: Vec<u8>,
    log: Vec<u8>,
    saved: Vec<Vec<Value>>,
}

fn below(dice: &mut Dice, limit: usize) -> usize {
    dice.below(limit as u64) as usize
}

fn beside(path: &Path, end: &str) -> PathBuf {
    PathBuf::from(format!("{}{end}", path.display()))
}

fn done(run: RunId, row: i64, value: String) -> CellRecord {
    CellRecord {
        run: Some(run),
        row: RowId(row),
        state: CellState::Done,
        value: value.into(),
        error: None,
        reasoning: Some(format!("thinking about row {row}")),
        figures: CellFigures::default(),
    }
}

fn fill(store: &SheetStore, column: ColumnId, rows: &[RowId]) {
    let run = store.start_run(column, 1, &RunScope::Empty.into(), rows.len() as u64, NOW_MS);
    let run = run.expect("a run begins");
    for group in rows.chunks(GROUP) {
        let cells: Vec<CellRecord> =
            group.iter().map(|row| done(run, row.0, format!("{column}: answer {row}"))).collect();
        store.commit_cells(column, Some(1), &cells, NOW_MS).expect("cells are stored");
    }
}

fn table(store: &SheetStore) -> Result<Vec<Vec<Value>>, DataError> {
    let ids: Vec<ColumnId> = store.columns()?.iter().map(|column| column.id).collect();
    let rows = store.window(&ids, 0, u64::MAX)?.rows.into_iter();
    Ok(rows.map(|row| row.cells.into_iter().map(|cell| cell.value).collect()).collect())
}

impl Abandoned {
    fn new() -> Self {
        let folder = TempDir::new().expect("a test machine has a temporary folder");
        let source = folder.path().join("t.csv");
        let rows: Vec<String> = (0..ROWS).map(|row| format!("{row},text of row {row}")).collect();
        fs::write(&source, format!("id,text\n{}\n", rows.join("\n")))
            .expect("a test's file can be written");
        let path = folder.path().join("first.duckdb");
        let request = ImportRequest {
            source,
            format: Format::Csv,
            options: braincells_data::ImportOptions::default(),
            target: path.clone(),
            id: SheetId::random(),
            name: "t".to_owned(),
            limits: LIMITS,
            local_only: false,
        };
        braincells_data::import(&request, NOW_MS, &|_| {}, &AtomicBool::new(false))
            .expect("it is imported");
        let store = SheetStore::open(&path, LIMITS, NOW_MS).expect("it opens");
        let mut columns = ["one", "two"].map(|name| {
            store.add_ai_column(name, &text_recipe("{{text}}"), NOW_MS).expect("it is added").id
        });
        let rows = store.rows_to_fill(columns[0], &RunScope::Empty.into(), None);
        let rows = rows.expect("the rows can be listed");
        columns.sort();
        fill(&store, columns[0], &rows);
        store.checkpoint().expect("it is saved");
        let saved = table(&store).expect("it can be read");
        fill(&store, columns[1], &rows);
        let read = |end| fs::read(beside(&path, end)).expect("it is there");
        let (file, log) = (read(""), read(".wal"));
        Self { folder, file, log, saved }
    }

    /// A place of its own for one try.
    fn place(&self, name: &str, file: &[u8], log: Option<&[u8]>) -> PathBuf {
        let folder = self.folder.path().join(name);
        fs::create_dir(&folder).expect("a folder can be made");
        let path = folder.join("s.duckdb");
        fs::write(&path, file).expect("a test's file can be written");
        if let Some(log) = log {
            fs::write(beside(&path, ".wal"), log).expect("a test's file can be written");
        }
        path
    }

    /// Checks that the table holds all that was saved and whole transactions of the rest, from the
    /// first on; returns how many cells of the second column there are.
    fn check(&self, table: &[Vec<Value>], place: &str) -> usize {
        assert_eq!(table.len(), self.saved.len(), "{place}: rows are lost");
        let mut filled = 0;
        for (index, (row, saved)) in table.iter().zip(&self.saved).enumerate() {
            assert_eq!(row[..3], saved[..3], "{place}: what was saved is lost");
            if row[3].is_null() {
                continue;
            }
            assert_eq!(filled, index, "{place}: a transaction is missing in the middle");
            assert!(row[3].as_str().is_some_and(|text| text.contains(": answer ")), "{place}");
            filled += 1;
        }
        assert_eq!(filled % GROUP, 0, "{place}: a transaction is there in part");
        filled
    }
}

fn open(path: &Path) -> Result<Opened, DataError> {
    let probe = sheet_probe(PROGRAM.into());
    open_sheet(&Opening {
        path,
        limits: LIMITS,
        now_ms: NOW_MS,
        probe: &|request| probe.probe(request),
        snapshots: None,
        room_bytes: u64::MAX,
    })
}

#[test]
fn a_log_cut_short_at_a_hundred_places_opens_with_whole_transactions() {
    let sheet = Abandoned::new();
    let mut dice = Dice::new(1);
    let mut told = 0;
    for number in 0..100 {
        // A few within the first transaction.
        let length = if number < 10 { 1 + number * 20 } else { below(&mut dice, sheet.log.len()) };
        let place = format!("cut-{number}-at-{length}");
        let path = sheet.place(&place, &sheet.file, Some(&sheet.log[..length]));
        let Opened { store, notices } =
            open(&path).unwrap_or_else(|error| panic!("{place}: {error}"));
        let filled = sheet.check(&table(&store).expect("it can be read"), &place);
        assert!(filled < sheet.saved.len(), "{place}: what was cut off is there");
        match notices.as_slice() {
            // Cut between two transactions.
            [] => {}
            [OpeningNotice::LogCutShort { kept_in }] => {
                let kept = fs::read(kept_in).expect("the log is kept");
                assert_eq!(kept, sheet.log[..length], "{place}");
                told += 1;
            }
            other => panic!("{place}: {other:?}"),
        }
        store.close(0).expect("it closes");
        assert_eq!(open(&path).expect("it opens again").notices, [], "{place}");
    }
    assert!(told > 90, "only {told} cuts were told");
}

#[test]
fn a_log_changed_at_a_hundred_places_opens_or_is_moved_aside_and_says_so() {
    let sheet = Abandoned::new();
    let mut dice = Dice::new(2);
    let (mut cut, mut moved) = (0, 0);
    for number in 0..100 {
        // The first bytes say what kind of log it is, and are read by other code.
        let at = if number < 40 { number } else { below(&mut dice, sheet.log.len()) };
        let mut log = sheet.log.clone();
        log[at] ^= 1 << below(&mut dice, 8);
        let place = format!("change-{number}-at-{at}");
        let path = sheet.place(&place, &sheet.file, Some(&log));
        let Opened { store, notices } =
            open(&path).unwrap_or_else(|error| panic!("{place}: {error}"));
        let filled = sheet.check(&table(&store).expect("it can be read"), &place);
        let kept_in = match notices.as_slice() {
            [] => {
                assert_eq!(filled, sheet.saved.len(), "{place}: lost without a word");
                continue;
            }
            [OpeningNotice::LogCutShort { kept_in }] => {
                cut += 1;
                kept_in
            }
            [OpeningNotice::ChangesLost { kept_in, reason, .. }] => {
                moved += 1;
                assert_eq!(filled, 0, "{place}");
                assert!(!reason.is_empty());
                kept_in
            }
            other => panic!("{place}: {other:?}"),
        };
        assert_eq!(fs::read(kept_in).expect("the log is kept"), log, "{place}");
    }
    assert!(moved > 40, "{moved} logs were moved aside and {cut} cut short");
}

#[test]
fn a_file_changed_at_fifty_places_opens_is_restored_or_is_a_clear_error() {
    let sheet = Abandoned::new();
    let whole = sheet.place("whole", &sheet.file, None);
    open(&whole).expect("it opens").store.close(u64::MAX).expect("it closes");
    let file = fs::read(&whole).expect("it is there");
    let copy = fs::read(beside(&whole, ".good")).expect("it has a good copy");
    let mut dice = Dice::new(3);
    let (mut restored, mut refused) = (0, 0);
    for number in 0..50 {
        // Each of the three headers a few times, then anywhere.
        let at = if number < 12 { number * 1024 + 3 } else { below(&mut dice, file.len()) };
        let mut damaged = file.clone();
        damaged[at] ^= 1 << below(&mut dice, 8);
        let place = format!("file-{number}-at-{at}");
        let path = sheet.place(&place, &damaged, None);
        let has_copy = number % 2 == 0;
        if has_copy {
            fs::write(beside(&path, ".good"), &copy).expect("a test's file can be written");
        }
        let mut opened = open(&path);
        let read = opened.as_ref().ok().map(|opened| table(&opened.store));
        if let Some(Err(error)) = read {
            // Opening does not read every block; reading says what to do.
            let hint = AppError::from(error).hint.expect("a hint");
            assert!(hint.contains("sheets check"), "{place}: {hint}");
            drop(opened);
            distrust(&path).expect("it is closed");
            opened = open(&path);
        }
        match opened {
            Ok(Opened { store, notices }) => {
                sheet.check(&table(&store).expect("it can be read"), &place);
                match notices.as_slice() {
                    [] => {}
                    [OpeningNotice::CopyRestored { kept_in, .. }] => {
                        assert!(has_copy);
                        let kept = fs::read(&kept_in[0]).expect("the damaged file is kept");
                        assert_eq!(kept, damaged, "{place}");
                        restored += 1;
                    }
                    other => panic!("{place}: {other:?}"),
                }
            }
            Err(error) => {
                assert!(!has_copy, "{place}: {error}");
                assert!(matches!(error, DataError::Damaged { .. }), "{place}: {error}");
                let error = AppError::from(error);
                assert_eq!(error.code, Code::Storage);
                assert!(error.message.contains("s.duckdb") && error.hint.is_some(), "{error}");
                assert_eq!(fs::read(&path).expect("it is where it was"), damaged, "{place}");
                refused += 1;
            }
        }
    }
    assert!(restored > 10 && refused > 10, "{restored} were restored, {refused} refused");
}
