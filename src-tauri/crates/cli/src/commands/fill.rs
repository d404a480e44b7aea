//! `fill`.

use std::path::Path;

use braincells_core::{AppError, Code, Recipe};

use crate::args::FillArgs;
use crate::destination::Destination;
use crate::failure::{Ending, Failure};
use crate::filling::{Job, Work, fill_columns};
use crate::session::{Session, absolute};
use crate::source::Source;

/// A prompt longer than this is a mistake: some other file was named.
const LONGEST_PROMPT_BYTES: u64 = 1 << 20;

/// Adds one column to a file.
pub async fn fill(session: &Session, arguments: &FillArgs) -> Result<Ending, Failure> {
    let recipe = recipe(arguments)?;
    if let Some(count) = arguments.preview {
        let source = Source::open(session, &arguments.input).await?;
        let options = arguments.engine.options();
        return super::preview::preview(session, &source, &recipe, count, &options).await;
    }
    let source = Source::open(session, &arguments.input).await?;
    let destination = Destination::of_input(session, &arguments.output, &source)?;
    let job = Job {
        verb: "fill",
        source,
        work: Work::Column(arguments.name.clone(), recipe),
        written: None,
        destination,
        rerun: &arguments.rerun,
        options: arguments.engine.options(),
    };
    fill_columns(session, job).await
}

fn recipe(arguments: &FillArgs) -> Result<Recipe, AppError> {
    let prompt = match (&arguments.prompt, &arguments.prompt_file) {
        (Some(prompt), _) => prompt.clone(),
        (None, Some(file)) => read_prompt(file)?,
        (None, None) => String::new(),
    };
    // An empty name asks the workbench for its default model.
    Ok(arguments.recipe(prompt, model_named(arguments.model.model.as_deref())?))
}

/// A model as the workbench takes it: a path is made absolute, a name stays a name.
pub fn model_named(model: Option<&str>) -> Result<String, AppError> {
    let Some(model) = model else { return Ok(String::new()) };
    if Path::new(model).is_file() {
        let path = absolute(Path::new(model))?;
        return Ok(path.to_str().map_or_else(|| model.to_owned(), str::to_owned));
    }
    Ok(model.to_owned())
}

fn read_prompt(file: &Path) -> Result<String, AppError> {
    let path = absolute(file)?;
    let shown = path.display();
    let bytes = std::fs::metadata(&path).and_then(|metadata| {
        if metadata.len() > LONGEST_PROMPT_BYTES {
            return Err(std::io::Error::other("it is larger than 1 MiB"));
        }
        std::fs::read(&path)
    });
    let bytes = bytes.map_err(|error| {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let code = if missing { Code::NotFound } else { Code::BadInput };
        AppError::new(code, format!("the prompt in `{shown}` cannot be read: {error}"))
            .with_hint("check the path after `--prompt-file`")
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let message = format!("the prompt in `{shown}` is not UTF-8 text: {error}");
        AppError::new(Code::BadInput, message).with_hint("save the prompt as UTF-8 text")
    })?;
    Ok(text.trim_start_matches('\u{feff}').trim_end().to_owned())
}
