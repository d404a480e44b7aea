//! The queue of downloads in the catalogue.

use braincells_core::{DownloadId, DownloadState};
use braincells_data::{
    Added, Catalogue, DownloadFile, DownloadStanding, NewDownload, StoredDownload,
};

use super::*;

fn file(path: &str, sha256: Option<&str>) -> DownloadFile {
    DownloadFile {
        path: path.to_owned(),
        target: format!("o--m/{path}"),
        bytes: 5 << 30,
        sha256: sha256.map(str::to_owned),
        git_sha1: sha256.is_none().then(|| "c0".to_owned()),
        done: false,
    }
}

fn wanted(name: &str) -> NewDownload {
    NewDownload {
        name: name.to_owned(),
        repository: "o/m".to_owned(),
        revision: "c0ffee".to_owned(),
        label: Some("Q4_K_M".to_owned()),
        runtime: "gguf".to_owned(),
        files: vec![file("b.gguf", Some("ab")), file("a.gguf", None)],
    }
}

fn add(catalogue: &Catalogue, name: &str) -> Added {
    catalogue.add_download(&wanted(name), NOW_MS, |_| {}).unwrap()
}

fn added(catalogue: &Catalogue, name: &str) -> DownloadId {
    match add(catalogue, name) {
        Added::New(id) => id,
        Added::UnderWay(id) => panic!("{name} is download {id} already"),
    }
}

fn stored(catalogue: &Catalogue, id: DownloadId) -> StoredDownload {
    catalogue.download(id).unwrap().unwrap()
}

fn to(state: DownloadState) -> DownloadStanding {
    DownloadStanding::fresh(state)
}

#[test]
fn downloads_survive_a_restart_newest_first() {
    let folder = folder();
    let path = folder.path().join("c.sqlite");
    let catalogue = Catalogue::open(&path).unwrap();
    let mut claimed = None;
    let first = catalogue.add_download(&wanted("one"), NOW_MS, |id| claimed = Some(id)).unwrap();
    let Added::New(first) = first else { panic!("nothing was there") };
    assert_eq!(claimed, Some(first));
    let second = added(&catalogue, "two");
    assert!(second > first);
    catalogue.finish_download_file(first, 1).unwrap();
    let waiting = DownloadStanding {
        state: DownloadState::Waiting,
        retries: 2,
        retry_at_ms: Some(NOW_MS + 8000),
        error: Some(AppError::new(Code::Unreachable, "it is `gone`").with_hint("wait")),
    };
    assert!(
        catalogue.move_download(first, &[DownloadState::Queued], &waiting, NOW_MS + 1).unwrap()
    );
    drop(catalogue);

    let catalogue = Catalogue::open(&path).unwrap();
    let ids: Vec<DownloadId> = catalogue.downloads().unwrap().iter().map(|one| one.id).collect();
    assert_eq!(ids, [second, first]);
    let kept = stored(&catalogue, first);
    assert_eq!(kept.standing, waiting);
    assert_eq!((kept.added_at_ms, kept.changed_at_ms), (NOW_MS, NOW_MS + 1));
    let mut files = wanted("one").files;
    files[1].done = true;
    assert_eq!(kept.wanted, NewDownload { files, ..wanted("one") });
    assert_eq!(stored(&catalogue, second).standing, to(DownloadState::Queued));
    assert_eq!(catalogue.download(DownloadId(99)).unwrap(), None);
}

#[test]
fn a_model_is_on_its_way_once_and_its_id_is_never_given_again() {
    let folder = folder();
    let path = folder.path().join("c.sqlite");
    let (catalogue, another) = (Catalogue::open(&path).unwrap(), Catalogue::open(&path).unwrap());
    let first = added(&catalogue, "one");
    assert_eq!(add(&another, "one"), Added::UnderWay(first));
    for state in [DownloadState::Paused, DownloadState::Failed] {
        assert!(catalogue.move_download(first, &DownloadState::ALL, &to(state), NOW_MS).unwrap());
        assert_eq!(add(&another, "one"), Added::UnderWay(first), "{state:?}");
        assert!(!catalogue.forget_download(first).unwrap(), "{state:?}");
    }
    for state in [DownloadState::Done, DownloadState::Cancelled] {
        let id = match add(&another, "one") {
            Added::New(id) | Added::UnderWay(id) => id,
        };
        assert!(catalogue.move_download(id, &DownloadState::ALL, &to(state), NOW_MS).unwrap());
        let next = added(&catalogue, "one");
        assert!(next > id, "{state:?}");
        assert!(catalogue.forget_download(id).unwrap(), "{state:?}");
        assert!(catalogue.move_download(next, &DownloadState::ALL, &to(state), NOW_MS).unwrap());
        assert!(catalogue.forget_download(next).unwrap());
        assert!(added(&catalogue, "one") > next, "{state:?}");
    }
}

#[test]
fn a_download_moves_only_from_where_it_is_said_to_stand() {
    let folder = folder();
    let catalogue = Catalogue::open(&folder.path().join("c.sqlite")).unwrap();
    let id = added(&catalogue, "one");
    let moved = |from: &[DownloadState], state| {
        catalogue.move_download(id, from, &to(state), NOW_MS + 5).unwrap()
    };
    assert!(moved(&[DownloadState::Queued, DownloadState::Waiting], DownloadState::Cancelled));
    // What a process that works writes when a person was faster.
    for state in DownloadState::ALL {
        assert!(!moved(&[DownloadState::Running, DownloadState::Verifying], state));
        assert!(!moved(&[], state));
    }
    assert_eq!(stored(&catalogue, id).standing.state, DownloadState::Cancelled);
    let gone = DownloadId(99);
    assert!(
        !catalogue.move_download(gone, &DownloadState::ALL, &to(DownloadState::Done), 0).unwrap()
    );
}

#[test]
fn only_what_is_over_for_long_is_forgotten() {
    let folder = folder();
    let path = folder.path().join("c.sqlite");
    let catalogue = Catalogue::open(&path).unwrap();
    for (at, state) in DownloadState::ALL.into_iter().enumerate() {
        for (name, changed_at_ms) in [("old", NOW_MS), ("new", NOW_MS + 10)] {
            let id = added(&catalogue, &format!("{name} {at}"));
            let moved =
                catalogue.move_download(id, &[DownloadState::Queued], &to(state), changed_at_ms);
            assert!(moved.unwrap());
        }
    }
    catalogue.forget_downloads_before(NOW_MS + 10).unwrap();
    let left = catalogue.downloads().unwrap();
    let old = left.iter().filter(|one| one.wanted.name.starts_with("old"));
    assert!(old.clone().all(|one| !one.standing.state.is_over()));
    assert_eq!((old.count(), left.len()), (6, 14));
    drop(catalogue);
    let connection = rusqlite::Connection::open(&path).unwrap();
    let files = |connection: &rusqlite::Connection| -> i64 {
        connection.query_row("SELECT count(*) FROM download_files", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(files(&connection), 28, "files go with their download");
}

#[test]
fn an_error_of_a_newer_version_is_still_read_and_a_state_is_not_guessed() {
    let folder = folder();
    let path = folder.path().join("c.sqlite");
    let catalogue = Catalogue::open(&path).unwrap();
    let id = added(&catalogue, "one");
    let change = |sql: &str| rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    change("UPDATE downloads SET state = 'failed', error = '{\"code\":\"of_tomorrow\"}'");
    let error = stored(&catalogue, id).standing.error.unwrap();
    assert_eq!(
        (error.code, error.message.as_str()),
        (Code::Internal, "{\"code\":\"of_tomorrow\"}")
    );
    change("UPDATE downloads SET state = 'dreaming'");
    let error = catalogue.downloads().unwrap_err();
    assert!(matches!(error, DataError::Unreadable { .. }), "{error}");
}
