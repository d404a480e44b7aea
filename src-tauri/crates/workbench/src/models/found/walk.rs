//! Looking through folders that anybody may have made: nothing is entered twice, and there is an
//! end to it.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Entries of folders that are looked at for one root.
const MOST_ENTRIES: usize = 50_000;

/// What may still be looked at, and what has been.
pub(super) struct Budget {
    entries_left: usize,
    entered: HashSet<PathBuf>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { entries_left: MOST_ENTRIES, entered: HashSet::new() }
    }
}

impl Budget {
    /// The entries of a folder as far as the budget goes, in the order of their names; none if it
    /// was entered before, under whatever name.
    fn entries(&mut self, folder: &Path) -> Vec<PathBuf> {
        let Ok(place) = folder.canonicalize() else { return Vec::new() };
        if !self.entered.insert(place) {
            return Vec::new();
        }
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        let mut paths: Vec<PathBuf> = entries
            .take(self.entries_left)
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .collect();
        self.entries_left -= paths.len();
        paths.sort();
        paths
    }
}

/// The folders in a folder.
pub(super) fn folders(root: &Path, budget: &mut Budget) -> Vec<PathBuf> {
    budget.entries(root).into_iter().filter(|path| path.is_dir()).collect()
}

/// What is no folder in a folder, and in those below it down to `depth` levels of them; links that
/// lead nowhere too.
pub(super) fn files(root: &Path, depth: u32, budget: &mut Budget) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut ahead = vec![(root.to_owned(), depth)];
    while let Some((folder, depth)) = ahead.pop() {
        for path in budget.entries(&folder) {
            if !path.is_dir() {
                found.push(path);
            } else if depth > 1 {
                ahead.push((path, depth - 1));
            }
        }
    }
    found
}
