//! What the page may do: nothing that `docs/adr/0007` does not allow.

use serde_json::{Value, json};

const CONFIG: &str = include_str!("../tauri.conf.json");
const CAPABILITY: &str = include_str!("../capabilities/main.json");

/// Every way in which the configuration gives the page more than it needs, one line each.
fn problems(config: &Value, capabilities: &[Value]) -> Vec<String> {
    let mut found = Vec::new();
    let security = &config["app"]["security"];
    match security["csp"].as_object() {
        None => found.push("there is no content security policy".to_owned()),
        Some(policy) => {
            for directive in ["default-src", "script-src", "object-src", "base-uri", "form-action"]
            {
                if !policy.contains_key(directive) {
                    found.push(format!("the policy lacks {directive}"));
                }
            }
            for (directive, sources) in policy {
                for source in sources.as_str().unwrap_or("*").split(' ') {
                    if !is_allowed(directive, source) {
                        found.push(format!("{directive} allows {source}"));
                    }
                }
            }
        }
    }
    for switch in ["dangerousDisableAssetCspModification", "assetProtocol"] {
        if !security[switch].is_null() {
            found.push(format!("{switch} is set"));
        }
    }
    if config["app"]["withGlobalTauri"] == true {
        found.push("withGlobalTauri hands the commands to every script".to_owned());
    }
    if !config["plugins"].is_null() {
        found.push("a plugin is configured for the page".to_owned());
    }
    for capability in capabilities {
        for permission in capability["permissions"].as_array().into_iter().flatten() {
            found.push(format!("a capability allows {permission}"));
        }
        if !capability["remote"].is_null() {
            found.push("a capability is given to other sites".to_owned());
        }
        if capability["windows"] != json!(["main"]) {
            found.push("a capability is given to other windows".to_owned());
        }
    }
    found
}

fn is_allowed(directive: &str, source: &str) -> bool {
    match source {
        "'self'" | "'none'" => true,
        "data:" => directive == "img-src",
        "ipc:" | "http://ipc.localhost" => directive == "connect-src",
        "'unsafe-inline'" => directive == "style-src-attr",
        _ => false,
    }
}

fn own() -> (Value, Value) {
    let read = |text| serde_json::from_str(text).expect("the build has read it");
    (read(CONFIG), read(CAPABILITY))
}

#[test]
fn the_page_has_no_more_than_it_needs() {
    let (config, capability) = own();
    assert_eq!(problems(&config, &[capability]), Vec::<String>::new());
    assert_eq!(capabilities(), ["main.json"], "another capability must be looked at here too");
}

/// The files in the folder of capabilities.
fn capabilities() -> Vec<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the folder at run time: a target folder may be shared by two checkouts"
    )]
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it for tests");
    let folder = std::path::Path::new(&package).join("capabilities");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn each_kind_of_slip_is_found() {
    let slips: [(&str, Value); 9] = [
        ("/app/security/csp", Value::Null),
        ("/app/security/csp/script-src", json!("'self' 'unsafe-inline'")),
        ("/app/security/csp/script-src", json!("'self' 'unsafe-eval'")),
        ("/app/security/csp/default-src", json!("*")),
        ("/app/security/csp/connect-src", json!("'self' https:")),
        ("/app/security/csp/img-src", json!("'self' https://example.org")),
        ("/app/security/csp/style-src", json!("'self' 'unsafe-inline'")),
        ("/app/security/assetProtocol", json!({"enable": true, "scope": ["**"]})),
        ("/app/withGlobalTauri", json!(true)),
    ];
    for (place, slip) in slips {
        let (mut config, capability) = own();
        let (parent, key) = place.rsplit_once('/').unwrap();
        config.pointer_mut(parent).unwrap()[key] = slip.clone();
        assert_ne!(problems(&config, &[capability]), Vec::<String>::new(), "{place} = {slip}");
    }
    for slip in [
        json!({"windows": ["main"], "permissions": ["fs:default"]}),
        json!({"windows": ["main"], "permissions": [{"identifier": "opener:allow-open-url", "allow": [{"url": "*"}]}]}),
        json!({"windows": ["*"], "permissions": []}),
        json!({"windows": ["main"], "permissions": [], "remote": {"urls": ["https://*"]}}),
    ] {
        assert_ne!(problems(&own().0, std::slice::from_ref(&slip)), Vec::<String>::new(), "{slip}");
    }
}
