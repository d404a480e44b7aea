//! Where other apps of this machine keep their models.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is read of a settings file of another app at most.
const MOST_SETTINGS_BYTES: u64 = 1 << 20;

/// An app that keeps models on this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum ModelApp {
    /// LM Studio.
    LmStudio,
    /// Ollama.
    Ollama,
    /// The cache of `huggingface_hub`, and of whatever is built on it.
    HuggingFace,
    /// llama.cpp's own cache.
    LlamaCpp,
}

impl ModelApp {
    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::LmStudio => "LM Studio",
            Self::Ollama => "Ollama",
            Self::HuggingFace => "Hugging Face",
            Self::LlamaCpp => "llama.cpp",
        }
    }
}

/// The folders of other apps. Nothing is read before somebody looks for models.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherApps {
    /// The file in which LM Studio says where its home is.
    lm_studio_pointer: Option<PathBuf>,
    lm_studio_homes: Vec<PathBuf>,
    folders: Vec<(ModelApp, PathBuf)>,
}

impl OtherApps {
    /// As the variables of this environment say, else where the apps are as a rule.
    pub fn of(environment: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let variables: HashMap<String, PathBuf> = environment
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .filter_map(|(name, value)| Some((name.into_string().ok()?, PathBuf::from(value))))
            .collect();
        let named = |name: &str| variables.get(name).cloned().filter(|path| path.is_absolute());
        let user = named(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
        let below = |folder: &str| user.as_ref().map(|user| user.join(folder));
        let cache = named("XDG_CACHE_HOME").or_else(|| below(".cache"));

        let ollama = match named("OLLAMA_MODELS") {
            Some(folder) => vec![Some(folder)],
            // The second is the one of the service that its installer sets up on Linux.
            None => vec![
                below(".ollama/models"),
                cfg!(target_os = "linux").then(|| "/usr/share/ollama/.ollama/models".into()),
            ],
        };
        let hugging_face = named("HF_HUB_CACHE")
            .or_else(|| named("HUGGINGFACE_HUB_CACHE"))
            .or_else(|| named("HF_HOME").map(|home| home.join("hub")))
            .or_else(|| cache.as_ref().map(|cache| cache.join("huggingface/hub")));
        let llama_cpp = named("LLAMA_CACHE").or_else(|| match std::env::consts::OS {
            "macos" => below("Library/Caches/llama.cpp"),
            "windows" => named("LOCALAPPDATA").map(|folder| folder.join("llama.cpp")),
            _ => cache.as_ref().map(|cache| cache.join("llama.cpp")),
        });
        let mut folders: Vec<(ModelApp, PathBuf)> =
            ollama.into_iter().flatten().map(|folder| (ModelApp::Ollama, folder)).collect();
        folders.extend(hugging_face.map(|folder| (ModelApp::HuggingFace, folder)));
        folders.extend(llama_cpp.map(|folder| (ModelApp::LlamaCpp, folder)));
        Self {
            lm_studio_pointer: below(".lmstudio-home-pointer"),
            lm_studio_homes: [below(".lmstudio"), below(".cache/lm-studio")]
                .into_iter()
                .flatten()
                .collect(),
            folders,
        }
    }

    /// Every folder that may have models, whether it is there or not. Reads two small files.
    pub(super) fn roots(&self) -> Vec<(ModelApp, PathBuf)> {
        let mut homes = self.lm_studio_homes.clone();
        let pointer = self.lm_studio_pointer.as_deref().and_then(small_text);
        homes.extend(pointer.map(|text| PathBuf::from(text.trim())).filter(|p| p.is_absolute()));
        let mut roots = Vec::new();
        for home in homes {
            roots.push((ModelApp::LmStudio, home.join("models")));
            roots.extend(chosen_folder(&home).map(|folder| (ModelApp::LmStudio, folder)));
        }
        roots.extend(self.folders.iter().cloned());
        let mut unique: Vec<(ModelApp, PathBuf)> = Vec::new();
        for root in roots {
            if !unique.contains(&root) {
                unique.push(root);
            }
        }
        unique
    }
}

/// The folder that a person chose in LM Studio's settings.
fn chosen_folder(home: &Path) -> Option<PathBuf> {
    let settings: Value = serde_json::from_str(&small_text(&home.join("settings.json"))?).ok()?;
    let folder = PathBuf::from(settings.get("downloadsFolder")?.as_str()?);
    folder.is_absolute().then_some(folder)
}

/// The text of a file of another app; `None` if it is not there, not text, or far too long.
pub(super) fn small_text(path: &Path) -> Option<String> {
    let metadata = path.metadata().ok()?;
    if !metadata.is_file() || metadata.len() > MOST_SETTINGS_BYTES {
        return None;
    }
    std::fs::read_to_string(path).ok()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn roots(variables: &[(&str, &str)]) -> Vec<(ModelApp, String)> {
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let roots = OtherApps::of(variables).roots();
        roots.into_iter().map(|(app, path)| (app, path.display().to_string())).collect()
    }

    fn of(app: ModelApp, variables: &[(&str, &str)]) -> Vec<String> {
        let roots = roots(variables).into_iter().filter(|root| root.0 == app);
        roots.map(|(_, path)| path).collect()
    }

    #[test]
    fn variables_say_where_the_caches_are() {
        let home = ("HOME", "/none/u");
        assert_eq!(roots(&[]).iter().filter(|root| root.0 != ModelApp::Ollama).count(), 0);
        assert_eq!(
            of(ModelApp::LmStudio, &[home]),
            ["/none/u/.lmstudio/models", "/none/u/.cache/lm-studio/models"]
        );
        assert_eq!(of(ModelApp::Ollama, &[home])[0], "/none/u/.ollama/models");
        assert_eq!(of(ModelApp::Ollama, &[home, ("OLLAMA_MODELS", "/o")]), ["/o"]);
        let hugging_face = |variables: &[(&str, &str)]| of(ModelApp::HuggingFace, variables);
        assert_eq!(hugging_face(&[home]), ["/none/u/.cache/huggingface/hub"]);
        assert_eq!(hugging_face(&[home, ("XDG_CACHE_HOME", "/c")]), ["/c/huggingface/hub"]);
        assert_eq!(hugging_face(&[home, ("HF_HOME", "/h")]), ["/h/hub"]);
        assert_eq!(hugging_face(&[home, ("HF_HOME", "/h"), ("HF_HUB_CACHE", "/k")]), ["/k"]);
        assert_eq!(hugging_face(&[home, ("HF_HOME", "")]), ["/none/u/.cache/huggingface/hub"]);
        assert_eq!(hugging_face(&[home, ("HF_HOME", "h")]), ["/none/u/.cache/huggingface/hub"]);
        assert_eq!(of(ModelApp::LlamaCpp, &[home, ("LLAMA_CACHE", "/l")]), ["/l"]);
    }
}
