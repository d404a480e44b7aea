//! Calibrated labels: what a run asks before its first cell, what becomes of its answers, and the
//! verbs that look at a column's labels and calibrate it anew.
//!
//! A run finds the words that the model writes before it names a label ([`lead_in`]) and measures
//! what it says behind them of texts that name a label ([`sayings`]; both asked by [`ask`]). It
//! makes a calibration of that ([`estimate`]) and stores it before the first cell; a run that goes
//! on takes the stored one, so every cell of a run is made alike. A preview does the same and
//! stores nothing. [`Scoring`] turns an answer into a cell's value. [`plan`] does the same for the
//! stored scores of a whole column.
//!
//! Left out: what shares and biases are (`core`), how they are stored (`data`).

pub(crate) mod ask;
mod estimate;
mod figures;
mod lead_in;
mod plan;
pub(crate) mod responses;
mod sayings;
mod scoring;
mod verbs;

use plan::label_of;

pub use figures::{CheckedFigures, LabelCount, ReliabilityBin};
pub(crate) use scoring::Scoring;
pub(crate) use verbs::{After, calibrate_after_run, set_calibration};
pub use verbs::{LabelCell, LabelFigures, Recalibration};
