//! The endpoints and limits of the settings: what may be kept, and what a backend's id means.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use braincells_core::{AppError, BackendSettings, Settings};
use braincells_llm::cloud::{Endpoint, provider};

use super::names::RemoteModel;
use super::{Cloud, split};
use crate::error::WorkbenchError;

/// More endpoints than anybody has; a list of them is read at every start.
const MOST_ENDPOINTS: usize = 50;

/// Models that are typed by hand for one endpoint.
const MOST_MODELS: usize = 200;

/// Bytes of a model's name.
const LONGEST_MODEL: usize = 256;

const PARALLEL_REQUESTS: RangeInclusive<u32> = 1..=256;
const PER_MINUTE: RangeInclusive<u32> = 1..=u32::MAX;

/// The settings of backends as they are kept: ids and addresses checked, addresses in their usual
/// form.
pub(crate) fn checked_backends(backends: BackendSettings) -> Result<BackendSettings, AppError> {
    let BackendSettings { mut endpoints, mut limits, bill_to } = backends;
    if endpoints.len() > MOST_ENDPOINTS {
        return Err(WorkbenchError::TooManyEndpoints { most: MOST_ENDPOINTS }.into());
    }
    let mut ids = HashSet::new();
    for endpoint in &mut endpoints {
        let found = Endpoint::custom(&endpoint.id, &endpoint.base_url)?;
        found.base_url().clone_into(&mut endpoint.base_url);
        if !ids.insert(endpoint.id.clone()) {
            return Err(WorkbenchError::EndpointTwice { id: endpoint.id.clone() }.into());
        }
        for model in &mut endpoint.models {
            *model = checked_model(model)?;
        }
        let mut seen = HashSet::new();
        endpoint.models.retain(|model| seen.insert(model.clone()));
        if endpoint.models.len() > MOST_MODELS {
            let (id, most) = (endpoint.id.clone(), MOST_MODELS);
            return Err(WorkbenchError::TooManyModels { id, most }.into());
        }
    }
    let mut limited = HashSet::new();
    // The last word counts; limits of an endpoint that is gone say nothing.
    limits.reverse();
    limits.retain(|one| limited.insert(one.backend.clone()));
    limits.reverse();
    limits.retain(|one| provider(&one.backend).is_some() || ids.contains(&one.backend));
    for one in &mut limits {
        if let Some(provider) = provider(&one.backend) {
            provider.id.clone_into(&mut one.backend);
        }
        let numbers = [
            ("requests at once", one.parallel_requests, PARALLEL_REQUESTS),
            ("requests in a minute", one.requests_per_minute, PER_MINUTE),
            ("tokens in a minute", one.tokens_per_minute, PER_MINUTE),
        ];
        for (setting, number, range) in numbers {
            if let Some(number) = number.filter(|number| !range.contains(number)) {
                let (least, most) = range.into_inner();
                let error = WorkbenchError::SettingOutOfRange { setting, number, least, most };
                return Err(error.into());
            }
        }
    }
    let bill_to = bill_to.trim().to_owned();
    if let Some(payer) = provider("huggingface").filter(|_| !bill_to.is_empty()) {
        Endpoint::of_provider(payer, None, Some(&bill_to))?;
    }
    Ok(BackendSettings { endpoints, limits, bill_to })
}

fn checked_model(model: &str) -> Result<String, WorkbenchError> {
    let model = model.trim();
    let good = !model.is_empty()
        && model.len() <= LONGEST_MODEL
        && !model.chars().any(|c| c.is_control() || c.is_whitespace());
    if good {
        Ok(model.to_owned())
    } else {
        Err(WorkbenchError::NoModelName { text: model.chars().take(LONGEST_MODEL).collect() })
    }
}

/// Where the backend with this id or alias is asked.
pub(crate) fn endpoint_of(
    backend: &str,
    settings: &Settings,
    cloud: &Cloud,
) -> Result<Endpoint, AppError> {
    if let Some(provider) = provider(backend) {
        let bill_to = Some(settings.backends.bill_to.as_str()).filter(|name| !name.is_empty());
        return Ok(Endpoint::of_provider(provider, cloud.base_url(provider.id), bill_to)?);
    }
    let endpoints = &settings.backends.endpoints;
    match endpoints.iter().find(|endpoint| endpoint.id == backend) {
        Some(endpoint) => Ok(Endpoint::custom(&endpoint.id, &endpoint.base_url)?),
        None => Err(no_such_backend(backend, settings).into()),
    }
}

pub(super) fn no_such_backend(backend: &str, settings: &Settings) -> WorkbenchError {
    let own = settings.backends.endpoints.iter().map(|endpoint| endpoint.id.clone());
    let providers = braincells_llm::cloud::PROVIDERS.iter().map(|one| one.id.to_owned());
    WorkbenchError::NoSuchBackend { id: backend.to_owned(), known: providers.chain(own).collect() }
}

/// The model of a backend that a name means, if asking it takes anything off this machine. A
/// provider always does, whatever address stands in for it.
pub(crate) fn leaves_machine(name: &str, settings: &Settings) -> Option<RemoteModel> {
    let remote = split(name, &settings.backends.endpoints)?;
    let own = settings.backends.endpoints.iter().find(|one| one.id == remote.backend);
    let stays = own.is_some_and(|endpoint| {
        Endpoint::custom(&endpoint.id, &endpoint.base_url)
            .is_ok_and(|endpoint| endpoint.is_this_machine())
    });
    (!stays).then_some(remote)
}

#[cfg(test)]
mod tests {
    use braincells_core::{BackendLimits, Code, EndpointSettings};

    use super::*;

    fn endpoint(id: &str, base_url: &str) -> EndpointSettings {
        EndpointSettings { id: id.into(), base_url: base_url.into(), models: Vec::new() }
    }

    fn with(endpoints: Vec<EndpointSettings>) -> BackendSettings {
        BackendSettings { endpoints, ..BackendSettings::default() }
    }

    #[test]
    fn endpoints_are_kept_in_their_usual_form() {
        let mut own = endpoint("ollama", "http://localhost:11434");
        own.models = vec![" llama3.2:1b ".into(), "llama3.2:1b".into()];
        let kept = checked_backends(with(vec![own])).unwrap().endpoints.remove(0);
        assert_eq!(kept.base_url, "http://localhost:11434/v1");
        assert_eq!(kept.models, ["llama3.2:1b"]);
    }

    #[test]
    fn what_cannot_be_an_endpoint_is_refused() {
        let good = "http://localhost:1/v1";
        let many = (0..=MOST_ENDPOINTS).map(|at| endpoint(&format!("e-{at}"), good)).collect();
        let mut unnamed = endpoint("ab", good);
        unnamed.models = vec!["two words".into()];
        let mut crowded = endpoint("ab", good);
        crowded.models = (0..=MOST_MODELS).map(|at| format!("m-{at}")).collect();
        for bad in [
            vec![endpoint("openai", good)],
            vec![endpoint("hf", good)],
            vec![endpoint("a", good)],
            vec![endpoint("Ab", good)],
            vec![endpoint("local", good)],
            vec![endpoint("ab", "ftp://localhost")],
            vec![endpoint("ab", "https://user:pass@host/v1")],
            vec![endpoint("ab", good), endpoint("ab", good)],
            many,
            vec![unnamed],
            vec![crowded],
        ] {
            assert_eq!(checked_backends(with(bad)).unwrap_err().code, Code::BadInput);
        }
    }

    #[test]
    fn limits_are_within_reason_and_belong_to_a_backend() {
        let limits = |backend: &str, parallel: Option<u32>, minute: Option<u32>| BackendLimits {
            backend: backend.into(),
            parallel_requests: parallel,
            requests_per_minute: minute,
            tokens_per_minute: None,
        };
        let checked = |limits| checked_backends(BackendSettings { limits, ..Default::default() });
        let kept = checked(vec![
            limits("hf", Some(1), None),
            limits("gone", Some(1), None),
            limits("openai", Some(2), None),
            limits("openai", Some(256), Some(1)),
        ]);
        let kept = kept.unwrap().limits;
        assert_eq!(
            kept,
            [limits("huggingface", Some(1), None), limits("openai", Some(256), Some(1))]
        );
        for bad in [(Some(0), None), (Some(257), None), (None, Some(0))] {
            let error = checked(vec![limits("openai", bad.0, bad.1)]).unwrap_err();
            assert_eq!(error.code, Code::BadInput, "{bad:?}");
        }
    }

    #[test]
    fn only_an_own_server_on_this_machine_keeps_things_here() {
        let backends =
            with(vec![endpoint("here", "http://127.0.0.1:1/v1"), endpoint("lab", "http://lab/v1")]);
        let settings = Settings { backends, ..Settings::default() };
        for leaves in ["openai:m", "hf:m", "lab:m"] {
            assert!(leaves_machine(leaves, &settings).is_some(), "{leaves}");
        }
        for stays in ["here:m", "m.gguf", "other:m", ""] {
            assert_eq!(leaves_machine(stays, &settings), None, "{stays}");
        }
    }
}
