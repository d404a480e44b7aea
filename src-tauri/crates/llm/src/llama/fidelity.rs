//! Whether rows that are computed together are answered as the model would answer each alone.
//!
//! The answers of an engine are followed token by token with a reference: one row at a time,
//! without flash attention. Each token that the engine chose must be the reference's likeliest or
//! nearly so, given the same text before it. Only the tests are here.

/// nextest runs what is named so one after another, with time for the model.
pub(super) mod real_model {
    use std::path::PathBuf;
    use std::sync::Arc;

    use braincells_core::Output;
    use futures::StreamExt;

    use super::super::ffi::{Batch, Context, ContextSize, Model, Sequence, Token};
    use super::super::plan::EXACT_BLOCK;
    use super::super::prefix::LEAST_OWN_TOKENS;
    use super::super::prepare::Preparer;
    use super::super::{LlamaEngine, LoadOptions};
    use crate::{
        BatchEventKind, FinishReason, LLMEngine, LLMRequest, LLMResponse, Message, RequestId, Role,
    };

    /// How much likelier, in logits, another token may have been. Differences of kernels and of
    /// the order of sums measured at most 0.1 with this model.
    const EPSILON: f32 = 0.25;
    const CONTEXT: u32 = 2048;

    #[expect(clippy::disallowed_methods, reason = "the one setting that tests take from outside")]
    pub fn model_path() -> PathBuf {
        std::env::var_os("BRAINCELLS_TEST_MODEL").map(PathBuf::from).expect(
            "BRAINCELLS_TEST_MODEL must name the starter model: run the tests with scripts/test",
        )
    }

    fn request(row: usize) -> LLMRequest {
        let subjects = ["the sea", "a camera", "winter", "an old car", "bread", "a storm", "music"];
        let tasks = ["Write a sentence about", "Name three facts about", "Ask a question about"];
        let text = format!("{} {} ({row}).", tasks[row % 3], subjects[row % 7]);
        let messages = vec![
            Message::new(Role::System, "Do exactly what the user asks. Answer briefly."),
            Message::new(Role::User, text),
        ];
        LLMRequest {
            max_tokens: Some(12),
            output: Output::Text,
            ..LLMRequest::new("starter", messages)
        }
    }

    struct Reference {
        model: Arc<Model>,
        context: Context,
        preparer: Preparer,
    }

    impl Reference {
        fn new() -> Self {
            let model = Arc::new(Model::load(&model_path(), 0, |_| true).unwrap());
            let size = ContextSize {
                cells: CONTEXT,
                sequences: 2,
                batch_tokens: 512,
                threads: super::super::physical_cores() as u32,
                flash_attention: false,
            };
            let context = Context::new(&model, size, Box::new(|| false)).unwrap();
            let preparer = Preparer::new(Arc::clone(&model) as _, CONTEXT, None).unwrap();
            Self { model, context, preparer }
        }

        fn logits(&mut self, tokens: &[Token], begin: usize) -> &[f32] {
            let mut batch = Batch::default();
            for (step, &token) in tokens.iter().enumerate() {
                batch.push(token, begin + step, 0, step + 1 == tokens.len());
            }
            self.context.decode(&batch).unwrap();
            self.context.logits(tokens.len() - 1)
        }

        /// The logits behind tokens that are computed as exact mode does it, from the beginning
        /// of a block on.
        fn in_blocks(&mut self, tokens: &[Token], begin: usize, sequence: Sequence) -> Vec<f32> {
            let mut start = begin;
            let mut last = 0;
            for block in tokens.chunks(EXACT_BLOCK) {
                let mut batch = Batch::default();
                for (position, &token) in (start..).zip(block) {
                    let is_last = position + 1 == start + block.len();
                    last = batch.push(token, position, sequence, is_last);
                }
                self.context.decode(&batch).unwrap();
                start += block.len();
            }
            self.context.logits(last).to_vec()
        }

        /// Follows an answer. Says at which place it left what is nearly likeliest.
        fn follow(&mut self, request: LLMRequest, answer: &LLMResponse) -> Result<(), String> {
            self.context.forget(0);
            let prompt = self.preparer.prepare(request).unwrap().tokens;
            let mut tokens = prompt.clone();
            let mut position = 0;
            let mut rest = answer.content.as_bytes();
            loop {
                let model = Arc::clone(&self.model);
                let logits = self.logits(&tokens, position);
                let best = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let near = |token: Token| logits[token as usize] >= best - EPSILON;
                let all = || 0..logits.len() as Token;
                // The limit may cut a character, of which the text has a mark instead.
                if rest.is_empty() || rest == "\u{fffd}".as_bytes() {
                    let ends = all().any(|token| model.ends_generation(token) && near(token));
                    return if ends || answer.finish_reason == FinishReason::Length {
                        Ok(())
                    } else {
                        Err(format!("`{}` ended early", answer.content))
                    };
                }
                let next = all()
                    .filter(|&token| near(token) && !model.ends_generation(token))
                    .filter(|&token| {
                        let bytes = model.token_bytes(token);
                        !bytes.is_empty() && rest.starts_with(&bytes)
                    })
                    .max_by(|&a, &b| logits[a as usize].total_cmp(&logits[b as usize]));
                let Some(next) = next else {
                    let rest = String::from_utf8_lossy(rest);
                    return Err(format!("`{}` left it before `{rest}`", answer.content));
                };
                rest = &rest[model.token_bytes(next).len()..];
                position += tokens.len();
                tokens = vec![next];
            }
        }
    }

    async fn answers(engine: &LlamaEngine, count: usize) -> Vec<(LLMRequest, LLMResponse)> {
        let requests = (0..count).map(|row| (RequestId(row as u64), request(row)));
        let mut events = engine.generate_batch(futures::stream::iter(requests).boxed());
        let mut found = Vec::new();
        while let Some(event) = events.next().await {
            match event.kind {
                BatchEventKind::Done(answer) => {
                    found.push((request(event.id.0 as usize), *answer));
                }
                BatchEventKind::Failed(error) => panic!("{:?}: {error}", event.id),
                BatchEventKind::Started
                | BatchEventKind::Delta(_)
                | BatchEventKind::Spent { .. } => {}
            }
        }
        assert_eq!(found.len(), count);
        found
    }

    #[tokio::test]
    async fn each_token_of_64_rows_is_the_likeliest_or_nearly_so() {
        let mut reference = Reference::new();
        for (parallel_rows, mixed) in [(16, false), (32, true)] {
            let options = LoadOptions {
                parallel_rows: Some(parallel_rows),
                mixed_calls: Some(mixed),
                context_tokens: Some(CONTEXT),
                ..LoadOptions::default()
            };
            let engine = LlamaEngine::load(&model_path(), &options, |_| true).unwrap();
            let found = answers(&engine, 32).await;
            drop(engine);
            for (request, answer) in found {
                assert!(!answer.content.is_empty());
                assert_eq!(reference.follow(request, &answer), Ok(()), "{parallel_rows} rows");
            }
        }
    }

    #[test]
    fn behind_a_prefix_of_whole_blocks_no_logit_is_another() {
        let mut reference = Reference::new();
        let mut long = request(0);
        long.messages[0].content.push_str(&" Use short words and name no numbers.".repeat(24));
        let prompt = reference.preparer.prepare(long).unwrap().tokens;
        assert!(prompt.len() > 3 * EXACT_BLOCK, "{}", prompt.len());
        let whole = reference.in_blocks(&prompt, 0, 0);
        for shared in (EXACT_BLOCK..=prompt.len() - LEAST_OWN_TOKENS).step_by(EXACT_BLOCK) {
            reference.context.forget_all();
            let (begin, end) = prompt.split_at(shared);
            reference.in_blocks(begin, 0, 1);
            reference.context.share_all(1, 0);
            assert!(reference.in_blocks(end, shared, 0) == whole, "{shared} shared");
        }
    }

    #[tokio::test]
    async fn an_answer_that_the_model_would_not_give_is_seen() {
        let mut reference = Reference::new();
        let engine = LlamaEngine::load(&model_path(), &LoadOptions::default(), |_| true).unwrap();
        let (request, mut answer) = answers(&engine, 1).await.remove(0);
        assert_eq!(reference.follow(request.clone(), &answer), Ok(()));
        answer.content.insert_str(1, "Qx");
        assert!(reference.follow(request, &answer).is_err());
    }
}
