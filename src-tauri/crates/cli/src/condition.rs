//! Conditions and orders as they are typed: `rating>=4`, `name~smith`, `mood:stale`, `city:desc`.

use braincells_core::{AppError, Code};
use braincells_core::{
    CellState, CellTest, Column, Filter, SortBy, SortKey, TextPlace, Value, ViewSpec,
};

/// One `--where`.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    column: String,
    test: Test,
}

#[derive(Clone, Debug, PartialEq)]
enum Test {
    Is(String),
    IsNot(String),
    Has(String),
    Least(String),
    Most(String),
    /// `empty`, `filled`, or the state of an AI cell.
    State(String),
}

/// One `--sort`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    column: String,
    descending: bool,
}

/// What an operator makes of the text behind it.
type Make = fn(String) -> Test;

/// Two letters before one: `>=` is not `=`.
const OPERATORS: [(&str, Make); 6] = [
    ("!=", Test::IsNot),
    (">=", Test::Least),
    ("<=", Test::Most),
    ("=", Test::Is),
    ("~", Test::Has),
    (":", Test::State),
];

/// Reads a condition: the name of a column, an operator, a value.
pub fn condition(text: &str) -> Result<Condition, String> {
    let at = |(operator, _): &(&str, Make)| text.find(operator);
    let found = OPERATORS
        .iter()
        .filter_map(|operator| Some((at(operator)?, operator)))
        .min_by_key(|(at, (operator, _))| (*at, std::cmp::Reverse(operator.len())));
    let Some((at, (operator, make))) = found.filter(|(at, _)| *at > 0) else {
        return Err("write a column, one of = != >= <= ~ :, and a value: `rating>=4`".to_owned());
    };
    let column = text[..at].trim().to_owned();
    Ok(Condition { column, test: make(text[at + operator.len()..].trim().to_owned()) })
}

/// Reads an order: the name of a column, and `:desc` for the greatest first.
pub fn order(text: &str) -> Result<Order, String> {
    let (column, descending) = match text.rsplit_once(':') {
        Some((column, "desc")) => (column, true),
        Some((column, "asc")) => (column, false),
        _ => (text, false),
    };
    match column.trim() {
        "" => Err("write the name of a column, with `:desc` for the greatest first".to_owned()),
        name => Ok(Order { column: name.to_owned(), descending }),
    }
}

/// All conditions as one; `None` without any.
pub fn filter(conditions: &[Condition], columns: &[Column]) -> Result<Option<Filter>, AppError> {
    let parts = conditions.iter().map(|condition| one(condition, columns));
    let mut parts = parts.collect::<Result<Vec<Filter>, AppError>>()?;
    Ok(match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => Some(Filter::All { of: parts }),
    })
}

/// The rows and their order; `None` where nothing was asked for.
pub fn view(
    conditions: &[Condition],
    orders: &[Order],
    columns: &[Column],
) -> Result<Option<ViewSpec>, AppError> {
    if conditions.is_empty() && orders.is_empty() {
        return Ok(None);
    }
    let sort = orders
        .iter()
        .map(|order| {
            let column = named(columns, &order.column)?.id;
            Ok(SortKey { column, by: SortBy::Value, descending: order.descending })
        })
        .collect::<Result<_, AppError>>()?;
    Ok(Some(ViewSpec { sort, filter: filter(conditions, columns)? }))
}

fn one(condition: &Condition, columns: &[Column]) -> Result<Filter, AppError> {
    let column = named(columns, &condition.column)?.id;
    let cell = |test: CellTest| Filter::Cell { column, test };
    let not = |filter: Filter| Filter::Not { of: Box::new(filter) };
    let value = |text: &String| Value::String(text.clone());
    let values = |text: &String| vec![value(text)];
    Ok(match &condition.test {
        Test::Is(text) => cell(CellTest::OneOf { values: values(text) }),
        Test::IsNot(text) => not(cell(CellTest::OneOf { values: values(text) })),
        Test::Has(text) => cell(CellTest::Text {
            place: TextPlace::Anywhere,
            text: text.clone(),
            match_case: false,
        }),
        Test::Least(text) => cell(CellTest::Between { least: Some(value(text)), most: None }),
        Test::Most(text) => cell(CellTest::Between { least: None, most: Some(value(text)) }),
        Test::State(word) if word == "empty" => cell(CellTest::Empty),
        Test::State(word) if word == "filled" => not(cell(CellTest::Empty)),
        Test::State(word) => match CellState::parse(word) {
            Some(state) => cell(CellTest::State { states: vec![state] }),
            None => return Err(no_state(word)),
        },
    })
}

fn named<'a>(columns: &'a [Column], name: &str) -> Result<&'a Column, AppError> {
    columns.iter().find(|column| column.name == name).ok_or_else(|| {
        let known: Vec<String> = columns.iter().map(|c| format!("`{}`", c.name)).collect();
        AppError::new(Code::NotFound, format!("there is no column `{name}`"))
            .with_hint(format!("the columns are {}", known.join(", ")))
    })
}

fn no_state(word: &str) -> AppError {
    AppError::new(Code::BadInput, format!("`{word}` is no state of a cell"))
        .with_hint("write empty, filled, done, failed, edited, validated or stale")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_cut_at_its_first_operator() {
        for (text, column, test) in [
            ("rating>=4", "rating", Test::Least("4".to_owned())),
            ("a = b=c", "a", Test::Is("b=c".to_owned())),
            ("a!=", "a", Test::IsNot(String::new())),
            ("text ~ a:b", "text", Test::Has("a:b".to_owned())),
            ("mood:stale", "mood", Test::State("stale".to_owned())),
        ] {
            assert_eq!(
                condition(text),
                Ok(Condition { column: column.to_owned(), test }),
                "{text}"
            );
        }
        for text in ["rating", "", "=4", ">4"] {
            assert!(condition(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_order_is_ascending_unless_it_says_otherwise() {
        let order_of = |text| order(text).map(|order| (order.column, order.descending));
        assert_eq!(order_of("a"), Ok(("a".to_owned(), false)));
        assert_eq!(order_of("a:b:desc"), Ok(("a:b".to_owned(), true)));
        assert_eq!(order_of("a:b"), Ok(("a:b".to_owned(), false)));
        assert!(order_of(":desc").is_err());
    }
}
