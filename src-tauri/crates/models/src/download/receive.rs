//! Asks the hub for what is missing and takes in what comes: the part of an attempt that waits for
//! the network. Every wait here ends when the download is stopped, and all but the hub's own
//! (which it limits itself) when nothing arrives for too long.

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};

use super::attempt::{Attempt, or_stopped};
use super::check::Kept;
use super::decide::{Asked, Next, decide, strong};
use super::intake::{Intake, Taken, WriterEnded};
use super::ledger::Header;
use super::place::Place;
use super::writer::Room;
use super::{FetchError, Step, threads};
use crate::ModelsError;
use crate::hub::FileResponse;

/// How often a download through which little comes is looked after: what came is written, and the
/// rate is told.
const LOOKED_AFTER_EVERY: Duration = Duration::from_millis(500);

/// How often it is written down how far it is, besides after each block.
const NOTED_EVERY: Duration = Duration::from_secs(5);

/// Why no more is received.
enum End {
    /// All that was asked for is there, or an error.
    Of(Result<(), FetchError>),
    /// More came than the file has: none of it can be trusted.
    TooLong,
}

impl Attempt<'_> {
    /// Receives all behind what is kept.
    pub(super) async fn receive(
        &mut self,
        mut place: Place,
        mut kept: Kept,
        etag: Option<String>,
    ) -> Result<Taken, FetchError> {
        let mut may_start_over = true;
        let mut response = loop {
            let (from, to) = (kept.bytes(), self.wanted.bytes);
            let asked =
                Asked { wanted: self.wanted, from, to, etag: etag.as_deref(), may_start_over };
            let (response, next) = self.ask(&asked).await?;
            match next {
                Next::Take => break response,
                Next::Fail(error) => return Err(error),
                Next::TakeFromStart | Next::AskFromStart => {
                    tracing::warn!(file = %self.wanted.target.display(), "begun from the start again");
                    kept = Kept::nothing(self.limits.block_bytes);
                    if next == Next::TakeFromStart {
                        break response;
                    }
                    may_start_over = false;
                }
            }
        };
        if kept.bytes() == 0 {
            kept = Kept::nothing(self.limits.block_bytes);
            let etag = strong(response.etag.as_deref()).map(str::to_owned);
            let header = Header::new(self.wanted, etag, kept.block_bytes);
            let begin = move || place.begin(&header).map(|()| place);
            place = threads::outcome(threads::start("download-write", &self.wanted.target, begin)?)
                .await?;
        }
        let room = Room::new(self.limits, &self.wanted.target);
        let mut intake = Intake::start(place, kept, self.wanted, room)?;
        let end = self.take_in(&mut response, &mut intake).await;
        // The connection is of no use while the disk finishes.
        drop(response);
        let mut taken = intake.finish().await;
        let end = match end {
            End::Of(end) => end,
            End::TooLong => {
                taken.place.forget()?;
                let found = "more".to_owned();
                Err(FetchError::WrongLength { wanted: self.wanted.bytes, found })
            }
        };
        // Why the disk refused says more than that nobody took the bytes.
        taken.outcome = std::mem::replace(&mut taken.outcome, Ok(())).and(end);
        Ok(taken)
    }

    /// Hands the body to the threads, until it ends or something else does.
    async fn take_in(&mut self, response: &mut FileResponse, intake: &mut Intake) -> End {
        let mut done = intake.written();
        // A body of unknown length is read to its end, since it may be too long.
        let ends_by_itself = response.total_bytes.is_none() && response.range.is_none();
        let mut look_after = interval(LOOKED_AFTER_EVERY);
        look_after.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut noted = Instant::now();
        let mut silent_until = noted + self.limits.stall;
        let control = self.control.clone();
        let mut stopped = std::pin::pin!(control.stopped());
        loop {
            let left = self.wanted.bytes - done;
            if left == 0 && !ends_by_itself {
                return End::Of(Ok(()));
            }
            let fed = tokio::select! {
                biased;
                () = &mut stopped => return End::Of(Err(FetchError::Stopped)),
                _tick = look_after.tick() => {
                    let now = Instant::now();
                    if now.duration_since(noted) >= NOTED_EVERY {
                        noted = now;
                        Ok(intake.note())
                    } else {
                        Ok(intake.flush())
                    }
                }
                chunk = timeout_at(silent_until, response.chunk()) => match chunk {
                    Err(_elapsed) => {
                        return End::Of(Err(FetchError::Stalled { after: self.limits.stall }));
                    }
                    Ok(Err(error)) => return End::Of(Err(self.cut(done, &reason_of(error)))),
                    Ok(Ok(None)) if left == 0 => return End::Of(Ok(())),
                    Ok(Ok(None)) => return End::Of(Err(self.cut(done, "the server ended it"))),
                    Ok(Ok(Some(chunk))) if chunk.len() as u64 > left => return End::TooLong,
                    Ok(Ok(Some(chunk))) => {
                        if !chunk.is_empty() {
                            silent_until = Instant::now() + self.limits.stall;
                        }
                        done += chunk.len() as u64;
                        self.fetched += chunk.len() as u64;
                        or_stopped(&control, intake.feed(&chunk)).await
                    }
                },
            };
            match fed {
                Ok(Ok(())) => self.tell_receiving(intake.written()),
                // It says why when it is asked what it has.
                Ok(Err(WriterEnded)) => return End::Of(Ok(())),
                Err(error) => return End::Of(Err(error)),
            }
        }
    }

    /// One request, and what its answer means.
    async fn ask(&mut self, asked: &Asked<'_>) -> Result<(FileResponse, Next), FetchError> {
        let (hub, url, if_range) = (self.hub, &self.wanted.url, if_range(asked));
        let sent = hub.get_file(url, asked.from, if_range, self.token);
        let response = or_stopped(&self.control, sent).await??;
        let next = decide(asked, &(&response).into());
        self.linked_sha256 = response.linked_sha256.clone().or(self.linked_sha256.take());
        Ok((response, next))
    }

    /// The same for a piece in the middle.
    pub(super) async fn ask_for_range(
        &mut self,
        asked: &Asked<'_>,
    ) -> Result<(FileResponse, Next), FetchError> {
        let (hub, url, if_range) = (self.hub, &self.wanted.url, if_range(asked));
        let sent = hub.get_range(url, asked.from, asked.to - 1, if_range, self.token);
        let response = or_stopped(&self.control, sent).await??;
        let next = decide(asked, &(&response).into());
        Ok((response, next))
    }

    /// The next bytes of a body, with the two ends that every wait has.
    pub(super) async fn next_chunk(
        &mut self,
        response: &mut FileResponse,
        done: u64,
    ) -> Result<Option<Bytes>, FetchError> {
        let silent_until = Instant::now() + self.limits.stall;
        let chunk = or_stopped(&self.control, timeout_at(silent_until, response.chunk())).await?;
        match chunk {
            Err(_elapsed) => Err(FetchError::Stalled { after: self.limits.stall }),
            Ok(Err(error)) => Err(self.cut(done, &reason_of(error))),
            Ok(Ok(chunk)) => Ok(chunk),
        }
    }

    pub(super) fn cut(&self, received: u64, reason: &str) -> FetchError {
        let (wanted, reason) = (self.wanted.bytes, reason.to_owned());
        FetchError::Cut { received, wanted, reason }
    }

    fn tell_receiving(&mut self, bytes_done: u64) {
        let now = Instant::now();
        self.rate.note(now, bytes_done);
        if self.rate.is_due(now) {
            self.hear_receiving(bytes_done);
        }
    }

    pub(super) fn hear_receiving(&mut self, bytes_done: u64) {
        let left = self.wanted.bytes.saturating_sub(bytes_done);
        (self.heard)(Step::Receiving {
            bytes_done,
            bytes_per_second: self.rate.per_second(),
            seconds_left: self.rate.seconds_for(left),
        });
    }
}

/// The tag to ask with. Where the sum is known it is the judge, and another tag, as of another
/// mirror, must not cost all that is there.
fn if_range<'e>(asked: &Asked<'e>) -> Option<&'e str> {
    asked.etag.filter(|_tag| asked.wanted.sha256.is_none())
}

/// What happened, without whom it happened with.
fn reason_of(error: ModelsError) -> String {
    match error {
        ModelsError::HubUnreachable { reason, .. } => reason,
        other => other.to_string(),
    }
}
