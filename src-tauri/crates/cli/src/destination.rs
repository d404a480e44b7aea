//! The file that is written at the end, checked before the work begins: a night's run must not
//! end in front of a closed door.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use braincells_core::{AppError, Code, SheetId};
use braincells_workbench::{Format, OutputFile};

use crate::args::OutputArgs;
use crate::failure::Failure;
use crate::session::{Session, absolute};
use crate::source::Source;
use crate::values;
use crate::written::Written;

/// Where a table goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// `None` is stdout.
    pub path: Option<PathBuf>,
    format: Format,
    neutralise: bool,
}

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The path as typed; `-` is stdout.
    pub out: &'a Path,
    /// The format, if named.
    pub format: Option<Format>,
    /// Replace whatever is there.
    pub force: bool,
    /// Defuse cells that look like formulas.
    pub neutralise: bool,
}

impl OutputArgs {
    /// What `--out` and its companions ask for; `None` without `--out`.
    pub fn wanted(&self) -> Option<Wanted<'_>> {
        Some(Wanted {
            out: self.out.as_deref()?,
            format: self.out_format,
            force: self.force,
            neutralise: !self.no_neutralise,
        })
    }
}

impl Destination {
    /// The destination of a filled input. Without `--out` it is `<name>.filled.<ending>` beside
    /// the input, and stdout for stdin.
    pub fn of_input(
        session: &Session,
        output: &OutputArgs,
        source: &Source,
    ) -> Result<Self, AppError> {
        let format = output.out_format.or_else(|| match source.known_format() {
            Some(Format::Json) => Some(Format::Jsonl),
            Some(Format::Xls | Format::Ods) => Some(Format::Xlsx),
            format => format,
        });
        if let Some(wanted) = output.wanted() {
            return Self::plan(session, wanted, format, Some(source));
        }
        let out = if source.is_stdin() {
            PathBuf::from("-")
        } else {
            let format = format.ok_or_else(|| unknown_format(&source.path))?;
            let stem = source.path.file_stem().unwrap_or_default().to_string_lossy();
            source.path.with_file_name(format!("{stem}.filled.{}", format.extension()))
        };
        let (force, neutralise) = (output.force, !output.no_neutralise);
        let wanted = Wanted { out: &out, format, force, neutralise };
        Self::plan(session, wanted, format, Some(source))
    }

    /// The destination that was asked for. `fallback` is the format where neither the option nor
    /// the file's ending tells.
    pub fn plan(
        session: &Session,
        wanted: Wanted<'_>,
        fallback: Option<Format>,
        source: Option<&Source>,
    ) -> Result<Self, AppError> {
        let neutralise = wanted.neutralise;
        if wanted.out == Path::new("-") {
            let format = wanted.format.or(fallback).ok_or_else(|| {
                AppError::new(Code::BadInput, "the format for stdout is not known")
                    .with_hint(name_format())
            })?;
            if format.is_binary() && io::stdout().is_terminal() {
                let message =
                    format!("the format {} is binary and stdout is a terminal", format.extension());
                return Err(AppError::new(Code::BadInput, message)
                    .with_hint("send it to a file or a pipe, or choose another `--out-format`"));
            }
            return Ok(Self { path: None, format, neutralise });
        }
        let path = replaced_path(wanted.out)?;
        let format = match wanted.format.or_else(|| Format::from_path(&path)) {
            Some(Format::Json) => {
                let message = "a table is not written as one JSON document";
                return Err(AppError::new(Code::BadInput, message)
                    .with_hint("write JSON lines: end the file's name in `.jsonl`"));
            }
            Some(format) if !format.is_written() => {
                let message = format!("the format {} is only read", format.extension());
                return Err(AppError::new(Code::BadInput, message)
                    .with_hint("write a newer workbook: end the file's name in `.xlsx`"));
            }
            Some(format) => format,
            None => return Err(unknown_format(&path)),
        };
        check_path(session, &path, wanted.force, source)?;
        Ok(Self { path: Some(path), format, neutralise })
    }

    /// Writes the sheet there: whole, or not at all. Returns the rows.
    pub async fn write(
        &self,
        session: &Session,
        sheet: SheetId,
        columns: Option<&[String]>,
    ) -> Result<u64, Failure> {
        if let Some(path) = &self.path {
            return self.write_file(session, sheet, columns, path).await;
        }
        let stdout = ForStdout::new(session, &format!("table.{}", self.format.extension()))?;
        let rows = self.write_file(session, sheet, columns, stdout.path()).await?;
        stdout.send()?;
        Ok(rows)
    }

    async fn write_file(
        &self,
        session: &Session,
        sheet: SheetId,
        columns: Option<&[String]>,
        path: &Path,
    ) -> Result<u64, Failure> {
        let file = OutputFile {
            format: Some(self.format),
            columns: columns.map(<[String]>::to_vec),
            neutralise_formulas: self.neutralise,
            ..OutputFile::new(path)
        };
        let rows = session.unless_stopped(session.workbench.export(sheet, &file)).await?;
        if self.path.is_some() {
            Written::of(&session.home).remember(path);
        }
        Ok(rows)
    }
}

/// A file that is written whole before stdout gets it.
pub struct ForStdout {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl ForStdout {
    /// A place for a file of this name. Writes nothing.
    pub fn new(session: &Session, name: &str) -> Result<Self, AppError> {
        let parent = session.home.temporary();
        let folder = tempfile::Builder::new()
            .prefix("stdout-")
            .tempdir_in(&parent)
            .map_err(|error| cannot_write(&parent, &error))?;
        Ok(Self { path: folder.path().join(name), _folder: folder })
    }

    /// Where it is to be written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Sends what was written.
    pub fn send(self) -> Result<(), Failure> {
        let mut file = File::open(&self.path).map_err(|error| cannot_write(&self.path, &error))?;
        let mut stdout = io::stdout().lock();
        io::copy(&mut file, &mut stdout)?;
        stdout.flush()?;
        Ok(())
    }
}

/// Where a file goes that is written at the end, checked before the work.
pub fn target(session: &Session, out: &Path, force: bool) -> Result<PathBuf, AppError> {
    let path = replaced_path(out)?;
    check_path(session, &path, force, None)?;
    Ok(path)
}

/// The file that a path means. Replacing a link would leave its target as it was; the target is what
/// is meant.
fn replaced_path(typed: &Path) -> Result<PathBuf, AppError> {
    let typed = absolute(typed)?;
    Ok(fs::canonicalize(&typed).unwrap_or(typed))
}

/// Fails if no file can be written there, or none may be.
fn check_path(
    session: &Session,
    path: &Path,
    force: bool,
    source: Option<&Source>,
) -> Result<(), AppError> {
    check_replaceable(session, path, force, source)?;
    check_folder(path)
}

/// Fails if the path is taken by something that may not be replaced.
fn check_replaceable(
    session: &Session,
    path: &Path,
    force: bool,
    source: Option<&Source>,
) -> Result<(), AppError> {
    let Ok(metadata) = fs::metadata(path) else { return Ok(()) };
    let shown = path.display();
    if !metadata.is_file() {
        let message = format!("`{shown}` is there and is not a file");
        return Err(AppError::new(Code::BadInput, message)
            .with_hint("name a file with `--out`; `--out -` writes to stdout"));
    }
    if source.is_some_and(|source| fs::canonicalize(&source.path).is_ok_and(|input| input == path))
    {
        let message = format!("`{shown}` is the input, which is never overwritten");
        return Err(
            AppError::new(Code::BadInput, message).with_hint("name another file with `--out`")
        );
    }
    if force || Written::of(&session.home).is_ours(path) {
        return Ok(());
    }
    let message = format!("`{shown}` is already there and was not written by Braincells");
    Err(AppError::new(Code::Conflict, message)
        .with_hint("replace it with `--force`, or name another file with `--out`"))
}

/// Fails if no file can be made beside the path.
fn check_folder(path: &Path) -> Result<(), AppError> {
    let folder = path.parent().unwrap_or(path);
    match tempfile::Builder::new().prefix(".braincells-").tempfile_in(folder) {
        Ok(_probe) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let message = format!("there is no folder `{}` to write into", folder.display());
            Err(AppError::new(Code::NotFound, message)
                .with_hint("make the folder first, or name another file with `--out`"))
        }
        Err(error) => Err(cannot_write(path, &error)),
    }
}

/// The error for a file that the system does not take.
fn cannot_write(path: &Path, error: &io::Error) -> AppError {
    let full = error.kind() == io::ErrorKind::StorageFull;
    let code = if full { Code::DiskFull } else { Code::Storage };
    AppError::new(code, format!("`{}` cannot be written: {error}", path.display())).with_hint(
        "check the folder's permissions and free space, or name another file with `--out`",
    )
}

fn unknown_format(path: &Path) -> AppError {
    let message = format!("the ending of `{}` names no format", path.display());
    AppError::new(Code::BadInput, message).with_hint(name_format())
}

fn name_format() -> String {
    format!("name it with `--out-format`: {}", values::output_words())
}
