//! JSON Schema: which schemas a column may have, which values satisfy them, and the grammar that
//! writes only such values.
//!
//! Called when a recipe is written ([`Schema::new`] refuses what is not supported, by keyword and
//! place), by [`crate::output`] for every answer ([`Schema::check`]), and by an engine that
//! constrains its answers (`Schema::grammar`). The supported subset is `docs/json-schema.md`.
//!
//! Promises: every value that the grammar writes passes the check; a keyword is either enforced
//! in both or refused; no reference leaves the document. Left out: everything about `$id`,
//! `$anchor` and vocabularies, and keywords that need to look at a value twice (`not`, `if`,
//! `uniqueItems`, `contains`).

mod check;
mod decimal;
mod disjoint;
mod format;
mod grammar;
mod node;
mod pattern;
mod properties;
pub(crate) mod range;
mod read;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use braincells_core::Value;

pub use properties::{Property, properties};

#[cfg(feature = "decoding")]
pub(crate) use format::date;
pub(crate) use grammar::Grammar;
#[cfg(feature = "decoding")]
pub(crate) use grammar::literal;

use node::Node;

/// How many read schemas are kept.
const KEPT_SCHEMAS: usize = 8;

/// Why a schema is refused, or why a value does not satisfy one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Where: a JSON pointer into the schema or into the value; empty for the whole of it.
    pub place: String,
    /// What is wrong there.
    pub reason: String,
}

impl Misfit {
    fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { place: place.into(), reason: reason.into() }
    }
}

impl fmt::Display for Misfit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.as_str() {
            "" => write!(formatter, "{}", self.reason),
            place => write!(formatter, "{} at `{place}`", self.reason),
        }
    }
}

/// A schema that was read and is supported.
#[derive(Debug)]
pub struct Schema {
    nodes: Vec<Node>,
    #[cfg_attr(not(feature = "decoding"), expect(dead_code, reason = "engines read it"))]
    grammar: Grammar,
}

impl Schema {
    /// Reads a schema. Fails on the first keyword that is not supported, on keywords that make no
    /// sense, and when no value but `null` can satisfy it.
    pub fn new(schema: &Value) -> Result<Self, Misfit> {
        let nodes = read::read(schema)?;
        disjoint::check(&nodes)?;
        let grammar = grammar::of(&nodes)?;
        Ok(Self { nodes, grammar })
    }

    /// The schema of a column, read once and kept while it is in use.
    pub fn of(schema: &Value) -> Result<Arc<Self>, Misfit> {
        static KEPT: Mutex<Vec<(Value, Arc<Schema>)>> = Mutex::new(Vec::new());
        let lock = || KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = lock();
        if let Some(at) = kept.iter().position(|(known, _)| known == schema) {
            let known = kept.remove(at);
            let found = Arc::clone(&known.1);
            kept.push(known);
            return Ok(found);
        }
        // Nobody else waits while a large one is read.
        drop(kept);
        let read = Arc::new(Self::new(schema)?);
        let mut kept = lock();
        if kept.len() == KEPT_SCHEMAS {
            kept.remove(0);
        }
        kept.push((schema.clone(), Arc::clone(&read)));
        Ok(read)
    }

    /// Whether a value satisfies the schema; else the first place where it does not.
    pub fn check(&self, value: &Value) -> Result<(), Misfit> {
        check::check(&self.nodes, value)
    }

    /// The grammar of its compact values.
    #[cfg(feature = "decoding")]
    pub(crate) fn grammar(&self) -> &Grammar {
        &self.grammar
    }
}

#[cfg(test)]
mod suite;
#[cfg(all(test, feature = "decoding"))]
pub(crate) use suite::supported as supported_by_the_suite;
#[cfg(test)]
mod tests;
