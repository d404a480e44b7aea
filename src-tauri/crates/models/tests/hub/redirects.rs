use braincells_models::ModelsError;
use braincells_models::hub::{Hub, Reference};

use crate::server::{Answer, Server, fixture, hub, token};

async fn refused(hub: &Hub) -> String {
    let url = hub.file_url("o/n", "main", "a.gguf");
    match hub.get_file(&url, 0, None, Some(&token())).await.unwrap_err() {
        ModelsError::UnsafeRedirect { reason, .. } => reason,
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn the_token_goes_to_the_hub_and_to_nobody_else() {
    let cdn =
        Server::saying(Answer::new(200, "weights").with("X-Repo-Commit", "b".repeat(40))).await;
    let elsewhere = cdn.url();
    let server = Server::start(move |request| match request.target.as_str() {
        "/o/n/resolve/main/a.gguf" => Answer::to("/o/new/resolve/main/a.gguf"),
        _ => Answer::to(format!("{elsewhere}/x?Signature=1"))
            .with("X-Linked-Etag", format!("\"{}\"", "a".repeat(64)))
            .with("X-Linked-Size", "7")
            .with("X-Repo-Commit", "c".repeat(40)),
    })
    .await;
    let hub = server.hub();
    let url = hub.file_url("o/n", "main", "a.gguf");
    let mut file = hub.get_file(&url, 0, None, Some(&token())).await.unwrap();
    assert_eq!(file.status, 200);
    assert_eq!((file.total_bytes, file.linked_bytes), (Some(7), Some(7)));
    assert_eq!(file.linked_sha256, Some("a".repeat(64)));
    // Said by the hub itself, and not by the other.
    assert_eq!(file.commit, Some("c".repeat(40)));
    assert_eq!(file.chunk().await.unwrap().unwrap(), "weights");
    assert_eq!(file.chunk().await.unwrap(), None);
    for request in server.requests() {
        assert_eq!(request.header("authorization"), Some("Bearer hf_secret"));
        assert_eq!(request.header("accept-encoding"), Some("identity"));
    }
    assert_eq!(server.requests().len(), 2);
    let asked = &cdn.requests()[0];
    assert_eq!((asked.target.as_str(), asked.header("authorization")), ("/x?Signature=1", None));
    assert_eq!(asked.header("referer"), None);
}

#[tokio::test]
async fn a_hub_elsewhere_leads_to_public_places_only() {
    let cdn = Server::saying(Answer::new(200, "weights")).await;
    let locations = [
        (format!("http://127.0.0.1:{}/x", cdn.address.port()), Some("this machine")),
        (format!("http://localhost:{}/x", cdn.address.port()), Some("this machine")),
        ("http://169.254.169.254/latest/meta-data".to_owned(), Some("network")),
        ("http://[::ffff:192.168.0.1]/x".to_owned(), Some("network")),
        ("file:///etc/passwd".to_owned(), Some("`file`")),
        ("gopher://x.example/".to_owned(), Some("`gopher`")),
        ("http://me:secret@cdn.example/x".to_owned(), Some("password")),
        ("http://".to_owned(), Some("is no address")),
        (format!("http://cdn.example:{}/x", cdn.address.port()), None),
        (format!("//cdn.example:{}/x", cdn.address.port()), None),
    ];
    for (location, said) in locations {
        let to = location.clone();
        let server = Server::start(move |_request| Answer::to(to.clone())).await;
        let names = [("hub.example", server.address), ("cdn.example", cdn.address)];
        let hub = hub(&format!("http://hub.example:{}", server.address.port()), &names);
        assert!(!hub.is_this_machine());
        let before = cdn.requests().len();
        if let Some(said) = said {
            let reason = refused(&hub).await;
            assert!(reason.contains(said) && !reason.contains("secret"), "{location}: {reason}");
            assert_eq!(cdn.requests().len(), before, "{location}");
        } else {
            let url = hub.file_url("o/n", "main", "a.gguf");
            assert_eq!(hub.get_file(&url, 0, None, None).await.unwrap().status, 200, "{location}");
        }
        // In the clear and to another machine, no token is sent.
        assert_eq!(server.requests()[0].header("authorization"), None);
    }
}

#[tokio::test]
async fn a_hub_on_this_machine_does_not_lead_away_from_it() {
    let server = Server::saying(Answer::to("http://cdn.example/x")).await;
    assert!(refused(&server.hub()).await.contains("leads from this machine"));
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let server = Server::saying(Answer::to("/o/n/resolve/main/a.gguf")).await;
    assert_eq!(refused(&server.hub()).await, "it is the 6th in a row");
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn five_redirects_are_followed() {
    let server = Server::start(|request| match request.target.strip_prefix("/hop/") {
        Some("4") => Answer::new(200, "weights"),
        Some(hop) => Answer::to(format!("/hop/{}", hop.parse::<u32>().unwrap() + 1)),
        None => Answer::to("/hop/0"),
    })
    .await;
    let hub = server.hub();
    let url = hub.file_url("o/n", "main", "a.gguf");
    assert_eq!(hub.get_file(&url, 0, None, None).await.unwrap().status, 200);
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn an_address_of_this_machine_is_not_asked_for_a_hub_elsewhere() {
    let server = Server::saying(Answer::new(200, "weights")).await;
    let hub = hub("https://hub.example", &[]);
    let url = format!("{}/o/n/resolve/main/a.gguf", server.url());
    let error = hub.get_file(&url, 0, None, None).await.unwrap_err();
    assert!(matches!(error, ModelsError::UnsafeRedirect { .. }), "{error:?}");
    assert!(server.requests().is_empty());
    let error = hub.get_file("not an address", 0, None, None).await.unwrap_err();
    assert!(matches!(error, ModelsError::BadReference { .. }), "{error:?}");
}

#[tokio::test]
async fn a_repository_that_was_renamed_is_found_under_its_new_name() {
    let server = Server::start(|request| match request.target.as_str() {
        "/api/models/old/name?blobs=true" => {
            let to = Answer::new(307, "Temporary Redirect");
            to.with("Location", "/api/models/unsloth/gemma-3-4b-it-GGUF?blobs=true")
        }
        _ => Answer::json(fixture("repository")),
    })
    .await;
    let reference: Reference = "old/name".parse().unwrap();
    let repository = server.hub().repository(&reference, None).await.unwrap();
    assert_eq!(repository.id, "unsloth/gemma-3-4b-it-GGUF");
}
