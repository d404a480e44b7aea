//! Pays for what a chat template does with values.

use std::sync::atomic::{AtomicU64, Ordering};

use minijinja::value::{DynObject, ObjectRepr};
use minijinja::{Error, ErrorKind, Value};

/// Lists in lists in lists, at most. Also what refuses a namespace that contains itself.
const MAX_DEPTH: u32 = 32;

/// What looking at one value costs, next to one byte of text.
const UNITS_PER_VALUE: u64 = 8;

/// The bytes and values that one rendering may still touch.
///
/// Fuel counts instructions, and one instruction can double a text or compare two lists of
/// lists. So every operation whose cost depends on its operands is charged for them first.
#[derive(Debug)]
pub(super) struct Budget {
    remaining: AtomicU64,
}

impl Budget {
    pub(super) fn new(units: u64) -> Self {
        Self { remaining: AtomicU64::new(units) }
    }

    /// Takes `units`, or fails for good.
    pub(super) fn spend(&self, units: u64) -> Result<(), Error> {
        // One rendering is one thread: nothing else changes the number in between.
        let rest = self.remaining.load(Ordering::Relaxed).checked_sub(units);
        self.remaining.store(rest.unwrap_or(0), Ordering::Relaxed);
        rest.map(drop).ok_or_else(|| refusal("it makes or compares too much text"))
    }

    /// Charges for reading all of `value` once, shared parts as often as they occur.
    pub(super) fn charge(&self, value: &Value) -> Result<(), Error> {
        self.charge_at(value, 0)
    }

    /// Charges for each of `values`.
    pub(super) fn charge_all(&self, values: &[Value]) -> Result<(), Error> {
        values.iter().try_for_each(|value| self.charge(value))
    }

    fn charge_at(&self, value: &Value, depth: u32) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(refusal("it nests values too deeply"));
        }
        self.spend(UNITS_PER_VALUE + value.as_bytes().map_or(0, |bytes| bytes.len() as u64))?;
        value.as_object().map_or(Ok(()), |object| self.charge_items(object, depth + 1))
    }

    fn charge_items(&self, object: &DynObject, depth: u32) -> Result<(), Error> {
        match object.repr() {
            ObjectRepr::Map => {
                for (key, value) in object.try_iter_pairs().into_iter().flatten() {
                    self.charge_at(&key, depth)?;
                    self.charge_at(&value, depth)?;
                }
                Ok(())
            }
            ObjectRepr::Seq | ObjectRepr::Iterable => object
                .try_iter()
                .into_iter()
                .flatten()
                .try_for_each(|item| self.charge_at(&item, depth)),
            _ => Ok(()),
        }
    }
}

/// An error that ends the rendering.
pub(super) fn refusal(reason: &'static str) -> Error {
    Error::new(ErrorKind::InvalidOperation, reason)
}
