use braincells_core::Code;
use braincells_models::hub::Gate;

use super::*;

const GB: u64 = 1_000_000_000;

fn file(path: &str, bytes: u64) -> HubFile {
    let sha256 = Some(format!("sum of {path}"));
    HubFile { path: path.to_owned(), bytes, sha256, git_sha1: None }
}

fn choice(label: &str, files: &[(&str, u64)]) -> Choice {
    let files: Vec<HubFile> = files.iter().map(|(path, bytes)| file(path, *bytes)).collect();
    let bytes = files.iter().map(|file| file.bytes).sum();
    Choice { label: label.to_owned(), files, bytes }
}

fn repository(runtime: Runtime, choices: Vec<Choice>) -> Repository {
    Repository {
        id: "o/m-GGUF".to_owned(),
        commit: "c0ffee".to_owned(),
        runtime,
        gate: Gate::Open,
        licence: None,
        downloads: 0,
        likes: 0,
        updated_at_ms: None,
        parameters: None,
        architecture: None,
        context_length: None,
        choices,
        projectors: vec![file("mmproj-m.gguf", 1)],
        notes: vec!["two parts of `m-Q2_K` are missing".to_owned()],
    }
}

fn gguf() -> Repository {
    repository(
        Runtime::Gguf,
        vec![
            choice("Q3_K_M", &[("m-Q3_K_M.gguf", 3 * GB)]),
            choice("Q4_K_M", &[("m-Q4_K_M.gguf", 4 * GB)]),
            choice("Q8_0", &[("m-Q8_0.gguf", 8 * GB)]),
            choice(
                "F16",
                &[
                    ("F16/m-F16-00001-of-00003.gguf", 8 * GB),
                    ("F16/m-F16-00002-of-00003.gguf", 8 * GB),
                    ("F16/m-F16-00003-of-00003.gguf", GB),
                ],
            ),
        ],
    )
}

fn read(text: &str, label: Option<&str>) -> Result<Asked, AppError> {
    let label = label.map(str::to_owned);
    let request = DownloadRequest { label, ..DownloadRequest::new(text) };
    Asked::read(&request, Catalogue::built_in(), &room(4), str::parse)
}

fn asked(text: &str, label: Option<&str>) -> Asked {
    read(text, label).unwrap()
}

fn room(gb: u64) -> Room {
    Room::with_bytes(gb * GB)
}

fn choose(
    repository: &Repository,
    asked: &Asked,
    room: &Room,
) -> Result<NewDownload, DownloadError> {
    planned(repository, chosen(repository, asked, room)?)
}

fn names(new: &NewDownload) -> Vec<&str> {
    new.files.iter().map(|file| file.target.as_str()).collect()
}

#[test]
fn the_quantisation_that_was_named_is_taken() {
    for (text, label) in [
        ("o/m-GGUF:q8_0", None),
        ("o/m-GGUF", Some("Q8_0")),
        ("hf.co/o/m-GGUF:Q4_K_M", Some(" q8_0 ")),
        ("https://huggingface.co/o/m-GGUF/blob/main/m-Q8_0.gguf", None),
    ] {
        let new = choose(&gguf(), &asked(text, label), &room(4)).unwrap();
        assert_eq!(new.name, "o--m-GGUF/m-Q8_0.gguf", "{text}");
        assert_eq!((new.label.as_deref(), new.runtime.as_str()), (Some("Q8_0"), "gguf"));
        assert_eq!(new.revision, "c0ffee", "the commit, not the branch");
        assert_eq!(new.files[0].sha256.as_deref(), Some("sum of m-Q8_0.gguf"));
    }
}

#[test]
fn where_none_was_named_the_machine_decides_and_something_is_always_chosen() {
    for (gb, label) in [(64, "Q8_0"), (8, "Q4_K_M"), (1, "Q4_K_M")] {
        let new = choose(&gguf(), &asked("o/m-GGUF", None), &room(gb)).unwrap();
        assert_eq!(new.label.as_deref(), Some(label), "{gb} GB");
    }
    let only = repository(Runtime::Gguf, vec![choice("BF16", &[("m.gguf", 900 * GB)])]);
    let new = choose(&only, &asked("o/m-GGUF", None), &room(1)).unwrap();
    assert_eq!(new.label.as_deref(), Some("BF16"));
}

#[test]
fn the_first_part_of_a_split_model_names_it_and_comes_last() {
    let new = choose(&gguf(), &asked("o/m-GGUF:F16", None), &room(4)).unwrap();
    assert_eq!(new.name, "o--m-GGUF/m-F16-00001-of-00003.gguf");
    let due = [
        "o--m-GGUF/m-F16-00003-of-00003.gguf",
        "o--m-GGUF/m-F16-00002-of-00003.gguf",
        "o--m-GGUF/m-F16-00001-of-00003.gguf",
    ];
    assert_eq!(names(&new), due);
    assert_eq!(new.files[0].path, "F16/m-F16-00003-of-00003.gguf");
}

#[test]
fn a_repository_for_mlx_comes_whole_with_its_folders() {
    let files = [("config.json", 1), ("model.safetensors", GB), ("assets/tokens.json", 2)];
    let whole = repository(Runtime::Mlx, vec![choice("4bit", &files)]);
    let new = choose(&whole, &asked("o/m-GGUF", None), &room(4)).unwrap();
    assert_eq!((new.name.as_str(), new.runtime.as_str()), ("o--m-GGUF", "mlx"));
    let due =
        ["o--m-GGUF/assets/tokens.json", "o--m-GGUF/model.safetensors", "o--m-GGUF/config.json"];
    assert_eq!(names(&new), due);
}

#[test]
fn what_is_not_there_is_said_with_what_is() {
    let error = |repository: &Repository, text: &str| {
        AppError::from(choose(repository, &asked(text, None), &room(4)).unwrap_err())
    };
    let label = error(&gguf(), "o/m-GGUF:Q9");
    assert_eq!(label.code, Code::NotFound);
    assert!(label.hint.unwrap().contains("`Q4_K_M`, `Q8_0`"));
    let file = error(&gguf(), "https://huggingface.co/o/m-GGUF/blob/main/gone.gguf");
    assert_eq!(file.code, Code::NotFound);
    assert!(file.hint.unwrap().contains("`m-Q8_0.gguf`"));
    let nothing = error(&repository(Runtime::Gguf, Vec::new()), "o/m-GGUF");
    assert_eq!(nothing.code, Code::BadInput);
    assert!(nothing.hint.unwrap().contains("two parts"));
    let evil = repository(Runtime::Gguf, vec![choice("Q4_0", &[("a:b.gguf", 1)])]);
    assert_eq!(error(&evil, "o/m-GGUF").code, Code::BadInput);
}

#[test]
fn the_catalogue_is_asked_before_the_hub() {
    let catalogue = Catalogue::built_in();
    let starter = catalogue.starter().unwrap();
    let found = asked(&starter.id, None);
    assert_eq!(found.reference.repository, starter.repository);
    for variant in &starter.variants {
        let text = format!("{}:{}", starter.id, variant.label.to_lowercase());
        for found in [asked(&text, None), asked(&starter.id, Some(&variant.label))] {
            assert_eq!(found.reference.file, variant.file);
            assert_eq!(found.reference.revision, variant.revision);
            assert_eq!(found.reference.label.as_deref(), Some(variant.label.as_str()));
            assert!(found.is_of_catalogue);
        }
    }
    let mlx = catalogue.of(Runtime::Mlx).next().unwrap();
    assert_eq!(asked(&mlx.id, None).reference.label, None, "it comes whole");
    let error = read(&format!("{}:Q99", starter.id), None).unwrap_err();
    assert_eq!(error.code, Code::NotFound);
    let error = read("no such thing", None).unwrap_err();
    assert_eq!(error.code, Code::BadInput);
}

#[test]
fn the_same_words_mean_the_download_that_came_of_them() {
    let commit = "c0ffee".repeat(7)[..40].to_owned();
    let there = Repository { commit: commit.clone(), ..gguf() };
    let download = choose(&there, &asked("o/m-GGUF:Q8_0", None), &room(4)).unwrap();
    for (text, label, expected) in [
        ("o/m-GGUF", None, true),
        ("O/M-gguf", Some(" q8_0 "), true),
        ("o/m-GGUF:Q4_K_M", None, false),
        ("o/m-GGUF", Some("Q4_K_M"), false),
        ("o/other-GGUF", None, false),
        ("o/m-GGUF/m-Q8_0.gguf", None, true),
        ("o/m-GGUF/m-Q4_K_M.gguf", None, false),
        ("https://huggingface.co/o/m-GGUF/blob/main/m-Q8_0.gguf", None, true),
        ("o/m-GGUF@c0ffeec0ffee", None, true),
        ("o/m-GGUF@C0FFEEC:Q8_0", None, true),
        ("o/m-GGUF@c0ff:Q8_0", None, false),
        ("o/m-GGUF@v1.0:Q8_0", None, false),
        ("o/m-GGUF@1234567890:Q8_0", None, false),
    ] {
        assert_eq!(asked(text, label).means(&download), expected, "{text} {label:?}");
    }
    let starter = Catalogue::built_in().starter().unwrap();
    let repository = starter.repository.clone();
    let of_starter = NewDownload { repository, label: Some("Q2_K".to_owned()), ..download };
    assert!(asked(&starter.id, None).means(&of_starter), "chosen by somebody else");
    assert!(!asked(&starter.id, Some("Q4_1")).means(&of_starter));
}

#[test]
fn what_nothing_here_can_load_is_refused() {
    let catalogue = Catalogue::built_in();
    let check = |repository: &Repository, anyway| {
        let is_run = |runtime| runtime == Runtime::Gguf;
        check_usable(repository, anyway, catalogue, is_run).map_err(AppError::from)
    };
    let known = Repository { architecture: Some("llama".to_owned()), ..gguf() };
    for fine in [&known, &gguf()] {
        check(fine, false).unwrap();
    }
    let strange = Repository { architecture: Some("llama99".to_owned()), ..gguf() };
    let error = check(&strange, false).unwrap_err();
    assert!(error.message.contains("`llama99`"), "{error}");
    assert!(error.hint.unwrap().contains("--anyway"));
    check(&strange, true).unwrap();

    let mlx = catalogue.of(Runtime::Mlx).find(|model| model.id == "mlx-gemma-3-1b-it").unwrap();
    let whole = repository(Runtime::Mlx, Vec::new());
    let listed = Repository { id: mlx.repository.clone(), ..whole.clone() };
    for anyway in [false, true] {
        let error = check(&listed, anyway).unwrap_err();
        assert!(error.message.contains("MLX"), "{error}");
        assert!(error.hint.unwrap().contains("`gemma-3-1b-it`"));
        assert!(check(&whole, anyway).unwrap_err().hint.unwrap().contains("GGUF"));
    }
}

#[test]
fn where_mlx_runs_its_models_are_refused_for_their_architecture_alone() {
    let of = |architecture: &str| Repository {
        architecture: Some(architecture.to_owned()),
        ..repository(Runtime::Mlx, Vec::new())
    };
    let check = |repository: &Repository, anyway| {
        check_usable(repository, anyway, Catalogue::built_in(), |_| true).map_err(AppError::from)
    };
    for known in ["llama", "qwen3", "gemma3_text", "gemma3", "smollm3", "mistral3"] {
        check(&of(known), false).unwrap();
    }
    let error = check(&of("gpt_oss"), false).unwrap_err();
    assert!(error.message.contains("MLX engine") && error.message.contains("`gpt_oss`"), "{error}");
    check(&of("gpt_oss"), true).unwrap();
}
