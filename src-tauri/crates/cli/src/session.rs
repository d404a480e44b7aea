//! What every verb needs: the workbench, the mouth, the ear.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use braincells_core::{AppError, Code, EventSink, SheetId};
use braincells_workbench::{
    Cloud, Home, KeyEnvironment, LocalEngines, OtherApps, OwnProgram, RoutedEngines, SystemClock,
    Workbench, World,
};

use crate::failure::{Failure, stopped};
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::progress::Progress;

/// One run of the program.
pub struct Session {
    /// The verbs.
    pub workbench: Workbench,
    /// Where things are kept.
    pub home: Home,
    /// What is said.
    pub output: Arc<Output>,
    /// What is shown meanwhile.
    pub progress: Arc<Progress>,
    /// When to stop.
    pub interrupt: Interrupt,
}

impl Session {
    /// Opens the home, which is the platform's data folder unless named.
    pub fn open(
        home: Option<&Path>,
        output: Arc<Output>,
        progress: Arc<Progress>,
        interrupt: Interrupt,
    ) -> Result<Self, Failure> {
        let root = match home {
            Some(home) => absolute(home)?,
            None => default_home()?,
        };
        let home = Home::new(root).with_other_apps(OtherApps::of(environment()));
        let events: Arc<dyn EventSink> = Arc::<Progress>::clone(&progress);
        let (program, clock) = (own_program(), Arc::new(SystemClock));
        let local = LocalEngines::in_worker(home.clone(), clock.clone(), program.engine())
            .with_mlx(program.mlx());
        let cloud = Arc::new(cloud());
        let engines =
            RoutedEngines::new(Arc::new(local), home.clone(), clock.clone(), Arc::clone(&cloud));
        let workbench = Workbench::open(World {
            engines: Arc::new(engines),
            clock,
            events,
            home: home.clone(),
            probe: Arc::new(program.probe()),
            cloud,
        })?;
        Ok(Self { workbench, home, output, progress, interrupt })
    }

    /// Waits for work that has nothing to keep when it is stopped half-way.
    pub async fn unless_stopped<T>(
        &self,
        work: impl Future<Output = Result<T, AppError>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            result = work => Ok(result?),
            () = self.interrupt.pressed() => Err(self.stopped().into()),
        }
    }

    /// The sheet that an argument means.
    pub async fn sheet(&self, text: &str) -> Result<SheetId, Failure> {
        self.unless_stopped(self.workbench.find_sheet(text)).await
    }

    fn stopped(&self) -> AppError {
        self.progress.clear();
        stopped("stopped", "the same command goes on where it can")
    }
}

/// The path from the root of the file system; the one place that looks at the current folder.
pub fn absolute(path: &Path) -> Result<PathBuf, AppError> {
    std::path::absolute(path).map_err(|error| {
        let message = format!("the path `{}` cannot be used: {error}", path.display());
        AppError::new(Code::BadInput, message)
    })
}

fn default_home() -> Result<PathBuf, AppError> {
    let folders = directories::BaseDirs::new().ok_or_else(|| {
        AppError::new(Code::NotFound, "this user has no home folder to keep sheets in")
            .with_hint("name a folder with `--home` or `BRAINCELLS_HOME`")
    })?;
    Ok(folders.data_local_dir().join("braincells"))
}

/// Where this program is.
pub fn own_path() -> PathBuf {
    // A system that cannot name the program finds it by its name.
    std::env::current_exe().unwrap_or_else(|_unknown| "braincells".into())
}

/// This same program, for what may crash: sheets that may be damaged are tried by it, and engines
/// run in it.
fn own_program() -> OwnProgram {
    OwnProgram::new(own_path(), environment())
}

/// The keys of backends, those of the environment and of the platform's keyring, and the hub.
fn cloud() -> Cloud {
    KeyEnvironment::of(environment()).cloud()
}

/// The one place of the command line that reads the environment.
fn environment() -> std::env::VarsOs {
    std::env::vars_os()
}
