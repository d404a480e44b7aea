//! What can be typed about models on this machine and on the hub.

use std::path::PathBuf;

use braincells_workbench::SearchSort;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};

/// `models search`.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// Words of the model's name; without any, what most people take
    #[arg(value_name = "WORD")]
    pub words: Vec<String>,
    /// What comes first
    #[arg(long, value_enum, default_value_t = SortWord::Downloads)]
    pub sort: SortWord,
    /// How many at most
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=100))]
    pub limit: u32,
    /// Models for MLX instead of GGUF files
    #[arg(long)]
    pub mlx: bool,
}

/// An order of search results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SortWord {
    /// The most downloads of the last month
    Downloads,
    /// What is talked about these days
    Trending,
    /// The most likes
    Likes,
    /// What changed last
    Updated,
}

impl From<SortWord> for SearchSort {
    fn from(word: SortWord) -> Self {
        match word {
            SortWord::Downloads => Self::Downloads,
            SortWord::Trending => Self::Trending,
            SortWord::Likes => Self::Likes,
            SortWord::Updated => Self::Updated,
        }
    }
}

/// `models info`.
#[derive(Debug, Args)]
pub struct ModelArg {
    /// Name of a model of this machine or its file; or OWNER/NAME, the address of a page on the
    /// hub, or a name of the catalogue
    #[arg(value_name = "MODEL", value_parser = NonEmptyStringValueParser::new())]
    pub model: String,
}

/// `models fit`.
#[derive(Debug, Args)]
pub struct ModelFitArgs {
    /// The model.
    #[command(flatten)]
    pub model: ModelArg,
    /// The quantisation of a model on the hub, such as `Q4_K_M` [default: the one that suits this
    /// machine]
    #[arg(short = 'Q', long, value_name = "LABEL", value_parser = NonEmptyStringValueParser::new())]
    pub quantisation: Option<String>,
}

/// `models catalogue`.
#[derive(Debug, Args)]
pub struct CatalogueArgs {
    /// Take a newer list from this file, from now on
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
}

/// `models scan`.
#[derive(Debug, Args)]
pub struct ScanArgs {
    /// Make models of all that can be used, without copying them
    #[arg(long)]
    pub link: bool,
}

/// `models add`.
#[derive(Debug, Args)]
pub struct AddArgs {
    /// The file; of a split model, its first part
    #[arg(value_name = "FILE")]
    pub path: PathBuf,
    /// Copy it into the models folder instead
    #[arg(long)]
    pub copy: bool,
}

/// `models rm`.
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// Names of models, in full
    #[arg(value_name = "MODEL", required = true, value_parser = NonEmptyStringValueParser::new())]
    pub models: Vec<String>,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

/// `models storage`.
#[derive(Debug, Args)]
pub struct StorageArgs {
    /// Delete pieces of downloads that nothing will finish
    #[arg(long)]
    pub remove_leftovers: bool,
}
