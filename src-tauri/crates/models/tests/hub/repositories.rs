use braincells_models::ModelsError;
use braincells_models::catalogue::Runtime;
use braincells_models::hub::{Choice, Gate, Reference, Repository};

use crate::server::{Answer, Server, fixture};

fn reference(text: &str) -> Reference {
    text.parse().unwrap()
}

async fn read(name: &'static str, text: &str) -> Repository {
    let server = Server::saying(Answer::json(fixture(name))).await;
    server.hub().repository(&reference(text), None).await.unwrap()
}

fn labels(repository: &Repository) -> Vec<(&str, usize, u64)> {
    let row = |choice: &'_ Choice| (choice.files.len(), choice.bytes);
    let label = |choice| {
        let (files, bytes) = row(choice);
        (choice.label.as_str(), files, bytes)
    };
    repository.choices.iter().map(label).collect()
}

#[tokio::test]
async fn a_repository_is_read_with_its_quantisations() {
    let server = Server::saying(Answer::json(fixture("repository"))).await;
    let text = "unsloth/gemma-3-4b-it-GGUF@refs%2Fpr%2F1";
    let repository = server.hub().repository(&reference(text), None).await.unwrap();
    let target = "/api/models/unsloth/gemma-3-4b-it-GGUF/revision/refs%2Fpr%2F1?blobs=true";
    assert_eq!(server.targets(), [target]);
    assert_eq!(repository.commit, "a3f1c0de".repeat(5));
    assert_eq!((repository.runtime, repository.gate), (Runtime::Gguf, Gate::Open));
    assert_eq!(repository.licence.as_deref(), Some("gemma"));
    assert_eq!(repository.architecture.as_deref(), Some("gemma3"));
    assert_eq!(repository.parameters, Some(3_880_099_328));
    assert_eq!(repository.context_length, Some(131_072));
    let due = [
        ("Q4_K_M", 1, 2_489_894_016),
        ("UD-Q4_K_XL", 1, 2_537_000_000),
        ("Q8_0", 1, 4_130_402_432),
        ("BF16", 2, 7_767_474_048),
    ];
    assert_eq!(labels(&repository), due);
    assert_eq!(repository.choices[0].files[0].sha256, Some("3".repeat(64)));
    assert_eq!(repository.projectors.len(), 2);
    assert_eq!(repository.notes, ["`gemma-3-4b-it-Q6_K` is left out: 1 of its 3 parts are there"]);
}

#[tokio::test]
async fn a_reference_picks_its_quantisation() {
    let repository = read("repository", "o/n").await;
    let cases = [
        ("o/n", None),
        ("o/n:Q4_K_M", Some(0)),
        ("o/n:q4_k_m", Some(0)),
        ("o/n:UD-Q4_K_XL", Some(1)),
        ("o/n:Q4_K_XL", Some(1)),
        ("o/n:Q4_K", None),
        ("o/n:Q2_K", None),
        ("o/n/gemma-3-4b-it-q8_0.gguf", Some(2)),
        ("o/n/BF16/gemma-3-4b-it-BF16-00002-of-00002.gguf", Some(3)),
        ("o/n/mmproj-F16.gguf", None),
    ];
    for (text, wanted) in cases {
        assert_eq!(repository.wanted(&reference(text)), wanted, "{text}");
    }
}

#[tokio::test]
async fn a_repository_for_mlx_is_one_choice() {
    let repository = read("repository_mlx", "mlx-community/Qwen3-1.7B-4bit").await;
    assert_eq!(repository.runtime, Runtime::Mlx);
    assert_eq!(labels(&repository), [("4bit", 9, 984_011_303)]);
    assert_eq!(repository.parameters, Some(268_927_488));
    assert!(repository.notes.is_empty(), "{:?}", repository.notes);
}

#[tokio::test]
async fn weights_in_another_format_are_no_choice_and_are_explained() {
    let repository = read("repository_transformers", "google/gemma-3-4b-it").await;
    assert!(repository.choices.is_empty());
    assert_eq!(repository.gate, Gate::Manual);
    assert!(repository.notes[0].contains("another format"), "{:?}", repository.notes);
}

#[tokio::test]
async fn sizes_that_are_not_there_are_read_page_by_page() {
    let server = Server::start(|request| match request.target.split_once('?') {
        Some((path, "recursive=true")) if path.contains("/tree/") => {
            let next = format!("<{path}?recursive=true&cursor=abc%3D>; rel=\"next\"");
            Answer::json(fixture("tree_1")).with("Link", next)
        }
        Some((path, _)) if path.contains("/tree/") => Answer::json(fixture("tree_2")),
        _ => Answer::json(fixture("repository_without_sizes")),
    })
    .await;
    let repository = server.hub().repository(&reference("o/n"), None).await.unwrap();
    assert_eq!(labels(&repository), [("Q4_K_M", 1, 2_489_894_016), ("Q8_0", 1, 4_130_402_432)]);
    assert_eq!(repository.choices[0].files[0].sha256, Some("e".repeat(64)));
    assert!(repository.notes.is_empty(), "{:?}", repository.notes);
    let commit = "a3f1c0de".repeat(5);
    let due = [
        "/api/models/o/n?blobs=true".to_owned(),
        format!("/api/models/o/n/tree/{commit}?recursive=true"),
        format!("/api/models/o/n/tree/{commit}?recursive=true&cursor=abc%3D"),
    ];
    assert_eq!(server.targets(), due);
}

#[tokio::test]
async fn pages_that_go_on_elsewhere_or_for_ever_are_cut_with_a_note() {
    let cases = [("<http://other.example/x>; rel=\"next\"", 2), ("</same>; rel=\"next\"", 201)];
    for (link, requests) in cases {
        let server = Server::start(move |request| {
            if request.target.ends_with("blobs=true") {
                return Answer::json(fixture("repository_without_sizes"));
            }
            Answer::json(fixture("tree_1")).with("Link", link)
        })
        .await;
        let repository = server.hub().repository(&reference("o/n"), None).await.unwrap();
        assert_eq!(server.requests().len(), requests);
        assert_eq!(repository.choices.len(), 1);
        let notes = repository.notes.join("\n");
        assert!(notes.contains("cut") || notes.contains("more files"), "{notes}");
    }
}

#[tokio::test]
async fn names_that_lead_out_of_a_folder_are_left_out_with_a_note() {
    let repository = read("hostile", "o/n").await;
    assert_eq!(repository.id, "o/n");
    let due = [("Q4_0", 1, 1000), ("Q8_0", 1, 1000)];
    assert_eq!(labels(&repository), due);
    let paths: Vec<_> =
        repository.choices.iter().map(|choice| choice.files[0].path.as_str()).collect();
    assert_eq!(paths, ["sum-Q4_0.gguf", "good-Q8_0.gguf"]);
    // A sum that is none is not compared with anything.
    assert_eq!(repository.choices[0].files[0].sha256, None);
    assert_eq!((repository.downloads, repository.likes), (0, 0));
    assert_eq!((repository.updated_at_ms, repository.gate), (None, Gate::Open));
    assert_eq!(repository.licence.as_deref(), Some("[2J GPL"));
    let notes = repository.notes.join("\n");
    assert_eq!(repository.notes.len(), 16, "{notes}");
    let due = [
        "`../../.bashrc.gguf`",
        "`/etc/cron.d/x.gguf`",
        "`C:\\x.gguf`",
        "`a b.gguf`",
        "`nul.gguf`",
        "`GOOD-q8_0.gguf` is left out: another one has its name",
        "it has no bytes",
        "no file has that size",
        "its size is not known",
        "too long",
    ];
    for due in due {
        assert!(notes.contains(due), "{due}: {notes}");
    }
    assert!(
        repository.notes.iter().all(|note| note.len() < 600 && !note.contains(char::is_control))
    );
}

#[tokio::test]
async fn what_is_no_repository_is_a_failure() {
    let body = |sha: &str| format!("{{\"id\": \"o/n\", \"sha\": {sha}, \"siblings\": 7}}");
    let bodies = [
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        body("7"),
        body("\"main\""),
        body("\"../../../../../../../../../../../../../\""),
        "<html>".to_owned(),
    ];
    for text in bodies {
        let server = Server::saying(Answer::json(text.clone())).await;
        let error = server.hub().repository(&reference("o/n"), None).await.unwrap_err();
        assert!(matches!(error, ModelsError::HubFailed { .. }), "{text}: {error:?}");
    }
}

#[tokio::test]
async fn a_hundred_thousand_files_are_read_and_more_are_cut() {
    let file = |number: usize| {
        format!("{{\"rfilename\": \"d/m{number}-Q4_0.gguf\", \"size\": {}}}", number + 1)
    };
    let files: Vec<_> = (0..100_001).map(file).collect();
    let body = format!(
        "{{\"id\": \"o/n\", \"sha\": \"{}\", \"siblings\": [{}]}}",
        "a".repeat(40),
        files.join(",")
    );
    let server = Server::start(move |request| {
        if request.target.contains("/tree/") {
            return Answer::json(fixture("tree_1"));
        }
        Answer::json(body.clone())
    })
    .await;
    // More than one answer holds: the pages are asked for.
    let repository = server.hub().repository(&reference("o/n"), None).await.unwrap();
    assert_eq!(labels(&repository), [("Q4_K_M", 1, 2_489_894_016)]);
}
