use super::*;
use crate::cloud::provider::PROVIDERS;

fn custom(url: &str) -> Result<Endpoint, String> {
    Endpoint::custom("mine", url).map_err(|error| error.to_string())
}

#[test]
fn an_address_is_taken_as_people_write_it() {
    let cases = [
        ("http://localhost:8080", "http://localhost:8080/v1"),
        ("http://localhost:8080/", "http://localhost:8080/v1"),
        ("http://localhost:8080/v1", "http://localhost:8080/v1"),
        ("http://localhost:8080/v1/", "http://localhost:8080/v1"),
        (" http://localhost:8080/v1// \n", "http://localhost:8080/v1"),
        ("http://localhost:8080/v1/chat/completions", "http://localhost:8080/v1"),
        ("http://localhost:8080/v1/chat/completions/", "http://localhost:8080/v1"),
        ("http://localhost:8080/chat/completions", "http://localhost:8080"),
        ("https://gateway.test/api/v1", "https://gateway.test/api/v1"),
        ("HTTPS://Gateway.Test:443/openai/v1", "https://gateway.test/openai/v1"),
        ("localhost:11434", "http://localhost:11434/v1"),
        ("127.0.0.1:1234/v1", "http://127.0.0.1:1234/v1"),
        ("http://[::1]:8080", "http://[::1]:8080/v1"),
        ("[::1]:8080", "http://[::1]:8080/v1"),
        ("http://[2001:db8::1]/v1", "http://[2001:db8::1]/v1"),
        ("http://192.168.0.7:8000", "http://192.168.0.7:8000/v1"),
    ];
    for (text, base_url) in cases {
        assert_eq!(custom(text).unwrap().base_url(), base_url, "{text}");
    }
    let endpoint = custom("http://[::1]:8080").unwrap();
    assert_eq!(endpoint.chat_url(), "http://[::1]:8080/v1/chat/completions");
    assert_eq!(endpoint.models_url(), "http://[::1]:8080/v1/models");
}

#[test]
fn an_address_that_is_none_is_refused_with_what_to_do() {
    let cases = [
        ("", "is empty"),
        ("gateway.test/v1", "write `https://` in front of `gateway.test`"),
        ("192.168.0.7:8000", "write `https://`"),
        ("ftp://gateway.test", "must begin with `https://`"),
        ("file:///etc/passwd", "must begin with `https://`"),
        ("http://", "cannot be read"),
        ("https://gateway.test/v1?key=canary", "before `?`"),
        ("https://gateway.test/v1#canary", "before `?`"),
        ("https://user:canary@gateway.test/v1", "name or password"),
        ("https://canary@gateway.test", "name or password"),
        ("http://[::1", "cannot be read"),
        ("http://canary:99999999/", "cannot be read"),
    ];
    for (text, said) in cases {
        let error = custom(text).unwrap_err();
        assert!(error.contains(said), "{text}: {error}");
        assert!(!error.contains("canary"), "{error}");
    }
}

#[test]
fn this_machine_is_known_and_a_key_in_the_clear_too() {
    let cases = [
        ("http://localhost", true, false),
        ("http://127.0.0.1", true, false),
        ("http://127.9.8.7:1", true, false),
        ("http://[::1]:1", true, false),
        ("http://[::ffff:127.0.0.1]:1", true, false),
        ("http://127.1:80", true, false),
        ("https://localhost", true, false),
        ("http://localhost.gateway.test", false, true),
        ("http://127.0.0.1.gateway.test", false, true),
        ("http://0.0.0.0", false, true),
        ("http://10.0.0.1", false, true),
        ("https://10.0.0.1", false, false),
        ("http://[::2]", false, true),
    ];
    for (url, here, clear) in cases {
        let endpoint = custom(url).unwrap();
        assert_eq!(endpoint.is_this_machine(), here, "{url}");
        assert_eq!(endpoint.sends_key_in_the_clear(), clear, "{url}");
        assert!(!endpoint.needs_key());
    }
}

#[test]
fn an_id_can_be_told_from_a_path_a_scheme_and_a_provider() {
    for id in ["ab", "my-server-2", "ollama", &"a".repeat(32)] {
        assert!(Endpoint::custom(id, "http://localhost").is_ok(), "{id}");
    }
    let long = "a".repeat(33);
    let refused = [
        "",
        "c",
        "2b",
        "-a",
        "My",
        "a_b",
        "a b",
        "é2",
        "local",
        "file",
        "http",
        "https",
        "openai",
        "openrouter",
        "huggingface",
        "hf",
        &long,
    ];
    for id in refused {
        assert!(Endpoint::custom(id, "http://localhost").is_err(), "{id}");
    }
    assert_eq!(Endpoint::custom("lm-studio", "localhost").unwrap().title(), "LM Studio");
    assert_eq!(Endpoint::custom("mine", "localhost").unwrap().title(), "mine");
}

#[test]
fn every_provider_and_preset_makes_an_endpoint_as_it_stands() {
    for row in PROVIDERS {
        let row = provider::provider(row.id).unwrap();
        let endpoint = Endpoint::of_provider(row, None, None).unwrap();
        assert_eq!(endpoint.base_url(), row.base_url);
        assert_eq!(endpoint.backend(), row.id);
        assert!(endpoint.needs_key() && endpoint.is_known_address());
        assert!(!endpoint.sends_key_in_the_clear() && !endpoint.is_this_machine());
        let error = endpoint.headers(None).unwrap_err().to_string();
        assert!(error.contains(row.key_variable) && error.contains(row.key_page), "{error}");
    }
    for preset in ENDPOINT_PRESETS {
        let endpoint = Endpoint::custom(preset.id, preset.base_url).unwrap();
        assert_eq!(endpoint.base_url(), preset.base_url);
        assert_eq!(endpoint.title(), preset.title);
    }
}

#[test]
fn a_key_is_sent_as_a_header_that_is_never_shown() {
    let key = ApiKey::new("sk-canary").unwrap();
    let endpoint = Endpoint::of_provider(provider::provider("hf").unwrap(), None, Some(" acme "));
    let headers = endpoint.unwrap().headers(Some(&key)).unwrap();
    assert_eq!(headers["authorization"].to_str().unwrap(), "Bearer sk-canary");
    assert_eq!(headers["x-hf-bill-to"], "acme");
    assert!(!format!("{headers:?}").contains("canary"), "{headers:?}");

    let endpoint = Endpoint::of_provider(provider::provider("openrouter").unwrap(), None, None);
    let headers = endpoint.unwrap().headers(Some(&key)).unwrap();
    assert_eq!(headers["x-title"], "Braincells");
    assert!(headers["http-referer"].to_str().unwrap().starts_with("https://"));

    let headers = custom("localhost").unwrap().headers(None).unwrap();
    assert!(headers.is_empty());
}

#[test]
fn who_pays_is_a_name_and_nothing_more() {
    let hugging_face = provider::provider("huggingface").unwrap();
    for name in ["a b", "a\nx-other: 1", "ü", &"a".repeat(101)] {
        assert!(Endpoint::of_provider(hugging_face, None, Some(name)).is_err(), "{name}");
    }
    let endpoint = Endpoint::of_provider(hugging_face, None, Some("")).unwrap();
    let key = ApiKey::new("k").unwrap();
    assert!(!endpoint.headers(Some(&key)).unwrap().contains_key("x-hf-bill-to"));
}

#[test]
fn a_mirror_gets_its_own_key_test_and_never_another_hosts() {
    let test_url = |id: &str, base: Option<&str>| {
        let row = provider::provider(id).unwrap();
        Endpoint::of_provider(row, base, None).unwrap().key_test_url()
    };
    let mirror = Some("http://localhost:9/v1");
    assert_eq!(test_url("hf", None).unwrap(), "https://huggingface.co/api/whoami-v2");
    assert_eq!(test_url("hf", mirror), None);
    assert_eq!(test_url("openrouter", None).unwrap(), "https://openrouter.ai/api/v1/key");
    assert_eq!(test_url("openrouter", mirror).unwrap(), "http://localhost:9/v1/key");
    assert_eq!(test_url("openai", None), None);
    assert_eq!(custom("localhost").unwrap().key_test_url(), None);
}
