//! `export`.

use serde_json::json;

use crate::args::ExportArgs;
use crate::destination::{Destination, Wanted};
use crate::failure::{Ending, Failure};
use crate::filling::written_line;
use crate::session::Session;

/// Writes a sheet to a file or to stdout.
pub async fn export(session: &Session, arguments: &ExportArgs) -> Result<Ending, Failure> {
    let sheet = session.sheet(&arguments.sheet.sheet).await?;
    let wanted = Wanted {
        out: &arguments.out,
        format: arguments.out_format,
        force: arguments.force,
        neutralise: !arguments.no_neutralise,
    };
    let destination = Destination::plan(session, wanted, None, None)?;
    let columns = arguments.columns.as_ref().map(|list| list.0.as_slice());
    let rows = destination.write(session, sheet, columns).await?;
    let result = json!({ "sheet": sheet, "file": destination.path, "rows": rows });
    session.output.result("export", &result)?;
    session.output.summarise(&[written_line(&destination, rows)])?;
    Ok(Ending::Complete)
}
