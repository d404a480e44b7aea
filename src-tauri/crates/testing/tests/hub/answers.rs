//! What the hub says of repositories, and to whom.

use braincells_testing::hub_server::{HostedFile, HostedRepository, HubFolder, HubGate, HubServer};

use super::support::{MODEL, ask, get, model};

#[test]
fn gates_and_tokens() {
    let gated = HostedRepository::new("owner/gated")
        .with(model())
        .knowing(|facts| facts.gate = HubGate::Manual);
    let folder = HubFolder::new().with(gated).with_token("hf_in", &["owner/gated"]);
    let hub = HubServer::start(folder.with_token("hf_out", &[]));
    let file = hub.file_url("owner/gated", "main", MODEL);
    let info = format!("{}/api/models/owner/gated", hub.endpoint());
    let with = |url: &str, token: &str| ask("GET", url, &[("authorization", token)]);
    for (got, status, code) in [
        (get(&file), 401, "GatedRepo"),
        (with(&file, "Bearer hf_out"), 403, "GatedRepo"),
        (with(&file, "Bearer hf_in"), 302, ""),
        (with(&file, "Bearer hf_wrong"), 401, ""),
        (get(&info), 200, ""),
        (get(&format!("{info}x")), 401, "RepoNotFound"),
        (with(&format!("{info}x"), "Bearer hf_in"), 404, "RepoNotFound"),
        (with(&format!("{info}/revision/v2"), "Bearer hf_in"), 404, "RevisionNotFound"),
    ] {
        assert_eq!((got.status, got.header("x-error-code")), (status, code), "{got:?}");
    }
    assert_eq!(get(&info).json()["gated"], "manual");
    let location = with(&file, "Bearer hf_in").header("location").to_owned();
    assert_eq!(with(&location, "Bearer hf_in").status, 400);
    assert_eq!(get(&location.replace("Signature=", "Signature=0")).status, 403);
    hub.set_faults(|faults| faults.without_error_codes = true);
    let got = get(&file);
    assert_eq!(
        (got.status, got.header("x-error-code"), got.header("x-error-message")),
        (401, "", "")
    );
}

#[test]
fn lists_in_pages() {
    let mut folder = HubFolder::new().with_page_entries(2);
    for number in 0..5 {
        let file = HostedFile::new("x.gguf", format!("GGUF{number}"));
        let repository = HostedRepository::new(&format!("owner/model-{number}")).with(file);
        folder = folder.with(repository.knowing(|facts| facts.downloads = number));
    }
    let hub = HubServer::start(folder);
    let mut url = format!(
        "{}/api/models?search=MODEL&filter=gguf&sort=downloads&direction=-1&expand[]=downloads",
        hub.endpoint()
    );
    let mut found = Vec::new();
    loop {
        let got = get(&url);
        found.extend(got.json().as_array().cloned().unwrap());
        let Some(next) = got.headers.get("link") else { break };
        url = next.trim_start_matches('<').split('>').next().unwrap().to_owned();
    }
    let downloads: Vec<_> = found.iter().map(|model| model["downloads"].as_u64()).collect();
    assert_eq!(downloads, [4, 3, 2, 1, 0].map(Some));
    assert_eq!(found[0].as_object().map(serde_json::Map::len), Some(3), "{}", found[0]);
    assert_eq!(get(&format!("{}/api/models?expand=nothing", hub.endpoint())).status, 400);
}
