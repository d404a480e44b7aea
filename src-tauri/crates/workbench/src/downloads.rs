//! Models on their way here: asked for, fetched, stopped and taken up again.
//!
//! The window and the command line call the verbs. A download is a row of the catalogue, which is
//! the truth for every process of the home: a person's wish is written there first, and whoever
//! works looks there at least once a second. The process that works on a download holds its claim,
//! a file lock that goes with the process, so that what a dead process left is taken up by the next.
//! Every decision (`plan`) is a pure function; `queue` carries them out; `attempt` fetches the files
//! of one download, through `braincells_models::download`.
//!
//! What this module promises: a download that is `Done` is whole and compared with its sums; one
//! that is cancelled stays so and leaves nothing behind; whatever ends a process, what was fetched
//! is not fetched again; no state lasts without a reason that the row names. Left out: how bytes
//! get to the disk (`models::download`), what the hub says (`models::hub`), and what a model is once
//! it is there (`crate::models`).

mod attempt;
mod choose;
mod claim;
mod disk;
mod ending;
mod error;
mod figures;
mod layout;
mod plan;
mod queue;
mod request;
mod round;
mod telling;
mod verbs;

pub use request::DownloadRequest;

pub(crate) use choose::{Asked, look};
pub(crate) use figures::model_status;
pub(crate) use queue::Downloads;
