//! Runs a chat template from a model file, which nobody vouches for.
//!
//! A rendering ends after a fixed number of instructions and a fixed amount of text touched, on
//! a thread of its own with a deep stack; no clock is involved, so the same template fails or
//! succeeds everywhere. It reaches no file, no other template, no clock and no environment.
//! Multiplication, blocks, chained comparisons and a few filters that exist to format output
//! are refused: chat templates have no use for them, and each is a way to blow up.

use std::fmt::Write as _;
use std::sync::Arc;

use chrono::DateTime;
use minijinja::machinery::{eval, make_string_output};
use minijinja::value::{Rest, ValueOrKwargs};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, Value};

use super::budget::{Budget, refusal};
use super::program::Program;
use super::{filters, operators};

/// Bytes of a template, at most.
pub(super) const MAX_SOURCE_BYTES: usize = 64 * 1024;
/// Bytes of a rendered prompt without the contents of its messages, at most.
const MAX_OUTPUT_BYTES: usize = 1024 * 1024;
/// Bytes of plain text that the instructions of one rendering can write, at most.
const MAX_PLAIN_TEXT_BYTES: usize = 64 * 1024 * 1024;
/// The recursion of macros and loops, in the template engine's own measure.
const MAX_RECURSION: usize = 100;
/// Room for the parser and for dropping nested values.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Whether `source` can be compiled.
pub(super) fn check(source: &str) -> Result<(), String> {
    on_deep_stack(|| Program::compile(source).map(drop))
}

/// Renders `source` with `variables`, for a chat of `message_count` messages.
pub(super) fn render(
    source: &str,
    variables: &Value,
    message_count: usize,
    now_ms: Option<i64>,
) -> Result<String, String> {
    on_deep_stack(|| {
        let program = Program::compile(source)?;
        let messages = message_count as u64;
        let budget = Arc::new(Budget::new(2 * 1024 * 1024 + messages * 16 * 1024));
        let mut environment = environment(&budget, now_ms);
        let affordable = (MAX_PLAIN_TEXT_BYTES / program.longest_text_bytes.max(1)) as u64;
        environment.set_fuel(Some((50_000 + messages * 1_000).min(affordable)));

        let mut text = String::new();
        eval(
            &environment,
            &program.instructions,
            variables.clone(),
            &std::collections::BTreeMap::new(),
            &mut make_string_output(&mut text),
            AutoEscape::None,
        )?;
        if text.len() > MAX_OUTPUT_BYTES {
            return Err(refusal("it writes too much text"));
        }
        Ok(text)
    })
}

fn environment(budget: &Arc<Budget>, now_ms: Option<i64>) -> Environment<'static> {
    let mut environment = Environment::empty();
    // Or errors keep copies of variables alive.
    environment.set_debug(false);
    environment.set_recursion_limit(MAX_RECURSION);
    let paid = Arc::clone(budget);
    environment.set_formatter(move |output, _state, value| {
        paid.charge(value)?;
        if value.is_undefined() { Ok(()) } else { write!(output, "{value}").map_err(Error::from) }
    });
    operators::register(&mut environment, budget);
    filters::register(&mut environment, budget);
    environment.add_function("raise_exception", |message: String| {
        Err::<Value, Error>(Error::new(ErrorKind::InvalidOperation, message))
    });
    if let Some(now) = now_ms.and_then(DateTime::from_timestamp_millis) {
        environment.add_function("strftime_now", move |format: &str| {
            let mut date = String::new();
            write!(date, "{}", now.format(format))
                .map_err(|_unknown_directive| refusal("it asks for a date in an unknown format"))?;
            Ok::<String, Error>(date)
        });
    }
    for (name, function) in [
        ("range", Value::from_function(minijinja::functions::range)),
        ("dict", Value::from_function(minijinja::functions::dict)),
        ("namespace", Value::from_function(minijinja::functions::namespace)),
    ] {
        let paid = Arc::clone(budget);
        environment.add_function(name, move |state: &mut State, arguments: Rest<ValueOrKwargs>| {
            let arguments = arguments.into_values();
            paid.charge_all(&arguments)?;
            function.call(state, &arguments)
        });
    }
    environment
}

/// Runs `work` where deep recursion is no danger, and turns a panic into an error. Errors leave
/// as text, because values in them might be too deep to be dropped elsewhere.
fn on_deep_stack<T: Send>(work: impl FnOnce() -> Result<T, Error> + Send) -> Result<T, String> {
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("chat-template".to_owned())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || work().map_err(|error| error.to_string()))
            .map_err(|cause| format!("there is no thread for it: {cause}"))?
            .join()
            .unwrap_or_else(|_panic| Err("the template engine gave up on it".to_owned()))
    })
}
