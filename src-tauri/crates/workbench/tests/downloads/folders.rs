//! Models for MLX: all files of a repository, which are one model, a folder.

use braincells_core::MlxModelState;

use super::*;

const MLX: &str = "mlx-community/Qwen3-1.7B-4bit";
const FOLDER: &str = "mlx-community--Qwen3-1.7B-4bit";
/// The id of the same in the list of recommended models.
const ID: &str = "mlx-qwen3-1.7b";

/// A repository with a checkpoint whose weights are two files, and with what no model needs.
fn checkpoint() -> HostedRepository {
    let repository = HostedRepository::new(MLX)
        .knowing(|facts| facts.library = Some("mlx".to_owned()))
        .with(HostedFile::new("README.md", "about it"))
        .with(HostedFile::new("run.py", "import os"));
    small_checkpoint(2)
        .into_iter()
        .fold(repository, |all, (name, bytes)| all.with(HostedFile::new(&name, bytes)))
}

fn hub() -> HubServer {
    HubServer::start(HubFolder::new().with(checkpoint()))
}

/// What was told of the model in its own words.
fn told(bench: &Bench) -> Vec<MlxModelState> {
    let of = |event| match event {
        Event::MlxModelStateChanged(state) if state.model == FOLDER => Some(state),
        _ => None,
    };
    bench.events.all().into_iter().filter_map(of).collect()
}

async fn status(bench: &Bench) -> ModelStatus {
    bench.workbench.mlx_model_status(ID).await.unwrap().status
}

#[tokio::test]
async fn all_files_come_and_are_one_model_that_is_told_of() {
    let hub = hub();
    let bench = Bench::on_apple_silicon(&hub);
    assert_eq!(status(&bench).await, ModelStatus::Available);
    let download = bench.workbench.download_mlx_model(ID).await.unwrap();
    assert_eq!((download.name.as_str(), download.repository.as_str()), (FOLDER, MLX));
    assert_eq!(download.files, 6, "no prose and no program");
    assert_eq!(bench.finished(download.id).await.state, DownloadState::Done);
    let mut expected = vec![FOLDER.to_owned()];
    expected.extend(small_checkpoint(2).into_iter().map(|(name, _)| format!("{FOLDER}/{name}")));
    expected.sort();
    assert_eq!(bench.files(), expected);

    let models = bench.workbench.models().await.unwrap();
    let [model] = models.as_slice() else { panic!("{models:?}") };
    assert_eq!((model.name.as_str(), model.repository.as_deref()), (FOLDER, Some(MLX)));
    assert!(model.is_local_mlx, "it is the default one");
    let listed = bench.workbench.mlx_models().await.unwrap();
    assert_eq!(listed.len(), 4, "the four of the list, this one among them: {listed:?}");
    let chosen = listed.iter().find(|one| one.is_selected).unwrap();
    assert_eq!((chosen.id.as_str(), chosen.status.status), (FOLDER, ModelStatus::Downloaded));
    assert_eq!(chosen.size_bytes, model.size_bytes);
    assert_eq!(chosen.title, "Qwen 3 1.7B");

    let told = told(&bench);
    let mut words: Vec<ModelStatus> = told.iter().map(|state| state.status).collect();
    words.dedup();
    assert_eq!(words, [ModelStatus::Downloading, ModelStatus::Downloaded]);
    let fractions: Vec<f32> = told.iter().filter_map(|state| state.fraction).collect();
    assert!(fractions.is_sorted() && fractions.last() == Some(&1.0), "{fractions:?}");

    let again = bench.workbench.download_mlx_model(ID).await.unwrap_err();
    assert_eq!(again.code, Code::Conflict);
    let info = bench.workbench.model_info(FOLDER).await.unwrap();
    assert_eq!((info.problem, info.layers, info.context_length), (None, Some(1), Some(2048)));
    assert_eq!(info.architecture.as_deref(), Some("llama"));
    assert!(info.chat_template && info.fit.is_some());
}

#[tokio::test]
async fn a_download_is_cancelled_in_the_middle_and_leaves_no_folder() {
    let hub = hub();
    hub.set_faults(|faults| {
        faults.only = Some("model-00002-of-00002.safetensors".to_owned());
        faults.stall = Some(Stall { after_bytes: Some(10), times: None });
    });
    let bench = Bench::on_apple_silicon(&hub);
    let id = bench.workbench.download_mlx_model(ID).await.unwrap().id;
    // One file of weights is there.
    bench.told(id, |download| download.bytes_done > 500).await;
    assert_eq!(status(&bench).await, ModelStatus::Downloading);
    assert!(bench.workbench.models().await.unwrap().is_empty(), "half a model is none");
    let busy = bench.workbench.delete_mlx_model(ID).await.unwrap_err();
    assert_eq!(busy.code, Code::Conflict);
    let cancelled = bench.workbench.cancel_mlx_download(ID).await.unwrap();
    assert_eq!(cancelled.state, DownloadState::Cancelled);
    becomes(|| bench.files().is_empty()).await;
    assert_eq!(status(&bench).await, ModelStatus::Available);
    assert_eq!(told(&bench).last().unwrap().status, ModelStatus::Available);
    let nothing = bench.workbench.cancel_mlx_download(ID).await.unwrap_err();
    assert_eq!(nothing.code, Code::NotFound);
}

#[tokio::test]
async fn after_three_times_a_person_tries_again_and_only_what_lacks_is_fetched() {
    let hub = hub();
    hub.set_faults(|faults| {
        faults.only = Some("model-00002-of-00002.safetensors".to_owned());
        faults.cut = Some(Cut { after_bytes: 10, reset: false, times: None });
    });
    let bench = Bench::on_apple_silicon(&hub);
    let id = bench.workbench.download_mlx_model(ID).await.unwrap().id;
    for (retries, seconds) in [(1, 2), (2, 8), (3, 30)] {
        bench.told(id, |now| now.state == DownloadState::Waiting && now.retries == retries).await;
        assert_eq!(status(&bench).await, ModelStatus::Downloading, "it goes on by itself");
        skip(Duration::from_secs(seconds)).await;
    }
    let failed = bench.finished(id).await;
    assert_eq!((failed.state, failed.retries), (DownloadState::Failed, 3));
    let standing = bench.workbench.mlx_model_status(ID).await.unwrap();
    assert_eq!(standing.status, ModelStatus::Failed);
    assert_eq!(standing.error.unwrap().code, Code::Unreachable);
    let told = told(&bench);
    let last = told.last().unwrap();
    assert_eq!(last.status, ModelStatus::Failed);
    assert!(last.error.is_some(), "and why");

    hub.set_faults(|faults| faults.cut = None);
    hub.forget_requests();
    bench.workbench.retry_mlx_download(ID).await.unwrap();
    assert_eq!(bench.finished(id).await.state, DownloadState::Done);
    assert_eq!(status(&bench).await, ModelStatus::Downloaded);
    let first = format!("{MLX}/model-00001-of-00002.safetensors");
    assert!(bodies(&hub, &first).is_empty(), "what was there is not fetched again");
}

#[tokio::test]
async fn what_was_damaged_on_its_way_is_never_a_model() {
    // Large files have a sha256, small ones what git calls them.
    for (file, at) in [("model-00001-of-00002.safetensors", 100), ("config.json", 3)] {
        let hub = hub();
        hub.set_faults(|faults| {
            faults.only = Some(file.to_owned());
            faults.damage_at = Some(at);
        });
        let bench = Bench::on_apple_silicon(&hub);
        let id = bench.workbench.download_mlx_model(ID).await.unwrap().id;
        assert_eq!(bench.finished(id).await.state, DownloadState::Failed, "{file}");
        assert!(bench.workbench.models().await.unwrap().is_empty(), "{file}");
        let error = bench.workbench.mlx_model_status(ID).await.unwrap().error.unwrap();
        assert!(error.hint.is_some(), "{error}");
    }
}

#[tokio::test]
async fn a_disk_without_room_is_said_before_anything_is_fetched() {
    let folder = TempHome::new();
    let Some(disk) = SmallDisk::new(folder.outside().join("small"), 2) else {
        println!("SKIPPED: no small disk can be mounted here");
        return;
    };
    let large = HostedFile::generated("model.safetensors", 3, 64 * MIB);
    let repository = HostedRepository::new(MLX)
        .knowing(|facts| facts.library = Some("mlx".to_owned()))
        .with(HostedFile::new("config.json", "{}"))
        .with(large);
    let hub = HubServer::start(HubFolder::new().with(repository));
    let engines = ScriptedEngines::new(Arc::new(FakeEngine::echo())).with_mlx();
    let home = Home::new(disk.path().to_owned());
    let bench = Bench::with_engines(home, &hub, Keys::in_memory(), engines);
    let error = bench.workbench.download_mlx_model(ID).await.unwrap_err();
    assert_eq!(error.code, Code::DiskFull);
    assert!(error.message.contains("free"), "{error}");
    assert!(bench.files().is_empty());
}

#[tokio::test]
async fn a_deleted_model_takes_its_folder_along_and_cells_go_by_the_next_one() {
    let hub = hub();
    let bench = Bench::on_apple_silicon(&hub);
    let id = bench.workbench.download_mlx_model(ID).await.unwrap().id;
    bench.finished(id).await;
    bench.workbench.select_mlx_model(FOLDER).await.unwrap();
    let own = bench.path(&format!("{FOLDER}/notes.md"));
    std::fs::write(&own, "what I think of it").unwrap();
    let deleted = bench.workbench.delete_mlx_model("").await.unwrap();
    assert_eq!(deleted.name, FOLDER, "without a name it is the chosen one");
    let notes = format!("{FOLDER}/notes.md");
    assert_eq!(bench.files(), [FOLDER, &notes], "what a person put there is not deleted");
    assert!(bench.workbench.models().await.unwrap().is_empty());
    std::fs::remove_file(own).unwrap();
    assert_eq!(status(&bench).await, ModelStatus::Available);
    assert_eq!(told(&bench).last().unwrap().status, ModelStatus::Available);
    let gone = bench.workbench.delete_mlx_model(ID).await.unwrap_err();
    assert_eq!(gone.code, Code::ModelMissing);
    for unknown in [
        bench.workbench.mlx_model_status("mlx-qwen4").await.unwrap_err(),
        bench.workbench.select_mlx_model("mlx-qwen4").await.unwrap_err(),
    ] {
        assert_eq!(unknown.code, Code::ModelMissing);
        assert!(unknown.message.contains("mlx-qwen4") && unknown.hint.is_some(), "{unknown}");
    }
}

#[tokio::test]
async fn elsewhere_there_are_none_and_that_is_said() {
    let hub = hub();
    let bench = Bench::new(&hub);
    assert!(bench.workbench.mlx_models().await.unwrap().is_empty());
    let recommended = bench.workbench.recommended_models().await.unwrap();
    let mlx = recommended.iter().find(|one| one.model.id == ID).unwrap();
    assert!(!mlx.available);
    for error in [
        bench.workbench.mlx_model_status(ID).await.unwrap_err(),
        bench.workbench.download_mlx_model(ID).await.unwrap_err(),
        bench.workbench.delete_mlx_model(ID).await.unwrap_err(),
        bench.workbench.select_mlx_model(ID).await.unwrap_err(),
    ] {
        assert_eq!(error.code, Code::ModelMissing);
        assert!(error.hint.unwrap().contains("Apple Silicon"));
    }
    assert!(hub.requests().is_empty(), "nobody was asked");
}
