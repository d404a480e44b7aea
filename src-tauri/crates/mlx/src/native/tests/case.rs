//! The actor with a tiny model, turn by turn.

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use braincells_llm::decoding::Tokenizer;
use braincells_llm::decoding::prepare::Preparer;
use braincells_llm::decoding::row::Row;
use braincells_llm::{
    BatchEvent, BatchEventKind, EngineFigures, LLMError, LLMRequest, LLMResponse, Message,
    RequestId, Role,
};
use futures::executor::block_on;
use tokio::sync::mpsc::{Receiver, channel};

use super::*;
use crate::native::actor::{Actor, Shared};
use crate::native::room::Room;

/// Letters are tokens.
struct Letters;

impl Tokenizer for Letters {
    fn vocabulary_size(&self) -> usize {
        128
    }

    fn tokenise(
        &self,
        text: &str,
        _add_special: bool,
        _parse_special: bool,
    ) -> Result<Vec<Token>, LLMError> {
        Ok(text.bytes().map(|byte| Token::from(byte % 128)).collect())
    }

    fn tokenise_bytes(&self, bytes: &[u8]) -> Option<Vec<Token>> {
        Some(bytes.iter().map(|byte| Token::from(byte % 128)).collect())
    }

    fn token_bytes(&self, token: Token) -> Vec<u8> {
        vec![token as u8]
    }

    fn token_name(&self, _token: Token) -> Option<String> {
        None
    }

    fn is_control(&self, _token: Token) -> bool {
        false
    }

    fn ends_generation(&self, _token: Token) -> bool {
        false
    }

    fn joins_pieces(&self) -> bool {
        true
    }

    fn wants_bos(&self) -> bool {
        false
    }

    fn bos(&self) -> Option<Token> {
        None
    }

    fn eos(&self) -> Option<Token> {
        None
    }

    fn end_of_turn(&self) -> Option<Token> {
        Some(127)
    }

    fn chat_template(&self) -> Option<String> {
        None
    }
}

pub struct Case {
    pub actor: Actor,
    pub shared: Arc<Shared>,
    pub inbound: SyncSender<Row>,
    pub preparer: Preparer,
}

pub fn case() -> Case {
    case_of(load("qwen3").0)
}

pub fn case_of(decoder: Decoder) -> Case {
    let words: Arc<dyn Tokenizer> = Arc::new(Letters);
    let preparer = Preparer::new(Arc::clone(&words), 4096, None).unwrap();
    let (inbound, receiver) = sync_channel(64);
    let shared = Arc::<Shared>::default();
    let actor =
        Actor::new(decoder, words, Arc::clone(&shared), receiver, Room { rows: 4, context: 4096 });
    Case { actor, shared, inbound, preparer }
}

pub fn request(text: &str) -> LLMRequest {
    // Sampled, so that it does not go round in circles.
    LLMRequest {
        max_tokens: Some(1000),
        temperature: 2.0,
        ..LLMRequest::new("tiny", vec![Message::new(Role::User, text)])
    }
}

impl Case {
    pub fn ask(&self, id: u64, text: &str) -> Receiver<BatchEvent> {
        self.request(id, request(text))
    }

    pub fn request(&self, id: u64, request: LLMRequest) -> Receiver<BatchEvent> {
        let (events, receiver) = channel(2000);
        let prepared = self.preparer.prepare(request).unwrap();
        self.inbound.send(block_on(Row::new(RequestId(id), &events, prepared)).unwrap()).unwrap();
        receiver
    }

    pub fn figures(&self) -> EngineFigures {
        self.shared.figures.lock().unwrap().clone()
    }

    pub fn calls(&self) -> u64 {
        self.figures().calls
    }

    pub fn generated(&self) -> u64 {
        self.figures().generated_tokens
    }

    /// How a row ends, after as many turns as that takes.
    pub fn end(&mut self, events: &mut Receiver<BatchEvent>) -> Result<LLMResponse, LLMError> {
        for _ in 0..2000 {
            while let Ok(event) = events.try_recv() {
                match event.kind {
                    BatchEventKind::Done(response) => return Ok(*response),
                    BatchEventKind::Failed(error) => return Err(error),
                    _ => {}
                }
            }
            self.actor.turn();
        }
        panic!("it does not end")
    }
}
