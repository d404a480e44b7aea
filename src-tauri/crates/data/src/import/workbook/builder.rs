use std::sync::Arc;

use ::arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, LargeStringBuilder,
    RecordBatch, Time64MicrosecondBuilder, TimestampMicrosecondBuilder,
};
use chrono::{NaiveDate, NaiveTime, Timelike};

use super::super::batches::damaged;
use super::super::probe::Probed;
use super::Shape;
use super::cell::Cell;
use super::survey::Kind;
use crate::DataError;

/// Rows of one batch, fewer where there are many columns.
const BATCH_ROWS: u32 = 8192;
const BATCH_CELLS: u32 = 1 << 20;

/// The columns of one batch of rows after the other. Cells come row by row; where none comes, the
/// value is null.
pub(super) struct Builders {
    columns: Vec<Builder>,
    start: u32,
    rows: u32,
}

enum Builder {
    Integer(Int64Builder),
    Number(Float64Builder),
    Boolean(BooleanBuilder),
    Date(Date32Builder),
    Moment(TimestampMicrosecondBuilder),
    Time(Time64MicrosecondBuilder),
    Text(LargeStringBuilder),
}

impl Builders {
    pub(super) fn new(shape: &Shape) -> Self {
        let columns: Vec<Builder> =
            shape.columns.iter().map(|column| Builder::new(column.kind)).collect();
        let rows = (BATCH_CELLS / (columns.len() as u32).max(1)).clamp(16, BATCH_ROWS);
        Self { columns, start: 0, rows }
    }

    /// The row behind the batch.
    pub(super) fn end(&self) -> u32 {
        self.start + self.rows
    }

    pub(super) fn put(
        &mut self,
        probed: &Probed,
        row: u32,
        column: usize,
        cell: Cell<'_>,
    ) -> Result<(), DataError> {
        let at = row.checked_sub(self.start).map(|at| at as usize);
        let builder = &mut self.columns[column];
        let Some(at) = at.filter(|at| *at >= builder.length()) else {
            return Err(damaged(probed, "its cells are out of order"));
        };
        builder.pad(at);
        // The survey saw every cell that comes here, and its kind holds them all.
        if builder.append(cell) {
            return Ok(());
        }
        Err(damaged(probed, "it changed while it was read"))
    }

    /// Ends the batch where it is full.
    pub(super) fn finish(&mut self) -> Result<RecordBatch, DataError> {
        self.finish_at(self.end())
    }

    /// Ends the batch before a row.
    pub(super) fn finish_at(&mut self, row: u32) -> Result<RecordBatch, DataError> {
        let rows = (row - self.start) as usize;
        self.start = row;
        let columns = self.columns.iter_mut().enumerate().map(|(index, builder)| {
            builder.pad(rows);
            (format!("c{index}"), builder.finish(), true)
        });
        RecordBatch::try_from_iter_with_nullable(columns)
            .map_err(|error| DataError::database("read the workbook", &error.to_string()))
    }
}

/// Runs an expression with whatever builder it is.
macro_rules! each_builder {
    ($builder:expr, $name:ident => $work:expr) => {
        match $builder {
            Builder::Integer($name) => $work,
            Builder::Number($name) => $work,
            Builder::Boolean($name) => $work,
            Builder::Date($name) => $work,
            Builder::Moment($name) => $work,
            Builder::Time($name) => $work,
            Builder::Text($name) => $work,
        }
    };
}

impl Builder {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Integer => Self::Integer(Int64Builder::new()),
            Kind::Number => Self::Number(Float64Builder::new()),
            Kind::Boolean => Self::Boolean(BooleanBuilder::new()),
            Kind::Date => Self::Date(Date32Builder::new()),
            Kind::Moment => Self::Moment(TimestampMicrosecondBuilder::new()),
            Kind::Time => Self::Time(Time64MicrosecondBuilder::new()),
            Kind::Text => Self::Text(LargeStringBuilder::new()),
        }
    }

    fn length(&self) -> usize {
        use ::arrow::array::ArrayBuilder;
        each_builder!(self, builder => builder.len())
    }

    fn pad(&mut self, to: usize) {
        for _ in self.length()..to {
            each_builder!(self, builder => builder.append_null());
        }
    }

    /// Whether the builder is one for such a cell.
    fn append(&mut self, cell: Cell<'_>) -> bool {
        match (self, cell) {
            (Self::Integer(builder), Cell::Integer(number)) => builder.append_value(number),
            (Self::Number(builder), Cell::Integer(number)) => builder.append_value(number as f64),
            (Self::Number(builder), Cell::Number(number)) => builder.append_value(number),
            (Self::Boolean(builder), Cell::Boolean(value)) => builder.append_value(value),
            (Self::Date(builder), Cell::Date(date)) => builder.append_value(days(date)),
            (Self::Moment(builder), Cell::Date(date)) => {
                builder.append_value(date.and_time(NaiveTime::MIN).and_utc().timestamp_micros());
            }
            (Self::Moment(builder), Cell::Moment(moment)) => {
                builder.append_value(moment.and_utc().timestamp_micros());
            }
            (Self::Time(builder), Cell::Time(time)) => {
                let seconds = i64::from(time.num_seconds_from_midnight());
                builder.append_value(seconds * 1_000_000 + i64::from(time.nanosecond() / 1000));
            }
            (Self::Text(builder), cell) => builder.append_value(cell.into_text()),
            _ => return false,
        }
        true
    }

    fn finish(&mut self) -> ArrayRef {
        each_builder!(self, builder => Arc::new(builder.finish()))
    }
}

fn days(date: NaiveDate) -> i32 {
    date.signed_duration_since(NaiveDate::default()).num_days() as i32
}
