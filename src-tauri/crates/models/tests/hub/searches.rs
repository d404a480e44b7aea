use braincells_models::ModelsError;
use braincells_models::catalogue::Runtime;
use braincells_models::hub::{Gate, HubModel, Search, SearchSort};

use crate::server::{Answer, End, Server, fixture, token};

fn search(text: &str, runtime: Runtime) -> Search {
    Search { text: text.to_owned(), runtime, sort: SearchSort::Trending, limit: 20 }
}

#[tokio::test]
async fn models_are_listed_with_what_the_hub_says_of_them() {
    let server = Server::saying(Answer::json(fixture("search"))).await;
    let query = search(" qwen 3 & co ", Runtime::Gguf);
    let found = server.hub().search(&query, Some(&token())).await.unwrap();
    let first = HubModel {
        id: "unsloth/Qwen3-4B-Instruct-2507-GGUF".to_owned(),
        runtime: Runtime::Gguf,
        downloads: 184_233,
        likes: 212,
        updated_at_ms: Some(1_755_162_082_000),
        gate: Gate::Open,
        licence: Some("apache-2.0".to_owned()),
        parameters: Some(4_022_468_096),
        architecture: Some("qwen3".to_owned()),
        context_length: Some(262_144),
    };
    assert_eq!(found[0], first);
    let gates: Vec<_> = found.iter().map(|model| model.gate).collect();
    assert_eq!(gates, [Gate::Open, Gate::Manual, Gate::Automatic]);
    assert_eq!((&found[2].licence, found[2].parameters), (&None, None));
    let request = &server.requests()[0];
    assert_eq!(
        request.target,
        "/api/models?search=qwen+3+%26+co&filter=gguf&sort=trendingScore&direction=-1&limit=20\
         &expand%5B%5D=downloads&expand%5B%5D=likes&expand%5B%5D=lastModified&expand%5B%5D=gated\
         &expand%5B%5D=tags&expand%5B%5D=gguf&expand%5B%5D=safetensors"
    );
    assert_eq!(request.header("authorization"), Some("Bearer hf_secret"));
}

#[tokio::test]
async fn models_for_mlx_are_looked_for_by_their_own_tag() {
    let server = Server::saying(Answer::json(fixture("search_mlx"))).await;
    let query = Search { limit: 0, sort: SearchSort::Updated, ..search("", Runtime::Mlx) };
    let found = server.hub().search(&query, None).await.unwrap();
    assert_eq!(found[0].parameters, Some(268_927_488));
    assert_eq!(found[0].runtime, Runtime::Mlx);
    let target = &server.targets()[0];
    assert!(target.starts_with("/api/models?filter=mlx&sort=lastModified&direction=-1&limit=1&"));
    assert_eq!(server.requests()[0].header("authorization"), None);
}

#[tokio::test]
async fn each_order_has_the_hubs_word() {
    let server = Server::saying(Answer::json("[]")).await;
    let orders = [
        (SearchSort::Downloads, "downloads"),
        (SearchSort::Trending, "trendingScore"),
        (SearchSort::Likes, "likes"),
        (SearchSort::Updated, "lastModified"),
    ];
    for (sort, word) in orders {
        let query = Search { sort, limit: 5000, ..search("x", Runtime::Gguf) };
        assert!(server.hub().search(&query, None).await.unwrap().is_empty());
        let target = server.targets().pop().unwrap();
        assert!(target.contains(&format!("&sort={word}&direction=-1&limit=100&")), "{target}");
    }
}

#[tokio::test]
async fn entries_that_name_no_repository_are_left_out() {
    let body = r#"[null, 7, [], {}, {"id": 7}, {"id": "gpt2"}, {"id": "../../etc"}, {"id": "a/b c"},
        {"id": "o/n", "downloads": 1e300, "likes": -1, "tags": "x", "gguf": null, "gated": 5,
         "lastModified": "yesterday", "safetensors": {"total": "x"}, "config": DEEP}]"#;
    let body = body.replace("DEEP", &format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)));
    let server = Server::saying(Answer::json(body)).await;
    let found = server.hub().search(&search("x", Runtime::Gguf), None).await.unwrap();
    let due = HubModel {
        id: "o/n".to_owned(),
        runtime: Runtime::Gguf,
        downloads: 0,
        likes: 0,
        updated_at_ms: None,
        gate: Gate::Open,
        licence: None,
        parameters: None,
        architecture: None,
        context_length: None,
    };
    assert_eq!(found, [due]);
}

#[tokio::test]
async fn what_is_no_list_is_a_failure_and_no_empty_list() {
    let bodies = [
        "",
        "<html><body>Please log in to the airport</body></html>",
        "{\"error\": \"x\"}",
        "null",
        "[",
        "[{\"id\": \"o/n\", \"id\": \"o/m\"}]",
        "[1e999]",
        "\u{0}\u{1}\u{2}",
    ];
    for body in bodies {
        let server = Server::saying(Answer::json(body)).await;
        let found = server.hub().search(&search("x", Runtime::Gguf), None).await;
        assert!(matches!(found, Err(ModelsError::HubFailed { .. })), "{body:.40}: {found:?}");
    }
    let server = Server::saying(Answer::json(&b"[\"\xff\xfe\"]"[..])).await;
    assert!(server.hub().search(&search("x", Runtime::Gguf), None).await.is_err());
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_it() {
    let mut body = vec![b' '; 33 << 20];
    body[0] = b'[';
    let server = Server::saying(Answer::json(body)).await;
    let error = server.hub().search(&search("x", Runtime::Gguf), None).await.unwrap_err();
    assert!(error.to_string().contains("too long"), "{error}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_a_failure() {
    let server = Server::saying(Answer::json(fixture("search")).ends(End::Cut)).await;
    let error = server.hub().search(&search("x", Runtime::Gguf), None).await.unwrap_err();
    assert!(matches!(error, ModelsError::HubUnreachable { .. }), "{error:?}");
}
