//! The hub's JSON as it comes: of a model in a list, of a repository, of the pages of its files.

use serde::Deserialize;

use super::name;
use super::search::Gate;
use super::soft::{FromScalar, List, Object, Scalar, Soft};
use super::text::one_line;

/// A model. Lists have less of it than its own page.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Model {
    pub(super) id: Soft<String>,
    pub(super) sha: Soft<String>,
    downloads: Soft<u64>,
    likes: Soft<u64>,
    last_modified: Soft<String>,
    gated: Soft<Gate>,
    tags: List<Soft<String>>,
    #[serde(rename = "library_name")]
    library: Soft<String>,
    card_data: Object<Card>,
    gguf: Object<GgufFacts>,
    safetensors: Object<SafetensorsFacts>,
    pub(super) siblings: List<Object<File>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Card {
    license: Soft<String>,
    license_name: Soft<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct GgufFacts {
    total: Soft<u64>,
    architecture: Soft<String>,
    context_length: Soft<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SafetensorsFacts {
    total: Soft<u64>,
}

/// A file, in the list of a repository or on a page of its tree.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct File {
    rfilename: Soft<String>,
    path: Soft<String>,
    #[serde(rename = "type")]
    kind: Soft<String>,
    size: Soft<u64>,
    #[serde(rename = "blobId")]
    blob_id: Soft<String>,
    oid: Soft<String>,
    lfs: Object<Lfs>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Lfs {
    sha256: Soft<String>,
    oid: Soft<String>,
    size: Soft<u64>,
}

impl FromScalar for Gate {
    fn of(scalar: &Scalar<'_>) -> Option<Self> {
        Some(match *scalar {
            Scalar::Text("manual") => Self::Manual,
            Scalar::Text(_) | Scalar::Bool(true) => Self::Automatic,
            _ => Self::Open,
        })
    }
}

/// What is known of a model wherever it is met.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) downloads: u64,
    pub(super) likes: u64,
    pub(super) updated_at_ms: Option<i64>,
    pub(super) gate: Gate,
    pub(super) licence: Option<String>,
    pub(super) parameters: Option<u64>,
    pub(super) architecture: Option<String>,
    pub(super) context_length: Option<u64>,
}

impl Model {
    pub(super) fn facts(&self) -> Facts {
        let gguf = self.gguf.0.as_ref();
        let safetensors = self.safetensors.0.as_ref();
        let parameters = gguf.and_then(|gguf| gguf.total.0);
        let architecture = gguf.and_then(|gguf| gguf.architecture.0.as_deref());
        let updated = self.last_modified.0.as_deref();
        Facts {
            downloads: self.downloads.0.unwrap_or_default(),
            likes: self.likes.0.unwrap_or_default(),
            updated_at_ms: updated
                .and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok())
                .map(|date| date.timestamp_millis()),
            gate: self.gated.0.unwrap_or(Gate::Open),
            licence: self.licence(),
            parameters: parameters.or_else(|| safetensors?.total.0),
            architecture: architecture.map(one_line).filter(|text| !text.is_empty()),
            context_length: gguf.and_then(|gguf| gguf.context_length.0),
        }
    }

    /// The model's card names its licence; lists have it as a tag only.
    fn licence(&self) -> Option<String> {
        let card = self.card_data.0.as_ref();
        let named = card.and_then(|card| match card.license.0.as_deref() {
            Some("other") => card.license_name.0.as_deref().or(Some("other")),
            licence => licence,
        });
        let tag = || self.tags().find_map(|tag| tag.strip_prefix("license:"));
        let licence = one_line(named.or_else(tag)?);
        (!licence.is_empty()).then_some(licence)
    }

    fn tags(&self) -> impl Iterator<Item = &str> {
        self.tags.items.iter().filter_map(|tag| tag.0.as_deref())
    }

    /// Its name, if that is one.
    pub(super) fn repository(&self) -> Option<&str> {
        self.id.0.as_deref().filter(|id| name::is_repository(id))
    }

    /// Whether it was made for MLX.
    pub(super) fn is_mlx(&self) -> bool {
        self.library.0.as_deref() == Some("mlx")
            || self.tags().any(|tag| tag == "mlx")
            || self.id.0.as_deref().is_some_and(|id| id.starts_with("mlx-community/"))
    }
}

impl File {
    /// Its path, if it is a file at all.
    pub(super) fn path(&self) -> Option<&str> {
        let is_file = self.kind.0.as_deref().is_none_or(|kind| kind == "file");
        let path = self.rfilename.0.as_deref().or(self.path.0.as_deref());
        path.filter(|_path| is_file)
    }

    /// Its size. A large file is a few lines that name it, whose size is another.
    pub(super) fn bytes(&self) -> Option<u64> {
        match &self.lfs.0 {
            Some(lfs) => lfs.size.0.or(self.size.0),
            None => self.size.0,
        }
    }

    pub(super) fn sha256(&self) -> Option<String> {
        let lfs = self.lfs.0.as_ref()?;
        super::text::sha256(lfs.sha256.0.as_deref().or(lfs.oid.0.as_deref())?)
    }

    /// The name that git gives its content. For a large file that is the name of the lines that
    /// stand for it.
    pub(super) fn git_sha1(&self) -> Option<String> {
        let id = self.blob_id.0.as_deref().or(self.oid.0.as_deref())?;
        (self.lfs.0.is_none() && super::text::is_hex(id, 40)).then(|| id.to_ascii_lowercase())
    }
}
