//! Where a program that was installed has the modules of llama.cpp.

use std::path::{Path, PathBuf};

use braincells_llm::llama;

/// Says where the modules of the program at this path are, if it has some. To be called first of
/// all, also by the children that run an engine or try a sheet.
///
/// They are in a folder `backends` beside the program, as in an archive, an image for macOS and
/// the installer for Windows; or, as packages for Linux have it, in `../lib/braincells/backends`.
pub fn use_modules_of(program: &Path) {
    llama::look_for_modules_in(module_folders(program));
}

fn module_folders(program: &Path) -> Vec<PathBuf> {
    // A link in a folder of programs points to where everything is.
    let program = program.canonicalize().unwrap_or_else(|_missing| program.to_owned());
    let Some(folder) = program.parent() else { return Vec::new() };
    let packaged = folder.parent().map(|prefix| prefix.join("lib/braincells/backends"));
    [folder.join("backends")].into_iter().chain(packaged).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_beside_the_program_or_in_the_packages_folder() {
        let folders = module_folders(Path::new("/nowhere/bin/braincells"));
        let wanted = ["/nowhere/bin/backends", "/nowhere/lib/braincells/backends"];
        assert_eq!(folders, wanted.map(PathBuf::from));
        assert_eq!(module_folders(Path::new("/")), Vec::<PathBuf>::new());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_the_program_leads_to_its_modules() {
        let folder = tempfile::tempdir().expect("a folder");
        let real = folder.path().canonicalize().expect("it is there").join("app");
        std::fs::create_dir(&real).expect("a folder");
        std::fs::write(real.join("braincells"), "").expect("a file");
        let link = folder.path().join("braincells");
        std::os::unix::fs::symlink(real.join("braincells"), &link).expect("a link");
        assert_eq!(module_folders(&link)[0], real.join("backends"));
    }
}
