//! Which columns are being filled now, and how each run is told what is wanted of it.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use braincells_core::{Column, ColumnId, Priority, RowId, RunId, RunProgress, RunStatus, SheetId};
use tokio::sync::{Notify, watch};

use super::progress::Figures;
use crate::error::WorkbenchError;
use crate::queue::Standing;
pub(crate) use claim::{Claim, Notes};
pub(crate) use wish::Wish;
pub(super) use wish::wish;

mod claim;
mod wish;

/// A column has one run, and beside it one for the few cells that a person waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    sheet: SheetId,
    column: ColumnId,
    urgent: bool,
}

struct Live {
    /// `None` while it is being started.
    run: Option<Begun>,
    wish: watch::Sender<Wish>,
    by_hand: Arc<ByHand>,
    aside: Arc<Aside>,
    queued: bool,
    /// The model that it asks, once that is known.
    model: Option<String>,
    /// Whether its model is not on this machine.
    asks_others: bool,
}

/// What is known of a run once it is written down.
struct Begun {
    id: RunId,
    figures: Arc<Figures>,
    /// `None` if it needs no engine.
    standing: Option<Standing>,
}

/// Cells that a person edited or approved while the run was alive. The store keeps a run's hands
/// off them; with this the run does not announce them as its own either.
#[derive(Default)]
struct ByHand {
    rows: Mutex<HashSet<RowId>>,
}

impl ByHand {
    fn lock(&self) -> MutexGuard<'_, HashSet<RowId>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a live run is told about its rows: which to take first, which need nothing any more.
#[derive(Default)]
pub(super) struct Aside {
    /// Spares the lock for each row where nothing was said.
    said: AtomicBool,
    words: Mutex<(Vec<RowId>, Vec<RowId>)>,
}

impl Aside {
    /// The rows to take first and the rows that were filled meanwhile, if anything was said since
    /// the last call.
    pub(super) fn take(&self) -> Option<(Vec<RowId>, Vec<RowId>)> {
        self.said.swap(false, Ordering::AcqRel).then(|| std::mem::take(&mut *self.lock()))
    }

    fn say(&self, say: impl FnOnce(&mut (Vec<RowId>, Vec<RowId>))) {
        say(&mut self.lock());
        self.said.store(true, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, (Vec<RowId>, Vec<RowId>)> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All live runs of one workbench.
#[derive(Default)]
pub(crate) struct LiveRuns {
    columns: Mutex<HashMap<Key, Live>>,
    left: Notify,
    /// Told whenever a lock is set.
    locked: watch::Sender<()>,
}

impl LiveRuns {
    /// Takes a column until the claim is dropped. One run at a time, and one with
    /// [`Priority::Now`] beside it.
    pub(crate) fn claim(
        self: &Arc<Self>,
        sheet: SheetId,
        column: &Column,
        priority: Priority,
    ) -> Result<Claim, WorkbenchError> {
        let key = Key { sheet, column: column.id, urgent: priority == Priority::Now };
        let mut columns = self.lock();
        if columns.contains_key(&key) {
            return Err(WorkbenchError::ColumnBusy { name: column.name.clone() });
        }
        let (sender, receiver) = watch::channel(Wish::GoOn);
        let (by_hand, aside) = (Arc::<ByHand>::default(), Arc::<Aside>::default());
        let live = Live {
            run: None,
            wish: sender.clone(),
            by_hand: Arc::clone(&by_hand),
            aside: Arc::clone(&aside),
            queued: false,
            model: None,
            asks_others: false,
        };
        columns.insert(key, live);
        let notes = Notes { live: Arc::clone(self), key, by_hand };
        Ok(Claim { notes, sender, receiver, aside })
    }

    /// Tells a run what is wanted; `false` if it is not alive.
    pub(super) fn wish(&self, sheet: SheetId, run: RunId, wanted: Wish) -> bool {
        self.find(sheet, run, |live| wish(&live.wish, wanted)).is_some()
    }

    pub(super) fn is_live(&self, sheet: SheetId, run: RunId) -> bool {
        self.find(sheet, run, |_| ()).is_some()
    }

    /// The figures of all live runs and whether they wait for their turn: those that work first,
    /// the others in the order in which their turns come.
    pub(super) fn all(&self) -> Vec<(RunProgress, RunStatus)> {
        let columns = self.lock();
        let begun = columns.values().filter_map(|live| Some((live.queued, live.run.as_ref()?)));
        let mut begun: Vec<(bool, &Begun)> = begun.collect();
        begun.sort_by_key(|(queued, begun)| (*queued, begun.standing));
        let status = |queued| if queued { RunStatus::Queued } else { RunStatus::Running };
        begun.into_iter().map(|(queued, run)| (run.figures.now(), status(queued))).collect()
    }

    /// The names of the models that live runs ask, those that wait for their turn too.
    pub(crate) fn models(&self) -> Vec<String> {
        self.lock().values().filter_map(|live| live.model.clone()).collect()
    }

    /// Pauses all runs, because the program ends, and waits until none is alive.
    pub(crate) async fn pause_until_none_left(&self) {
        loop {
            let mut left = std::pin::pin!(self.left.notified());
            // Before looking, so that an end in between is not missed.
            left.as_mut().enable();
            // Each time, because one may have been started since.
            if self.pause_all() == 0 {
                return;
            }
            left.await;
        }
    }

    /// Whether a live run waits for its turn.
    pub(super) fn is_queued(&self, sheet: SheetId, run: RunId) -> bool {
        self.find(sheet, run, |live| live.queued).unwrap_or(false)
    }

    /// Has the run that fills a column take these rows first; `false` if there is none.
    pub(super) fn look_at(&self, sheet: SheetId, column: ColumnId, rows: &[RowId]) -> bool {
        let columns = self.lock();
        let live = columns.get(&Key { sheet, column, urgent: false });
        if let Some(live) = live {
            live.aside.say(|(look_at, _)| *look_at = rows.to_vec());
        }
        live.is_some()
    }

    /// Whether a column is being filled.
    pub(crate) fn is_column_live(&self, sheet: SheetId, column: ColumnId) -> bool {
        self.lock().keys().any(|key| (key.sheet, key.column) == (sheet, column))
    }

    /// Whether any column of the sheet is being filled.
    pub(crate) fn is_sheet_live(&self, sheet: SheetId) -> bool {
        self.lock().keys().any(|key| key.sheet == sheet)
    }

    /// Notes that a person takes a cell over, or gives it back by clearing it.
    pub(crate) fn take_over(&self, sheet: SheetId, column: ColumnId, row: RowId, taken: bool) {
        let columns = self.lock();
        for urgent in [false, true] {
            let Some(live) = columns.get(&Key { sheet, column, urgent }) else { continue };
            let mut rows = live.by_hand.lock();
            if taken {
                rows.insert(row)
            } else {
                rows.remove(&row)
            };
        }
    }

    /// Asks every run to stop and keep what it has, because the program ends; returns how many there
    /// are.
    pub(crate) fn pause_all(&self) -> usize {
        let columns = self.lock();
        for live in columns.values() {
            wish(&live.wish, Wish::Leave);
        }
        columns.len()
    }

    /// Pauses the runs of a sheet, or all, whose models are not on this machine.
    pub(crate) fn lock_out(&self, sheet: Option<SheetId>) {
        let columns = self.lock();
        let of_sheet = |key: &Key| sheet.is_none_or(|sheet| key.sheet == sheet);
        let live = columns.iter().filter(|(key, live)| of_sheet(key) && live.asks_others);
        for (_, live) in live {
            wish(&live.wish, Wish::LockOut);
        }
        drop(columns);
        self.locked.send_replace(());
    }

    /// Tells whenever a lock is set, for who asks without a run.
    pub(crate) fn locks(&self) -> watch::Receiver<()> {
        self.locked.subscribe()
    }

    fn find<T>(&self, sheet: SheetId, run: RunId, look: impl FnOnce(&Live) -> T) -> Option<T> {
        let columns = self.lock();
        let mut found = columns.iter();
        let is_it = |live: &Live| live.run.as_ref().is_some_and(|begun| begun.id == run);
        found.find(|(key, live)| key.sheet == sheet && is_it(live)).map(|(_, live)| look(live))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Live>> {
        // Nothing under this lock can panic half-way through a change.
        self.columns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
