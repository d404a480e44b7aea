//! What a person can do with downloads.

use std::sync::Arc;

use braincells_core::{AppError, Download, DownloadId, DownloadState};
use braincells_data::{Added, DownloadStanding, NewDownload, StoredDownload};

use super::DownloadRequest;
use super::choose::{self, Asked};
use super::claim::Claim;
use super::disk;
use super::error::DownloadError;
use super::plan::{self, Answer, Wish};
use super::queue::Shared;
use super::round::TICK;
use crate::Workbench;
use crate::blocking::blocking;
use crate::machine::disk_free_bytes;

/// How long a download that is over stays in the list, in milliseconds: 30 days.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

impl Workbench {
    /// Puts a model into the queue of downloads and begins to fetch it, two at once at most. The
    /// hub is asked what there is; everything after that goes on whatever becomes of the caller.
    ///
    /// One that is on its way already is returned as it is, and goes on if it was stopped; where
    /// neither a quantisation nor a file is named, that is any of the same repository. Fails with
    /// [`Code::Conflict`](braincells_core::Code::Conflict) if the model is here, or another commit
    /// of it than the named one is on its way.
    pub async fn download_model(&self, request: DownloadRequest) -> Result<Download, AppError> {
        let hub = self.hub().await?;
        let room = self.room().await?;
        let catalogue = self.model_catalogue().await?;
        let asked = Asked::read(&request, &catalogue, &room, |text| hub.reference(text))?;
        if let Some(known) = self.under_way(&asked).await? {
            return self.wish(known, Wish::Resume).await;
        }
        let token = self.cloud().hub_token().await;
        let (repository, choice) = choose::look(&hub, &token, &asked, &room).await?;
        let is_run = |runtime| self.engines().runs(runtime);
        choose::check_usable(&repository, request.anyway, &catalogue, is_run)?;
        let new = choose::planned(&repository, &choice)?;
        loop {
            let known = match self.enqueue(&new).await? {
                (Added::New(id), claim) => {
                    let shared = self.download_queue();
                    shared.want(id, claim);
                    shared.tell(id).await;
                    return self.download(id).await;
                }
                (Added::UnderWay(id), _) => self.stored_download(id).await?,
            };
            let is_same = known.wanted.revision == new.revision
                || known
                    .wanted
                    .files
                    .iter()
                    .map(|file| (&file.sha256, &file.git_sha1))
                    .eq(new.files.iter().map(|file| (&file.sha256, &file.git_sha1)));
            let state = known.standing.state;
            if is_same || (state != DownloadState::Failed && asked.revision().is_none()) {
                return self.wish(known.id, Wish::Resume).await;
            }
            if state != DownloadState::Failed {
                let NewDownload { name, revision, .. } = known.wanted;
                return Err(
                    DownloadError::OtherVersion { id: known.id, name, state, revision }.into()
                );
            }
            // What failed was another version of the files; what there is of it is of no use.
            self.wish(known.id, Wish::Cancel).await?;
        }
    }

    /// The downloads, the newest first. Those that are over are listed for 30 days.
    pub async fn downloads(&self) -> Result<Vec<Download>, AppError> {
        let (shared, catalogue) = (Arc::clone(self.download_queue()), self.catalogue());
        let since_ms = self.now_ms().saturating_sub(KEPT_MS);
        blocking(move || {
            let stored = catalogue.downloads()?.into_iter();
            let listed =
                stored.filter(|one| !one.standing.state.is_over() || one.changed_at_ms >= since_ms);
            Ok::<_, AppError>(listed.map(|one| shared.shown(&one)).collect())
        })
        .await
    }

    /// One download.
    pub async fn download(&self, id: DownloadId) -> Result<Download, AppError> {
        let stored = self.stored_download(id).await?;
        self.shown_download(stored).await
    }

    /// The download that a text means: its number, its name, the file name in it, or the beginning
    /// of one of these; of several of one name, the one that is not over.
    pub async fn find_download(&self, text: &str) -> Result<DownloadId, AppError> {
        let downloads = self.downloads().await?;
        Ok(found(text, &downloads)?)
    }

    /// Stops a download for now; what was fetched is kept.
    pub async fn pause_download(&self, id: DownloadId) -> Result<Download, AppError> {
        self.wish(id, Wish::Pause).await
    }

    /// Has a download go on here, one that failed too.
    pub async fn resume_download(&self, id: DownloadId) -> Result<Download, AppError> {
        // Refused at once where nothing may leave this machine.
        self.hub().await?;
        self.wish(id, Wish::Resume).await
    }

    /// Gives a download up for good, and removes what was fetched.
    pub async fn cancel_download(&self, id: DownloadId) -> Result<Download, AppError> {
        self.wish(id, Wish::Cancel).await
    }

    /// Takes a download that is over out of the list. One that is not stays, which is an error.
    pub async fn clear_download(&self, id: DownloadId) -> Result<(), AppError> {
        let stored = self.stored_download(id).await?;
        let catalogue = self.catalogue();
        if blocking(move || catalogue.forget_download(id)).await? {
            return Ok(());
        }
        let (name, state) = (stored.wanted.name, stored.standing.state);
        Err(DownloadError::NotPossible { name, state, wish: Wish::Clear }.into())
    }

    /// Waits until a download does not go on by itself any more: it is there, was stopped, or
    /// failed for good. Whichever process works on it.
    pub async fn finished_download(&self, id: DownloadId) -> Result<Download, AppError> {
        let shared = self.download_queue();
        let _watching = Watching::begin(shared);
        let mut changes = shared.changes();
        loop {
            let download = self.download(id).await?;
            if !download.state.is_active() {
                return Ok(download);
            }
            shared.change(&mut changes, TICK).await;
        }
    }

    /// Takes up the downloads that go on by themselves and that no living process works on, from
    /// now on and until the workbench is closed.
    pub async fn resume_downloads(&self) -> Result<(), AppError> {
        let (shared, catalogue) = (Arc::clone(self.download_queue()), self.catalogue());
        let before_ms = self.now_ms().saturating_sub(KEPT_MS);
        let home = self.home().clone();
        blocking(move || {
            catalogue.forget_downloads_before(before_ms)?;
            let all = catalogue.downloads()?;
            let given_up = all.iter().filter(|one| {
                one.standing.state == DownloadState::Cancelled
                    && disk::has_leftovers(&home.models(), one)
            });
            for one in given_up {
                // Whoever has the claim still clears it away. A person gave it up: nobody works on
                // it for long where there are no locks, either.
                if let Ok(Some(claim)) = Claim::take(&home.temporary(), one.id, true) {
                    if disk::sweep(&home.models(), one, &all) {
                        catalogue.forget_finished_files(one.id)?;
                    }
                    claim.end();
                }
            }
            Ok::<_, AppError>(())
        })
        .await?;
        shared.held().adopts = true;
        shared.begin();
        Ok(())
    }

    /// Writes down what a person wants of a download, then sees to it here.
    async fn wish(&self, id: DownloadId, wish: Wish) -> Result<Download, AppError> {
        let shared = self.download_queue();
        let mut stored = self.stored_download(id).await?;
        loop {
            let state = stored.standing.state;
            match plan::answer(wish, state) {
                Answer::Already => break,
                Answer::Refused => {
                    let name = stored.wanted.name;
                    return Err(DownloadError::NotPossible { name, state, wish }.into());
                }
                Answer::Move(to) => {
                    let moved = shared.move_row(id, &[state], DownloadStanding::fresh(to)).await?;
                    stored = self.stored_download(id).await?;
                    if moved {
                        break;
                    }
                    // It moved on meanwhile, and the wish is for where it stands now.
                }
            }
        }
        match wish {
            Wish::Resume => shared.want(id, None),
            Wish::Pause | Wish::Clear => shared.stop(id).await,
            Wish::Cancel => {
                shared.stop(id).await;
                shared.clear_cancelled(&stored).await?;
            }
        }
        shared.tell(id).await;
        shared.changed();
        self.download(id).await
    }

    /// Puts a new download into the queue, claimed before others can see it.
    async fn enqueue(&self, new: &NewDownload) -> Result<(Added, Option<Claim>), AppError> {
        let (catalogue, home, now_ms) = (self.catalogue(), self.home().clone(), self.now_ms());
        let new = new.clone();
        blocking(move || {
            let (name, models, all) = (&new.name, home.models(), catalogue.downloads()?);
            let is_under_way =
                all.iter().any(|one| one.wanted.name == *name && !one.standing.state.is_over());
            if !is_under_way {
                let promised = disk::promised_bytes(&models, &all);
                let free = disk_free_bytes(&models).map(|free| free.saturating_sub(promised));
                disk::check_new(&models, &new, free)?;
            }
            let mut claim = None;
            let added = catalogue.add_download(&new, now_ms, |id| {
                // Without one it is tried again soon.
                claim = Claim::take(&home.temporary(), id, true).ok().flatten();
            })?;
            Ok::<_, AppError>((added, claim))
        })
        .await
    }

    /// The download of what was named, if it is on its way and that can be told without the hub.
    async fn under_way(&self, asked: &Asked) -> Result<Option<DownloadId>, AppError> {
        let catalogue = self.catalogue();
        let stored = blocking(move || catalogue.downloads()).await?;
        let known = stored.into_iter().find(|one| {
            let state = one.standing.state;
            (state.is_active() || state == DownloadState::Paused) && asked.means(&one.wanted)
        });
        Ok(known.map(|one| one.id))
    }

    async fn stored_download(&self, id: DownloadId) -> Result<StoredDownload, AppError> {
        let catalogue = self.catalogue();
        let found = blocking(move || catalogue.download(id)).await?;
        found.ok_or_else(|| DownloadError::NoSuchDownload { text: id.to_string() }.into())
    }

    async fn shown_download(&self, stored: StoredDownload) -> Result<Download, AppError> {
        let shared = Arc::clone(self.download_queue());
        blocking(move || Ok::<_, AppError>(shared.shown(&stored))).await
    }

    fn download_queue(&self) -> &Arc<Shared> {
        self.queued_downloads().shared()
    }
}

/// Has the table be looked at while somebody waits.
struct Watching(Arc<Shared>);

impl Watching {
    fn begin(shared: &Arc<Shared>) -> Self {
        shared.held().watchers += 1;
        shared.begin();
        Self(Arc::clone(shared))
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let mut held = self.0.held();
        held.watchers = held.watchers.saturating_sub(1);
    }
}

fn found(text: &str, downloads: &[Download]) -> Result<DownloadId, DownloadError> {
    let text = text.trim();
    let file = |one: &Download| one.name.rsplit('/').next().unwrap_or_default().to_lowercase();
    let lower = text.to_lowercase();
    let ways: [&dyn Fn(&Download) -> bool; 4] = [
        &|one| one.id.to_string() == text,
        &|one| one.name.to_lowercase() == lower || file(one) == lower,
        &|one| file(one).strip_suffix(".gguf") == Some(lower.as_str()),
        &|one| one.name.to_lowercase().starts_with(&lower) || file(one).starts_with(&lower),
    ];
    if !text.is_empty() {
        for is_meant in ways {
            let mut meant: Vec<&Download> = downloads.iter().filter(|one| is_meant(one)).collect();
            if meant.iter().any(|one| !one.state.is_over()) {
                meant.retain(|one| !one.state.is_over());
            }
            match meant.as_slice() {
                [] => {}
                [first, others @ ..] => {
                    // Of one model that came and went, the newest is meant.
                    if others.iter().all(|one| one.name == first.name) {
                        return Ok(first.id);
                    }
                    let candidates =
                        meant.iter().map(|one| format!("{} ({})", one.id, one.name)).collect();
                    return Err(DownloadError::Ambiguous { text: text.to_owned(), candidates });
                }
            }
        }
    }
    Err(DownloadError::NoSuchDownload { text: text.to_owned() })
}
