//! What the commands share.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use braincells_core::{AppError, Code, Event, EventSink, RunStatus};
use braincells_workbench::{Home, LocalEngines, RoutedEngines, SystemClock, Workbench, World};
use tauri::{AppHandle, Manager, State};

use crate::clipboard::SystemClipboard;
use crate::dialogs::Dialogs;
use crate::events::WindowEvents;
use crate::long_calls::LongCalls;
use crate::opening::Start;
use crate::window;

/// How long the end of the program waits for runs to write what they have.
const LAST_WORDS: Duration = Duration::from_secs(10);
/// How often it is looked whether the model was idle for too long.
const TICK: Duration = Duration::from_secs(15);

/// What the commands share; made once, before the window.
pub struct App {
    /// The verbs.
    pub workbench: Workbench,
    /// Events on their way to the page.
    pub events: Arc<WindowEvents>,
    /// Calls that the page can stop.
    pub long_calls: LongCalls,
    /// The system's clipboard.
    pub clipboard: SystemClipboard,
    /// How files are chosen.
    pub dialogs: Dialogs,
    /// The folder of everything.
    pub home: Home,
}

/// Passes events on, and tells the system when a long run ends while nobody looks.
struct AppEvents {
    window: Arc<WindowEvents>,
    handle: AppHandle,
}

impl EventSink for AppEvents {
    fn emit(&self, event: Event) {
        if let Event::RunEnded { status, progress, .. } = &event {
            let ended = matches!(status, RunStatus::Done | RunStatus::Failed);
            if ended {
                window::notify_of_end(&self.handle, *status, progress);
            }
        }
        self.window.emit(event);
    }
}

impl App {
    /// Opens the home that the program was started with.
    pub fn open(handle: &AppHandle) -> Result<Self, AppError> {
        let Start { home, dialog_answers, program, keys, other_apps, .. } =
            handle.state::<Start>().inner().clone();
        let root = match home {
            Some(home) => home,
            None => default_home(handle)?,
        };
        let home = Home::new(root).with_other_apps(other_apps);
        let events = Arc::new(WindowEvents::start()?);
        let clock = Arc::new(SystemClock);
        let local = LocalEngines::in_worker(home.clone(), clock.clone(), program.engine())
            .with_mlx(program.mlx());
        let cloud = Arc::new(keys.cloud());
        let engines =
            RoutedEngines::new(Arc::new(local), home.clone(), clock.clone(), Arc::clone(&cloud));
        let workbench = Workbench::open(World {
            engines: Arc::new(engines),
            clock,
            cloud,
            events: Arc::new(AppEvents { window: Arc::clone(&events), handle: handle.clone() }),
            home: home.clone(),
            probe: Arc::new(program.probe()),
        })?;
        // What an earlier start left in the queue goes on.
        let resuming = workbench.clone();
        tauri::async_runtime::spawn(async move {
            if let Err(error) = resuming.resume_downloads().await {
                tracing::warn!(%error, "the downloads were not taken up");
            }
        });
        let ticking = workbench.clone();
        tauri::async_runtime::spawn(async move {
            let mut interval = tokio::time::interval(TICK);
            loop {
                interval.tick().await;
                ticking.tick().await;
            }
        });
        let dialogs = Dialogs::new(dialog_answers);
        let long_calls = LongCalls::default();
        let clipboard = SystemClipboard::default();
        Ok(Self { workbench, events, long_calls, clipboard, dialogs, home })
    }

    /// The app, whose home is opened now if that was not possible before: a disk was full, or a
    /// folder could not be written.
    pub async fn of(handle: &AppHandle) -> Result<State<'_, Self>, AppError> {
        if handle.try_state::<Self>().is_none() {
            let opening = handle.clone();
            let opened = tauri::async_runtime::spawn_blocking(move || Self::open(&opening)).await;
            let opened =
                opened.map_err(|error| AppError::new(Code::Internal, error.to_string()))?;
            handle.manage(opened?);
        }
        Ok(handle.state())
    }

    /// Pauses the runs and closes the sheets; what is not written by then is generated again.
    pub fn close(&self) {
        let closed = tauri::async_runtime::block_on(async {
            tokio::time::timeout(LAST_WORDS, self.workbench.close()).await
        });
        match closed {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the sheets were not closed well"),
            Err(_elapsed) => tracing::warn!("the runs did not end in time; they go on next time"),
        }
    }
}

fn default_home(handle: &AppHandle) -> Result<PathBuf, AppError> {
    handle.path().local_data_dir().map(|folder| folder.join("braincells")).map_err(|error| {
        AppError::new(Code::NotFound, format!("this user has no folder to keep sheets in: {error}"))
            .with_hint("name a folder with `BRAINCELLS_HOME`")
    })
}
