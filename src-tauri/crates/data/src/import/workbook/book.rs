//! Opening a workbook and going through the cells of one of its sheets.

use std::fs::File;
use std::io::BufReader;
use std::sync::atomic::AtomicBool;

use calamine::{Data, Ods, Range, Reader, SheetType, SheetVisible, Xls, Xlsx, XlsxError};
use quick_xml::events::Event;

use super::super::archive::{self, ROOM};
use super::super::batches::damaged;
use super::super::probe::{Probed, unusable};
use super::super::watch::going_on;
use super::cell::Cell;
use crate::{DataError, Format};

/// Cells between two looks at the wish to stop.
const CELLS_AT_ONCE: u32 = 1 << 14;
/// The most cells that a reader which keeps them all may make of a file.
const MOST_CELLS: u64 = 20_000_000;

/// What is done with a cell, by row and column from 0; says whether more are wanted.
pub(super) type TakeCell<'a> = &'a mut dyn FnMut(u32, u32, Cell<'_>) -> Result<bool, DataError>;

/// An open workbook.
pub(super) struct Book {
    tables: Vec<String>,
    visible: Vec<String>,
    content: Content,
}

enum Content {
    Xlsx(Box<Xlsx<BufReader<File>>>),
    Xls(Box<Xls<BufReader<File>>>),
    Ods(Box<Ods<BufReader<File>>>),
}

impl Book {
    pub(super) fn open(probed: &Probed, cancelled: &AtomicBool) -> Result<Self, DataError> {
        let file = File::open(&probed.path)
            .map_err(|source| DataError::io("read", &probed.path, source))?;
        let file = BufReader::new(file);
        if probed.format != Format::Xls {
            archive::check(probed, ROOM, cancelled)?;
        }
        let content = match probed.format {
            Format::Xls => Content::Xls(Box::new(Xls::new(file).map_err(|e| foreign(probed, &e))?)),
            Format::Ods => {
                check_repeats(probed, MOST_CELLS)?;
                Content::Ods(Box::new(Ods::new(file).map_err(|e| foreign(probed, &e))?))
            }
            _ => Content::Xlsx(Box::new(Xlsx::new(file).map_err(|e| foreign(probed, &e))?)),
        };
        let sheets = match &content {
            Content::Xlsx(book) => book.sheets_metadata(),
            Content::Xls(book) => book.sheets_metadata(),
            Content::Ods(book) => book.sheets_metadata(),
        };
        let sheets = sheets.iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
        let tables = sheets.clone().map(|sheet| sheet.name.clone()).collect();
        let visible = sheets.filter(|sheet| sheet.visible == SheetVisible::Visible);
        let visible = visible.map(|sheet| sheet.name.clone()).collect();
        Ok(Self { tables, visible, content })
    }

    /// The names of all sheets.
    pub(super) fn tables(&self) -> &[String] {
        &self.tables
    }

    /// The names of the sheets that a person sees.
    pub(super) fn visible_tables(&self) -> Vec<String> {
        self.visible.clone()
    }

    /// Gives the cells of a sheet that are not empty, row by row.
    pub(super) fn each(
        &mut self,
        probed: &Probed,
        table: &str,
        cancelled: &AtomicBool,
        take: TakeCell<'_>,
    ) -> Result<(), DataError> {
        let mut until_look = CELLS_AT_ONCE;
        let mut look = || {
            until_look -= 1;
            if until_look == 0 {
                until_look = CELLS_AT_ONCE;
                going_on(cancelled)?;
            }
            Ok::<_, DataError>(())
        };
        let range: Range<Data> = match &mut self.content {
            Content::Xlsx(book) => {
                let mut cells = match book.worksheet_cells_reader(table) {
                    Ok(cells) => cells,
                    // A sheet that holds a chart or a dialogue.
                    Err(XlsxError::NotAWorksheet(_)) => return Ok(()),
                    Err(error) => return Err(foreign(probed, &error)),
                };
                while let Some(found) = cells.next_cell().map_err(|e| foreign(probed, &e))? {
                    look()?;
                    let (row, column) = found.get_position();
                    let value = found.get_value().clone();
                    let Some(cell) = Cell::of_reference(value) else { continue };
                    if !take(row, column, cell)? {
                        break;
                    }
                }
                return Ok(());
            }
            Content::Xls(book) => book.worksheet_range(table).map_err(|e| foreign(probed, &e))?,
            Content::Ods(book) => book.worksheet_range(table).map_err(|e| foreign(probed, &e))?,
        };
        let (first_row, first_column) = range.start().unwrap_or_default();
        for (row, cells) in (first_row..).zip(range.rows()) {
            for (column, data) in (first_column..).zip(cells) {
                let Some(cell) = Cell::of(data) else { continue };
                look()?;
                if !take(row, column, cell)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

fn foreign(probed: &Probed, error: &impl std::fmt::Display) -> DataError {
    let said = error.to_string();
    if said.contains("password") {
        let hint = "remove the password in the program that set it";
        return unusable(&probed.named, "it is protected by a password", hint);
    }
    damaged(probed, &said)
}

/// Refuses an OpenDocument file in which few bytes stand for a great many cells: a cell may say
/// that it is there thousands of times, and the reader takes it at its word.
fn check_repeats(probed: &Probed, most_cells: u64) -> Result<(), DataError> {
    const COLUMNS: u64 = 16_384;
    let failed = |error: &dyn std::fmt::Display| damaged(probed, &error.to_string());
    let file =
        File::open(&probed.path).map_err(|source| DataError::io("read", &probed.path, source))?;
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(|e| failed(&e))?;
    let content = archive.by_name("content.xml").map_err(|e| failed(&e))?;
    let mut reader = quick_xml::Reader::from_reader(BufReader::new(content));
    let mut buffer = Vec::new();
    let (mut cells, mut blanks) = (0_u64, 0_u64);
    loop {
        buffer.clear();
        let (element, closed) = match reader.read_event_into(&mut buffer).map_err(|e| failed(&e))? {
            Event::Start(element) => (element, false),
            Event::Empty(element) => (element, true),
            Event::Eof => return Ok(()),
            _ => continue,
        };
        match element.local_name().as_ref() {
            "table-row" => blanks = 0,
            "table-cell" | "covered-table-cell" => {
                let (mut repeats, mut blank) = (1, closed);
                for attribute in element.attributes() {
                    let attribute = attribute.map_err(|e| failed(&e))?;
                    let value = attribute.value.as_ref();
                    match attribute.key.local_name().as_ref() {
                        "number-columns-repeated" => repeats = value.parse().unwrap_or(COLUMNS),
                        "style-name" => {}
                        _ => blank = false,
                    }
                }
                let repeats = repeats.min(COLUMNS);
                if blank {
                    blanks = (blanks + repeats).min(COLUMNS);
                } else {
                    cells += repeats + std::mem::take(&mut blanks);
                }
                if cells > most_cells {
                    let reason = format!("it has more than {most_cells} cells");
                    let hint = "save the sheet as CSV and import that";
                    return Err(unusable(&probed.named, reason, hint));
                }
            }
            _ => {}
        }
    }
}
