//! Answers that were given before, so that the same question is not computed twice.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard};

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use crate::DataError;
use crate::database::hold;

use file::{begin_to_write, is_damage, is_useless, make_room, open_file, put_aside, stored_bytes};

mod file;
mod hashes;

pub use hashes::FileState;

/// How precisely the time of the last use is kept: a write for each read would cost more than
/// forgetting the wrong answer now and then.
const USE_PRECISION_MS: i64 = 3_600_000;

/// The limit where nobody chose one: 1 GiB.
pub const DEFAULT_RESPONSE_BYTES: u64 = 1 << 30;

/// The answers that engines gave, by what they were asked, and the hashes of model files: one
/// SQLite file that nothing depends on.
///
/// It never gets in the way. A file that is damaged is put aside as `<name>.damaged` and made
/// anew; where none can be made, every look-up finds nothing and nothing is kept. Several
/// processes may have it open.
#[derive(Debug)]
pub struct ResponseCache {
    path: PathBuf,
    open: Mutex<Open>,
}

#[derive(Debug)]
struct Open {
    /// `None` where the file cannot be used.
    connection: Option<Connection>,
    limit_bytes: u64,
    /// What the answers take, as this process knows it.
    bytes: u64,
}

/// An answer to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewResponse {
    /// What was asked, as a hash.
    pub key: [u8; 32],
    /// The model's name, to clear by.
    pub model: String,
    /// The answer in the caller's own form.
    pub answer: String,
}

/// What the cache holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct ResponseCacheInfo {
    /// Answers.
    pub responses: u64,
    /// What they take, in bytes.
    pub bytes: u64,
    /// What they may take.
    pub limit_bytes: u64,
    /// The same for each model, most bytes first.
    pub models: Vec<CachedModel>,
    /// When the oldest was made, Unix milliseconds.
    pub oldest_at_ms: Option<i64>,
}

/// The part of one model in the cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(specta::Type))]
pub struct CachedModel {
    /// The model's name.
    pub model: String,
    /// Answers.
    pub responses: u64,
    /// What they take, in bytes.
    pub bytes: u64,
}

impl ResponseCache {
    /// Opens the cache at `path`, made if missing, made anew if damaged. At most `limit_bytes` of
    /// answers are kept.
    pub fn open(path: &Path, limit_bytes: u64) -> Self {
        let cache = Self {
            path: path.to_path_buf(),
            open: Mutex::new(Open { connection: None, limit_bytes, bytes: 0 }),
        };
        cache.reopen(&mut hold(&cache.open));
        cache
    }

    /// The answers that are kept for some of `keys`.
    pub fn find(&self, keys: &[[u8; 32]], now_ms: i64) -> HashMap<[u8; 32], String> {
        self.try_or_default("look an answer up", |connection, _| {
            let mut found = HashMap::new();
            let mut old = Vec::new();
            {
                let mut statement = connection
                    .prepare_cached("SELECT answer, used_at_ms FROM responses WHERE key = ?")?;
                for key in keys {
                    let row = statement
                        .query_row([key], |row| {
                            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
                        })
                        .optional()?;
                    let Some((answer, used_at_ms)) = row else { continue };
                    if now_ms.saturating_sub(used_at_ms) >= USE_PRECISION_MS {
                        old.push(key);
                    }
                    found.insert(*key, answer);
                }
            }
            if !old.is_empty()
                && let Err(error) = mark_used(connection, &old, now_ms)
            {
                // They are found all the same, and only count as older than they are.
                tracing::warn!(%error, "could not say that answers in the response cache are used");
            }
            Ok(found)
        })
    }

    /// Keeps answers, in one transaction; an answer to the same question is replaced. Those that
    /// were not used for the longest time make room.
    pub fn put(&self, responses: &[NewResponse], now_ms: i64) {
        if responses.is_empty() {
            return;
        }
        self.try_or_default("keep an answer", |connection, (limit_bytes, bytes)| {
            let transaction = begin_to_write(connection)?;
            let mut total = *bytes;
            {
                let mut old =
                    transaction.prepare_cached("SELECT bytes FROM responses WHERE key = ?")?;
                let mut insert = transaction
                    .prepare_cached("INSERT OR REPLACE INTO responses VALUES (?, ?, ?, ?, ?, ?)")?;
                for NewResponse { key, model, answer } in responses {
                    let replaced = old.query_row([key], |row| row.get::<_, i64>(0)).optional()?;
                    let size = (key.len() + model.len() + answer.len()) as i64;
                    insert.execute(params![key, model, answer, size, now_ms, now_ms])?;
                    total = total.saturating_add_signed(size - replaced.unwrap_or(0));
                }
            }
            if total > limit_bytes {
                total = make_room(&transaction, limit_bytes)?;
            }
            transaction.commit()?;
            *bytes = total;
            Ok(())
        });
    }

    /// What the cache holds.
    pub fn info(&self) -> Result<ResponseCacheInfo, DataError> {
        let mut open = hold(&self.open);
        let limit_bytes = open.limit_bytes;
        let (connection, _) = self.usable(&mut open)?;
        let read = || -> rusqlite::Result<_> {
            let mut statement = connection.prepare(
                "SELECT model, count(*), sum(bytes), min(made_at_ms) FROM responses \
                 GROUP BY model ORDER BY sum(bytes) DESC, model",
            )?;
            let mut rows = statement.query([])?;
            let mut info = ResponseCacheInfo { limit_bytes, ..ResponseCacheInfo::default() };
            while let Some(row) = rows.next()? {
                let (responses, bytes) =
                    (row.get::<_, i64>(1)? as u64, row.get::<_, i64>(2)? as u64);
                let oldest: i64 = row.get(3)?;
                info.responses += responses;
                info.bytes += bytes;
                info.oldest_at_ms = Some(info.oldest_at_ms.map_or(oldest, |at| at.min(oldest)));
                info.models.push(CachedModel { model: row.get(0)?, responses, bytes });
            }
            Ok(info)
        };
        read().map_err(during("read the response cache"))
    }

    /// Forgets answers: those of `model` alone if one is named, those last used before
    /// `unused_since_ms` alone if that is given. Returns how many, and gives their room back to
    /// the disk.
    pub fn clear(
        &self,
        model: Option<&str>,
        unused_since_ms: Option<i64>,
    ) -> Result<u64, DataError> {
        let mut open = hold(&self.open);
        let (connection, bytes) = self.usable(&mut open)?;
        let mut clear = || -> rusqlite::Result<u64> {
            let removed = connection.execute(
                "DELETE FROM responses WHERE (?1 IS NULL OR model = ?1) \
                 AND (?2 IS NULL OR used_at_ms < ?2)",
                params![model, unused_since_ms],
            )?;
            *bytes = stored_bytes(connection)?;
            connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);")?;
            Ok(removed as u64)
        };
        clear().map_err(during("clear the response cache"))
    }

    /// Sets the limit, in bytes, and makes room if there is more.
    pub fn set_limit(&self, limit_bytes: u64) -> Result<(), DataError> {
        let mut open = hold(&self.open);
        open.limit_bytes = limit_bytes;
        let (connection, bytes) = self.usable(&mut open)?;
        let mut shrink = || -> rusqlite::Result<()> {
            let transaction = begin_to_write(connection)?;
            if stored_bytes(&transaction)? > limit_bytes {
                *bytes = make_room(&transaction, limit_bytes)?;
            }
            transaction.commit()
        };
        shrink().map_err(during("shrink the response cache"))
    }

    /// Does something with the cache, if it can be used. Damage that shows is repaired.
    fn try_or_default<T: Default>(
        &self,
        action: &'static str,
        work: impl FnOnce(&Connection, (u64, &mut u64)) -> rusqlite::Result<T>,
    ) -> T {
        let mut open = hold(&self.open);
        let Open { connection, limit_bytes, bytes } = &mut *open;
        let Some(connection) = connection else { return T::default() };
        match work(connection, (*limit_bytes, bytes)) {
            Ok(result) => result,
            Err(error) => {
                tracing::warn!(%error, "could not {action} in the response cache");
                if is_damage(&error) {
                    self.reopen(&mut open);
                }
                T::default()
            }
        }
    }

    fn usable<'a>(
        &self,
        open: &'a mut MutexGuard<'_, Open>,
    ) -> Result<(&'a Connection, &'a mut u64), DataError> {
        let Open { connection, bytes, .. } = &mut **open;
        let connection = connection.as_ref().ok_or_else(|| {
            let reason = format!("`{}` can neither be read nor made anew", self.path.display());
            DataError::database("open the response cache", &reason)
        })?;
        Ok((connection, bytes))
    }

    /// Opens the file as it is now: another process may have repaired it. One that holds nothing
    /// that can be read is put aside.
    fn reopen(&self, open: &mut Open) {
        open.connection = None;
        let opened = open_file(&self.path).or_else(|error| {
            if !is_useless(&error) {
                return Err(error);
            }
            tracing::warn!(path = %self.path.display(), %error, "the response cache is made anew");
            put_aside(&self.path);
            open_file(&self.path)
        });
        match opened {
            Ok((connection, bytes)) => {
                open.bytes = bytes;
                open.connection = Some(connection);
            }
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "there is no response cache");
            }
        }
    }
}

fn mark_used(connection: &Connection, keys: &[&[u8; 32]], now_ms: i64) -> rusqlite::Result<()> {
    let transaction = begin_to_write(connection)?;
    let sql = "UPDATE responses SET used_at_ms = ? WHERE key = ?";
    let mut statement = transaction.prepare_cached(sql)?;
    for key in keys {
        statement.execute(params![now_ms, key])?;
    }
    drop(statement);
    transaction.commit()
}

/// Names what was attempted when SQLite refuses.
fn during(action: &'static str) -> impl Fn(rusqlite::Error) -> DataError {
    move |error| DataError::database(action, &error.to_string())
}

#[cfg(test)]
mod tests;
