//! A file in, filled columns out; and the same again goes on where it stopped.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Read;

use braincells_core::{
    AppError, Column, ColumnId, Recipe, RunId, RunInfo, RunRequest, RunScope, SheetId, Value,
};
use braincells_data::{ImportOptions, SheetStore};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use crate::blocking::blocking;
use crate::error::WorkbenchError;
use crate::run::end_killed_run;
use crate::transfer::known_format;
use crate::{EngineOptions, InputFile, RunHandle, Workbench};

/// Bytes of the source that are read at once.
const CHUNK_BYTES: usize = 1 << 20;

/// A table file and the columns to add to it.
#[derive(Clone, Debug, PartialEq)]
pub struct FillRequest {
    /// The table.
    pub input: InputFile,
    /// The new columns in the order in which they are filled; a later one may read an earlier one.
    pub columns: Vec<(String, Recipe)>,
    /// Which rows.
    pub scope: RunScope,
    /// Ask again, once, for what failed when this was run before.
    pub retry_failed: bool,
    /// Begin with a new sheet, whatever was done before, and ask the model even where an earlier
    /// answer is kept. The old sheet stays.
    pub fresh: bool,
    /// How engines are set up.
    pub options: EngineOptions,
}

/// A fill that is ready to run, column by column.
#[derive(Debug)]
pub struct Fill {
    /// The sheet.
    pub sheet: SheetId,
    /// The AI columns, in the order of the request.
    pub columns: Vec<Column>,
    /// Whether the sheet was there already, from the same command before.
    pub resumed: bool,
    fresh: bool,
    options: EngineOptions,
    /// What is left to do for each column.
    passes: VecDeque<(ColumnId, RunScope)>,
}

impl Workbench {
    /// Finds the sheet that the same request made before, or imports the source; adds the columns
    /// that are missing. The same request is: the same bytes, format, way to read them, names and
    /// recipes. Loads no model and starts nothing.
    pub async fn start_fill(&self, request: FillRequest) -> Result<Fill, AppError> {
        self.start_checked_fill(request, |_| Ok(())).await
    }

    /// [`Workbench::start_fill`], with a look at the columns that the table has before any is
    /// added.
    pub(crate) async fn start_checked_fill(
        &self,
        request: FillRequest,
        check: impl FnOnce(&[Column]) -> Result<(), AppError> + Send,
    ) -> Result<Fill, AppError> {
        let (input, columns) = (request.input.clone(), request.columns.clone());
        let key = blocking(move || job_key(&input, &columns)).await?;
        let earlier = if request.fresh { None } else { self.sheet_of_job(&key).await? };
        let sheet = if let Some(sheet) = earlier {
            sheet
        } else {
            for (_, recipe) in &request.columns {
                self.check_model(&recipe.model).await?;
            }
            self.import(&request.input).await?.id
        };
        let columns = match self.add_missing_columns(sheet, &request.columns, check).await {
            Ok(columns) => columns,
            Err(error) => {
                if earlier.is_none() {
                    // A typing error in a prompt must not leave a copy of the table behind.
                    self.delete_sheet_for_good(sheet).await?;
                }
                return Err(error);
            }
        };
        let catalogue = self.catalogue();
        blocking(move || catalogue.put_fill_job(&key, sheet)).await?;
        let resumed = earlier.is_some();
        let retries = resumed && request.retry_failed && request.scope != RunScope::Failed;
        let mut passes = VecDeque::new();
        for column in &columns {
            if retries {
                passes.push_back((column.id, RunScope::Failed));
            }
            passes.push_back((column.id, request.scope.clone()));
        }
        let fresh = request.fresh;
        Ok(Fill { sheet, columns, resumed, fresh, options: request.options, passes })
    }

    /// Starts the next run that the column needs: first what failed before, if that was asked for,
    /// then what is not filled. An unfinished run goes on. `None` when nothing is left, and then no
    /// model was loaded.
    ///
    /// Call it until it says `None`, waiting for each run; stop when one does not end as done.
    pub async fn run_fill_column(
        &self,
        fill: &mut Fill,
        column: ColumnId,
    ) -> Result<Option<RunHandle>, AppError> {
        while let Some(at) = fill.passes.iter().position(|(owner, _)| *owner == column) {
            let Some((_, scope)) = fill.passes.remove(at) else { break };
            let request = RunRequest { fresh: fill.fresh, ..scope.into() };
            let (sheet, options) = (fill.sheet, &fill.options);
            if let Some(run) = self.go_on_or_begin(sheet, column, request, options).await? {
                return Ok(Some(run));
            }
        }
        Ok(None)
    }

    /// Goes on with the column's unfinished run of the same request, or begins one; `None` when
    /// no row is left.
    pub(crate) async fn go_on_or_begin(
        &self,
        sheet: SheetId,
        column: ColumnId,
        request: RunRequest,
        options: &EngineOptions,
    ) -> Result<Option<RunHandle>, AppError> {
        let now_ms = self.now_ms();
        let wanted = request.clone();
        let work = move |store: &SheetStore| work_left(store, column, &wanted, now_ms);
        match self.with_store(sheet, work).await? {
            WorkLeft::Nothing => Ok(None),
            WorkLeft::GoOn(run) => {
                let cap = options.cap.or(request.cap);
                self.resume(sheet, run, &EngineOptions { cap, ..options.clone() }).await.map(Some)
            }
            WorkLeft::Begin => self.run(sheet, column, request, options).await.map(Some),
        }
    }

    async fn sheet_of_job(&self, key: &str) -> Result<Option<SheetId>, AppError> {
        let (catalogue, folder, key) = (self.catalogue(), self.home().sheets(), key.to_owned());
        blocking(move || {
            let Some(sheet) = catalogue.fill_job(&key)? else { return Ok(None) };
            let file = catalogue.sheet_file(sheet)?;
            Ok::<_, AppError>(file.filter(|name| folder.join(name).exists()).map(|_| sheet))
        })
        .await
    }

    async fn add_missing_columns(
        &self,
        sheet: SheetId,
        wanted: &[(String, Recipe)],
        check: impl FnOnce(&[Column]) -> Result<(), AppError> + Send,
    ) -> Result<Vec<Column>, AppError> {
        let (same, others): (Vec<Column>, Vec<Column>) =
            self.columns(sheet).await?.into_iter().partition(|column| {
                // A column with another recipe is left to `add_ai_columns`, which refuses the name.
                let is_same = |(name, recipe): &(String, Recipe)| {
                    column.name == name.trim() && column.recipe() == Some(recipe)
                };
                wanted.iter().any(is_same)
            });
        check(&others)?;
        let is_there = |name: &str| same.iter().any(|column| column.name == name.trim());
        let missing = wanted.iter().filter(|(name, _)| !is_there(name)).cloned().collect();
        let added = self.add_ai_columns(sheet, missing).await?;
        let find = |name: &str| {
            let all = same.iter().chain(&added);
            all.clone().find(|column| column.name == name.trim()).cloned()
        };
        let columns = wanted.iter().filter_map(|(name, _)| find(name)).collect();
        Ok(columns)
    }
}

enum WorkLeft {
    Nothing,
    GoOn(RunId),
    Begin,
}

fn work_left(
    store: &SheetStore,
    column: ColumnId,
    request: &RunRequest,
    now_ms: i64,
) -> Result<WorkLeft, AppError> {
    let mut runs = store.runs()?;
    runs.retain(|run| run.column == column);
    let latest = runs.iter().map(|run| (run.id, run.recipe_version)).max();
    // Another limit makes no other run of it.
    let is_same = |run: &RunRequest| RunRequest { cap: request.cap, ..run.clone() } == *request;
    // Other requests may have been run since, but none with another recipe.
    let last = runs.into_iter().filter(|run| is_same(&run.request)).max_by_key(|run| run.id);
    let of_latest_recipe =
        |run: &RunInfo| latest.is_some_and(|(_, version)| version == run.recipe_version);
    if let Some(run) = last.filter(|run| run.status.can_resume() && of_latest_recipe(run)) {
        if !store.rows_to_fill(column, request, Some(run.id))?.is_empty() {
            return Ok(WorkLeft::GoOn(run.id));
        }
        if latest.is_some_and(|(id, _)| id == run.id) {
            end_killed_run(store, &run, now_ms)?;
        }
    }
    let nothing = store.rows_to_fill(column, request, None)?.is_empty();
    Ok(if nothing { WorkLeft::Nothing } else { WorkLeft::Begin })
}

/// Names a fill by everything that its result depends on.
fn job_key(input: &InputFile, columns: &[(String, Recipe)]) -> Result<String, AppError> {
    let source = &input.source;
    let format = known_format(source, input.format)?;
    let mut hash = Sha256::new();
    let unreadable = |error: std::io::Error| WorkbenchError::Unreadable {
        path: source.clone(),
        missing: error.kind() == std::io::ErrorKind::NotFound,
        reason: error.to_string(),
    };
    let mut file = File::open(source).map_err(unreadable)?;
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match file.read(&mut chunk).map_err(unreadable)? {
            0 => break,
            length => hash.update(&chunk[..length]),
        }
    }
    let mut rest = serde_json::json!({ "format": format.extension(), "columns": columns });
    // Left out where nothing was asked for, so that fills from before there were options go on.
    if input.options != ImportOptions::default() {
        rest["options"] = serde_json::json!(input.options);
    }
    hash.update(sorted(rest).to_string());
    Ok(HEXLOWER.encode(&hash.finalize()))
}

/// The value with the keys of its objects in order, so that equal values are equal text.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.into_iter().collect();
            entries.sort_by(|one, other| one.0.cmp(&other.0));
            entries.into_iter().map(|(key, value)| (key, sorted(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        value => value,
    }
}
