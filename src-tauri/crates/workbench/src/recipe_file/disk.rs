//! Recipe files by their path. Blocks; the window's verbs and the command line are the callers.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use braincells_core::{AppError, Code};

use super::MOST_BYTES;

/// The text of a recipe file; little more of it than a recipe file may have.
pub fn read_text(path: &Path) -> Result<String, AppError> {
    let shown = path.display();
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes));
    if let Err(error) = read {
        let missing = error.kind() == ErrorKind::NotFound;
        let code = if missing { Code::NotFound } else { Code::BadRecipe };
        let message = format!("the recipe `{shown}` cannot be read: {error}");
        return Err(AppError::new(code, message).with_hint("choose another file"));
    }
    // A file that is cut off in the middle of a character is too large, and nothing else.
    if bytes.len() > MOST_BYTES {
        bytes.fill(b' ');
    }
    String::from_utf8(bytes).map_err(|error| {
        AppError::new(Code::BadRecipe, format!("the recipe `{shown}` is not UTF-8 text: {error}"))
            .with_hint("a recipe is a YAML file, such as this program or AI Sheets writes")
    })
}

/// Writes a recipe file, which appears whole or not at all.
pub fn write_text(path: &Path, text: &str) -> Result<(), AppError> {
    Ok(braincells_data::write_file(path, text.as_bytes())?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::read;
    use super::*;

    #[test]
    fn a_file_that_is_too_large_is_called_so_wherever_it_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("large.yml");
        fs::write(&path, "é".repeat(MOST_BYTES / 2 + 1)).unwrap();
        let error = read(&read_text(&path).unwrap(), None).unwrap_err();
        assert!(error.message.contains("larger than 8 MiB"), "{error:?}");
        fs::write(&path, b"columns: \xff").unwrap();
        let error = read_text(&path).unwrap_err();
        assert!(error.code == Code::BadRecipe && error.message.contains("not UTF-8"), "{error:?}");
        let error = read_text(&folder.path().join("none.yml")).unwrap_err();
        assert_eq!(error.code, Code::NotFound);
    }

    #[test]
    fn a_file_is_written_whole_and_nothing_beside_it_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.yml");
        let other = folder.path().join("r.yml.partial");
        fs::write(&path, "old").unwrap();
        fs::write(&other, "somebody else's").unwrap();
        write_text(&path, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::read_to_string(&other).unwrap(), "somebody else's");
        write_text(&folder.path().join("none/r.yml"), "new").unwrap_err();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_still_leads_to_the_file_that_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("r.yml"), folder.path().join("link.yml"));
        fs::write(&path, "old").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        write_text(&link, "new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }
}
