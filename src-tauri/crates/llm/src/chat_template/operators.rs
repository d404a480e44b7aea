//! The operators of chat templates, each charged for its operands before it works.

use std::sync::Arc;

use minijinja::value::{Rest, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Value, tests};

use super::budget::{Budget, refusal};

// Names no template can spell.
pub(super) const ADD: &str = "operator +";
pub(super) const CONCAT: &str = "operator ~";
pub(super) const EQ: &str = "operator ==";
pub(super) const NE: &str = "operator !=";
pub(super) const LT: &str = "operator <";
pub(super) const LTE: &str = "operator <=";
pub(super) const GT: &str = "operator >";
pub(super) const GTE: &str = "operator >=";
pub(super) const IN: &str = "operator in";
pub(super) const ITEM: &str = "operator []";
pub(super) const SLICE: &str = "operator [:]";
pub(super) const LIST: &str = "operator list";
pub(super) const MAP: &str = "operator map";

/// Adds every operator to `environment`.
pub(super) fn register(environment: &mut Environment<'_>, budget: &Arc<Budget>) {
    type Compare = fn(&Value, &Value) -> bool;
    let comparisons: [(&'static str, Compare); 6] = [
        (EQ, |left, right| left == right),
        (NE, |left, right| left != right),
        (LT, |left, right| left < right),
        (LTE, |left, right| left <= right),
        (GT, |left, right| left > right),
        (GTE, |left, right| left >= right),
    ];
    for (name, compare) in comparisons {
        let budget = Arc::clone(budget);
        environment.add_function(name, move |left: &Value, right: &Value| {
            budget.charge(left)?;
            budget.charge(right)?;
            Ok::<bool, Error>(compare(left, right))
        });
    }
    let paid = Arc::clone(budget);
    environment.add_function(ADD, move |left: &Value, right: &Value| {
        paid.charge(left)?;
        paid.charge(right)?;
        add(left, right)
    });
    let paid = Arc::clone(budget);
    environment.add_function(CONCAT, move |left: &Value, right: &Value| {
        paid.charge(left)?;
        paid.charge(right)?;
        Ok::<String, Error>(format!("{left}{right}"))
    });
    let paid = Arc::clone(budget);
    let contains = Value::from_function(tests::is_in);
    environment.add_function(IN, move |state: &mut minijinja::State, operands: Rest<Value>| {
        paid.charge_all(&operands)?;
        contains.call(state, &operands)
    });
    let paid = Arc::clone(budget);
    environment.add_function(ITEM, move |subject: &Value, key: &Value| {
        paid.charge(key)?;
        subject.get_item(key)
    });
    let paid = Arc::clone(budget);
    environment.add_function(
        SLICE,
        move |subject: &Value, start: &Value, stop: &Value, step: &Value| {
            paid.charge(subject)?;
            slice(subject, [start, stop, step])
        },
    );
    let paid = Arc::clone(budget);
    environment.add_function(LIST, move |items: Rest<Value>| {
        paid.charge_all(&items)?;
        Ok::<Value, Error>(Value::from(items.0))
    });
    let paid = Arc::clone(budget);
    environment.add_function(MAP, move |pairs: Rest<Value>| {
        paid.charge_all(&pairs)?;
        let pairs = pairs.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone()));
        Ok::<Value, Error>(Value::from_pairs(pairs))
    });
}

fn add(left: &Value, right: &Value) -> Result<Value, Error> {
    if let (Some(left), Some(right)) = (left.as_str(), right.as_str()) {
        return Ok(Value::from(format!("{left}{right}")));
    }
    let is_list = |value: &Value| matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable);
    if is_list(left) && is_list(right) {
        return Ok(left.try_iter()?.chain(right.try_iter()?).collect());
    }
    if left.is_integer() && right.is_integer() {
        let sum =
            left.as_i64().zip(right.as_i64()).and_then(|(left, right)| left.checked_add(right));
        return sum.map(Value::from).ok_or_else(|| refusal("one of its numbers is too large"));
    }
    if left.is_number() && right.is_number() {
        return Ok(Value::from(f64::try_from(left.clone())? + f64::try_from(right.clone())?));
    }
    Err(Error::new(
        ErrorKind::InvalidOperation,
        format!("cannot add {} and {}", left.kind(), right.kind()),
    ))
}

/// Python's slice of a text or a list.
fn slice(subject: &Value, [from, until, step]: [&Value; 3]) -> Result<Value, Error> {
    let step = bound(step)?.unwrap_or(1);
    if step == 0 {
        return Err(refusal("it slices with a step of 0"));
    }
    let (from, until) = (bound(from)?, bound(until)?);
    if let Some(text) = subject.as_str() {
        let characters: Vec<char> = text.chars().collect();
        return Ok(Value::from(picked(&characters, from, until, step).collect::<String>()));
    }
    if subject.is_undefined() || subject.is_none() {
        return Ok(Value::from(Vec::<Value>::new()));
    }
    let items: Vec<Value> = subject.try_iter()?.collect();
    Ok(picked(&items, from, until, step).collect())
}

fn bound(value: &Value) -> Result<Option<i64>, Error> {
    if value.is_none() || value.is_undefined() {
        return Ok(None);
    }
    value.as_i64().map(Some).ok_or_else(|| refusal("it slices with something that is no integer"))
}

fn picked<T: Clone>(
    items: &[T],
    from: Option<i64>,
    until: Option<i64>,
    step: i64,
) -> impl Iterator<Item = T> {
    let length = items.len() as i64;
    // The positions that a walk in this direction can begin at and end before.
    let (lowest, highest) = if step > 0 { (0, length) } else { (-1, length - 1) };
    let place =
        |at: i64| (if at < 0 { at.saturating_add(length) } else { at }).clamp(lowest, highest);
    let (first, end) = if step > 0 {
        (from.map_or(lowest, place), until.map_or(highest, place))
    } else {
        (from.map_or(highest, place), until.map_or(lowest, place))
    };
    std::iter::successors(Some(first), move |at| at.checked_add(step))
        .take_while(move |at| if step > 0 { *at < end } else { *at > end })
        .map(|at| items[at as usize].clone())
}
