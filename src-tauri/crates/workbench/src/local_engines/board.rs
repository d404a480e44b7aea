//! Where each model stands, told whenever that changes.
//!
//! Whoever loads a model, keeps it in memory or works with it has a [`Mark`] on the board; what a
//! model's marks mean together is a pure function.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use braincells_core::{AppError, Code, Event, EventSink, ModelStatus};

use crate::ModelStanding;

/// What somebody does with a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Loading,
    InMemory,
    InUse,
}

/// The marks of all models.
#[derive(Default)]
pub(super) struct Board {
    models: Mutex<HashMap<PathBuf, Entry>>,
}

struct Entry {
    name: String,
    events: Arc<dyn EventSink>,
    marks: Marks,
    told: ModelStatus,
}

/// How many marks of each kind a model has, and why it could not be loaded when that was last
/// tried.
#[derive(Clone, Debug, Default, PartialEq)]
struct Marks {
    loading: u32,
    in_memory: u32,
    in_use: u32,
    failed: Option<AppError>,
}

impl Marks {
    fn of(&mut self, stage: Stage) -> &mut u32 {
        match stage {
            Stage::Loading => &mut self.loading,
            Stage::InMemory => &mut self.in_memory,
            Stage::InUse => &mut self.in_use,
        }
    }

    /// One that works works, even if it is being loaded once more in another way.
    fn status(&self) -> ModelStatus {
        match self {
            Self { in_use: 1.., .. } => ModelStatus::Running,
            Self { loading: 1.., .. } => ModelStatus::Loading,
            Self { in_memory: 1.., .. } => ModelStatus::Ready,
            Self { failed: Some(_), .. } => ModelStatus::Failed,
            _ => ModelStatus::Downloaded,
        }
    }
}

impl Board {
    /// Sets a mark; its changes are told there from now on.
    pub(super) fn enter(
        self: &Arc<Self>,
        name: &str,
        path: &Path,
        stage: Stage,
        events: &Arc<dyn EventSink>,
    ) -> Mark {
        let mut models = self.lock();
        let entry = models.entry(path.to_owned()).or_insert_with(|| Entry {
            name: name.to_owned(),
            events: Arc::clone(events),
            marks: Marks::default(),
            told: ModelStatus::Downloaded,
        });
        entry.events = Arc::clone(events);
        *entry.marks.of(stage) += 1;
        if stage == Stage::Loading {
            entry.marks.failed = None;
        }
        entry.tell();
        Mark { board: Arc::clone(self), path: path.to_owned(), stage }
    }

    /// The models that stand elsewhere than on the disk.
    pub(super) fn standing(&self) -> Vec<ModelStanding> {
        let models = self.lock();
        let standing = models.iter().map(|(path, entry)| ModelStanding {
            path: path.clone(),
            status: entry.told,
            error: entry.marks.failed.clone(),
        });
        standing.filter(|one| one.status != ModelStatus::Downloaded).collect()
    }

    /// Nothing is known any more of why a model could not be loaded.
    pub(super) fn forget_failure(&self, path: &Path) {
        let mut models = self.lock();
        let Some(entry) = models.get_mut(path) else { return };
        entry.marks.failed = None;
        entry.tell();
        if entry.told == ModelStatus::Downloaded {
            models.remove(path);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Entry>> {
        // Nothing under this lock can panic half-way through a change.
        self.models.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    /// Under the lock of the board, so that what is told last is true.
    fn tell(&mut self) {
        let status = self.marks.status();
        if status != self.told {
            self.told = status;
            let error = self.marks.failed.clone().filter(|_| status == ModelStatus::Failed);
            self.events.emit(Event::ModelStatus { model: self.name.clone(), status, error });
        }
    }
}

/// Says that somebody does something with a model, until it is dropped.
pub(super) struct Mark {
    board: Arc<Board>,
    path: PathBuf,
    stage: Stage,
}

impl Mark {
    /// Takes the mark away because the model could not be loaded.
    pub(super) fn fail(self, error: &AppError) {
        if error.code != Code::Cancelled
            && let Some(entry) = self.board.lock().get_mut(&self.path)
        {
            entry.marks.failed = Some(error.clone());
        }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        let mut models = self.board.lock();
        let Some(entry) = models.get_mut(&self.path) else { return };
        let marks = entry.marks.of(self.stage);
        *marks = marks.saturating_sub(1);
        entry.tell();
        if entry.told == ModelStatus::Downloaded {
            models.remove(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use braincells_testing::RecordedEvents;

    use super::*;

    #[test]
    fn what_marks_mean_together() {
        let marks = |loading, in_memory, in_use, failed: bool| Marks {
            loading,
            in_memory,
            in_use,
            failed: failed.then(|| AppError::new(Code::ModelBroken, "broken")),
        };
        for (marks, expected) in [
            (marks(0, 0, 0, false), ModelStatus::Downloaded),
            (marks(1, 0, 0, false), ModelStatus::Loading),
            (marks(1, 1, 0, false), ModelStatus::Loading),
            (marks(0, 1, 0, false), ModelStatus::Ready),
            (marks(0, 1, 2, false), ModelStatus::Running),
            (marks(1, 0, 1, false), ModelStatus::Running),
            (marks(0, 0, 1, false), ModelStatus::Running),
            (marks(0, 0, 0, true), ModelStatus::Failed),
            (marks(0, 1, 0, true), ModelStatus::Ready),
        ] {
            assert_eq!(marks.status(), expected, "{marks:?}");
        }
    }

    #[test]
    fn each_change_is_told_once_and_in_order() {
        let (board, recorded) = (Arc::<Board>::default(), Arc::new(RecordedEvents::default()));
        let events: Arc<dyn EventSink> = Arc::clone(&recorded) as _;
        let enter = |stage| board.enter("m", Path::new("/m.gguf"), stage, &events);
        let told = || {
            let all = recorded.all();
            recorded.clear();
            let status = |event: Event| match event {
                Event::ModelStatus { status, error, .. } => (status, error.is_some()),
                other => panic!("{other:?}"),
            };
            all.into_iter().map(status).collect::<Vec<_>>()
        };
        let loading = enter(Stage::Loading);
        let in_memory = enter(Stage::InMemory);
        drop(loading);
        let (one, other) = (enter(Stage::InUse), enter(Stage::InUse));
        drop(one);
        assert_eq!(board.standing()[0].status, ModelStatus::Running);
        drop(other);
        let used = enter(Stage::InUse);
        drop(in_memory);
        drop(used);
        assert_eq!(
            told(),
            [
                (ModelStatus::Loading, false),
                (ModelStatus::Ready, false),
                (ModelStatus::Running, false),
                (ModelStatus::Ready, false),
                (ModelStatus::Running, false),
                (ModelStatus::Downloaded, false),
            ]
        );
        assert_eq!(board.standing(), []);

        enter(Stage::Loading).fail(&AppError::new(Code::ModelBroken, "broken"));
        assert_eq!(board.standing()[0].status, ModelStatus::Failed);
        board.forget_failure(Path::new("/m.gguf"));
        assert_eq!(board.standing(), [], "another file is there now");
        enter(Stage::Loading).fail(&AppError::new(Code::Cancelled, "stopped"));
        assert_eq!(
            told(),
            [
                (ModelStatus::Loading, false),
                (ModelStatus::Failed, true),
                (ModelStatus::Downloaded, false),
                (ModelStatus::Loading, false),
                (ModelStatus::Downloaded, false),
            ]
        );
    }
}
