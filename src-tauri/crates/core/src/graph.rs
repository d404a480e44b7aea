use std::collections::{BTreeMap, BTreeSet};

use crate::{AppError, Code, Column, ColumnId, Template};

/// Which columns of a sheet read which: the references of every AI column's prompt, by id.
///
/// A reference to a name that no column has, and a prompt that cannot be read, count as no
/// reference: they are errors of the recipe, found when it is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// All columns in display order.
    columns: Vec<ColumnId>,
    names: BTreeMap<ColumnId, String>,
    /// What each AI column reads, each once, in the order of the prompt.
    inputs: BTreeMap<ColumnId, Vec<ColumnId>>,
}

/// Why columns cannot read each other as wished.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Columns that need each other can never be filled.
    #[error("the columns would wait for each other for ever: {}", path(.names))]
    Cycle {
        /// The columns around the circle, each reading the next; the first stands at the end too.
        names: Vec<String>,
    },
    /// A column that others read cannot go.
    #[error("the column `{name}` is read by {}", quoted(.users))]
    Used {
        /// The column.
        name: String,
        /// The columns that read it, in display order.
        users: Vec<String>,
    },
}

fn path(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" -> ")
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl From<GraphError> for AppError {
    fn from(error: GraphError) -> Self {
        let (code, hint) = match &error {
            GraphError::Cycle { names } if names.len() == 2 => {
                (Code::BadTemplate, "a column cannot read itself; name another column")
            }
            GraphError::Cycle { .. } => {
                (Code::BadTemplate, "take one of these references out of its prompt")
            }
            GraphError::Used { .. } => {
                (Code::Conflict, "change their prompts first, or delete them too")
            }
        };
        Self::new(code, error.to_string()).with_hint(hint)
    }
}

impl Graph {
    /// The graph of these columns, which are in display order.
    pub fn of(columns: &[Column]) -> Self {
        let by_name: BTreeMap<&str, ColumnId> =
            columns.iter().map(|column| (column.name.as_str(), column.id)).collect();
        let inputs = columns.iter().filter_map(|column| {
            let template = Template::parse(&column.recipe()?.prompt).ok()?;
            let known = template.references().iter();
            Some((
                column.id,
                known.filter_map(|name| by_name.get(name.as_str()).copied()).collect(),
            ))
        });
        Self {
            columns: columns.iter().map(|column| column.id).collect(),
            names: columns.iter().map(|column| (column.id, column.name.clone())).collect(),
            inputs: inputs.collect(),
        }
    }

    /// What a column reads, each once, in the order of its prompt; nothing for a data column.
    pub fn inputs(&self, column: ColumnId) -> &[ColumnId] {
        self.inputs.get(&column).map_or(&[], Vec::as_slice)
    }

    /// The columns that read one of `columns` directly, in display order.
    pub fn readers(&self, columns: &[ColumnId]) -> Vec<ColumnId> {
        let reads =
            |column: &ColumnId| self.inputs(*column).iter().any(|input| columns.contains(input));
        self.columns.iter().copied().filter(reads).collect()
    }

    /// The columns that read one of `columns`, directly or through others, in the order in which
    /// they would be filled. None of `columns` is among them.
    pub fn dependents(&self, columns: &[ColumnId]) -> Vec<ColumnId> {
        let mut found: BTreeSet<ColumnId> = BTreeSet::new();
        let mut next = columns.to_vec();
        while !next.is_empty() {
            let readers = self.readers(&next);
            next = readers.into_iter().filter(|reader| found.insert(*reader)).collect();
        }
        let found: Vec<ColumnId> =
            found.into_iter().filter(|column| !columns.contains(column)).collect();
        self.order(&found)
    }

    /// `columns` in an order in which each stands behind those of them that it reads, directly or
    /// through columns that are not among them: data columns first, and where that leaves a
    /// choice, in display order. Columns that are not in the graph are left out.
    pub fn order(&self, columns: &[ColumnId]) -> Vec<ColumnId> {
        let (mut left, mut ordered): (Vec<ColumnId>, Vec<ColumnId>) =
            self.columns.iter().copied().partition(|column| self.inputs.contains_key(column));
        while !left.is_empty() {
            let free =
                |column: &ColumnId| self.inputs(*column).iter().all(|input| !left.contains(input));
            // Without a free one the rest is a circle; it is still given out, once each.
            let at = left.iter().position(free).unwrap_or(0);
            ordered.push(left.remove(at));
        }
        ordered.retain(|column| columns.contains(column));
        ordered
    }

    /// Fails when columns wait for each other, naming one circle.
    pub fn check(&self) -> Result<(), GraphError> {
        for start in self.inputs.keys() {
            if let Some(circle) = self.way(*start, *start) {
                let names = circle.iter().map(|column| self.names[column].clone()).collect();
                return Err(GraphError::Cycle { names });
            }
        }
        Ok(())
    }

    /// Fails when a column that stays reads one of `columns`.
    pub fn check_removal(&self, columns: &[ColumnId]) -> Result<(), GraphError> {
        for column in columns {
            let stays = |reader: &ColumnId| !columns.contains(reader);
            let readers: Vec<ColumnId> =
                self.readers(&[*column]).into_iter().filter(stays).collect();
            if !readers.is_empty() {
                let name = |column: &ColumnId| self.names.get(column).cloned().unwrap_or_default();
                let users = readers.iter().map(name).collect();
                return Err(GraphError::Used { name: name(column), users });
            }
        }
        Ok(())
    }

    /// The shortest way from `from` along what it reads to `to`, both included.
    fn way(&self, from: ColumnId, to: ColumnId) -> Option<Vec<ColumnId>> {
        let mut ways = vec![vec![from]];
        let mut seen = BTreeSet::new();
        while !ways.is_empty() {
            let mut longer = Vec::new();
            for way in ways {
                let last = way[way.len() - 1];
                for input in self.inputs(last) {
                    let mut way = way.clone();
                    way.push(*input);
                    if *input == to {
                        return Some(way);
                    }
                    if seen.insert(*input) {
                        longer.push(way);
                    }
                }
            }
            ways = longer;
        }
        None
    }
}

#[cfg(test)]
mod tests;
