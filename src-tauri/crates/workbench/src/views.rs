//! Sorted and filtered views of a sheet, held open for a grid that reads them by window.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use braincells_core::{AppError, ColumnId, OpenView, RowId, SheetId, ViewId, ViewSpec, Window};
use braincells_data::{SheetStore, View};

use crate::Workbench;
use crate::error::WorkbenchError;
use crate::transfer::StopOnDrop;

/// Views of one sheet that are open at once: a million rows take 8 MB each.
const MOST_PER_SHEET: usize = 8;

/// The views that are open, those of a sheet in the order of their last use.
#[derive(Default)]
pub(crate) struct OpenViews {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    last_id: u64,
    sheets: HashMap<SheetId, VecDeque<Held>>,
}

#[derive(Clone)]
struct Held {
    id: ViewId,
    spec: Arc<ViewSpec>,
    view: View,
}

impl OpenViews {
    /// Holds a view; the one of the same sheet that was used the longest ago makes room.
    fn hold(&self, sheet: SheetId, spec: ViewSpec, view: View) -> OpenView {
        let mut inner = self.lock();
        inner.last_id += 1;
        let id = ViewId(inner.last_id);
        let open = OpenView { id, row_count: view.row_count() };
        let views = inner.sheets.entry(sheet).or_default();
        views.push_back(Held { id, spec: Arc::new(spec), view });
        if views.len() > MOST_PER_SHEET {
            views.pop_front();
        }
        open
    }

    fn find(&self, sheet: SheetId, id: ViewId) -> Result<Held, WorkbenchError> {
        let mut inner = self.lock();
        let views = inner.sheets.entry(sheet).or_default();
        let place = views.iter().position(|held| held.id == id);
        let held = place.and_then(|place| views.remove(place)).ok_or(WorkbenchError::ViewClosed)?;
        views.push_back(held.clone());
        Ok(held)
    }

    /// Puts other rows into an open view; nothing when it was closed meanwhile.
    fn replace(&self, sheet: SheetId, id: ViewId, view: View) {
        let mut inner = self.lock();
        let views = inner.sheets.entry(sheet).or_default();
        if let Some(held) = views.iter_mut().find(|held| held.id == id) {
            held.view = view;
        }
    }

    fn close(&self, sheet: SheetId, id: ViewId) {
        self.lock().sheets.entry(sheet).or_default().retain(|held| held.id != id);
    }

    /// Closes all views of a sheet that is no more.
    pub(crate) fn forget_sheet(&self, sheet: SheetId) {
        self.lock().sheets.remove(&sheet);
    }

    /// Takes rows that a sheet has lost out of its open views, so that the rows behind them move
    /// up at once.
    pub(crate) fn forget_lost_rows(&self, store: &SheetStore) {
        for held in self.lock().sheets.entry(store.id()).or_default() {
            held.view = store.without_lost_rows(&held.view);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Workbench {
    /// Sorts and filters a sheet and holds the result open. Edits do not reorder it;
    /// [`Workbench::refresh_view`] does. Dropping the future stops the sorting.
    ///
    /// At most 8 views of a sheet are open: another one closes the one that was used the longest
    /// ago.
    pub async fn open_view(&self, sheet: SheetId, spec: ViewSpec) -> Result<OpenView, AppError> {
        let wanted = spec.clone();
        let view = self
            .with_stoppable(sheet, move |store, stopped| Ok(store.make_view(&wanted, stopped)?));
        let view = view.await?;
        Ok(self.views().hold(sheet, spec, view))
    }

    /// Sorts and filters an open view again, as the cells are now.
    pub async fn refresh_view(&self, sheet: SheetId, view: ViewId) -> Result<OpenView, AppError> {
        let spec = self.views().find(sheet, view)?.spec;
        let made =
            self.with_stoppable(sheet, move |store, stopped| Ok(store.make_view(&spec, stopped)?));
        let made = made.await?;
        let open = OpenView { id: view, row_count: made.row_count() };
        self.views().replace(sheet, view, made);
        Ok(open)
    }

    /// Closes a view; one that is closed already stays so.
    pub fn close_view(&self, sheet: SheetId, view: ViewId) {
        self.views().close(sheet, view);
    }

    /// Reads a rectangle of cells by position in a view, or in the sheet's own order.
    pub async fn window(
        &self,
        sheet: SheetId,
        view: Option<ViewId>,
        columns: &[ColumnId],
        start: u64,
        count: u64,
    ) -> Result<Window, AppError> {
        let view = self.find_view(sheet, view)?;
        let columns = columns.to_vec();
        self.with_store(sheet, move |store| {
            Ok(match view {
                None => store.window(&columns, start, count)?,
                Some(view) => store.window_of(&view, &columns, start, count)?,
            })
        })
        .await
    }

    /// Makes what quick windows of views over these columns need, and waits for it; without it
    /// the first window starts the making and the next ones are slower meanwhile. Returns whether
    /// it could be made.
    pub async fn prepare_windows(
        &self,
        sheet: SheetId,
        columns: &[ColumnId],
    ) -> Result<bool, AppError> {
        let columns = columns.to_vec();
        self.with_store(sheet, move |store| Ok(store.prepare_windows(&columns)?)).await
    }

    /// The rows at some positions of a view, or of the sheet's own order.
    pub async fn rows_at(
        &self,
        sheet: SheetId,
        view: Option<ViewId>,
        start: u64,
        count: u64,
    ) -> Result<Vec<RowId>, AppError> {
        let view = self.find_view(sheet, view)?;
        self.with_store(sheet, move |store| Ok(rows_at(store, view.as_ref(), start, count))).await
    }

    /// Where a row is in a view, or in the sheet's own order; `None` if it is not in it.
    pub async fn position_of(
        &self,
        sheet: SheetId,
        view: Option<ViewId>,
        row: RowId,
    ) -> Result<Option<u64>, AppError> {
        let view = self.find_view(sheet, view)?;
        self.with_store(sheet, move |store| {
            Ok(match view {
                None => store.position_of(row),
                Some(view) => view.position_of(row),
            })
        })
        .await
    }

    pub(crate) fn find_view(
        &self,
        sheet: SheetId,
        view: Option<ViewId>,
    ) -> Result<Option<View>, AppError> {
        Ok(view.map(|view| self.views().find(sheet, view)).transpose()?.map(|held| held.view))
    }

    /// Reads something that takes long; dropping the future sets the flag that stops it.
    pub(crate) async fn with_stoppable<T: Send + 'static>(
        &self,
        sheet: SheetId,
        work: impl FnOnce(&SheetStore, &std::sync::atomic::AtomicBool) -> Result<T, AppError>
        + Send
        + 'static,
    ) -> Result<T, AppError> {
        let stop = StopOnDrop::default();
        let stopped = Arc::clone(&stop.stopped);
        self.with_store(sheet, move |store| work(store, &stopped)).await
    }
}

pub(crate) fn rows_at(
    store: &SheetStore,
    view: Option<&View>,
    start: u64,
    count: u64,
) -> Vec<RowId> {
    match view {
        None => store.rows_at(start, count),
        Some(view) => view.slice(start, count).to_vec(),
    }
}
