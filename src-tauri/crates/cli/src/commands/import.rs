//! `import`.

use indicatif::HumanCount;

use crate::args::ImportArgs;
use crate::failure::{Ending, Failure};
use crate::session::Session;
use crate::source::Source;

/// Makes a sheet of a file.
pub async fn import(session: &Session, arguments: &ImportArgs) -> Result<Ending, Failure> {
    let source = Source::open(session, &arguments.input).await?;
    let name = arguments.name.as_deref().or(source.sheet_name.as_deref());
    let import = session.workbench.import(&source.path, source.format, name);
    let info = session.unless_stopped(import).await?;
    session.progress.clear();
    session.output.result("import", &info)?;
    session.output.say(&[format!(
        "{}  {} ({} rows, {} columns)",
        info.id,
        crate::text::printable(&info.name),
        HumanCount(info.row_count),
        info.column_count
    )])?;
    Ok(Ending::Complete)
}
