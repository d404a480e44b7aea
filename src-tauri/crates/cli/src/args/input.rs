//! The options of everything that reads a table.

use std::path::{Path, PathBuf};

use braincells_core::DataType;
use braincells_workbench::{Encoding, ImportOptions, Quote, RowSelection};
use clap::{Args, builder::NonEmptyStringValueParser};

use crate::values::{self, FileFormat};

/// Where rows come from.
#[derive(Clone, Debug, Args)]
pub struct InputArgs {
    /// Table to read: CSV, TSV, JSONL, JSON, Parquet, Arrow, XLSX, XLS or ODS; `-` for stdin
    #[arg(value_name = "INPUT")]
    pub input: PathBuf,
    /// Format of the input: csv, tsv, jsonl, json, parquet, arrow, xlsx, xls, ods [default: by the
    /// file's ending]
    #[arg(long, value_name = "FORMAT", value_parser = values::input_format)]
    pub format: Option<FileFormat>,
    /// How to read it.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

impl InputArgs {
    /// Whether rows come from stdin.
    pub fn is_stdin(&self) -> bool {
        self.input == Path::new("-")
    }
}

/// How a table is read, where finding out by itself is not enough.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Reading")]
pub struct ReadingArgs {
    /// CSV: what separates values, such as `;`, `tab` or `|`
    #[arg(long, value_name = "CHAR", value_parser = values::character, allow_hyphen_values = true)]
    pub delimiter: Option<char>,
    /// CSV, TSV: what encloses values, or `none`
    #[arg(long, value_name = "CHAR", value_parser = values::quote)]
    pub quote: Option<Quote>,
    /// CSV, TSV, workbooks: the first row names the columns
    #[arg(long, conflicts_with = "no_header")]
    pub header: bool,
    /// CSV, TSV, workbooks: the first row is data
    #[arg(long)]
    pub no_header: bool,
    /// Text: utf-8, utf-16 or latin-1; a byte order mark in the file is believed instead
    #[arg(long, value_name = "NAME", value_parser = values::encoding)]
    pub encoding: Option<Encoding>,
    /// Workbooks: the sheet to read [default: the first that is not empty]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub table: Option<String>,
    /// Read only the first N rows
    #[arg(long, value_name = "N", conflicts_with = "sample")]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    pub first_rows: Option<u64>,
    /// Read only N rows chosen at random, in the order of the file
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub sample: Option<u64>,
    /// The same seed chooses the same rows
    #[arg(long, value_name = "SEED", default_value_t = 0, requires = "sample")]
    pub sample_seed: u64,
    /// Type of a column: NAME=text, number, integer, boolean, date, timestamp or json; may be
    /// given more than once
    #[arg(long, value_name = "NAME=TYPE", value_parser = values::column_type)]
    pub column_type: Vec<(String, DataType)>,
    /// CSV, TSV: leave the apostrophe that an export puts before a formula
    #[arg(long)]
    pub keep_apostrophes: bool,
}

impl ReadingArgs {
    /// The same in the workbench's terms.
    pub fn options(&self) -> ImportOptions {
        ImportOptions {
            delimiter: self.delimiter,
            quote: self.quote,
            header: (self.header || self.no_header).then_some(self.header),
            encoding: self.encoding,
            table: self.table.clone(),
            rows: match (self.first_rows, self.sample) {
                (Some(count), _) => RowSelection::First { count },
                (None, Some(count)) => RowSelection::Random { count, seed: self.sample_seed },
                (None, None) => RowSelection::All,
            },
            types: self.column_type.clone(),
            keep_apostrophes: self.keep_apostrophes,
        }
    }
}
