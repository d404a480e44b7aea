//! A server of files that does what a test tells it, down to the packet. One request for each
//! connection; what was asked is kept.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// The tag of the file unless a test says otherwise.
pub const TAG: &str = "\"one\"";

/// What somebody asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub path: String,
    headers: Vec<(String, String)>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(had, _)| had.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn range(&self) -> Option<&str> {
        self.header("range")
    }

    /// The bytes of a file of this length that were asked for.
    fn wanted(&self, length: usize) -> Option<Range<usize>> {
        let (first, last) = self.range()?.strip_prefix("bytes=")?.split_once('-')?;
        let first: usize = first.parse().ok()?;
        let last: usize = if last.is_empty() { length } else { last.parse::<usize>().ok()? + 1 };
        Some(first..last.min(length))
    }
}

/// How an answer ends before its end.
#[derive(Clone, Debug)]
pub enum End {
    /// The connection is closed.
    Close,
    /// The connection is reset.
    Reset,
    /// Nothing more comes, until somebody tells it to go on.
    Silence(Arc<Notify>),
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    end: Option<(usize, End)>,
    drip: Option<(usize, Duration)>,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let length = body.len().to_string();
        Self { status, headers: Vec::new(), body, end: None, drip: None }
            .with("Content-Length", &length)
    }

    /// What a server says that does all as it should.
    pub fn right(file: &[u8], seen: &Seen) -> Self {
        let same = seen.header("if-range").is_none_or(|tag| tag == TAG);
        let length = file.len();
        match seen.wanted(length).filter(|_range| same) {
            None => Self::new(200, file),
            Some(range) if range.start >= length => {
                Self::new(416, "").with("Content-Range", &format!("bytes */{length}"))
            }
            Some(range) => {
                let said = format!("bytes {}-{}/{length}", range.start, range.end - 1);
                Self::new(206, &file[range]).with("Content-Range", &said)
            }
        }
        .with("ETag", TAG)
        .with("Accept-Ranges", "bytes")
    }

    /// A redirect.
    pub fn to(location: &str) -> Self {
        Self::new(302, "").with("Location", location)
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(had, _)| had != name);
        self
    }

    /// Sends the body without saying how long it is, and its end by a last chunk.
    pub fn of_unknown_length(mut self) -> Self {
        let mut body = Vec::new();
        for chunk in self.body.chunks(10_000) {
            body.extend(format!("{:x}\r\n", chunk.len()).as_bytes());
            body.extend(chunk);
            body.extend(b"\r\n");
        }
        body.extend(b"0\r\n\r\n");
        self.body = body;
        self.without("Content-Length").with("Transfer-Encoding", "chunked")
    }

    /// After so many bytes of the body something happens.
    pub fn then(mut self, after: usize, end: End) -> Self {
        self.end = Some((after, end));
        self
    }

    /// All of the body comes, but its end does not, which is a chunk of no length.
    pub fn without_end(self, end: End) -> Self {
        let after = self.body.len() - b"0\r\n\r\n".len();
        self.then(after, end)
    }

    /// Sends so many bytes at a time.
    pub fn drip(mut self, bytes: usize, every: Duration) -> Self {
        self.drip = Some((bytes, every));
        self
    }

    async fn send(self, stream: &mut TcpStream) -> std::io::Result<()> {
        let mut head = vec![format!("HTTP/1.1 {} Said", self.status), "Connection: close".into()];
        head.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        let head = head.join("\r\n");
        stream.write_all(format!("{head}\r\n\r\n").as_bytes()).await?;
        let (first, rest) = match &self.end {
            Some((after, _)) => self.body.split_at((*after).min(self.body.len())),
            None => (&self.body[..], &[][..]),
        };
        match self.drip {
            None => stream.write_all(first).await?,
            Some((bytes, every)) => {
                for piece in first.chunks(bytes) {
                    stream.write_all(piece).await?;
                    tokio::time::sleep(every).await;
                }
            }
        }
        match self.end {
            None | Some((_, End::Close)) => stream.shutdown().await,
            Some((_, End::Reset)) => stream.set_zero_linger(),
            Some((_, End::Silence(go_on))) => {
                go_on.notified().await;
                stream.write_all(rest).await?;
                stream.shutdown().await
            }
        }
    }
}

/// A server on this machine; it ends with the test's runtime.
pub struct Server {
    pub address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Starts one. It is asked for each reply with the number of the request, from 0 on.
    pub async fn start(replies: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (heard, replies) = (Arc::clone(&seen), Arc::new(replies));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (heard, replies) = (Arc::clone(&heard), Arc::clone(&replies));
                tokio::spawn(async move {
                    let Some(asked) = read_head(&mut stream).await else { return };
                    let number = {
                        let mut heard = heard.lock().unwrap();
                        heard.push(asked.clone());
                        heard.len() - 1
                    };
                    // Whoever asked may have gone.
                    drop(replies(number, &asked).send(&mut stream).await);
                });
            }
        });
        Self { address, seen }
    }

    /// What it was asked so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The ranges it was asked for so far.
    pub fn ranges(&self) -> Vec<Option<String>> {
        self.seen().iter().map(|seen| seen.range().map(str::to_owned)).collect()
    }
}

async fn read_head(stream: &mut TcpStream) -> Option<Seen> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Some(Seen { path, headers })
}
