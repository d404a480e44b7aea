//! From a request to tokens, and from logits to an answer: what an engine that computes logits
//! itself does around its model, without knowing what computes them.
//!
//! The engines call it: the llama.cpp engine in this crate, the MLX engine in its helper. A request
//! is rendered and cut into tokens ([`prepare`]) and becomes a row ([`row`]), which is shown logits
//! and says which tokens to compute next until it has its answer: chosen freely ([`sample`]),
//! written under a grammar ([`grammar`]), or scored ([`labels`]).
//!
//! Promises: a row's answer depends on its request and the logits it is shown, never on the rows
//! beside it; a typed answer is valid, or a typed error. Left out: what computes logits, which rows
//! are computed together, and memory.

mod desk;
mod feed;
pub mod grammar;
pub mod labels;
pub mod prepare;
pub mod repetition;
pub mod row;
pub mod sample;
pub mod text;
pub mod thinking;
mod tokenizer;
pub mod vocabulary;

pub use crate::single::{answer, batch_of, pieces};
pub use desk::Desk;
pub use tokenizer::{Sequence, Token, Tokenizer};
