//! Models as files: what is in one, whether it fits this machine, which ones are worth having, and
//! how they get here.
//!
//! The workbench is the caller, and the engine of llama.cpp for its own sizes. They read the header of a model file ([`gguf`]) before
//! llama.cpp sees the file, or the first bytes of one that still lies on the hub; asks whether
//! the model fits the memory there is ([`fit`]); shows the built-in list of models
//! ([`catalogue`]); looks for others on the hub ([`hub`]); and fetches their files
//! ([`download`]).
//!
//! What this crate promises: no file, however it was made, makes it panic, wait or take more than
//! a few tens of megabytes; a file that llama.cpp would choke on is refused with a named cause;
//! every figure of an estimate is there to be shown, and has its formula and its source in the
//! documentation. What it leaves out: the memory and the devices of this machine (they are
//! arguments), loading and asking models (`llm`), and any list of what is installed (`data`).
//!
//! ```no_run
//!
//! use braincells_models::fit::{Machine, Shape, Wanted, judge};
//! use braincells_models::gguf::Gguf;
//!
//! let model = Gguf::open("model.gguf".as_ref())?;
//! let shape = Shape::of(&model)?;
//! let machine = Machine { ram_bytes: 16 << 30, ..Machine::default() };
//! let wanted = Wanted {
//!     cells: 8192,
//!     sequences: 40,
//!     batch_tokens: 512,
//!     flash_attention: true,
//!     gpu_layers: None,
//! };
//! let judgement = judge(&shape, &wanted, &machine);
//! println!("{:?}: {}", judgement.verdict, judgement.reason);
//! # Ok::<(), braincells_models::ModelsError>(())
//! ```

pub mod catalogue;
pub mod download;
mod error;
pub mod fit;
pub mod gguf;
pub mod hub;
mod size;

pub use error::ModelsError;
