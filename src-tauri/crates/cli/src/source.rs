//! The input: a file, or stdin kept in a file while the command runs.

use std::io;
use std::path::{Path, PathBuf};

use braincells_core::{AppError, Code};
use braincells_workbench::{Format, ImportOptions, InputFile};
use tempfile::NamedTempFile;

use crate::args::InputArgs;
use crate::failure::Failure;
use crate::session::{Session, absolute};

/// A table to read.
pub struct Source {
    /// Where its bytes are.
    pub path: PathBuf,
    /// Its format; `None` leaves it to the file's ending.
    pub format: Option<Format>,
    /// What its sheet is called, where the file's name would not do.
    pub sheet_name: Option<String>,
    /// How it is read.
    pub options: ImportOptions,
    /// Removes the copy of stdin at the end.
    spooled: Option<NamedTempFile>,
}

impl Source {
    /// Resolves the argument; reads stdin to its end if it is `-`.
    pub async fn open(session: &Session, input: &InputArgs) -> Result<Self, Failure> {
        if !input.is_stdin() {
            let path = absolute(&input.input)?;
            return Ok(Self {
                path,
                format: input.format,
                sheet_name: None,
                options: input.reading.options(),
                spooled: None,
            });
        }
        let folder = session.home.temporary();
        let spooled = session
            .unless_stopped(async move {
                tokio::task::spawn_blocking(move || spool(&folder)).await.unwrap_or_else(|error| {
                    Err(AppError::new(Code::Internal, format!("reading stdin broke off: {error}")))
                })
            })
            .await?;
        Ok(Self {
            path: spooled.path().to_owned(),
            format: input.format,
            sheet_name: Some("stdin".to_owned()),
            options: input.reading.options(),
            spooled: Some(spooled),
        })
    }

    /// The same in the workbench's terms.
    pub fn input(&self) -> InputFile {
        InputFile {
            source: self.path.clone(),
            format: self.format,
            name: self.sheet_name.clone(),
            options: self.options.clone(),
        }
    }

    /// Whether it came from stdin.
    pub fn is_stdin(&self) -> bool {
        self.spooled.is_some()
    }

    /// The format it is read in, as far as that is known here.
    pub fn known_format(&self) -> Option<Format> {
        self.format.or_else(|| Format::from_path(&self.path))
    }
}

/// The format of stdin is not known beforehand to DuckDB, which reads a file more than once.
fn spool(folder: &Path) -> Result<NamedTempFile, AppError> {
    let failed = |error: io::Error| {
        let full = error.kind() == io::ErrorKind::StorageFull;
        let code = if full { Code::DiskFull } else { Code::Storage };
        AppError::new(code, format!("stdin cannot be kept in `{}`: {error}", folder.display()))
    };
    let mut file = tempfile::Builder::new().prefix("stdin-").tempfile_in(folder).map_err(failed)?;
    io::copy(&mut io::stdin().lock(), &mut file).map_err(failed)?;
    Ok(file)
}
