use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

use braincells_core::{ColumnId, FindRequest, Found, FoundCell, Replacement, RowId, TextPlace};
use duckdb::Connection;

use crate::DataError;
use crate::View;
use crate::column::StoredColumn;
use crate::compare;
use crate::error::during;
use crate::filter::{check_pattern, condition_or_true, text_test};
use crate::sheet::SheetStore;
use crate::sql::literal;
use crate::value::Shape;
use crate::watch::interruptible;

impl SheetStore {
    /// Finds the cells whose text holds a text, row by row in sheet order, or in the order of
    /// `view` and only there. Bytes are not looked into. Setting `cancelled` ends it with
    /// [`DataError::Cancelled`].
    pub fn find(
        &self,
        request: &FindRequest,
        view: Option<&View>,
        cancelled: &AtomicBool,
    ) -> Result<Found, DataError> {
        if request.text.is_empty() {
            return Ok(Found { cells: Vec::new(), total: 0 });
        }
        let search = Search::new(self, request)?;
        let connection = self.own_reader()?;
        let rows = interruptible(&connection, cancelled, |connection| {
            let condition = search.condition(connection, self)?;
            search.rows(connection, &condition)
        })?;
        let ordered: Vec<(RowId, Vec<usize>)> = match view {
            None => rows,
            Some(view) => {
                let mut rows: HashMap<RowId, Vec<usize>> = rows.into_iter().collect();
                let found = |row: &RowId| Some((*row, rows.remove(row)?));
                view.rows().iter().filter_map(found).collect()
            }
        };
        let total = ordered.iter().map(|(_, columns)| columns.len() as u64).sum();
        let cells = ordered.into_iter().flat_map(|(row, columns)| {
            let cell = |index: usize| FoundCell { row, column: search.columns[index].column.id };
            columns.into_iter().map(cell).collect::<Vec<_>>()
        });
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let skip = usize::try_from(request.skip).unwrap_or(usize::MAX);
        Ok(Found { cells: cells.skip(skip).take(limit).collect(), total })
    }

    /// What cells become when every match of a text in them is replaced; nothing is changed. In
    /// sheet order, row by row.
    ///
    /// With a regular expression, `\1` to `\9` in `replacement` stand for its groups and `\0` for
    /// the match. Lists, structs, JSON and bytes are left out: a replacement inside them can make
    /// them into something else.
    pub fn find_replacements(
        &self,
        request: &FindRequest,
        replacement: &str,
        cancelled: &AtomicBool,
    ) -> Result<Vec<Replacement>, DataError> {
        if request.text.is_empty() {
            return Ok(Vec::new());
        }
        let mut search = Search::new(self, request)?;
        search.columns.retain(|stored| !matches!(stored.shape, Shape::Json | Shape::Nested));
        let connection = self.own_reader()?;
        interruptible(&connection, cancelled, |connection| {
            let condition = search.condition(connection, self)?;
            search.replacements(connection, &condition, replacement)
        })
    }
}

struct Search<'a> {
    request: &'a FindRequest,
    columns: Vec<StoredColumn>,
}

impl<'a> Search<'a> {
    fn new(store: &SheetStore, request: &'a FindRequest) -> Result<Self, DataError> {
        let mut columns = match &request.columns {
            None => store.stored_columns().to_vec(),
            Some(ids) => store.pick(ids)?,
        };
        columns.retain(|stored| stored.shape != Shape::Bytes);
        Ok(Self { request, columns })
    }

    /// The condition on rows, after the pattern was checked.
    fn condition(&self, connection: &Connection, store: &SheetStore) -> Result<String, DataError> {
        if self.request.regex {
            check_pattern(connection, &self.request.text)?;
        }
        condition_or_true(connection, self.request.filter.as_ref(), &store.stored_columns())
    }

    /// The regular expression that means what is looked for.
    fn pattern(&self) -> String {
        let FindRequest { text, match_case, whole, regex, .. } = self.request;
        let text = literal(text);
        let text = if *regex { text } else { format!("regexp_escape({text})") };
        let case = if *match_case { "" } else { "(?i)" };
        if *whole {
            format!("'{case}^(?:' || {text} || ')$'")
        } else {
            format!("'{case}' || {text}")
        }
    }

    /// SQL that holds where the text of a column matches; never null.
    fn test(&self, stored: &StoredColumn) -> Option<String> {
        let value = compare::text(stored, &compare::in_row(stored))?;
        let FindRequest { text: wanted, match_case, whole, regex, .. } = self.request;
        let place = if *whole { TextPlace::Whole } else { TextPlace::Anywhere };
        let condition = if *regex {
            format!("regexp_matches({value}, {})", self.pattern())
        } else {
            text_test(&value, place, wanted, *match_case)
        };
        Some(format!("coalesce({condition}, false)"))
    }

    /// The rows with a match, in sheet order, each with the indexes of the matching columns.
    fn rows(
        &self,
        connection: &Connection,
        condition: &str,
    ) -> Result<Vec<(RowId, Vec<usize>)>, DataError> {
        let tests: Vec<String> =
            self.columns.iter().filter_map(|stored| self.test(stored)).collect();
        if tests.is_empty() {
            return Ok(Vec::new());
        }
        // A digit for each column, as text: there may be more columns than an integer has bits.
        let digits: Vec<String> =
            tests.iter().map(|test| format!("CASE WHEN {test} THEN '1' ELSE '0' END")).collect();
        let sql = format!(
            "SELECT row_id, matches FROM ( \
                 SELECT r.row_id, r.row_order, concat({}) AS matches FROM main.rows r \
                 WHERE {condition}) \
             WHERE contains(matches, '1') ORDER BY row_order, row_id",
            digits.join(", ")
        );
        let failed = during("search the cells");
        let mut statement = connection.prepare(&sql).map_err(&failed)?;
        let mut found = statement.query([]).map_err(&failed)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(&failed)? {
            let id = RowId(row.get(0).map_err(&failed)?);
            let matches: String = row.get(1).map_err(&failed)?;
            let is_match = |(index, digit): (usize, u8)| (digit == b'1').then_some(index);
            rows.push((id, matches.bytes().enumerate().filter_map(is_match).collect()));
        }
        Ok(rows)
    }

    fn replacements(
        &self,
        connection: &Connection,
        condition: &str,
        replacement: &str,
    ) -> Result<Vec<Replacement>, DataError> {
        let replacement = if self.request.regex {
            replacement.to_owned()
        } else {
            replacement.replace('\\', "\\\\")
        };
        let parts: Vec<String> = self
            .columns
            .iter()
            .enumerate()
            .filter_map(|(index, stored)| {
                let (test, before) =
                    (self.test(stored)?, compare::text(stored, &compare::in_row(stored))?);
                Some(format!(
                    "SELECT r.row_order, r.row_id, {index} AS place, {before} AS before, \
                         regexp_replace({before}, {}, {}, 'g') AS after \
                     FROM main.rows r WHERE ({condition}) AND {test}",
                    self.pattern(),
                    literal(&replacement)
                ))
            })
            .collect();
        if parts.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT row_id, place, before, after FROM ({}) WHERE after <> before \
             ORDER BY row_order, row_id, place LIMIT {} OFFSET {}",
            parts.join(" UNION ALL "),
            self.request.limit.min(i64::MAX as u64),
            self.request.skip.min(i64::MAX as u64)
        );
        let failed = during("replace the text");
        let mut statement = connection.prepare(&sql).map_err(&failed)?;
        let read = |row: &duckdb::Row<'_>| {
            let place = row.get::<_, i32>(1)? as usize;
            Ok(Replacement {
                row: RowId(row.get(0)?),
                column: self.columns.get(place).map_or(ColumnId(0), |stored| stored.column.id),
                before: row.get(2)?,
                after: row.get(3)?,
            })
        };
        statement.query_map([], read).map_err(&failed)?.collect::<Result<_, _>>().map_err(failed)
    }
}
