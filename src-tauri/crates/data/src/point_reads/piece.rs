use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use braincells_core::{ColumnId, RowId, Value};

use super::changes::Changes;
use super::row::Raw;
use crate::column::StoredColumn;

/// A column is scanned again once this share of its cells changed, but not for a few.
const STALE_SHARE: usize = 64;
const FEW_CHANGES: usize = 1024;

/// A file with the values of some columns, row by row. Removed when dropped.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) file: File,
    pub(super) path: PathBuf,
    /// In the order of a row's values; the name in `main.rows` tells a column from what it was
    /// before its type changed.
    pub(super) columns: Vec<(ColumnId, String)>,
    pub(super) places: Places,
    pub(super) changes: Arc<Changes>,
}

/// Where the rows are in a file.
#[derive(Debug)]
pub(super) enum Places {
    /// The ids count up by one from the first: where each ends.
    Dense { first: i64, ends: Vec<u64> },
    /// In order of the ids: id, start and length.
    Sparse(Vec<(i64, u64, u64)>),
}

impl Places {
    /// From the ids in the order of the file, and where each row ends.
    pub(super) fn new(ids: &[i64], ends: Vec<u64>) -> Self {
        let is_dense = ids.windows(2).all(|pair| pair[0].checked_add(1) == Some(pair[1]));
        if is_dense {
            return Self::Dense { first: ids.first().copied().unwrap_or_default(), ends };
        }
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let mut places: Vec<(i64, u64, u64)> = ids
            .iter()
            .zip(starts)
            .zip(&ends)
            .map(|((id, start), end)| (*id, start, end - start))
            .collect();
        places.sort_unstable();
        Self::Sparse(places)
    }

    fn count(&self) -> usize {
        match self {
            Self::Dense { ends, .. } => ends.len(),
            Self::Sparse(places) => places.len(),
        }
    }

    /// Start and length.
    fn find(&self, row: RowId) -> Option<(u64, usize)> {
        let (start, length) = match self {
            Self::Dense { first, ends } => {
                let index = usize::try_from(row.0.checked_sub(*first)?).ok()?;
                let end = *ends.get(index)?;
                let start = if index == 0 { 0 } else { ends[index - 1] };
                (start, end - start)
            }
            Self::Sparse(places) => {
                let index = places.binary_search_by_key(&row.0, |place| place.0).ok()?;
                (places[index].1, places[index].2)
            }
        };
        Some((start, usize::try_from(length).ok()?))
    }
}

impl Piece {
    /// Where among a row's values those of a column are.
    pub(super) fn position(&self, stored: &StoredColumn) -> Option<usize> {
        let is_it = |(id, physical): &(ColumnId, String)| {
            *id == stored.column.id && *physical == stored.quoted
        };
        self.columns.iter().position(is_it)
    }

    /// Whether most cells of a column are still as they are in the file.
    pub(super) fn is_fresh(&self, stored: &StoredColumn) -> bool {
        let most = FEW_CHANGES.max(self.places.count() / STALE_SHARE);
        self.changes.count(stored.column.id).is_some_and(|changed| changed <= most)
    }

    /// Reads the cells of `rows` that are in the file and unchanged: `stored` are the columns,
    /// `from` their positions here. `put` gets the indexes of row and column, and the value.
    pub(super) fn read(
        &self,
        rows: &[RowId],
        stored: &[&StoredColumn],
        from: &[usize],
        mut put: impl FnMut(usize, usize, Value),
    ) -> io::Result<()> {
        let unchanged: Vec<Vec<bool>> =
            stored.iter().map(|stored| self.changes.unchanged(stored.column.id, rows)).collect();
        let last = from.iter().max().copied().unwrap_or_default();
        for (row, id) in rows.iter().enumerate() {
            if !unchanged.iter().any(|column| column[row]) {
                continue;
            }
            let Some((start, length)) = self.places.find(*id) else { continue };
            let mut bytes = vec![0; length];
            read_at(&self.file, &mut bytes, start)?;
            let mut rest = bytes.as_slice();
            let mut values = Vec::with_capacity(last + 1);
            for _ in 0..=last {
                values.push(Raw::take(&mut rest).ok_or(io::ErrorKind::InvalidData)?);
            }
            for (column, position) in from.iter().enumerate() {
                if unchanged[column][row] {
                    put(row, column, values[*position].value(stored[column]));
                }
            }
        }
        Ok(())
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        crate::leftovers::remove(&self.path);
    }
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                bytes = &mut bytes[count..];
                offset += count as u64;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_their_ids_whatever_their_order_in_the_file() {
        let dense = Places::new(&[4, 5, 6], vec![10, 10, 25]);
        assert!(matches!(dense, Places::Dense { first: 4, .. }));
        let sparse = Places::new(&[9, -3, 4], vec![10, 10, 25]);
        for (places, ids) in [(dense, [4, 5, 6]), (sparse, [9, -3, 4])] {
            assert_eq!(
                ids.map(|id| places.find(RowId(id))),
                [Some((0, 10)), Some((10, 0)), Some((10, 15))]
            );
            for absent in [3, 7, i64::MIN, i64::MAX] {
                assert_eq!(places.find(RowId(absent)), None, "{absent}");
            }
        }
        assert_eq!(Places::new(&[], vec![]).find(RowId(0)), None);
    }
}
