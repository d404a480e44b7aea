//! The log, on stderr. What it holds is chosen by `-v` alone; no variable changes it.

use std::io::{self, Write};
use std::sync::Arc;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::output::Output;

/// Begins to log: warnings of our own by default, llama.cpp's words from `-v` on.
pub fn start(verbose: u8, quiet: bool, output: &Arc<Output>) {
    let directives = match verbose {
        _ if quiet => "off",
        0 => "warn,llama.cpp=off",
        1 => "info,llama.cpp=warn",
        2 => "debug",
        _ => "trace",
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(directives))
        .with_ansi(false)
        .with_writer(AboveBar(Arc::clone(output)))
        .compact();
    // The only subscriber of the process, so this cannot fail; if it did, there is no log.
    drop(subscriber.try_init());
}

/// Writes to stderr without tearing the progress bar.
struct AboveBar(Arc<Output>);

impl<'a> MakeWriter<'a> for AboveBar {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Line(&self.0)
    }
}

struct Line<'a>(&'a Output);

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_stderr(&crate::text::printable_lines(&String::from_utf8_lossy(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
