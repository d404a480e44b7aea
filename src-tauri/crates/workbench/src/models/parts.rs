//! The files of a model: one, those of a folder, or parts as llama.cpp and the hub name them:
//! `NAME-00001-of-00003.gguf`, and so on.

use std::io;
use std::path::{Path, PathBuf};

use super::mlx_folder::files_of;

/// The most parts that a model can have: the names have five digits, and no model has hundreds.
const MOST_PARTS: u32 = 1_000;

/// Which part a file is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Part<'a> {
    /// What stands before the number.
    pub(super) stem: &'a str,
    /// Its number, counted from 1.
    pub(super) number: u32,
    /// How many parts there are, at least two.
    pub(super) count: u32,
}

impl<'a> Part<'a> {
    /// Of a file name with this ending, in whatever case; `None` if it names a whole model.
    pub(super) fn of(file_name: &'a str, ending: &str) -> Option<Self> {
        let stem = without(file_name, ending)?;
        let (stem, count) = stem.rsplit_once("-of-")?;
        let (stem, number) = stem.rsplit_once('-')?;
        let number = five_digits(number)?;
        let count = five_digits(count)?;
        let is_part = (2..=MOST_PARTS).contains(&count) && (1..=count).contains(&number);
        is_part.then_some(Self { stem, number, count })
    }

    /// The file name of another part of the same model.
    pub(super) fn sibling(&self, number: u32) -> String {
        format!("{}-{number:05}-of-{:05}.gguf", self.stem, self.count)
    }
}

fn five_digits(text: &str) -> Option<u32> {
    let is_number = text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// What GGUF files end with.
pub(super) const GGUF: &str = ".gguf";

/// A file name without its ending, in whatever case; `None` if it ends otherwise.
pub(super) fn without<'a>(file_name: &'a str, ending: &str) -> Option<&'a str> {
    let at = file_name.len().checked_sub(ending.len())?;
    let end = file_name.get(at..)?;
    end.eq_ignore_ascii_case(ending).then(|| &file_name[..at])
}

/// Whether a file is the part of a model that sees pictures, which is none by itself.
pub(super) fn is_projector(file_name: &str) -> bool {
    file_name.to_lowercase().contains("mmproj")
}

/// All files of the model whose first or only file is at this path, whether they are there or not;
/// of a model that is a folder, those that are. What it is found by comes first.
pub(crate) fn paths_of(path: &Path) -> Vec<PathBuf> {
    if path.is_dir() {
        return files_of(path);
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    match Part::of(name, GGUF) {
        // The name that is there is kept: its ending may be written otherwise.
        Some(part) => (1..=part.count)
            .map(|number| {
                if number == part.number {
                    path.to_owned()
                } else {
                    path.with_file_name(part.sibling(number))
                }
            })
            .collect(),
        None => vec![path.to_owned()],
    }
}

/// The size of the files of a model that are there, and how many these are. An error if nothing is
/// at the path itself.
pub(super) fn size_of(path: &Path) -> io::Result<(u64, u32)> {
    path.metadata()?;
    let there = paths_of(path).into_iter().filter_map(|file| file.metadata().ok());
    Ok(there.fold((0, 0), |(bytes, count), file| (bytes + file.len(), count + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_llama_cpp_are_parts() {
        for (name, expected) in [
            ("m-00001-of-00003.gguf", Some(("m", 1, 3))),
            ("m-00003-of-00003.GGUF", Some(("m", 3, 3))),
            ("a-of-b-00002-of-00010.gguf", Some(("a-of-b", 2, 10))),
            ("m-00001-of-00001.gguf", None),
            ("m-00000-of-00003.gguf", None),
            ("m-00004-of-00003.gguf", None),
            ("m-1-of-3.gguf", None),
            ("m-+0001-of-00003.gguf", None),
            ("m-00001-of-99999.gguf", None),
            ("m-00001-of-00003.bin", None),
            ("m.gguf", None),
            ("ß", None),
            ("", None),
        ] {
            let found = Part::of(name, GGUF).map(|part| (part.stem, part.number, part.count));
            assert_eq!(found, expected, "{name}");
        }
        let paths = paths_of(Path::new("/m/x-00001-of-00003.gguf"));
        assert_eq!(paths[2], Path::new("/m/x-00003-of-00003.gguf"));
        assert_eq!(paths.len(), 3);
        assert_eq!(paths_of(Path::new("/m/x.gguf")), [PathBuf::from("/m/x.gguf")]);
    }
}
