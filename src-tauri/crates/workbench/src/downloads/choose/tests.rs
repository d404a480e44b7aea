use braincells_core::Code;
use braincells_models::hub::Gate;

use super::*;

const GB: u64 = 1_000_000_000;

fn file(path: &str, bytes: u64) -> HubFile {
    HubFile { path: path.to_owned(), bytes, sha256: Some(format!("sum of {path}")) }
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

fn asked(text: &str, label: Option<&str>) -> Asked {
    let request = DownloadRequest { reference: text.to_owned(), label: label.map(str::to_owned) };
    Asked::read(&request, &room(4), str::parse).unwrap()
}

fn room(gb: u64) -> Room {
    Room::with_free_bytes(gb * GB)
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
    let request = DownloadRequest::new(format!("{}:Q99", starter.id));
    let error = Asked::read(&request, &room(4), str::parse).unwrap_err();
    assert_eq!(error.code, Code::NotFound);
    let error = Asked::read(&DownloadRequest::new("no such thing"), &room(4), str::parse);
    let error = error.unwrap_err();
    assert_eq!(error.code, Code::BadInput);
}
