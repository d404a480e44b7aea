//! Other names for the columns of a recipe, so that it fits a table that it was not made for.

use std::collections::HashMap;

use braincells_core::AppError;
use braincells_llm::{Template, nearest, renamed};

use super::{RecipeColumn, RecipeFile, bad_recipe, in_column, named};

impl RecipeFile {
    /// The file with other names: each pair says what a name of the recipe, a column that it needs
    /// or one that it makes, is called in the table. Prompts and examples follow; without a pair
    /// not a byte changes. All pairs hold at once, so two names may be swapped.
    ///
    /// Refused: a name that the recipe does not use, one that is named twice, two names that would
    /// become one, and a name that no prompt can refer to.
    pub fn mapped(&self, mapping: &[(String, String)]) -> Result<Self, AppError> {
        if mapping.is_empty() {
            return Ok(self.clone());
        }
        let names = self.checked(mapping)?;
        let new_name = |name: &str| names.get(name).map(|new| (*new).to_owned());
        let mut file = self.clone();
        file.source.old_names = names
            .iter()
            .map(|(old, new)| ((*new).to_owned(), self.old_name(old).to_owned()))
            .chain(self.source.old_names.iter().map(|(new, old)| (new.clone(), old.clone())))
            .collect();
        for column in &mut file.columns {
            rename(column, &new_name).map_err(|error| in_column(&column.name, error))?;
        }
        for column in &mut file.data_columns {
            column.name = new_name(&column.name).unwrap_or_else(|| column.name.clone());
        }
        Ok(file)
    }

    /// The file with a free name for each column whose name is taken among `present`, and the
    /// pairs of the old and the new names.
    pub fn renamed_apart(
        &self,
        present: &[&str],
    ) -> Result<(Self, Vec<(String, String)>), AppError> {
        let of_file = self.columns.iter().map(|column| column.name.as_str());
        let mut taken: Vec<String> =
            present.iter().copied().chain(of_file).map(str::to_lowercase).collect();
        let mut pairs = Vec::new();
        for column in &self.columns {
            let lowercase = column.name.to_lowercase();
            if !present.iter().any(|name| name.to_lowercase() == lowercase) {
                continue;
            }
            let mut number = 2;
            let mut free = format!("{}_{number}", column.name);
            while taken.contains(&free.to_lowercase()) {
                number += 1;
                free = format!("{}_{number}", column.name);
            }
            taken.push(free.to_lowercase());
            pairs.push((column.name.clone(), free));
        }
        Ok((self.mapped(&pairs)?, pairs))
    }

    fn checked<'m>(
        &self,
        mapping: &'m [(String, String)],
    ) -> Result<HashMap<&'m str, &'m str>, AppError> {
        let made = self.columns.iter().map(|column| column.name.as_str());
        let known: Vec<&str> = self.inputs().into_iter().chain(made).collect();
        let mut names: HashMap<&str, &str> = HashMap::new();
        for (name, new) in mapping {
            let (name, new) = (name.trim(), new.trim());
            if !known.contains(&name) {
                let hint = match nearest(name, &known) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("its names are {}", named(known.iter().copied().take(20))),
                };
                return Err(bad_recipe(format!("the recipe has no column `{name}` to map"), hint));
            }
            if new.is_empty() {
                return Err(bad_recipe(
                    format!("the column `{name}` is mapped to nothing"),
                    "name a column of the table behind `=`",
                ));
            }
            if names.insert(name, new).is_some() {
                return Err(bad_recipe(
                    format!("the column `{name}` is mapped twice"),
                    "keep one of the two",
                ));
            }
        }
        let mut owners: HashMap<&str, &str> = HashMap::new();
        for name in known {
            let new = names.get(name).copied().unwrap_or(name);
            if let Some(other) = owners.insert(new, name) {
                return Err(bad_recipe(
                    format!("two columns of the recipe, `{other}` and `{name}`, would be `{new}`"),
                    "map each to a column of its own",
                ));
            }
        }
        Ok(names)
    }
}

fn rename(
    column: &mut RecipeColumn,
    new_name: &impl Fn(&str) -> Option<String>,
) -> Result<(), AppError> {
    let renamed_to = |name: &String| new_name(name).unwrap_or_else(|| name.clone());
    let prompt = renamed(&column.recipe.prompt, new_name)?;
    let before = Template::parse(&column.recipe.prompt)?;
    let wanted: Vec<String> = before.references().iter().map(renamed_to).collect();
    let is_as_wanted =
        Template::parse(&prompt).is_ok_and(|template| template.references() == wanted);
    if !is_as_wanted {
        let odd = wanted.iter().find(|name| name.contains("{{") || name.contains("}}"));
        let odd = odd.or(wanted.first()).map_or("", String::as_str);
        return Err(bad_recipe(
            format!("a prompt cannot refer to the column `{odd}`"),
            "give the table's column a name without `{{` and `}}` first",
        ));
    }
    column.recipe.prompt = prompt;
    column.recipe.rename_example_inputs(new_name);
    column.references = column.references.iter().map(renamed_to).collect();
    column.name = renamed_to(&column.name);
    Ok(())
}
