//! What the tests of the other crates share: a home that goes away by itself, a clock that stands
//! still, events that are kept, engines that follow a script.
//!
//! Only tests use it; no product crate depends on it. It promises that nothing leaves the
//! temporary folder and that nothing needs the network. It leaves out real models: those have
//! tests of their own.

pub mod chat_server;
mod clock;
mod dice;
mod engines;
mod events;
mod home;
pub mod hub_server;
mod probe;
mod processes;
mod scripted;
mod small_checkpoint;
mod small_disk;
mod small_model;

pub use chat_server::{
    Answer, ChatCall, ChatServer, End, ForwardProxy, Logprob, Reply, certificate,
    expired_certificate, instance, understand,
};
pub use clock::ManualClock;
pub use dice::Dice;
pub use engines::ScriptedEngines;
pub use events::RecordedEvents;
pub use home::TempHome;
pub use probe::{sheet_probe, sheet_probe_beside};
pub use processes::{becomes, children, kill, lives};
pub use scripted::{Scripted, no_backends, scripted_workbench, text_recipe, typed_recipe};
pub use small_checkpoint::{small_checkpoint, write_small_checkpoint};
pub use small_disk::SmallDisk;
pub use small_model::{small_model, small_model_part, small_model_with};
