use std::path::PathBuf;

use braincells_workbench::ProcessProbe;

/// Tries sheets in a process of their own: `program` is the binary `sheet_process` of this crate.
pub fn sheet_probe(program: PathBuf) -> ProcessProbe {
    ProcessProbe::new(program, vec!["probe".into()], Vec::new())
}
