//! Figures of columns and selections, and finding text.

use braincells_core::{
    AppError, ColumnId, ColumnStats, DistinctValues, Filter, FindRequest, Found, Replacement,
    SheetId, Summary, ViewId,
};
use braincells_data::{Among, SheetStore, View};
use serde::{Deserialize, Serialize};

use crate::Workbench;
use crate::views::rows_at;

/// Which rows figures are of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "rows")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum Selection {
    /// All of the sheet.
    #[default]
    All,
    /// Those for which a condition holds.
    Where {
        /// The condition.
        filter: Filter,
    },
    /// Those at some positions of a view, or of the sheet's own order.
    Range {
        /// The view.
        #[serde(default)]
        view: Option<ViewId>,
        /// Position of the first, from 0.
        start: u64,
        /// How many.
        count: u64,
    },
}

impl Workbench {
    /// What a column holds, in figures: at most `bins` bars in a histogram and the `top` commonest
    /// values. Dropping the future stops the counting.
    pub async fn column_stats(
        &self,
        sheet: SheetId,
        column: ColumnId,
        selection: Selection,
        bins: u32,
        top: u32,
    ) -> Result<ColumnStats, AppError> {
        let view = self.view_of(sheet, &selection)?;
        self.with_stoppable(sheet, move |store, stopped| {
            among(store, &selection, view.as_ref(), |among| {
                Ok(store.column_stats(column, among, bins, top, stopped)?)
            })
        })
        .await
    }

    /// The different values of a column with their counts, in the order in which it sorts; only
    /// those whose text contains `search`. Dropping the future stops the counting.
    pub async fn distinct_values(
        &self,
        sheet: SheetId,
        column: ColumnId,
        selection: Selection,
        search: Option<&str>,
        limit: u32,
    ) -> Result<DistinctValues, AppError> {
        let view = self.view_of(sheet, &selection)?;
        let search = search.map(str::to_owned);
        self.with_stoppable(sheet, move |store, stopped| {
            among(store, &selection, view.as_ref(), |among| {
                Ok(store.distinct_values(column, among, search.as_deref(), limit, stopped)?)
            })
        })
        .await
    }

    /// Counts and sums of some cells, for a status bar. Dropping the future stops the counting.
    pub async fn summarise(
        &self,
        sheet: SheetId,
        columns: &[ColumnId],
        selection: Selection,
    ) -> Result<Summary, AppError> {
        let view = self.view_of(sheet, &selection)?;
        let columns = columns.to_vec();
        self.with_stoppable(sheet, move |store, stopped| {
            among(store, &selection, view.as_ref(), |among| {
                Ok(store.summarise(&columns, among, stopped)?)
            })
        })
        .await
    }

    /// The cells whose text holds a text, a page of them; with a view, only its rows, in its
    /// order. Dropping the future stops the search.
    pub async fn find(
        &self,
        sheet: SheetId,
        request: FindRequest,
        view: Option<ViewId>,
    ) -> Result<Found, AppError> {
        let view = self.find_view(sheet, view)?;
        self.with_stoppable(sheet, move |store, stopped| {
            Ok(store.find(&request, view.as_ref(), stopped)?)
        })
        .await
    }

    /// What a replacement would change, a page of it; nothing is changed. Dropping the future
    /// stops the search.
    pub async fn preview_replacements(
        &self,
        sheet: SheetId,
        request: FindRequest,
        replacement: &str,
    ) -> Result<Vec<Replacement>, AppError> {
        let replacement = replacement.to_owned();
        self.with_stoppable(sheet, move |store, stopped| {
            Ok(store.find_replacements(&request, &replacement, stopped)?)
        })
        .await
    }

    fn view_of(&self, sheet: SheetId, selection: &Selection) -> Result<Option<View>, AppError> {
        match selection {
            Selection::Range { view, .. } => self.find_view(sheet, *view),
            _ => Ok(None),
        }
    }
}

fn among<T>(
    store: &SheetStore,
    selection: &Selection,
    view: Option<&View>,
    work: impl FnOnce(Among<'_>) -> Result<T, AppError>,
) -> Result<T, AppError> {
    match selection {
        Selection::All => work(Among::All),
        Selection::Where { filter } => work(Among::Where(filter)),
        Selection::Range { start, count, .. } => {
            let rows = rows_at(store, view, *start, *count);
            work(Among::These(&rows))
        }
    }
}
