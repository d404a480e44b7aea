//! A server on loopback and a bench that knows it.

use braincells_testing::{Answer, ChatCall, ChatServer, Logprob, Reply};
use tokio::runtime::Runtime;

use super::support::{Bench, Said};

/// Must be nowhere afterwards.
pub const KEY: &str = "sk-canary-5d1f0a9b7c3e";

pub const TABLE: &str = "id,text\n1,fine\n2,awful\n3,fine too\n";

/// A bench with a server of its own, which is the backend `lab`.
pub struct Lab {
    pub bench: Bench,
    pub server: ChatServer,
    // Last, so that the server goes first.
    pub runtime: Runtime,
}

impl Lab {
    pub fn new(script: impl Fn(&ChatCall) -> Reply + Send + Sync + 'static) -> Self {
        let runtime = Runtime::new().unwrap();
        let server = runtime.block_on(ChatServer::start(script));
        let bench = Bench::new();
        bench.file("t.csv", TABLE);
        bench.run(&["backends", "add", "lab", &server.base_url()]).ok();
        Self { bench, server, runtime }
    }

    /// Runs with the key of `lab` in the environment.
    pub fn run(&self, arguments: &[&str]) -> Said {
        self.run_with("BRAINCELLS_KEY_LAB", arguments)
    }

    pub fn run_with(&self, variable: &str, arguments: &[&str]) -> Said {
        Said::from(self.bench.command(arguments).env(variable, KEY).output().unwrap())
    }

    /// A sheet with a column that is asked of this model.
    pub fn sheet(&self, name: &str, model: &str) {
        self.bench.file("recipe.yml", RECIPE);
        self.bench.run(&["import", "t.csv", "--name", name]).ok();
        let import = ["recipe", "import", name, "recipe.yml", "--model", model];
        Said::from(self.bench.command(&import).env("OPENAI_API_KEY", KEY).output().unwrap()).ok();
    }
}

const RECIPE: &str = "columns:
  mood:
    modelName: none
    prompt: \"Sentiment of: {{text}}\"
    columnsReferences: [text]
    braincells:
      version: 1
      output: {type: label, labels: [positive, negative]}
";

/// Knows what is fine, and says how sure it is if asked.
pub fn critic(call: &ChatCall) -> Reply {
    let fine = call.last_user_message().contains("fine");
    let (label, other) = if fine { ("positive", "negative") } else { ("negative", "positive") };
    let mut answer = Answer::new(label);
    if call.body["logprobs"] == true {
        answer.logprobs = vec![Logprob::new(label, 0.9, &[(other, 0.1)])];
    }
    Reply::Answer(answer)
}

/// The same answer to everybody, with these tokens.
pub fn costly(_call: &ChatCall) -> Reply {
    Reply::Answer(Answer { usage: Some((50, 2)), ..Answer::new("two words") })
}

pub const FILL: [&str; 8] = [
    "fill",
    "t.csv",
    "--prompt",
    "Sentiment of: {{text}}",
    "--name",
    "mood",
    "--model",
    "lab:test-model",
];

pub const LABELS: [&str; 2] = ["--type", "label:positive,negative"];

pub fn with<'a>(first: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [first, more].concat()
}
