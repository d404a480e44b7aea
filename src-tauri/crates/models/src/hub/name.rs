//! Which names are taken as they are. They become folders and files on any system, so what any of
//! them reads as something else is refused.

use super::text::is_hidden;

/// The longest path of a file in a repository.
const LONGEST_PATH: usize = 400;
/// The deepest.
const DEEPEST: usize = 8;

/// Names that Windows takes for devices, with any ending.
const DEVICES: [&str; 6] = ["aux", "con", "nul", "prn", "conin$", "conout$"];

/// Whether this is `owner/name` as the hub allows it.
pub(super) fn is_repository(text: &str) -> bool {
    text.split_once('/').is_some_and(|(owner, name)| {
        is_repository_part(owner) && is_repository_part(name) && !name.ends_with(".git")
    })
}

/// Whether this is an owner or a name as the hub allows it. Without `--`, since a folder is called
/// `owner--name`.
pub(super) fn is_repository_part(text: &str) -> bool {
    let is_fine = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let is_end = |letter: char| "-.".contains(letter);
    (1..=96).contains(&text.len())
        && text.chars().all(is_fine)
        && !text.starts_with(is_end)
        && !text.ends_with(is_end)
        && !text.contains("--")
        && !text.contains("..")
}

/// Whether this can be a branch, a tag or a commit.
pub(super) fn is_revision(text: &str) -> bool {
    let is_fine = |letter: char| letter.is_ascii_alphanumeric() || "-_./+".contains(letter);
    let is_step = |step: &str| !step.is_empty() && !step.starts_with('.');
    text.len() <= 200
        && text.chars().all(is_fine)
        && !text.contains("..")
        && !text.starts_with('-')
        && text.split('/').all(is_step)
}

/// Why this cannot be the path of a file below some folder, on any system; `None` if it can.
pub(super) fn path_trouble(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("it is empty");
    }
    if path.len() > LONGEST_PATH {
        return Some("it is too long");
    }
    if path.starts_with('/') {
        return Some("it begins with `/`");
    }
    if path.split('/').count() > DEEPEST {
        return Some("it is too deep");
    }
    path.split('/').find_map(step_trouble)
}

fn step_trouble(step: &str) -> Option<&'static str> {
    if step.chars().any(is_hidden) {
        return Some("there are invisible characters in it");
    }
    if step.contains(['\\', ':', '<', '>', '"', '|', '?', '*']) {
        return Some("there are characters in it that no file name has everywhere");
    }
    // This is `..`, too.
    if step.is_empty() || step.starts_with('.') {
        return Some("a part of it is empty or begins with a dot");
    }
    if step.ends_with(['.', ' ']) || step.starts_with([' ', '~']) {
        return Some("a part of it ends with a dot or a space, or begins with a space or `~`");
    }
    if step.len() > 200 {
        return Some("a part of it is too long");
    }
    let stem = step.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let is_port = |stem: &str| {
        let number = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
        number.is_some_and(|number| {
            let mut letters = number.chars();
            matches!((letters.next(), letters.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
        })
    };
    (DEVICES.contains(&stem.as_str()) || is_port(&stem))
        .then_some("Windows has a device of that name")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_could_lead_elsewhere_have_trouble() {
        let good = [
            "a.gguf",
            "Q4_K_M/model-00001-of-00003.gguf",
            "a b (1).gguf",
            "modèle.gguf",
            "a..b.gguf",
            "console.gguf",
            "com10.gguf",
            "a/b/c/d/e/f/g/h.gguf",
        ];
        for path in good {
            assert_eq!(path_trouble(path), None, "{path}");
        }
        let long = format!("{}.gguf", "a".repeat(201));
        let longer = format!("{0}/{0}/{0}.gguf", "a".repeat(150));
        let bad = [
            "",
            "/a.gguf",
            "../a.gguf",
            "a/../b.gguf",
            "a/./b.gguf",
            "./a.gguf",
            "a//b.gguf",
            "a/",
            "..",
            "..\\a.gguf",
            "a\\b.gguf",
            "C:a.gguf",
            "c:/a.gguf",
            "a.gguf:stream",
            "a\nb.gguf",
            "a\0.gguf",
            "a\u{202e}fugg.exe",
            "a\u{200b}.gguf",
            "nul",
            "NUL.gguf",
            "con .gguf",
            "com1.gguf",
            "LPT9/a.gguf",
            "com².gguf",
            "a./b.gguf",
            "a /b.gguf",
            " a.gguf",
            "~/a.gguf",
            "a?.gguf",
            "a*.gguf",
            "a|b.gguf",
            ".hidden/a.gguf",
            "1/2/3/4/5/6/7/8/9.gguf",
            "\u{7f}.gguf",
            "\u{feff}a.gguf",
            &long,
            &longer,
        ];
        for path in bad {
            assert!(path_trouble(path).is_some(), "{path:?}");
        }
    }

    #[test]
    fn repositories_have_an_owner_and_a_name() {
        for text in ["o/n", "TheBloke/Mistral-7B-Instruct-v0.1-GGUF", "a_b/c.d-e", "01-ai/Yi"] {
            assert!(is_repository(text), "{text}");
        }
        let long = format!("o/{}", "n".repeat(97));
        let bad = [
            "", "n", "/", "o/", "/n", "o/n/f", "o/..", "../n", "o/n--m", "o/.n", "o/n.", "-o/n",
            "o/n-", "o/n m", "o/n\\m", "o/n:m", "o/é", "o/n.git", "o/a..b", "o\0/n", &long,
        ];
        for text in bad {
            assert!(!is_repository(text), "{text:?}");
        }
    }

    #[test]
    fn revisions_are_branches_tags_and_commits() {
        for text in ["main", "v1.0", "refs/pr/1", "0123456789abcdef", "feature/x_y", "1+2"] {
            assert!(is_revision(text), "{text}");
        }
        for text in ["", "..", "a/../b", "/a", "a/", "a//b", "-a", "a b", "a\\b", "a%2e", ".a", "é"]
        {
            assert!(!is_revision(text), "{text:?}");
        }
    }
}
