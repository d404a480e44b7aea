use std::net::{Ipv4Addr, Ipv6Addr};
use std::process::Command;

use braincells_llm::cloud::ClientOptions;
use braincells_llm::{LLMEngine, LLMError};
use braincells_testing::{ChatServer, ForwardProxy, Reply, certificate, understand};

use super::support::{Asks, engine, request};

/// Where to, which variables are set, whether it is answered, and how often each proxy was gone
/// through by then.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], bool, [usize; 2]);

#[tokio::test]
async fn a_proxy_is_gone_through() {
    let server = ChatServer::start(understand).await;
    let proxy = ForwardProxy::start().await;
    let options = ClientOptions { proxy: Some(proxy.url()), ..ClientOptions::default() };
    let engine = Asks { options, ..Asks::of(&server) }.engine();
    for text in ["one", "two"] {
        assert_eq!(engine.generate(request(text)).await.unwrap().content, text);
    }
    assert!(proxy.forwarded() > 0);
    assert_eq!(server.calls(), 2);
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named_in_the_error() {
    let server = ChatServer::start(understand).await;
    let mut nobody = ChatServer::start(understand).await;
    nobody.stop().await;
    let proxy = nobody.base_url().replace("/v1", "");
    let options = ClientOptions { proxy: Some(proxy), ..ClientOptions::default() };
    let error = Asks { options, ..Asks::of(&server) }.engine().generate(request("x")).await;
    assert!(matches!(error, Err(LLMError::Unreachable { .. })), "{error:?}");
    assert_eq!(server.calls(), 0);
}

/// Asks where it is told to; only started by the test below, in a process with another environment.
#[tokio::test]
#[ignore = "is one process of another test"]
async fn child_asks_where_it_is_told_to() {
    let arguments: Vec<String> = std::env::args().collect();
    let [.., base_url, root] = &arguments[..] else { panic!("{arguments:?}") };
    let extra_roots_pem = vec![std::fs::read(root).unwrap()];
    let options = ClientOptions { extra_roots_pem, ..ClientOptions::default() };
    let result = Asks { options, ..Asks::at(base_url) }.engine().generate(request("x")).await;
    assert_eq!(result.unwrap().content, "x");
}

#[tokio::test]
async fn the_proxy_of_the_environment_is_used_and_its_exceptions_are_kept() {
    let certificate = certificate("far.test");
    let here = Ipv4Addr::LOCALHOST.into();
    let plain = ChatServer::start(understand).await;
    let encrypted =
        ChatServer::start_at(here, 0, Some(certificate.clone()), understand).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root.pem");
    std::fs::write(&root, &certificate.root_pem).unwrap();
    // The proxy knows where the far host is; nobody else does.
    let (http, https) = (
        ForwardProxy::start_to(plain.address()).await,
        ForwardProxy::start_to(encrypted.address()).await,
    );
    let (http_url, secure_url, near) = (http.url(), https.url(), plain.base_url());
    let http_proxy = ("http_proxy", http_url.as_str());
    let secure_proxy = ("HTTPS_PROXY", secure_url.as_str());
    let cases: [Case<'_>; 7] = [
        ("http://far.test/v1", &[], false, [0, 0]),
        ("http://far.test/v1", &[http_proxy, secure_proxy], true, [1, 0]),
        ("https://far.test/v1", &[http_proxy, secure_proxy], true, [1, 1]),
        ("https://far.test/v1", &[secure_proxy, ("NO_PROXY", "far.test")], false, [1, 1]),
        ("https://far.test/v1", &[secure_proxy, ("NO_PROXY", ".other.test")], true, [1, 2]),
        ("http://far.test/v1", &[("ALL_PROXY", http_url.as_str())], true, [2, 2]),
        // A server on this machine is behind no proxy.
        (&near, &[http_proxy, secure_proxy], true, [2, 2]),
    ];
    for (base_url, variables, answered, forwarded) in cases {
        let mut child = Command::new(std::env::current_exe().unwrap());
        for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
            child.env_remove(name).env_remove(name.to_uppercase());
        }
        child.envs(variables.iter().copied());
        child.args(["--exact", "ways::child_asks_where_it_is_told_to", "--ignored"]);
        // Two more filters, which match no test.
        child.arg(base_url).arg(&root);
        let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("running 1 test"), "{said}");
        assert_eq!(output.status.success(), answered, "{base_url} {variables:?}: {said}");
        assert_eq!([http.forwarded(), https.forwarded()], forwarded, "{base_url} {variables:?}");
    }
    assert_eq!((plain.calls(), encrypted.calls()), (3, 2));
}

#[tokio::test]
async fn a_server_at_an_address_of_ipv6_is_reached() {
    let server =
        ChatServer::start_at(Ipv6Addr::LOCALHOST.into(), 0, None, understand).await.unwrap();
    let asks = Asks::of(&server);
    assert!(asks.base_url.starts_with("http://[::1]:"), "{}", asks.base_url);
    assert!(asks.endpoint().is_this_machine());
    assert_eq!(asks.engine().generate(request("hello")).await.unwrap().content, "hello");
}

#[tokio::test]
async fn no_redirect_is_followed_and_the_other_host_hears_nothing() {
    let other = ChatServer::start(understand).await;
    let elsewhere = format!("http://localhost:{}/v1/chat/completions", other.port());
    let same_host = format!("{}/chat/completions", other.base_url());
    for status in [301, 302, 303, 307, 308] {
        for (location, expected) in [
            (elsewhere.clone(), "another host"),
            ("//localhost/v1/chat/completions".to_owned(), "another host"),
            (same_host.clone(), ""),
            ("/v2/chat/completions".to_owned(), ""),
        ] {
            let server = {
                let location = location.clone();
                ChatServer::start(move |_| {
                    Reply::error(status, "moved", "moved").with_header("location", &location)
                })
                .await
            };
            let error = engine(&server).generate(request("x")).await.unwrap_err();
            let LLMError::Unreachable { reason, .. } = &error else { panic!("{error:?}") };
            assert!(reason.contains(expected), "{status} to {location}: {reason}");
            if !expected.is_empty() {
                assert!(reason.contains("the key was withheld"), "{reason}");
            }
            assert_eq!(server.calls(), 1, "{status} to {location}");
        }
    }
    assert!(other.requests().is_empty(), "{:?}", other.requests());
}
