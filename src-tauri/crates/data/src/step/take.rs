//! Taking a step, and adding to the one that a live run has taken.

use braincells_core::{RunId, StepId};
use duckdb::params;

use super::{Action, Change, News, differences};
use crate::DataError;
use crate::column;
use crate::error::during;
use crate::sheet::{SheetStore, Writer};

impl SheetStore {
    /// Does `work` as one step named `name`: all of it is on disk when this returns, none of it
    /// when it fails. Steps that were undone can no longer be done again.
    pub(crate) fn act<T>(
        &self,
        name: &str,
        now_ms: i64,
        work: impl FnOnce(&mut Action<'_>) -> Result<T, DataError>,
    ) -> Result<T, DataError> {
        let mut writer = self.writer()?;
        self.act_with(&mut writer, name, now_ms, work).map(|(result, _)| result)
    }

    /// [`SheetStore::act`] for a caller that holds the writer and wants to know the step.
    pub(crate) fn act_with<T>(
        &self,
        writer: &mut Writer,
        name: &str,
        now_ms: i64,
        work: impl FnOnce(&mut Action<'_>) -> Result<T, DataError>,
    ) -> Result<(T, StepId), DataError> {
        let taken = Self::take_step(writer, name, now_ms, work);
        if taken.is_err() {
            // States that were read within the transaction may show what was taken back.
            self.states().clear();
        }
        let (result, step, news) = taken?;
        self.learn(writer, news)?;
        Ok((result, step))
    }

    /// Does `work` as a part of the step that a live run has taken: it is undone with the run, and
    /// what a person has undone meanwhile can be done again. Columns must stay as they are.
    pub(crate) fn act_in_run<T>(
        &self,
        writer: &mut Writer,
        run: RunId,
        now_ms: i64,
        work: impl FnOnce(&mut Action<'_>) -> Result<T, DataError>,
    ) -> Result<T, DataError> {
        let step = writer.live_runs.step_of(run).ok_or(DataError::RunMissing { run })?;
        let done = Self::add_to_step(writer, step, now_ms, work);
        if done.is_err() {
            self.states().clear();
        }
        let (result, news) = done?;
        self.learn(writer, news)?;
        Ok(result)
    }

    fn add_to_step<T>(
        writer: &mut Writer,
        step: StepId,
        now_ms: i64,
        work: impl FnOnce(&mut Action<'_>) -> Result<T, DataError>,
    ) -> Result<(T, News), DataError> {
        let failed = during("store what belongs to the run");
        let transaction = writer.connection.unchecked_transaction().map_err(&failed)?;
        let mut action = Action {
            connection: &writer.connection,
            step,
            now_ms,
            next_seq: writer.next_seq,
            news: News::default(),
            change: Change::default(),
        };
        let result = work(&mut action)?;
        let Action { next_seq, news, .. } = action;
        transaction.commit().map_err(&failed)?;
        writer.next_seq = next_seq;
        Ok((result, news))
    }

    fn take_step<T>(
        writer: &mut Writer,
        name: &str,
        now_ms: i64,
        work: impl FnOnce(&mut Action<'_>) -> Result<T, DataError>,
    ) -> Result<(T, StepId, News), DataError> {
        let failed = during("store the step");
        let transaction = writer.connection.unchecked_transaction().map_err(&failed)?;
        let connection = &writer.connection;
        let step: i64 = connection
            .query_row("SELECT coalesce(max(id), 0) + 1 FROM braincells.steps", [], |row| {
                row.get(0)
            })
            .map_err(&failed)?;
        connection
            .execute("UPDATE braincells.steps SET discarded = true WHERE undone", [])
            .map_err(&failed)?;
        let before = column::load_rows(connection)?;
        let mut action = Action {
            connection,
            step: StepId(step),
            now_ms,
            next_seq: writer.next_seq,
            news: News::default(),
            change: Change::default(),
        };
        let result = work(&mut action)?;
        let Action { next_seq, mut news, mut change, .. } = action;
        if news.columns {
            change.columns = differences(before, column::load_rows(connection)?);
            news.moved = change.moved_columns();
        }
        let change = serde_json::to_string(&change).expect("a change has only text keys");
        connection
            .execute(
                "INSERT INTO braincells.steps VALUES (?, ?, ?, false, false, ?)",
                params![step, name, now_ms, change],
            )
            .and_then(|_| {
                connection.execute("UPDATE braincells.meta SET changed_at_ms = ?", [now_ms])
            })
            .map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
        writer.next_seq = next_seq;
        Ok((result, StepId(step), news))
    }
}
