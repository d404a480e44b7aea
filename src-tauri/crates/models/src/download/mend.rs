//! Fetches damaged blocks again, and no others.

use std::ops::Range;

use super::attempt::Attempt;
use super::check::Kept;
use super::decide::{Asked, Next};
use super::ledger::Block;
use super::place::Place;
use super::{FetchError, threads};

/// Neighbours of a list of blocks in order, as ranges.
fn runs(blocks: &[usize]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for &block in blocks {
        match runs.last_mut() {
            Some(run) if run.end == block => run.end += 1,
            _ => runs.push(block..block + 1),
        }
    }
    runs
}

impl Attempt<'_> {
    /// Fetches these blocks again, each run of neighbours with one request. Where that cannot be
    /// done, `kept` ends before the damage and all behind it is fetched as if it had never been.
    pub(super) async fn mend(
        &mut self,
        mut place: Place,
        kept: &mut Kept,
        etag: Option<&str>,
        damaged: &[usize],
    ) -> Result<Place, FetchError> {
        for run in runs(damaged) {
            tracing::warn!(blocks = ?run, file = %self.wanted.target.display(), "damaged, fetched again");
            let to = (run.end as u64 * kept.block_bytes).min(kept.bytes());
            let from = run.start as u64 * kept.block_bytes;
            let asked = Asked { wanted: self.wanted, from, to, etag, may_start_over: false };
            let (mut response, next) = self.ask_for_range(&asked).await?;
            match next {
                Next::Take => {}
                Next::Fail(FetchError::WrongRange { .. })
                | Next::TakeFromStart
                | Next::AskFromStart => {
                    kept.cut(run.start);
                    return Ok(place);
                }
                Next::Fail(error) => return Err(error),
            }
            let mut bytes = Vec::new();
            for n in run {
                let length = kept.blocks[n].bytes as usize;
                while bytes.len() < length {
                    let done = n as u64 * kept.block_bytes + bytes.len() as u64;
                    let Some(chunk) = self.next_chunk(&mut response, done).await? else {
                        return Err(self.cut(done, "the server ended it"));
                    };
                    self.fetched += chunk.len() as u64;
                    bytes.extend_from_slice(&chunk);
                }
                let rest = bytes.split_off(length);
                let whole = std::mem::replace(&mut bytes, rest);
                let at = n as u64 * kept.block_bytes;
                let write = move || -> Result<_, FetchError> {
                    let block = Block { bytes: whole.len() as u64, crc32: crc32fast::hash(&whole) };
                    place.write_at(at, &whole)?;
                    place.record(n as u64, block)?;
                    Ok((place, block))
                };
                let thread = threads::start("download-write", &self.wanted.target, write)?;
                let block;
                (place, block) = threads::outcome(thread).await?;
                kept.blocks[n] = block;
            }
        }
        Ok(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_asked_for_at_once() {
        assert_eq!(runs(&[]), []);
        assert_eq!(runs(&[3]), vec![3..4]);
        assert_eq!(runs(&[0, 1, 2, 5, 7, 8]), [0..3, 5..6, 7..9]);
    }
}
