use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use braincells_core::{AppError, Code};
use braincells_data::{ProbeOutcome, ProbeRequest};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use super::{SheetProbe, arguments};

/// How often the process is looked at while it says nothing.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How long a trial may take.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// For doing nothing at all: neither computing nor reading nor writing.
    stillness: Duration,
    /// For computing, whatever the size of the sheet.
    computing: Duration,
    /// How much longer it may compute for each MiB of the sheet and its log.
    computing_for_mib: Duration,
}

const PATIENCE: Patience = Patience {
    stillness: Duration::from_mins(1),
    computing: Duration::from_mins(2),
    computing_for_mib: Duration::from_secs(1),
};

/// An answer is a line; more is not one.
const MOST_ANSWER_BYTES: u64 = 1 << 20;

/// How often a sheet is tried that the process of a killed predecessor still has. It goes away by
/// itself, and starting a process takes a moment.
const MOST_TRIES: u32 = 10;

/// Tries each sheet in a process of its own.
///
/// The process gets no environment but what is named here, so no keys, and no output of ours but
/// a pipe. It ends when this process does. One that computes for much longer than a sheet of that
/// size takes, or stands still, is ended and counts as crashed.
#[derive(Clone, Debug)]
pub struct ProcessProbe {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    patience: Patience,
}

impl ProcessProbe {
    /// A probe that runs `program` with `arguments` and then those that
    /// [`answer_probe`](super::answer_probe) understands.
    pub fn new(
        program: PathBuf,
        arguments: Vec<OsString>,
        environment: Vec<(OsString, OsString)>,
    ) -> Self {
        Self { program, arguments, environment, patience: PATIENCE }
    }

    fn try_once(&self, request: &ProbeRequest) -> ProbeOutcome {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).args(arguments(request));
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut started = match command.spawn() {
            Ok(child) => Started(child),
            Err(error) => return unavailable(&self.program, &error),
        };
        let answer = match listen(&mut started.0) {
            Ok(answer) => answer,
            Err(error) => return unavailable(&self.program, &error),
        };
        let said = match wait(&answer, &mut Watch::new(started.0.id(), request, self.patience)) {
            Ok(said) => said,
            Err(reason) => return ProbeOutcome::Damaged { reason },
        };
        match (serde_json::from_str(&said), started.0.wait()) {
            (Ok(outcome), _) => outcome,
            (Err(_), Ok(status)) => without_answer(status),
            (Err(_), Err(error)) => unavailable(&self.program, &error),
        }
    }
}

impl SheetProbe for ProcessProbe {
    fn probe(&self, request: &ProbeRequest) -> ProbeOutcome {
        let mut outcome = self.try_once(request);
        for _ in 1..MOST_TRIES {
            match &outcome {
                ProbeOutcome::Refused { error } if error.code == Code::Conflict => {
                    outcome = self.try_once(request);
                }
                _ => break,
            }
        }
        tracing::debug!(path = %request.path.display(), ?outcome, "a sheet was tried");
        outcome
    }
}

/// A child that does not outlive the interest in it.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        // Both fail only when it has ended, which is what is wanted.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn unavailable(program: &Path, error: &std::io::Error) -> ProbeOutcome {
    ProbeOutcome::Unavailable { reason: format!("`{}`: {error}", program.display()) }
}

/// Everything that the child says, once it has ended.
fn listen(child: &mut Child) -> std::io::Result<Receiver<String>> {
    let stdout = child.stdout.take().expect("its stdout is piped");
    let (sender, receiver) = sync_channel(1);
    thread::Builder::new().name("sheet-probe".to_owned()).spawn(move || {
        let mut said = Vec::new();
        // What was said before an error counts; and if nobody waits any more, that is that.
        drop(stdout.take(MOST_ANSWER_BYTES).read_to_end(&mut said));
        drop(sender.send(String::from_utf8_lossy(&said).into_owned()));
    })?;
    Ok(receiver)
}

fn wait(answer: &Receiver<String>, watch: &mut Watch) -> Result<String, String> {
    loop {
        match answer.recv_timeout(LOOK_EVERY) {
            Ok(said) => return Ok(said),
            Err(RecvTimeoutError::Disconnected) => return Ok(String::new()),
            Err(RecvTimeoutError::Timeout) => watch.look()?,
        }
    }
}

/// Whether a process gets anywhere.
struct Watch {
    /// Nothing where the system does not tell about processes.
    system: Option<System>,
    began: Instant,
    pid: Pid,
    most_computing: Duration,
    most_stillness: Duration,
    /// Milliseconds computed and bytes read and written, at the last look.
    done: (u64, u64),
    moved: Instant,
}

impl Watch {
    fn new(pid: u32, request: &ProbeRequest, patience: Patience) -> Self {
        let bytes = |end: &str| {
            let mut name = request.path.clone().into_os_string();
            name.push(end);
            std::fs::metadata(PathBuf::from(name)).map_or(0, |file| file.len())
        };
        let mib = u32::try_from((bytes("") + bytes(".wal")) >> 20).unwrap_or(u32::MAX);
        Self {
            system: System::new().ok(),
            began: Instant::now(),
            pid: Pid::from_u32(pid),
            most_computing: patience.computing + patience.computing_for_mib * mib,
            most_stillness: patience.stillness,
            done: (0, 0),
            moved: Instant::now(),
        }
    }

    fn look(&mut self) -> Result<(), String> {
        // Where nothing is known, all of the time counts as computing.
        let elapsed_ms = self.began.elapsed().as_millis() as u64;
        let done = self.figures().unwrap_or((elapsed_ms, 0));
        if done != self.done {
            (self.done, self.moved) = (done, Instant::now());
        }
        if Duration::from_millis(self.done.0) > self.most_computing {
            return Err(format!("reading it did not end in {} s", self.most_computing.as_secs()));
        }
        if self.moved.elapsed() > self.most_stillness {
            return Err("reading it came to a standstill".to_owned());
        }
        Ok(())
    }
}

impl Watch {
    /// What the process has computed so far in milliseconds, and read and written in bytes.
    fn figures(&mut self) -> Option<(u64, u64)> {
        let system = self.system.as_mut()?;
        let kind = ProcessRefreshKind::nothing().with_cpu().with_disk_usage();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[self.pid]), true, kind);
        let process = system.process(self.pid)?;
        let disk = process.disk_usage();
        Some((process.accumulated_cpu_time(), disk.total_read_bytes + disk.total_written_bytes))
    }
}

/// What it means that a process ended without an answer.
fn without_answer(status: ExitStatus) -> ProbeOutcome {
    match (ended_from_outside(status), crashed(status)) {
        (Some(signal), _) => ProbeOutcome::Refused {
            error: AppError::new(
                Code::Storage,
                format!("the process that tries the sheet was ended by signal {signal}"),
            )
            .with_hint("try again; if memory is short, close other programs first"),
        },
        (None, true) => {
            ProbeOutcome::Damaged { reason: format!("reading it ended in a crash, {status}") }
        }
        (None, false) => {
            ProbeOutcome::Unavailable { reason: format!("the process said nothing, {status}") }
        }
    }
}

/// A signal that is sent by people and by systems that are short of something, and that no
/// damaged file can cause.
#[cfg(unix)]
fn ended_from_outside(status: ExitStatus) -> Option<i32> {
    use std::os::unix::process::ExitStatusExt;
    // HUP, INT, QUIT, KILL, PIPE, ALRM, TERM, XCPU, XFSZ: the same numbers on all these systems.
    const OUTSIDE: [i32; 9] = [1, 2, 3, 9, 13, 14, 15, 24, 25];
    status.signal().filter(|signal| OUTSIDE.contains(signal))
}

#[cfg(not(unix))]
fn ended_from_outside(_status: ExitStatus) -> Option<i32> {
    None
}

/// Whether this is how a process ends that went wrong by itself: by a signal, by an exception of
/// the system (a negative code), by `abort` there (3), or by a panic (101).
fn crashed(status: ExitStatus) -> bool {
    status.code().is_none_or(|code| code < 0 || code == 3 || code == 101)
}

#[cfg(all(test, unix))]
mod tests;
