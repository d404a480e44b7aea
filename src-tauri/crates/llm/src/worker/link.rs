//! How frames travel, and how the child is started.
//!
//! On Unix they travel in both directions over one socket, which the child has as its stdin; its
//! stdout and stderr go to a pipe, so that nothing which C prints can get between the frames.
//! Elsewhere the standard library offers no such pair, and frames from the child go over its
//! stdout; llama.cpp writes its log through us and nothing else there.

use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};

use super::WorkerProgram;

/// Tells ggml not to start a debugger when it gives up.
const NO_BACKTRACE: &str = "GGML_NO_BACKTRACE";

/// A child and the parent's ends.
pub struct Started {
    pub child: Child,
    pub frames_in: Box<dyn Read + Send>,
    pub frames_out: Box<dyn Write + Send>,
    /// What it prints.
    pub printed: Box<dyn Read + Send>,
}

/// Starts a child with no environment but what it is given, in a process group of its own: Ctrl-C
/// in a terminal is for the parent, which ends the child in order.
pub fn start(program: &WorkerProgram) -> io::Result<Started> {
    let mut command = Command::new(&program.program);
    command.args(&program.arguments);
    command.env_clear().envs(program.environment.iter().map(|(name, value)| (name, value)));
    command.env(NO_BACKTRACE, "1");
    connect(command)
}

#[cfg(unix)]
fn connect(mut command: Command) -> io::Result<Started> {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    use std::os::unix::process::CommandExt;

    let (ours, theirs) = UnixStream::pair()?;
    let (printed, printing) = io::pipe()?;
    command.stdin(Stdio::from(OwnedFd::from(theirs)));
    command.stdout(printing.try_clone()?).stderr(printing);
    command.process_group(0);
    let child = command.spawn()?;
    // The command still has the child's ends, and what they carry would never end.
    drop(command);
    let frames_out = ours.try_clone()?;
    Ok(Started {
        child,
        frames_in: Box::new(io::BufReader::new(ours)),
        frames_out: Box::new(frames_out),
        printed: Box::new(printed),
    })
}

#[cfg(not(unix))]
fn connect(mut command: Command) -> io::Result<Started> {
    #[cfg(windows)]
    {
        use std::os::windows::process::CommandExt;
        const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;
        const CREATE_NO_WINDOW: u32 = 0x0800_0000;
        command.creation_flags(CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let missing = || io::Error::from(io::ErrorKind::BrokenPipe);
    let frames_out = child.stdin.take().ok_or_else(missing)?;
    let frames_in = child.stdout.take().ok_or_else(missing)?;
    let printed = child.stderr.take().ok_or_else(missing)?;
    Ok(Started {
        child,
        frames_in: Box::new(io::BufReader::new(frames_in)),
        frames_out: Box::new(frames_out),
        printed: Box::new(printed),
    })
}

/// The child's ends, for a process that [`start`] began.
#[cfg(unix)]
pub fn own_ends() -> io::Result<(impl Read, impl Write + Send + 'static)> {
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let frames_out = socket.try_clone()?;
    Ok((io::BufReader::new(socket), frames_out))
}

/// The child's ends, for a process that [`start`] began.
#[cfg(not(unix))]
pub fn own_ends() -> io::Result<(impl Read, impl Write + Send + 'static)> {
    Ok((io::stdin(), io::stdout()))
}

/// Arranges that this process is the first to go when memory runs out, and that a crash writes no
/// rows to disk. Where the system does not offer that, nothing is lost.
pub fn prepare_own_process() {
    #[cfg(target_os = "linux")]
    {
        drop(std::fs::write("/proc/self/oom_score_adj", "500"));
        drop(std::fs::write("/proc/self/coredump_filter", "0"));
    }
}
