use super::scan::Separators;
use crate::import::column::SourceColumn;
use crate::sql::literal;

/// How the text of a file becomes values of types.
#[derive(Clone, Debug)]
pub(in crate::import) struct Reading {
    pub(super) file: String,
    pub(super) options: String,
    pub(in crate::import) separators: Separators,
    pub(super) columns: Vec<ReadColumn>,
}

#[derive(Clone, Debug)]
pub(in crate::import) struct ReadColumn {
    pub(super) name: String,
    pub(super) sql_type: String,
    /// Whether it is read as text and checked for the type afterwards.
    pub(super) checked: bool,
    /// Whether a person wants another type, or this one.
    pub(super) asked: bool,
}

pub(super) const TEXT: &str = "VARCHAR";

impl Reading {
    /// The table function with its options.
    pub(in crate::import) fn from(&self) -> String {
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|column| {
                let sql_type = if column.checked { TEXT } else { &column.sql_type };
                format!("{}: {}", literal(&column.name), literal(sql_type))
            })
            .collect();
        format!("read_csv({}, {}, columns = {{{}}})", self.file, self.options, columns.join(", "))
    }

    /// Reads a column as text.
    pub(in crate::import) fn make_text(&mut self, name: &str) {
        for column in self.columns.iter_mut().filter(|column| column.name == name) {
            TEXT.clone_into(&mut column.sql_type);
        }
    }

    /// Reads every column as text.
    pub(in crate::import) fn make_all_text(&mut self) {
        for column in &mut self.columns {
            TEXT.clone_into(&mut column.sql_type);
        }
    }

    /// Puts the types into the columns of the source.
    pub(in crate::import) fn tell_types(&self, columns: &mut [SourceColumn]) {
        for (column, read) in columns.iter_mut().zip(&self.columns) {
            column.sql_type.clone_from(&read.sql_type);
            column.checked = read.checked;
        }
    }
}
