//! Workbooks are archives, and a small archive can hold more than a machine can: what it holds is
//! measured before a reader unpacks it into memory.

use std::fs::File;
use std::io::{self, BufReader, Read};

use zip::ZipArchive;

use super::batches::damaged;
use super::probe::{Probed, unusable};
use super::watch::going_on;
use crate::DataError;

/// The most that a workbook may unpack to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// All files of it together.
    pub(super) all_bytes: u64,
    /// What readers hold in memory as a whole: everything but the sheets of an XLSX file.
    pub(super) held_bytes: u64,
}

pub(super) const ROOM: Room = Room { all_bytes: 16 << 30, held_bytes: 1 << 30 };

/// Refuses an archive that unpacks to more than there is room for, or that lies about it.
pub(super) fn check(
    probed: &Probed,
    room: Room,
    cancelled: &std::sync::atomic::AtomicBool,
) -> Result<(), DataError> {
    let file =
        File::open(&probed.path).map_err(|source| DataError::io("read", &probed.path, source))?;
    let mut archive = ZipArchive::new(BufReader::new(file))
        .map_err(|error| damaged(probed, &error.to_string()))?;
    let (mut all, mut held) = (0_u64, 0_u64);
    for index in 0..archive.len() {
        going_on(cancelled)?;
        let entry = archive.by_index(index).map_err(|error| damaged(probed, &error.to_string()))?;
        let declared = entry.size();
        all = all.saturating_add(declared);
        if all > room.all_bytes {
            return Err(too_large(probed, all, room.all_bytes));
        }
        let name = entry.name().map_err(|error| damaged(probed, &error.to_string()))?;
        if name.starts_with("xl/worksheets/") {
            continue;
        }
        held = held.saturating_add(declared);
        if held > room.held_bytes {
            return Err(too_large(probed, held, room.held_bytes));
        }
        let unpacked = io::copy(&mut entry.take(declared + 1), &mut io::sink())
            .map_err(|error| damaged(probed, &error.to_string()))?;
        if unpacked != declared {
            return Err(damaged(probed, "its list of contents gives a wrong size"));
        }
    }
    Ok(())
}

fn too_large(probed: &Probed, bytes: u64, most: u64) -> DataError {
    let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    let reason = format!(
        "it unpacks to {:.1} GiB or more, and at most {:.1} GiB are unpacked",
        gib(bytes),
        gib(most)
    );
    unusable(&probed.named, reason, "save the sheet as CSV and import that")
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::Path;
    use std::sync::atomic::AtomicBool;

    use zip::write::{SimpleFileOptions, ZipWriter};

    use super::super::options::Encoding;
    use super::*;
    use crate::Format;

    const ROOM: Room = Room { all_bytes: 2 << 20, held_bytes: 1 << 20 };

    fn archive(path: &Path, entries: &[(&str, usize)]) -> Probed {
        let mut writer = ZipWriter::new(File::create(path).unwrap());
        for (name, bytes) in entries {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(&vec![b'x'; *bytes]).unwrap();
        }
        writer.finish().unwrap();
        Probed {
            path: path.to_path_buf(),
            named: path.to_path_buf(),
            format: Format::Xlsx,
            size_bytes: std::fs::metadata(path).unwrap().len(),
            encoding: Encoding::Utf8,
            recoding: None,
        }
    }

    fn said(probed: &Probed) -> String {
        match check(probed, ROOM, &AtomicBool::new(false)) {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_unpacks_to_more_than_there_is_room_for_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xlsx");
        let sheet = "xl/worksheets/sheet1.xml";
        assert_eq!(
            said(&archive(&path, &[("xl/sharedStrings.xml", 1 << 20), (sheet, 1 << 20)])),
            ""
        );
        let bomb = archive(&path, &[("xl/sharedStrings.xml", (1 << 20) + 1)]);
        assert!(bomb.size_bytes < 10_000, "a bomb is small");
        assert!(said(&bomb).contains("unpacks to"), "{}", said(&bomb));
        assert!(said(&archive(&path, &[(sheet, 3 << 20)])).contains("unpacks to"));
    }

    #[test]
    fn a_size_that_is_a_lie_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.xlsx");
        archive(&path, &[("xl/sharedStrings.xml", 50_000)]);
        let mut bytes = std::fs::read(&path).unwrap();
        let size = 50_000_u32.to_le_bytes();
        let places: Vec<usize> =
            (0..bytes.len() - 4).filter(|at| bytes[*at..*at + 4] == size).collect();
        assert_eq!(places.len(), 2, "in front of the entry and in the list of contents");
        for place in places {
            bytes[place..place + 4].copy_from_slice(&5_u32.to_le_bytes());
        }
        std::fs::write(&path, &bytes).unwrap();
        let probed = Probed {
            path: path.clone(),
            named: path,
            format: Format::Xlsx,
            size_bytes: bytes.len() as u64,
            encoding: Encoding::Utf8,
            recoding: None,
        };
        assert!(said(&probed).contains("damaged"), "{}", said(&probed));
    }
}
