//! What a model's name means.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use braincells_core::AppError;
use braincells_data::ResponseCache;
use braincells_models::catalogue::Runtime;

use super::mlx_folder::is_checkpoint;
use super::parts::size_of;
use super::{LOCAL_MLX, ModelFile, STARTER_MODEL};
use crate::error::WorkbenchError;
use crate::model_hash::model_sha256;
use crate::recipe_file::ModelIdentity;

/// The file that a recipe's model name means: a listed name, a file name with or without
/// `.gguf`, the only name that begins so, or a path. Nothing named means the starter model, else
/// the only model there is. A tuned copy is meant only by its own name, or by a beginning that no
/// other model has: what meant its original goes on to mean that.
pub(crate) fn resolve_model(name: &str, models: &[ModelFile]) -> Result<PathBuf, AppError> {
    let names = || models.iter().map(|model| model.name.clone()).collect::<Vec<_>>();
    if name == LOCAL_MLX {
        let chosen = models.iter().find(|model| model.is_local_mlx);
        let missing = || WorkbenchError::NoMlxModel.into();
        return chosen.map(|model| model.path.clone()).ok_or_else(missing);
    }
    if name.is_empty() {
        let starter = models.iter().find(|model| model.name == STARTER_MODEL);
        let originals: Vec<&ModelFile> =
            models.iter().filter(|model| model.tuned.is_none()).collect();
        let files: Vec<&ModelFile> =
            originals.iter().copied().filter(|model| model.runtime == Runtime::Gguf).collect();
        // A folder may lie here for another program, or for another machine.
        let only = match (files.as_slice(), originals.as_slice()) {
            ([model], _) | ([], [model]) => Some(*model),
            _ => None,
        };
        return match starter.or(only) {
            Some(model) => Ok(model.path.clone()),
            None => Err(WorkbenchError::NoDefaultModel { known: names() }.into()),
        };
    }
    let begins =
        |model: &ModelFile| file_name(model).to_lowercase().starts_with(&name.to_lowercase());
    let matches: [&dyn Fn(&ModelFile) -> bool; 5] = [
        &|model| model.name == name,
        &|model| file_name(model) == name,
        &|model| without_extension(file_name(model)) == name,
        &|model| model.tuned.is_none() && begins(model),
        &begins,
    ];
    for is_meant in matches {
        let found: Vec<&ModelFile> = models.iter().filter(|model| is_meant(model)).collect();
        match found.as_slice() {
            [] => {}
            [model] => return Ok(model.path.clone()),
            several if let Some(model) = owned(several) => return Ok(model.path.clone()),
            several => {
                let candidates = several.iter().map(|model| model.name.clone()).collect();
                return Err(
                    WorkbenchError::AmbiguousModel { name: name.to_owned(), candidates }.into()
                );
            }
        }
    }
    let path = PathBuf::from(name);
    if path.is_file() || is_checkpoint(&path) {
        return Ok(path);
    }
    Err(WorkbenchError::NoSuchModel { name: name.to_owned(), known: names() }.into())
}

/// The model that exactly this names, for what cannot be taken back: its name, or its file name with
/// or without `.gguf`. Never a beginning, never a path.
pub(crate) fn named_exactly<'a>(
    name: &str,
    models: &'a [ModelFile],
) -> Result<&'a ModelFile, AppError> {
    let matches: [&dyn Fn(&ModelFile) -> bool; 3] =
        [&|model| model.name == name, &|model| file_name(model) == name, &|model| {
            without_extension(file_name(model)) == name
        }];
    for is_meant in matches {
        let found: Vec<&ModelFile> = models.iter().filter(|model| is_meant(model)).collect();
        match found.as_slice() {
            [] => {}
            [model] => return Ok(model),
            several if let Some(model) = owned(several) => return Ok(model),
            several => {
                let candidates = several.iter().map(|model| model.name.clone()).collect();
                let name = name.to_owned();
                return Err(WorkbenchError::AmbiguousModel { name, candidates }.into());
            }
        }
    }
    let known = models.iter().map(|model| model.name.clone()).collect();
    Err(WorkbenchError::NoSuchModel { name: name.to_owned(), known }.into())
}

/// The model that a list showed with this name and path: one that went meanwhile is no longer meant,
/// whatever has its name now.
pub(crate) fn shown<'a>(
    name: &str,
    path: &Path,
    models: &'a [ModelFile],
) -> Result<&'a ModelFile, AppError> {
    models.iter().find(|model| model.name == name && model.path == path).ok_or_else(|| {
        let known = models.iter().map(|model| model.name.clone()).collect();
        WorkbenchError::NoSuchModel { name: name.to_owned(), known }.into()
    })
}

/// Of several of one name the one in the models folder: a link and a file may be called the same,
/// and no name would tell them apart.
fn owned<'a>(several: &[&'a ModelFile]) -> Option<&'a ModelFile> {
    let [first, others @ ..] = several else { return None };
    let is_one_name = others.iter().all(|other| other.name == first.name);
    is_one_name.then(|| several.iter().find(|model| !model.linked).unwrap_or(first)).copied()
}

/// The file that a recipe's model name means now, `default_model` where it is empty: its bare
/// name, and what it is. `None` if it means no file that can be read. Reads a file that is not
/// known yet, which takes seconds for gigabytes.
pub(crate) fn identify_model(
    name: &str,
    default_model: &str,
    models: &[ModelFile],
    remembered: &ResponseCache,
) -> Option<(String, ModelIdentity)> {
    let meant = if name.is_empty() { default_model } else { name };
    let path = resolve_model(meant, models).ok()?;
    let file = path.file_name()?.to_str()?.to_owned();
    let (size_bytes, _) = size_of(&path).ok()?;
    let sha256 = model_sha256(&path, remembered, &AtomicBool::new(false)).ok()?;
    Some((file, ModelIdentity { sha256, size_bytes }))
}

fn file_name(model: &ModelFile) -> &str {
    model.name.rsplit('/').next().unwrap_or(&model.name)
}

fn without_extension(name: &str) -> &str {
    let stem_length = name.len().saturating_sub(".gguf".len());
    match name.get(stem_length..) {
        Some(extension) if extension.eq_ignore_ascii_case(".gguf") => &name[..stem_length],
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use braincells_core::Code;
    use braincells_llm::llama::TunedOrigin;

    use super::*;
    use crate::tune_model::MARK;

    fn models(names: &[&str]) -> Vec<ModelFile> {
        let model = |name: &&str| ModelFile {
            tuned: name.contains(MARK).then(|| TunedOrigin {
                file: String::new(),
                sha256: String::new(),
                at_ms: 0,
            }),
            ..ModelFile::own((*name).to_owned(), PathBuf::from("/models").join(name), 1)
        };
        names.iter().map(model).collect()
    }

    #[test]
    fn a_name_means_the_closest_file_and_is_never_guessed() {
        let models = models(&["qwen-1.gguf", "qwen-1-long.gguf", "sub/gemma.GGUF", "phi.gguf"]);
        for (name, expected) in [
            ("phi.gguf", "phi.gguf"),
            ("phi", "phi.gguf"),
            ("PH", "phi.gguf"),
            ("sub/gemma.GGUF", "sub/gemma.GGUF"),
            ("gemma", "sub/gemma.GGUF"),
            ("qwen-1", "qwen-1.gguf"),
            ("qwen-1-l", "qwen-1-long.gguf"),
        ] {
            let path = resolve_model(name, &models).expect(name);
            assert_eq!(path, Path::new("/models").join(expected), "{name}");
        }
        assert_eq!(resolve_model("qwen", &models).unwrap_err().code, Code::Conflict);
        let unknown = resolve_model("llama", &models).unwrap_err();
        assert_eq!(unknown.code, Code::ModelMissing);
        assert!(unknown.hint.expect("a hint").contains("`phi.gguf`"));
    }

    #[test]
    fn of_a_link_and_a_file_of_one_name_the_file_is_meant() {
        let mut models = models(&["m.gguf", "m.gguf"]);
        (models[1].linked, models[1].path) = (true, PathBuf::from("/elsewhere/m.gguf"));
        assert_eq!(resolve_model("m", &models).unwrap(), Path::new("/models/m.gguf"));
        assert!(!named_exactly("m.gguf", &models).unwrap().linked);
        assert!(shown("m.gguf", Path::new("/elsewhere/m.gguf"), &models).unwrap().linked);
        assert!(!shown("m.gguf", Path::new("/models/m.gguf"), &models).unwrap().linked);
        assert!(shown("m.gguf", Path::new("/gone/m.gguf"), &models).is_err());
        models.remove(0);
        assert_eq!(resolve_model("m", &models).unwrap(), Path::new("/elsewhere/m.gguf"));
    }

    #[test]
    fn what_is_deleted_is_named_in_full() {
        let models = models(&["qwen-1.gguf", "sub/gemma.GGUF", "a/b.gguf", "c/b.gguf"]);
        for (name, expected) in [
            ("qwen-1.gguf", Some("qwen-1.gguf")),
            ("qwen-1", Some("qwen-1.gguf")),
            ("gemma", Some("sub/gemma.GGUF")),
            ("a/b.gguf", Some("a/b.gguf")),
            ("qwen", None),
            ("b", None),
            ("", None),
            ("/models/qwen-1.gguf", None),
        ] {
            let found = named_exactly(name, &models).ok().map(|model| model.name.as_str());
            assert_eq!(found, expected, "{name}");
        }
        assert_eq!(named_exactly("b", &models).unwrap_err().code, Code::Conflict);
    }

    #[test]
    fn a_tuned_copy_does_not_take_the_place_of_its_original() {
        let models = models(&["phi-q4.gguf", "phi-q4.tuned-Q8_0.gguf", "qwen.tuned-Q8_0.gguf"]);
        for (name, expected) in [
            ("phi-q4", "phi-q4.gguf"),
            ("phi", "phi-q4.gguf"),
            ("phi-q4.t", "phi-q4.tuned-Q8_0.gguf"),
            ("phi-q4.tuned-Q8_0", "phi-q4.tuned-Q8_0.gguf"),
            ("qwen", "qwen.tuned-Q8_0.gguf"),
            ("", "phi-q4.gguf"),
        ] {
            let path = resolve_model(name, &models).expect(name);
            assert_eq!(path, Path::new("/models").join(expected), "{name}");
        }
    }

    #[test]
    fn nothing_named_means_the_starter_or_the_only_model() {
        let only = models(&["phi.gguf"]);
        assert_eq!(resolve_model("", &only).expect("the only"), Path::new("/models/phi.gguf"));
        let starter = models(&["phi.gguf", STARTER_MODEL]);
        assert!(resolve_model("", &starter).expect("the starter").ends_with(STARTER_MODEL));
        for several in [models(&[]), models(&["phi.gguf", "qwen.gguf"])] {
            let error = resolve_model("", &several).unwrap_err();
            assert_eq!(error.code, Code::ModelMissing);
        }
    }
}
