//! A download whose process is ended by SIGKILL again and again: it always goes on, fetches little
//! again, and nothing is ever at the target but the file.

#![expect(clippy::unwrap_used, reason = "in a test a failed step is the failure")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use braincells_testing::Dice;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fetch_file");
const KILLS: usize = 50;
const BYTES: usize = 200_000_000;

/// What a download may take, whatever its size.
const MOST_MEMORY_BYTES: u64 = 50_000_000;
/// What may be fetched again after a kill.
const MOST_LOST: usize = 16 << 20;

/// How much a kill waits for at most: a block and almost another, so that half of the attempts get
/// a block further.
const LONGEST: u64 = 15 << 20;

/// How much is sent at once, and how often: some 60 MB a second, so that kills land inside.
const PIECE: usize = 256 << 10;
const EVERY: Duration = Duration::from_millis(4);

/// No step of the child takes as long as this; a test that waits longer hangs.
const PATIENCE: Duration = Duration::from_mins(2);

/// What the server did.
#[derive(Default)]
struct Sent {
    /// Where the last answer began and how far it came, as places in the file.
    answers: Vec<(usize, usize)>,
}

/// A server of one file on a thread of its own.
struct Server {
    address: String,
    sent: Arc<(Mutex<Sent>, Condvar)>,
}

impl Server {
    fn start(file: Arc<Vec<u8>>) -> Self {
        let sent: Arc<(Mutex<Sent>, Condvar)> = Arc::default();
        let told = Arc::clone(&sent);
        let (ready, address) = sync_channel(1);
        let serve = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime starts").block_on(async {
                let socket = TcpSocket::new_v4().expect("there are sockets");
                // What waits in the sockets counts as sent: it must be little.
                socket.set_send_buffer_size(PIECE as u32).expect("its buffer can be small");
                socket.bind(([127, 0, 0, 1], 0).into()).expect("there are ports");
                let listener = socket.listen(16).expect("it listens");
                let address = listener.local_addr().expect("it has an address");
                ready.send(format!("http://{address}")).expect("the test waits");
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(answer(stream, Arc::clone(&file), Arc::clone(&told)));
                }
            });
        };
        std::thread::Builder::new().name("server".to_owned()).spawn(serve).expect("it starts");
        Self { address: address.recv().expect("it has an address"), sent }
    }

    /// Waits until this many answers were begun and the last one has got so far; `false` if it
    /// takes too long.
    fn wait_until(&self, answers: usize, bytes: usize) -> bool {
        let (sent, news) = &*self.sent;
        let far = |sent: &mut Sent| {
            let enough = |(from, to): &(usize, usize)| to - from >= bytes || *to == BYTES;
            !(sent.answers.len() >= answers && sent.answers.last().is_some_and(enough))
        };
        let waited = news.wait_timeout_while(sent.lock().unwrap(), PATIENCE, far).unwrap();
        !waited.1.timed_out()
    }

    fn answers(&self) -> Vec<(usize, usize)> {
        self.sent.0.lock().unwrap().answers.clone()
    }
}

async fn answer(
    mut stream: TcpStream,
    file: Arc<Vec<u8>>,
    told: Arc<(Mutex<Sent>, Condvar)>,
) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?.to_ascii_lowercase();
    let range = head.lines().find_map(|line| line.strip_prefix("range: bytes="));
    let from: usize = range.map_or(Some(0), |range| range.trim_end_matches('-').parse().ok())?;
    let (length, left) = (file.len(), file.len() - from);
    let said = match range {
        None => "200 OK\r\n".to_owned(),
        Some(_) => format!(
            "206 Partial Content\r\nContent-Range: bytes {from}-{}/{length}\r\n",
            length - 1
        ),
    };
    let head = format!("HTTP/1.1 {said}Content-Length: {left}\r\nConnection: close\r\n\r\n");
    let index = {
        let mut sent = told.0.lock().unwrap();
        sent.answers.push((from, from));
        sent.answers.len() - 1
    };
    told.1.notify_all();
    stream.write_all(head.as_bytes()).await.ok()?;
    let mut pace = tokio::time::interval(EVERY);
    let mut at = from;
    while at < length {
        pace.tick().await;
        let to = (at + PIECE).min(length);
        stream.write_all(&file[at..to]).await.ok()?;
        at = to;
        told.0.lock().unwrap().answers[index].1 = at;
        told.1.notify_all();
    }
    stream.shutdown().await.ok()
}

/// The process under test.
struct Victim {
    child: Child,
    lines: Receiver<String>,
}

impl Victim {
    fn start(server: &Server, bytes: usize, sum: &str, target: &Path) -> Self {
        let mut child = Command::new(PROGRAM)
            .arg(format!("{}/o/n/resolve/c0ffee/model.gguf", server.address))
            .args([&bytes.to_string(), sum])
            .arg(target)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the process starts");
        let stdout = child.stdout.take().expect("its output is piped");
        let (sender, lines) = sync_channel(1024);
        let listen = move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("listener".to_owned()).spawn(listen).expect("it starts");
        Self { child, lines }
    }

    /// Waits until it says a line that begins so; `false` if it ends before.
    fn says(&self, word: &str) -> bool {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.starts_with(word) => return true,
                Ok(_other) => {}
                Err(_ended) => return false,
            }
        }
    }

    /// Ends it; `false` if it had ended by itself.
    fn kill(mut self) -> bool {
        self.child.kill().expect("a process of ours can be killed");
        let status = self.child.wait().expect("a process of ours can be waited for");
        assert!(status.success() || status.code().is_none(), "the process failed: {status}");
        !status.success()
    }

    /// Lets it come to its end, in little memory, and says what it fetched.
    fn finish(mut self) -> usize {
        let lines: Vec<String> = self.lines.iter().collect();
        let last = lines.last().expect("it says something");
        if let Some(memory) = lines.iter().find_map(|line| line.strip_prefix("memory ")) {
            let bytes: u64 = memory.parse().expect("a number");
            assert!(bytes <= MOST_MEMORY_BYTES, "{bytes} bytes of memory");
        }
        assert!(self.child.wait().expect("it ends").success(), "{last}");
        last.strip_prefix("fetched ").expect("it says what it fetched").parse().expect("a number")
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        // A failed assertion must not leave the process behind.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn file(bytes: usize) -> (Arc<Vec<u8>>, String) {
    let mut dice = Dice::new(bytes as u64);
    let mut file = Vec::with_capacity(bytes + 8);
    while file.len() < bytes {
        file.extend(dice.below(u64::MAX).to_le_bytes());
    }
    file.truncate(bytes);
    (Arc::new(file.clone()), sum(&file))
}

fn sum(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

#[test]
fn a_download_survives_any_number_of_kills() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("model.gguf");
    let (file, sha256) = file(BYTES);
    let server = Server::start(file);
    let mut dice = Dice::new(7);
    let mut landed = 0;
    while landed < KILLS {
        let begun = server.answers().len();
        let victim = Victim::start(&server, BYTES, &sha256, &target);
        let at_once = begun > 0 && dice.below(8) == 0;
        if at_once {
            // While it reads what is there, before it asks for anything.
            victim.says("");
        } else {
            let bytes = dice.below(LONGEST) as usize;
            assert!(server.wait_until(begun + 1, bytes), "it asks for the rest");
        }
        assert!(victim.kill(), "there must be enough for {KILLS} kills, not {landed}");
        assert!(!target.exists(), "nothing is at the target before all of it is there");
        landed += 1;
    }
    let last = Victim::start(&server, BYTES, &sha256, &target).finish();
    assert_eq!(sum(&std::fs::read(&target).unwrap()), sha256);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "only the target is left");
    // Each answer begins where the one before it had got to, but for what the kill lost.
    let answers = server.answers();
    let again: Vec<usize> =
        answers.windows(2).map(|pair| pair[0].1.saturating_sub(pair[1].0)).collect();
    let most = again.iter().copied().max().unwrap_or_default();
    println!(
        "{landed} kills, at most {most} bytes fetched again, {last} bytes by the last attempt"
    );
    assert!(most <= MOST_LOST, "{again:?}");
    assert!(answers.len() > KILLS / 2, "most attempts got to the network: {}", answers.len());
    assert!(last < BYTES, "they got somewhere");
}

#[test]
fn a_kill_at_the_end_leaves_all_or_nothing() {
    const SMALL: usize = 12_000_000;
    let (file, sha256) = file(SMALL);
    let server = Server::start(file);
    let mut dice = Dice::new(8);
    let (mut outcomes, mut landed) = ([0, 0], [0, 0]);
    for _round in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("model.gguf");
        let victim = Victim::start(&server, SMALL, &sha256, &target);
        // All has arrived; the sum, the sync and the rename are to come.
        victim.says("verifying");
        let moment = Duration::from_micros(dice.below(60_000));
        // It says one thing more when it is done: a kill comes before that, after it, or too late.
        drop(victim.lines.recv_timeout(moment));
        landed[usize::from(victim.kill())] += 1;
        outcomes[usize::from(target.exists())] += 1;
        if target.exists() {
            assert_eq!(sum(&std::fs::read(&target).unwrap()), sha256);
        }
        let again = Victim::start(&server, SMALL, &sha256, &target).finish();
        assert_eq!(again, 0, "all of it was there");
        assert_eq!(sum(&std::fs::read(&target).unwrap()), sha256);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
    println!(
        "{} of 20 kills landed; {} before the rename, {} behind it",
        landed[1], outcomes[0], outcomes[1]
    );
}

#[test]
fn two_processes_get_a_file_once() {
    const SMALL: usize = 30_000_000;
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("model.gguf");
    let (file, sha256) = file(SMALL);
    let server = Server::start(file);
    let first = Victim::start(&server, SMALL, &sha256, &target);
    assert!(server.wait_until(1, 1), "it asks");
    let second = Victim::start(&server, SMALL, &sha256, &target);
    assert!(second.says("error conflict"), "the other one is told");
    assert_eq!(first.finish(), SMALL);
    assert_eq!(sum(&std::fs::read(&target).unwrap()), sha256);
    assert_eq!(server.answers().len(), 1);
}
