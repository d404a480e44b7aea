//! The bytes of a file on their way, with all that may happen to them.

use std::convert::Infallible;
use std::future::pending;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use tokio::time::{Instant, sleep_until};

use super::content::Content;
use super::faults::Cut;
use super::log::Entry;
use super::shared::Shared;
use super::wire::WireEnd;

/// What the hub's answers are made of.
pub(super) type HubBody = UnsyncBoxBody<Bytes, Infallible>;

/// Handed over at once.
const PIECE: u64 = 256 << 10;

/// Pieces a second where it is slow.
const PIECES_PER_SECOND: u64 = 50;

/// What a slow connection may catch up on after it was held up.
const CATCHES_UP: Duration = Duration::from_millis(100);

/// A body that is all there.
pub(super) fn whole(bytes: impl Into<Bytes>) -> HubBody {
    Full::new(bytes.into()).boxed_unsync()
}

/// The way of a file over a connection.
pub(super) struct Way {
    pub(super) shared: Arc<Shared>,
    /// `owner/name/path`.
    pub(super) what: String,
    pub(super) entry: Arc<Entry>,
    pub(super) wire: WireEnd,
}

/// A part of a file, piece by piece.
pub(super) fn part(way: Way, content: Content, range: Range<u64>) -> HubBody {
    let (cut, stall) = way.shared.take_body(&way.what, range.end - range.start);
    let due = Instant::now();
    let sending = Sending { way, content, at: range.start, range, cut, stall, due };
    let frames = stream::unfold(sending, |mut sending| async move {
        let piece = sending.next().await?;
        sending.way.entry.sent(piece.len());
        Some((Ok(Frame::data(piece)), sending))
    });
    StreamBody::new(frames).boxed_unsync()
}

struct Sending {
    way: Way,
    content: Content,
    range: Range<u64>,
    at: u64,
    cut: Option<Cut>,
    stall: Option<u64>,
    /// When the next piece may go.
    due: Instant,
}

impl Sending {
    async fn next(&mut self) -> Option<Bytes> {
        if self.at == self.range.end {
            return None;
        }
        let sent = self.at - self.range.start;
        if let Some(cut) = self.cut.filter(|cut| cut.after_bytes == sent) {
            self.way.wire.end(cut.reset);
            return pending().await;
        }
        if self.stall == Some(sent) {
            self.way.shared.until_no_stall().await;
            self.stall = None;
        }
        let faults = self.way.shared.faults();
        let concerned = faults.concern(&self.way.what);
        let rate = faults.bytes_per_second.filter(|_| concerned).map(|rate| rate.max(1));
        let mut length = (self.range.end - self.at).min(PIECE);
        if let Some(rate) = rate {
            length = length.min((rate / PIECES_PER_SECOND).max(1));
        }
        for limit in [self.cut.map(|cut| cut.after_bytes), self.stall].into_iter().flatten() {
            length = length.min(limit - sent);
        }
        // A file that is gone ends the connection, as a server does whose disk fails.
        let Ok(mut piece) = self.content.piece(self.at, length as usize) else {
            self.way.wire.end(false);
            return pending().await;
        };
        if let Some(damage_at) = faults.damage_at.filter(|_| concerned) {
            piece = damaged(piece, damage_at.checked_sub(self.at));
        }
        if let Some(rate) = rate {
            let earliest = Instant::now().checked_sub(CATCHES_UP).unwrap_or(self.due);
            let takes = Duration::from_secs_f64(piece.len() as f64 / rate as f64);
            self.due = self.due.max(earliest) + takes;
            sleep_until(self.due).await;
        }
        self.at += piece.len() as u64;
        Some(piece)
    }
}

/// With another byte at this place, if it is within.
fn damaged(piece: Bytes, place: Option<u64>) -> Bytes {
    let Some(place) = place.filter(|place| *place < piece.len() as u64) else { return piece };
    let mut damaged = BytesMut::from(&piece[..]);
    damaged[place as usize] ^= 0x20;
    damaged.freeze()
}
