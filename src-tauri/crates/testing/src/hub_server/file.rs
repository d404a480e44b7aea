//! Files as a test makes them up.

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use super::content::{Content, id_of};

/// A file of a repository.
#[derive(Clone, Debug)]
pub struct HostedFile {
    pub(super) path: String,
    pub(super) content: Content,
    /// In the store for large files: it is redirected to the other host, and has a checksum.
    pub(super) is_large: bool,
    /// The hub says that it is in its Xet storage, as it says of most large files.
    pub(super) in_xet_storage: bool,
    sha256: Arc<OnceLock<String>>,
}

impl HostedFile {
    fn with_content(path: &str, content: Content) -> Self {
        /// What repositories have in `.gitattributes`, of what there is here.
        const LARGE: [&str; 6] =
            [".gguf", ".safetensors", ".bin", ".npz", ".onnx", "tokenizer.json"];
        /// What git refuses at the hub otherwise.
        const LARGE_BYTES: u64 = 10 << 20;
        let is_large =
            content.len() > LARGE_BYTES || LARGE.iter().any(|ending| path.ends_with(ending));
        let path = path.to_owned();
        Self { path, content, is_large, in_xet_storage: false, sha256: Arc::default() }
    }

    /// A file of these bytes.
    pub fn new(path: &str, bytes: impl Into<Bytes>) -> Self {
        Self::with_content(path, Content::Bytes(bytes.into()))
    }

    /// A file of this machine. It is read when it is asked for, and may not change.
    pub fn on_disk(path: &str, file: &Path) -> io::Result<Self> {
        Ok(Self::with_content(path, Content::on_disk(file.to_owned())?))
    }

    /// A file of so many bytes that follow from a seed. It takes 1 MiB, whatever its size.
    pub fn generated(path: &str, seed: u64, bytes: u64) -> Self {
        Self::with_content(path, Content::generated(Bytes::new(), seed, bytes))
    }

    /// The same with a beginning of its own, such as the header of a GGUF file.
    pub fn generated_after(path: &str, head: impl Into<Bytes>, seed: u64, bytes: u64) -> Self {
        Self::with_content(path, Content::generated(head.into(), seed, bytes))
    }

    /// The same in the store for large files, or not; by itself that follows from its name and
    /// its size.
    #[must_use]
    pub fn large(self, is_large: bool) -> Self {
        Self { is_large, ..self }
    }

    /// The same in the hub's Xet storage: what the hub says about it names that too.
    #[must_use]
    pub fn in_xet_storage(self) -> Self {
        Self { in_xet_storage: true, is_large: true, ..self }
    }

    /// The same, of which the hub says this checksum; nothing is hashed. For files of many GB of
    /// which a test reads only the beginning.
    #[must_use]
    pub fn saying_sha256(self, sha256: &str) -> Self {
        Self { sha256: Arc::new(OnceLock::from(sha256.to_owned())), ..self }
    }

    /// Where it is in the repository.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// How long it is.
    pub fn bytes(&self) -> u64 {
        self.content.len()
    }

    /// Its checksum, in hexadecimal. It is computed once.
    ///
    /// # Panics
    ///
    /// If it is on this machine and is gone.
    pub fn sha256(&self) -> &str {
        self.sha256.get_or_init(|| self.content.sha256().expect("the file can be read"))
    }

    /// The name that git gives to what is in it. Of a large file, that of the lines that stand for it
    /// there; this one only looks like it.
    pub(super) fn blob(&self) -> String {
        if self.is_large {
            return id_of(&format!("pointer {} {}", self.bytes(), self.sha256()), 40);
        }
        self.content.git_sha1().expect("the file can be read")
    }
}
