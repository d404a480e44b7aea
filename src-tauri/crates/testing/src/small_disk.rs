use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system of a few MiB that goes away when it is dropped.
#[derive(Debug)]
pub struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    /// Mounts one of `mib` MiB at `path`, a folder that is made. `None` where mounting is not
    /// permitted, which a test says before it skips.
    pub fn new(path: PathBuf, mib: u32) -> Option<Self> {
        std::fs::create_dir(&path).ok()?;
        let size = format!("size={mib}m");
        let mount = |path: &Path| {
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(path).output()
        };
        mount(&path).is_ok_and(|said| said.status.success()).then_some(Self { path })
    }

    /// The folder that it is mounted at.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Fills it to the last byte. Removing the file that is returned makes it empty again.
    ///
    /// # Panics
    /// If there is room left.
    pub fn fill(&self) -> PathBuf {
        let filler = self.path.join("filler");
        let of = format!("of={}", filler.display());
        let said = Command::new("dd").args(["if=/dev/zero", "bs=4k", &of]).output();
        assert!(said.is_ok_and(|said| !said.status.success()), "the disk must be full now");
        filler
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Whatever still has a file open there lets go of it later.
        drop(Command::new("umount").arg("--lazy").arg(&self.path).output());
    }
}
