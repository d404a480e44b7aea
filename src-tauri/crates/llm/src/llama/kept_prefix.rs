//! The evaluated state of a prefix as a file, so that the next start need not compute it again.
//!
//! One file for each state, named after all that it depends on: the model's content, the build,
//! the kind of context and the tokens. A file that is not exactly what was written is as good as
//! none. The folder is a cache: it may be lost at any time, and those used longest ago go when it
//! grows beyond its limit.
//!
//! A file is its head ([`HEAD_BYTES`]): a mark, a counter of uses, the length of the state, the
//! SHA-256 of the state; then the state. A use writes the counter, which also makes the file the
//! newest: nobody here asks for the time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::ffi::Token;

const MARK: &[u8; 8] = b"bcprefx1";
const USES_AT: u64 = 8;
const HEAD_BYTES: usize = 8 + 8 + 8 + 32;
const ENDING: &str = "prefix";

/// The file of a state.
fn file(folder: &Path, name: &str, tokens: &[Token]) -> PathBuf {
    let mut hash = Sha256::new();
    hash.update((name.len() as u64).to_le_bytes());
    hash.update(name);
    for token in tokens {
        hash.update(token.to_le_bytes());
    }
    let hash = hash.finalize();
    let start = hash[..16].try_into().expect("a SHA-256 has 32 bytes");
    folder.join(format!("{:032x}.{ENDING}", u128::from_be_bytes(start)))
}

/// The state of a prefix, if it is kept and whole.
pub fn read(folder: &Path, name: &str, tokens: &[Token]) -> Option<Vec<u8>> {
    let path = file(folder, name, tokens);
    let mut file = OpenOptions::new().read(true).write(true).open(&path).ok()?;
    match read_state(&mut file) {
        Ok(state) => Some(state),
        Err(error) => {
            tracing::warn!("a kept prefix is damaged and removed: {error}");
            drop(file);
            drop(fs::remove_file(&path));
            None
        }
    }
}

fn read_state(file: &mut File) -> io::Result<Vec<u8>> {
    let damaged = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let length = file.metadata()?.len();
    let mut head = [0; HEAD_BYTES];
    file.read_exact(&mut head)?;
    let (mark, rest) = head.split_at(8);
    let (uses, rest) = rest.split_at(8);
    let (size, hash) = rest.split_at(8);
    let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap_or_default());
    if mark != MARK {
        return Err(damaged("it is of another kind"));
    }
    // Checked before so much memory is asked for.
    if number(size) != length.saturating_sub(HEAD_BYTES as u64) {
        return Err(damaged("its length is wrong"));
    }
    let mut state = Vec::new();
    file.read_to_end(&mut state)?;
    if Sha256::digest(&state).as_slice() != hash {
        return Err(damaged("its content is not what was written"));
    }
    file.seek(SeekFrom::Start(USES_AT))?;
    file.write_all(&number(uses).wrapping_add(1).to_le_bytes())?;
    Ok(state)
}

/// Keeps a state, and removes those used longest ago until the folder has at most `limit_bytes`.
/// One that alone is larger is not written.
pub fn write(
    folder: &Path,
    limit_bytes: u64,
    name: &str,
    tokens: &[Token],
    state: &[u8],
) -> io::Result<()> {
    let size_bytes = (state.len() + HEAD_BYTES) as u64;
    if size_bytes > limit_bytes {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    make_room(folder, limit_bytes - size_bytes)?;
    let path = file(folder, name, tokens);
    // Two engines may write the same at the same time, so each has its own name until it is whole.
    let unfinished = path.with_extension(format!("{}.part", std::process::id()));
    let mut head = Vec::with_capacity(HEAD_BYTES);
    head.extend_from_slice(MARK);
    head.extend_from_slice(&0_u64.to_le_bytes());
    head.extend_from_slice(&(state.len() as u64).to_le_bytes());
    head.extend_from_slice(&Sha256::digest(state));
    let written = File::create(&unfinished)
        .and_then(|mut file| {
            file.write_all(&head)?;
            file.write_all(state)
        })
        .and_then(|()| fs::rename(&unfinished, &path));
    if written.is_err() {
        drop(fs::remove_file(&unfinished));
    }
    written
}

/// Removes all states that are kept. They hold the beginnings of prompts, in the model's form.
pub fn clear(folder: &Path) -> io::Result<()> {
    match make_room(folder, 0) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn make_room(folder: &Path, limit_bytes: u64) -> io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let is_ours = path
            .extension()
            .is_some_and(|ending| ending == ENDING || ending.to_str() == Some("part"));
        // One that is gone in the meantime takes no room.
        let Ok(metadata) = entry.metadata() else { continue };
        if is_ours && metadata.is_file() {
            files.push((metadata.modified()?, metadata.len(), path));
        }
    }
    files.sort();
    let mut total: u64 = files.iter().map(|(_, size_bytes, _)| size_bytes).sum();
    for (_, size_bytes, path) in files {
        if total <= limit_bytes {
            break;
        }
        match fs::remove_file(path) {
            // Another engine may have removed it.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => total -= size_bytes,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROOM: u64 = 1 << 20;

    #[test]
    fn a_state_is_found_by_all_that_it_depends_on() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("prefixes");
        assert_eq!(read(&folder, "a", &[1, 2]), None, "not even the folder is there");
        write(&folder, ROOM, "a", &[1, 2], b"state").unwrap();
        for _ in 0..2 {
            assert_eq!(read(&folder, "a", &[1, 2]).as_deref(), Some(&b"state"[..]));
        }
        assert_eq!(read(&folder, "b", &[1, 2]), None);
        assert_eq!(read(&folder, "a", &[1, 2, 3]), None);
        assert_eq!(read(&folder, "a", &[1]), None);
        clear(&folder).unwrap();
        assert_eq!(read(&folder, "a", &[1, 2]), None);
        clear(&folder.join("nothing")).unwrap();
    }

    #[test]
    fn the_folder_keeps_its_limit_and_what_was_used_last() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let state = [7; 1000];
        let limit = 3 * 1100;
        for token in 0..3 {
            write(folder, limit, "m", &[token], &state).unwrap();
            // Files written within one tick of the clock have no order.
            let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(token as u64 + 9);
            File::options()
                .write(true)
                .open(file(folder, "m", &[token]))
                .unwrap()
                .set_modified(time)
                .unwrap();
        }
        assert!(read(folder, "m", &[0]).is_some(), "which makes it the newest");
        write(folder, limit, "m", &[3], &state).unwrap();
        let there: Vec<bool> = (0..4).map(|token| read(folder, "m", &[token]).is_some()).collect();
        assert_eq!(there, [true, false, true, true]);
        write(folder, 500, "m", &[9], &state).unwrap();
        assert!(read(folder, "m", &[9]).is_none(), "larger than the limit");
        assert!(read(folder, "m", &[3]).is_some(), "and nothing went for it");
    }

    proptest! {
        #[test]
        fn a_damaged_file_is_none_and_is_removed(at in 0_usize..80, cut: bool, value: u8) {
            let folder = tempfile::tempdir().unwrap();
            write(folder.path(), ROOM, "m", &[1], &[5; 24]).unwrap();
            let path = file(folder.path(), "m", &[1]);
            let mut bytes = fs::read(&path).unwrap();
            let at = at % bytes.len();
            let is_counter = (8..16).contains(&at);
            if cut {
                bytes.truncate(at);
            } else {
                prop_assume!(bytes[at] != value && !is_counter);
                bytes[at] = value;
            }
            fs::write(&path, &bytes).unwrap();
            prop_assert_eq!(read(folder.path(), "m", &[1]), None);
            prop_assert!(!path.exists());
        }
    }
}
