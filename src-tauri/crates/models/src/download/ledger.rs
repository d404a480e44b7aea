//! What is known to be right of a partial file: `<target>.partial.json`.
//!
//! A line says which file this is, then one for each block says how long it is and what its CRC
//! is. A later line about a block replaces an earlier one. Whatever cannot be read, and all behind
//! it, is as if it were not there: a crash cuts the last line, a damaged disk anything. Nothing in
//! it is believed of a block before the block was read again, so lines may be written before their
//! block has reached the disk.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Wanted;

const VERSION: u32 = 1;

/// A ledger of a file of 8 TiB is shorter.
pub(super) const MAX_LEDGER_BYTES: u64 = 64 << 20;

/// A block is in memory whole while it is checked.
const MAX_BLOCK_BYTES: u64 = 64 << 20;

/// Which file a ledger is about: its first line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Header {
    version: u32,
    /// The path in the address. Without the host: another mirror has the same file.
    file: String,
    bytes: u64,
    sha256: Option<String>,
    /// What the server called this version of the file.
    pub(super) etag: Option<String>,
    pub(super) block_bytes: u64,
}

impl Header {
    pub(super) fn new(wanted: &Wanted, etag: Option<String>, block_bytes: u64) -> Self {
        Self {
            version: VERSION,
            file: path_of(&wanted.url).to_owned(),
            bytes: wanted.bytes,
            sha256: wanted.sha256.clone(),
            etag,
            block_bytes,
        }
    }

    /// Whether the bytes it vouches for are those of this file. Those with the same sha256 are,
    /// wherever they came from.
    fn is_of(&self, wanted: &Wanted) -> bool {
        self.bytes == wanted.bytes
            && match (&self.sha256, &wanted.sha256) {
                (Some(ours), Some(theirs)) => ours.eq_ignore_ascii_case(theirs),
                (None, None) => self.file == path_of(&wanted.url),
                (Some(_), None) | (None, Some(_)) => false,
            }
    }

    fn is_usable(&self) -> bool {
        self.version == VERSION && (1..=MAX_BLOCK_BYTES).contains(&self.block_bytes)
    }
}

/// The path in an address, without the query, which may have a signature.
fn path_of(url: &str) -> &str {
    let behind_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = behind_scheme.find('/').map_or("", |slash| &behind_scheme[slash..]);
    path.split(['?', '#']).next().unwrap_or_default()
}

/// A block of the file that is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Block {
    pub(super) bytes: u64,
    pub(super) crc32: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    n: u64,
    #[serde(flatten)]
    block: Block,
}

/// A line of JSON with its end.
pub(super) fn header_line(header: &Header) -> Vec<u8> {
    line(header)
}

/// The line about block `n`.
pub(super) fn block_line(n: u64, block: Block) -> Vec<u8> {
    line(&Line { n, block })
}

fn line(of: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(of).expect("numbers and texts are JSON");
    line.push(b'\n');
    line
}

/// What a ledger says about a file.
#[derive(Debug, PartialEq)]
pub(super) struct Recorded {
    pub(super) header: Header,
    /// From the start of the file without a gap; only the last may be shorter than the rest.
    pub(super) blocks: Vec<Block>,
    /// How much of the ledger could be read; new lines go behind it.
    pub(super) ledger_bytes: u64,
}

/// Reads a ledger. `None` if it is none, or one of another file.
pub(super) fn read(text: &[u8], wanted: &Wanted) -> Option<Recorded> {
    let recorded = read_any(text)?;
    recorded.header.is_of(wanted).then_some(recorded)
}

/// Reads a ledger, whatever file it is about.
pub(super) fn read_any(text: &[u8]) -> Option<Recorded> {
    let mut lines =
        text.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    let first = lines.next()?;
    let header: Header = serde_json::from_slice(first).ok()?;
    if !header.is_usable() {
        return None;
    }
    let mut ledger_bytes = first.len() as u64;
    let mut known = BTreeMap::new();
    for text in lines {
        let Ok(Line { n, block }) = serde_json::from_slice(text) else { break };
        known.insert(n, block);
        ledger_bytes += text.len() as u64;
    }
    let blocks = without_gaps(&known, &header);
    Some(Recorded { header, blocks, ledger_bytes })
}

fn without_gaps(known: &BTreeMap<u64, Block>, header: &Header) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut left = header.bytes;
    for (expected, (n, block)) in (0_u64..).zip(known) {
        let whole = left.min(header.block_bytes);
        if *n != expected || block.bytes == 0 || block.bytes > whole {
            break;
        }
        blocks.push(*block);
        left -= block.bytes;
        if block.bytes < header.block_bytes {
            break;
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            url: "https://huggingface.co/a/b/resolve/c0ffee/m.gguf?download=true".to_owned(),
            bytes: 25,
            sha256: None,
            git_sha1: None,
            target: "m.gguf".into(),
        }
    }

    fn of(bytes: u64) -> Block {
        Block { bytes, crc32: 7 }
    }

    fn ledger(lines: &[(u64, u64)]) -> Vec<u8> {
        let mut text = header_line(&Header::new(&wanted(), Some("\"e\"".to_owned()), 10));
        for (n, bytes) in lines {
            text.extend(block_line(*n, of(*bytes)));
        }
        text
    }

    #[test]
    fn blocks_count_from_the_start_up_to_the_first_gap() {
        type Case = (&'static [(u64, u64)], &'static [u64]);
        let cases: [Case; 11] = [
            (&[], &[]),
            (&[(0, 10)], &[10]),
            (&[(0, 10), (1, 10), (2, 5)], &[10, 10, 5]),
            (&[(0, 10), (2, 5)], &[10]),
            (&[(1, 10)], &[]),
            (&[(0, 3), (0, 7), (0, 10), (1, 2)], &[10, 2]),
            (&[(0, 3), (1, 10)], &[3]),
            (&[(0, 11)], &[]),
            (&[(0, 0), (1, 10)], &[]),
            (&[(0, 10), (1, 10), (2, 6)], &[10, 10]),
            (&[(u64::MAX, 10), (0, 10), (1, 10), (2, 5), (3, 1)], &[10, 10, 5]),
        ];
        for (lines, sizes) in cases {
            let recorded = read(&ledger(lines), &wanted()).expect("it is a ledger");
            let blocks: Vec<_> = sizes.iter().map(|bytes| of(*bytes)).collect();
            assert_eq!(recorded.blocks, blocks, "{lines:?}");
        }
    }

    #[test]
    fn a_ledger_cut_or_damaged_anywhere_says_less_and_nothing_wrong() {
        let whole = ledger(&[(0, 10), (1, 10), (2, 5)]);
        let all = read(&whole, &wanted()).expect("it is a ledger").blocks;
        for end in 0..whole.len() {
            if let Some(cut) = read(&whole[..end], &wanted()) {
                assert!(all.starts_with(&cut.blocks));
                assert!(cut.ledger_bytes <= end as u64);
                assert_eq!(whole[cut.ledger_bytes as usize - 1], b'\n');
            }
        }
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] = 0xff;
            if let Some(said) = read(&damaged, &wanted()) {
                assert!(all.starts_with(&said.blocks), "byte {at}");
            }
        }
        for garbage in [&b"\n"[..], b"{}\n", b"null\n", b"[1]\n{}\n", &[0; 4096], &[0xff; 100]] {
            assert_eq!(read(garbage, &wanted()), None);
        }
    }

    #[test]
    fn a_ledger_is_of_the_file_with_the_same_content() {
        let with = |change: &dyn Fn(&mut Wanted)| {
            let mut other = wanted();
            change(&mut other);
            other
        };
        let sha = |sha256: &str| Some(sha256.to_owned());
        let written = |wanted: &Wanted| header_line(&Header::new(wanted, None, 10));
        let plain = written(&wanted());
        assert!(read(&plain, &wanted()).is_some());
        let mirror = "http://127.0.0.1:9/a/b/resolve/c0ffee/m.gguf#x".to_owned();
        assert!(read(&plain, &with(&|it| it.url.clone_from(&mirror))).is_some(), "another host");
        let commit = "https://huggingface.co/a/b/resolve/beef/m.gguf".to_owned();
        assert!(read(&plain, &with(&|it| it.url.clone_from(&commit))).is_none(), "another commit");
        assert!(read(&plain, &with(&|it| it.bytes = 26)).is_none(), "another length");
        assert!(read(&plain, &with(&|it| it.sha256 = sha("aa"))).is_none(), "known better now");
        let known = written(&with(&|it| it.sha256 = sha("aa")));
        assert!(read(&known, &wanted()).is_none(), "known less well now");
        let elsewhere = with(&|it| (it.url, it.sha256) = (commit.clone(), sha("AA")));
        assert!(read(&known, &elsewhere).is_some(), "the same content of another commit");
        assert!(read(&known, &with(&|it| it.sha256 = sha("ab"))).is_none(), "other content");
    }

    #[test]
    fn a_ledger_of_another_version_or_with_absurd_blocks_is_none() {
        let text = String::from_utf8(ledger(&[(0, 10)])).unwrap();
        for (from, to) in [
            ("\"version\":1", "\"version\":2"),
            ("\"block_bytes\":10", "\"block_bytes\":0"),
            ("\"block_bytes\":10", "\"block_bytes\":18446744073709551615"),
            ("\"block_bytes\":10", "\"block_bytes\":-1"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text);
            assert_eq!(read(changed.as_bytes(), &wanted()), None, "{to}");
        }
    }
}
