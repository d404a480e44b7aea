//! Files that were damaged, or made to do damage. Each is refused with its cause.

use std::collections::BTreeSet;

use braincells_core::{AppError, Code};
use braincells_models::ModelsError;
use braincells_models::gguf::{Defect, Gguf, Lookalike};

use super::allocations::most_bytes;
use super::fuzz::variant;
use super::malformed_files::cases;
use super::sound::read;
use super::writer::{File, array};

fn defect(error: &ModelsError) -> &Defect {
    let ModelsError::Malformed { defect, .. } = error else { panic!("{error:?}") };
    defect
}

fn refused(bytes: &[u8]) -> ModelsError {
    let error = read(bytes).unwrap_err();
    // What the first bytes already show needs no more of them.
    if let Err(of_prefix) = Gguf::read_prefix(bytes, bytes.len() as u64) {
        assert_eq!(of_prefix, error);
    }
    let app = AppError::from(error.clone());
    assert_eq!(app.code, Code::ModelBroken);
    assert!(app.hint.is_some());
    error
}

#[test]
fn every_broken_file_is_refused_with_its_cause() {
    let cases = cases();
    let count = cases.len();
    let mut defects = BTreeSet::new();
    for (expected, words, file) in cases {
        let error = refused(&file.bytes());
        let message = error.to_string();
        assert_eq!(variant(defect(&error)), expected, "{message} where {words} is due");
        assert!(message.contains(words), "{message} where {words} is due");
        println!("{expected}: {message}");
        defects.insert(expected);
    }
    println!("{count} files, {} defects", defects.len());
    assert!(count >= 70, "{count}");
    // All but `Truncated` and `HeaderTooLong`, which have tests of their own.
    assert_eq!(defects.len(), 35, "{defects:?}");
}

#[test]
fn a_header_without_end_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("endless.gguf");
    let endless = File { tensors: Vec::new(), ..File::sound() };
    let endless = endless.with("tiny.value", array(0, 1 << 40, &[]));
    std::fs::write(&path, endless.header()).unwrap();
    // Two terabytes of nothing, which take no room on the disk.
    let room = std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(2 << 40);
    if room.is_err() {
        return;
    }
    let (error, most) = most_bytes(|| Gguf::open(&path).unwrap_err());
    assert_eq!(defect(&error), &Defect::HeaderTooLong { most: 256 << 20 });
    assert!(most < 200_000, "{most}");
}

#[test]
fn a_file_that_ends_anywhere_is_refused() {
    let file = File::sound();
    let bytes = file.bytes();
    for length in 4..bytes.len() {
        let error = refused(&bytes[..length]);
        let message = error.to_string();
        let is_named = ["it ends inside", "more than the file has", "of the file, which has"];
        assert!(is_named.iter().any(|named| message.contains(named)), "{length}: {message}");
    }
    assert!(read(&bytes).is_ok());
    let short = refused(&bytes[..20]).to_string();
    assert!(
        short.contains("its first 24 bytes: at byte 16 8 more are due and 4 are left"),
        "{short}"
    );
}

#[test]
fn another_kind_of_file_is_named() {
    let cases: [(&[u8], Lookalike); 8] = [
        (b"", Lookalike::Empty),
        (b"GG", Lookalike::Unknown),
        (b"PK\x03\x04 and so on", Lookalike::Zip),
        (b"<!doctype html><title>Sign in</title>", Lookalike::Html),
        (b"{\"error\":\"Repository not found\"}", Lookalike::Json),
        (b"version https://git-lfs.github.com/spec/v1\n", Lookalike::GitLfsPointer),
        (b"\x10\x02\0\0\0\0\0\0{\"lm_head.weight\":", Lookalike::Safetensors),
        (b"tjgg\x03\0\0\0", Lookalike::LegacyGgml),
    ];
    for (bytes, found) in cases {
        assert_eq!(read(bytes).unwrap_err(), ModelsError::NotGguf { file: None, found });
    }
}

#[test]
fn a_path_says_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Gguf::open(&folder.path().join("none.gguf")).unwrap_err();
    assert!(matches!(missing, ModelsError::Missing { .. }));
    assert!(Gguf::open(folder.path()).unwrap_err().to_string().ends_with("it is a folder"));
    let path = folder.path().join("zeros.gguf");
    std::fs::write(&path, [0; 4096]).unwrap();
    let zeros = Gguf::open(&path).unwrap_err().to_string();
    assert!(zeros.contains("zeros.gguf` is not a GGUF file: it begins with zeros"), "{zeros}");
    let path = folder.path().join("sound.gguf");
    std::fs::write(&path, File::sound().bytes()).unwrap();
    assert_eq!(Gguf::open(&path).unwrap().name(), Some("Tiny"));
}
