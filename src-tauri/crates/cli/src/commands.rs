//! One file for each verb: unpack, call the workbench, show.

mod backends;
mod batch;
mod cache;
mod columns;
mod confirm;
mod doctor;
mod downloads;
mod export;
mod fill;
mod history;
mod hub;
mod import;
mod keys;
mod labels;
mod model_files;
mod models;
mod preview;
mod recipe;
mod resume;
mod rows;
mod run;
mod runs;
mod sheets;
mod show;
mod split;
mod sql;
mod stats;
mod trash;
mod tune;
mod update;

pub use backends::backends;
pub use batch::batch;
pub use cache::cache;
pub use columns::columns;
pub use doctor::doctor;
pub use export::export;
pub use fill::{fill, model_named};
pub use history::{history, redo, undo};
pub use import::import;
pub use keys::keys;
pub use labels::labels;
pub use models::models;
pub use recipe::recipe;
pub use resume::resume;
pub use rows::rows;
pub use run::run;
pub use runs::runs;
pub use sheets::sheets;
pub use show::show;
pub use sql::sql;
pub use stats::stats;
pub use update::update;

use std::io::{self, Write};

use chrono::{DateTime, Local};
use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Arguments;
use crate::failure::{Ending, Failure};

/// Prints the completion script of a shell. Needs no home.
pub fn completions(shell: Shell) -> Result<Ending, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "braincells", &mut script);
    let mut stdout = io::stdout().lock();
    stdout.write_all(&script)?;
    stdout.flush()?;
    Ok(Ending::Complete)
}

/// A moment in this machine's time zone, to the minute.
pub fn moment(unix_ms: i64) -> String {
    DateTime::from_timestamp_millis(unix_ms).map_or_else(String::new, |moment| {
        moment.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string()
    })
}
