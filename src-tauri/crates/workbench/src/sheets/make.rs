//! New sheets without a data file, and other names.

use braincells_core::{AppError, SheetId, SheetInfo};
use braincells_data::{SheetStore, duplicate_sheet};

use super::{list_sheet, sheet_limits, sheet_path};
use crate::blocking::blocking;
use crate::error::WorkbenchError;
use crate::{Home, Workbench};

impl Workbench {
    /// Makes a sheet without rows or columns.
    pub async fn create_sheet(&self, name: &str) -> Result<SheetInfo, AppError> {
        let name = checked_name(name)?;
        let (catalogue, now_ms) = (self.catalogue(), self.now_ms());
        let id = SheetId::random();
        let path = self.home().sheets().join(Home::sheet_file_name(id));
        blocking(move || {
            let store = SheetStore::create(&path, id, &name, sheet_limits(), now_ms)?;
            list_sheet(&catalogue, &store)
        })
        .await
    }

    /// Gives a sheet another name. Names need not be unique.
    pub async fn rename_sheet(&self, sheet: SheetId, name: &str) -> Result<(), AppError> {
        let (name, now_ms) = (checked_name(name)?, self.now_ms());
        self.change_store(sheet, move |store| Ok(store.rename(&name, now_ms)?)).await
    }

    /// Makes a new sheet of everything in another, its history included. It is called `<name> copy`
    /// unless a name is given. Refused while one of the sheet's columns is being filled.
    pub async fn duplicate_sheet(
        &self,
        sheet: SheetId,
        name: Option<&str>,
    ) -> Result<SheetInfo, AppError> {
        let name = match name {
            Some(name) => checked_name(name)?,
            None => self.name_of_copy(sheet).await?,
        };
        if self.live().is_sheet_live(sheet) {
            return Err(WorkbenchError::SheetBusy { sheet }.into());
        }
        // Opening brings what a killed process left into the file.
        self.writable_store(sheet).await?;
        let closed = self.open_sheets().close(sheet, self.world()).await?;
        let (catalogue, home, now_ms) = (self.catalogue(), self.home().clone(), self.now_ms());
        blocking(move || -> Result<_, AppError> {
            let _closed = closed;
            let Some(source) = sheet_path(&catalogue, &home, sheet)? else {
                return Err(WorkbenchError::NoSuchSheet { text: sheet.to_string() }.into());
            };
            let id = SheetId::random();
            let target = home.sheets().join(Home::sheet_file_name(id));
            duplicate_sheet(&source, &target, id, &name, sheet_limits(), now_ms)?;
            let store = SheetStore::open(&target, sheet_limits(), now_ms)?;
            list_sheet(&catalogue, &store)
        })
        .await
    }

    async fn name_of_copy(&self, sheet: SheetId) -> Result<String, AppError> {
        let sheets = self.sheets().await?;
        let Some(info) = sheets.iter().find(|info| info.id == sheet) else {
            return Err(WorkbenchError::NoSuchSheet { text: sheet.to_string() }.into());
        };
        let names: Vec<&str> = sheets.iter().map(|info| info.name.as_str()).collect();
        Ok(name_of_copy(&info.name, &names))
    }
}

fn checked_name(name: &str) -> Result<String, WorkbenchError> {
    match name.trim() {
        "" => Err(WorkbenchError::NamelessSheet),
        name => Ok(name.to_owned()),
    }
}

/// A name for a copy that none of `names` has.
fn name_of_copy(name: &str, names: &[&str]) -> String {
    let first = format!("{name} copy");
    if !names.contains(&first.as_str()) {
        return first;
    }
    let numbered = (2..=names.len() + 1).map(|number| format!("{first} {number}"));
    // One of so many names is not among them.
    numbered.into_iter().find(|name| !names.contains(&name.as_str())).unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_gets_the_first_free_name() {
        assert_eq!(name_of_copy("a", &["a"]), "a copy");
        assert_eq!(name_of_copy("a", &["a", "a copy"]), "a copy 2");
        assert_eq!(name_of_copy("a", &["a", "a copy", "a copy 2", "a copy 4"]), "a copy 3");
        assert_eq!(name_of_copy("a copy", &["a copy"]), "a copy copy");
    }
}
