//! Opening next to other processes, under SIGKILL, and on a disk that is full or read-only.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use braincells_core::{AppError, Code, IgnoreEvents, OpeningNotice, RunStatus, SheetId, WindowRow};
use braincells_data::{Opened, Opening, SheetStore, open_sheet};
use braincells_llm::FakeEngine;
use braincells_testing::{ScriptedEngines, SmallDisk, TempHome, sheet_probe};
use braincells_workbench::{Home, SheetProbe, SystemClock, Workbench, World};

const FILL: &str = env!("CARGO_BIN_EXE_scripted_fill");
const PROGRAM: &str = env!("CARGO_BIN_EXE_sheet_process");

/// No step of another process takes as long as this; a test that waits longer hangs.
const PATIENCE: Duration = Duration::from_mins(1);

fn open_home(home: Home) -> Result<Workbench, AppError> {
    Workbench::open(World {
        home,
        clock: Arc::new(SystemClock),
        events: Arc::new(IgnoreEvents),
        engines: Arc::new(ScriptedEngines::new(Arc::new(FakeEngine::echo()))),
        probe: Arc::new(sheet_probe(PROGRAM.into())),
        cloud: braincells_testing::no_backends(),
    })
}

/// What another process has said so far.
#[derive(Default)]
struct Said {
    lines: Vec<String>,
    over: bool,
}

struct Other {
    child: Child,
    said: Arc<(Mutex<Said>, Condvar)>,
}

impl Other {
    fn start(program: &str, arguments: &[&Path]) -> Self {
        let mut command = Command::new(program);
        let mut child =
            command.args(arguments).stdout(Stdio::piped()).spawn().expect("the process starts");
        let stdout = child.stdout.take().expect("its output is piped");
        let said = Arc::<(Mutex<Said>, Condvar)>::default();
        let heard = Arc::clone(&said);
        let listen = move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok).map(Some);
            for line in lines.chain([None]) {
                let mut said = heard.0.lock().expect("no listener panics");
                said.over = line.is_none();
                said.lines.extend(line);
                heard.1.notify_all();
            }
        };
        std::thread::Builder::new().name("listener".to_owned()).spawn(listen).expect("it starts");
        Self { child, said }
    }

    /// Waits until what was said satisfies `enough` or the process has ended; returns all of it.
    fn until(&self, enough: impl Fn(&[String]) -> bool) -> Vec<String> {
        let (said, changed) = &*self.said;
        let said = said.lock().expect("no listener panics");
        let waiting = |said: &mut Said| !said.over && !enough(&said.lines);
        let (said, timeout) =
            changed.wait_timeout_while(said, PATIENCE, waiting).expect("no listener panics");
        assert!(!timeout.timed_out(), "the other process is silent");
        said.lines.clone()
    }

    fn kill(mut self) -> Vec<String> {
        self.child.kill().expect("a process of ours can be killed");
        self.until(|_| false)
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn acknowledged(lines: &[String]) -> BTreeSet<i64> {
    lines.iter().filter_map(|line| line.strip_prefix("acked ")?.parse().ok()).collect()
}

fn table(rows: usize) -> String {
    let rows: Vec<String> = (0..rows).map(|row| format!("{row},text {row}")).collect();
    format!("id,text\n{}\n", rows.join("\n"))
}

/// The rows whose last cell has a value.
async fn filled(workbench: &Workbench, sheet: SheetId) -> BTreeSet<i64> {
    let shown = workbench.show(sheet, None, 0, u64::from(u32::MAX)).await.expect("it can be read");
    let is_filled = |row: &&WindowRow| row.cells.last().is_some_and(|cell| !cell.value.is_null());
    shown.window.rows.iter().filter(is_filled).map(|row| row.row.0).collect()
}

#[tokio::test]
async fn a_sheet_can_be_read_while_another_process_fills_it_and_written_after_its_kill() {
    let home = TempHome::new();
    let source = home.write("table.csv", table(100_000));
    let root = home.home().root().to_owned();
    let other = Other::start(FILL, &[&root, &source, Path::new("run")]);
    other.until(|lines| !acknowledged(lines).is_empty());

    let workbench = open_home(home.home()).expect("the home opens");
    let sheet = workbench.find_sheet("table").await.expect("it is listed");
    let mut seen = BTreeSet::new();
    for look in 0..5 {
        let before = acknowledged(
            &other.until(|lines| acknowledged(lines).iter().any(|row| !seen.contains(row))),
        );
        let opened = workbench.reload_sheet(sheet).await.expect("it opens");
        let holder = opened.read_only.expect("it can only be read").holder;
        assert_eq!(holder.map(|holder| holder.pid), Some(other.child.id()), "look {look}");
        assert!(matches!(opened.notices[..], [OpeningNotice::ReadOnly(_)]));
        let now = filled(&workbench, sheet).await;
        let missing: Vec<_> = before.difference(&now).collect();
        assert!(missing.is_empty(), "look {look}: {missing:?} were announced and are not seen");
        assert!(seen.is_subset(&now), "look {look}: what was there is gone");
        seen = now;
        let refused = workbench.rename_sheet(sheet, "mine").await.expect_err("it is theirs");
        assert_eq!(refused.code, Code::Conflict);
        assert!(refused.message.contains(&other.child.id().to_string()), "{refused}");
    }
    assert!(seen.len() < 100_000, "the other process came to its end before the last look");
    let runs = workbench.runs(sheet).await.expect("they can be read");
    assert_eq!(runs[0].status, RunStatus::Running, "it is not interrupted by being looked at");

    let acked = acknowledged(&other.kill());
    workbench.rename_sheet(sheet, "mine").await.expect("it is free now");
    let left = filled(&workbench, sheet).await;
    assert!(acked.is_subset(&left), "what was announced is there");
    let runs = workbench.runs(sheet).await.expect("they can be read");
    assert_eq!(runs[0].status, RunStatus::Interrupted);
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder can be made");
    for entry in fs::read_dir(from).expect("it can be listed") {
        let path = entry.expect("it can be read").path();
        let target = to.join(path.file_name().expect("it has a name"));
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).expect("it can be copied");
        }
    }
}

#[test]
fn an_opening_that_is_killed_at_forty_points_does_no_harm() {
    let home = TempHome::new();
    let source = home.write("table.csv", table(3_000));
    let root = home.home().root().to_owned();
    let fill = Other::start(FILL, &[&root, &source, Path::new("run")]);
    fill.until(|lines| acknowledged(lines).len() > 1_000);
    let acked = acknowledged(&fill.kill()).len();
    assert!(acked < 3_000, "it was killed in the middle");

    let open = |home: &Path| Other::start(PROGRAM, &[Path::new("open"), home]);
    let opened = |lines: &[String]| -> usize {
        let count = lines.iter().find_map(|line| line.strip_prefix("opened ")?.parse().ok());
        count.unwrap_or_else(|| panic!("it did not open: {lines:?}"))
    };
    let fresh = |number: u32| {
        let copy = home.outside().join(format!("home-{number}"));
        copy_folder(&root, &copy);
        copy
    };
    // How long an undisturbed opening takes here, with its trial.
    let whole = fresh(1_000);
    let begin = Instant::now();
    assert!(opened(&open(&whole).until(|_| false)) >= acked);
    let takes = begin.elapsed();
    let mut in_the_middle = 0;
    for number in 0..40 {
        let home = fresh(number);
        let process = open(&home);
        let end = Instant::now() + takes.mul_f64(f64::from(number) / 40.0);
        // Waits for a line that never comes, so for the end of the time.
        let (said, changed) = &*process.said;
        let wait = end.saturating_duration_since(Instant::now());
        let said = said.lock().expect("no listener panics");
        let over = |said: &mut Said| !said.over;
        drop(changed.wait_timeout_while(said, wait, over).expect("no listener panics"));
        let heard = process.kill();
        let sheets = home.join("sheets");
        let names = fs::read_dir(&sheets).expect("it can be listed");
        let marked = names
            .filter_map(Result::ok)
            .any(|entry| entry.path().to_string_lossy().ends_with(".wal"));
        in_the_middle += u32::from(marked && !heard.iter().any(|line| line.starts_with("opened")));
        let again = opened(&open(&home).until(|_| false));
        assert!(again >= acked, "kill {number}: {again} of {acked} cells are there");
        let kept: Vec<PathBuf> = fs::read_dir(&sheets)
            .expect("it can be listed")
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.to_string_lossy().contains("corrupt"))
            .collect();
        assert!(kept.len() <= 1, "kill {number}: {kept:?}");
        fs::remove_dir_all(&home).expect("it can be removed");
    }
    assert!(in_the_middle > 5, "only {in_the_middle} kills came before the log was in the file");
}

fn try_open(path: &Path) -> Result<Opened, AppError> {
    let probe = sheet_probe(PROGRAM.into());
    let opening = Opening {
        path,
        limits: braincells_data::Limits { memory_bytes: 512 << 20, threads: 1 },
        now_ms: 1_800_000_000_000,
        probe: &|request| probe.probe(request),
        snapshots: None,
        room_bytes: u64::MAX,
    };
    Ok(open_sheet(&opening)?)
}

#[test]
fn a_full_disk_costs_neither_the_sheet_nor_its_good_copy() {
    let folder = TempHome::new();
    let Some(disk) = SmallDisk::new(folder.outside().join("disk"), 8) else {
        println!("skipped: mounting a small file system is not permitted here");
        return;
    };
    let path = disk.path().join("s.duckdb");
    let good = disk.path().join("s.duckdb.good");
    let limits = braincells_data::Limits { memory_bytes: 512 << 20, threads: 1 };
    let store = SheetStore::create(&path, SheetId::random(), "one", limits, 0).expect("it is made");
    store.close(u64::MAX).expect("it closes");
    let first = fs::read(&good).expect("it has a good copy");

    let store = try_open(&path).expect("it opens").store;
    store.rename("two", 1).expect("it is renamed");
    store.checkpoint().expect("it is saved");
    let filler = disk.fill();
    store.close(u64::MAX).expect("that there is no room for a copy is no reason to fail");
    assert!(fs::read(&good).expect("it is there") == first, "the copy before stays");
    assert!(!disk.path().join("s.duckdb.copying").exists());
    fs::remove_file(&filler).expect("it can be removed");
    let store = try_open(&path).expect("it opens").store;
    store.close(u64::MAX).expect("it closes");
    assert!(fs::read(&good).expect("it is there") != first, "there is room again");

    // A log that has no room to go into the file is not a damaged log.
    let store = try_open(&path).expect("it opens").store;
    let names: Vec<String> = (0..200).map(|number| format!("three {number}")).collect();
    let text: String = names.concat().repeat(600);
    store.rename(&text, 2).expect("it is renamed");
    let log = disk.path().join("s.duckdb.wal");
    let (file_now, log_now) =
        (fs::read(&path).expect("is there"), fs::read(&log).expect("is there"));
    drop(store);
    fs::write(&path, file_now).expect("there is room");
    fs::write(&log, &log_now).expect("there is room");
    let filler = disk.fill();
    let error = try_open(&path).expect_err("there is no room for what the log holds");
    assert_eq!(error.code, Code::DiskFull, "{error}");
    assert!(error.hint.is_some());
    // DuckDB may have noted in it that it began to save.
    let left = fs::read(&log).expect("it is where it was");
    assert!(left.starts_with(&log_now), "the log is not what it was");
    fs::remove_file(&filler).expect("it can be removed");
    let opened = try_open(&path).expect("it opens");
    assert_eq!(opened.notices, []);
    let info = opened.store.info().expect("it can be read");
    assert!(info.name == text, "the change is lost");
}

#[test]
fn a_home_on_a_full_or_read_only_disk_is_a_clear_error() {
    let folder = TempHome::new();
    let Some(disk) = SmallDisk::new(folder.outside().join("disk"), 2) else {
        println!("skipped: mounting a small file system is not permitted here");
        return;
    };
    let home = Home::new(disk.path().join("home"));
    let filler = disk.fill();
    let error = open_home(home.clone()).err().expect("there is no room for a home");
    assert_eq!(error.code, Code::DiskFull, "{error}");
    assert!(error.hint.is_some(), "{error}");
    fs::remove_file(&filler).expect("it can be removed");
    drop(open_home(home.clone()).expect("there is room again"));
    let filler = disk.fill();
    match open_home(home.clone()) {
        Ok(_) => {}
        Err(error) => {
            assert_eq!(error.code, Code::DiskFull, "{error}");
            assert!(error.hint.is_some(), "{error}");
        }
    }
    fs::remove_file(&filler).expect("it can be removed");
    drop(open_home(home.clone()).expect("there is room again"));

    let remount = Command::new("mount").args(["-o", "remount,ro"]).arg(disk.path()).output();
    assert!(remount.is_ok_and(|said| said.status.success()), "what was mounted can be remounted");
    let error = open_home(home.clone()).err().expect("nothing can be written there");
    assert_eq!(error.code, Code::Storage, "{error}");
    assert!(error.message.contains(&home.root().display().to_string()), "{error}");
    assert!(error.hint.is_some());
}
