//! The models of this machine: listed, added, looked into, deleted; where each of them stands.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use braincells_core::{AppError, Code, Event, EventSink, ModelStatus, RunScope};
use braincells_llm::{FakeAnswer, FakeEngine, FakeGate, LLMEngine};
use braincells_testing::{
    ManualClock, RecordedEvents, Scripted, TempHome, no_backends, scripted_workbench, small_model,
    small_model_part, small_model_with, text_recipe,
};
use braincells_workbench::{
    AddModel, EngineOptions, EngineSource, Model, ModelStanding, ProbeHere, Runtime, Verdict,
    Workbench, World,
};

/// Puts a file into the models folder.
fn put(scripted: &Scripted, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = scripted.home.home().models().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

async fn names(workbench: &Workbench) -> Vec<String> {
    workbench.models().await.unwrap().into_iter().map(|model| model.name).collect()
}

fn changes(events: &RecordedEvents) -> usize {
    events.all().iter().filter(|event| matches!(event, Event::ModelsChanged)).count()
}

#[tokio::test]
async fn only_sound_gguf_files_become_models() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let (workbench, folder) = (&scripted.workbench, scripted.home.outside());
    let mut cut = small_model("cut");
    cut.truncate(100);
    let files: [(&str, &[u8]); 4] =
        [("empty.gguf", b""), ("short.gguf", b"GGUF"), ("a.gguf", &[7; 64]), ("cut.gguf", &cut)];
    for how in [AddModel::Link, AddModel::Copy] {
        for (name, content) in files {
            let path = scripted.home.write(name, content);
            let error = workbench.add_model(&path, how).await.unwrap_err();
            assert_eq!(error.code, Code::ModelBroken, "{name}");
            assert!(error.message.contains(name), "{error}");
        }
        let missing = workbench.add_model(&folder.join("none.gguf"), how).await.unwrap_err();
        assert_eq!(missing.code, Code::ModelMissing);
    }
    assert!(workbench.models().await.unwrap().is_empty());
    assert_eq!(fs::read_dir(scripted.home.home().models()).unwrap().count(), 0);
    // As projectors, adapters and vocabularies are: sound, and nothing that answers.
    for word in ["block_count", "embedding_length"] {
        let other = format!("{}_", &word[..word.len() - 1]);
        let part = scripted.home.write("part.gguf", small_model_with("part", word, &other));
        for how in [AddModel::Link, AddModel::Copy] {
            let error = workbench.add_model(&part, how).await.unwrap_err();
            assert_eq!(error.code, Code::ModelBroken, "{word}");
            assert!(error.message.contains("part.gguf` is not a language model"), "{error}");
        }
    }
    assert!(workbench.models().await.unwrap().is_empty());

    let good = scripted.home.write("good.gguf", small_model("good"));
    let added = workbench.add_model(&good, AddModel::Link).await.unwrap();
    assert!(added.linked && added.size_bytes == small_model("good").len() as u64);
    let again = workbench.add_model(&good, AddModel::Link).await.unwrap();
    assert_eq!(again, added, "adding it again is no error");
    assert_eq!(changes(&scripted.events), 1);
    put(&scripted, "inner/other.GGUF", small_model("other"));
    put(&scripted, "inner/notes.txt", "no model");
    put(&scripted, "inner/mmproj-other-f16.gguf", small_model("eyes"));
    put(&scripted, "late.gguf.partial", "half a model");
    assert_eq!(names(workbench).await, ["inner/other.GGUF", "good.gguf"]);
    fs::remove_file(&good).unwrap();
    assert_eq!(workbench.models().await.unwrap().len(), 1, "a link to nothing is not listed");
}

#[tokio::test]
async fn a_split_model_is_one_and_its_folder_names_its_repository() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let workbench = &scripted.workbench;
    let part = |number: u16| {
        (format!("big-{number:05}-of-00003.gguf"), small_model_part("big", number, 3))
    };
    for number in [1, 2, 3] {
        let (name, bytes) = part(number);
        put(&scripted, &format!("Owner--Big-GGUF/{name}"), bytes);
    }
    let models = workbench.models().await.unwrap();
    let [model] = models.as_slice() else { panic!("{models:?}") };
    assert_eq!(model.name, "Owner--Big-GGUF/big-00001-of-00003.gguf");
    assert_eq!((model.parts, model.status), (3, ModelStatus::Downloaded));
    assert_eq!(model.repository.as_deref(), Some("Owner/Big-GGUF"));
    let bytes = [1, 2, 3].iter().map(|number| part(*number).1.len() as u64).sum::<u64>();
    assert_eq!(model.size_bytes, bytes);
    let info = workbench.model_info("big").await.unwrap();
    assert_eq!((info.problem, info.parameters), (None, Some(3 * (64 * 64 + 64))));

    fs::remove_file(model.path.with_file_name(part(2).0)).unwrap();
    let lacking = workbench.models().await.unwrap();
    assert_eq!((lacking[0].parts, lacking[0].status), (2, ModelStatus::Failed));
    let problem = workbench.model_info("big").await.unwrap().problem.unwrap();
    assert!(problem.contains("part 2 of 3 is missing"), "{problem}");
    // A part under another's name.
    fs::write(model.path.with_file_name(part(2).0), part(3).1).unwrap();
    let problem = workbench.model_info("big").await.unwrap().problem.unwrap();
    assert!(problem.contains("another part"), "{problem}");
    fs::remove_file(&model.path).unwrap();
    assert_eq!(workbench.models().await.unwrap(), [], "while it is fetched its first part is last");
    let later = model.path.with_file_name(part(3).0);
    let error = workbench.add_model(&later, AddModel::Link).await.unwrap_err();
    assert!(error.message.contains("part 3 of 3"), "{error}");
}

#[tokio::test]
async fn a_copy_is_ours_and_takes_the_place_of_a_link() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let workbench = &scripted.workbench;
    let source = scripted.home.write("mine.gguf", small_model("mine"));
    let linked = workbench.add_model(&source, AddModel::Link).await.unwrap();
    assert!(linked.linked);
    let copied = workbench.add_model(&source, AddModel::Copy).await.unwrap();
    assert_eq!((copied.name.as_str(), copied.linked), ("mine.gguf", false));
    assert_eq!(fs::read(&copied.path).unwrap(), small_model("mine"));
    assert_eq!(names(workbench).await, ["mine.gguf"]);
    let told = scripted.events.all();
    assert!(told.contains(&Event::ModelCopying { model: "mine.gguf".to_owned(), fraction: 1.0 }));
    let again = workbench.add_model(&copied.path, AddModel::Copy).await.unwrap();
    assert_eq!(again, copied, "what is there already is not copied");

    let other = scripted.home.outside().join("other");
    fs::create_dir(&other).unwrap();
    let other = other.join("mine.gguf");
    fs::write(&other, small_model("another")).unwrap();
    for how in [AddModel::Link, AddModel::Copy] {
        let error = workbench.add_model(&other, how).await.unwrap_err();
        assert_eq!(error.code, Code::Conflict, "{error}");
    }
    assert_eq!(fs::read(&copied.path).unwrap(), small_model("mine"), "nothing is replaced");
    for number in [1, 2] {
        let name = format!("two-{number:05}-of-00002.gguf");
        scripted.home.write(&name, small_model_part("two", number, 2));
    }
    let two = scripted.home.outside().join("two-00001-of-00002.gguf");
    let two = workbench.add_model(&two, AddModel::Copy).await.unwrap();
    assert_eq!((two.parts, two.linked), (2, false));
    let left = fs::read_dir(scripted.home.home().models()).unwrap();
    assert_eq!(left.count(), 3, "nothing else is left behind");
}

#[tokio::test]
async fn a_copy_that_another_process_writes_is_left_to_it() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let source = scripted.home.write("mine.gguf", small_model("mine"));
    let partial = put(&scripted, "mine.gguf.partial", "theirs");
    let theirs = fs::File::open(&partial).unwrap();
    theirs.lock().unwrap();
    let error = scripted.workbench.add_model(&source, AddModel::Copy).await.unwrap_err();
    assert_eq!(error.code, Code::Conflict, "{error}");
    assert_eq!(fs::read(&partial).unwrap(), b"theirs");
    let storage = scripted.workbench.model_storage().await.unwrap();
    assert_eq!((storage.downloads_bytes, storage.leftovers.len()), (6, 0));
    drop(theirs);
    scripted.workbench.add_model(&source, AddModel::Copy).await.unwrap();
    assert!(!partial.exists());
}

#[tokio::test]
async fn a_broken_file_is_no_error_but_has_a_problem() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let workbench = &scripted.workbench;
    put(&scripted, "sound.gguf", small_model("Small"));
    let info = workbench.model_info("sound").await.unwrap();
    assert_eq!(info.problem, None);
    assert_eq!(
        (info.title.as_deref(), info.architecture.as_deref(), info.licence.as_deref()),
        (Some("Small"), Some("llama"), Some("apache-2.0"))
    );
    assert_eq!(
        (info.context_length, info.layers, info.vocabulary_size),
        (Some(2048), Some(1), Some(3))
    );
    assert!(info.chat_template);
    let fit = info.fit.unwrap();
    assert_eq!(fit.verdict, Verdict::Fits, "{}", fit.reason);

    let mut cut = small_model("Small");
    cut.truncate(cut.len() / 2);
    for (name, bytes, word) in [
        ("cut.gguf", cut, ""),
        ("page.gguf", b"<!DOCTYPE html><html>not found</html>".to_vec(), "not a GGUF file"),
        ("empty.gguf", Vec::new(), ""),
    ] {
        put(&scripted, name, bytes);
        let info = workbench.model_info(name).await.unwrap();
        let problem = info.problem.unwrap();
        assert!(problem.contains(name) && problem.contains(word), "{problem}");
        assert_eq!((info.fit, info.architecture), (None, None), "{name}");
    }
    assert_eq!(workbench.model_info("gone").await.unwrap_err().code, Code::ModelMissing);
    // Also one that is only a path.
    let path = scripted.home.write("away.gguf", small_model("Away"));
    let info = workbench.model_info(path.to_str().unwrap()).await.unwrap();
    assert_eq!((info.title.as_deref(), info.name.as_str()), (Some("Away"), "away.gguf"));
}

#[tokio::test]
async fn a_model_is_deleted_with_its_parts_and_its_empty_folder() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let workbench = &scripted.workbench;
    for number in [1, 2] {
        let name = format!("o--r/two-{number:05}-of-00002.gguf");
        put(&scripted, &name, small_model_part("two", number, 2));
    }
    put(&scripted, "o--s/one.gguf", small_model("one"));
    put(&scripted, "o--s/README.md", "words");
    let link = scripted.home.write("linked.gguf", small_model("linked"));
    workbench.add_model(&link, AddModel::Link).await.unwrap();
    scripted.events.clear();

    for (typed, expected) in
        [("two", Code::ModelMissing), ("", Code::ModelMissing), ("o--r", Code::ModelMissing)]
    {
        assert_eq!(workbench.delete_model(typed).await.unwrap_err().code, expected, "{typed}");
    }
    let deleted = workbench.delete_model("two-00001-of-00002").await.unwrap();
    let bytes = small_model_part("two", 1, 2).len() + small_model_part("two", 2, 2).len();
    assert_eq!((deleted.bytes, deleted.unlinked), (bytes as u64, false));
    let folder = scripted.home.home().models();
    assert!(!folder.join("o--r").exists(), "an empty folder goes too");
    workbench.delete_model("o--s/one.gguf").await.unwrap();
    assert!(folder.join("o--s/README.md").exists(), "one that is not empty stays");
    let unlinked = workbench.delete_model("linked.gguf").await.unwrap();
    assert!(unlinked.unlinked && link.exists());
    assert_eq!(names(workbench).await, [""; 0]);
    assert_eq!(changes(&scripted.events), 3);
}

#[tokio::test]
async fn of_a_link_and_a_file_of_one_name_the_one_goes_that_was_shown() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let workbench = &scripted.workbench;
    let link = scripted.home.write("m.gguf", small_model("theirs"));
    workbench.add_model(&link, AddModel::Link).await.unwrap();
    // As when a drive with a link is plugged in again, and a file got the name meanwhile.
    put(&scripted, "m.gguf", small_model("own"));
    let own = scripted.home.home().models().join("m.gguf");
    assert_eq!(names(workbench).await, ["m.gguf", "m.gguf"]);
    let linked_at = workbench.models().await.unwrap()[1].path.clone();
    assert!(workbench.delete_shown_model("m.gguf", &linked_at).await.unwrap().unlinked);
    assert!(own.exists() && link.exists());
    let gone = workbench.delete_shown_model("m.gguf", &linked_at).await.unwrap_err();
    assert_eq!(gone.code, Code::ModelMissing, "not the one that has its name now");
    assert!(own.exists());
    assert!(!workbench.delete_shown_model("m.gguf", &own).await.unwrap().unlinked);
    assert!(!own.exists() && link.exists());
}

#[cfg(unix)]
#[tokio::test]
async fn what_lies_behind_a_link_is_not_deleted() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let workbench = &scripted.workbench;
    let theirs = scripted.home.outside().join("theirs");
    fs::create_dir(&theirs).unwrap();
    fs::write(theirs.join("a.gguf"), small_model("a")).unwrap();
    let folder = scripted.home.home().models();
    std::os::unix::fs::symlink(&theirs, folder.join("linked")).unwrap();
    std::os::unix::fs::symlink(theirs.join("a.gguf"), folder.join("b.gguf")).unwrap();
    assert_eq!(names(workbench).await, ["b.gguf", "linked/a.gguf"]);
    assert_eq!(workbench.delete_model("linked/a.gguf").await.unwrap_err().code, Code::Conflict);
    workbench.delete_model("b.gguf").await.unwrap();
    assert!(theirs.join("a.gguf").exists());
    assert_eq!(names(workbench).await, ["linked/a.gguf"]);
}

#[tokio::test]
async fn the_model_of_new_columns_is_another_one_after_it_was_deleted() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let workbench = &scripted.workbench;
    put(&scripted, "usual.gguf", small_model("usual"));
    put(&scripted, "other.gguf", small_model("other"));
    let choose = |settings: &mut braincells_core::Settings| {
        settings.model = "usual".to_owned();
        Ok(())
    };
    workbench.change_settings(choose).await.unwrap();
    assert!(!workbench.delete_model("other.gguf").await.unwrap().was_default);
    assert_eq!(workbench.settings().await.unwrap().model, "usual");
    assert!(workbench.delete_model("usual.gguf").await.unwrap().was_default);
    assert_eq!(workbench.settings().await.unwrap().model, "");
}

#[tokio::test]
async fn a_model_that_is_gone_is_no_failure_where_the_settings_cannot_be_changed() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let workbench = &scripted.workbench;
    put(&scripted, "usual.gguf", small_model("usual"));
    // No longer a language that may be chosen, and so nothing else is changed beside it.
    let catalogue = braincells_data::Catalogue::open(&scripted.home.home().catalogue()).unwrap();
    let kept = serde_json::json!({ "model": "usual", "language": "en_GB" });
    catalogue.set_setting("settings", &kept).unwrap();
    scripted.events.clear();
    assert!(!workbench.delete_model("usual.gguf").await.unwrap().was_default);
    assert_eq!(changes(&scripted.events), 1);
    assert_eq!(names(workbench).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_a_run_needs_is_not_deleted_and_afterwards_it_is() {
    let gate = FakeGate::new();
    let held = gate.clone();
    let scripted =
        scripted_workbench(FakeEngine::answering(move |_| FakeAnswer::text("late").held_by(&held)));
    let workbench = &scripted.workbench;
    put(&scripted, "scripted.gguf", small_model("scripted"));
    put(&scripted, "idle.gguf", small_model("idle"));
    let sheet = scripted.sheet("text\none\ntwo\n").await;
    let column = workbench.add_ai_column(sheet, "echo", text_recipe("{{text}}")).await.unwrap().id;
    let options = EngineOptions::default();
    let run = workbench.run(sheet, column, RunScope::Empty, &options).await.unwrap();
    let error = workbench.delete_model("scripted.gguf").await.unwrap_err();
    assert_eq!(error.code, Code::Conflict);
    assert!(error.message.contains("a run needs it"), "{error}");
    workbench.delete_model("idle.gguf").await.unwrap();
    gate.release(2);
    run.finished().await;
    workbench.delete_model("scripted.gguf").await.unwrap();
    assert_eq!(names(workbench).await, [""; 0]);
}

/// Says of one file that it stands somewhere, as an engine would that has it.
struct StandingEngines {
    standing: Mutex<Option<ModelStanding>>,
    asked_to_unload: AtomicBool,
}

#[async_trait]
impl EngineSource for StandingEngines {
    async fn check(&self, _model: &str) -> Result<(), AppError> {
        Ok(())
    }

    async fn engine(
        &self,
        _model: &str,
        _options: &EngineOptions,
        _events: Arc<dyn EventSink>,
    ) -> Result<Arc<dyn LLMEngine>, AppError> {
        Ok(Arc::new(FakeEngine::echo()))
    }

    async fn unload_when_idle(&self, after: Duration) -> bool {
        assert_eq!(after, Duration::ZERO);
        self.asked_to_unload.store(true, Ordering::Relaxed);
        *self.standing.lock().unwrap() = None;
        true
    }

    fn standing(&self) -> Vec<ModelStanding> {
        self.standing.lock().unwrap().iter().cloned().collect()
    }
}

#[tokio::test]
async fn a_model_in_memory_is_let_go_if_idle_and_kept_if_it_works() {
    let home = TempHome::new();
    let engines = Arc::new(StandingEngines {
        standing: Mutex::default(),
        asked_to_unload: AtomicBool::new(false),
    });
    let workbench = Workbench::open(World {
        home: home.home(),
        clock: Arc::new(ManualClock::at(1_800_000_000_000)),
        events: Arc::new(RecordedEvents::default()),
        engines: Arc::clone(&engines) as _,
        probe: Arc::new(ProbeHere),
        cloud: no_backends(),
    })
    .unwrap();
    let path = home.home().models().join("m.gguf");
    fs::write(&path, small_model("m")).unwrap();
    let stands = |status| {
        let standing = ModelStanding { path: path.clone(), status, error: None };
        *engines.standing.lock().unwrap() = Some(standing);
    };
    for status in [ModelStatus::Running, ModelStatus::Loading] {
        stands(status);
        assert_eq!(workbench.models().await.unwrap()[0].status, status);
        assert_eq!(workbench.model_status("m").await.unwrap(), status);
        assert_eq!(workbench.delete_model("m").await.unwrap_err().code, Code::Conflict);
    }
    assert!(!engines.asked_to_unload.load(Ordering::Relaxed) && path.exists());
    // Another process of whatever home has it in memory.
    stands(ModelStatus::Downloaded);
    let elsewhere = fs::File::open(&path).unwrap();
    elsewhere.lock_shared().unwrap();
    let error = workbench.delete_model("m").await.unwrap_err();
    assert!(error.message.contains("another process"), "{error}");
    drop(elsewhere);
    stands(ModelStatus::Ready);
    workbench.delete_model("m").await.unwrap();
    assert!(engines.asked_to_unload.load(Ordering::Relaxed) && !path.exists());
    assert_eq!(workbench.model_status("m").await.unwrap_err().code, Code::ModelMissing);
    let starter = braincells_models_id();
    assert_eq!(workbench.model_status(&starter).await.unwrap(), ModelStatus::Available);
}

/// The id of some recommended model.
fn braincells_models_id() -> String {
    // The list is not empty; a test of its crate says so.
    braincells_models::catalogue::Catalogue::built_in().models[0].id.clone()
}

#[tokio::test]
async fn the_catalogue_says_what_fits_and_what_is_here() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let before = scripted.workbench.recommended_models().await.unwrap();
    assert!(before.len() > 10);
    for one in &before {
        assert_eq!(one.fits.len(), one.model.variants.len(), "{}", one.model.id);
        assert_eq!(one.installed, vec![None; one.model.variants.len()], "{}", one.model.id);
        assert!(one.suggested.is_none_or(|index| index < one.fits.len()));
    }
    assert!(before.iter().any(|one| one.available) && before.iter().any(|one| !one.available));
    // Two of its quantisations are here, with one between them that is not.
    let is_wide = |model: &&Model| model.runtime == Runtime::Gguf && model.variants.len() > 2;
    let model = before.iter().map(|one| &one.model).find(is_wide).unwrap();
    let folder = model.repository.replace('/', "--");
    let put_one = |index: usize| {
        let file = model.variants[index].file.as_deref().unwrap();
        let name = format!("{folder}/{}", file.rsplit('/').next().unwrap());
        put(&scripted, &name, small_model(&model.variants[index].label));
        Some(name)
    };
    let mut here = vec![None; model.variants.len()];
    (here[0], here[2]) = (put_one(0), put_one(2));
    let after = scripted.workbench.recommended_models().await.unwrap();
    let found = after.iter().find(|one| one.model.id == model.id).unwrap();
    assert_eq!(found.installed, here);
}

/// The built-in list of another day, with one model of another id.
fn list_of(day: &str, id: &str) -> String {
    let mut list = braincells_models::catalogue::Catalogue::built_in().clone();
    day.clone_into(&mut list.updated);
    id.clone_into(&mut list.models[0].id);
    serde_json::to_string(&list).unwrap()
}

#[tokio::test]
async fn a_newer_catalogue_comes_from_a_file_and_a_bad_one_changes_nothing() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let (workbench, home) = (&scripted.workbench, &scripted.home);
    let first = |bench: Workbench| async move {
        bench.recommended_models().await.unwrap()[0].model.id.clone()
    };
    let built_in = braincells_models_id();
    let long = format!("{}{}", list_of("2999-01-01", "long"), " ".repeat(4 << 20));
    let unsound = list_of("2999-01-01", "no such / name");
    for (text, said) in [
        ("<html>", "cannot be read"),
        (&unsound, "other characters"),
        (&list_of("2020-01-01", "old"), "is of 2020-01-01"),
        (&long, "too long"),
    ] {
        let file = home.write("list.json", text);
        let error = workbench.set_model_catalogue(&file).await.unwrap_err();
        assert_eq!(error.code, Code::BadInput, "{error}");
        assert!(error.message.contains(said) && error.hint.is_some(), "{error}");
        // One that got there in another way.
        fs::write(home.home().model_catalogue(), text).unwrap();
        assert_eq!(first(workbench.clone()).await, built_in);
    }
    // As a device is that has no end, or a pipe that nobody writes into.
    #[cfg(unix)]
    {
        let error = workbench.set_model_catalogue(Path::new("/dev/null")).await.unwrap_err();
        assert_eq!(error.code, Code::BadInput, "{error}");
        assert!(error.message.contains("is not a file") && error.hint.is_some(), "{error}");
    }
    let missing = workbench.set_model_catalogue(&home.outside().join("none.json")).await;
    assert_eq!(missing.unwrap_err().code, Code::NotFound);
    assert_eq!(changes(&scripted.events), 0);

    let file = home.write("list.json", list_of("2999-01-01", "of-tomorrow"));
    assert_eq!(workbench.set_model_catalogue(&file).await.unwrap(), "2999-01-01");
    assert_eq!(changes(&scripted.events), 1);
    assert_eq!(first(workbench.clone()).await, "of-tomorrow");
    assert!(workbench.is_hub_reference("of-tomorrow").await.unwrap());
    assert!(!workbench.is_hub_reference(&built_in).await.unwrap());
    let status = workbench.model_status("of-tomorrow").await.unwrap();
    assert_eq!(status, ModelStatus::Available);
    assert_eq!(workbench.model_status(&built_in).await.unwrap_err().code, Code::ModelMissing);
    // What another process puts there is seen, too.
    fs::write(home.home().model_catalogue(), list_of("2999-01-02", "of-another-day")).unwrap();
    assert_eq!(first(workbench.clone()).await, "of-another-day");
    fs::remove_file(home.home().model_catalogue()).unwrap();
    assert_eq!(first(workbench.clone()).await, built_in);
}

#[tokio::test]
async fn a_catalogue_that_cannot_be_put_in_its_place_leaves_nothing_behind() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let home = scripted.home.home();
    fs::create_dir(home.model_catalogue()).unwrap();
    let before = fs::read_dir(home.temporary()).unwrap().count();
    let file = scripted.home.write("list.json", list_of("2999-01-01", "of-tomorrow"));
    let error = scripted.workbench.set_model_catalogue(&file).await.unwrap_err();
    assert_eq!(error.code, Code::Storage, "{error}");
    assert_eq!(fs::read_dir(home.temporary()).unwrap().count(), before);
    assert!(!scripted.workbench.recommended_models().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_model_that_llama_cpp_does_not_know_has_that_for_a_problem() {
    let scripted = scripted_workbench(FakeEngine::echo());
    put(&scripted, "strange.gguf", small_model_with("strange", "llama", "lxama"));
    let info = scripted.workbench.model_info("strange").await.unwrap();
    assert_eq!(info.architecture.as_deref(), Some("lxama"));
    assert!(info.problem.unwrap().contains("`lxama`"));
    put(&scripted, "usual.gguf", small_model("usual"));
    assert_eq!(scripted.workbench.model_info("usual").await.unwrap().problem, None);
}

#[tokio::test]
async fn pieces_that_nobody_will_finish_are_listed_and_removed() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let workbench = &scripted.workbench;
    put(&scripted, "whole.gguf", small_model("whole"));
    let left = put(&scripted, "o--r/left.gguf.partial", [0; 1000]);
    put(&scripted, "o--r/left.gguf.partial.json", [0; 24]);
    let alone = put(&scripted, "alone.gguf.partial.json", [0; 10]);
    let busy = put(&scripted, "busy.gguf.partial", [0; 500]);
    let sidecar = put(&scripted, "busy.gguf.partial.json", [0; 5]);
    let held = fs::File::open(&sidecar).unwrap();
    held.lock().unwrap();
    let storage = workbench.model_storage().await.unwrap();
    assert_eq!(storage.models_bytes, small_model("whole").len() as u64);
    assert_eq!(storage.downloads_bytes, 505);
    assert!(storage.free_bytes.is_none_or(|free| free > 0));
    let found: Vec<(&Path, u64)> =
        storage.leftovers.iter().map(|one| (one.path.as_path(), one.bytes)).collect();
    assert_eq!(found, [(alone.as_path(), 10), (left.as_path(), 1024)]);
    assert_eq!(workbench.remove_leftovers().await.unwrap(), 1034);
    let after = workbench.model_storage().await.unwrap();
    assert_eq!((after.leftovers, after.downloads_bytes), (Vec::new(), 505));
    assert!(busy.exists() && !left.parent().unwrap().exists());
    assert_eq!(workbench.remove_leftovers().await.unwrap(), 0);
}
