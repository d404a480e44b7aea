//! Models in several files, as `gguf-split` of llama.cpp names them: `NAME-00001-of-00003.gguf`.

use std::path::{Path, PathBuf};

use super::Gguf;
use crate::ModelsError;

/// More parts than anybody splits a model into; names may count anything.
const MOST_PARTS: u32 = 1000;
/// Digits of a number in a name.
const DIGITS: usize = 5;

/// Which part of how many a file is by its name, and its name before that; `None` for a file that
/// is a whole model.
///
/// ```
/// use braincells_models::gguf::part_of;
///
/// assert_eq!(part_of("big-00002-of-00003.gguf"), Some(("big", 2, 3)));
/// assert_eq!(part_of("small.gguf"), None);
/// ```
pub fn part_of(file_name: &str) -> Option<(&str, u32, u32)> {
    let stem_bytes = file_name.len().checked_sub(".gguf".len())?;
    let (stem, ending) = (file_name.get(..stem_bytes)?, file_name.get(stem_bytes..)?);
    if !ending.eq_ignore_ascii_case(".gguf") {
        return None;
    }
    let (before, count) = stem.rsplit_once("-of-")?;
    let (name, number) = before.rsplit_once('-')?;
    let read = |digits: &str| {
        let is_number = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse::<u32>().ok()).flatten()
    };
    let (number, count) = (read(number)?, read(count)?);
    (1..=count.min(MOST_PARTS)).contains(&number).then_some((name, number, count))
}

/// The files of the model that the file at `path` belongs to, first to last; only itself where it
/// is a whole model. Whether they are there is not looked at.
pub fn part_paths(path: &Path) -> Vec<PathBuf> {
    let name = path.file_name().and_then(|name| name.to_str());
    let Some((stem, _, count)) = name.and_then(part_of).filter(|part| part.2 <= MOST_PARTS) else {
        return vec![path.to_owned()];
    };
    let ending = name.and_then(|name| name.rsplit_once('.')).map_or("gguf", |(_, ending)| ending);
    (1..=count)
        .map(|number| path.with_file_name(format!("{stem}-{number:05}-of-{count:05}.{ending}")))
        .collect()
}

impl Gguf {
    /// Reads the headers of all files of the model that the file at `path` belongs to.
    pub fn open_parts(path: &Path) -> Result<Vec<Self>, ModelsError> {
        part_paths(path).iter().map(|part| Self::open(part)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_known_by_its_name() {
        for (name, expected) in [
            ("big-00001-of-00003.gguf", Some(("big", 1, 3))),
            ("big-Q4_K_M-00003-of-00003.GGUF", Some(("big-Q4_K_M", 3, 3))),
            ("big-00004-of-00003.gguf", None),
            ("big-00000-of-00003.gguf", None),
            ("big-1-of-3.gguf", None),
            ("big-00001-of-99999.gguf", Some(("big", 1, 99_999))),
            ("one-of-00002.gguf", None),
            ("é.gguf", None),
            ("", None),
        ] {
            assert_eq!(part_of(name), expected, "{name}");
        }
    }

    #[test]
    fn the_other_parts_lie_beside_it() {
        let paths = part_paths(Path::new("/models/big-00002-of-00002.gguf"));
        let expected: [PathBuf; 2] =
            ["/models/big-00001-of-00002.gguf".into(), "/models/big-00002-of-00002.gguf".into()];
        assert_eq!(paths, expected);
        let alone = Path::new("/models/small.gguf");
        assert_eq!(part_paths(alone), [alone.to_owned()]);
        let absurd = Path::new("/models/big-00001-of-99999.gguf");
        assert_eq!(part_paths(absurd), [absurd.to_owned()]);
    }
}
