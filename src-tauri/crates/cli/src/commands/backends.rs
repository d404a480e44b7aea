//! `backends`.

use braincells_core::{
    AppError, BackendLimits, Code, DEFAULT_PARALLEL_REQUESTS, EndpointSettings, Settings,
};
use braincells_workbench::{BackendInfo, BackendModel, Backends, KeySource, key_variable};
use indicatif::HumanCount;
use serde_json::json;

use crate::args::{BackendsAction, BackendsArgs, LimitsArgs};
use crate::failure::{Ending, Failure};
use crate::money::per_million;
use crate::session::Session;
use crate::table::{Align, Table};
use crate::text::printable;

/// Lists the backends, or does something to one.
pub async fn backends(session: &Session, arguments: &BackendsArgs) -> Result<Ending, Failure> {
    match &arguments.action {
        None | Some(BackendsAction::List) => {
            let backends = known(session).await?;
            session.output.result("backends", &backends)?;
            list(session, &backends)
        }
        Some(BackendsAction::Models { backend, search }) => {
            models(session, backend, &search.join(" ")).await
        }
        Some(BackendsAction::Test { backend }) => test(session, backend).await,
        Some(BackendsAction::Add { id, url, model }) => {
            add(session, id, url.as_deref(), model).await
        }
        Some(BackendsAction::Presets) => presets(session).await,
        Some(BackendsAction::Remove { id }) => {
            let backends = session.unless_stopped(session.workbench.remove_endpoint(id)).await?;
            session.output.result("backends remove", &backends)?;
            session.output.notice(&format!("removed `{id}`, and its key if there was one"));
            Ok(Ending::Complete)
        }
        Some(BackendsAction::Limit { backend, limits }) => limit(session, backend, limits).await,
    }
}

/// All backends.
pub async fn known(session: &Session) -> Result<Backends, Failure> {
    session.unless_stopped(session.workbench.backends()).await
}

/// The backend that an argument means.
pub fn named<'a>(backends: &'a Backends, text: &str) -> Result<&'a BackendInfo, AppError> {
    find(backends, text).ok_or_else(|| unknown(backends, format!("there is no backend `{text}`")))
}

/// The same where people type keys by mistake: the error does not repeat what was typed.
pub fn named_beside_keys<'a>(
    backends: &'a Backends,
    text: &str,
) -> Result<&'a BackendInfo, AppError> {
    find(backends, text)
        .ok_or_else(|| unknown(backends, "there is no backend with this id".to_owned()))
}

fn find<'a>(backends: &'a Backends, text: &str) -> Option<&'a BackendInfo> {
    let id = if text == "hf" { "huggingface" } else { text };
    backends.list.iter().find(|backend| backend.id == id)
}

fn unknown(backends: &Backends, message: String) -> AppError {
    let ids: Vec<&str> = backends.list.iter().map(|backend| backend.id.as_str()).collect();
    AppError::new(Code::NotFound, message).with_hint(format!(
        "there are {}; `braincells backends add ID URL` adds a server",
        ids.join(", ")
    ))
}

/// Where the key of a backend comes from, in words.
pub fn key_words(backend: &BackendInfo) -> String {
    match backend.key {
        Some(KeySource::Environment) => format!("environment ({})", key_variable(&backend.id)),
        Some(KeySource::Keyring) => "keyring".to_owned(),
        Some(KeySource::Session) => "session".to_owned(),
        None => "none".to_owned(),
    }
}

fn list(session: &Session, backends: &Backends) -> Result<Ending, Failure> {
    let mut table = Table::new([
        ("id", Align::Left),
        ("where", Align::Left),
        ("key", Align::Left),
        ("at once", Align::Right),
        ("limits", Align::Left),
    ]);
    for backend in &backends.list {
        table.push(vec![
            backend.id.clone(),
            backend.base_url.clone(),
            key_words(backend),
            at_once(&backend.limits).to_string(),
            by_minute(&backend.limits),
        ]);
    }
    session.output.say_table(&table, false)?;
    for backend in backends.list.iter().filter(|backend| backend.key_in_the_clear) {
        session.output.notice(&in_the_clear(&backend.id));
    }
    Ok(Ending::Complete)
}

/// What is said of a key that anybody on the way can read.
pub fn in_the_clear(id: &str) -> String {
    format!("note: the key of `{id}` travels unencrypted; an address with `https` would hide it")
}

fn at_once(limits: &BackendLimits) -> u32 {
    limits.parallel_requests.unwrap_or(DEFAULT_PARALLEL_REQUESTS)
}

fn by_minute(limits: &BackendLimits) -> String {
    let limit = |most: Option<u32>, what| {
        most.map(|most| format!("{} {what}/min", HumanCount(most.into())))
    };
    let parts =
        [limit(limits.requests_per_minute, "requests"), limit(limits.tokens_per_minute, "tokens")];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

async fn models(session: &Session, backend: &str, search: &str) -> Result<Ending, Failure> {
    let models = session.workbench.backend_models(backend, search);
    let models = session.unless_stopped(models).await?;
    session.output.result("backends models", &json!({ "backend": backend, "models": models }))?;
    if models.is_empty() {
        session.output.notice(if search.is_empty() {
            "the backend lists no models"
        } else {
            "no model has all of these words in its id"
        });
        return Ok(Ending::Complete);
    }
    let mut table = Table::new([
        ("id", Align::Left),
        ("context", Align::Right),
        ("prompt/million", Align::Right),
        ("answer/million", Align::Right),
    ]);
    for BackendModel { id, context_tokens, price } in &models {
        let context = context_tokens.map(|tokens| HumanCount(tokens.into()).to_string());
        table.push(vec![
            id.clone(),
            context.unwrap_or_default(),
            price.map_or_else(String::new, |price| per_million(price.prompt_usd_per_million)),
            price.map_or_else(String::new, |price| per_million(price.completion_usd_per_million)),
        ]);
    }
    // Ids are there to be copied, so none is cut.
    session.output.say_table(&table, true)?;
    if models.len() >= MOST_MODELS {
        session.output.notice(&format!(
            "these are the first {MOST_MODELS}; a word of the id behind the backend narrows them"
        ));
    }
    Ok(Ending::Complete)
}

/// The most models that the workbench gives at once.
const MOST_MODELS: usize = 200;

async fn test(session: &Session, backend: &str) -> Result<Ending, Failure> {
    let report = session.unless_stopped(session.workbench.test_backend(backend)).await?;
    session.output.result("backends test", &json!({ "backend": backend, "report": report }))?;
    let mut parts = vec![format!("{backend} answers, in {} ms", report.duration_ms)];
    if let Some(account) = &report.account {
        parts.push(format!("the key is of {}", printable(account)));
    }
    if let Some(models) = report.models {
        parts.push(format!("{} models", HumanCount(models.into())));
    }
    session.output.say(&[parts.join(", ")])?;
    Ok(Ending::Complete)
}

async fn add(
    session: &Session,
    id: &str,
    url: Option<&str>,
    models: &[String],
) -> Result<Ending, Failure> {
    let settings = session.unless_stopped(session.workbench.settings()).await?;
    let mut endpoints = settings.backends.endpoints.into_iter();
    let before = endpoints.find(|endpoint| endpoint.id == id).unwrap_or_default();
    let base_url = match url {
        Some(url) => url.to_owned(),
        None if !before.base_url.is_empty() => before.base_url,
        None => preset_url(&known(session).await?, id)?,
    };
    // What was typed by hand before was typed to stay; those that are there twice are one.
    let models = [before.models, models.to_vec()].concat();
    let endpoint = EndpointSettings { id: id.to_owned(), base_url, models };
    let backends = session.unless_stopped(session.workbench.put_endpoint(endpoint)).await?;
    session.output.result("backends add", &backends)?;
    let added = named(&backends, id)?;
    session.output.say(&[format!("{}  {}", added.id, printable(&added.base_url))])?;
    session.output.notice(&format!(
        "name its models as `{id}:MODEL`; `braincells backends test {id}` tries it; if it needs a \
         key, `braincells keys set {id}` keeps one, or `{}` holds it",
        key_variable(id)
    ));
    if added.key_in_the_clear {
        session.output.notice(&in_the_clear(id));
    }
    Ok(Ending::Complete)
}

fn preset_url(backends: &Backends, id: &str) -> Result<String, AppError> {
    if let Some(known) = find(backends, id) {
        let (title, id) = (&known.title, &known.id);
        let message = format!("{title} is there already and need not be added");
        return Err(AppError::new(Code::BadInput, message).with_hint(format!(
            "`braincells keys set {id}` keeps its key; name its models as `{id}:MODEL`"
        )));
    }
    let preset = backends.presets.iter().find(|preset| preset.id == id);
    preset.map(|preset| preset.base_url.clone()).ok_or_else(|| {
        AppError::new(Code::BadInput, format!("there is no preset `{id}`, so it needs an address"))
            .with_hint(format!(
                "add it like `braincells backends add {id} http://localhost:8000`; `braincells \
                 backends presets` lists the presets"
            ))
    })
}

async fn presets(session: &Session) -> Result<Ending, Failure> {
    let presets = known(session).await?.presets;
    session.output.result("backends presets", &json!({ "presets": presets }))?;
    let mut table =
        Table::new([("id", Align::Left), ("what", Align::Left), ("where", Align::Left)]);
    for preset in &presets {
        table.push(vec![preset.id.clone(), preset.title.clone(), preset.base_url.clone()]);
    }
    session.output.say_table(&table, false)?;
    session.output.notice("`braincells backends add ID` adds one of them");
    Ok(Ending::Complete)
}

async fn limit(session: &Session, backend: &str, said: &LimitsArgs) -> Result<Ending, Failure> {
    let id = named(&known(session).await?, backend)?.id.clone();
    let settings = if said.says_something() {
        let (own, said) = (id.clone(), LimitsArgs { ..*said });
        let change = move |settings: &mut Settings| {
            let limits = changed(settings, &own, &said);
            let all = &mut settings.backends.limits;
            all.retain(|limits| limits.backend != own);
            if limits != (BackendLimits { backend: own, ..BackendLimits::default() }) {
                all.push(limits);
            }
            Ok(())
        };
        // Not given up half-way: it is one write, and a short one.
        session.workbench.change_settings(change).await?
    } else {
        session.unless_stopped(session.workbench.settings()).await?
    };
    let limits = settings.backends.limits_of(&id);
    session.output.result("backends limit", &limits)?;
    let minute = by_minute(&limits);
    let minute = if minute.is_empty() { "no limit by the minute".to_owned() } else { minute };
    session.output.say(&[format!("{id}: {} requests at once, {minute}", at_once(&limits))])?;
    Ok(Ending::Complete)
}

fn changed(settings: &Settings, id: &str, said: &LimitsArgs) -> BackendLimits {
    let before = if said.default {
        BackendLimits { backend: id.to_owned(), ..BackendLimits::default() }
    } else {
        settings.backends.limits_of(id)
    };
    BackendLimits {
        parallel_requests: said.requests.or(before.parallel_requests),
        requests_per_minute: said.per_minute.or(before.requests_per_minute),
        tokens_per_minute: said.tokens_per_minute.or(before.tokens_per_minute),
        ..before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_not_named_stays() {
        let said = |requests, per_minute, default| LimitsArgs {
            requests,
            per_minute,
            tokens_per_minute: None,
            default,
        };
        let limits = |parallel_requests, requests_per_minute| BackendLimits {
            backend: "openai".to_owned(),
            parallel_requests,
            requests_per_minute,
            tokens_per_minute: None,
        };
        let mut settings = Settings::default();
        settings.backends.limits.push(limits(Some(8), Some(60)));
        for (said, expected) in [
            (said(Some(2), None, false), limits(Some(2), Some(60))),
            (said(None, Some(5), false), limits(Some(8), Some(5))),
            (said(None, None, true), limits(None, None)),
            (said(Some(3), None, true), limits(Some(3), None)),
        ] {
            assert_eq!(changed(&settings, "openai", &said), expected);
        }
        assert_eq!(by_minute(&limits(None, Some(1200))), "1,200 requests/min");
        assert_eq!(by_minute(&limits(None, None)), "");
    }
}
