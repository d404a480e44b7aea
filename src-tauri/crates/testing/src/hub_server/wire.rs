//! The socket of a connection, which a body can end.
//!
//! An error of a body would make hyper drop what it has not written yet, and a test that cuts after
//! so many bytes could not tell how many arrived. So a body that ends a connection asks for it here
//! and gives nothing more; the connection ends once all before has left.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

const OPEN: u8 = 0;
const CLOSE: u8 = 1;
const RESET: u8 = 2;

/// How a body tells its connection to end.
#[derive(Clone, Debug, Default)]
pub(super) struct WireEnd(Arc<AtomicU8>);

impl WireEnd {
    /// The connection ends as soon as everything before has left.
    pub(super) fn end(&self, reset: bool) {
        self.0.store(if reset { RESET } else { CLOSE }, Ordering::SeqCst);
    }
}

/// A socket with such an end.
#[derive(Debug)]
pub(super) struct Wire {
    socket: TcpStream,
    end: WireEnd,
}

impl Wire {
    pub(super) fn new(socket: TcpStream, end: WireEnd) -> Self {
        Self { socket, end }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    /// hyper comes here after a body that gives nothing for now, once its own buffer is empty.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.end.0.load(Ordering::SeqCst) {
            OPEN => Pin::new(&mut self.socket).poll_flush(context),
            end => {
                if end == RESET {
                    self.socket.set_zero_linger()?;
                }
                Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()))
            }
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
