//! Choosing files: by the system's dialogs, or in tests by a file of answers.

use std::path::PathBuf;
use std::sync::Mutex;

use braincells_core::{AppError, Code};
use braincells_workbench::Format;
use serde::Deserialize;
use tauri::AppHandle;
use tauri_plugin_dialog::{DialogExt, FilePath};
use tokio::sync::oneshot;

/// Endings of the files that can be imported, those of Braincells' own words among them.
const TABLES: [&str; 16] = [
    "csv", "tsv", "tab", "json", "jsonl", "ndjson", "parquet", "pq", "arrow", "feather", "ipc",
    "arrows", "xlsx", "xlsm", "xls", "ods",
];

/// Files of a folder that are offered for import at most.
const MOST_FILES: usize = 500;

/// What a person is to choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, specta::Type)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// Tables to import.
    Tables,
    /// A folder with tables; those in it are what is chosen.
    Folder,
    /// A recipe file.
    Recipe,
    /// A model file.
    Model,
}

/// How files are chosen.
pub struct Dialogs {
    /// One answer a line, the next first; an empty line is "cancelled". Read anew for each dialog.
    answers: Option<Mutex<PathBuf>>,
}

/// What a file of answers says.
enum Answer {
    /// There is no such file.
    AskThePerson,
    /// A path, or nothing for "cancelled".
    Given(Option<String>),
}

impl Dialogs {
    /// Dialogs of the system, unless a file of answers is named.
    pub fn new(answers: Option<PathBuf>) -> Self {
        Self { answers: answers.map(Mutex::new) }
    }

    /// Files to open; nothing when the person cancels.
    pub async fn open(&self, handle: &AppHandle, wanted: Wanted) -> Result<Vec<String>, AppError> {
        if let Answer::Given(answer) = self.next_answer()? {
            return Ok(with_folders_opened(answer.map(PathBuf::from).into_iter().collect()));
        }
        let (sender, receiver) = oneshot::channel();
        let dialog = handle.dialog().file();
        let one = |sender: oneshot::Sender<_>| {
            move |chosen: Option<FilePath>| {
                drop(sender.send(chosen.map(|path| vec![path])));
            }
        };
        match wanted {
            Wanted::Folder => dialog.pick_folder(one(sender)),
            Wanted::Recipe => dialog.add_filter("Recipes", &["yml", "yaml"]).pick_file(one(sender)),
            Wanted::Model => dialog.add_filter("GGUF models", &["gguf"]).pick_file(one(sender)),
            Wanted::Tables => dialog
                .add_filter("Tables", &TABLES)
                .add_filter("All files", &["*"])
                .pick_files(move |chosen| drop(sender.send(chosen))),
        }
        let chosen = paths(receiver.await.unwrap_or_default().unwrap_or_default())?;
        Ok(with_folders_opened(chosen))
    }

    /// Where to save a file; `None` when the person cancels.
    pub async fn save(
        &self,
        handle: &AppHandle,
        suggested_name: &str,
        extensions: &[String],
    ) -> Result<Option<String>, AppError> {
        if let Answer::Given(answer) = self.next_answer()? {
            return Ok(answer);
        }
        let (sender, receiver) = oneshot::channel();
        let extensions: Vec<&str> = extensions.iter().map(String::as_str).collect();
        let dialog = handle.dialog().file().set_file_name(suggested_name);
        let dialog = dialog.add_filter(extensions.join(", "), &extensions);
        dialog.save_file(move |chosen| drop(sender.send(chosen.map(|path| vec![path]))));
        let chosen = paths(receiver.await.unwrap_or_default().unwrap_or_default())?;
        Ok(chosen.first().map(|path| path.to_string_lossy().into_owned()))
    }

    /// The first line of the file of answers, which loses it.
    fn next_answer(&self) -> Result<Answer, AppError> {
        let Some(answers) = &self.answers else { return Ok(Answer::AskThePerson) };
        let file = answers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let unusable = |error: std::io::Error| {
            AppError::new(Code::Internal, format!("the file of answers cannot be used: {error}"))
        };
        let text = std::fs::read_to_string(&*file).map_err(unusable)?;
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        std::fs::write(&*file, rest).map_err(unusable)?;
        Ok(Answer::Given(Some(first.to_owned()).filter(|line| !line.is_empty())))
    }
}

fn paths(chosen: Vec<FilePath>) -> Result<Vec<PathBuf>, AppError> {
    let path = |chosen: FilePath| {
        chosen.into_path().map_err(|error| {
            AppError::new(Code::BadInput, format!("the file cannot be used: {error}"))
        })
    };
    chosen.into_iter().map(path).collect()
}

/// The same files, and in place of each folder the tables that lie in it, by name. A folder without
/// any stays, so that the page can say so.
pub fn with_folders_opened(paths: Vec<PathBuf>) -> Vec<String> {
    let mut files = Vec::new();
    for path in paths {
        let mut inside: Vec<PathBuf> = std::fs::read_dir(&path)
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|file| file.is_file() && Format::from_path(file).is_some())
            .collect();
        inside.sort();
        inside.truncate(MOST_FILES);
        if inside.is_empty() {
            inside.push(path);
        }
        files.extend(inside);
    }
    files.iter().map(|file| file.to_string_lossy().into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_stands_for_the_tables_in_it() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a.parquet", "notes.md"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        std::fs::create_dir(folder.path().join("c.csv")).unwrap();
        let single = folder.path().join("single.ods");
        let text = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
        let opened = with_folders_opened(vec![folder.path().to_owned(), single.clone()]);
        assert_eq!(opened, [text("a.parquet"), text("b.csv"), text("single.ods")]);
        let empty = folder.path().join("c.csv");
        assert_eq!(with_folders_opened(vec![empty]), [text("c.csv")]);
    }

    #[test]
    fn every_format_can_be_chosen() {
        for ending in TABLES {
            assert!(Format::parse(ending).is_some(), "{ending}");
        }
        for format in Format::ALL {
            assert!(TABLES.contains(&format.extension()), "{format:?}");
        }
    }
}
