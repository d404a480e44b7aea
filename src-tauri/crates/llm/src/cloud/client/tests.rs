//! The client against servers on loopback that answer once for each connection.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, sync_channel};

use super::*;
use crate::cloud::provider;

/// A server that answers each connection with the next of these bytes, and tells what it was asked.
fn server(answers: Vec<String>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (told, asked) = sync_channel(answers.len().max(1));
    std::thread::Builder::new()
        .name("test server".to_owned())
        .spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                told.send(head(&mut stream)).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
            }
        })
        .unwrap();
    (format!("http://{address}"), asked)
}

fn head(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        bytes.push(byte[0]);
        if byte[0] == 0x16 {
            // The hello of TLS has no empty line at its end; what is unread would break the answer.
            assert!(stream.read(&mut [0; 1 << 14]).unwrap() > 0);
            break;
        }
    }
    String::from_utf8_lossy(&bytes).to_lowercase()
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}",
        body.len()
    )
}

/// No proxy of whoever runs the tests.
fn client() -> CloudClient {
    use_ring();
    let http = settings().no_proxy().build().unwrap();
    let stall_timeout = STALL_TIMEOUT;
    CloudClient { beside: http.clone(), http, stall_timeout, pauses: Pauses::default() }
}

fn key() -> ApiKey {
    ApiKey::new("Canary.key").unwrap()
}

const LIST: &str = r#"{"data":[{"id":"b","context_length":4096},{"id":"a"}]}"#;

#[tokio::test]
async fn models_are_listed_with_the_key_in_its_header_only() {
    let (url, asked) = server(vec![answer("200 OK", "", LIST)]);
    let endpoint = Endpoint::custom("mine", &url).unwrap();
    let models = client().list_models(&endpoint, Some(&key())).await.unwrap();
    let ids: Vec<&str> = models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    let head = asked.recv().unwrap();
    assert!(head.starts_with("get /v1/models http/1.1\r\n"), "{head}");
    assert!(head.contains("authorization: bearer canary.key\r\n"), "{head}");
    assert!(head.contains(concat!("user-agent: braincells/", env!("CARGO_PKG_VERSION"))), "{head}");
    assert_eq!(head.matches("canary").count(), 1);
}

#[tokio::test]
async fn a_connection_is_tested_with_what_needs_a_key() {
    let hugging_face = provider("huggingface").unwrap();
    let (url, _asked) = server(vec![answer("200 OK", "", LIST)]);
    let mirror = Endpoint::of_provider(hugging_face, Some(&url), None).unwrap();
    let report = client().test_connection(&mirror, Some(&key())).await.unwrap();
    assert_eq!((report.models, report.account), (Some(2), None));

    let about = r#"{"data":{"label":"desk","usage":0}}"#;
    let (url, asked) = server(vec![answer("200 OK", "", about)]);
    let router = Endpoint::of_provider(provider("openrouter").unwrap(), Some(&url), None).unwrap();
    let report = client().test_connection(&router, Some(&key())).await.unwrap();
    assert_eq!((report.models, report.account.as_deref()), (None, Some("desk")));
    assert!(asked.recv().unwrap().starts_with("get /v1/key "));

    let error = client().test_connection(&router, None).await.unwrap_err();
    assert!(matches!(error, LLMError::KeyRefused { missing: true, .. }), "{error:?}");
}

#[tokio::test]
async fn failures_of_a_list_say_what_is_wrong_and_never_the_key() {
    type Expected = fn(&LLMError) -> bool;
    let echo = r#"{"error":{"message":"no Canary.key here"}}"#;
    let there = "location: http://evil.test/?Canary.key\r\n";
    let cases: [(String, Expected); 10] = [
        (answer("401 Unauthorized", "", echo), |error| {
            matches!(error, LLMError::KeyRefused { missing: false, .. })
        }),
        (answer("404 Not Found", "", ""), |error| matches!(error, LLMError::Unreachable { .. })),
        (answer("302 Found", there, ""), |error| {
            error.to_string().contains("another host, `evil.test`; the key was withheld")
        }),
        (answer("429 Too Many Requests", "retry-after: 3\r\n", ""), |error| {
            *error == LLMError::RateLimited { retry_after_ms: Some(3000) }
        }),
        (answer("500 Oops", "", echo), |error| matches!(error, LLMError::ServerFailed { .. })),
        (answer("200 OK", "", "<html>"), |error| error.to_string().contains("not JSON")),
        (answer("200 OK", "", r#"{"x":1}"#), |error| error.to_string().contains("list of models")),
        (answer("200 OK", "", r#"{"error":{"code":401,"message":"no"}}"#), |error| {
            matches!(error, LLMError::KeyRefused { .. })
        }),
        ("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_owned(), |error| {
            error.to_string().contains("connection broke")
        }),
        ("HTTP/1.1 401 Oops\r\ncontent-length: 100\r\n\r\nno".to_owned(), |error| {
            matches!(error, LLMError::KeyRefused { .. })
        }),
    ];
    for (bytes, expected) in cases {
        let (url, _asked) = server(vec![bytes.clone()]);
        let endpoint = Endpoint::custom("mine", &url).unwrap();
        let error = client().list_models(&endpoint, Some(&key())).await.unwrap_err();
        assert!(expected(&error), "{bytes}: {error:?}");
        assert!(!format!("{error:?} {error}").contains("Canary"), "{error:?}");
    }
}

#[tokio::test]
async fn a_host_that_refuses_the_connection_is_unreachable() {
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    for url in [format!("http://127.0.0.1:{port}"), format!("https://127.0.0.1:{port}")] {
        let endpoint = Endpoint::custom("mine", &url).unwrap();
        let asked = AskedOf {
            endpoint: &endpoint,
            model: "m",
            key: None,
            parameters: &[],
            has_answered: false,
        };
        let error = client().http(&endpoint).get(endpoint.chat_url()).send().await.unwrap_err();
        let failure = failure::of_transport(&asked, &error);
        assert!(matches!(&failure, Failure::Connection(reason) if reason.contains("127.0.0.1")));
        let error = client().list_models(&endpoint, None).await.unwrap_err();
        assert!(matches!(error, LLMError::Unreachable { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_without_tls_behind_an_address_with_it_is_told_at_once() {
    let (url, _asked) = server(vec![answer("400 Bad Request", "", "")]);
    let endpoint = Endpoint::custom("mine", &url.replace("http:", "https:")).unwrap();
    let asked = AskedOf {
        endpoint: &endpoint,
        model: "m",
        key: None,
        parameters: &[],
        has_answered: false,
    };
    let error = client().http(&endpoint).get(endpoint.chat_url()).send().await.unwrap_err();
    let failure = failure::of_transport(&asked, &error);
    let Failure::Run(LLMError::Unreachable { reason, .. }) = failure else {
        panic!("{failure:?}");
    };
    assert!(reason.contains("does not speak TLS"), "{reason}");
}

#[tokio::test]
async fn a_server_that_is_silent_is_given_up() {
    // It accepts, reads, and never answers: the listener's queue takes the connection.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let client = CloudClient { stall_timeout: Duration::from_millis(50), ..client() };
    let endpoint = Endpoint::custom("mine", &url).unwrap();
    let error = client.list_models(&endpoint, None).await.unwrap_err();
    assert!(error.to_string().contains("silent"), "{error}");
}

#[tokio::test]
async fn a_proxy_gets_the_request_and_its_password_is_in_no_error() {
    let (url, asked) = server(vec![answer("200 OK", "", LIST), answer("407 Oops", "", "")]);
    let proxy = url.replace("http://", "http://user:canary@");
    let options = ClientOptions { proxy: Some(proxy), ..ClientOptions::default() };
    let client = CloudClient::new(&options).unwrap();
    let endpoint = Endpoint::custom("mine", "http://models.test/v1").unwrap();
    assert_eq!(client.list_models(&endpoint, None).await.unwrap().len(), 2);
    assert!(asked.recv().unwrap().starts_with("get http://models.test/v1/models "));
    let error = client.list_models(&endpoint, None).await.unwrap_err();
    assert!(error.to_string().contains("proxy asks for a name"), "{error}");
    assert!(!format!("{client:?} {options:?} {error:?}").contains("canary"));
}

#[test]
fn a_client_is_made_with_what_there_is_and_refuses_what_cannot_be_read() {
    assert!(CloudClient::new(&ClientOptions::default()).is_ok());
    assert!(trusting_nobody(settings()).is_ok());
    let no_certificate = b"-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n".to_vec();
    let options = ClientOptions { extra_roots_pem: vec![no_certificate], ..Default::default() };
    assert!(CloudClient::new(&options).is_err());
    let options =
        ClientOptions { proxy: Some("http://u:canary@ ".to_owned()), ..Default::default() };
    let error = CloudClient::new(&options).unwrap_err();
    assert!(!format!("{error:?}").contains("canary"), "{error:?}");
}
