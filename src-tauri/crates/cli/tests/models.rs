//! `models` as a user meets it: what is on this machine, in other apps, and on a hub on loopback.

#![expect(clippy::unwrap_used, reason = "in a test a failed step is the failure")]

mod support;

use std::fs;
use std::process::Command;

use braincells_testing::hub_server::{HostedFile, HostedRepository, HubFolder, HubServer};
use braincells_testing::{small_model, small_model_part};
use support::{BACKEND, BAD_INPUT, Bench, MODEL, NOT_FOUND, Said, USAGE};

/// Compiled in: a target folder that two checkouts share keeps the path of whichever was built first.
const MANUAL: &str = include_str!("../../../../docs/cli.md");

/// The list of models that is built in.
const CATALOGUE: &str = include_str!("../../models/src/catalogue/models.json");

/// The command in a bench that is also the user's home folder.
fn command(bench: &Bench, arguments: &[&str]) -> Command {
    let mut command = bench.command(&[&["models"], arguments].concat());
    for name in ["HF_HOME", "HF_HUB_CACHE", "LLAMA_CACHE", "XDG_CACHE_HOME", "HF_ENDPOINT"] {
        command.env_remove(name);
    }
    command.env("HOME", bench.path(".")).env("OLLAMA_MODELS", bench.path("ollama"));
    command
}

fn models(bench: &Bench, arguments: &[&str]) -> Said {
    Said::from(command(bench, arguments).output().unwrap())
}

fn on_hub(bench: &Bench, hub: &HubServer, arguments: &[&str]) -> Said {
    Said::from(command(bench, arguments).env("HF_ENDPOINT", hub.endpoint()).output().unwrap())
}

/// Puts a file into the models folder.
fn put(bench: &Bench, name: &str, bytes: impl AsRef<[u8]>) {
    let path = bench.path("home/models").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn the_manual_has_every_option_of_models() {
    let bench = Bench::new();
    for verb in ["search", "info", "fit", "catalogue", "list", "scan", "add", "rm", "storage"] {
        let help = models(&bench, &[verb, "--help"]).ok().stdout;
        assert!(
            MANUAL.contains(&format!("`models {verb}")),
            "`models {verb}` is not in docs/cli.md"
        );
        for word in help.split_whitespace().filter(|word| word.starts_with("--")) {
            let option = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
            let option = option.split(['[', '=']).next().unwrap();
            let is_option = option.len() > 2 && option != "--help";
            assert!(!is_option || MANUAL.contains(option), "{option} of `{verb}`");
        }
    }
    models(&bench, &["rm"]).code(USAGE);
    models(&bench, &["search", "--sort", "size"]).code(USAGE);
    models(&bench, &["search", "--limit", "0"]).code(USAGE);
    models(&bench, &["info", ""]).code(USAGE);
}

#[test]
fn a_file_is_added_looked_into_and_taken_away() {
    let bench = Bench::new();
    bench.file("mine.gguf", small_model("Mine"));
    bench.file("cut.gguf", &small_model("Cut")[..200]);
    models(&bench, &["add", "cut.gguf"]).fails(MODEL, "cut.gguf");
    models(&bench, &["add", "none.gguf"]).fails(MODEL, "none.gguf");
    let added = models(&bench, &["add", "mine.gguf", "--json"]).ok().results();
    assert_eq!(
        (added[0]["name"].as_str(), added[0]["linked"].as_bool()),
        (Some("mine.gguf"), Some(true))
    );
    assert!(models(&bench, &["list"]).ok().stdout.contains("linked"));
    let unlinked = models(&bench, &["rm", "mine.gguf"]).ok();
    assert!(unlinked.stderr.contains("its file is still there"), "{}", unlinked.stderr);
    assert!(bench.path("mine.gguf").exists());

    let copied = models(&bench, &["add", "--copy", "mine.gguf", "--json"]).ok().json();
    assert_eq!(copied[0]["event"], "model_copying", "{copied:?}");
    assert!(bench.path("home/models/mine.gguf").exists());
    let info = models(&bench, &["info", "mine"]).ok().stdout;
    for word in ["Mine", "llama", "apache-2.0", "2,048 tokens", "Fit", "fits"] {
        assert!(info.contains(word), "{word}: {info}");
    }
    let info = models(&bench, &["info", "mine", "--json"]).ok().results();
    assert_eq!(info[0]["fit"]["verdict"], "fits");
    assert!(info[0]["problem"].is_null());
    let fit = models(&bench, &["fit", "mine.gguf", "--json"]).ok().results();
    assert_eq!(fit[0]["layers"], 1);
    put(&bench, "broken.gguf", &small_model("Broken")[..300]);
    let broken = models(&bench, &["info", "broken"]).ok().stdout;
    assert!(broken.contains("Problem"), "{broken}");
    models(&bench, &["fit", "broken"]).fails(MODEL, "broken.gguf");
    models(&bench, &["info", "gone"]).fails(MODEL, "gone");

    models(&bench, &["rm", "mine.gguf"]).fails(BAD_INPUT, "nobody to ask");
    models(&bench, &["rm", "min", "--yes"]).fails(MODEL, "`min`");
    models(&bench, &["rm", "mine.gguf", "gone", "--yes"]).fails(MODEL, "`gone`");
    assert!(bench.path("home/models/mine.gguf").exists(), "a typing error deletes nothing");
    let gone = models(&bench, &["rm", "mine", "--yes", "--json"]).ok().results();
    assert_eq!(
        (gone[0]["name"].as_str(), gone[0]["unlinked"].as_bool()),
        (Some("mine.gguf"), Some(false))
    );
    assert!(!bench.path("home/models/mine.gguf").exists());
}

#[test]
fn a_model_that_somebody_has_is_not_deleted() {
    let bench = Bench::new();
    put(&bench, "held.gguf", small_model("Held"));
    let held = fs::File::open(bench.path("home/models/held.gguf")).unwrap();
    held.lock_shared().unwrap();
    models(&bench, &["rm", "held", "--yes"]).fails(NOT_FOUND, "in use");
    drop(held);
    models(&bench, &["rm", "held", "--yes"]).ok();
}

#[test]
fn a_split_model_is_one_line() {
    let bench = Bench::new();
    for number in [1, 2] {
        put(
            &bench,
            &format!("o--r/two-{number:05}-of-00002.gguf"),
            small_model_part("two", number, 2),
        );
    }
    let listed = models(&bench, &["--json"]).ok().results();
    let list = listed[0]["models"].as_array().unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!((list[0]["parts"].as_u64(), list[0]["repository"].as_str()), (Some(2), Some("o/r")));
    assert!(models(&bench, &[]).ok().stdout.contains("2 parts"));
}

#[test]
fn models_of_other_apps_are_found_and_linked() {
    let bench = Bench::new();
    let none = models(&bench, &["scan"]).ok();
    assert!(none.stderr.contains("neither LM Studio"), "{}", none.stderr);
    let folder = bench.path(".lmstudio/models/me/Mine-GGUF");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("mine-Q4_0.gguf"), small_model("Mine")).unwrap();
    fs::write(folder.join("page.gguf"), "<html>").unwrap();
    let manifest = bench.path("ollama/manifests/registry.ollama.ai/library/tiny");
    fs::create_dir_all(&manifest).unwrap();
    let digest = "a".repeat(64);
    let layer = format!(
        r#"{{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:{digest}"}}"#
    );
    fs::write(manifest.join("1b"), format!(r#"{{"layers":[{layer}]}}"#)).unwrap();
    fs::create_dir_all(bench.path("ollama/blobs")).unwrap();
    fs::write(bench.path(&format!("ollama/blobs/sha256-{digest}")), small_model("Tiny")).unwrap();
    let found = models(&bench, &["scan"]).ok().stdout;
    for word in ["LM Studio", "mine-Q4_0.gguf", "it is not a GGUF file", "Ollama", "tiny:1b"] {
        assert!(found.contains(word), "{word}: {found}");
    }
    let linked = models(&bench, &["scan", "--link", "--json"]).ok().results();
    let found = linked[0]["found"].as_array().unwrap();
    assert_eq!(found.iter().filter(|one| one["linked"] == true).count(), 2, "{found:?}");
    let listed = models(&bench, &["list"]).ok().stdout;
    assert!(listed.contains("tiny-1b") && listed.contains("mine-Q4_0.gguf"), "{listed}");
    assert!(models(&bench, &["info", "tiny-1b"]).ok().stdout.contains("Tiny"));
}

#[test]
fn the_disk_use_is_said_and_what_is_left_over_goes() {
    let bench = Bench::new();
    put(&bench, "a.gguf", small_model("A"));
    put(&bench, "b.gguf.partial", [0; 4096]);
    let storage = models(&bench, &["storage", "--json"]).ok().results();
    assert_eq!(storage[0]["models_bytes"], small_model("A").len());
    assert_eq!(storage[0]["leftovers"][0]["bytes"], 4096);
    assert!(models(&bench, &["storage"]).ok().stdout.contains("Left over"));
    let removed = models(&bench, &["storage", "--remove-leftovers", "--json"]).ok().results();
    assert_eq!(
        (removed[0]["freed_bytes"].as_u64(), removed[0]["leftovers"].as_array().unwrap().len()),
        (Some(4096), 0)
    );
    assert!(!bench.path("home/models/b.gguf.partial").exists());
}

#[test]
fn the_catalogue_needs_no_network() {
    let bench = Bench::new();
    let list = models(&bench, &["catalogue", "--json"]).ok().results();
    let list = list[0]["models"].as_array().unwrap();
    assert!(list.len() > 10);
    assert!(list.iter().all(|one| one["fits"].as_array().is_some_and(|fits| !fits.is_empty())));
    assert!(models(&bench, &["catalogue"]).ok().stdout.contains("apache-2.0"));
}

#[test]
fn the_catalogue_says_which_quantisation_is_here() {
    let bench = Bench::new();
    let listed = || {
        let list = models(&bench, &["catalogue", "--json"]).ok().results();
        let list = list[0]["models"].as_array().unwrap();
        list.iter().find(|one| one["model"]["id"] == "llama-3.2-3b-instruct").unwrap().clone()
    };
    let shown = || {
        let table = models(&bench, &["catalogue"]).ok().stdout;
        table.lines().find(|line| line.contains("llama-3.2-3b-instruct")).unwrap().to_owned()
    };
    let one = listed();
    let suggested = usize::try_from(one["suggested"].as_u64().unwrap_or(0)).unwrap();
    let other = usize::from(suggested == 0);
    let variant = |index: usize| one["model"]["variants"][index].clone();
    let have = |index: usize| {
        put(&bench, variant(index)["file"].as_str().unwrap(), small_model(&index.to_string()));
    };
    have(other);
    let label = variant(other)["label"].as_str().unwrap().to_owned();
    assert!(shown().ends_with(&format!("{label} is here")), "{}", shown());
    have(suggested);
    let installed = &listed()["installed"];
    assert!(installed[other].is_string() && installed[suggested].is_string(), "{installed}");
    assert!(shown().ends_with("here") && !shown().contains("is here"), "{}", shown());
}

#[test]
fn a_newer_catalogue_is_taken_from_a_file() {
    let bench = Bench::new();
    let mut list = serde_json::from_str::<serde_json::Value>(CATALOGUE).unwrap();
    list["updated"] = "2999-01-01".into();
    list["models"][0]["id"] = "of-tomorrow".into();
    bench.file("new.json", list.to_string());
    let taken = models(&bench, &["catalogue", "--from", "new.json"]).ok();
    assert!(taken.stderr.contains("2999-01-01") && taken.stdout.contains("of-tomorrow"));
    let listed = models(&bench, &["catalogue", "--json"]).ok().results();
    assert_eq!(listed[0]["models"][0]["model"]["id"], "of-tomorrow");
    list["models"][0]["licence"] = "none".into();
    bench.file("bad.json", list.to_string());
    let bad = ["catalogue", "--from", "bad.json"];
    models(&bench, &bad).fails(BAD_INPUT, "`of-tomorrow`: `none` is no licence");
    models(&bench, &["catalogue", "--from", "none.json"]).fails(NOT_FOUND, "none.json");
    assert!(models(&bench, &["catalogue"]).ok().stdout.contains("of-tomorrow"));
}

#[test]
fn the_hub_is_searched_and_asked_what_fits() {
    let bench = Bench::new();
    let repository = HostedRepository::new("owner/small-GGUF")
        .with(HostedFile::new("small-Q4_K_M.gguf", small_model("small")))
        .with(HostedFile::new("small-Q8_0.gguf", small_model("small")))
        .knowing(|facts| facts.licence = Some("mit".to_owned()));
    let vast = HostedFile::generated("vast-Q4_K_M.gguf", 1, 15 << 40);
    let vast = HostedRepository::new("owner/vast-GGUF").with(vast.saying_sha256(&"0".repeat(64)));
    let strange = HostedRepository::new("owner/strange-GGUF")
        .with(HostedFile::new("strange-Q4_0.gguf", small_model("strange")))
        .knowing(|facts| {
            facts.gguf = Some(serde_json::json!({ "total": 1000, "architecture": "lxama" }));
        });
    let hub = HubServer::start(HubFolder::new().with(repository).with(vast).with(strange));
    let found = on_hub(&bench, &hub, &["search", "small"]).ok().stdout;
    assert!(found.contains("owner/small-GGUF"), "{found}");
    let nothing = on_hub(&bench, &hub, &["search", "unheard"]).ok();
    assert!(nothing.stderr.contains("no such model"), "{}", nothing.stderr);
    let info = on_hub(&bench, &hub, &["info", "owner/small-GGUF"]).ok().stdout;
    for word in ["Q4_K_M", "Q8_0", "fits", "suits this machine", "mit"] {
        assert!(info.contains(word), "{word}: {info}");
    }
    let vast = on_hub(&bench, &hub, &["info", "owner/vast-GGUF"]).ok().stdout;
    assert!(vast.contains("will not fit") && !vast.contains("suits this machine"), "{vast}");
    let strange = on_hub(&bench, &hub, &["info", "owner/strange-GGUF"]).ok().stdout;
    let problem = strange.lines().find(|line| line.starts_with("Problem")).unwrap();
    assert!(problem.contains("`lxama`"), "{strange}");
    let info = on_hub(&bench, &hub, &["info", "owner/small-GGUF:Q8_0", "--json"]).ok().results();
    assert_eq!(info[0]["repository"]["id"], "owner/small-GGUF");
    let fit = on_hub(&bench, &hub, &["fit", "owner/small-GGUF", "-Q", "Q4_K_M", "--json"]).ok();
    assert_eq!(fit.results()[0]["verdict"], "fits");
    assert_eq!(fit.results()[0]["label"], "Q4_K_M");
    let fit = on_hub(&bench, &hub, &["fit", "owner/small-GGUF:Q4_K_M"]).ok().stdout;
    assert!(fit.contains("Quantisation") && fit.contains("Q4_K_M"), "{fit}");
    on_hub(&bench, &hub, &["fit", "owner/small-GGUF:Q9"]).fails(NOT_FOUND, "Q9");
    on_hub(&bench, &hub, &["fit", "owner/small-GGUF", "-Q", "Q2_K"]).fails(NOT_FOUND, "Q2_K");
    on_hub(&bench, &hub, &["info", "owner/none"]).fails(NOT_FOUND, "owner/none");
    hub.go_offline();
    on_hub(&bench, &hub, &["search", "small"]).fails(BACKEND, "");
    on_hub(&bench, &hub, &["info", "owner/small-GGUF"]).fails(BACKEND, "");
}
