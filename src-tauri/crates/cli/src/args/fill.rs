//! The options of `fill`, and those that it shares with `run` and `resume`.

use std::path::{Path, PathBuf};

use braincells_core::{CalibrationMode, ExamplePolicy, Output, Recipe, RunCap, Sampling};
use braincells_workbench::EngineOptions;
use clap::{Args, builder::NonEmptyStringValueParser};

use super::{Calibrating, InputArgs};
use crate::values::{self, FileFormat};

pub const EXAMPLES: &str = "\
Examples:
  braincells fill reviews.csv --prompt 'Classify the sentiment of: {{text}}' \\
      --type label:positive,negative,neutral --name sentiment --out filled.parquet
  braincells fill reviews.csv --prompt 'Summarise in five words: {{text}}' --preview
  cat rows.jsonl | braincells fill - --format jsonl --prompt 'Language of: {{text}}' --out -

The same command again goes on where the last one stopped.";

/// Where the filled table goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// File to write, or `-` for stdout
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Format to write: csv, tsv, jsonl, parquet, arrow, xlsx [default: by the file's ending]
    #[arg(long, value_name = "FORMAT", value_parser = values::output_format)]
    pub out_format: Option<FileFormat>,
    /// Replace the file even if Braincells did not write it
    #[arg(long)]
    pub force: bool,
    /// Write cells that look like formulas as they are
    #[arg(long)]
    pub no_neutralise: bool,
}

impl OutputArgs {
    /// Whether the filled table goes to stdout: when asked to, and by default for stdin.
    pub fn goes_to_stdout(&self, input: &InputArgs) -> bool {
        self.out.as_deref().map_or(input.is_stdin(), |out| out == Path::new("-"))
    }
}

/// Which rows a repeated command fills.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rows")]
pub struct RerunArgs {
    /// Fill only the first N rows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub first: Option<u64>,
    /// Try cells again that failed in an earlier run of this command
    #[arg(long, conflicts_with = "fresh")]
    pub retry_failed: bool,
    /// Begin from nothing, even if this command ran before, and ask for every answer again
    #[arg(long)]
    pub fresh: bool,
}

/// How the engine runs.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Engine")]
pub struct EngineArgs {
    /// Rows that are generated at the same time [default: by the machine]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub parallel_rows: Option<u32>,
    /// Most tokens of one row, prompt and answer together [default: by the model]
    #[arg(long, value_name = "TOKENS", value_parser = clap::value_parser!(u32).range(1..))]
    pub context: Option<u32>,
    /// Layers of the model on the GPU; 0 for none [default: as many as fit]
    #[arg(long, value_name = "N")]
    pub gpu_layers: Option<u32>,
    /// Threads [default: physical cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub threads: Option<u32>,
    /// Cells that do not depend on how many rows are generated at the same time; slower
    #[arg(long)]
    pub exact: bool,
    /// Requests that a provider is sent at the same time [default: by the backend's limits, else 5]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub requests: Option<u32>,
    /// Stop a run when its provider has taken so much money, such as `0.50` or `$2`
    #[arg(long, value_name = "USD", value_parser = values::micro_usd)]
    pub max_cost: Option<u64>,
    /// Stop a run when it has taken so many tokens of a provider, prompts and answers together
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_run_tokens: Option<u64>,
}

impl EngineArgs {
    /// The same in the workbench's terms.
    pub fn options(&self) -> EngineOptions {
        EngineOptions {
            parallel_rows: self.parallel_rows,
            context_tokens: self.context,
            gpu_layers: self.gpu_layers,
            threads: self.threads,
            exact: self.exact,
            parallel_requests: self.requests,
            cap: RunCap { micro_usd: self.max_cost, tokens: self.max_run_tokens },
        }
    }
}

/// `fill`.
#[derive(Debug, Args)]
pub struct FillArgs {
    /// Where rows come from.
    #[command(flatten)]
    pub input: InputArgs,
    /// Instruction, with `{{column name}}` where the row's data goes
    #[arg(short, long, value_name = "TEXT", required_unless_present = "prompt_file")]
    #[arg(value_parser = NonEmptyStringValueParser::new(), allow_hyphen_values = true)]
    pub prompt: Option<String>,
    /// Read the instruction from a file
    #[arg(long, value_name = "FILE", conflicts_with = "prompt")]
    pub prompt_file: Option<PathBuf>,
    /// What every cell must be: text, number[:1..5], integer[:1..5], boolean, date, label:a,b,c,
    /// labels:a,b,c, or json:SCHEMA with a file or a schema
    #[arg(short = 't', long = "type", value_name = "TYPE", default_value = "text")]
    #[arg(value_parser = values::output_type)]
    pub output_type: Output,
    /// Name of the new column
    #[arg(short, long, default_value = "answer", value_parser = NonEmptyStringValueParser::new())]
    pub name: String,
    /// Show the final prompt and the answer of the first N rows, and keep nothing
    #[arg(long, visible_alias = "dry-run", value_name = "N", num_args = 0..=1)]
    #[arg(require_equals = true, default_missing_value = "3")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub preview: Option<u64>,
    /// Where the table goes.
    #[command(flatten)]
    pub output: OutputArgs,
    /// How it is made.
    #[command(flatten)]
    pub model: ModelArgs,
    /// Which rows.
    #[command(flatten)]
    pub rerun: RerunArgs,
    /// How the engine runs.
    #[command(flatten)]
    pub engine: EngineArgs,
}

/// Model and sampling.
#[derive(Debug, Args)]
#[command(next_help_heading = "Model")]
pub struct ModelArgs {
    /// Model: a name that `braincells models` lists, a file, or BACKEND:MODEL such as
    /// `openai:gpt-4o-mini` [default: the starter model]
    #[arg(short, long, visible_alias = "backend", value_name = "MODEL")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub model: Option<String>,
    /// Replaces the built-in system message
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub system: Option<String>,
    /// Most validated and edited cells shown to the model as examples; 0 for none
    #[arg(long, value_name = "N")]
    pub examples: Option<u32>,
    /// How labels are calibrated: `prior` takes back what the model likes over texts that only
    /// name the labels, `batch` what it likes on average over the rows, `none` leaves them
    #[arg(long, value_name = "HOW", default_value_t = CalibrationMode::default().into())]
    pub calibration: Calibrating,
    /// 0 always takes the likeliest token
    #[arg(long, value_name = "T", default_value_t = 0.0, value_parser = values::temperature)]
    pub temperature: f32,
    /// Keep the likeliest tokens that have this probability together
    #[arg(long, value_name = "P", default_value_t = 1.0, value_parser = values::probability)]
    pub top_p: f32,
    /// Keep this many likeliest tokens; 0 keeps all
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub top_k: u32,
    /// Keep tokens at least this share as likely as the likeliest one
    #[arg(long, value_name = "SHARE", value_parser = values::probability)]
    pub min_p: Option<f32>,
    /// Most tokens of one answer [default: by the type]
    #[arg(long, value_name = "TOKENS", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_tokens: Option<u32>,
    /// The same seed gives the same cells; matters with a temperature above 0
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Text that ends an answer; may be given more than once; `\n` is a line break
    #[arg(long, value_name = "TEXT", value_parser = values::stop_text, allow_hyphen_values = true)]
    pub stop: Vec<String>,
}

impl FillArgs {
    /// The recipe of the new column, once prompt and model are known.
    pub fn recipe(&self, prompt: String, model: String) -> Recipe {
        let default = ExamplePolicy::default();
        Recipe {
            prompt,
            system: self.model.system.clone(),
            model,
            output: self.output_type.clone(),
            sampling: Sampling {
                max_tokens: self.model.max_tokens,
                temperature: self.model.temperature,
                top_p: self.model.top_p,
                top_k: self.model.top_k,
                min_p: self.model.min_p.unwrap_or(0.0),
                seed: self.model.seed,
                stop: self.model.stop.clone(),
            },
            examples: ExamplePolicy {
                max_count: self.model.examples.unwrap_or(default.max_count),
                ..default
            },
            example_rows: Vec::new(),
            calibration: self.model.calibration.into(),
        }
    }
}
