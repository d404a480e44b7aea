use std::sync::atomic::AtomicBool;

use braincells_core::Code;
use braincells_llm::cloud::Endpoint;

use super::*;

/// Works only while it is unlocked.
#[derive(Default)]
struct Locked {
    open: Arc<AtomicBool>,
    inside: MemoryKeyring,
    asked: Arc<AtomicU64>,
}

impl Locked {
    fn inside(&self) -> Result<&MemoryKeyring, String> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let open = self.open.load(Ordering::SeqCst);
        if open { Ok(&self.inside) } else { Err("it is locked".to_owned()) }
    }
}

impl Keyring for Locked {
    fn get(&self, account: &str) -> Result<Option<SecretString>, String> {
        self.inside()?.get(account)
    }

    fn set(&self, account: &str, key: &SecretString) -> Result<(), String> {
        self.inside()?.set(account, key)
    }

    fn remove(&self, account: &str) -> Result<bool, String> {
        self.inside()?.remove(account)
    }

    fn may_wait(&self) -> bool {
        true
    }
}

/// Answers when the test ends.
struct Silent(Mutex<Option<std::sync::mpsc::Receiver<()>>>);

impl Keyring for Silent {
    fn get(&self, _account: &str) -> Result<Option<SecretString>, String> {
        let receiver = self.0.lock().unwrap().take();
        if let Some(receiver) = receiver {
            assert!(receiver.recv().is_err(), "the test hangs up when it is over");
        }
        Ok(None)
    }

    fn set(&self, account: &str, _key: &SecretString) -> Result<(), String> {
        self.get(account).map(drop)
    }

    fn remove(&self, account: &str) -> Result<bool, String> {
        self.get(account).map(|_| false)
    }

    fn may_wait(&self) -> bool {
        true
    }
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

fn of(backend: &str) -> Endpoint {
    let provider = provider(backend).expect("these are providers");
    Endpoint::of_provider(provider, None, None).unwrap()
}

fn own(id: &str, base_url: &str) -> Endpoint {
    Endpoint::custom(id, base_url).unwrap()
}

async fn source(keys: &Keys, backend: &str) -> Option<KeySource> {
    keys.find(&of(backend)).await.map(|(_, source)| source)
}

#[tokio::test]
async fn what_was_entered_now_counts_before_the_environment_and_that_before_the_keyring() {
    let environment = HashMap::from([
        ("openai".to_owned(), "sk-env".to_owned()),
        ("openrouter".to_owned(), "  ".to_owned()),
        ("huggingface".to_owned(), "two words".to_owned()),
    ]);
    let keyring = Arc::new(MemoryKeyring::default());
    keyring.set("openai", &secret("sk-kept")).unwrap();
    keyring.set("openrouter", &secret("sk-kept")).unwrap();
    let keys = Keys::with(keyring).with_environment(environment);
    assert_eq!(source(&keys, "openai").await, Some(KeySource::Environment));
    assert_eq!(source(&keys, "openrouter").await, Some(KeySource::Keyring));
    assert_eq!(source(&keys, "huggingface").await, None, "that is no key");
    let before = keys.changes();
    assert_eq!(keys.set(&of("openai"), secret("sk-1"), false).await.unwrap(), KeySource::Session);
    assert_eq!(source(&keys, "openai").await, Some(KeySource::Session));
    assert!(keys.changes() > before);
    assert_eq!(keys.set(&of("openai"), secret(" sk-2\n"), true).await.unwrap(), KeySource::Keyring);
    assert_eq!(source(&keys, "openai").await, Some(KeySource::Keyring));
    let removed = keys.remove(&of("openai")).await.unwrap();
    assert!(removed.any && removed.of_environment);
    assert_eq!(source(&keys, "openai").await, Some(KeySource::Environment));
    assert!(!keys.remove(&of("openai")).await.unwrap().any, "it is not in the keyring any more");
    assert_eq!(
        keys.set(&of("openai"), secret("a b"), true).await.unwrap_err().code,
        Code::BadInput
    );
}

#[tokio::test]
async fn a_key_that_another_process_keeps_or_removes_counts() {
    let keyring = Arc::new(MemoryKeyring::default());
    let keys = Keys::with(Arc::clone(&keyring) as _);
    keys.set(&of("openai"), secret("sk-1"), true).await.unwrap();
    let mark = async || keys.find(&of("openai")).await.map(|(held, _)| held.mark);
    let first = mark().await.unwrap();
    assert_eq!(mark().await, Some(first));
    keyring.set("openai", &secret("sk-2")).unwrap();
    let second = mark().await.unwrap();
    assert_ne!(second, first);
    assert_eq!(format!("{second:?}"), "KeyMark(hidden)");
    keyring.remove("openai").unwrap();
    assert_eq!(mark().await, None);
}

#[tokio::test]
async fn a_key_that_was_entered_is_for_one_server() {
    let environment = HashMap::from([("env".to_owned(), "sk-env".to_owned())]);
    let keys = Keys::in_memory().with_environment(environment);
    let here = own("lab", "http://lab.example:8000/v1");
    for keep in [true, false] {
        keys.set(&here, secret("sk-1"), keep).await.unwrap();
        for (url, same) in [
            ("http://LAB.example:8000/other/v1", true),
            ("https://lab.example:8000/v1", false),
            ("http://lab.example:8001/v1", false),
            ("http://lab.example/v1", false),
            ("http://lab.example.com:8000/v1", false),
        ] {
            assert_eq!(keys.find(&own("lab", url)).await.is_some(), same, "{url}");
        }
        assert!(keys.find(&own("other", here.base_url())).await.is_none());
        assert!(!keys.remove(&own("lab", "http://lab.example/v1")).await.unwrap().any);
        assert!(keys.find(&here).await.is_some());
        assert!(keys.remove(&here).await.unwrap().any);
        assert!(keys.find(&here).await.is_none());
    }
    for url in ["http://one.example/v1", "http://two.example/v1"] {
        assert!(keys.find(&own("env", url)).await.is_some(), "a variable names the id");
    }
}

#[tokio::test]
async fn what_was_entered_counts_while_the_keyring_says_nothing() {
    let keyring = Locked::default();
    let open = Arc::clone(&keyring.open);
    open.store(true, Ordering::SeqCst);
    let keys = Keys::with(Arc::new(keyring));
    assert_eq!(keys.set(&of("openai"), secret("sk-1"), true).await.unwrap(), KeySource::Keyring);
    open.store(false, Ordering::SeqCst);
    assert_eq!(source(&keys, "openai").await, Some(KeySource::Keyring));
}

#[tokio::test]
async fn a_keyring_that_fails_is_asked_again_at_each_key_and_says_why() {
    let keyring = Locked::default();
    let (open, asked) = (Arc::clone(&keyring.open), Arc::clone(&keyring.asked));
    let keys = Keys::with(Arc::new(keyring));
    assert_eq!(source(&keys, "openai").await, None);
    assert_eq!(keys.set(&of("openai"), secret("sk-1"), true).await.unwrap(), KeySource::Session);
    assert_eq!(keys.problem().as_deref(), Some("it is locked"));
    assert_eq!(keys.remove(&of("hf")).await.err().unwrap().code, Code::Storage, "who knows");
    let before = asked.load(Ordering::SeqCst);
    open.store(true, Ordering::SeqCst);
    assert_eq!(keys.set(&of("openai"), secret("sk-1"), true).await.unwrap(), KeySource::Keyring);
    assert_eq!((keys.problem(), asked.load(Ordering::SeqCst)), (None, before + 1));
}

#[tokio::test(start_paused = true)]
async fn a_keyring_that_never_answers_holds_up_nobody_for_long() {
    let (sender, receiver) = std::sync::mpsc::sync_channel(0);
    let keys = Keys::with(Arc::new(Silent(Mutex::new(Some(receiver)))));
    assert_eq!(source(&keys, "openai").await, None);
    assert!(keys.problem().unwrap().contains("60 seconds"));
    let began = Instant::now();
    assert_eq!(source(&keys, "openai").await, None);
    assert_eq!(began.elapsed(), Duration::ZERO, "it is left alone for a while");
    drop(sender);
}

#[test]
fn keys_are_not_shown() {
    let environment = HashMap::from([("openai".to_owned(), "sk-canary".to_owned())]);
    let keys = Keys::in_memory().with_environment(environment);
    assert_eq!(format!("{keys:?}"), "Keys(hidden)");
}
