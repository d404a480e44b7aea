//! Workbooks: XLSX cell by cell, XLS and ODS as a whole, because their reader knows no other way.

use std::sync::atomic::AtomicBool;

use super::batches::{BatchReader, Take, contained};
use super::column::SourceColumn;
use super::probe::{Probed, unusable};
use super::source::{Input, Rows, Source};
use crate::DataError;

mod book;
mod builder;
mod cell;
mod survey;

use book::Book;
use builder::Builders;
use survey::Survey;

pub(super) fn plan(input: Input<'_>) -> Result<Source, DataError> {
    contained(input.probed, || plan_contained(input))
}

fn plan_contained(input: Input<'_>) -> Result<Source, DataError> {
    let probed = input.probed;
    let mut book = Book::open(probed, input.cancelled)?;
    let (table, survey) = find_table(input, &mut book)?;
    let header = input.options.header.unwrap_or_else(|| survey.has_header());
    let shape = survey.shape(header);
    let columns = shape
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| SourceColumn {
            title: column.title.clone(),
            ..SourceColumn::titled(format!("c{index}"), column.kind.sql_type().to_owned())
        })
        .collect();
    let tables = book.tables().to_vec();
    let reader = Reader { probed: probed.clone(), book, table: table.clone(), shape };
    Ok(Source {
        columns,
        rows: Rows::Batches(Box::new(reader)),
        dialect: None,
        tables,
        table: Some(table),
    })
}

/// The sheet that was asked for, or the first with something in it.
fn find_table(input: Input<'_>, book: &mut Book) -> Result<(String, Survey), DataError> {
    let probed = input.probed;
    // One more than the rows that matter: the first may be the header.
    let most_rows = input.sample_rows.map(|rows| rows + 1);
    let survey = |book: &mut Book, table: &str| {
        let survey = Survey::take(probed, book, table, most_rows, input.cancelled)?;
        survey.check(probed)?;
        Ok::<_, DataError>(survey)
    };
    let named = |names: &[String]| {
        let names: Vec<String> =
            names.iter().map(|name| format!("`{}`", name.escape_debug())).collect();
        names.join(", ")
    };
    if let Some(table) = &input.options.table {
        if !book.tables().contains(table) {
            let reason = format!("it has no sheet `{}`", table.escape_debug());
            let hint = format!("its sheets are {}", named(book.tables()));
            return Err(unusable(&probed.named, reason, &hint));
        }
        let found = survey(book, table)?;
        if found.is_empty() {
            let reason = format!("its sheet `{}` is empty", table.escape_debug());
            let hint = format!("choose one of its sheets: {}", named(book.tables()));
            return Err(unusable(&probed.named, reason, &hint));
        }
        return Ok((table.clone(), found));
    }
    for table in book.visible_tables() {
        let found = survey(book, &table)?;
        if !found.is_empty() {
            return Ok((table, found));
        }
    }
    Err(unusable(&probed.named, "all its sheets are empty", "choose a file with data in it"))
}

/// The part of a sheet that is a table.
struct Shape {
    /// Of the sheet, from 0; the row of the header is not among them.
    first_row: u32,
    rows: u32,
    first_column: u32,
    columns: Vec<ShapeColumn>,
}

struct ShapeColumn {
    title: String,
    kind: survey::Kind,
}

struct Reader {
    probed: Probed,
    book: Book,
    table: String,
    shape: Shape,
}

impl BatchReader for Reader {
    fn count(&mut self) -> Result<u64, DataError> {
        Ok(self.shape.rows.into())
    }

    fn read(&mut self, take: Take<'_>) -> Result<(), DataError> {
        let Self { probed, book, table, shape } = self;
        let mut builders = Builders::new(shape);
        let mut wanted = true;
        // Cancelling is looked after with every batch.
        let never = AtomicBool::new(false);
        book.each(probed, table, &never, &mut |row, column, cell| {
            let Some(row) = row.checked_sub(shape.first_row) else { return Ok(true) };
            let column = column.checked_sub(shape.first_column).map(|column| column as usize);
            let Some(column) = column.filter(|column| *column < shape.columns.len()) else {
                return Ok(true);
            };
            if row >= shape.rows {
                return Ok(false);
            }
            while wanted && row >= builders.end() {
                wanted = take(builders.finish()?)?;
            }
            if !wanted {
                return Ok(false);
            }
            builders.put(probed, row, column, cell)?;
            Ok(true)
        })?;
        while wanted && builders.end() < shape.rows {
            wanted = take(builders.finish()?)?;
        }
        if wanted {
            take(builders.finish_at(shape.rows)?)?;
        }
        Ok(())
    }
}
