//! The hub that models come from: huggingface.co, or whatever answers like it at `HF_ENDPOINT`.
//!
//! The workbench asks it for models and for the files of one; [`crate::download`] fetches files
//! through it. What is promised: whatever answers, nothing here panics, reads without end or waits
//! without end; names of files are made into paths elsewhere, so those that could lead out of
//! a folder never get that far; the token goes to the hub's own address and to no other; and a
//! redirect is followed only as far as [`Hub::get_file`] says.
//!
//! Files in the hub's newer storage (Xet) have the same addresses: the hub redirects to a bridge
//! that answers like any other server, ranges included.
//!
//! Left out: proxies and certificates (the clients come ready), what is kept on the disk, and which
//! of the files is best for this machine ([`crate::fit`]).

mod address;
mod choice;
mod files;
mod header;
mod json;
mod label;
mod mlx;
mod name;
mod raw;
mod redirect;
mod reference;
mod refusal;
mod repository;
mod request;
mod response;
mod search;
mod soft;
mod text;

pub use choice::Choice;
pub use files::HubFile;
pub(crate) use label::label_of;
pub use mlx::is_checkpoint_file;
pub use reference::Reference;
pub use repository::Repository;
pub use request::{Http, Hub, HubOptions};
pub use response::{ContentRange, FileResponse};
pub use search::{Gate, HubModel, Search, SearchSort};
