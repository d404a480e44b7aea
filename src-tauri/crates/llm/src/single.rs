//! One request for an engine that works in batches: a batch of one, and what its events say.

use futures::stream::{self, Stream, StreamExt};

use crate::{
    BatchEvent, BatchEventKind, LLMError, LLMRequest, LLMResponse, RequestId, RequestStream,
    TokenStream,
};

/// The batch.
pub fn batch_of(request: LLMRequest) -> RequestStream {
    stream::iter([(RequestId(0), request)]).boxed()
}

/// Its answer.
pub async fn answer(
    mut events: impl Stream<Item = BatchEvent> + Unpin,
) -> Result<LLMResponse, LLMError> {
    while let Some(event) = events.next().await {
        match event.kind {
            BatchEventKind::Done(response) => return Ok(*response),
            BatchEventKind::Failed(error) => return Err(error),
            BatchEventKind::Started | BatchEventKind::Delta(_) | BatchEventKind::Spent { .. } => {}
        }
    }
    Err(LLMError::NotRunning)
}

/// The text of its answer, as it comes.
pub fn pieces(events: impl Stream<Item = BatchEvent> + Send + 'static) -> TokenStream {
    let mut seen = 0;
    let pieces = events.filter_map(move |event| {
        let piece = match event.kind {
            BatchEventKind::Started | BatchEventKind::Spent { .. } => None,
            BatchEventKind::Delta(text) => {
                seen += text.len();
                Some(Ok(text))
            }
            // What no delta brought: the end of the text, or a scored answer as a whole.
            BatchEventKind::Done(response) => response
                .content
                .get(seen..)
                .filter(|rest| !rest.is_empty())
                .map(|rest| Ok(rest.to_owned())),
            BatchEventKind::Failed(error) => Some(Err(error)),
        };
        std::future::ready(piece)
    });
    pieces.boxed()
}
