use std::path::PathBuf;

use braincells_core::{AppError, Code};
use braincells_workbench::ProcessProbe;

/// Tries sheets in a process of their own: `program` is the binary `sheet_process` of this crate.
pub fn sheet_probe(program: PathBuf) -> ProcessProbe {
    ProcessProbe::new(program, vec!["probe".into()], Vec::new())
}

/// [`sheet_probe`] for another binary of this crate, beside which `sheet_process` lies.
pub fn sheet_probe_beside() -> Result<ProcessProbe, AppError> {
    let own = std::env::current_exe()
        .map_err(|error| AppError::new(Code::Internal, format!("no own name: {error}")))?;
    let name = format!("sheet_process{}", std::env::consts::EXE_SUFFIX);
    Ok(sheet_probe(own.with_file_name(name)))
}
