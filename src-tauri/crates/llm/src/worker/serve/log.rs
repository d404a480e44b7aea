//! The child's log, line by line to the parent. Which lines of which part of the program are
//! shown is the parent's choice; the child only leaves out what is less important than any of
//! them.

use std::fmt::{Debug, Write as _};
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::output::Output;
use crate::worker::protocol::{FromWorker, LogLevel};

/// Sends the process's log to the parent from now on. Only the first call counts.
pub fn forward(level: LogLevel, output: &Arc<Output>) {
    let least = match level {
        LogLevel::Error => Level::ERROR,
        LogLevel::Warn => Level::WARN,
        LogLevel::Info => Level::INFO,
        LogLevel::Debug => Level::DEBUG,
        LogLevel::Trace => Level::TRACE,
    };
    let forwarded = Forwarded { least, output: Arc::clone(output) };
    drop(tracing::subscriber::set_global_default(forwarded));
}

struct Forwarded {
    least: Level,
    output: Arc<Output>,
}

impl Subscriber for Forwarded {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // `tracing` orders levels by how much they tell.
        metadata.is_event() && *metadata.level() <= self.least
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        let metadata = event.metadata();
        let level = match *metadata.level() {
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warn,
            Level::INFO => LogLevel::Info,
            Level::DEBUG => LogLevel::Debug,
            Level::TRACE => LogLevel::Trace,
        };
        let target = metadata.target().to_owned();
        self.output.send(&FromWorker::Log { level, target, text: text.0 });
    }

    // Spans are not carried; the engine uses none.

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// The message, then the fields.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let written = if field.name() == "message" {
            write!(self.0, "{value:?}")
        } else {
            write!(self.0, " {}={value:?}", field.name())
        };
        written.expect("writing to a string does not fail");
    }
}
