//! The filters, tests and methods that chat templates may use.

use std::sync::Arc;

use minijinja::value::{Kwargs, Rest, ValueOrKwargs};
use minijinja::{Environment, Error, ErrorKind, State, Value, filters, tests};
use minijinja_contrib::pycompat::unknown_method_callback;
use serde::Serialize;

use super::budget::{Budget, refusal};

/// Spaces of indentation, at most.
const MAX_INDENT: usize = 16;

/// Adds the filters, tests and methods to `environment`.
pub(super) fn register(environment: &mut Environment<'_>, budget: &Arc<Budget>) {
    for (name, filter) in charged_filters() {
        let paid = Arc::clone(budget);
        environment.add_filter(name, move |state: &mut State, arguments: Rest<ValueOrKwargs>| {
            let arguments = arguments.into_values();
            paid.charge_all(&arguments)?;
            charge_growth(&paid, name, &arguments)?;
            filter.call(state, &arguments)
        });
    }
    for name in ["length", "count"] {
        environment.add_filter(name, filters::length);
    }
    for name in ["default", "d"] {
        environment.add_filter(name, filters::default);
    }
    let paid = Arc::clone(budget);
    environment.add_filter(
        "tojson",
        move |value: &Value, indent: Option<usize>, options: Kwargs| {
            paid.charge(value)?;
            // Python's options on order, separators and escapes: read, so that they are no error.
            let indent = indent.or(options.get("indent")?);
            to_json(value, indent)
        },
    );
    for (name, test) in charged_tests() {
        let paid = Arc::clone(budget);
        environment.add_test(name, move |state: &mut State, arguments: Rest<ValueOrKwargs>| {
            let arguments = arguments.into_values();
            paid.charge_all(arguments.get(1..).unwrap_or_default())?;
            if !arguments.get(1..).unwrap_or_default().is_empty() {
                paid.charge(&arguments[0])?;
            }
            test.call(state, &arguments).map(|answer| answer.is_true())
        });
    }
    let paid = Arc::clone(budget);
    environment.set_unknown_method_callback(move |state, subject, method, arguments| {
        paid.charge_all(arguments)?;
        if subject.as_str().is_some() {
            paid.charge(subject)?;
            let operands: Vec<Value> = std::iter::once(subject).chain(arguments).cloned().collect();
            match method {
                // `separator.join(list)` is `list|join(separator)`.
                "join" if operands.len() == 2 => {
                    charge_growth(&paid, "join", &[operands[1].clone(), operands[0].clone()])?;
                }
                "replace" => charge_growth(&paid, "replace", &operands)?,
                "format" => return Err(Error::from(ErrorKind::UnknownMethod)),
                _ => {}
            }
        }
        unknown_method_callback(state, subject, method, arguments)
    });
}

fn charged_filters() -> [(&'static str, Value); 31] {
    [
        ("abs", Value::from_function(filters::abs)),
        ("attr", Value::from_function(filters::attr)),
        ("bool", Value::from_function(filters::bool)),
        ("capitalize", Value::from_function(filters::capitalize)),
        ("dictsort", Value::from_function(filters::dictsort)),
        ("e", Value::from_function(filters::escape)),
        ("escape", Value::from_function(filters::escape)),
        ("first", Value::from_function(filters::first)),
        ("float", Value::from_function(filters::float)),
        ("int", Value::from_function(filters::int)),
        ("items", Value::from_function(filters::items)),
        ("join", Value::from_function(filters::join)),
        ("last", Value::from_function(filters::last)),
        ("list", Value::from_function(filters::list)),
        ("lower", Value::from_function(filters::lower)),
        ("map", Value::from_function(filters::map)),
        ("max", Value::from_function(filters::max)),
        ("min", Value::from_function(filters::min)),
        ("reject", Value::from_function(filters::reject)),
        ("rejectattr", Value::from_function(filters::rejectattr)),
        ("replace", Value::from_function(filters::replace)),
        ("reverse", Value::from_function(filters::reverse)),
        ("safe", Value::from_function(filters::safe)),
        ("select", Value::from_function(filters::select)),
        ("selectattr", Value::from_function(filters::selectattr)),
        ("sort", Value::from_function(filters::sort)),
        ("split", Value::from_function(filters::split)),
        ("string", Value::from_function(filters::string)),
        ("title", Value::from_function(filters::title)),
        ("trim", Value::from_function(filters::trim)),
        ("upper", Value::from_function(filters::upper)),
    ]
}

fn charged_tests() -> [(&'static str, Value); 32] {
    [
        ("!=", Value::from_function(tests::is_ne)),
        ("<", Value::from_function(tests::is_lt)),
        ("<=", Value::from_function(tests::is_le)),
        ("==", Value::from_function(tests::is_eq)),
        (">", Value::from_function(tests::is_gt)),
        (">=", Value::from_function(tests::is_ge)),
        ("boolean", Value::from_function(tests::is_boolean)),
        ("defined", Value::from_function(tests::is_defined)),
        ("divisibleby", Value::from_function(tests::is_divisibleby)),
        ("endingwith", Value::from_function(tests::is_endingwith)),
        ("eq", Value::from_function(tests::is_eq)),
        ("equalto", Value::from_function(tests::is_eq)),
        ("even", Value::from_function(tests::is_even)),
        ("false", Value::from_function(tests::is_false)),
        ("float", Value::from_function(tests::is_float)),
        ("ge", Value::from_function(tests::is_ge)),
        ("gt", Value::from_function(tests::is_gt)),
        ("in", Value::from_function(tests::is_in)),
        ("integer", Value::from_function(tests::is_integer)),
        ("iterable", Value::from_function(tests::is_iterable)),
        ("le", Value::from_function(tests::is_le)),
        ("lt", Value::from_function(tests::is_lt)),
        ("mapping", Value::from_function(tests::is_mapping)),
        ("ne", Value::from_function(tests::is_ne)),
        ("none", Value::from_function(tests::is_none)),
        ("number", Value::from_function(tests::is_number)),
        ("odd", Value::from_function(tests::is_odd)),
        ("sequence", Value::from_function(tests::is_sequence)),
        ("startingwith", Value::from_function(tests::is_startingwith)),
        ("string", Value::from_function(tests::is_string)),
        ("true", Value::from_function(tests::is_true)),
        ("undefined", Value::from_function(tests::is_undefined)),
    ]
}

/// Charges for what the result has more than the operands: only joining and replacing make a
/// text longer than all texts they are given.
fn charge_growth(budget: &Budget, filter: &str, arguments: &[Value]) -> Result<(), Error> {
    match (filter, arguments) {
        ("join", [list, separator, ..]) => {
            let separator_bytes = separator.as_str().map_or(0, str::len) as u64;
            // Mapped lists have no length; their items were charged, at least one for each.
            let count = list.try_iter()?.count() as u64;
            budget.spend(separator_bytes.saturating_mul(count))
        }
        ("replace", [text, old, new, ..]) => {
            let (text, old) = (text.as_str().unwrap_or_default(), old.as_str().unwrap_or_default());
            let new_bytes = new.as_str().map_or(0, str::len) as u64;
            budget.spend(new_bytes.saturating_mul(text.matches(old).count() as u64))
        }
        _ => Ok(()),
    }
}

/// JSON as Python's `json.dumps` prints it: a space after `,` and `:`, nothing escaped that
/// need not be.
fn to_json(value: &Value, indent: Option<usize>) -> Result<String, Error> {
    let mut json = Vec::new();
    let written = match indent {
        None => {
            let mut serializer = serde_json::Serializer::with_formatter(&mut json, PythonSpacing);
            value.serialize(&mut serializer)
        }
        Some(width) if width <= MAX_INDENT => {
            let spaces = " ".repeat(width);
            let formatter = serde_json::ser::PrettyFormatter::with_indent(spaces.as_bytes());
            value.serialize(&mut serde_json::Serializer::with_formatter(&mut json, formatter))
        }
        Some(_) => return Err(refusal("it indents too far")),
    };
    written.map_err(|cause| {
        refusal("it writes a value as JSON that has no such form").with_source(cause)
    })?;
    Ok(String::from_utf8_lossy(&json).into_owned())
}

/// `", "` and `": "` between items, all on one line.
struct PythonSpacing;

impl serde_json::ser::Formatter for PythonSpacing {
    fn begin_array_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
    ) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}
