//! `models pull`, `downloads`, `pause`, `resume` and `cancel`.

use std::time::Duration;

use braincells_core::{AppError, Code, Download, DownloadId, DownloadState};
use braincells_workbench::DownloadRequest;
use indicatif::{FormattedDuration, HumanBytes};
use serde_json::json;

use crate::args::{DownloadsArg, PullArgs, ResumeDownloadsArgs};
use crate::failure::{Ending, Failure, stopped};
use crate::session::Session;
use crate::table::{Align, Table};

/// How long the work gets to end after Ctrl-C; less than the process gets.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Downloads a model.
pub async fn pull(session: &Session, arguments: &PullArgs) -> Result<Ending, Failure> {
    let PullArgs { reference, quantisation, anyway, no_wait } = arguments;
    let (reference, label) = (reference.clone(), quantisation.clone());
    let request = DownloadRequest { reference, label, anyway: *anyway };
    let download = session.unless_stopped(session.workbench.download_model(request)).await?;
    if *no_wait {
        return leave(session, "models pull", &[download.id]).await;
    }
    if !session.output.manner().json {
        session.output.notice(&format!(
            "{} of {}, {}",
            download.label.as_deref().unwrap_or("all files"),
            download.repository,
            HumanBytes(download.bytes_total)
        ));
    }
    session.unless_stopped(session.workbench.resume_downloads()).await?;
    let ended = follow(session, vec![download.id]).await?;
    session.output.result("models pull", &ended.first())?;
    conclude(session, &ended)
}

/// Lists the downloads.
pub async fn downloads(session: &Session) -> Result<Ending, Failure> {
    let downloads = session.unless_stopped(session.workbench.downloads()).await?;
    session.output.result("models downloads", &json!({ "downloads": downloads }))?;
    if downloads.is_empty() {
        session.output.notice("there are no downloads; `braincells models pull MODEL` begins one");
    } else {
        session.output.say_table(&table(&downloads), false)?;
    }
    Ok(Ending::Complete)
}

/// Stops downloads for now.
pub async fn pause(session: &Session, which: &DownloadsArg) -> Result<Ending, Failure> {
    let mut changed = Vec::new();
    for id in chosen(session, which, DownloadState::is_active).await? {
        changed.push(session.unless_stopped(session.workbench.pause_download(id)).await?);
    }
    report(session, "models pause", &changed)
}

/// Gives downloads up.
pub async fn cancel(session: &Session, which: &DownloadsArg) -> Result<Ending, Failure> {
    let mut changed = Vec::new();
    for id in chosen(session, which, |state| !state.is_over()).await? {
        changed.push(session.unless_stopped(session.workbench.cancel_download(id)).await?);
    }
    report(session, "models cancel", &changed)
}

/// Has downloads go on, and waits for them.
pub async fn resume(session: &Session, arguments: &ResumeDownloadsArgs) -> Result<Ending, Failure> {
    let ids = chosen(session, &arguments.which, |state| !state.is_over()).await?;
    for id in &ids {
        session.unless_stopped(session.workbench.resume_download(*id)).await?;
    }
    if arguments.no_wait || ids.is_empty() {
        return leave(session, "models resume", &ids).await;
    }
    // What other processes left goes on beside them.
    session.unless_stopped(session.workbench.resume_downloads()).await?;
    let ended = follow(session, ids).await?;
    session.output.result("models resume", &json!({ "downloads": ended }))?;
    conclude(session, &ended)
}

/// The downloads that were named; those that `fits` with `--all`.
async fn chosen(
    session: &Session,
    which: &DownloadsArg,
    fits: impl Fn(DownloadState) -> bool,
) -> Result<Vec<DownloadId>, Failure> {
    if which.all {
        let downloads = session.unless_stopped(session.workbench.downloads()).await?;
        let fitting = downloads.iter().filter(|one| fits(one.state));
        // The oldest first, as they were asked for.
        return Ok(fitting.rev().map(|one| one.id).collect());
    }
    let mut ids = Vec::new();
    for text in &which.downloads {
        let id = session.unless_stopped(session.workbench.find_download(text)).await?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// Waits until all of them have ended or stopped. Ctrl-C pauses those that work here.
async fn follow(session: &Session, ids: Vec<DownloadId>) -> Result<Vec<Download>, Failure> {
    session.progress.follow_downloads(&ids);
    let waited = async {
        let mut ended = Vec::new();
        for id in &ids {
            ended.push(session.workbench.finished_download(*id).await?);
        }
        Ok::<_, AppError>(ended)
    };
    let ended = tokio::select! {
        ended = waited => ended,
        () = session.interrupt.pressed() => {
            session.progress.clear();
            return Err(paused(session, &ids).await.into());
        }
    };
    session.progress.clear();
    Ok(ended?)
}

/// Pauses downloads because of Ctrl-C, and says what became of them.
async fn paused(session: &Session, ids: &[DownloadId]) -> AppError {
    let mut numbers = Vec::new();
    let pause = async {
        for id in ids {
            let download = session.workbench.download(*id).await?;
            // What another process fetches is not stopped by leaving this one.
            if download.state.is_active() && !download.elsewhere {
                numbers.push(id.to_string());
                session.workbench.pause_download(*id).await?;
            }
        }
        Ok::<_, AppError>(())
    };
    match tokio::time::timeout(LAST_WORDS, pause).await {
        Ok(Err(error)) => error,
        // The wish is written before the work ends, which it does with the process at the latest.
        Ok(Ok(())) | Err(_) if numbers.is_empty() => {
            stopped("stopped waiting", "another process goes on with it")
        }
        Ok(Ok(())) | Err(_) => {
            let hint = format!("`braincells models resume {}` goes on", numbers.join(" "));
            stopped("paused; what was fetched is kept", hint)
        }
    }
}

/// Leaves downloads in the queue to whoever comes next.
async fn leave(session: &Session, verb: &str, ids: &[DownloadId]) -> Result<Ending, Failure> {
    // What has begun here stops, and says so before another process looks.
    session.workbench.close().await?;
    let mut downloads = Vec::new();
    for id in ids {
        downloads.push(session.workbench.download(*id).await?);
    }
    report(session, verb, &downloads)
}

fn report(session: &Session, verb: &str, downloads: &[Download]) -> Result<Ending, Failure> {
    session.output.result(verb, &json!({ "downloads": downloads }))?;
    if downloads.is_empty() {
        session.output.notice("there is no download that this is for");
    } else {
        session.output.say_table(&table(downloads), false)?;
    }
    Ok(Ending::Complete)
}

/// What a person is told at the end; the first that did not come is the error.
fn conclude(session: &Session, ended: &[Download]) -> Result<Ending, Failure> {
    for download in ended.iter().filter(|one| one.state == DownloadState::Done) {
        session.output.summarise(&[format!("{} is here", download.name)])?;
    }
    let Some(other) = ended.iter().find(|one| one.state != DownloadState::Done) else {
        return Ok(Ending::Complete);
    };
    let again = format!("`braincells models resume {}` tries again", other.id);
    let error = match (&other.error, other.state) {
        (Some(error), _) => {
            let hint = error.hint.as_ref().map_or(again.clone(), |hint| format!("{hint}; {again}"));
            error.clone().with_hint(hint)
        }
        (None, DownloadState::Cancelled) => {
            stopped(format!("the download of `{}` was cancelled", other.name), "ask for it again")
        }
        (None, state) => {
            let text = format!("the download of `{}` is {}", other.name, state.as_str());
            AppError::new(Code::Cancelled, text).with_hint(again)
        }
    };
    Err(error.into())
}

fn table(downloads: &[Download]) -> Table {
    let mut table = Table::new([
        ("id", Align::Right),
        ("model", Align::Left),
        ("state", Align::Left),
        ("done", Align::Right),
        ("size", Align::Right),
        ("", Align::Left),
    ]);
    for one in downloads {
        let percent = (one.bytes_done * 100).checked_div(one.bytes_total).unwrap_or(0);
        table.push(vec![
            one.id.to_string(),
            one.name.clone(),
            one.state.as_str().to_owned(),
            format!("{percent} %"),
            HumanBytes(one.bytes_total).to_string(),
            remark(one),
        ]);
    }
    table
}

/// What else there is to say of a download, in a few words.
fn remark(download: &Download) -> String {
    if let Some(error) = &download.error {
        return error.message.clone();
    }
    match (download.bytes_per_second, download.seconds_left) {
        _ if download.elsewhere => "in another process".to_owned(),
        _ if download.state == DownloadState::Queued => {
            format!("`braincells models resume {}` goes on", download.id)
        }
        (Some(rate), Some(seconds)) => format!(
            "{}/s, {} left",
            HumanBytes(rate),
            FormattedDuration(Duration::from_secs(seconds))
        ),
        _ => String::new(),
    }
}
