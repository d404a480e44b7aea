use std::path::{Path, PathBuf};

use braincells_workbench::Home;
use tempfile::TempDir;

/// A home folder that is deleted when it is dropped, with room for other files beside it.
#[derive(Debug)]
pub struct TempHome {
    folder: TempDir,
}

impl TempHome {
    /// A new, empty one.
    ///
    /// # Panics
    /// If the system has no room for a temporary folder.
    pub fn new() -> Self {
        Self { folder: TempDir::new().expect("a test machine has a temporary folder") }
    }

    /// The home.
    pub fn home(&self) -> Home {
        Home::new(self.folder.path().join("home"))
    }

    /// A folder beside the home, for a test's own files.
    pub fn outside(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file beside the home.
    ///
    /// # Panics
    /// If the file cannot be written.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).expect("a test's file can be written");
        path
    }
}

impl Default for TempHome {
    fn default() -> Self {
        Self::new()
    }
}
