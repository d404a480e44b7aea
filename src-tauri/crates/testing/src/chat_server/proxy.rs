//! A proxy as companies have them: it forwards plain requests, and tunnels what is encrypted.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A proxy on loopback, gone when dropped.
pub struct ForwardProxy {
    address: SocketAddr,
    forwarded: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl ForwardProxy {
    /// A proxy at a free port.
    ///
    /// # Panics
    ///
    /// If no port can be had.
    pub async fn start() -> Self {
        Self::start_for(None).await
    }

    /// A proxy that knows one server only: whatever host is asked for is that one.
    ///
    /// # Panics
    ///
    /// If no port can be had.
    pub async fn start_to(server: SocketAddr) -> Self {
        Self::start_for(Some(server)).await
    }

    async fn start_for(server: Option<SocketAddr>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let forwarded = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&forwarded);
        let accepting = tokio::spawn(async move {
            while let Ok((socket, _peer)) = listener.accept().await {
                let counter = Arc::clone(&counter);
                tokio::spawn(async move {
                    // A client or a server that hangs up ends it.
                    drop(forward(socket, server, &counter).await);
                });
            }
        });
        Self { address, forwarded, accepting }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connections that it made for others.
    pub fn forwarded(&self) -> usize {
        self.forwarded.load(Ordering::SeqCst)
    }
}

impl Drop for ForwardProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn connect(host: &str, instead: Option<SocketAddr>) -> std::io::Result<TcpStream> {
    match instead {
        Some(server) => TcpStream::connect(server).await,
        None => TcpStream::connect(host).await,
    }
}

async fn forward(
    socket: TcpStream,
    instead: Option<SocketAddr>,
    counter: &AtomicUsize,
) -> std::io::Result<()> {
    let mut client = BufReader::new(socket);
    let mut first = String::new();
    client.read_line(&mut first).await?;
    let mut words = first.split_whitespace();
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    if method == "CONNECT" {
        // The rest of its head means nothing to a tunnel.
        let mut line = String::new();
        while client.read_line(&mut line).await? > 2 {
            line.clear();
        }
        let mut server = connect(target, instead).await?;
        counter.fetch_add(1, Ordering::SeqCst);
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
        copy_bidirectional(&mut client, &mut server).await?;
        return Ok(());
    }
    let rest = target.strip_prefix("http://").unwrap_or(target);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut server = connect(host, instead).await?;
    counter.fetch_add(1, Ordering::SeqCst);
    server.write_all(format!("{method} /{path} HTTP/1.1\r\n").as_bytes()).await?;
    let buffered = client.buffer().to_vec();
    client.consume(buffered.len());
    server.write_all(&buffered).await?;
    let (mut from_client, mut to_client) = client.into_inner().into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mut up = vec![0; 16 << 10];
    let mut down = vec![0; 16 << 10];
    loop {
        tokio::select! {
            count = from_client.read(&mut up) => match count? {
                0 => return Ok(()),
                count => to_server.write_all(&up[..count]).await?,
            },
            count = from_server.read(&mut down) => match count? {
                0 => return Ok(()),
                count => to_client.write_all(&down[..count]).await?,
            },
        }
    }
}
