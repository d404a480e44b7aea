//! What the two processes say to each other: frames of four bytes length (little-endian) and that
//! many bytes of JSON.
//!
//! One child serves one model. It says [`FromWorker::Hello`] first; the parent answers with
//! [`ToWorker::Load`] and [`ToWorker::ModelHash`], in any order, and hears
//! [`FromWorker::Loaded`] or [`FromWorker::LoadFailed`]. From then on it sends requests. Both
//! sides keep to bounds: the parent has at most twice as many requests of a batch open as the
//! engine works on at once, and the child sends at most [`EVENT_ROOM`] events of a batch more
//! than it was given back by [`ToWorker::Credit`]. So neither reader ever has to wait before it
//! takes the next frame.
//!
//! Whatever is not a frame is an error, never a wait for more memory than a frame may have.

use std::io::{self, Read, Write};
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{BatchEvent, Capabilities, EngineFigures, LLMError, LLMRequest, RequestId};

/// Grows when a frame changes its meaning.
pub const PROTOCOL: u32 = 1;

/// The longest frame, in bytes of JSON.
pub const MOST_FRAME_BYTES: usize = 64 << 20;

/// Events of one batch that the child may send before any is given back.
pub const EVENT_ROOM: u32 = 1024;

/// Names a batch; never used twice in one process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BatchId(pub u64);

/// From the parent to the child.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ToWorker {
    /// To load a model; once.
    Load {
        /// Its file.
        path: PathBuf,
        /// What the child's loader understands.
        options: Value,
        /// The least important lines of the log that are wanted; `None` wants none.
        log: Option<LogLevel>,
    },
    /// What the model's file holds, for the name of its answers; once. `None` keeps no answers.
    ModelHash {
        /// SHA-256 in hexadecimal digits.
        sha256: Option<String>,
    },
    /// To answer; the first request of a batch begins it.
    Generate {
        /// Its batch.
        batch: BatchId,
        /// Its name within the batch.
        id: RequestId,
        /// The request.
        request: Box<LLMRequest>,
    },
    /// No request of this batch follows.
    EndBatch {
        /// The batch.
        batch: BatchId,
    },
    /// Nobody waits for this batch any more.
    Cancel {
        /// The batch.
        batch: BatchId,
    },
    /// So many events of a batch were taken, and as many more may come.
    Credit {
        /// The batch.
        batch: BatchId,
        /// How many.
        events: u32,
    },
    /// To say how many tokens each text is.
    Count {
        /// Names the question.
        id: u64,
        /// The texts.
        texts: Vec<String>,
    },
    /// To drop the model and end.
    Shutdown,
}

/// From the child to the parent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FromWorker {
    /// The first frame.
    Hello {
        /// [`PROTOCOL`] as the child was built.
        protocol: u32,
        /// The program's version.
        version: String,
    },
    /// How much of the model is loaded.
    LoadProgress {
        /// 0 to 1.
        fraction: f32,
    },
    /// The model is there.
    Loaded {
        /// What the engine can do.
        capabilities: Capabilities,
    },
    /// It cannot be loaded; the child ends.
    LoadFailed {
        /// Why.
        error: LLMError,
    },
    /// What happened to requests, oldest first.
    Events {
        /// Their batch.
        batch: BatchId,
        /// The events.
        events: Vec<BatchEvent>,
        /// What the engine has computed by then, where it counts and something ended.
        figures: Option<EngineFigures>,
    },
    /// The answer to [`ToWorker::Count`].
    Counted {
        /// The question.
        id: u64,
        /// Tokens of each text; `None` where the engine cannot tell.
        counts: Vec<Option<u32>>,
    },
    /// A line of the log.
    Log {
        /// How important it is.
        level: LogLevel,
        /// Who says it.
        target: String,
        /// The line.
        text: String,
    },
    /// The child cannot go on.
    Fatal {
        /// Why.
        reason: String,
    },
}

/// How important a line of the log is, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Something is odd.
    Warn,
    /// Something happened.
    Info,
    /// For whoever looks for a defect.
    Debug,
    /// Everything.
    Trace,
}

/// Why no frame could be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The connection failed, or ended within a frame.
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
    /// A frame is longer than [`MOST_FRAME_BYTES`].
    #[error("a frame of {bytes} bytes is longer than {MOST_FRAME_BYTES}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The bytes are not a frame of this protocol.
    #[error("a frame cannot be read: {0}")]
    Garbled(#[from] serde_json::Error),
}

/// A frame as it is sent.
pub fn encode(frame: &impl Serialize) -> Result<Vec<u8>, FrameError> {
    const HEADER: [u8; 4] = [0; 4];
    let mut bytes = HEADER.to_vec();
    serde_json::to_writer(&mut bytes, frame)?;
    let length = bytes.len() - HEADER.len();
    if length > MOST_FRAME_BYTES {
        return Err(FrameError::TooLong { bytes: length });
    }
    let header = u32::try_from(length).expect("the limit is below 2^32").to_le_bytes();
    bytes[..HEADER.len()].copy_from_slice(&header);
    Ok(bytes)
}

/// Sends a frame, at once.
pub fn write_frame(to: &mut impl Write, frame: &impl Serialize) -> Result<(), FrameError> {
    to.write_all(&encode(frame)?)?;
    Ok(to.flush()?)
}

/// The next frame; `None` where the other side has ended between two frames.
pub fn read_frame<T: DeserializeOwned>(from: &mut impl Read) -> Result<Option<T>, FrameError> {
    let mut header = [0; 4];
    let mut filled = 0;
    while filled < header.len() {
        match from.read(&mut header[filled..]) {
            Ok(0) if filled == 0 => return Ok(None),
            Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            Ok(length) => filled += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    let length = u32::from_le_bytes(header) as usize;
    if length > MOST_FRAME_BYTES {
        return Err(FrameError::TooLong { bytes: length });
    }
    // Grows with what comes: a length alone takes no memory.
    let mut bytes = Vec::new();
    from.take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() < length {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(Some(serde_json::from_slice(&bytes)?))
}

#[cfg(test)]
mod tests;
