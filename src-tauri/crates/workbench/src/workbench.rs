use std::sync::{Arc, Weak};

use braincells_core::{AppError, Event, EventSink, SheetId};
use braincells_data::{Catalogue, ResponseCache, SheetStore};

use crate::answers::Answers;
use crate::blocking::blocking;
use crate::downloads::Downloads;
use crate::mlx::MlxEvents;
use crate::models::ModelCatalogue;
use crate::queue::Lines;
use crate::run::LiveRuns;
use crate::sheets::{OpenSheets, adopt_sheets, tidy_trash};
use crate::views::OpenViews;
use crate::{EngineSource, Home, World};

/// The door to everything. Cheap to clone; the last clone to go pauses the runs that are still
/// alive and closes the sheets.
#[derive(Clone)]
pub struct Workbench {
    inner: Arc<Inner>,
}

struct Inner {
    world: World,
    catalogue: Arc<Catalogue>,
    sheets: OpenSheets,
    live: Arc<LiveRuns>,
    views: OpenViews,
    lines: Arc<Lines>,
    answers: Answers,
    downloads: Downloads,
    model_catalogue: Arc<ModelCatalogue>,
}

/// A workbench that does not keep itself open.
pub(crate) struct WeakWorkbench(Weak<Inner>);

impl WeakWorkbench {
    /// The workbench, unless its last clone is gone.
    pub(crate) fn upgrade(&self) -> Option<Workbench> {
        self.0.upgrade().map(|inner| Workbench { inner })
    }
}

impl Workbench {
    /// Opens a home: makes its folders, opens the catalogue, removes what killed processes left
    /// half done and what has been in the trash for 30 days, and lists sheet files that the
    /// catalogue does not know.
    ///
    /// Waits for the disk; call it before the work begins.
    pub fn open(world: World) -> Result<Self, AppError> {
        let events = Arc::new(MlxEvents(Arc::clone(&world.events)));
        let world = World { events, ..world };
        world.home.create_folders()?;
        for folder in [world.home.sheets(), world.home.temporary(), world.home.trash()] {
            braincells_data::remove_leftovers(&folder)?;
        }
        crate::tune_model::remove_leftovers(&world.home.models());
        let catalogue = Arc::new(Catalogue::open(&world.home.catalogue())?);
        tidy_trash(&catalogue, &world)?;
        adopt_sheets(&catalogue, &world)?;
        let sheets = OpenSheets::default();
        let (live, lines) = (Arc::new(LiveRuns::default()), Arc::new(Lines::default()));
        let limit_bytes = crate::cache::limit_bytes(&catalogue);
        let responses = ResponseCache::open(&world.home.responses(), limit_bytes);
        let answers = Answers::new(Arc::new(responses));
        let views = OpenViews::default();
        let downloads = Downloads::new(&world, Arc::clone(&catalogue), Arc::clone(answers.cache()));
        let model_catalogue = Arc::new(ModelCatalogue::new(&world.home));
        let inner = Inner {
            world,
            catalogue,
            sheets,
            live,
            views,
            lines,
            answers,
            downloads,
            model_catalogue,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Pauses the runs that are alive, waits until they have written what they have, and saves and
    /// closes the sheets; they open again when they are used. Downloads stop and go on the next
    /// time. For a program that ends without
    /// dropping its workbench. One that ends without either loses nothing, but its sheets take
    /// longer to open.
    pub async fn close(&self) -> Result<(), AppError> {
        tokio::join!(self.live().pause_until_none_left(), self.inner.downloads.close());
        let workbench = self.clone();
        blocking(move || {
            workbench.inner.sheets.close_all(workbench.world());
            Ok::<_, AppError>(())
        })
        .await
    }

    pub(crate) fn downgrade(&self) -> WeakWorkbench {
        WeakWorkbench(Arc::downgrade(&self.inner))
    }

    pub(crate) fn home(&self) -> &Home {
        &self.inner.world.home
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.inner.world.clock.now_ms()
    }

    pub(crate) fn world(&self) -> &World {
        &self.inner.world
    }

    pub(crate) fn events(&self) -> Arc<dyn EventSink> {
        Arc::clone(&self.inner.world.events)
    }

    pub(crate) fn engines(&self) -> &dyn EngineSource {
        self.inner.world.engines.as_ref()
    }

    pub(crate) fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.inner.catalogue)
    }

    /// The list of recommended models.
    pub(crate) async fn model_catalogue(
        &self,
    ) -> Result<Arc<braincells_models::catalogue::Catalogue>, AppError> {
        let lists = Arc::clone(&self.inner.model_catalogue);
        blocking(move || Ok::<_, AppError>(lists.newest())).await
    }

    pub(crate) fn open_sheets(&self) -> &OpenSheets {
        &self.inner.sheets
    }

    pub(crate) fn live(&self) -> &Arc<LiveRuns> {
        &self.inner.live
    }

    pub(crate) fn views(&self) -> &OpenViews {
        &self.inner.views
    }

    pub(crate) fn lines(&self) -> &Arc<Lines> {
        &self.inner.lines
    }

    pub(crate) fn queued_downloads(&self) -> &Downloads {
        &self.inner.downloads
    }

    pub(crate) fn answers(&self) -> Answers {
        self.inner.answers.clone()
    }

    /// The open store of a sheet; opens it if this process has not yet, and tells what is to be
    /// known about that.
    pub(crate) async fn store(&self, sheet: SheetId) -> Result<Arc<SheetStore>, AppError> {
        let (store, notices) =
            self.inner.sheets.open(sheet, self.catalogue(), self.world()).await?;
        for notice in notices {
            self.inner.world.events.emit(Event::SheetNotice { sheet, notice });
        }
        Ok(store)
    }

    /// The open store of a sheet that is to be changed. An error at once, before any work, if
    /// another process has the sheet.
    pub(crate) async fn writable_store(&self, sheet: SheetId) -> Result<Arc<SheetStore>, AppError> {
        let mut store = self.store(sheet).await?;
        // The other process may have come to its end since this one looked.
        if store.read_only().is_some() && !self.is_elsewhere(sheet).await? {
            self.inner.sheets.forget_copy(sheet).await;
            store = self.store(sheet).await?;
        }
        store.check_writable()?;
        Ok(store)
    }

    /// Reads something from a sheet, away from the async threads.
    pub(crate) async fn with_store<T: Send + 'static>(
        &self,
        sheet: SheetId,
        work: impl FnOnce(&SheetStore) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let store = self.store(sheet).await?;
        blocking(move || work(&store)).await
    }

    /// Changes something that may take rows away; open views lose them too.
    pub(crate) async fn change_rows<T: Send + 'static>(
        &self,
        sheet: SheetId,
        work: impl FnOnce(&SheetStore) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let result = self.change_store(sheet, work).await?;
        self.views().forget_lost_rows(&*self.store(sheet).await?);
        Ok(result)
    }

    /// Changes something in a sheet, then brings its entry in the sheet list up to date.
    pub(crate) async fn change_store<T: Send + 'static>(
        &self,
        sheet: SheetId,
        work: impl FnOnce(&SheetStore) -> Result<T, AppError> + Send + 'static,
    ) -> Result<T, AppError> {
        let catalogue = self.catalogue();
        let store = self.writable_store(sheet).await?;
        blocking(move || {
            let result = work(&store)?;
            crate::sheets::list_sheet(&catalogue, &store)?;
            Ok::<_, AppError>(result)
        })
        .await
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.live.pause_all();
        self.sheets.close_all(&self.world);
    }
}
