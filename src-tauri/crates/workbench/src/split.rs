//! Splitting a column of JSON objects into typed columns.
//!
//! The new columns hold what the objects hold at that moment, as data columns do: a snapshot. They
//! do not follow when the column that was split is generated again or edited; splitting it once
//! more makes new ones. Undo takes all of them back in one step.

use braincells_core::{
    AppError, ColumnId, DataType, JsonProperty, Output, SheetId, SplitColumns, SplitProperty,
};
use braincells_data::{SheetStore, SplitPart};
use braincells_llm::schema::properties;

use crate::Workbench;
use crate::columns::column_with_id;
use crate::error::WorkbenchError;

impl Workbench {
    /// What a column of JSON objects can be split into: the properties that its recipe's schema
    /// names, else those of its values.
    pub async fn json_properties(
        &self,
        sheet: SheetId,
        column: ColumnId,
    ) -> Result<Vec<JsonProperty>, AppError> {
        self.with_store(sheet, move |store| known_properties(store, column)).await
    }

    /// Makes a typed data column of each property, behind the column that is split, in one step.
    /// Nothing named means all of [`Workbench::json_properties`]. A value that does not fit its
    /// column's type is counted and its cell is empty. The columns do not follow later changes.
    pub async fn split_json_column(
        &self,
        sheet: SheetId,
        column: ColumnId,
        properties: Vec<SplitProperty>,
    ) -> Result<SplitColumns, AppError> {
        let now_ms = self.now_ms();
        self.change_store(sheet, move |store| {
            // Looking for them takes long, and finds too many where most are of no interest.
            let is_all_said = !properties.is_empty()
                && properties.iter().all(|property| property.data_type.is_some());
            let known = if is_all_said { Vec::new() } else { known_properties(store, column)? };
            let parts = parts(properties, &known)?;
            if parts.is_empty() {
                let name = column_with_id(&store.columns()?, column)?.name.clone();
                return Err(WorkbenchError::NothingToSplit { name }.into());
            }
            Ok(store.split_json_column(column, &parts, now_ms)?)
        })
        .await
    }
}

fn known_properties(store: &SheetStore, column: ColumnId) -> Result<Vec<JsonProperty>, AppError> {
    let columns = store.columns()?;
    let of_schema = match column_with_id(&columns, column)?.recipe().map(|recipe| &recipe.output) {
        Some(Output::Json { schema }) => properties(schema),
        _ => Vec::new(),
    };
    if of_schema.is_empty() {
        return Ok(store.json_properties(column)?);
    }
    let listed = |property: &braincells_llm::schema::Property| JsonProperty {
        property: property.name.clone(),
        data_type: data_type(&property.output),
    };
    Ok(of_schema.iter().map(listed).collect())
}

/// The type of a data column that holds these values.
fn data_type(output: &Output) -> DataType {
    match output {
        Output::Text | Output::Label { .. } => DataType::Text,
        Output::Number(limits) if limits.integer => DataType::Integer,
        Output::Number(_) => DataType::Number,
        Output::Boolean => DataType::Boolean,
        Output::Date => DataType::Date,
        Output::Labels { .. } | Output::Json { .. } => DataType::Json,
    }
}

/// The columns to make. A property that nobody has seen needs a type, or it is taken for a typing
/// error.
fn parts(
    wanted: Vec<SplitProperty>,
    known: &[JsonProperty],
) -> Result<Vec<SplitPart>, WorkbenchError> {
    let all = |one: &JsonProperty| SplitProperty {
        property: one.property.clone(),
        name: None,
        data_type: Some(one.data_type),
    };
    let wanted = if wanted.is_empty() { known.iter().map(all).collect() } else { wanted };
    wanted
        .into_iter()
        .map(|SplitProperty { property, name, data_type }| {
            let found = known.iter().find(|one| one.property == property);
            let data_type = data_type.or(found.map(|one| one.data_type)).ok_or_else(|| {
                WorkbenchError::NoSuchProperty {
                    name: property.clone(),
                    known: known.iter().map(|one| one.property.clone()).collect(),
                }
            })?;
            let name = name.filter(|name| !name.trim().is_empty());
            Ok(SplitPart { name: name.unwrap_or_else(|| property.clone()), property, data_type })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_named_means_everything_and_what_is_unknown_needs_a_type() {
        let known = [JsonProperty { property: "city".to_owned(), data_type: DataType::Text }];
        let wanted = |property: &str, name: Option<&str>, data_type| SplitProperty {
            property: property.to_owned(),
            name: name.map(str::to_owned),
            data_type,
        };
        let made = |wanted| parts(wanted, &known);
        let part = |property: &str, name: &str, data_type| SplitPart {
            property: property.to_owned(),
            name: name.to_owned(),
            data_type,
        };
        assert_eq!(made(Vec::new()).unwrap(), [part("city", "city", DataType::Text)]);
        assert_eq!(
            made(vec![
                wanted("city", Some("Town"), None),
                wanted("city", Some(" "), Some(DataType::Json)),
                wanted("zip", None, Some(DataType::Integer)),
            ])
            .unwrap(),
            [
                part("city", "Town", DataType::Text),
                part("city", "city", DataType::Json),
                part("zip", "zip", DataType::Integer),
            ]
        );
        let error = made(vec![wanted("citty", None, None)]).unwrap_err();
        assert!(matches!(error, WorkbenchError::NoSuchProperty { .. }));
        assert!(parts(Vec::new(), &[]).unwrap().is_empty());
    }
}
