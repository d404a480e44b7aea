//! The header of a model that still lies on the hub: the first bytes of its file, as few as will do.

use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;

use super::files::HubFile;
use super::request::Hub;
use crate::ModelsError;
use crate::gguf::{Gguf, Prefix};

/// What is asked for first. Most of a header is its list of tokens, and many fit into this.
const FIRST_BYTES: u64 = 512 << 10;
/// The most that is asked for.
const MOST_BYTES: u64 = 64 << 20;
/// How long one piece may take, however steadily it drips.
const LONGEST: Duration = Duration::from_mins(5);

impl Hub {
    /// The header of a GGUF file. Fetches 512 KiB, then twice as much as there is until it is
    /// whole, 64 MiB at most.
    pub async fn header(
        &self,
        repository: &str,
        commit: &str,
        file: &HubFile,
        token: Option<&SecretString>,
    ) -> Result<Gguf, ModelsError> {
        let url = self.file_url(repository, commit, &file.path);
        let failed = |reason: String| ModelsError::HubFailed { host: self.address.host(), reason };
        let most = MOST_BYTES.min(file.bytes);
        let mut due = FIRST_BYTES.min(most);
        let mut prefix: Vec<u8> = Vec::new();
        loop {
            let have = prefix.len() as u64;
            let response = self.get_range(&url, have, due.max(1) - 1, None, token).await?;
            let start = match (response.status, response.range) {
                (206, Some(range)) => range.start,
                (200, _) => 0,
                _ => u64::MAX,
            };
            if start != have && start != 0 {
                return Err(failed(format!("it sends other bytes of `{}`", file.path)));
            }
            if response.total_bytes.is_some_and(|total| total != file.bytes) {
                return Err(failed(format!("`{}` changed meanwhile", file.path)));
            }
            let room = due - start;
            let bytes = self.body(response.into_response(), room as usize, LONGEST).await?;
            prefix.truncate(start as usize);
            let wanted = bytes.len().min(room as usize);
            prefix.extend_from_slice(&bytes[..wanted]);
            if (prefix.len() as u64) < due {
                return Err(failed(format!("it sends less of `{}` than was asked for", file.path)));
            }
            let file_bytes = file.bytes;
            // Some headers take tens of milliseconds to read.
            let read = tokio::task::spawn_blocking(move || {
                let read = Gguf::read_prefix(&prefix, file_bytes);
                (prefix, read)
            });
            let (kept, read) = read.await.expect("reading a header does not panic");
            prefix = kept;
            match read.map_err(|error| error.in_file(Path::new(&file.path)))? {
                Prefix::Whole(header) => return Ok(*header),
                Prefix::NeedsMore { .. } if due >= most => {
                    let reason = format!("its header is longer than {MOST_BYTES} bytes");
                    let file = Some(Path::new(&file.path).to_owned());
                    return Err(ModelsError::Unreadable { file, reason });
                }
                Prefix::NeedsMore { bytes } => {
                    due = due.saturating_add(bytes).max(2 * due).min(most);
                }
            }
        }
    }
}
