//! `braincells`, the command line.
//!
//! A person, a script or a pipeline calls it. It unpacks what was typed, calls one verb of the
//! workbench and shows what comes back; it decides nothing about sheets, prompts or models.
//!
//! What it promises: stdout carries data and results only; every failure is one line with a hint
//! and a documented exit code; Ctrl-C ends within a second and keeps what is done. What it leaves
//! out: the verbs themselves (`workbench`).

mod args;
mod commands;
mod condition;
mod destination;
mod failure;
mod filling;
mod interrupt;
mod logging;
mod money;
mod output;
mod progress;
mod recipe_plan;
mod recipe_source;
mod session;
mod source;
mod table;
mod text;
mod values;
mod written;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use braincells_core::{AppError, Code};
use clap::Parser;

use args::{Arguments, GlobalArgs, Verb};
use failure::{Ending, Failure};
use interrupt::Interrupt;
use output::{Manner, Output};
use progress::{Progress, Style};
use session::Session;

/// What a verb leaves behind in blocking threads gets this long to end by itself.
const LAST_WORDS: Duration = Duration::from_millis(50);

fn main() -> ExitCode {
    braincells_workbench::use_modules_of(&session::own_path());
    let arguments = Arguments::parse();
    if let Err(error) = arguments.check() {
        error.exit();
    }
    if let Verb::ProbeSheet { arguments } = &arguments.verb {
        return braincells_workbench::answer_probe(arguments).into();
    }
    if let Verb::ServeEngine = arguments.verb {
        braincells_workbench::serve_engine();
    }
    if let Verb::TuneHere = arguments.verb {
        return braincells_workbench::answer_tune().into();
    }
    let output = Arc::new(Output::new(Manner {
        json: arguments.global.json,
        quiet: arguments.global.quiet,
        data_on_stdout: arguments.writes_data_to_stdout(),
    }));
    logging::start(arguments.global.verbose, arguments.global.quiet, &output);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let message = format!("the threads of the program cannot be started: {error}");
            output.error(&AppError::new(Code::Internal, message));
            return Code::Internal.exit_code().into();
        }
    };
    let (result, stopped) = runtime.block_on(perform(arguments, &output));
    output.hide_bar();
    if let Err(Failure::App(error)) = &result {
        output.error(error);
    }
    let code = failure::exit_code(&result);
    runtime.shutdown_timeout(LAST_WORDS);
    if stopped {
        // Work that cannot be called back (a model being loaded) may still be on its way in C++
        // threads; destructors of statics must not run beneath them.
        signal_hook::low_level::exit(code.into());
    }
    code.into()
}

/// Does what was asked; also says whether a signal came.
async fn perform(arguments: Arguments, output: &Arc<Output>) -> (Result<Ending, Failure>, bool) {
    let interrupt = match Interrupt::listen() {
        Ok(interrupt) => interrupt,
        Err(error) => {
            let message = format!("signals cannot be listened to: {error}");
            return (Err(AppError::new(Code::Internal, message).into()), false);
        }
    };
    tokio::spawn(end_when_told(interrupt.clone(), Arc::clone(output)));
    let result = answer(arguments, output, &interrupt).await;
    (result, interrupt.is_pressed())
}

/// The last resort of a stop, in a task of its own: it works whatever the verb is waiting for.
async fn end_when_told(interrupt: Interrupt, output: Arc<Output>) {
    interrupt.must_end().await;
    let words = tokio::task::spawn_blocking(move || {
        let error = failure::stopped(
            "stopped before the work could end by itself",
            "what was written is kept; the same command goes on from there",
        );
        output.error(&error);
    });
    // Whether or not stderr takes the words, the process ends.
    drop(tokio::time::timeout(LAST_WORDS, words).await);
    signal_hook::low_level::exit(Code::Cancelled.exit_code().into());
}

async fn answer(
    arguments: Arguments,
    output: &Arc<Output>,
    interrupt: &Interrupt,
) -> Result<Ending, Failure> {
    if let Verb::Completions { shell } = arguments.verb {
        return commands::completions(shell);
    }
    let progress = Arc::new(Progress::new(Arc::clone(output), style(&arguments.global)));
    let home = arguments.global.home();
    let session = Session::open(home, Arc::clone(output), progress, interrupt.clone())?;
    match &arguments.verb {
        Verb::Fill(verb) => commands::fill(&session, verb).await,
        Verb::Run(verb) => commands::run(&session, verb).await,
        Verb::Recipe(verb) => commands::recipe(&session, verb).await,
        Verb::Import(verb) => commands::import(&session, verb).await,
        Verb::Sheets(verb) => commands::sheets(&session, verb).await,
        Verb::Show(verb) => commands::show(&session, verb).await,
        Verb::Columns(verb) => commands::columns(&session, verb).await,
        Verb::Rows(verb) => commands::rows(&session, verb).await,
        Verb::Stats(verb) => commands::stats(&session, verb).await,
        Verb::Sql(verb) => commands::sql(&session, verb).await,
        Verb::Update(verb) => commands::update(&session, verb).await,
        Verb::Cache(verb) => commands::cache(&session, verb).await,
        Verb::Undo(verb) => commands::undo(&session, verb).await,
        Verb::Redo(verb) => commands::redo(&session, verb).await,
        Verb::History(verb) => commands::history(&session, verb).await,
        Verb::Labels(verb) => commands::labels(&session, verb).await,
        Verb::Export(verb) => commands::export(&session, verb).await,
        Verb::Runs(verb) => commands::runs(&session, verb).await,
        Verb::Resume(verb) => commands::resume(&session, verb).await,
        Verb::Batch(verb) => commands::batch(&session, verb).await,
        Verb::Models(verb) => commands::models(&session, verb).await,
        Verb::Backends(verb) => commands::backends(&session, verb).await,
        Verb::Keys(verb) => commands::keys(&session, verb).await,
        Verb::Doctor => commands::doctor(&session).await,
        Verb::Completions { shell } => commands::completions(*shell),
        Verb::ProbeSheet { .. } | Verb::ServeEngine | Verb::TuneHere => {
            unreachable!("`main` answers it before there is a session")
        }
    }
}

fn style(global: &GlobalArgs) -> Style {
    if global.json || global.quiet {
        Style::Hidden
    } else if std::io::stderr().is_terminal() && global.verbose == 0 {
        Style::Bar
    } else {
        Style::Lines
    }
}
