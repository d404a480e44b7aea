//! Ollama: `manifests/REGISTRY/NAMESPACE/MODEL/TAG` says of which blobs a model is made, and the
//! one with its weights is a GGUF file `blobs/sha256-DIGEST`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::super::ModelApp;
use super::super::other_apps::small_text;
use super::walk::{Budget, files};
use super::{FoundModel, look};

/// The layer that is a GGUF file of a whole model.
const WEIGHTS: &str = "application/vnd.ollama.image.model";
/// What need not be said of a name.
const USUAL_REGISTRY: &str = "registry.ollama.ai";
const USUAL_NAMESPACE: &str = "library";

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
struct Layer {
    #[serde(default, rename = "mediaType")]
    media_type: String,
    #[serde(default)]
    digest: String,
}

pub(super) fn models(root: &Path, budget: &mut Budget) -> Vec<FoundModel> {
    let manifests = root.join("manifests");
    let mut found = Vec::new();
    for path in files(&manifests, 5, budget) {
        let Some(name) = path.strip_prefix(&manifests).ok().and_then(name_of) else { continue };
        match weights(&path) {
            Some(Ok(blob)) => {
                found.push(look(ModelApp::Ollama, name, root.join("blobs").join(blob)));
            }
            Some(Err(problem)) => found.push(FoundModel {
                name,
                path,
                bytes: 0,
                app: ModelApp::Ollama,
                linked: false,
                problem: Some(problem.to_owned()),
            }),
            // A model without such a layer is of another kind.
            None => {}
        }
    }
    found
}

/// What Ollama calls the model of this manifest.
fn name_of(manifest: &Path) -> Option<String> {
    let words: Option<Vec<&str>> = manifest.iter().map(|word| word.to_str()).collect();
    let words = words?;
    let [registry, namespace @ .., model, tag] = words.as_slice() else { return None };
    let namespace = namespace.join("/");
    let name = format!("{model}:{tag}");
    Some(match (*registry, namespace.as_str()) {
        (USUAL_REGISTRY, USUAL_NAMESPACE) => name,
        (USUAL_REGISTRY, namespace) => format!("{namespace}/{name}"),
        (registry, "") => format!("{registry}/{name}"),
        (registry, namespace) => format!("{registry}/{namespace}/{name}"),
    })
}

/// The file name of the blob with the weights.
fn weights(manifest: &Path) -> Option<Result<PathBuf, &'static str>> {
    let Some(text) = small_text(manifest) else { return Some(Err("its manifest cannot be read")) };
    let Ok(manifest) = serde_json::from_str::<Manifest>(&text) else {
        return Some(Err("its manifest cannot be read"));
    };
    let is_weights = |layer: &&Layer| {
        // Parameters may follow the type.
        layer.media_type.split(';').next().is_some_and(|kind| kind.trim() == WEIGHTS)
    };
    let layer = manifest.layers.iter().find(is_weights)?;
    Some(blob_name(&layer.digest).ok_or("its manifest names no blob"))
}

/// A digest becomes a file name, so nothing but a digest is taken for one.
fn blob_name(digest: &str) -> Option<PathBuf> {
    let hash = digest.strip_prefix("sha256:").or_else(|| digest.strip_prefix("sha256-"))?;
    let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then(|| PathBuf::from(format!("sha256-{hash}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_short_as_ollama_writes_them() {
        for (path, expected) in [
            ("registry.ollama.ai/library/llama3.2/1b", Some("llama3.2:1b")),
            ("registry.ollama.ai/me/mine/latest", Some("me/mine:latest")),
            ("hf.co/bartowski/Qwen3-GGUF/Q4_K_M", Some("hf.co/bartowski/Qwen3-GGUF:Q4_K_M")),
            ("registry/x/y", Some("registry/x:y")),
            ("x/y", None),
            ("x", None),
        ] {
            assert_eq!(name_of(Path::new(path)).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn only_a_digest_is_a_blob() {
        let hash = "a".repeat(64);
        let name = Some(PathBuf::from(format!("sha256-{hash}")));
        assert_eq!(blob_name(&format!("sha256:{hash}")), name);
        assert_eq!(blob_name(&format!("sha256-{hash}")), name);
        for bad in ["", "sha256:", "sha256:../../../etc/passwd", "md5:aa", &hash] {
            assert_eq!(blob_name(bad), None, "{bad}");
        }
        assert_eq!(blob_name(&format!("sha256:{}/x", "a".repeat(62))), None);
    }
}
