//! Finding the programs of the services for a test that starts them: those of the build that the test belongs to.
//!
//! `cargo test` builds no programs of other packages, so they are built here: in the same profile and the same target folder, once a
//! process and one process at a time. When they are up to date, that takes cargo a moment.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use domain::Service;

use super::{Failed, program_of};

/// All six programs, `convene` and the five services, of the build that this process belongs to, built if need be: the folder that
/// holds them. `CONVENE_PROGRAMS` names another folder, in which nothing is built. Blocks.
///
/// # Errors
/// If this is not a program that cargo built, or the build fails.
pub fn of_this_build() -> Result<PathBuf, Failed> {
    static FOUND: OnceLock<Result<PathBuf, Failed>> = OnceLock::new();
    FOUND.get_or_init(find).clone()
}

fn find() -> Result<PathBuf, Failed> {
    if let Some(folder) = std::env::var_os("CONVENE_PROGRAMS") {
        return Ok(PathBuf::from(folder));
    }
    let own = std::env::current_exe().map_err(|error| Failed(format!("which program this is: {error}")))?;
    let folder =
        profile_folder(&own).ok_or_else(|| Failed(format!("{} is not in a target folder of cargo", own.display())))?;
    build(&folder)?;
    Ok(folder)
}

/// `target/debug` for `target/debug/deps/some_test-0123`.
fn profile_folder(program: &Path) -> Option<PathBuf> {
    let folder = program.parent()?;
    let inner = folder.file_name()?.to_str()?;
    Some(if matches!(inner, "deps" | "examples") { folder.parent()?.to_owned() } else { folder.to_owned() })
}

fn build(folder: &Path) -> Result<(), Failed> {
    let failed =
        |what: &str, error: &dyn std::fmt::Display| Failed(format!("the programs were not built: {what}: {error}"));
    let lock_path = folder.join("convene-programs.lock");
    let lock = File::create(&lock_path).map_err(|error| failed("cannot write its lock", &error))?;
    lock.lock().map_err(|error| failed("cannot lock", &error))?;
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or("debug");
    let profile = if name == "debug" { "dev" } else { name };
    let target = folder.parent().ok_or_else(|| Failed(format!("{} is no target folder", folder.display())))?;
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["build", "--quiet", "--profile", profile, "--target-dir"]);
    command.arg(target).args(["-p", "convene"]);
    for service in Service::ALL {
        command.args(["-p", program_of(service)]);
    }
    let built = command.stdin(Stdio::null()).output().map_err(|error| failed("cannot run cargo", &error))?;
    if built.status.success() { Ok(()) } else { Err(failed("cargo failed", &String::from_utf8_lossy(&built.stderr))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_lie_beside_the_folder_of_tests() {
        for program in ["/t/debug/deps/some-0f", "/t/debug/convene", "/t/debug/examples/one"] {
            assert_eq!(profile_folder(Path::new(program)), Some(PathBuf::from("/t/debug")), "{program}");
        }
    }
}
