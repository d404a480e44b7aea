//! What the operating system tells about this machine. Everything may be unknown.

use std::path::Path;

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

/// Main memory in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) total_bytes: u64,
    pub(crate) free_bytes: u64,
}

pub(crate) fn memory() -> Option<Memory> {
    let kind = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    let system = System::new_with_specifics(kind).ok()?;
    Some(Memory { total_bytes: system.total_memory(), free_bytes: system.available_memory() })
}

/// Free space on the disk that holds `path`.
pub(crate) fn disk_free_bytes(path: &Path) -> Option<u64> {
    disk_space(path).map(|(free, _total)| free)
}

/// What may be written to the disk that holds `path` for our own convenience. Without a limit where
/// the system does not tell; a full disk is an error then as ever.
pub(crate) fn room_bytes(path: &Path) -> u64 {
    disk_space(path).map_or(u64::MAX, |(free, total)| room(free, total))
}

/// A tenth of the disk and a GiB stay free; what is small beside the free space may always be
/// written.
fn room(free_bytes: u64, total_bytes: u64) -> u64 {
    const GIB: u64 = 1 << 30;
    free_bytes.saturating_sub(total_bytes / 10 + GIB).max(free_bytes / 100)
}

/// Free and total space of the file system that has `path`, whatever kind it is of.
#[cfg(unix)]
fn disk_space(path: &Path) -> Option<(u64, u64)> {
    let space = rustix::fs::statvfs(path).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(space.f_frsize);
    Some((bytes(space.f_bavail), bytes(space.f_blocks)))
}

/// Free and total space of the disk with the longest mount point above `path`.
#[cfg(not(unix))]
fn disk_space(path: &Path) -> Option<(u64, u64)> {
    let path = path.canonicalize().ok()?;
    let disks = sysinfo::Disks::new_with_refreshed_list().ok()?;
    let above = disks.iter().filter(|disk| path.starts_with(disk.mount_point()));
    above
        .max_by_key(|disk| disk.mount_point().components().count())
        .map(|disk| (disk.available_space(), disk.total_space()))
}

/// The operating system with its version.
pub(crate) fn operating_system() -> String {
    System::long_os_version().unwrap_or_else(|_unknown| std::env::consts::OS.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_has_no_room_and_a_small_file_has_it_long_before() {
        const GIB: u64 = 1 << 30;
        assert_eq!(room(0, 100 * GIB), 0);
        assert_eq!(room(50 * GIB, 100 * GIB), 39 * GIB);
        assert_eq!(room(10 * GIB, 100 * GIB), GIB / 10);
    }
}
