//! `doctor`.

use braincells_workbench::Doctor;
use indicatif::HumanBytes;

use crate::failure::{Ending, Failure};
use crate::session::Session;
use crate::text::printable;

/// Says what this machine has and what would be used.
pub async fn doctor(session: &Session) -> Result<Ending, Failure> {
    let doctor = session.unless_stopped(async { Ok(session.workbench.doctor().await) }).await?;
    session.output.result("doctor", &doctor)?;
    session.output.say(&lines(&doctor))?;
    Ok(Ending::Complete)
}

fn lines(doctor: &Doctor) -> Vec<String> {
    let known = |count: Option<u64>| count.map_or_else(|| "unknown".to_owned(), bytes);
    let mut facts = vec![
        ("Braincells", format!("{} on {}, {}", doctor.version, doctor.os, doctor.arch)),
        ("Home", doctor.home.display().to_string()),
        ("Free disk", known(doctor.disk_free_bytes)),
        (
            "Memory",
            format!(
                "{} free of {}",
                known(doctor.memory_free_bytes),
                known(doctor.memory_total_bytes)
            ),
        ),
        ("Cores", doctor.physical_cores.to_string()),
        (
            "DuckDB",
            format!("{}, at most {} a sheet", doctor.duckdb, bytes(doctor.sheet_memory_bytes)),
        ),
        ("llama.cpp", doctor.llama.clone()),
    ];
    for module in &doctor.llama_modules {
        facts.push(("Module", module.clone()));
    }
    let mlx = if doctor.mlx {
        "runs here"
    } else {
        "does not run here: it needs Apple Silicon, and `braincells-mlx` beside the program"
    };
    facts.push(("MLX", mlx.to_owned()));
    for device in &doctor.devices {
        let memory = if device.memory_total_bytes > 0 {
            format!(
                ", {} free of {}",
                bytes(device.memory_free_bytes),
                bytes(device.memory_total_bytes)
            )
        } else {
            String::new()
        };
        facts.push(("Device", format!("{}: {}{memory}", device.name, device.description)));
    }
    for model in &doctor.models {
        facts.push(("Model", format!("{} ({})", model.name, bytes(model.size_bytes))));
    }
    let default = doctor.default_model.as_ref().and_then(|path| path.file_name());
    if let Some(name) = default {
        facts.push(("Default model", name.to_string_lossy().into_owned()));
    }
    facts.push(("Will use", doctor.will_use.clone()));
    for problem in &doctor.problems {
        facts.push(("Problem", problem.clone()));
    }
    facts.iter().map(|(title, fact)| format!("{title:<14} {}", printable(fact))).collect()
}

fn bytes(count: u64) -> String {
    HumanBytes(count).to_string()
}
