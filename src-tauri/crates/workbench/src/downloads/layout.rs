//! Where the files of a repository go within the models folder, and what the model is called then.

use super::error::DownloadError;

/// The folder of a repository: `owner--name`. The hub lets no name have two hyphens in a row.
pub(super) fn folder(repository: &str) -> Result<String, DownloadError> {
    checked(repository.replace('/', "--"))
}

/// Where a GGUF file goes: straight into the repository's folder, because that is how deep models
/// are looked for. `all` are the files of the repository; where two folders of it have files of
/// one name, the folders become part of the name.
pub(super) fn gguf_target<'a>(
    folder: &str,
    path: &str,
    mut all: impl Iterator<Item = &'a str>,
) -> Result<String, DownloadError> {
    let bare = |path: &str| path.rsplit('/').next().unwrap_or_default().to_lowercase();
    let has_namesake = all.any(|other| other != path && bare(other) == bare(path));
    let name = if has_namesake {
        path.replace('/', "--")
    } else {
        path.rsplit('/').next().unwrap_or_default().to_owned()
    };
    checked(format!("{folder}/{name}"))
}

/// Where a file of a repository goes that is taken whole: where it is there.
pub(super) fn whole_target(folder: &str, path: &str) -> Result<String, DownloadError> {
    checked(format!("{folder}/{path}"))
}

/// Whether a target stays below the models folder and is none of our own kinds of file. The hub's
/// client lets no other names in; what becomes a path is looked at where it does.
fn checked(target: String) -> Result<String, DownloadError> {
    let is_step =
        |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', ':', '\0']);
    let is_ours = target.ends_with(".partial") || target.ends_with(".partial.json");
    if target.split('/').all(is_step) && !is_ours {
        return Ok(target);
    }
    Err(DownloadError::UnsafeName { name: target.escape_debug().to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_one_folder() {
        assert_eq!(folder("Qwen/Qwen3-8B-GGUF").unwrap(), "Qwen--Qwen3-8B-GGUF");
        assert_eq!(folder("gpt2").unwrap(), "gpt2");
        for bad in ["", "..", "o/a:b", "o/a\\b"] {
            assert!(folder(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn gguf_files_lie_flat_and_never_on_top_of_each_other() {
        let all = [
            "m-Q8_0.gguf",
            "Q4_K_M/m-Q4_K_M-00001-of-00002.gguf",
            "Q4_K_M/m-Q4_K_M-00002-of-00002.gguf",
            "small/model.gguf",
            "large/Model.gguf",
        ];
        let target = |path| gguf_target("o--m", path, all.into_iter()).unwrap();
        assert_eq!(target("m-Q8_0.gguf"), "o--m/m-Q8_0.gguf");
        assert_eq!(
            target("Q4_K_M/m-Q4_K_M-00001-of-00002.gguf"),
            "o--m/m-Q4_K_M-00001-of-00002.gguf"
        );
        assert_eq!(target("small/model.gguf"), "o--m/small--model.gguf");
        assert_eq!(target("large/Model.gguf"), "o--m/large--Model.gguf");
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for bad in ["../m.gguf", "a/../m", "a//b", "a/", "C:m.gguf", "a\\b", "m.gguf.partial"] {
            assert!(whole_target("o--m", bad).is_err(), "{bad:?}");
        }
        for bad in ["..", "a/", "C:m.gguf", "a\\b", "m.gguf.partial.json"] {
            assert!(gguf_target("o--m", bad, [].into_iter()).is_err(), "{bad:?}");
        }
        assert_eq!(whole_target("o--m", "a/b.json").unwrap(), "o--m/a/b.json");
    }
}
