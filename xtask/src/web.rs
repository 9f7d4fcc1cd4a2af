//! What tests of the npm package and the playground need beside Rust: Node and browsers.

use std::path::Path;
use std::process::Command;

use crate::packages;
use crate::process::output;

/// The oldest Node that runs the tests.
const NODE: u32 = 20;

/// Debian's browsers: where they are, and in which package.
const BROWSERS: [(&str, &str); 2] = [
    ("/usr/bin/chromium", "chromium"),
    ("/usr/bin/firefox-esr", "firefox-esr"),
];

/// Sees to it that Node is there, and new enough.
pub(crate) fn node() -> Result<(), String> {
    let version = output(Command::new("node").arg("--version"))
        .ok_or("node is missing: install Node.js 20 or newer, with npm")?;
    let major = version.trim().trim_start_matches('v').split('.').next();
    let major: Option<u32> = major.and_then(|text| text.parse().ok());
    if major.is_none_or(|major| major < NODE) {
        let version = version.trim();
        return Err(format!("node is {version}: install {NODE} or newer"));
    }
    Ok(())
}

/// Sees to it that both browsers are there: installs them on Debian, as root.
pub(crate) fn browsers() -> Result<(), String> {
    let missing: Vec<&str> = BROWSERS
        .iter()
        .filter(|(program, _)| !Path::new(program).exists())
        .map(|(_, package)| *package)
        .collect();
    packages::install(&missing, "the browser tests")
}
