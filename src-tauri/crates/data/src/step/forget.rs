//! Letting go of what only undo needs.

use std::collections::HashSet;

use duckdb::Connection;

use super::Change;
use crate::DataError;
use crate::column;
use crate::error::during;
use crate::sheet::SheetStore;
use crate::sql::identifier;

/// What was let go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Compacted {
    /// Steps that can no longer be undone or done again.
    pub steps: u64,
    /// Columns of the table that nothing could bring back any more.
    pub columns: u64,
    /// Rows, likewise.
    pub rows: u64,
}

const ACTION: &str = "compact the sheet";

impl SheetStore {
    /// Forgets all but the latest `keep` steps, and everything that only the forgotten ones could
    /// bring back: deleted columns, deleted rows, values that were undone. The history of cells
    /// stays. Refused while a run is alive.
    ///
    /// DuckDB uses the room again, and gives it back to the disk where it is at the end of the
    /// file.
    pub fn compact(&self, keep: u64, now_ms: i64) -> Result<Compacted, DataError> {
        let failed = during(ACTION);
        let mut writer = self.writer()?;
        if writer.live_runs.is_any() {
            return Err(DataError::StepAlive { name: "Compact".to_owned() });
        }
        let transaction = writer.connection.unchecked_transaction().map_err(&failed)?;
        let connection = &writer.connection;
        let steps = forget_steps(connection, keep)?;
        let rows = connection
            .execute(
                "DELETE FROM braincells.removed_rows WHERE step_id NOT IN \
                 (SELECT id FROM braincells.steps WHERE change IS NOT NULL)",
                [],
            )
            .map_err(&failed)?;
        connection
            .execute(
                "DELETE FROM braincells.row_moves WHERE step_id NOT IN \
                 (SELECT id FROM braincells.steps WHERE change IS NOT NULL)",
                [],
            )
            .map_err(&failed)?;
        let unused = unused_columns(connection)?;
        for physical in &unused {
            for table in ["main.rows", "braincells.removed_rows"] {
                let sql = format!("ALTER TABLE {table} DROP COLUMN {}", identifier(physical));
                connection.execute_batch(&sql).map_err(&failed)?;
            }
        }
        connection
            .execute("UPDATE braincells.meta SET changed_at_ms = ?", [now_ms])
            .map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
        let news = super::News { columns: true, ..super::News::default() };
        self.learn(&mut writer, news)?;
        self.checkpoint_when_free(&writer.connection)?;
        Ok(Compacted { steps, columns: unused.len() as u64, rows: rows as u64 })
    }
}

/// Discarded steps go with what they wrote, which does not count any more; older ones only lose
/// the way back. Returns how many there were.
fn forget_steps(connection: &Connection, keep: u64) -> Result<u64, DataError> {
    let failed = during(ACTION);
    connection
        .execute(
            "DELETE FROM braincells.cell_log WHERE step_id IN \
             (SELECT id FROM braincells.steps WHERE discarded)",
            [],
        )
        .map_err(&failed)?;
    let discarded =
        connection.execute("DELETE FROM braincells.steps WHERE discarded", []).map_err(&failed)?;
    // A step that is undone but not discarded is among the latest, or its values go too.
    let old = "change IS NOT NULL AND id NOT IN (SELECT id FROM braincells.steps \
               ORDER BY id DESC LIMIT ?)";
    connection
        .execute(
            &format!(
                "DELETE FROM braincells.cell_log WHERE step_id IN \
                 (SELECT id FROM braincells.steps WHERE undone AND {old})"
            ),
            [keep],
        )
        .map_err(&failed)?;
    let undone = connection
        .execute(&format!("DELETE FROM braincells.steps WHERE undone AND {old}"), [keep])
        .map_err(&failed)?;
    let forgotten = connection
        .execute(&format!("UPDATE braincells.steps SET change = NULL WHERE {old}"), [keep])
        .map_err(&failed)?;
    Ok((discarded + undone + forgotten) as u64)
}

/// Columns of `main.rows` that neither the sheet has nor a step that is left could bring back.
fn unused_columns(connection: &Connection) -> Result<Vec<String>, DataError> {
    let failed = during(ACTION);
    let mut used: HashSet<String> =
        column::load_rows(connection)?.into_iter().map(|row| row.physical).collect();
    let mut statement = connection
        .prepare("SELECT change::VARCHAR FROM braincells.steps WHERE change IS NOT NULL")
        .map_err(&failed)?;
    let changes = statement.query_map([], |row| row.get::<_, String>(0)).map_err(&failed)?;
    for change in changes {
        let change: Change = super::parse_change(&change.map_err(&failed)?)?;
        let rows = change.columns.into_iter().flat_map(|change| [change.before, change.after]);
        used.extend(rows.flatten().map(|row| row.physical));
    }
    let all = column::physical_names(connection)?;
    let ours = |name: &String| crate::schema::RESERVED.contains(&name.as_str());
    Ok(all.into_iter().filter(|name| !used.contains(name) && !ours(name)).collect())
}
