//! The values of a batch, and how a workbook writes days and times.

use ::arrow::array::{Array, AsArray, BooleanArray, PrimitiveArray, StringArray};
use ::arrow::datatypes::{
    Date32Type, Float64Type, Int64Type, Time64MicrosecondType, TimestampMicrosecondType,
};
use chrono::{DateTime, NaiveTime};

/// One column of a batch.
pub(super) enum Values<'a> {
    Boolean(&'a BooleanArray),
    Integer(&'a PrimitiveArray<Int64Type>),
    Number(&'a PrimitiveArray<Float64Type>),
    Date(&'a PrimitiveArray<Date32Type>),
    Moment(&'a PrimitiveArray<TimestampMicrosecondType>),
    Time(&'a PrimitiveArray<Time64MicrosecondType>),
    Text(&'a StringArray),
}

impl<'a> Values<'a> {
    pub(super) fn of(array: &'a dyn Array) -> Option<Self> {
        if let Some(array) = array.as_boolean_opt() {
            return Some(Self::Boolean(array));
        }
        if let Some(array) = array.as_primitive_opt() {
            return Some(Self::Integer(array));
        }
        if let Some(array) = array.as_primitive_opt() {
            return Some(Self::Number(array));
        }
        if let Some(array) = array.as_primitive_opt() {
            return Some(Self::Date(array));
        }
        if let Some(array) = array.as_primitive_opt() {
            return Some(Self::Moment(array));
        }
        if let Some(array) = array.as_primitive_opt() {
            return Some(Self::Time(array));
        }
        array.as_string_opt().map(Self::Text)
    }

    pub(super) fn array(&self) -> &dyn Array {
        match self {
            Self::Boolean(array) => array,
            Self::Integer(array) => array,
            Self::Number(array) => array,
            Self::Date(array) => array,
            Self::Moment(array) => array,
            Self::Time(array) => array,
            Self::Text(array) => array,
        }
    }
}

/// The number in the text of a type that may be wider than the numbers of a workbook, if it has so
/// few digits that none is lost.
pub(super) fn short_number(text: &str, sql_type: &str) -> Option<f64> {
    const DIGITS: usize = 15;
    let word = sql_type.split('(').next().unwrap_or_default();
    if !matches!(word, "DECIMAL" | "UBIGINT" | "HUGEINT" | "UHUGEINT" | "BIGNUM") {
        return None;
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (digits <= DIGITS).then(|| text.parse().ok()).flatten()
}

/// The number that a workbook has for a day since 1970, if it has one. Its calendar begins in 1900
/// and has a 29 February in that year.
pub(super) fn serial(days: i64) -> Option<i64> {
    const FIRST: i64 = -25_567;
    const MARCH_1900: i64 = -25_508;
    const LAST: i64 = 2_932_896;
    match days {
        FIRST..MARCH_1900 => Some(days + 25_568),
        MARCH_1900..=LAST => Some(days + 25_569),
        _ => None,
    }
}

pub(super) fn date_text(days: i64) -> String {
    days.checked_mul(86_400)
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
        .map_or_else(|| infinity(days), |moment| moment.date_naive().to_string())
}

pub(super) fn moment_text(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros)
        .filter(|_| micros.abs() != i64::MAX)
        .map_or_else(|| infinity(micros), |moment| moment.naive_utc().to_string())
}

pub(super) fn time_text(micros: i64) -> String {
    let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
    NaiveTime::from_num_seconds_from_midnight_opt(seconds as u32, rest as u32 * 1000)
        .map_or_else(|| "24:00:00".to_owned(), |time| time.to_string())
}

fn infinity(number: i64) -> String {
    if number < 0 { "-infinity" } else { "infinity" }.to_owned()
}
