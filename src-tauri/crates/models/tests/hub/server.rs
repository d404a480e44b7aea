//! A server that says what a test tells it, one request a connection, and writes down what it was
//! asked.

use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use braincells_models::hub::{Http, Hub, HubOptions};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server was asked.
#[derive(Clone, Debug)]
pub struct Request {
    pub target: String,
    headers: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// How an answer ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum End {
    /// As it should.
    #[default]
    Whole,
    /// The server goes silent in front of its last byte.
    Silent,
    /// The connection is closed in front of its last byte.
    Cut,
}

/// What the server says.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    end: End,
    /// Nothing at all, not even a status.
    mute: bool,
}

impl Answer {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, body: body.into(), ..Self::default() }
    }

    pub fn json(body: impl Into<Vec<u8>>) -> Self {
        Self::new(200, body).with("Content-Type", "application/json; charset=utf-8")
    }

    pub fn to(location: impl Into<String>) -> Self {
        Self::new(302, "Found. Redirecting").with("Location", location)
    }

    pub fn mute() -> Self {
        Self { mute: true, ..Self::default() }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    #[must_use]
    pub fn ends(mut self, end: End) -> Self {
        self.end = end;
        self
    }
}

pub struct Server {
    pub address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub async fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (heard, answer) = (requests.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (heard, answer) = (heard.clone(), answer.clone());
                tokio::spawn(async move { serve(stream, &heard, &*answer).await });
            }
        });
        Self { address, requests }
    }

    /// One that says the same to everybody.
    pub async fn saying(answer: Answer) -> Self {
        Self::start(move |_request| answer.clone()).await
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub fn targets(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.target).collect()
    }

    /// The client of a hub here.
    pub fn hub(&self) -> Hub {
        hub(&self.url(), &[])
    }
}

async fn serve(
    mut stream: TcpStream,
    heard: &Mutex<Vec<Request>>,
    answer: &(dyn Fn(&Request) -> Answer + Send + Sync),
) {
    let mut question = Vec::new();
    while !question.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match stream.read(&mut byte).await {
            Ok(1) => question.push(byte[0]),
            _ => return,
        }
    }
    let question = String::from_utf8(question).unwrap();
    let (line, headers) = question.split_once("\r\n").unwrap();
    let target = line.split(' ').nth(1).unwrap().to_owned();
    let request = Request { target, headers: headers.to_owned() };
    heard.lock().unwrap().push(request.clone());
    let answer = answer(&request);
    if answer.mute {
        return std::future::pending().await;
    }
    let mut said = format!("HTTP/1.1 {} x\r\nConnection: close\r\n", answer.status);
    for (name, value) in &answer.headers {
        write!(said, "{name}: {value}\r\n").unwrap();
    }
    write!(said, "Content-Length: {}\r\n\r\n", answer.body.len()).unwrap();
    let sent = match answer.end {
        End::Whole => &answer.body[..],
        End::Silent | End::Cut => &answer.body[..answer.body.len() - 1],
    };
    // Who has heard enough hangs up.
    if stream.write_all(&[said.as_bytes(), sent].concat()).await.is_ok()
        && answer.end == End::Silent
    {
        std::future::pending::<()>().await;
    }
}

/// A hub at this address. The names are of servers on this machine.
pub fn hub(endpoint: &str, names: &[(&str, SocketAddr)]) -> Hub {
    patient_hub(endpoint, names, Duration::from_secs(30))
}

/// A hub that does not wait.
pub fn hasty_hub(server: &Server) -> Hub {
    patient_hub(&server.url(), &[], Duration::from_millis(100))
}

fn patient_hub(endpoint: &str, names: &[(&str, SocketAddr)], stall_timeout: Duration) -> Hub {
    static RING: Once = Once::new();
    RING.call_once(|| rustls::crypto::ring::default_provider().install_default().unwrap());
    let client = || {
        let builder = reqwest::Client::builder().no_proxy();
        let builder = builder.redirect(reqwest::redirect::Policy::none()).referer(false);
        let resolved = |builder: reqwest::ClientBuilder, (name, address): &(&str, SocketAddr)| {
            builder.resolve(name, *address)
        };
        names.iter().fold(builder, resolved).build().unwrap()
    };
    let options = HubOptions { endpoint: endpoint.to_owned(), stall_timeout };
    Hub::new(Http { far: client(), beside: client() }, options).unwrap()
}

pub fn token() -> SecretString {
    SecretString::from("hf_secret".to_owned())
}

pub fn fixture(name: &str) -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/hub/fixtures");
    std::fs::read(format!("{path}/{name}.json")).unwrap()
}
