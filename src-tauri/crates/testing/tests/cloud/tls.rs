use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use braincells_llm::cloud::ClientOptions;
use braincells_llm::{LLMEngine, LLMError};
use braincells_testing::chat_server::Certificate;
use braincells_testing::{ChatServer, ForwardProxy, certificate, expired_certificate, understand};

use super::support::{Asks, ends, request};

async fn with_tls(certificate: &Certificate) -> ChatServer {
    let here = Ipv4Addr::LOCALHOST.into();
    ChatServer::start_at(here, 0, Some(certificate.clone()), understand)
        .await
        .expect("a port is free")
}

fn trusting(certificate: &Certificate) -> ClientOptions {
    let extra_roots_pem = vec![certificate.root_pem.clone()];
    ClientOptions { extra_roots_pem, ..ClientOptions::default() }
}

#[tokio::test]
async fn an_authority_that_was_added_is_trusted_and_no_other() {
    let (ours, other) = (certificate("127.0.0.1"), certificate("127.0.0.1"));
    let server = with_tls(&ours).await;
    let asks = Asks { options: trusting(&ours), ..Asks::of(&server) };
    assert!(asks.base_url.starts_with("https://"));
    assert_eq!(asks.engine().generate(request("hello")).await.unwrap().content, "hello");
    let calls = server.calls();
    for options in [ClientOptions::default(), trusting(&other)] {
        let asks = Asks { options, ..Asks::of(&server) };
        let error = asks.engine().generate(request("x")).await.unwrap_err();
        let LLMError::Unreachable { reason, .. } = &error else { panic!("{error:?}") };
        assert!(reason.contains("certificate") && reason.contains("trusts"), "{reason}");
    }
    assert_eq!(server.calls(), calls, "nothing was said to it");
}

#[tokio::test]
async fn trouble_with_a_certificate_ends_a_batch_at_once_and_is_explained() {
    let cases = [
        (certificate("example.org"), "is for another host"),
        (expired_certificate("127.0.0.1"), "has expired"),
    ];
    for (certificate, expected) in cases {
        let server = with_tls(&certificate).await;
        let asks = Asks { options: trusting(&certificate), parallel: 64, ..Asks::of(&server) };
        let began = Instant::now();
        let ends = ends(&asks.engine(), (0..1_000).map(|_| request("x")).collect()).await;
        assert!(ends.len() <= 10, "{} rows were begun", ends.len());
        for end in ends {
            let error = end.unwrap_err();
            assert!(error.to_string().contains(expected) && error.ends_run(), "{error}");
        }
        assert!(began.elapsed() < Duration::from_secs(10), "it is not tried again and again");
        assert_eq!(server.calls(), 0);
    }
}

#[tokio::test]
async fn what_is_encrypted_goes_through_a_proxy_unread() {
    let certificate = certificate("127.0.0.1");
    let server = with_tls(&certificate).await;
    let proxy = ForwardProxy::start().await;
    let options = ClientOptions { proxy: Some(proxy.url()), ..trusting(&certificate) };
    let asks = Asks { options, ..Asks::of(&server) };
    assert_eq!(asks.engine().generate(request("hello")).await.unwrap().content, "hello");
    assert_eq!((proxy.forwarded(), server.calls()), (1, 1));
}

#[tokio::test]
async fn speaking_tls_to_a_server_without_it_is_explained() {
    let server = ChatServer::start(understand).await;
    let base_url = server.base_url().replace("http://", "https://");
    let error = Asks::at(&base_url).engine().generate(request("x")).await.unwrap_err();
    assert!(error.to_string().contains("http://"), "{error}");
}
