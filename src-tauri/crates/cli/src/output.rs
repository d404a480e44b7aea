//! Where words go: data and results to stdout, everything else to stderr, and with `--json` one
//! object a line instead of words.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use braincells_core::AppError;
use indicatif::{ProgressBar, ProgressDrawTarget};
use serde::Serialize;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::table::{Limit, Table};
use crate::text;

/// How to speak.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manner {
    /// JSON lines instead of words.
    pub json: bool,
    /// Data and errors only.
    pub quiet: bool,
    /// The filled table itself goes to stdout, so results and JSON lines go to stderr.
    pub data_on_stdout: bool,
}

/// The process's mouth: everything that it says passes here, so that a progress bar and a line
/// never mix.
pub struct Output {
    manner: Manner,
    bar: Mutex<Option<ProgressBar>>,
    reader_gone: AtomicBool,
    /// Whether the result or the error was told, which is the last line: work that is still ending
    /// may have something to tell even then.
    is_over: Mutex<bool>,
}

impl Output {
    /// Speaks in this manner.
    pub fn new(manner: Manner) -> Self {
        Self {
            manner,
            bar: Mutex::new(None),
            reader_gone: AtomicBool::new(false),
            is_over: Mutex::new(false),
        }
    }

    /// How it speaks.
    pub fn manner(&self) -> Manner {
        self.manner
    }

    /// Lines of a result for a person; nothing with `--json`.
    pub fn say(&self, lines: &[String]) -> Result<(), Failure> {
        if self.manner.json || lines.is_empty() {
            return Ok(());
        }
        Ok(self.write(&(lines.join("\n") + "\n"))?)
    }

    /// A summary that `--quiet` leaves out.
    pub fn summarise(&self, lines: &[String]) -> Result<(), Failure> {
        if self.manner.quiet { Ok(()) } else { self.say(lines) }
    }

    /// A table as wide as the terminal.
    pub fn say_table(&self, table: &Table, full: bool) -> Result<(), Failure> {
        let limit = match terminal_size::terminal_size() {
            _ if full => Limit::None,
            Some((terminal_size::Width(columns), _)) => Limit::Line(usize::from(columns)),
            None => Limit::Cell(CELL_COLUMNS),
        };
        self.say(&table.lines(limit))
    }

    /// The result of a verb as one JSON object; nothing without `--json`.
    pub fn result(&self, verb: &str, result: &impl Serialize) -> Result<(), Failure> {
        if !self.manner.json {
            return Ok(());
        }
        let mut object = json!({ "event": "result", "verb": verb });
        match (object.as_object_mut(), to_json(result)) {
            (Some(object), Value::Object(fields)) => object.extend(fields),
            (Some(object), other) => drop(object.insert("result".to_owned(), other)),
            (None, _) => {}
        }
        Ok(self.write_last(&object)?)
    }

    /// An event as one JSON object; nothing without `--json`. A reader that has gone does not
    /// stop the work: the table it makes is still wanted.
    pub fn event(&self, event: &impl Serialize) {
        if !self.manner.json || self.reader_gone.load(Ordering::Relaxed) {
            return;
        }
        let is_over = self.is_over();
        if !*is_over && self.write(&format!("{}\n", to_json(event))).is_err() {
            self.reader_gone.store(true, Ordering::Relaxed);
        }
    }

    /// A word beside the result, for a person.
    pub fn notice(&self, line: &str) {
        if !self.manner.json && !self.manner.quiet {
            self.write_stderr(&format!("{}\n", text::printable(line)));
        }
    }

    /// Something that was asked for and will not be done; also with `--json` and `--quiet`.
    pub fn warn(&self, line: &str) {
        if self.manner.json {
            self.event(&json!({ "event": "warning", "message": line }));
        } else {
            self.write_stderr(&format!("warning: {}\n", text::printable(line)));
        }
    }

    /// The error that ends the process: a line, and a line with what to try.
    pub fn error(&self, error: &AppError) {
        self.hide_bar();
        if self.manner.json {
            let mut object = json!({ "event": "error" });
            if let (Some(object), Value::Object(fields)) = (object.as_object_mut(), to_json(error))
            {
                object.extend(fields);
            }
            // Nobody is left to tell if this cannot be written either.
            drop(self.write_last(&object));
            return;
        }
        let hint = error.hint.as_deref().map(|hint| format!("hint: {}\n", text::printable(hint)));
        self.write_stderr(&format!(
            "error: {}\n{}",
            text::printable(&error.message),
            hint.unwrap_or_default()
        ));
    }

    /// Writes below, or above a progress bar. Failures are not worth ending for.
    pub fn write_stderr(&self, text: &str) {
        let write = || drop(io::stderr().lock().write_all(text.as_bytes()));
        match self.current_bar() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Shows a progress bar in place of the one before.
    pub fn show_bar(&self, bar: ProgressBar) {
        bar.set_draw_target(ProgressDrawTarget::stderr());
        if let Some(before) = self.replace_bar(Some(bar)) {
            before.finish_and_clear();
        }
    }

    /// Takes the progress bar away.
    pub fn hide_bar(&self) {
        if let Some(bar) = self.replace_bar(None) {
            bar.finish_and_clear();
        }
    }

    /// The progress bar that is shown.
    pub fn current_bar(&self) -> Option<ProgressBar> {
        self.bar.lock().ok()?.clone()
    }

    fn is_over(&self) -> MutexGuard<'_, bool> {
        self.is_over.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace_bar(&self, bar: Option<ProgressBar>) -> Option<ProgressBar> {
        let mut slot = self.bar.lock().ok()?;
        std::mem::replace(&mut *slot, bar)
    }

    /// Writes the line after which no event is told any more.
    fn write_last(&self, object: &Value) -> io::Result<()> {
        let mut is_over = self.is_over();
        *is_over = true;
        self.write(&format!("{object}\n"))
    }

    fn write(&self, text: &str) -> io::Result<()> {
        if self.manner.data_on_stdout {
            self.write_stderr(text);
            return Ok(());
        }
        let write = || {
            let mut stdout = io::stdout().lock();
            stdout.write_all(text.as_bytes())?;
            stdout.flush()
        };
        match self.current_bar() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

/// The most columns of a cell where there is no terminal to fit into.
const CELL_COLUMNS: usize = 60;

fn to_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_else(|error| json!({ "unwritable": error.to_string() }))
}
