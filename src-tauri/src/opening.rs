//! What the program was started with.

use std::ffi::OsString;
use std::path::PathBuf;

use braincells_workbench::{
    ENGINE_VERB, KeyEnvironment, OtherApps, OwnProgram, PROBE_VERB, TUNE_VERB, use_modules_of,
};

/// How the program was started. The environment and the arguments are read here and nowhere else.
#[derive(Clone, Debug)]
pub enum Opening {
    /// To try a sheet that may be damaged, with these arguments.
    Probe(Vec<OsString>),
    /// To run an engine for the process that started it.
    Engine,
    /// To tune a model for the process that started it.
    Tune,
    /// To open the window.
    Window(Box<Start>),
}

/// What the window was started with.
#[derive(Clone, Debug)]
pub struct Start {
    /// The home that was named; the platform's data folder without one.
    pub home: Option<PathBuf>,
    /// Files to open, from the root of the file system.
    pub files: Vec<PathBuf>,
    /// The sheet to show first, by name or id.
    pub sheet: Option<String>,
    /// Where answers to file dialogs come from instead of a person: a test's.
    pub dialog_answers: Option<PathBuf>,
    /// This program, to be started again for what may crash.
    pub program: OwnProgram,
    /// Keys of backends.
    pub keys: KeyEnvironment,
    /// Where other apps keep their models.
    pub other_apps: OtherApps,
}

impl Opening {
    /// Reads the arguments and the environment of this process.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the app's one place that reads the environment"
    )]
    pub fn read() -> Self {
        // A system that cannot name the program finds it by its name.
        let program = std::env::current_exe().unwrap_or_else(|_unknown| "braincells-app".into());
        use_modules_of(&program);
        let mut arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
        if arguments.first().is_some_and(|first| first == PROBE_VERB) {
            arguments.remove(0);
            return Self::Probe(arguments);
        }
        if arguments.first().is_some_and(|first| first == ENGINE_VERB) {
            return Self::Engine;
        }
        if arguments.first().is_some_and(|first| first == TUNE_VERB) {
            return Self::Tune;
        }
        let sheet = take_option(&mut arguments, SHEET_OPTION);
        let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let path = |name: &str| named(name).and_then(|path| std::path::absolute(path).ok());
        let here = std::env::current_dir().unwrap_or_default();
        Self::Window(Box::new(Start {
            home: path("BRAINCELLS_HOME"),
            files: files(arguments, &here),
            sheet,
            // Only a build for tests lets a file stand in for the person at a dialog.
            dialog_answers: path("BRAINCELLS_DIALOG_ANSWERS").filter(|_| cfg!(debug_assertions)),
            program: OwnProgram::new(program, std::env::vars_os()),
            keys: KeyEnvironment::of(std::env::vars_os()),
            other_apps: OtherApps::of(std::env::vars_os()),
        }))
    }
}

/// Takes the keys out of this process's environment once they were read: the web view's processes
/// and the programs that open links and files would be started with them.
pub fn forget_keys() {
    let names = std::env::vars_os().map(|(name, _)| name);
    for name in names.filter(|name| KeyEnvironment::is_key_variable(name)) {
        // SAFETY: called before any thread is started.
        #[expect(unsafe_code, reason = "what is started later inherits the environment as it is")]
        unsafe {
            std::env::remove_var(name);
        }
    }
}

/// Names the sheet to show first.
const SHEET_OPTION: &str = "--sheet";

/// Takes an option and its value out of arguments.
fn take_option(arguments: &mut Vec<OsString>, option: &str) -> Option<String> {
    let place = arguments.iter().position(|argument| argument == option)?;
    let mut taken = arguments.drain(place..(place + 2).min(arguments.len())).skip(1);
    taken.next().map(|value| value.to_string_lossy().into_owned())
}

/// The files among arguments, seen from `here`. Options are the system's (`-psn_…` on macOS) and
/// are left out.
pub fn files(arguments: Vec<OsString>, here: &std::path::Path) -> Vec<PathBuf> {
    arguments
        .into_iter()
        .filter(|argument| !argument.to_string_lossy().starts_with('-') && !argument.is_empty())
        .map(|argument| here.join(argument))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_taken_with_its_value() {
        let mut arguments = ["a.csv", "--sheet", "My sheet", "b.csv"].map(OsString::from).to_vec();
        assert_eq!(take_option(&mut arguments, "--sheet").as_deref(), Some("My sheet"));
        assert_eq!(arguments, ["a.csv", "b.csv"]);
        let mut lonely = vec![OsString::from("--sheet")];
        assert_eq!(take_option(&mut lonely, "--sheet"), None);
        assert_eq!(take_option(&mut lonely, "--sheet"), None);
    }

    #[test]
    fn files_are_seen_from_where_the_program_was_started_and_options_are_not_files() {
        let arguments = ["-psn_0_1", "--flag", "a.csv", "/b/c d.parquet", ""].map(OsString::from);
        let found = files(arguments.to_vec(), std::path::Path::new("/here"));
        assert_eq!(found, [PathBuf::from("/here/a.csv"), PathBuf::from("/b/c d.parquet")]);
    }
}
