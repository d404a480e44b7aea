//! Columns, rows, cells, views and steps of a sheet, and questions to it.

mod cells;
mod columns;
mod questions;
mod rows;
mod steps;
mod views;

pub use cells::*;
pub use columns::*;
pub use questions::*;
pub use rows::*;
pub use steps::*;
pub use views::*;
