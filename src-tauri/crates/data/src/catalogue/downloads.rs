//! The queue of downloads: what is to be fetched, how far it is, what became of it.
//!
//! The table is the truth about a download, for every process of the home. Whoever changes where
//! one stands names the states that it may change from ([`Catalogue::move_download`]), so that a
//! process that works never takes back what a person said in another one. How many bytes are there
//! is not kept here: the files on the disk say so.

use braincells_core::{AppError, DownloadId, DownloadState};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::{Catalogue, during, unreadable};
use crate::DataError;
use crate::database::hold;

/// A file of a download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownloadFile {
    /// Its path in the repository.
    pub path: String,
    /// Where it goes, within the models folder; `/` between folders.
    pub target: String,
    /// Its size.
    pub bytes: u64,
    /// Its sum, where the hub knows one.
    pub sha256: Option<String>,
    /// What git calls its content, for a file without such a sum.
    pub git_sha1: Option<String>,
    /// Whether it is there, whole and compared with its sum.
    pub done: bool,
}

/// A download that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDownload {
    /// What the model is called once it is there.
    pub name: String,
    /// Where it comes from, `owner/name`.
    pub repository: String,
    /// The commit of the repository.
    pub revision: String,
    /// The quantisation, where there is one.
    pub label: Option<String>,
    /// What runs the model, in the word of whoever asks.
    pub runtime: String,
    /// Its files, in the order in which they are fetched.
    pub files: Vec<DownloadFile>,
}

/// Where a download stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownloadStanding {
    /// The state.
    pub state: DownloadState,
    /// How often it was tried again by itself.
    pub retries: u32,
    /// When it is tried again, Unix milliseconds.
    pub retry_at_ms: Option<i64>,
    /// Why it failed.
    pub error: Option<AppError>,
}

impl DownloadStanding {
    /// A state in which nothing has failed yet.
    pub fn fresh(state: DownloadState) -> Self {
        Self { state, retries: 0, retry_at_ms: None, error: None }
    }
}

/// A download as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDownload {
    /// Which one.
    pub id: DownloadId,
    /// What was asked for.
    pub wanted: NewDownload,
    /// Where it stands.
    pub standing: DownloadStanding,
    /// When it was asked for, Unix milliseconds.
    pub added_at_ms: i64,
    /// When it last stood elsewhere, Unix milliseconds.
    pub changed_at_ms: i64,
}

/// What became of a wish for a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is in the queue.
    New(DownloadId),
    /// One of that name is there already and not over.
    UnderWay(DownloadId),
}

const COLUMNS: &str = "id, name, repository, revision, label, runtime, state, retries, \
                       retry_at_ms, error, added_at_ms, changed_at_ms";

impl Catalogue {
    /// Puts a download into the queue, unless one of its name is there and not over. `claim` is
    /// called before any other process can see the new one.
    pub fn add_download(
        &self,
        new: &NewDownload,
        now_ms: i64,
        claim: impl FnOnce(DownloadId),
    ) -> Result<Added, DataError> {
        let failed = during("put the download into the queue");
        let mut connection = hold(&self.connection);
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(&failed)?;
        let under_way = transaction
            .query_row(
                "SELECT id FROM downloads WHERE name = ? AND state NOT IN ('done', 'cancelled')",
                [&new.name],
                |row| row.get(0),
            )
            .optional()
            .map_err(&failed)?;
        if let Some(id) = under_way {
            return Ok(Added::UnderWay(DownloadId(id)));
        }
        transaction
            .execute(
                "INSERT INTO downloads (name, repository, revision, label, runtime, state, \
                 retries, added_at_ms, changed_at_ms) VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?)",
                params![
                    new.name,
                    new.repository,
                    new.revision,
                    new.label,
                    new.runtime,
                    DownloadState::Queued.as_str(),
                    now_ms,
                    now_ms
                ],
            )
            .map_err(&failed)?;
        let id = DownloadId(transaction.last_insert_rowid());
        for (position, file) in new.files.iter().enumerate() {
            transaction
                .execute(
                    "INSERT INTO download_files (download_id, position, path, target, bytes, \
                     sha256, git_sha1, done) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    params![
                        id.0,
                        position as i64,
                        file.path,
                        file.target,
                        file.bytes as i64,
                        file.sha256,
                        file.git_sha1,
                        file.done
                    ],
                )
                .map_err(&failed)?;
        }
        claim(id);
        transaction.commit().map_err(&failed)?;
        Ok(Added::New(id))
    }

    /// All downloads that are remembered, the newest first.
    pub fn downloads(&self) -> Result<Vec<StoredDownload>, DataError> {
        let failed = during("list the downloads");
        let connection = hold(&self.connection);
        let sql = format!("SELECT {COLUMNS} FROM downloads ORDER BY id DESC");
        let mut statement = connection.prepare_cached(&sql).map_err(&failed)?;
        let mut rows = statement.query([]).map_err(&failed)?;
        let mut downloads = Vec::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            downloads.push(read(&connection, row)?);
        }
        Ok(downloads)
    }

    /// One download.
    pub fn download(&self, id: DownloadId) -> Result<Option<StoredDownload>, DataError> {
        let failed = during("find the download");
        let connection = hold(&self.connection);
        let sql = format!("SELECT {COLUMNS} FROM downloads WHERE id = ?");
        let mut statement = connection.prepare_cached(&sql).map_err(&failed)?;
        let mut rows = statement.query([id.0]).map_err(&failed)?;
        rows.next().map_err(&failed)?.map(|row| read(&connection, row)).transpose()
    }

    /// Has a download stand elsewhere, if it stands in one of the states of `from` now; says
    /// whether it did.
    pub fn move_download(
        &self,
        id: DownloadId,
        from: &[DownloadState],
        to: &DownloadStanding,
        now_ms: i64,
    ) -> Result<bool, DataError> {
        // Words of ours: nothing of a person is in them.
        let from: Vec<String> = from.iter().map(|state| format!("'{}'", state.as_str())).collect();
        let sql = format!(
            "UPDATE downloads SET state = ?, retries = ?, retry_at_ms = ?, error = ?, \
             changed_at_ms = ? WHERE id = ? AND state IN ({})",
            from.join(", ")
        );
        let error = to.error.as_ref().map(|error| {
            serde_json::to_string(error).expect("an error is made of texts and can be written")
        });
        let values = params![to.state.as_str(), to.retries, to.retry_at_ms, error, now_ms, id.0];
        let changed = hold(&self.connection)
            .execute(&sql, values)
            .map_err(during("note where the download stands"))?;
        Ok(changed > 0)
    }

    /// Notes that a file of a download is there, whole and compared with its sum.
    pub fn finish_download_file(&self, id: DownloadId, position: usize) -> Result<(), DataError> {
        self.execute(
            "note that a file is there",
            "UPDATE download_files SET done = 1 WHERE download_id = ? AND position = ?",
            params![id.0, position as i64],
        )
    }

    /// Forgets which files of a download came: they were removed.
    pub fn forget_finished_files(&self, id: DownloadId) -> Result<(), DataError> {
        self.execute(
            "note that the files of a download are gone",
            "UPDATE download_files SET done = 0 WHERE download_id = ?",
            params![id.0],
        )
    }

    /// Forgets a download that is over; says whether it was.
    pub fn forget_download(&self, id: DownloadId) -> Result<bool, DataError> {
        let forgotten = hold(&self.connection)
            .execute(
                "DELETE FROM downloads WHERE id = ? AND state IN ('done', 'cancelled')",
                params![id.0],
            )
            .map_err(during("forget the download"))?;
        Ok(forgotten > 0)
    }

    /// Forgets the downloads that were over before a moment.
    pub fn forget_downloads_before(&self, at_ms: i64) -> Result<(), DataError> {
        self.execute(
            "forget old downloads",
            "DELETE FROM downloads WHERE state IN ('done', 'cancelled') AND changed_at_ms < ?",
            params![at_ms],
        )
    }
}

fn read(connection: &Connection, row: &Row<'_>) -> Result<StoredDownload, DataError> {
    let failed = during("read a download");
    let id: i64 = row.get(0).map_err(&failed)?;
    let state: String = row.get(6).map_err(&failed)?;
    let state = DownloadState::parse(&state)
        .ok_or_else(|| unreadable("state of a download", &state, &"no such state"))?;
    let error: Option<String> = row.get(9).map_err(&failed)?;
    // An error with a code of a newer version says less here, and its text is still worth reading.
    let error = error.map(|text| {
        serde_json::from_str(&text)
            .unwrap_or_else(|_unknown| AppError::new(braincells_core::Code::Internal, text))
    });
    Ok(StoredDownload {
        id: DownloadId(id),
        wanted: NewDownload {
            name: row.get(1).map_err(&failed)?,
            repository: row.get(2).map_err(&failed)?,
            revision: row.get(3).map_err(&failed)?,
            label: row.get(4).map_err(&failed)?,
            runtime: row.get(5).map_err(&failed)?,
            files: files(connection, id)?,
        },
        standing: DownloadStanding {
            state,
            retries: row.get(7).map_err(&failed)?,
            retry_at_ms: row.get(8).map_err(&failed)?,
            error,
        },
        added_at_ms: row.get(10).map_err(&failed)?,
        changed_at_ms: row.get(11).map_err(&failed)?,
    })
}

fn files(connection: &Connection, id: i64) -> Result<Vec<DownloadFile>, DataError> {
    let failed = during("read the files of a download");
    let mut statement = connection
        .prepare_cached(
            "SELECT path, target, bytes, sha256, git_sha1, done FROM download_files \
             WHERE download_id = ? ORDER BY position",
        )
        .map_err(&failed)?;
    let files = statement.query_map([id], |row| {
        Ok(DownloadFile {
            path: row.get(0)?,
            target: row.get(1)?,
            bytes: row.get::<_, i64>(2)? as u64,
            sha256: row.get(3)?,
            git_sha1: row.get(4)?,
            done: row.get(5)?,
        })
    });
    files.map_err(&failed)?.collect::<rusqlite::Result<_>>().map_err(failed)
}
