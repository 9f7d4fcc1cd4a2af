//! Programs of Debian that tests need.

use std::path::Path;
use std::process::Command;

use crate::process::{output, run};

/// Installs what is missing, as root on Debian; elsewhere says how to. `user` is who needs it, as in "the browser tests".
pub(crate) fn install(missing: &[&str], user: &str) -> Result<(), String> {
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    let by_hand = format!("as root, run:\n    apt-get update && apt-get install {packages}");
    let is_root = output(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    if !is_root || !Path::new("/usr/bin/apt-get").exists() {
        return Err(format!("{user} need {packages}; on Debian, {by_hand}"));
    }
    println!("Installing {packages}.");
    for arguments in [
        &["update"][..],
        &[&["install", "--no-install-recommends"][..], missing].concat(),
    ] {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive")
            .args(["-qq", "-y"])
            .args(arguments);
        run(&mut apt).map_err(|e| format!("{e}\nTo do it yourself, {by_hand}"))?;
    }
    Ok(())
}
