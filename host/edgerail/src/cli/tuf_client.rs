//! `edgerail tuf-client`: the TUF client alone, by the command-line protocol of TUF's public conformance suite.
//!
//! The folder of metadata is all that the client knows between two commands: `root.json` in it is what is
//! trusted at the beginning. `edgerail sync` is what applications want: it pins a root that came with them.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use edgerail_sync::transport::{self, Base, Get, HttpOptions, Transport};
use edgerail_trust::text::percent_encoded;
use edgerail_trust::{Answer, Client, Limits, Step, Target};
use serde_json::{Map, Value, json};

use super::Outcome;
use super::compile::{SummaryFormat, write_atomically};
use super::error::{CliError, say};

/// Options of `edgerail tuf-client`. They are taken before and behind the command.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The folder of trusted metadata
    #[arg(long, global = true, value_name = "DIR", env = "EDGERAIL_METADATA_DIR")]
    metadata_dir: Option<PathBuf>,
    /// Where the repository's metadata is: an address or a folder
    #[arg(long, global = true, value_name = "URL", env = "EDGERAIL_METADATA_URL")]
    metadata_url: Option<String>,
    /// A target to download; of several, each in its turn; in the variable, one a line
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "EDGERAIL_TARGET_NAME",
        value_delimiter = '\n',
        allow_hyphen_values = true
    )]
    target_name: Vec<String>,
    /// Where the repository's targets are: an address or a folder
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "EDGERAIL_TARGET_BASE_URL"
    )]
    target_base_url: Option<String>,
    /// The folder of downloaded targets
    #[arg(long, global = true, value_name = "DIR", env = "EDGERAIL_TARGET_DIR")]
    target_dir: Option<PathBuf>,
    /// Give up on a server that sends nothing for so many seconds, or less than 1 KiB in each of them
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        env = "EDGERAIL_STALL_SECONDS",
        default_value_t = 10,
        value_parser = clap::value_parser!(u64).range(1..=3600)
    )]
    stall_seconds: u64,
    /// The form of the report
    #[arg(
        long,
        global = true,
        env = "EDGERAIL_FORMAT",
        default_value = "text",
        value_enum
    )]
    format: SummaryFormat,
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, clap::Subcommand)]
enum Task {
    /// Trust a root: put it into the folder of metadata
    Init {
        /// The root metadata
        #[arg(value_name = "ROOT")]
        root: PathBuf,
    },
    /// Bring the top-level metadata up to date
    Refresh,
    /// Bring the metadata up to date, then download targets
    Download,
}

/// What was done before the end, or before the error.
#[derive(Debug, Default)]
struct Report {
    /// Version of each trusted top-level role.
    metadata: Map<String, Value>,
    targets: Vec<Value>,
    alarm: Option<Value>,
}

/// Runs a command. Its exit code is 0 or 1, and nothing else: so the protocol has it.
pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let mut report = Report::default();
    let result = execute(args, &mut report);
    let mut out = anstream::stdout().lock();
    match args.format {
        SummaryFormat::Json => {
            let error = result.as_ref().err().map(error_json);
            let document = json!({
                "alarm": report.alarm, "error": error, "metadata": report.metadata, "targets": report.targets,
            });
            writeln!(out, "{document:#}")?;
        }
        SummaryFormat::Text => {
            for (role, version) in &report.metadata {
                writeln!(out, "{role} {version}")?;
            }
            for target in &report.targets {
                let (name, path) = (&target["name"], &target["path"]);
                writeln!(out, "{}: {}", text(name), text(path))?;
            }
            if let Some(alarm) = &report.alarm {
                say(&format!("warning: {}", text(&alarm["message"])));
            }
            if let Err(error) = &result {
                error.report();
            }
        }
    }
    Ok(match result {
        Ok(()) => Outcome::Clean,
        Err(_) => Outcome::Refused,
    })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn error_json(error: &CliError) -> Value {
    let (code, message) = error.parts();
    let place = match error {
        CliError::Message { place, .. } => place.as_str(),
        _ => "",
    };
    json!({ "code": code, "place": place, "message": message })
}

fn execute(args: &Args, report: &mut Report) -> Result<(), CliError> {
    let metadata = given("--metadata-dir", args.metadata_dir.as_deref())?;
    if let Task::Init { root } = &args.task {
        return init(metadata, root);
    }
    let mut session = Session::open(args, metadata)?;
    let refreshed = session.refresh();
    report.metadata = session.versions();
    report.alarm = session.alarm.as_ref().map(error_json);
    refreshed?;
    if !matches!(args.task, Task::Download) {
        return Ok(());
    }
    let targets = given("--target-dir", args.target_dir.as_deref())?;
    given("--target-base-url", args.target_base_url.as_deref())?;
    if args.target_name.is_empty() {
        return Err(missing("--target-name"));
    }
    std::fs::create_dir_all(targets).map_err(|error| CliError::file(targets, &error))?;
    for name in &args.target_name {
        report.targets.push(session.download(name, targets)?);
    }
    Ok(())
}

fn given<'a, T: ?Sized>(option: &str, value: Option<&'a T>) -> Result<&'a T, CliError> {
    value.ok_or_else(|| missing(option))
}

fn missing(option: &str) -> CliError {
    let message = format!("is not given; this command needs {option}");
    CliError::new("usage", option, message)
}

/// Puts a root into the folder if it can be trusted at all: it is signed by its own keys.
fn init(metadata: &Path, root: &Path) -> Result<(), CliError> {
    let bytes =
        read(root)?.ok_or_else(|| CliError::file(root, &io::Error::from(ErrorKind::NotFound)))?;
    Client::with_rsa(&bytes, Limits::default()).map_err(|error| refusal(root, &error))?;
    store(metadata, "root.json", &bytes)
}

fn refusal(file: &Path, error: &edgerail_trust::Error) -> CliError {
    CliError::new(error.code(), file.display().to_string(), error.to_string())
}

/// One client, its folder of metadata, and the way to the repository.
struct Session<'a> {
    client: Client,
    metadata: &'a Path,
    remote: Box<dyn Transport>,
    runtime: tokio::runtime::Runtime,
    /// What ended the update although nothing failed.
    alarm: Option<CliError>,
}

impl<'a> Session<'a> {
    fn open(args: &Args, metadata: &'a Path) -> Result<Session<'a>, CliError> {
        let url = given("--metadata-url", args.metadata_url.as_deref())?;
        let root = metadata.join("root.json");
        let bytes = read(&root)?.ok_or_else(|| {
            let message = "there is no trusted root; put one there with `edgerail tuf-client init`";
            CliError::new("absent", root.display().to_string(), message)
        })?;
        let client =
            Client::with_rsa(&bytes, Limits::default()).map_err(|error| refusal(&root, &error))?;
        let stall = Duration::from_secs(args.stall_seconds);
        let options = HttpOptions {
            first_byte: stall,
            rate_window: stall,
            rate_bytes: args.stall_seconds << 10,
            ..HttpOptions::default()
        };
        // A refresh asks for no target.
        let targets = args.target_base_url.as_deref().unwrap_or(url);
        let remote = transport::open(None, Some(url), Some(targets), &options)
            .map_err(|error| network(&error))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| CliError::new("runtime", "this process", error.to_string()))?;
        Ok(Session {
            client,
            metadata,
            remote,
            runtime,
            alarm: None,
        })
    }

    fn refresh(&mut self) -> Result<(), CliError> {
        // A clock before 1970 is none.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok();
        let now = now.map(|now| now.as_secs());
        self.client.refresh(now);
        match self.drive() {
            Err(error) if is_equivocation(&error) => self.keep_stored(now, error),
            result => result,
        }
    }

    /// Another timestamp of the version that is stored ends the update, and is no failure: 5.4.3.1 of the
    /// specification. What is stored is used if it is whole and fresh.
    fn keep_stored(&mut self, now: Option<u64>, error: CliError) -> Result<(), CliError> {
        self.client.restore(now);
        self.drive()?;
        if !self.client.complete() || self.client.expired().next().is_some() {
            return Err(error);
        }
        self.alarm = Some(error);
        Ok(())
    }

    fn versions(&self) -> Map<String, Value> {
        ["root", "timestamp", "snapshot", "targets"]
            .into_iter()
            .filter_map(|role| Some((role.to_owned(), self.client.version(role)?.into())))
            .collect()
    }

    /// Answers the client's questions until it is done.
    fn drive(&mut self) -> Result<(), CliError> {
        loop {
            let step = self.client.step().map_err(|error| {
                let message = match error.place.as_str() {
                    "" => error.message().to_owned(),
                    place => format!("{place}: {}", error.message()),
                };
                CliError::new(error.code(), error.role.clone(), message)
            })?;
            let done = match step {
                Step::Done => return Ok(()),
                Step::Load { file } => read(&self.metadata.join(file)).map(|bytes| {
                    self.client
                        .answer(bytes.as_deref().map_or(Answer::Absent, Answer::Bytes));
                }),
                Step::Fetch { path, max_bytes } => {
                    self.get(Base::Metadata, &path, max_bytes).map(|bytes| {
                        self.client
                            .answer(bytes.as_deref().map_or(Answer::Absent, Answer::Bytes));
                    })
                }
                Step::Store { file, bytes } => {
                    store(self.metadata, &file, &bytes).map(|()| self.client.answer(Answer::Done))
                }
                Step::Remove { file } => {
                    remove(self.metadata, &file).map(|()| self.client.answer(Answer::Done))
                }
            };
            if done.is_err() {
                self.client.abort();
            }
            done?;
        }
    }

    fn get(&self, base: Base, path: &str, max_bytes: u64) -> Result<Option<Vec<u8>>, CliError> {
        let get = Get {
            base,
            path,
            max_bytes,
            if_none_match: None,
            wait: None,
        };
        match self.runtime.block_on(self.remote.get(get)) {
            Ok(transport::Answer::Body { bytes, .. }) => Ok(Some(bytes)),
            Ok(transport::Answer::Absent | transport::Answer::NotModified { .. }) => Ok(None),
            Err(error) => Err(network(&error)),
        }
    }

    /// Finds a target, and downloads it unless it is there.
    fn download(&mut self, name: &str, folder: &Path) -> Result<Value, CliError> {
        self.client.find(name);
        self.drive()?;
        let Some(target) = self.client.found().cloned() else {
            let message =
                "no role in charge of this name lists it; check the name and the publication";
            return Err(CliError::new("not_found", name, message));
        };
        let file = target_file(name);
        let path = folder.join(&file);
        let kept = read_at_most(&path, target.length)?.is_some_and(|b| target.verify(&b).is_ok());
        if !kept {
            let bytes = self.fetch_target(&target)?;
            store(folder, &file, &bytes)?;
        }
        let path = path.display().to_string();
        Ok(json!({ "name": name, "path": path, "length": target.length, "kept": kept }))
    }

    fn fetch_target(&self, target: &Target) -> Result<Vec<u8>, CliError> {
        let path = target.path(self.client.consistent());
        let place = self.remote.place(Base::Targets, &path);
        let Some(bytes) = self.get(Base::Targets, &path, target.length)? else {
            let message = "the repository lists the target and does not have it; publish it again";
            return Err(CliError::new("not_found", place, message));
        };
        let refused = |error: edgerail_trust::Error| {
            CliError::new(error.code(), place.clone(), error.to_string())
        };
        target.verify(&bytes).map_err(refused)?;
        Ok(bytes)
    }
}

fn is_equivocation(error: &CliError) -> bool {
    matches!(error, CliError::Message { code: "equivocation", place, .. } if place == "timestamp")
}

fn network(error: &edgerail_sync::Error) -> CliError {
    CliError::new(error.code(), error.place(), error.advice())
}

/// The file name for a target: its name, percent-encoded. What a file system takes for a folder is no name.
fn target_file(name: &str) -> String {
    let encoded = percent_encoded(name);
    if encoded.chars().all(|c| c == '.') {
        return encoded.replace('.', "%2E");
    }
    encoded
}

/// More than any metadata may have: the client says of longer files that they are too large.
const METADATA_BYTES: u64 = 16 << 20;

fn read(path: &Path) -> Result<Option<Vec<u8>>, CliError> {
    read_at_most(path, METADATA_BYTES)
}

/// A file's bytes, one more than `limit` at most; `None` if there is none.
fn read_at_most(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, CliError> {
    let mut bytes = Vec::new();
    let read = File::open(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CliError::file(path, &error)),
    }
}

/// Writes a file that is there whole or not at all.
fn store(folder: &Path, file: &str, bytes: &[u8]) -> Result<(), CliError> {
    let path = folder.join(file);
    let parent = path.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent)
        .and_then(|()| write_atomically(&path, bytes))
        .map_err(|error| CliError::file(&path, &error))
}

fn remove(folder: &Path, file: &str) -> Result<(), CliError> {
    let path = folder.join(file);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(CliError::file(&path, &error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_targets_file_name_is_one_name() {
        for (name, file) in [
            ("policy.bundle", "policy.bundle"),
            ("a/b c", "a%2Fb%20c"),
            ("../x", "..%2Fx"),
            (".", "%2E"),
            ("..", "%2E%2E"),
            ("a%2Fb", "a%252Fb"),
            ("a\\b", "a%5Cb"),
        ] {
            assert_eq!(target_file(name), file);
        }
    }
}
