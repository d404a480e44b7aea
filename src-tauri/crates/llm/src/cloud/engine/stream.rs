//! The text of one answer as it comes.

use futures::stream::{self, Stream, StreamExt};

use crate::{BatchEvent, BatchEventKind, LLMError, TokenStream};

/// The text of a batch of one. Text that was handed out cannot be taken back: an answer that broke
/// off in its middle is an error here, where a batch begins anew.
pub(super) fn pieces(
    events: impl Stream<Item = BatchEvent> + Send + Unpin + 'static,
) -> TokenStream {
    stream::unfold((events, Some(0)), |(mut events, seen)| async move {
        let mut seen = seen?;
        loop {
            let (piece, seen) = match events.next().await?.kind {
                BatchEventKind::Started if seen == 0 => continue,
                BatchEventKind::Started => {
                    let reason = "the answer broke off in its middle".to_owned();
                    (Err(LLMError::InferenceFailed { reason }), None)
                }
                BatchEventKind::Delta(text) => {
                    seen += text.len();
                    (Ok(text), Some(seen))
                }
                // What no delta brought: an answer that came as a whole.
                BatchEventKind::Done(response) => {
                    let rest = response.content.get(seen..).filter(|rest| !rest.is_empty())?;
                    (Ok(rest.to_owned()), None)
                }
                BatchEventKind::Failed(error) => (Err(error), None),
            };
            return Some((piece, (events, seen)));
        }
    })
    .boxed()
}
