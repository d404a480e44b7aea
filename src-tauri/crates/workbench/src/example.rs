//! The sheet that shows a newcomer what this is for.

use braincells_core::{AppError, Recipe, SheetId, SheetInfo};
use braincells_data::{ClipboardKind, ImportOptions};

use crate::Workbench;
use crate::recipe_file::{in_order, read};

/// The same files that the documentation uses, in the program.
const TABLE: &str = include_str!("../../../../examples/tickets.csv");
const RECIPE: &str = include_str!("../../../../examples/tickets.yml");

const NAME: &str = "Example: support tickets";

impl Workbench {
    /// Makes the example: a small table with AI columns that are not filled yet. Columns whose
    /// model is not here get that of the settings or, without one, the default model.
    pub async fn create_example_sheet(&self) -> Result<SheetInfo, AppError> {
        let file = read(RECIPE, Some(""))?;
        let default = self.settings().await?.model;
        let mut additions: Vec<(String, Recipe)> = in_order(&file, &file.inputs())?
            .into_iter()
            .map(|at| (file.columns[at].name.clone(), file.columns[at].recipe.clone()))
            .collect();
        for (_, recipe) in &mut additions {
            if self.engines().check(&recipe.model).await.is_err() {
                recipe.model.clone_from(&default);
            }
        }
        let names: Vec<String> = self.sheets().await?.into_iter().map(|info| info.name).collect();
        let options = ImportOptions::default();
        let name = free_name(&names);
        let made = self.import_text(TABLE.to_owned(), ClipboardKind::Csv, &name, &options).await?;
        self.with_columns(made.id, additions).await
    }

    async fn with_columns(
        &self,
        sheet: SheetId,
        additions: Vec<(String, Recipe)>,
    ) -> Result<SheetInfo, AppError> {
        if let Err(error) = self.add_ai_columns(sheet, additions).await {
            self.delete_sheet_for_good(sheet).await?;
            return Err(error);
        }
        self.sheet_info(sheet).await
    }
}

/// The name, with the first free number behind it if it is taken.
fn free_name(names: &[String]) -> String {
    let numbered = (2..).map(|number| format!("{NAME} {number}"));
    let mut wanted = std::iter::once(NAME.to_owned()).chain(numbered);
    wanted.find(|name| !names.contains(name)).expect("there are finitely many sheets")
}
