//! Requests over sockets of their own, and a hub with a model.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;

use braincells_testing::hub_server::{HostedFile, HostedRepository, HubFolder, HubServer};
use serde_json::Value;

pub const MODEL: &str = "model-Q4_K_M.gguf";
pub const BYTES: u64 = 3_000_001;

/// An answer as it came over the socket.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("it is JSON")
    }
}

/// Asks on a connection of its own and reads to its end.
pub fn ask(method: &str, url: &str, headers: &[(&str, &str)]) -> Got {
    read(begin(method, url, headers))
}

pub fn get(url: &str) -> Got {
    ask("GET", url, &[])
}

pub fn begin(method: &str, url: &str, headers: &[(&str, &str)]) -> TcpStream {
    let rest = url.strip_prefix("http://").expect("it is one");
    let (host, path) = rest.split_once('/').expect("it has a path");
    let mut socket = TcpStream::connect(host).expect("it listens");
    let mut request = format!("{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in headers {
        write!(request, "{name}: {value}\r\n").expect("a string takes it");
    }
    socket.write_all(format!("{request}\r\n").as_bytes()).expect("it is taken");
    socket
}

pub fn read(mut socket: TcpStream) -> Got {
    let mut all = Vec::new();
    // Whether it ended as it should is for the length of the body to say.
    drop(socket.read_to_end(&mut all));
    let head = all.windows(4).position(|four| four == b"\r\n\r\n").expect("it has a head");
    let body = all.split_off(head + 4);
    let text = String::from_utf8(all).expect("a head is text");
    let mut lines = text.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    Got { status: status.expect("it has a status"), headers, body }
}

pub fn model() -> HostedFile {
    HostedFile::generated(MODEL, 7, BYTES)
}

pub fn bytes() -> Vec<u8> {
    let hub = HubServer::start(HubFolder::new().with(HostedRepository::new("a/b").with(model())));
    get(get(&hub.file_url("a/b", "main", MODEL)).header("location")).body
}

pub fn hub() -> HubServer {
    let repository = HostedRepository::new("owner/name")
        .with(model())
        .with(HostedFile::new("config.json", "{}"))
        .with(HostedFile::new("docs/a b.txt", "text"))
        .knowing(|facts| facts.downloads = 5);
    HubServer::start(HubFolder::new().with(repository))
}

pub fn at_cdn(hub: &HubServer) -> String {
    get(&hub.file_url("owner/name", "main", MODEL)).header("location").to_owned()
}
