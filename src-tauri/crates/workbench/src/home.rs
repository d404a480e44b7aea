use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use braincells_core::{AppError, Code, SheetId};

use crate::OtherApps;

/// The folder that holds everything Braincells keeps: sheets, models, the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
    other_apps: OtherApps,
}

impl Home {
    /// A home at `root`. Nothing is created yet.
    pub fn new(root: PathBuf) -> Self {
        Self { root, other_apps: OtherApps::default() }
    }

    /// With the folders in which other apps keep their models.
    #[must_use]
    pub fn with_other_apps(self, other_apps: OtherApps) -> Self {
        Self { other_apps, ..self }
    }

    /// Where other apps keep their models; nowhere, unless it was said.
    pub(crate) fn other_apps(&self) -> &OtherApps {
        &self.other_apps
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the DuckDB files are, one for each sheet.
    pub fn sheets(&self) -> PathBuf {
        self.root.join("sheets")
    }

    /// Where model files are looked for.
    pub fn models(&self) -> PathBuf {
        self.root.join("models")
    }

    /// A list of recommended models that is newer than the built-in one, where somebody has put one.
    pub fn model_catalogue(&self) -> PathBuf {
        self.root.join("catalogue.json")
    }

    /// The SQLite file with the sheet list, the linked models and the settings.
    pub fn catalogue(&self) -> PathBuf {
        self.root.join("braincells.sqlite")
    }

    /// The SQLite file with answers that can be used again; may be deleted at any time.
    pub fn responses(&self) -> PathBuf {
        self.root.join("responses.sqlite")
    }

    /// Where engines keep what they computed of the beginnings of prompts; may be deleted at any
    /// time.
    pub fn prefixes(&self) -> PathBuf {
        self.root.join("prefixes")
    }

    /// For files that live no longer than one command, on the same disk as the sheets.
    pub fn temporary(&self) -> PathBuf {
        self.root.join("temporary")
    }

    /// Where deleted sheets are until they are brought back or deleted for good.
    pub fn trash(&self) -> PathBuf {
        self.root.join("trash")
    }

    /// The name of a new sheet's file inside [`Home::sheets`].
    pub(crate) fn sheet_file_name(id: SheetId) -> String {
        format!("{id}.duckdb")
    }

    /// Makes the folders that are missing, and makes sure that this process may write there.
    pub(crate) fn create_folders(&self) -> Result<(), AppError> {
        for folder in [self.sheets(), self.models(), self.temporary(), self.trash()] {
            std::fs::create_dir_all(&folder).map_err(|error| {
                refused(&error, &format!("the folder `{}` cannot be made", folder.display()))
            })?;
        }
        let trial = self.temporary().join(format!("writable-{}", std::process::id()));
        std::fs::write(&trial, []).and_then(|()| std::fs::remove_file(&trial)).map_err(|error| {
            refused(&error, &format!("the home `{}` cannot be written to", self.root.display()))
        })
    }
}

fn refused(error: &std::io::Error, what: &str) -> AppError {
    let message = format!("{what}: {error}");
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => AppError::new(Code::DiskFull, message)
            .with_hint("free some space on its disk, or choose another home with `--home`"),
        _ => AppError::new(Code::Storage, message)
            .with_hint("choose another home with `--home` or `BRAINCELLS_HOME`"),
    }
}
