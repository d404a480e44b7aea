//! The first table of a page.

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

use super::{MOST_CELLS, too_many};
use crate::DataError;

/// A cell spans no more columns and rows than browsers let it.
const MOST_COLUMNS: usize = 1000;
const MOST_ROWS: usize = 65_534;

/// The cells of the first table; `None` without one. A table within it is text of its cell.
pub(super) fn first_table(text: &str) -> Result<Option<Vec<Vec<String>>>, DataError> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut table = Table::default();
    for Ok(token) in Tokenizer::new_with_emitter(text, emitter) {
        let token: Token<()> = token;
        match token {
            Token::StartTag(tag) => table.open(&tag)?,
            Token::EndTag(tag) => {
                if table.close(&tag.name)? {
                    break;
                }
            }
            Token::String(text) => table.say(&String::from_utf8_lossy(&text)),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    table.end_cell()?;
    Ok(table.begun.then_some(table.rows))
}

#[derive(Debug, Default)]
struct Table {
    begun: bool,
    /// Tables within the table that are open.
    inside: u32,
    /// Elements whose text nobody sees that are open.
    hidden: bool,
    rows: Vec<Vec<String>>,
    /// Cells of rows above that reach into the rows to come, by column: what they say and how
    /// many rows are left.
    reaching: Vec<Option<(String, usize)>>,
    cell: Option<Cell>,
    cells: usize,
}

#[derive(Debug, Default)]
struct Cell {
    text: String,
    columns: usize,
    rows: usize,
}

impl Table {
    fn open(&mut self, tag: &StartTag<()>) -> Result<(), DataError> {
        let name: &[u8] = &tag.name;
        match name {
            b"table" if !self.begun => self.begun = true,
            b"table" => self.inside += 1,
            b"script" | b"style" => self.hidden = !tag.self_closing,
            b"br" => self.break_line(),
            b"p" | b"div" | b"li" => self.break_paragraph(),
            b"tr" if self.begun && self.inside == 0 => {
                self.end_cell()?;
                self.begin_row()?;
            }
            b"td" | b"th" if self.begun && self.inside == 0 => {
                self.end_cell()?;
                if self.rows.is_empty() {
                    self.begin_row()?;
                }
                let span = |name: &[u8], most: usize| {
                    let value = tag.attributes.get(name)?;
                    let number = std::str::from_utf8(&value.value).ok()?.trim().parse().ok()?;
                    // A rowspan of 0 reaches to the end.
                    Some(if number == 0 { most } else { usize::min(number, most) })
                };
                let columns = span(b"colspan", MOST_COLUMNS).unwrap_or(1);
                let rows = span(b"rowspan", MOST_ROWS).unwrap_or(1);
                self.cell = Some(Cell { text: String::new(), columns, rows });
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the table is over.
    fn close(&mut self, name: &[u8]) -> Result<bool, DataError> {
        match name {
            b"table" if self.inside > 0 => self.inside -= 1,
            b"table" if self.begun => {
                self.end_cell()?;
                return Ok(true);
            }
            b"td" | b"th" | b"tr" if self.inside == 0 => self.end_cell()?,
            b"script" | b"style" => self.hidden = false,
            b"p" | b"div" | b"li" => self.break_paragraph(),
            _ => {}
        }
        Ok(false)
    }

    /// Blanks and line breaks of the source are one blank.
    fn say(&mut self, text: &str) {
        let Some(cell) = self.cell.as_mut().filter(|_| !self.hidden) else { return };
        for letter in text.chars() {
            if !letter.is_ascii_whitespace() {
                cell.text.push(letter);
            } else if !cell.text.is_empty() && !cell.text.ends_with([' ', '\n']) {
                cell.text.push(' ');
            }
        }
    }

    fn break_line(&mut self) {
        if let Some(cell) = &mut self.cell {
            let end = cell.text.trim_end_matches(' ').len();
            cell.text.truncate(end);
            cell.text.push('\n');
        }
    }

    fn break_paragraph(&mut self) {
        if self.cell.as_ref().is_some_and(|cell| !cell.text.trim_end_matches(' ').is_empty()) {
            let ended = self.cell.as_ref().is_some_and(|cell| cell.text.ends_with('\n'));
            if !ended {
                self.break_line();
            }
        }
    }

    fn begin_row(&mut self) -> Result<(), DataError> {
        self.rows.push(Vec::new());
        self.fill_reached()
    }

    fn end_cell(&mut self) -> Result<(), DataError> {
        let Some(cell) = self.cell.take() else { return Ok(()) };
        let text = cell.text.trim_matches([' ', '\n']).replace('\u{a0}', " ");
        for _ in 0..cell.columns {
            let Some(row) = self.rows.last() else { break };
            let column = row.len();
            if self.reaching.len() <= column {
                self.reaching.resize(column + 1, None);
            }
            if cell.rows > 1 {
                self.reaching[column] = Some((text.clone(), cell.rows - 1));
            }
            self.push(text.clone())?;
        }
        self.fill_reached()
    }

    /// Puts in the cells from above that the row has come to.
    fn fill_reached(&mut self) -> Result<(), DataError> {
        while let Some(row) = self.rows.last()
            && let Some(slot) = self.reaching.get_mut(row.len())
            && let Some((text, left)) = slot
        {
            let text = text.clone();
            *left -= 1;
            if *left == 0 {
                *slot = None;
            }
            self.push(text)?;
        }
        Ok(())
    }

    fn push(&mut self, text: String) -> Result<(), DataError> {
        self.cells += 1;
        if self.cells > MOST_CELLS {
            return Err(too_many());
        }
        if let Some(row) = self.rows.last_mut() {
            row.push(text);
        }
        Ok(())
    }
}
