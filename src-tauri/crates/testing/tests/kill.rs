//! Kill it at any moment and lose nothing: a process is ended by SIGKILL again and again while it
//! imports and while it fills, and every time all it had announced must be there.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use braincells_core::{CellState, RunStatus, Value};
use braincells_llm::FakeEngine;
use braincells_testing::{Dice, Scripted, TempHome, text_recipe};
use braincells_workbench::{EngineOptions, Fill, FillRequest, InputFile};

const PROGRAM: &str = env!("CARGO_BIN_EXE_scripted_fill");
const ACTIONS: &str = env!("CARGO_BIN_EXE_scripted_actions");
const KILLS: u32 = 50;
const ROWS: usize = 3000;

/// What may be made again after a kill.
const MOST_LOST: usize = 256;

/// No step of the child takes as long as this; a test that waits longer hangs.
const PATIENCE: Duration = Duration::from_mins(1);

/// The process under test, and the lines it says.
struct Victim {
    child: Child,
    lines: Receiver<String>,
    heard: Vec<String>,
}

impl Victim {
    fn start(home: &TempHome, source: &Path, mode: &str) -> Self {
        Self::start_as(Command::new(PROGRAM), home, source, mode)
    }

    fn start_as(mut command: Command, home: &TempHome, source: &Path, mode: &str) -> Self {
        let mut child = command
            .arg(home.home().root())
            .arg(source)
            .arg(mode)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the process starts");
        let lines = listen(child.stdout.take().expect("its output is piped"));
        Self { child, lines, heard: Vec::new() }
    }

    /// Listens until a line satisfies `enough` or the time is up; `false` if the process ended
    /// before.
    fn listen_until(&mut self, end: Instant, mut enough: impl FnMut(&str) -> bool) -> bool {
        loop {
            let wait = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(wait) {
                Ok(line) => {
                    let stop = enough(&line);
                    self.heard.push(line);
                    if stop {
                        return true;
                    }
                }
                Err(RecvTimeoutError::Timeout) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }

    /// Ends the process with SIGKILL and hears what it had said by then. `None` if it had ended
    /// by itself, well.
    fn kill(mut self) -> Option<Vec<String>> {
        self.child.kill().expect("a process of ours can be killed");
        let status = self.child.wait().expect("a process of ours can be waited for");
        self.heard.extend(self.lines.iter());
        assert!(status.success() || status.code().is_none(), "the process failed: {status}");
        (!status.success()).then(|| std::mem::take(&mut self.heard))
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        // A failed assertion must not leave the process behind.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn listen(stdout: ChildStdout) -> Receiver<String> {
    let (sender, receiver) = sync_channel(64);
    std::thread::Builder::new()
        .name("listener".to_owned())
        .spawn(move || {
            let mut reader = BufReader::new(stdout);
            let mut line = String::new();
            // A line that the kill cut in two was never said.
            while reader.read_line(&mut line).is_ok_and(|_| line.ends_with('\n')) {
                if sender.send(line.trim_end().to_owned()).is_err() {
                    return;
                }
                line.clear();
            }
        })
        .expect("a thread starts");
    receiver
}

fn table(rows: usize, flavour: u64) -> String {
    let rows = (0..rows).map(|row| format!("{row},text {row} of table {flavour}\n"));
    format!("id,text\n{}", rows.collect::<String>())
}

/// The same fill as the process under test asks for.
async fn start_fill(scripted: &Scripted, source: &Path) -> Fill {
    let request = FillRequest {
        input: InputFile::new(source),
        columns: vec![("echo".to_owned(), text_recipe("Repeat: {{text}}"))],
        scope: braincells_core::RunScope::Empty,
        retry_failed: false,
        fresh: false,
        options: EngineOptions::default(),
    };
    scripted.workbench.start_fill(request).await.expect("the fill can be started again")
}

/// Fills what is left, then reads the whole sheet.
async fn filled_table(scripted: &Scripted, source: &Path) -> Vec<Vec<Value>> {
    let mut fill = start_fill(scripted, source).await;
    let column = fill.columns[0].id;
    let workbench = &scripted.workbench;
    while let Some(run) = workbench.run_fill_column(&mut fill, column).await.expect("it goes on") {
        assert_eq!(run.finished().await.status, RunStatus::Done);
    }
    let shown = workbench.show(fill.sheet, None, 0, 1_000_000).await.expect("the sheet opens");
    let rows = shown.window.rows.into_iter();
    rows.map(|row| row.cells.into_iter().map(|cell| cell.value).collect()).collect()
}

fn count(lines: &[String], word: &str) -> usize {
    lines.iter().filter(|line| line.as_str() == word).count()
}

fn acknowledged(lines: &[String]) -> BTreeSet<i64> {
    lines.iter().filter_map(|line| line.strip_prefix("acked ")?.parse().ok()).collect()
}

#[tokio::test]
async fn a_fill_that_is_killed_at_fifty_points_loses_nothing() {
    let mut dice = Dice::new(2);
    let mut kills = 0;
    let mut flavour = 0;
    while kills < KILLS {
        flavour += 1;
        let mut home = TempHome::new();
        let source = home.write("table.csv", table(ROWS, flavour));
        let mut announced = BTreeSet::new();
        let mut done = 0;
        while kills < KILLS {
            let mut victim = Victim::start(&home, &source, "run");
            // Sometimes while it opens and resumes, mostly among its questions and announcements,
            // and then a moment later, which may be in the middle of a commit.
            let (point, moment) = (dice.below(1500), Duration::from_micros(dice.below(20_000)));
            let mut said = 0;
            let alive = victim.listen_until(Instant::now() + PATIENCE, |_| {
                said += 1;
                said > point
            });
            let alive = alive && victim.listen_until(Instant::now() + moment, |_| false);
            let Some(heard) = victim.kill() else { break };
            if !alive {
                break;
            }
            kills += 1;
            let acked = acknowledged(&heard);
            let repeated: Vec<_> = announced.intersection(&acked).collect();
            assert!(repeated.is_empty(), "kill {kills}: {repeated:?} were announced before");
            announced.extend(acked);
            let done_before = done;
            (home, done) = check(home, &source, &announced).await;
            let lost = count(&heard, "asked") - (done - done_before);
            assert!(lost <= MOST_LOST, "kill {kills}: {lost} rows are asked again");
        }
        // The last process may have come to its end.
        (home, done) = check(home, &source, &announced).await;
        let again = Scripted::open(home, FakeEngine::echo());
        let resumed = filled_table(&again, &source).await;
        let undisturbed = Scripted::open(TempHome::new(), FakeEngine::echo());
        assert_eq!(resumed, filled_table(&undisturbed, &source).await);
        assert_eq!(undisturbed.engine.requests_seen(), ROWS);
        assert_eq!(again.engine.requests_seen(), ROWS - done);
    }
}

/// Opens the home as the next process would, compares it with what was announced, and counts the
/// rows that are done.
async fn check(home: TempHome, source: &Path, announced: &BTreeSet<i64>) -> (TempHome, usize) {
    let scripted = Scripted::open(home, FakeEngine::echo());
    let sheets = scripted.workbench.sheets().await.expect("the home opens");
    if sheets.is_empty() {
        assert!(announced.is_empty());
        return (scripted.home, 0);
    }
    let fill = start_fill(&scripted, source).await;
    assert_eq!(sheets.len(), 1, "the same fill has one sheet");
    for run in scripted.workbench.runs(fill.sheet).await.expect("the sheet opens") {
        assert_ne!(run.status, RunStatus::Running);
    }
    let cells = scripted.cells(fill.sheet, fill.columns[0].id).await;
    assert_eq!(cells.len(), ROWS);
    let mut done = 0;
    for (row, value, state) in cells {
        let is_done = state == Some(CellState::Done);
        assert_eq!(is_done, value.is_string(), "row {row} is {state:?} with {value}");
        assert!(is_done || state == Some(CellState::Empty), "row {row} is {state:?}");
        assert!(is_done || !announced.contains(&row.0), "row {row} was announced and is gone");
        done += usize::from(is_done);
    }
    if !announced.is_empty() && done < ROWS {
        let left = scripted.workbench.unfinished_runs().await.expect("the home opens");
        assert_eq!((left.len(), left[0].sheet.id), (1, fill.sheet));
        assert!(left[0].run.status.can_resume(), "it is {:?}", left[0].run.status);
    }
    (scripted.home, done)
}

#[tokio::test]
async fn an_import_that_is_killed_at_fifty_points_leaves_all_or_nothing() {
    let rows = 6 * ROWS;
    let mut dice = Dice::new(3);
    let mut home = TempHome::new();
    let source = home.write("table.csv", table(rows, 0));
    // How long an undisturbed import takes on this machine, from the start of the process.
    let begin = Instant::now();
    let mut whole = Victim::start(&home, &source, "import");
    assert!(whole.listen_until(begin + PATIENCE, |line| line == "imported"));
    let takes = begin.elapsed();
    drop(whole);
    let (mut kills, mut cut_short) = (0, 0);
    while kills < KILLS {
        home = TempHome::new();
        let source = home.write("table.csv", table(rows, 0));
        let mut victim = Victim::start(&home, &source, "import");
        let point = takes.mul_f64(dice.below(1000) as f64 / 1000.0);
        victim.listen_until(Instant::now() + point, |line| line == "imported");
        let heard = victim.kill();
        kills += u32::from(heard.is_some());
        let scripted = Scripted::open(home, FakeEngine::echo());
        let sheets = scripted.workbench.sheets().await.unwrap();
        if heard.is_none_or(|heard| count(&heard, "imported") > 0) {
            assert_eq!(sheets.len(), 1, "an announced import is there");
        }
        match sheets.as_slice() {
            [] => {
                cut_short += 1;
                let left = files_beside_locks(&scripted.home.home().sheets());
                assert_eq!(left, [""; 0], "an import that was cut short leaves nothing");
            }
            [sheet] => {
                let shown = scripted.workbench.show(sheet.id, None, 0, 1_000_000).await.unwrap();
                assert_eq!(shown.window.rows.len(), rows);
            }
            several => panic!("one import made {} sheets", several.len()),
        }
        home = scripted.home;
    }
    drop(home);
    assert!(cut_short > KILLS / 5, "only {cut_short} kills hit the import itself");
}

#[tokio::test]
async fn a_person_whose_program_is_killed_at_fifty_points_keeps_every_step() {
    let mut dice = Dice::new(5);
    let mut home = TempHome::new();
    let source = home.write("table.csv", table(200, 1));
    let mut kills = 0;
    while kills < KILLS {
        let mut victim =
            Victim::start_as(Command::new(ACTIONS), &home, &source, &kills.to_string());
        let (point, moment) = (dice.below(25), Duration::from_micros(dice.below(30_000)));
        let mut said = 0;
        let alive = victim.listen_until(Instant::now() + PATIENCE, |_| {
            said += 1;
            said > point
        });
        let alive = alive && victim.listen_until(Instant::now() + moment, |_| false);
        let heard = victim.kill();
        assert!(alive && heard.is_some(), "the process ended by itself");
        kills += 1;
        let told = heard.iter().flatten().rev().find_map(|line| line.strip_prefix("done "));
        home = check_steps(home, told, kills).await;
    }
}

/// Opens the sheet as the next process would and compares its steps with the last that were told;
/// at most one more was taken.
async fn check_steps(home: TempHome, told: Option<&str>, kill: u32) -> TempHome {
    let scripted = Scripted::open(home, FakeEngine::echo());
    let workbench = &scripted.workbench;
    let sheets = workbench.sheets().await.expect("the home opens");
    let Some(sheet) = sheets.first().map(|sheet| sheet.id) else {
        assert_eq!(told, None, "kill {kill}: an announced sheet is gone");
        return scripted.home;
    };
    let steps = workbench.steps(sheet).await.expect("the sheet opens");
    let last = steps.iter().filter(|step| !step.undone).map(|step| step.id.0).max().unwrap_or(0);
    let undone = steps.iter().filter(|step| step.undone).count();
    if let Some((was_last, was_undone)) = told.and_then(|told| told.split_once(' ')) {
        let was_last: i64 = was_last.parse().expect("the process says numbers");
        let was_undone: usize = was_undone.parse().expect("the process says numbers");
        // Undo leaves one more undone, redo one less, anything else none and one more step; a run
        // of the last moment is a step too.
        let same = last == was_last && undone == was_undone;
        let turned = undone.abs_diff(was_undone) == 1;
        let acted = last > was_last && undone == 0;
        assert!(
            same || turned || acted,
            "kill {kill}: {was_last} and {was_undone} undone became {last} and {undone}"
        );
    }
    for run in workbench.runs(sheet).await.expect("the sheet opens") {
        assert_ne!(run.status, RunStatus::Running, "kill {kill}");
    }
    let seen = async || workbench.show(sheet, None, 0, 10_000).await.expect("the sheet opens");
    let before = seen().await;
    let mut back = 0;
    while back < 8 && workbench.undo(sheet).await.expect("a step is taken back").is_some() {
        back += 1;
    }
    for _ in 0..back {
        workbench.redo(sheet).await.expect("a step is done again");
    }
    let after = seen().await;
    assert_eq!(before, after, "kill {kill}: undoing and redoing {back} steps changed the sheet");
    scripted.home
}

/// The shell's limit on the size of a file stands in for a full disk: the write fails, the process
/// lives. Its blocks are 512 or 1024 bytes.
#[cfg(unix)]
#[tokio::test]
async fn a_disk_that_refuses_pauses_the_run_and_loses_nothing() {
    let home = TempHome::new();
    let source = home.write("table.csv", table(ROWS, 7));
    let scripted = Scripted::open(home, FakeEngine::echo());
    let sheet = start_fill(&scripted, &source).await.sheet;
    let Scripted { workbench, home, .. } = scripted;
    drop(workbench);

    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 200; exec \"$0\" \"$@\"", PROGRAM]);
    let mut victim = Victim::start_as(command, &home, &source, "run");
    assert!(!victim.listen_until(Instant::now() + PATIENCE, |_| false), "it ends by itself");
    let heard = std::mem::take(&mut victim.heard);
    drop(victim);
    assert_eq!(heard.last().map(String::as_str), Some("ended paused"));
    let acked = acknowledged(&heard);
    assert!(!acked.is_empty() && acked.len() < ROWS, "{} rows were written", acked.len());

    let (home, done) = check(home, &source, &acked).await;
    let again = Scripted::open(home, FakeEngine::echo());
    assert_eq!(filled_table(&again, &source).await.len(), ROWS);
    assert_eq!(again.engine.requests_seen(), ROWS - done);
    let runs = again.workbench.runs(sheet).await.unwrap();
    assert_eq!((runs.len(), runs[0].status), (1, RunStatus::Done));
}

fn files_beside_locks(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let names = entries
        .map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned());
    names.filter(|name| Path::new(name).extension().is_none_or(|end| end != "lock")).collect()
}
