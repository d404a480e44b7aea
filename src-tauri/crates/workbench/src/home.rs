use std::path::{Path, PathBuf};

use braincells_core::{AppError, Code, SheetId};

/// The folder that holds everything Braincells keeps: sheets, models, the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// A home at `root`. Nothing is created yet.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
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

    /// The SQLite file with the sheet list, the linked models and the settings.
    pub fn catalogue(&self) -> PathBuf {
        self.root.join("braincells.sqlite")
    }

    /// The SQLite file with answers that can be used again; may be deleted at any time.
    pub fn responses(&self) -> PathBuf {
        self.root.join("responses.sqlite")
    }

    /// For files that live no longer than one command, on the same disk as the sheets.
    pub fn temporary(&self) -> PathBuf {
        self.root.join("temporary")
    }

    /// The name of a new sheet's file inside [`Home::sheets`].
    pub(crate) fn sheet_file_name(id: SheetId) -> String {
        format!("{id}.duckdb")
    }

    /// Makes the folders that are missing.
    pub(crate) fn create_folders(&self) -> Result<(), AppError> {
        for folder in [self.sheets(), self.models(), self.temporary()] {
            std::fs::create_dir_all(&folder).map_err(|error| {
                let full = error.kind() == std::io::ErrorKind::StorageFull;
                AppError::new(
                    if full { Code::DiskFull } else { Code::Storage },
                    format!("the folder `{}` cannot be made: {error}", folder.display()),
                )
                .with_hint("choose another home with `--home` or `BRAINCELLS_HOME`")
            })?;
        }
        Ok(())
    }
}
