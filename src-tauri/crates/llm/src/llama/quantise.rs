//! Copies of a model file in another quantisation.
//!
//! [`quantise`] is called by the tuned copies ([`super::tuned_copy`]); [`tuned_origin`] also by
//! whoever lists model files. The file is written to the path that is given and is safe on disk
//! when the call returns; the caller gives it its final name. What this leaves out: stopping.
//! llama.cpp cannot be interrupted while it quantises, so whoever may want to stop runs it in a
//! process of its own.

mod eight_bits;

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::ffi::{self, FILE_TYPES, FileType, Header, NOTE_BYTES};
use super::{file::check_file, logs};
use crate::LLMError;

/// A quantisation that a copy can have. Only those that need no importance matrix, and for which
/// llama.cpp has fast kernels on some processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub enum Quantisation {
    /// 8.5 bits a weight.
    #[serde(rename = "Q8_0")]
    Q8_0,
    /// 5.5 bits a weight.
    #[serde(rename = "Q5_0")]
    Q5_0,
    /// 4.8 bits a weight, the more important ones in more.
    #[serde(rename = "Q4_K_M")]
    Q4KM,
    /// 4.6 bits a weight.
    #[serde(rename = "Q4_K_S")]
    Q4KS,
    /// 4.5 bits a weight, on a scale that is finer near zero.
    #[serde(rename = "IQ4_NL")]
    Iq4Nl,
    /// 4.5 bits a weight.
    #[serde(rename = "Q4_0")]
    Q4_0,
}

impl Quantisation {
    /// All of them, the most bits first.
    pub const ALL: [Self; 6] =
        [Self::Q8_0, Self::Q5_0, Self::Q4KM, Self::Q4KS, Self::Iq4Nl, Self::Q4_0];

    /// llama.cpp's name for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Q8_0 => "Q8_0",
            Self::Q5_0 => "Q5_0",
            Self::Q4KM => "Q4_K_M",
            Self::Q4KS => "Q4_K_S",
            Self::Iq4Nl => "IQ4_NL",
            Self::Q4_0 => "Q4_0",
        }
    }

    /// The inverse of [`Quantisation::as_str`], whatever the letter case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str().eq_ignore_ascii_case(name))
    }

    fn file_type(self) -> FileType {
        let found = FILE_TYPES.iter().find(|(name, _)| *name == self.as_str());
        found.map(|(_, file_type)| *file_type).expect("the table has every quantisation")
    }
}

/// What a tuned copy says in its metadata of the file that it was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct TunedOrigin {
    /// The name of the original's file.
    pub file: String,
    /// The SHA-256 of the original, in hexadecimal digits.
    pub sha256: String,
    /// When the copy was made, Unix milliseconds.
    pub at_ms: i64,
}

const NOTE_FILE: &str = "braincells.tuned_from.file";
const NOTE_SHA256: &str = "braincells.tuned_from.sha256";
const NOTE_AT_MS: &str = "braincells.tuned_from.at_ms";

/// Writes `source` to `target` as `quantisation`, with a note of where it came from, and returns
/// its size in bytes. `hear` is told how far it is, 0 to 1. The source may be quantised already;
/// what that rounded away does not come back.
///
/// Blocks and cannot be stopped. A failure leaves nothing at `target`.
pub fn quantise(
    source: &Path,
    target: &Path,
    quantisation: Quantisation,
    origin: &TunedOrigin,
    threads: u32,
    hear: impl Fn(f32) + Send + 'static,
) -> Result<u64, LLMError> {
    check_file(source)?;
    let not_written = |error: std::io::Error| not_written(target, &error);
    // llama.cpp says only that it could not write; here it is seen why.
    let mut made = File::create(target).map_err(not_written)?;
    logs::hear_counts(Some(Box::new(hear)));
    let at_ms = origin.at_ms.to_string();
    let file = shortened(&origin.file);
    let notes = [(NOTE_FILE, file), (NOTE_SHA256, &origin.sha256), (NOTE_AT_MS, &at_ms)];
    let result = ffi::quantise(source, target, quantisation.file_type(), threads, &notes);
    logs::hear_counts(None);
    let result = match result {
        Ok(()) => match quantisation {
            Quantisation::Q8_0 => eight_bits::rewrite(source, target, threads),
            _ => Ok(()),
        }
        .and_then(|()| made.sync_all().map_err(not_written))
        .and_then(|()| check_file(target)),
        Err(error) => Err(still_writable(&mut made).map_or_else(not_written, |()| error)),
    };
    if result.is_err() {
        // What cannot be removed is in a folder of leftovers.
        drop(fs::remove_file(target));
    }
    result
}

/// Whether there is room for more behind what was written.
fn still_writable(file: &mut File) -> std::io::Result<()> {
    file.seek(SeekFrom::End(0))?;
    file.write_all(&vec![0; 1 << 20])?;
    file.sync_all()
}

fn not_written(target: &Path, error: &std::io::Error) -> LLMError {
    use std::io::ErrorKind;
    let full = matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
    LLMError::NotWritten { path: target.to_owned(), reason: error.to_string(), full }
}

/// The end of a name that is too long for a note: what tells files apart is mostly there.
fn shortened(name: &str) -> &str {
    let mut start = name.len().saturating_sub(NOTE_BYTES);
    while !name.is_char_boundary(start) {
        start += 1;
    }
    &name[start..]
}

/// Where a tuned copy came from; `None` for any other file, and for one that cannot be read.
/// Reads the header, which takes milliseconds.
pub fn tuned_origin(path: &Path) -> Option<TunedOrigin> {
    let header = header(path)?;
    Some(TunedOrigin {
        file: header.text(NOTE_FILE)?,
        sha256: header.text(NOTE_SHA256)?,
        at_ms: header.text(NOTE_AT_MS)?.parse().ok()?,
    })
}

fn header(path: &Path) -> Option<Header> {
    check_file(path).ok()?;
    Header::read(path)
}

/// What a model file is quantised as, by llama.cpp's name for it where it has one here.
pub(super) fn quantisation_name(path: &Path) -> Option<&'static str> {
    let numbers = header(path)?.numbers("general.file_type")?;
    ffi::file_type_name(u32::try_from(*numbers.first()?).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quantisation_has_a_name_and_a_number_of_its_own() {
        let numbers: std::collections::HashSet<FileType> =
            Quantisation::ALL.into_iter().map(Quantisation::file_type).collect();
        assert_eq!(numbers.len(), Quantisation::ALL.len());
        for one in Quantisation::ALL {
            assert_eq!(Quantisation::parse(&one.as_str().to_lowercase()), Some(one));
            let word = serde_json::to_string(&one).unwrap();
            assert_eq!(word, format!("\"{}\"", one.as_str()));
        }
        assert_eq!(Quantisation::parse("Q9"), None);
    }

    #[test]
    fn a_long_name_keeps_its_end() {
        let name = format!("{}é.gguf", "ü".repeat(100));
        let short = shortened(&name);
        assert!(short.len() <= NOTE_BYTES && short.ends_with("é.gguf"), "{short}");
        assert_eq!(shortened("a.gguf"), "a.gguf");
    }

    #[test]
    fn what_is_no_model_has_no_origin_and_no_quantisation() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.tuned-Q8_0.gguf");
        assert_eq!(tuned_origin(&path), None);
        std::fs::write(&path, b"GGUF\x03\0\0\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0").unwrap();
        assert_eq!(tuned_origin(&path), None);
        assert_eq!(quantisation_name(&path), None);
    }
}
