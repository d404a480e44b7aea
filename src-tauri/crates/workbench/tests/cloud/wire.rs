//! The same over the wire: the engines of the product against a server on loopback.

use braincells_core::{BackendLimits, BackendSettings, Code, EndpointSettings, Output, Settings};
use braincells_testing::{Answer, ChatCall, ChatServer, Logprob, Reply, understand};
use braincells_workbench::RoutedEngines;
use serde_json::json;

use super::*;

const CANARY: &str = "sk-canary-of-the-wire-0123456789";

/// A workbench whose providers are all one server.
struct Wired {
    workbench: Workbench,
    events: Arc<RecordedEvents>,
    home: TempHome,
}

impl Wired {
    fn open(server: &ChatServer, keys: Keys) -> Self {
        Self::open_in(TempHome::new(), server, keys)
    }

    fn open_in(home: TempHome, server: &ChatServer, keys: Keys) -> Self {
        let url = server.base_url();
        let cloud = ["openai", "openrouter", "huggingface"]
            .into_iter()
            .fold(Cloud::new(keys), |cloud, backend| cloud.with_base_url(backend, &url));
        let cloud = Arc::new(cloud);
        let clock = Arc::new(ManualClock::at(NOW_MS));
        let local = Arc::new(ScriptedEngines::new(Arc::new(FakeEngine::echo())));
        let engines =
            RoutedEngines::new(local, home.home(), Arc::clone(&clock) as _, Arc::clone(&cloud));
        let events = Arc::new(RecordedEvents::default());
        let workbench = Workbench::open(World {
            home: home.home(),
            clock,
            events: Arc::clone(&events) as _,
            engines: Arc::new(engines),
            probe: Arc::new(ProbeHere),
            cloud,
        })
        .expect("a home opens");
        Self { workbench, events, home }
    }

    async fn column(&self, model: &str, output: Output, rows: usize) -> (SheetId, ColumnId) {
        let rows: Vec<String> = (0..rows).map(|row| format!("row {row}")).collect();
        let source = self.home.write("sheet.csv", format!("text\n{}\n", rows.join("\n")));
        let sheet = self.workbench.import(&InputFile::new(source)).await.unwrap().id;
        let recipe = Recipe { model: model.to_owned(), ..typed_recipe("{{text}}", output) };
        let column = self.workbench.add_ai_column(sheet, "answer", recipe).await.unwrap();
        (sheet, column.id)
    }

    async fn fill(
        &self,
        sheet: SheetId,
        column: ColumnId,
        request: impl Into<RunRequest> + Send,
    ) -> RunOutcome {
        let options = EngineOptions::default();
        self.workbench.run(sheet, column, request, &options).await.unwrap().finished().await
    }
}

fn with_key() -> Keys {
    let all = ["openai", "openrouter", "huggingface"];
    let keys = all.map(|backend| (backend.to_owned(), CANARY.to_owned()));
    Keys::in_memory().with_environment(keys.into())
}

fn only_with_key(call: &ChatCall) -> Reply {
    if call.key() == Some(CANARY) {
        return understand(call);
    }
    // As a gateway does that shows what it got.
    let text = format!("Incorrect API key provided: {}", call.key().unwrap_or_default());
    Reply::error(401, "invalid_api_key", &text)
}

#[tokio::test]
async fn a_column_is_filled_by_a_provider_and_its_cost_is_known() {
    let server = ChatServer::start(|call| {
        let answer = Answer { cost_usd: Some(0.25), ..Answer::new(call.last_user_message()) };
        Reply::Answer(answer)
    })
    .await;
    server.set_model_list(json!({"data": [{
        "id": "org/m", "context_length": 4096,
        "pricing": {"prompt": "0.001", "completion": "0.001"},
    }]}));
    let wired = Wired::open(&server, with_key());
    let models = wired.workbench.backend_models("openrouter", "ORG").await.unwrap();
    assert_eq!((models.len(), models[0].context_tokens), (1, Some(4096)));
    assert!(models[0].price.is_some());
    let (sheet, column) = wired.column("openrouter:org/m", Output::Text, 8).await;
    let cap = RunCap { micro_usd: Some(1_000_000), tokens: None };
    let request = RunRequest { cap, ..RunScope::Empty.into() };
    let outcome = wired.fill(sheet, column, request).await;
    assert_eq!(outcome.error.unwrap().code, Code::LimitReached);
    assert_eq!((outcome.progress.rows_done, server.calls()), (4, 4));
    assert_eq!(outcome.progress.cost_usd, Some(1.0));
    let asked: Vec<ChatCall> = server.requests();
    assert!(asked.iter().filter(|call| call.is_chat()).all(|call| call.key() == Some(CANARY)));
    let flow = wired.events.progress().into_iter().find_map(|progress| progress.flow);
    assert!(flow.is_some_and(|flow| flow.limit >= 1));
}

#[tokio::test]
async fn what_a_refusal_costs_counts_towards_the_limit() {
    let server = ChatServer::start(|call| {
        let answer = Answer::new(call.last_user_message());
        let finish_reason = "content_filter".to_owned();
        Reply::Answer(Answer { finish_reason, cost_usd: Some(0.25), ..answer })
    })
    .await;
    let wired = Wired::open(&server, with_key());
    let (sheet, column) = wired.column("openrouter:org/m", Output::Text, 12).await;
    let cap = RunCap { micro_usd: Some(1_000_000), tokens: None };
    let outcome = wired.fill(sheet, column, RunRequest { cap, ..RunScope::Empty.into() }).await;
    assert_eq!(outcome.error.unwrap().code, Code::LimitReached);
    assert_eq!((outcome.progress.rows_failed, server.calls()), (4, 4));
    assert_eq!(outcome.progress.cost_usd, Some(1.0));
    let run = wired.workbench.runs(sheet).await.unwrap().pop().unwrap().id;
    let again = wired.workbench.resume(sheet, run, &EngineOptions::default()).await.unwrap();
    assert_eq!(again.finished().await.error.unwrap().code, Code::LimitReached);
    assert_eq!(server.calls(), 4, "after a pause as well");
}

#[tokio::test]
async fn typed_columns_are_filled_over_the_wire() {
    let server = ChatServer::start(|call| {
        let (said, other) =
            if call.last_user_message().ends_with('0') { ("yes", "no") } else { ("no", "yes") };
        let logprobs = vec![Logprob::new(said, 0.75, &[(other, 0.25)])];
        Reply::Answer(Answer { logprobs, ..Answer::new(said) })
    })
    .await;
    let wired = Wired::open(&server, with_key());
    let labels = vec!["yes".to_owned(), "no".to_owned()];
    let (sheet, column) = wired.column("openai:test-model", Output::Label { labels }, 2).await;
    let outcome = wired.fill(sheet, column, RunScope::Empty).await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 2), "{outcome:?}");
    let shown = wired.workbench.show(sheet, None, 0, 9).await.unwrap();
    let cells: Vec<_> = shown.window.rows.iter().map(|row| &row.cells[1]).collect();
    assert_eq!((&cells[0].value, &cells[1].value), (&json!("yes"), &json!("no")));
    assert!(cells[0].confidence.is_some_and(|sure| (0.7..0.8).contains(&sure)), "{:?}", cells[0]);
    assert_eq!(server.calls(), 2, "nothing is asked beside the rows");
}

#[tokio::test]
async fn a_wrong_key_ends_a_run_with_one_message_and_is_shown_nowhere() {
    let server = ChatServer::start(only_with_key).await;
    let wired = Wired::open(&server, Keys::in_memory());
    wired.workbench.set_key("openai", CANARY.to_owned(), true).await.unwrap();
    let (sheet, column) = wired.column("openai:test-model", Output::Text, 12).await;
    let first = RunRequest::from(RunScope::First { count: 4 });
    assert_eq!(wired.fill(sheet, column, first).await.progress.rows_done, 4);
    let report = wired.workbench.test_backend("openai").await.unwrap();
    assert_eq!(report.models, Some(1));
    let wrong = format!("{CANARY}-wrong");
    wired.workbench.set_key("openai", wrong.clone(), true).await.unwrap();
    let outcome = wired.fill(sheet, column, RunScope::Empty).await;
    let error = outcome.error.clone().unwrap();
    assert_eq!((outcome.status, error.code), (RunStatus::Failed, Code::KeyRefused), "{error:?}");
    assert!(!format!("{error:?}").contains(CANARY), "{error:?}");
    assert_eq!(outcome.progress.rows_failed, 0, "no row is to blame");
    let run = wired.workbench.runs(sheet).await.unwrap().pop().unwrap().id;
    wired.workbench.set_key("openai", CANARY.to_owned(), false).await.unwrap();
    let options = EngineOptions::default();
    let outcome = wired.workbench.resume(sheet, run, &options).await.unwrap().finished().await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 8), "{outcome:?}");
    for event in wired.events.all() {
        assert!(!format!("{event:?}").contains(CANARY));
    }
    wired.workbench.close().await.unwrap();
    let held = crate::keys::with_text(wired.home.outside(), CANARY);
    assert_eq!(held, Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn an_endpoint_of_ones_own_needs_no_key_and_keeps_its_limits() {
    let server = ChatServer::start(|call| {
        Reply::Answer(
            Answer::new(call.last_user_message()).after(std::time::Duration::from_millis(20)),
        )
    })
    .await;
    let wired = Wired::open(&server, Keys::session_only("none"));
    let endpoint = EndpointSettings {
        id: "lab".to_owned(),
        base_url: server.base_url(),
        models: vec!["mine".to_owned()],
    };
    wired.workbench.put_endpoint(endpoint).await.unwrap();
    let ids: Vec<String> = (wired.workbench.backend_models("lab", "").await.unwrap().into_iter())
        .map(|model| model.id)
        .collect();
    assert_eq!(ids, ["mine", "test-model"]);
    let settings = wired.workbench.settings().await.unwrap();
    let limits = BackendLimits {
        backend: "lab".to_owned(),
        parallel_requests: Some(2),
        ..BackendLimits::default()
    };
    let backends = BackendSettings { limits: vec![limits], ..settings.backends.clone() };
    wired.workbench.set_settings(Settings { backends, ..settings }).await.unwrap();
    let (sheet, column) = wired.column("lab:mine", Output::Text, 12).await;
    let outcome = wired.fill(sheet, column, RunScope::Empty).await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 12), "{outcome:?}");
    assert!(server.most_in_flight() <= 2, "{}", server.most_in_flight());
    assert!(server.requests().iter().all(|call| call.key().is_none()));
}

#[tokio::test]
async fn a_run_that_goes_on_in_another_process_pays_for_nothing_twice() {
    const ANSWERED: usize = 7;
    let server = ChatServer::start(understand).await;
    server.set_script(move |call| {
        let is_answered = !call.is_chat() || call.number < ANSWERED;
        if is_answered { understand(call) } else { Reply::Stall }
    });
    let wired = Wired::open(&server, with_key());
    let (sheet, column) = wired.column("openai:test-model", Output::Text, 60).await;
    let options = EngineOptions::default();
    let run = wired.workbench.run(sheet, column, RunScope::Empty, &options).await.unwrap();
    let id = run.id();
    let done = |events: &[Event]| {
        events.iter().filter(|event| matches!(event, Event::CellDone { .. })).count()
    };
    wired.events.until(|events| done(events) == ANSWERED).await;
    // It waits for no answer that is on its way.
    wired.workbench.set_local_only(sheet, true).await.unwrap();
    let outcome = run.finished().await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Paused, 7));
    wired.workbench.set_local_only(sheet, false).await.unwrap();
    let Wired { workbench, home, .. } = wired;
    drop(workbench);
    server.set_script(understand);
    let before = server.calls();
    let wired = Wired::open_in(home, &server, with_key());
    let outcome = wired.workbench.resume(sheet, id, &options).await.unwrap().finished().await;
    assert_eq!((outcome.status, outcome.progress.rows_done), (RunStatus::Done, 60), "{outcome:?}");
    assert_eq!(server.calls() - before, 60 - ANSWERED);
}

fn priced(usd_per_token: &str) -> Value {
    json!({"data": [{
        "id": "org/m", "context_length": 4096,
        "pricing": {"prompt": usd_per_token, "completion": usd_per_token},
    }]})
}

#[tokio::test]
async fn a_price_that_changes_is_noticed_once_the_list_of_models_is_old() {
    let server = ChatServer::start(understand).await;
    server.set_model_list(priced("0.001"));
    let wired = Wired::open(&server, with_key());
    let (sheet, column) = wired.column("openrouter:org/m", Output::Text, 2).await;
    let cost = async || {
        let fresh = RunRequest { fresh: true, ..RunScope::All.into() };
        wired.fill(sheet, column, fresh).await.progress.cost_usd.unwrap()
    };
    let first = cost().await;
    server.set_model_list(priced("0.002"));
    let is_as = |cost: f64, expected: f64| (cost - expected).abs() < 1e-9;
    assert!(is_as(cost().await, first), "a list is good for ten minutes");
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_mins(11)).await;
    tokio::time::resume();
    assert!(is_as(cost().await, 2.0 * first));
    // A list that is told no more takes no price away.
    server.set_model_list(json!("nothing of the kind"));
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_mins(11)).await;
    tokio::time::resume();
    assert!(is_as(cost().await, 2.0 * first));
}

#[tokio::test]
async fn a_backend_that_does_not_list_its_models_is_not_asked_to_each_time() {
    let server = ChatServer::start(understand).await;
    server.set_model_list(json!("nothing of the kind"));
    let wired = Wired::open(&server, Keys::session_only("none"));
    let (id, base_url) = ("lab".to_owned(), server.base_url());
    let endpoint = EndpointSettings { id, base_url, models: Vec::new() };
    wired.workbench.put_endpoint(endpoint).await.unwrap();
    for model in ["lab:a", "lab:b", "lab:c"] {
        let (sheet, column) = wired.column(model, Output::Text, 1).await;
        assert_eq!(wired.fill(sheet, column, RunScope::Empty).await.status, RunStatus::Done);
    }
    let lists = server.requests().iter().filter(|call| !call.is_chat()).count();
    assert_eq!(lists, 1);
    wired.workbench.backend_models("lab", "").await.unwrap_err();
    let lists = server.requests().iter().filter(|call| !call.is_chat()).count();
    assert_eq!(lists, 2, "a person who asks for the list gets an answer of now");
}
