//! What can be typed about labels.

use std::fmt;

use braincells_core::CalibrationMode;
use clap::{Args, ValueEnum};

use super::SheetArg;

/// `labels`.
#[derive(Debug, Args)]
pub struct LabelsArgs {
    /// The sheet.
    #[command(flatten)]
    pub sheet: SheetArg,
    /// The column; it must be of the type label or boolean
    pub column: String,
    /// Calibrate the column in this way now, and from now on
    #[arg(long, value_name = "HOW")]
    pub calibration: Option<Calibrating>,
    /// Also print each cell with the shares of its labels, as the model says and calibrated
    #[arg(long)]
    pub cells: bool,
}

/// How labels are calibrated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Calibrating {
    /// As the model says
    None,
    /// By texts that name a label, and by cells that a person approved or corrected
    Prior,
    /// By the mean over the rows
    Batch,
}

impl From<Calibrating> for CalibrationMode {
    fn from(how: Calibrating) -> Self {
        match how {
            Calibrating::None => Self::None,
            Calibrating::Prior => Self::Prior,
            Calibrating::Batch => Self::Batch,
        }
    }
}

impl From<CalibrationMode> for Calibrating {
    fn from(mode: CalibrationMode) -> Self {
        match mode {
            CalibrationMode::None => Self::None,
            CalibrationMode::Prior => Self::Prior,
            CalibrationMode::Batch => Self::Batch,
        }
    }
}

impl fmt::Display for Calibrating {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(CalibrationMode::from(*self).as_str())
    }
}
