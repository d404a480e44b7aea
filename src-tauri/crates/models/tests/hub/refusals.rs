use std::time::Duration;

use braincells_core::{AppError, Code};
use braincells_models::ModelsError;
use braincells_models::catalogue::Runtime;
use braincells_models::hub::{Reference, Search, SearchSort};

use crate::server::{Answer, End, Server, hasty_hub, hub, token};

fn query() -> Search {
    Search { text: "x".to_owned(), runtime: Runtime::Gguf, sort: SearchSort::Downloads, limit: 5 }
}

/// An answer of the hub that says no.
fn no(status: u16, code: &str, message: &str) -> Answer {
    let answer = Answer::new(status, format!("{{\"error\": \"{message}\"}}"));
    let answer = answer.with("X-Error-Message", message);
    if code.is_empty() { answer } else { answer.with("X-Error-Code", code) }
}

type Row = (Answer, bool, Code, &'static str);

/// What the hub says, whether it was told a token, and what that means for who asked for a
/// repository.
fn rows() -> Vec<Row> {
    let gated = "Access to model o/n is restricted. You must be authenticated to access it.";
    let bad = "Invalid credentials in Authorization header";
    vec![
        (no(401, "GatedRepo", gated), false, Code::KeyRefused, "agreed to its terms"),
        (no(403, "GatedRepo", gated), true, Code::Refused, "not one of them"),
        (
            no(401, "RepoNotFound", "Repository not found"),
            false,
            Code::NotFound,
            "no repository `o/n`",
        ),
        (
            no(404, "RepoNotFound", "Repository not found"),
            true,
            Code::NotFound,
            "no repository `o/n`",
        ),
        (no(404, "RevisionNotFound", "Invalid rev id"), false, Code::NotFound, "no revision `v9`"),
        (
            no(401, "", "Invalid username or password."),
            false,
            Code::NotFound,
            "no repository `o/n`",
        ),
        (no(401, "", bad), true, Code::KeyRefused, "Invalid credentials"),
        (no(401, "", bad), false, Code::KeyRefused, "Invalid credentials"),
        (no(403, "", "Forbidden"), true, Code::KeyRefused, "status 403, Forbidden"),
        (
            no(403, "DisabledRepo", "Access to this resource is disabled."),
            false,
            Code::Refused,
            "closed",
        ),
        (no(403, "", "Access to this resource is disabled."), false, Code::Refused, "closed"),
        (no(404, "", "Not found"), false, Code::NotFound, "no repository `o/n`"),
        (no(407, "", ""), false, Code::Unreachable, "the proxy asks"),
        (
            no(429, "", "Too many requests").with("Retry-After", "7"),
            false,
            Code::RateLimited,
            "in 7 s",
        ),
        (
            no(429, "", "").with("RateLimit", "\"api\";r=0;t=55"),
            false,
            Code::RateLimited,
            "in 55 s",
        ),
        (no(503, "", "Maintenance"), false, Code::RateLimited, "try again later"),
        (no(500, "", "Internal Error"), false, Code::Unreachable, "status 500, Internal Error"),
        (no(418, "", ""), false, Code::Unreachable, "status 418"),
        (Answer::new(502, "<html>Bad Gateway</html>"), false, Code::Unreachable, "status 502"),
        (Answer::new(302, ""), false, Code::Unreachable, "redirect"),
        (Answer::new(206, "{}"), false, Code::Unreachable, "status 206"),
        (Answer::new(204, ""), false, Code::Unreachable, "status 204"),
        (
            Answer::new(500, r#"{"error": "a\u0001\u001b[2J\nb"}"#),
            false,
            Code::Unreachable,
            "status 500, a [2J b",
        ),
    ]
}

#[tokio::test]
async fn every_refusal_is_named_and_says_what_to_try() {
    for (answer, with_token, code, said) in rows() {
        let server = Server::saying(answer.clone()).await;
        let reference: Reference = "o/n@v9".parse().unwrap();
        let token = with_token.then(token);
        let error = server.hub().repository(&reference, token.as_ref()).await.unwrap_err();
        let error = AppError::from(error);
        assert_eq!(error.code, code, "{answer:?}: {error:?}");
        assert!(error.message.contains(said), "{answer:?}: {error:?}");
        assert!(error.hint.is_some(), "{error:?}");
        assert!(!error.message.contains(char::is_control) && !error.message.ends_with('.'));
        assert_eq!(server.requests().len(), 1, "{answer:?}");
    }
}

#[tokio::test]
async fn the_page_with_the_terms_of_a_gated_repository_is_named() {
    let server = Server::saying(no(401, "GatedRepo", "restricted")).await;
    let reference: Reference = "o/n".parse().unwrap();
    let error = server.hub().repository(&reference, None).await.unwrap_err();
    let page = format!("{}/o/n", server.url());
    let gated = |needs_login| ModelsError::Gated {
        repository: "o/n".to_owned(),
        page: page.clone(),
        needs_login,
    };
    assert_eq!(error, gated(true));
    assert!(AppError::from(error).hint.unwrap().contains(&page));
    let error = server.hub().repository(&reference, Some(&token())).await.unwrap_err();
    assert_eq!(error, gated(false));
}

#[tokio::test]
async fn the_file_that_is_missing_is_named() {
    let server = Server::saying(no(404, "EntryNotFound", "Entry not found")).await;
    let hub = server.hub();
    let url = hub.file_url("o/n", "main", "Q8 x/a.gguf");
    let error = hub.get_file(&url, 0, None, None).await.unwrap_err();
    let (repository, file) = ("o/n".to_owned(), "Q8 x/a.gguf".to_owned());
    assert_eq!(error, ModelsError::NoSuchFile { repository, file });
}

#[tokio::test]
async fn what_is_asked_of_no_repository_is_not_one_that_is_missing() {
    for (status, code) in [(401, Code::KeyRefused), (404, Code::Unreachable)] {
        let server = Server::saying(no(status, "", "no")).await;
        let error = server.hub().search(&query(), None).await.unwrap_err();
        assert_eq!(AppError::from(error).code, code);
    }
}

#[tokio::test]
async fn a_busy_hub_says_when_to_come_back() {
    let server = Server::saying(no(503, "", "").with("Retry-After", "30")).await;
    let error = server.hub().search(&query(), None).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
    assert!(error.is_retriable());
}

#[tokio::test]
async fn who_does_not_answer_is_given_up() {
    let silent = [
        Answer::mute(),
        Answer::json("[]").ends(End::Silent),
        // Of an error that never ends, the status is enough.
        Answer::new(500, "{}").ends(End::Cut),
    ];
    for answer in silent {
        let server = Server::saying(answer.clone()).await;
        let error = hasty_hub(&server).search(&query(), None).await.unwrap_err();
        assert!(error.is_retriable(), "{answer:?}: {error:?}");
        assert_eq!(AppError::from(error).code, Code::Unreachable);
    }
}

#[tokio::test]
async fn who_is_not_there_is_named_without_the_address() {
    let server = Server::saying(Answer::mute()).await;
    let names = [("hub.example", "127.0.0.1:1".parse().unwrap())];
    let hub = hub("http://hub.example:1", &names);
    let error = hub.search(&query(), None).await.unwrap_err();
    let ModelsError::HubUnreachable { host, reason } = &error else { panic!("{error:?}") };
    assert_eq!(host, "hub.example:1");
    assert!(reason.starts_with("no connection: ") && !reason.contains("http"), "{reason}");
    drop(server);
}

#[tokio::test]
async fn what_does_not_speak_http_is_a_failure() {
    // A server of something else: it says one line and hangs up.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            use tokio::io::AsyncWriteExt;
            stream.write_all(b"220 mail.example ESMTP\r\n").await.unwrap();
        }
    });
    let error = hub(&url, &[]).search(&query(), None).await.unwrap_err();
    assert!(matches!(error, ModelsError::HubUnreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_token_that_cannot_be_sent_is_told_before_anything_is() {
    let server = Server::saying(Answer::json("[]")).await;
    let token = secrecy::SecretString::from("hf_\nX-Evil: 1".to_owned());
    let error = server.hub().search(&query(), Some(&token)).await.unwrap_err();
    assert!(matches!(error, ModelsError::HubRefused { had_token: true, .. }), "{error:?}");
    assert!(!error.to_string().contains("Evil"));
    assert!(server.requests().is_empty());
}
