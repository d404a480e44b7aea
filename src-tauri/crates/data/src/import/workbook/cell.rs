//! What a cell of a workbook holds, in the types of a sheet.

use std::borrow::Cow;

use calamine::{Data, DataRef, ExcelDateTime};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Timelike};

/// A value, without the empty one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell<'a> {
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Date(NaiveDate),
    Moment(NaiveDateTime),
    Time(NaiveTime),
    Text(Cow<'a, str>),
}

/// Integers up to here are exact in the floating point numbers of workbooks.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl<'a> Cell<'a> {
    /// What a cell of an XLSX file holds; `None` when it is empty.
    pub(super) fn of_reference(data: DataRef<'a>) -> Option<Self> {
        match data {
            DataRef::SharedString(text) => some_text(Cow::Borrowed(text)),
            other => Self::of_owned(Data::from(other)),
        }
    }

    /// What a cell of another file holds; `None` when it is empty.
    pub(super) fn of(data: &'a Data) -> Option<Self> {
        match data {
            Data::String(text) => some_text(Cow::Borrowed(text)),
            other => Self::of_owned(other.clone()),
        }
    }

    fn of_owned(data: Data) -> Option<Self> {
        Some(match data {
            Data::Int(number) => Self::Integer(number),
            Data::Float(number) => number_cell(number),
            Data::String(text) => return some_text(Cow::Owned(text)),
            Data::Bool(value) => Self::Boolean(value),
            Data::DateTime(moment) => moment_cell(&moment),
            Data::DateTimeIso(text) => iso_moment(&text).unwrap_or(Self::Text(Cow::Owned(text))),
            Data::DurationIso(text) => iso_time(&text).unwrap_or(Self::Text(Cow::Owned(text))),
            Data::Error(error) => Self::Text(Cow::Owned(error.to_string())),
            Data::Empty => return None,
        })
    }

    /// The same as text, for columns of several types.
    pub(super) fn into_text(self) -> Cow<'a, str> {
        match self {
            Self::Integer(number) => Cow::Owned(number.to_string()),
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Boolean(value) => Cow::Borrowed(if value { "true" } else { "false" }),
            Self::Date(date) => Cow::Owned(date.to_string()),
            Self::Moment(moment) => Cow::Owned(moment.to_string()),
            Self::Time(time) => Cow::Owned(time.to_string()),
            Self::Text(text) => text,
        }
    }
}

fn some_text(text: Cow<'_, str>) -> Option<Cell<'_>> {
    // A formula that gives the empty text leaves a cell that looks, and means, empty.
    (!text.is_empty()).then_some(Cell::Text(text))
}

fn number_cell(number: f64) -> Cell<'static> {
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return Cell::Integer(number as i64);
    }
    Cell::Number(number)
}

/// A number of days with the format of a date, a time or a duration.
fn moment_cell(moment: &ExcelDateTime) -> Cell<'static> {
    // The first day that is none any more, 1 January 10000.
    const END: f64 = 2_958_466.0;
    let days = moment.as_f64();
    if moment.is_duration() && days.is_finite() {
        return Cell::Text(Cow::Owned(duration(days)));
    }
    if !(0.0..END).contains(&days) {
        return Cell::Text(number_cell(days).into_text());
    }
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let time =
        NaiveTime::from_hms_milli_opt(hour.into(), minute.into(), second.into(), milli.into());
    let date = NaiveDate::from_ymd_opt(year.into(), month.into(), day.into());
    match (date, time) {
        (_, Some(time)) if days < 1.0 => Cell::Time(time),
        (Some(date), Some(time)) if time == NaiveTime::MIN => Cell::Date(date),
        (Some(date), Some(time)) => Cell::Moment(date.and_time(time)),
        // Excel believes in 29 February 1900.
        _ => Cell::Text(Cow::Owned(format!("{year:04}-{month:02}-{day:02}"))),
    }
}

fn duration(days: f64) -> String {
    let seconds = (days.abs() * 86_400.0).round() as u64;
    let sign = if days < 0.0 { "-" } else { "" };
    format!("{sign}{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn iso_moment(text: &str) -> Option<Cell<'static>> {
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(Cell::Date(date));
    }
    let moment = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
    // DuckDB holds microseconds.
    (moment.nanosecond() % 1000 == 0).then_some(Cell::Moment(moment))
}

/// The time of day in `PT10H30M00S`; longer durations are none.
fn iso_time(text: &str) -> Option<Cell<'static>> {
    let time = NaiveTime::parse_from_str(text, "PT%HH%MM%S%.fS").ok()?;
    (time.nanosecond() % 1000 == 0).then_some(Cell::Time(time))
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType;

    use super::*;

    fn serial(days: f64) -> String {
        let moment = ExcelDateTime::new(days, ExcelDateTimeType::DateTime, false);
        format!("{:?}", Cell::of_owned(Data::DateTime(moment)).unwrap())
    }

    #[test]
    fn days_become_dates_where_there_are_such() {
        assert_eq!(serial(45_658.0), "Date(2025-01-01)");
        assert_eq!(serial(45_658.75), "Moment(2025-01-01T18:00:00)");
        assert_eq!(serial(1.0), "Date(1900-01-01)");
        assert_eq!(serial(59.0), "Date(1900-02-28)");
        assert_eq!(serial(60.0), "Text(\"1900-02-29\")", "there was no such day");
        assert_eq!(serial(61.0), "Date(1900-03-01)");
        assert_eq!(serial(0.5), "Time(12:00:00)");
        assert_eq!(serial(-3.0), "Text(\"-3\")");
        assert_eq!(serial(3e6), "Text(\"3000000\")");
        assert_eq!(serial(f64::NAN), "Text(\"NaN\")");
        let long = ExcelDateTime::new(1.5, ExcelDateTimeType::TimeDelta, false);
        assert_eq!(Cell::of_owned(Data::DateTime(long)), Some(Cell::Text("36:00:00".into())));
    }

    #[test]
    fn texts_that_spell_moments_are_moments() {
        let of = |text: &str| Cell::of_owned(Data::DateTimeIso(text.into())).unwrap();
        assert_eq!(of("1850-06-07").into_text(), "1850-06-07");
        assert!(matches!(of("1850-06-07"), Cell::Date(_)));
        assert!(matches!(of("2024-01-02T03:04:05.678"), Cell::Moment(_)));
        assert_eq!(of("soon"), Cell::Text("soon".into()));
        let time = Cell::of_owned(Data::DurationIso("PT10H30M05S".into())).unwrap();
        assert_eq!(time.into_text(), "10:30:05");
        let long = Cell::of_owned(Data::DurationIso("PT36H00M00S".into())).unwrap();
        assert_eq!(long, Cell::Text("PT36H00M00S".into()));
    }

    #[test]
    fn whole_numbers_are_integers_while_they_are_exact() {
        assert_eq!(number_cell(3.0), Cell::Integer(3));
        assert_eq!(number_cell(3.5), Cell::Number(3.5));
        assert_eq!(number_cell(1e300), Cell::Number(1e300));
        assert_eq!(Cell::of_owned(Data::String(String::new())), None);
    }
}
