//! Runs the real program.
#![allow(dead_code)] // each test file uses a part

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Words that block, a masked e-mail address and a masked regex, in both directions.
pub(crate) const DEFINITION: &str = r#"{
  "name": "first", "blockedInputMessaging": "Not in.", "blockedOutputsMessaging": "Not out.",
  "wordPolicyConfig": {"wordsConfig": [{"text": "Project Kestrel"}, {"text": "heron"}]},
  "contentPolicyConfig": {"filtersConfig": [{"type": "HATE", "inputStrength": "HIGH", "outputStrength": "HIGH"}]},
  "sensitiveInformationPolicyConfig": {
    "piiEntitiesConfig": [
      {"type": "EMAIL", "action": "ANONYMIZE", "inputAction": "ANONYMIZE", "outputAction": "ANONYMIZE",
       "inputEnabled": true, "outputEnabled": true}],
    "regexesConfig": [
      {"name": "ticket", "pattern": "TCK-[0-9]{4}", "action": "ANONYMIZE", "inputAction": "ANONYMIZE"}]}
}"#;

/// Founds a repository whose keys are all at hand: `root`, `targets` and `online`.
pub(crate) const INIT: [&str; 16] = [
    "publish",
    "init",
    "--repository",
    "repository",
    "--root-key",
    "root.pub.json",
    "--targets-key",
    "targets.pub.json",
    "--timestamp-key",
    "online.pub.json",
    "--key",
    "root.pem",
    "--key",
    "targets.pem",
    "--key",
    "online.pem",
];

/// A folder of its own for a test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(test: &str) -> Folder {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        let folder = Folder(path);
        folder.write("g.json", DEFINITION);
        folder
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.0.join(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.join(name)).unwrap()
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The program in this folder, without the caller's settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_edgerail"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("EDGERAIL_") {
                command.env_remove(name);
            }
        }
        command.current_dir(&self.0).args(arguments);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    pub(crate) fn run_with(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        let _ = writer.join().unwrap();
        Ran::of(output)
    }

    /// `check --guardrail g.json` with more arguments.
    pub(crate) fn check(&self, arguments: &[&str]) -> Ran {
        let all = [&["check", "--guardrail", "g.json"], arguments].concat();
        self.run(&all)
    }
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    fn of(output: Output) -> Ran {
        Ran {
            code: output.status.code().expect("the program ended by itself"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Exit code 2, and a message on standard error with all of these words.
    #[track_caller]
    pub(crate) fn refused(&self, words: &[&str]) {
        assert_eq!(self.code, 2, "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "{word}: {self:?}");
        }
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn lines(&self) -> Vec<serde_json::Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}
