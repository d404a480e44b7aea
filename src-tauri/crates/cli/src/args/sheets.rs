//! What can be typed about sheets as wholes.

use clap::{Args, Subcommand};

use super::SheetArg;

/// `sheets`.
#[derive(Debug, Args)]
pub struct SheetsArgs {
    /// List is what happens without one.
    #[command(subcommand)]
    pub action: Option<SheetsAction>,
}

/// What `sheets` can do besides listing.
#[derive(Debug, Subcommand)]
pub enum SheetsAction {
    /// List the sheets, the last changed first
    List,
    /// Make a sheet without rows or columns
    New {
        /// Its name
        name: String,
    },
    /// Give a sheet another name
    Rename {
        /// The sheet.
        #[command(flatten)]
        sheet: SheetArg,
        /// The new name
        name: String,
    },
    /// Make a new sheet of everything in another, its history included
    Duplicate {
        /// The sheet.
        #[command(flatten)]
        sheet: SheetArg,
        /// Name of the new sheet [default: the old one's with ` copy`]
        #[arg(short, long)]
        name: Option<String>,
    },
    /// Move sheets to the trash, from where they can be restored for 30 days
    Delete {
        /// Ids, beginnings of ids, or names
        #[arg(value_name = "SHEET", required = true)]
        sheets: Vec<String>,
        /// Delete without the trash; asks first
        #[arg(long)]
        for_good: bool,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Bring sheets back from the trash
    Restore {
        /// Ids, beginnings of ids, or names
        #[arg(value_name = "SHEET", required = true)]
        sheets: Vec<String>,
    },
    /// List what is in the trash, or empty it
    Trash {
        /// Delete everything in the trash for good; asks first
        #[arg(long)]
        empty: bool,
        /// Do not ask
        #[arg(short, long, requires = "empty")]
        yes: bool,
    },
    /// Forget old steps, and what only undo could bring back: deleted rows and columns
    Compact {
        /// The sheet.
        #[command(flatten)]
        sheet: SheetArg,
        /// How many of the latest steps can still be taken back
        #[arg(long, value_name = "N", default_value_t = 100)]
        keep: u64,
    },
    /// Keep a sheet on this machine: nothing of it is sent to a provider until `unlock`
    Lock(SheetArg),
    /// Let the columns of a sheet be filled by providers again
    Unlock(SheetArg),
    /// Read the whole of a sheet, and bring its last good copy back if it is damaged
    Check(SheetArg),
}
