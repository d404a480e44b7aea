//! What can be typed about models.

use braincells_workbench::Quantisation;
use clap::{Args, Subcommand};

use super::{
    AddArgs, CatalogueArgs, DownloadsArg, ModelArg, ModelFitArgs, PullArgs, RemoveArgs,
    ResumeDownloadsArgs, ScanArgs, SearchArgs, StorageArgs,
};
use crate::values;

/// `models`.
#[derive(Debug, Args)]
pub struct ModelsArgs {
    /// List is what happens without one.
    #[command(subcommand)]
    pub action: Option<ModelsAction>,
}

/// What `models` can do.
#[derive(Debug, Subcommand)]
pub enum ModelsAction {
    /// List the models
    List,
    /// Look for models on the hub
    Search(SearchArgs),
    /// Say what a model is: one of this machine, or of the hub with its quantisations
    Info(ModelArg),
    /// Say whether a model fits this machine, before it is downloaded too
    Fit(ModelFitArgs),
    /// List the models that are recommended; asks nobody
    Catalogue(CatalogueArgs),
    /// Look for models that LM Studio, Ollama, Hugging Face or llama.cpp have on this machine
    Scan(ScanArgs),
    /// Add a model file (GGUF) where it is, or as a copy
    Add(AddArgs),
    /// Delete models; of linked ones only the link
    Rm(RemoveArgs),
    /// Say what models take on the disk, and delete what is left over
    Storage(StorageArgs),
    /// Download a model from the hub, or go on with it; Ctrl-C pauses it
    Pull(PullArgs),
    /// List the downloads, the newest first
    Downloads,
    /// Stop downloads for now; what was fetched is kept
    Pause(DownloadsArg),
    /// Go on with downloads that were stopped or failed
    Resume(ResumeDownloadsArgs),
    /// Give downloads up and remove what was fetched
    Cancel(DownloadsArg),
    /// Make a copy of a model in the quantisation that this machine computes fastest
    ///
    /// Candidates are written, measured in turns with the original and compared with it on
    /// built-in texts and questions. The fastest that stays faithful is kept beside the other
    /// models as NAME.tuned-QUANTISATION.gguf; the original stays what it is, and recipes go on
    /// to mean it.
    Tune {
        /// Name of the model, or its file
        model: String,
        /// Measure only, and keep no copy
        #[arg(long)]
        dry_run: bool,
        /// Try only these, separated by commas: Q8_0, Q5_0, Q4_K_M, Q4_K_S, IQ4_NL, Q4_0
        #[arg(long, value_name = "A,B", value_delimiter = ',', value_parser = values::quantisation)]
        candidates: Vec<Quantisation>,
        /// CPU threads [default: the settings', else as many as there are physical cores]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=512))]
        threads: Option<u32>,
    },
}
