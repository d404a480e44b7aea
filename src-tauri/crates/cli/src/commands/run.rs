//! `run`.

use crate::args::RunArgs;
use crate::destination::Destination;
use crate::failure::{Ending, Failure};
use crate::filling::{Job, Work, fill_columns};
use crate::recipe_source;
use crate::session::Session;
use crate::source::Source;

/// Adds the columns of a recipe file to a file, or says what that would be.
pub async fn run(session: &Session, arguments: &RunArgs) -> Result<Ending, Failure> {
    let file = recipe_source::read(session, &arguments.recipe)?;
    let fit = arguments.fit.fit()?;
    if arguments.check {
        let (table, first) = (Some(&arguments.input), arguments.rerun.first);
        return super::recipe::check(session, "run", &file, &fit, table, first).await;
    }
    let source = Source::open(session, &arguments.input).await?;
    let destination = Destination::of_input(session, &arguments.output, &source)?;
    let job = Job {
        verb: "run",
        source,
        work: Work::Recipe(file, fit),
        written: arguments.columns.as_ref().map(|list| list.0.as_slice()),
        destination,
        rerun: &arguments.rerun,
        options: arguments.engine.options(),
    };
    fill_columns(session, job).await
}
