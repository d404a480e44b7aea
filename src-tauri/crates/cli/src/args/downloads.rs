//! What can be typed about downloads of models.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

/// `models pull`.
#[derive(Debug, Args)]
pub struct PullArgs {
    /// The model: OWNER/NAME, OWNER/NAME:Q4_K_M, the address of its page or file on the hub, or a
    /// name of the catalogue
    #[arg(value_name = "MODEL", value_parser = NonEmptyStringValueParser::new())]
    pub reference: String,
    /// The quantisation, such as `Q4_K_M` [default: the one that suits this machine]
    #[arg(short = 'Q', long, value_name = "LABEL", value_parser = NonEmptyStringValueParser::new())]
    pub quantisation: Option<String>,
    /// Download it even if it is of an architecture that this version cannot load
    #[arg(long)]
    pub anyway: bool,
    /// Put it into the queue and end; the window, or the next `models pull` or `models resume`,
    /// fetches it
    #[arg(long)]
    pub no_wait: bool,
}

/// Some downloads.
#[derive(Debug, Args)]
pub struct DownloadsArg {
    /// Numbers, names, or beginnings of names, as `models downloads` lists them
    #[arg(value_name = "DOWNLOAD", required_unless_present = "all", value_parser = NonEmptyStringValueParser::new())]
    pub downloads: Vec<String>,
    /// All of them
    #[arg(long, conflicts_with = "downloads")]
    pub all: bool,
}

/// `models resume`.
#[derive(Debug, Args)]
pub struct ResumeDownloadsArgs {
    /// Which ones.
    #[command(flatten)]
    pub which: DownloadsArg,
    /// Put them into the queue and end; the window, or the next `models pull` or `models resume`,
    /// fetches them
    #[arg(long)]
    pub no_wait: bool,
}
