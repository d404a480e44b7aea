use serde::Serialize;

/// What a file is that is no GGUF file. Told from its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Lookalike {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// Space that was reserved and never written.
    #[error("it begins with zeros, as an interrupted download does")]
    Zeros,
    /// The text that Git keeps in place of a large file.
    #[error("it is a Git LFS pointer, which stands for the file")]
    GitLfsPointer,
    /// A web page: a login, an error, a proxy.
    #[error("it is a web page")]
    Html,
    /// XML, as storage servers answer with.
    #[error("it is an XML document")]
    Xml,
    /// JSON, as hubs answer with.
    #[error("it is a JSON document")]
    Json,
    /// The weights of Transformers and of MLX.
    #[error("it is a safetensors file")]
    Safetensors,
    /// A ZIP archive; PyTorch's `.bin` and `.pt` are such.
    #[error("it is a ZIP archive")]
    Zip,
    /// A pickled PyTorch model.
    #[error("it is a pickled PyTorch file")]
    Pickle,
    /// A compressed file.
    #[error("it is a compressed file")]
    Compressed,
    /// A PDF.
    #[error("it is a PDF document")]
    Pdf,
    /// A model of the formats before GGUF: GGML, GGMF, GGJT and GGLA.
    #[error("it is a GGML file, the format before GGUF, which nothing reads any more")]
    LegacyGgml,
    /// Nothing that is known here.
    #[error("it begins with unknown bytes")]
    Unknown,
}

/// How many bytes [`Lookalike::of`] looks at.
pub(super) const LOOKED_AT: usize = 64;

const BEGINNINGS: [(&[u8], Lookalike); 20] = [
    (b"PK\x03\x04", Lookalike::Zip),
    (b"PK\x05\x06", Lookalike::Zip),
    // The old magics are numbers, so their letters lie backwards.
    (b"lmgg", Lookalike::LegacyGgml),
    (b"fmgg", Lookalike::LegacyGgml),
    (b"tjgg", Lookalike::LegacyGgml),
    (b"algg", Lookalike::LegacyGgml),
    (b"version https://git-lfs", Lookalike::GitLfsPointer),
    (b"version https://hawser", Lookalike::GitLfsPointer),
    (b"%PDF-", Lookalike::Pdf),
    (b"\x80\x02", Lookalike::Pickle),
    (b"\x80\x03", Lookalike::Pickle),
    (b"\x80\x04", Lookalike::Pickle),
    (b"\x80\x05", Lookalike::Pickle),
    (b"\x1f\x8b", Lookalike::Compressed),
    (b"\x28\xb5\x2f\xfd", Lookalike::Compressed),
    (b"7z\xbc\xaf\x27\x1c", Lookalike::Compressed),
    (b"Rar!\x1a\x07", Lookalike::Compressed),
    (b"\xfd7zXZ\0", Lookalike::Compressed),
    (b"BZh", Lookalike::Compressed),
    (b"\x04\x22\x4d\x18", Lookalike::Compressed),
];

impl Lookalike {
    /// What a file is that begins so.
    pub fn of(beginning: &[u8]) -> Self {
        if beginning.is_empty() {
            return Self::Empty;
        }
        if beginning.len() >= 4 && beginning.iter().all(|&byte| byte == 0) {
            return Self::Zeros;
        }
        // Its header's length, then its header, which is JSON.
        if beginning.len() > 8 && beginning[8] == b'{' && beginning[5..8] == [0, 0, 0] {
            return Self::Safetensors;
        }
        let known = BEGINNINGS.iter().find(|(bytes, _)| beginning.starts_with(bytes));
        if let Some((_, found)) = known {
            return *found;
        }
        let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning).trim_ascii_start();
        let begins = |word: &str| {
            text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
        };
        match text.first() {
            Some(b'{' | b'[') => Self::Json,
            Some(b'<') if begins("<?xml") => Self::Xml,
            Some(b'<') if begins("<!doctype html") || begins("<html") || begins("<head") => {
                Self::Html
            }
            Some(b'<') if begins("<!--") => Self::Html,
            _ => Self::Unknown,
        }
    }

    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::Empty | Self::Zeros => "the download was not finished; download it again",
            Self::GitLfsPointer => "download the file itself, or run `git lfs pull` in its folder",
            Self::Html | Self::Xml | Self::Json => {
                "what was downloaded is an answer of the server, not the file; look into it, then download again"
            }
            Self::Safetensors | Self::Pickle | Self::Zip => {
                "look for a GGUF version of the model; most have one"
            }
            Self::LegacyGgml => "look for a newer conversion of the model",
            Self::Compressed => "unpack it first",
            Self::Pdf | Self::Unknown => "choose a file that ends in `.gguf`",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_is_instead_is_told_from_its_first_bytes() {
        let cases: [(&[u8], Lookalike); 18] = [
            (b"", Lookalike::Empty),
            (&[0; 64], Lookalike::Zeros),
            (b"version https://git-lfs.github.com/spec/v1\noid", Lookalike::GitLfsPointer),
            (b"<!DOCTYPE html><html>", Lookalike::Html),
            (b"\n  <html lang=en>", Lookalike::Html),
            (b"\xef\xbb\xbf<HTML>", Lookalike::Html),
            (b"<?xml version='1.0'?><Error>", Lookalike::Xml),
            (b"{\"error\":\"Entry not found\"}", Lookalike::Json),
            (b"[1, 2]", Lookalike::Json),
            (b"\x40\x01\0\0\0\0\0\0{\"__metadata__\"", Lookalike::Safetensors),
            (b"PK\x03\x04\x14\0", Lookalike::Zip),
            (b"\x80\x02}q\0", Lookalike::Pickle),
            (b"\x1f\x8b\x08\0", Lookalike::Compressed),
            (b"%PDF-1.7", Lookalike::Pdf),
            (b"lmgg\0\0\0\0", Lookalike::LegacyGgml),
            (b"tjgg\x03\0\0\0", Lookalike::LegacyGgml),
            (b"<svg/>", Lookalike::Unknown),
            (b"GGU", Lookalike::Unknown),
        ];
        for (beginning, expected) in cases {
            assert_eq!(Lookalike::of(beginning), expected, "{beginning:?}");
        }
    }
}
