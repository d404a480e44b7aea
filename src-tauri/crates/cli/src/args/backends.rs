//! What can be typed about the backends that are not on this machine: which there are, their keys,
//! and batch files for them.

use std::ffi::OsString;
use std::path::PathBuf;

use braincells_core::is_backend_id;
use clap::{Args, Subcommand};

use super::{ScopeArgs, SheetArg};

/// `backends`.
#[derive(Debug, Args)]
pub struct BackendsArgs {
    /// List is what happens without one.
    #[command(subcommand)]
    pub action: Option<BackendsAction>,
}

/// What `backends` can do.
#[derive(Debug, Subcommand)]
pub enum BackendsAction {
    /// List the backends: where they are, where their keys come from, how hard they may be asked
    List,
    /// List the models of a backend, with context length and price where the backend says
    Models {
        /// Id of the backend
        backend: String,
        /// Only models with all of these words in their ids
        #[arg(value_name = "SEARCH")]
        search: Vec<String>,
    },
    /// Try the connection and the key of a backend; costs nothing
    Test {
        /// Id of the backend
        backend: String,
    },
    /// Add a server that speaks OpenAI's chat completions, or change one that was added
    Add {
        /// Its id: models are named `ID:MODEL` from then on. 2 to 32 of `a-z`, `0-9` and `-`
        id: String,
        /// Where it is, with or without `/v1` [default: where it was, or that of the preset with this
        /// id]
        url: Option<String>,
        /// A model that it has, beside those that it lists; may be given more than once
        #[arg(short, long, value_name = "MODEL")]
        model: Vec<String>,
    },
    /// List servers that are commonly run at home, with their usual addresses
    Presets,
    /// Remove a server that was added, and its key
    Remove {
        /// Its id
        id: String,
    },
    /// Say how hard a backend may be asked, or set it
    Limit {
        /// Id of the backend
        backend: String,
        /// What to set.
        #[command(flatten)]
        limits: LimitsArgs,
    },
}

/// How hard a backend may be asked. What is not said stays as it is.
#[derive(Debug, Args)]
pub struct LimitsArgs {
    /// Most requests at the same time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub requests: Option<u32>,
    /// Most requests sent in a minute
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub per_minute: Option<u32>,
    /// Most tokens asked for in a minute, prompts and answers together
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub tokens_per_minute: Option<u32>,
    /// Forget what was set before
    #[arg(long)]
    pub default: bool,
}

impl LimitsArgs {
    /// Whether anything is to be set.
    pub fn says_something(&self) -> bool {
        self.default
            || self.requests.is_some()
            || self.per_minute.is_some()
            || self.tokens_per_minute.is_some()
    }
}

/// `keys`.
#[derive(Debug, Args)]
pub struct KeysArgs {
    /// List is what happens without one.
    #[command(subcommand)]
    pub action: Option<KeysAction>,
}

/// What `keys` can do.
#[derive(Debug, Subcommand)]
pub enum KeysAction {
    /// Say where the key of each backend comes from; never the key
    List,
    /// Keep the key of a backend in this machine's keyring; it is typed, or read from stdin
    Set {
        /// Id of the backend
        backend: String,
        /// Read the key from stdin instead of the terminal
        #[arg(long)]
        stdin: bool,
        // Takes whatever else is typed, so that clap does not print a key as a word too many.
        #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
        more: Vec<OsString>,
    },
    /// Remove the key of a backend from this machine's keyring
    Remove {
        /// Id of the backend
        backend: String,
        // As above: people type keys into the wrong command, too.
        #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
        more: Vec<OsString>,
    },
    /// Anything else, so that clap does not print a key as a word that it does not know.
    #[command(external_subcommand)]
    Other(
        #[expect(dead_code, reason = "clap needs a place for it, and nobody may repeat it")]
        Vec<OsString>,
    ),
}

impl KeysAction {
    /// What is wrong with what was typed, without repeating it: it may be a key.
    pub fn mistake(&self) -> Option<&'static str> {
        let (backend, more) = match self {
            Self::List => return None,
            Self::Set { backend, more, .. } | Self::Remove { backend, more } => (backend, more),
            Self::Other(_) => {
                return Some(
                    "`keys` knows `list`, `set BACKEND` and `remove BACKEND`. If this was a key, \
                     other programs and the shell's history saw it: withdraw it at the provider",
                );
            }
        };
        if !more.is_empty() {
            return Some(
                "a key is never typed into a command line: other programs and the shell's history \
                 see it. Withdraw it at the provider if it was one. `braincells keys set BACKEND` \
                 asks for the key, `--stdin` reads it from a pipe",
            );
        }
        (!is_backend_id(backend)).then_some(
            "a backend has an id such as `openai`; `braincells backends` lists them. If this was a \
             key, other programs and the shell's history saw it: withdraw it at the provider",
        )
    }
}

/// `batch`.
#[derive(Debug, Args)]
pub struct BatchArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: BatchAction,
}

/// What `batch` can do.
#[derive(Debug, Subcommand)]
pub enum BatchAction {
    /// Write what an AI column would ask to a file that providers take as a batch (JSONL)
    Write {
        /// The sheet.
        #[command(flatten)]
        sheet: SheetArg,
        /// The AI column; its model is BACKEND:MODEL
        column: String,
        /// File to write, or `-` for stdout
        #[arg(short, long, value_name = "FILE")]
        out: PathBuf,
        /// Replace the file if it is there
        #[arg(long)]
        force: bool,
        /// Which cells.
        #[command(flatten)]
        scope: ScopeArgs,
    },
    /// Read the answers to such a file back into the column
    Read {
        /// The sheet.
        #[command(flatten)]
        sheet: SheetArg,
        /// The AI column
        column: String,
        /// The provider's file of results (JSONL)
        file: PathBuf,
    },
}
