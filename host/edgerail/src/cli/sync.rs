//! `edgerail sync`: fetches, verifies and activates the bundle of a scope.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::builder::BoolishValueParser;
use edgerail_core::bundle::{ABI, MAX_BYTES};
use edgerail_sync::activation::{Audience, OnExpired, Pins, Ring};
use edgerail_sync::archive::Archive;
use edgerail_sync::store::{SystemDisk, instance};
use edgerail_sync::transport::{self, HttpOptions, Packed, Transport};
use edgerail_sync::{Config, EngineLoader, Error, NotedStatus, Status, Sync, System, codes};

use super::Outcome;
use super::compile::{SummaryFormat, write_atomically};
use super::error::{CliError, say};
use super::policy::read_file;
use crate::report::one_line;

/// The longest root, certificate file or other small input.
const SMALL: usize = 1 << 20;
/// A baseline is a bundle and its metadata.
const BASELINE: usize = 4 * MAX_BYTES;

/// What an application lays down about its bundle.
#[derive(Debug, clap::Args)]
pub(super) struct PinArgs {
    /// The root of the repository that is trusted: any version of its root.json
    #[arg(long, value_name = "FILE", env = "EDGERAIL_ROOT")]
    pub(super) root: Option<PathBuf>,
    /// The bundle's name in the repository, SCOPE.bundle or SCOPE.browser.bundle
    #[arg(long, value_name = "NAME", env = "EDGERAIL_TARGET")]
    pub(super) target: Option<String>,
    /// Who the bundle must be for
    #[arg(long, env = "EDGERAIL_AUDIENCE", default_value = "server", value_enum)]
    audience: AudienceArg,
    /// How early this machine takes part in rollouts
    #[arg(long, env = "EDGERAIL_RING", default_value = "general", value_enum)]
    ring: RingArg,
    /// What tells this machine from others in a rollout; drawn once and kept in the state folder otherwise
    #[arg(long, value_name = "ID", env = "EDGERAIL_INSTANCE")]
    instance: Option<String>,
    /// What holds once the metadata expired and nothing newer can be had
    #[arg(long, env = "EDGERAIL_ON_EXPIRED", default_value = "keep", value_enum)]
    on_expired: OnExpiredArg,
    /// With --on-expired deny, how long after expiry requests are still decided, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        env = "EDGERAIL_GRACE_SECONDS",
        default_value_t = 86_400
    )]
    grace_seconds: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum AudienceArg {
    /// Machines of the organization
    Server,
    /// Browsers
    Browser,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum RingArg {
    /// First
    Canary,
    /// Second
    Early,
    /// Everybody else
    General,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum OnExpiredArg {
    /// The bundle is enforced on
    Keep,
    /// After the grace every request is blocked, with the reason policy_stale
    Deny,
}

impl PinArgs {
    /// The root's bytes.
    pub(super) fn root(&self) -> Result<Vec<u8>, CliError> {
        let path = self
            .root
            .as_deref()
            .ok_or_else(|| missing("--root", "the root.json to trust"))?;
        read_file(path, SMALL)
    }

    fn pins(&self, state: &Path) -> Result<Pins, CliError> {
        let target = self.target.clone();
        let drawn = || instance(&SystemDisk::new(state), &System);
        Ok(Pins {
            target: target
                .ok_or_else(|| missing("--target", "the bundle's name, as SCOPE.bundle"))?,
            audience: match self.audience {
                AudienceArg::Server => Audience::Server,
                AudienceArg::Browser => Audience::Browser,
            },
            ring: match self.ring {
                RingArg::Canary => Ring::Canary,
                RingArg::Early => Ring::Early,
                RingArg::General => Ring::General,
            },
            instance: self.instance.clone().unwrap_or_else(drawn),
            engine_abi: u64::from(ABI),
            engine_build: concat!("edgerail ", env!("CARGO_PKG_VERSION")).to_owned(),
            on_expired: match self.on_expired {
                OnExpiredArg::Keep => OnExpired::Keep,
                OnExpiredArg::Deny => OnExpired::Deny {
                    grace_seconds: self.grace_seconds,
                },
            },
        })
    }
}

/// Where a repository is.
#[derive(Debug, clap::Args)]
pub(super) struct RepositoryArgs {
    /// The repository: an address or a folder with metadata/ and targets/ below it, or an exported file
    #[arg(long, value_name = "URL|DIR|FILE", env = "EDGERAIL_URL")]
    url: Option<String>,
    /// Where its metadata is, if not below --url
    #[arg(long, value_name = "URL|DIR", env = "EDGERAIL_METADATA_URL")]
    metadata_url: Option<String>,
    /// Where its targets are, if not below --url
    #[arg(long, value_name = "URL|DIR", env = "EDGERAIL_TARGETS_URL")]
    targets_url: Option<String>,
    /// Further certificate authorities for https, as PEM
    #[arg(long, value_name = "FILE", env = "EDGERAIL_CA_FILE")]
    ca_file: Option<PathBuf>,
    /// How long one file may take, in seconds
    #[arg(long, value_name = "SECONDS", env = "EDGERAIL_TIMEOUT", default_value_t = 300,
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: u64,
    /// Give up on a server that sends less than 10 KiB in so many seconds
    #[arg(long, value_name = "SECONDS", env = "EDGERAIL_STALL_SECONDS", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    stall_seconds: u64,
}

impl RepositoryArgs {
    pub(super) fn open(&self) -> Result<Box<dyn Transport>, CliError> {
        let authorities = self.ca_file.as_deref().map(|path| read_file(path, SMALL));
        let seconds = std::time::Duration::from_secs;
        let usual = HttpOptions::default();
        let options = HttpOptions {
            authorities: authorities.transpose()?,
            total: seconds(self.timeout),
            rate_window: seconds(self.stall_seconds),
            first_byte: seconds(self.stall_seconds.max(usual.first_byte.as_secs()))
                .min(seconds(self.timeout)),
            ..usual
        };
        let [url, metadata, targets] =
            [&self.url, &self.metadata_url, &self.targets_url].map(Option::as_deref);
        transport::open(url, metadata, targets, &options).map_err(|error| of_sync(&error))
    }

    fn is_given(&self) -> bool {
        self.url.is_some() || self.metadata_url.is_some() || self.targets_url.is_some()
    }
}

/// Options of `edgerail sync`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 the bundle is active and fresh, 1 it is enforced but degraded (the report says why),\n2 the check failed or nothing is enforced. What was active stays active in any case."
)]
pub(super) struct Args {
    #[command(flatten)]
    pins: PinArgs,
    #[command(flatten)]
    repository: RepositoryArgs,
    /// The folder that keeps the verified metadata and the active bundle
    #[arg(long, value_name = "DIR", env = "EDGERAIL_STATE", required = true)]
    state: PathBuf,
    /// An exported repository whose bundle is enforced until there is a newer one
    #[arg(long, value_name = "FILE", env = "EDGERAIL_BASELINE")]
    baseline: Option<PathBuf>,
    /// Write the active bundle to this file whenever it changes
    #[arg(short, long, value_name = "FILE", env = "EDGERAIL_OUTPUT")]
    output: Option<PathBuf>,
    /// Go on checking until the process is ended; on Unix, SIGHUP checks at once
    #[arg(long, env = "EDGERAIL_DAEMON", value_parser = BoolishValueParser::new())]
    daemon: bool,
    /// Seconds between two checks of the daemon, on average
    #[arg(long, value_name = "SECONDS", env = "EDGERAIL_INTERVAL", default_value_t = 60,
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    interval: u64,
    /// Only show what is stored; asks nobody and changes nothing
    #[arg(long, env = "EDGERAIL_STATUS", value_parser = BoolishValueParser::new())]
    status: bool,
    /// Try bundles again that failed before
    #[arg(long, env = "EDGERAIL_RETRY_POISONED", value_parser = BoolishValueParser::new())]
    retry_poisoned: bool,
    /// The form of the report
    #[arg(long, env = "EDGERAIL_FORMAT", default_value = "text", value_enum)]
    format: SummaryFormat,
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let transport: Box<dyn Transport> = if args.status && !args.repository.is_given() {
        nowhere()
    } else {
        args.repository.open()?
    };
    let mut config = Config::new(
        args.pins.root()?,
        args.pins.pins(&args.state)?,
        &args.state,
        transport,
        EngineLoader::default(),
    );
    config.baseline = args
        .baseline
        .as_deref()
        .map(|path| read_file(path, BASELINE))
        .transpose()?;
    config.intervals.poll = std::time::Duration::from_secs(args.interval);
    config.retry_poisoned = args.retry_poisoned;
    if args.status {
        let sync = Sync::look(config).map_err(|error| of_sync(&error))?;
        return show(args, &sync.status(), true);
    }
    let mut sync = Sync::open(config).map_err(|error| of_sync(&error))?;
    let mut output = Output::of(args);
    output.write(&sync)?;
    let runtime = runtime()?;
    if args.daemon {
        return runtime.block_on(daemon(args, &mut sync, &mut output));
    }
    let checked = runtime.block_on(sync.once());
    output.write(&sync)?;
    if let Err(error) = &checked {
        of_sync(error).report();
    }
    show(args, &sync.status(), checked.is_ok())
}

/// A runtime for the asynchronous parts.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.map_err(|error| CliError::new("internal", "the runtime", error.to_string()))
}

/// An error of sync, with what to do about it.
pub(super) fn of_sync(error: &Error) -> CliError {
    let message = error.message();
    let message = match error.remedy() {
        "" => format!("{message} ({})", error.code()),
        remedy => format!("{message} ({}): {remedy}", error.code()),
    };
    CliError::new(error.code(), error.place(), message)
}

async fn daemon(
    args: &Args,
    sync: &mut Sync<EngineLoader>,
    output: &mut Output<'_>,
) -> Result<Outcome, CliError> {
    let handle = sync.handle();
    let mut failed = None;
    let report = |status: &Status| show(args, status, true).map(|_| ());
    report(&handle.status())?;
    let mut last = None;
    let wake = handle.clone();
    sync.run(stop(move || wake.now()), |checked| {
        let code = checked.as_ref().err().map(Error::code);
        let changed = checked.as_ref().is_ok_and(|outcome| outcome.changed);
        // A failure that goes on is one line, not one a check.
        if let (Err(error), true) = (checked, code != last) {
            of_sync(error).report();
        }
        if changed || code != last {
            let written = handle.active().map_or(Ok(()), |active| output.put(&active));
            let shown = written.and_then(|()| report(&handle.status()));
            if let Err(error) = shown {
                error.report();
                failed = Some(error);
            }
        }
        last = code;
    })
    .await;
    match failed {
        Some(error @ CliError::BrokenPipe) => Err(error),
        _ => Ok(outcome(&sync.status(), true)),
    }
}

/// Ready when the process is asked to end; calls `now` when it is asked to check.
#[cfg(unix)]
async fn stop(now: impl Fn()) {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = [SignalKind::terminate(), SignalKind::hangup()].map(signal);
    let [Ok(mut terminate), Ok(mut hangup)] = signals else {
        say("warning: signals cannot be watched; SIGINT ends the process");
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return,
            _ = terminate.recv() => return,
            _ = hangup.recv() => now(),
        }
    }
}

/// Ready when the process is asked to end.
#[cfg(not(unix))]
async fn stop(_now: impl Fn()) {
    let _ = tokio::signal::ctrl_c().await;
}

/// The file that holds the active bundle for programs that only read files.
struct Output<'a> {
    path: Option<&'a Path>,
    written: Option<String>,
}

impl<'a> Output<'a> {
    fn of(args: &'a Args) -> Output<'a> {
        Output {
            path: args.output.as_deref(),
            written: None,
        }
    }

    fn write(&mut self, sync: &Sync<EngineLoader>) -> Result<(), CliError> {
        sync.active().map_or(Ok(()), |active| self.put(&active))
    }

    fn put<E>(&mut self, active: &edgerail_sync::Active<E>) -> Result<(), CliError> {
        let Some(path) = self
            .path
            .filter(|_| self.written.as_ref() != Some(&active.sha256))
        else {
            return Ok(());
        };
        write_atomically(path, &active.bytes).map_err(|error| CliError::file(path, &error))?;
        self.written = Some(active.sha256.clone());
        Ok(())
    }
}

fn outcome(status: &Status, checked: bool) -> Outcome {
    if !checked || status.active.is_none() {
        Outcome::Failed
    } else if status.degraded.is_empty() {
        Outcome::Clean
    } else {
        Outcome::Intervened
    }
}

fn show(args: &Args, status: &Status, checked: bool) -> Result<Outcome, CliError> {
    let mut out = anstream::stdout().lock();
    match args.format {
        SummaryFormat::Json => {
            let json = serde_json::to_string(status)
                .map_err(|error| CliError::new("internal", "the status", error.to_string()))?;
            writeln!(out, "{json}")?;
        }
        SummaryFormat::Text => write!(out, "{}", text(status))?,
    }
    out.flush()?;
    Ok(outcome(status, checked))
}

fn text(status: &Status) -> String {
    use std::fmt::Write as _;
    let mut page = String::new();
    match &status.active {
        None => page.push_str("active     nothing\n"),
        Some(active) => {
            let kind = match (active.baseline, active.next) {
                (true, _) => ", the baseline",
                (_, true) => ", of a rollout",
                _ => "",
            };
            let since = active
                .since
                .as_ref()
                .map(|since| format!(", since {since}"));
            let _ = writeln!(
                page,
                "active     {} version {}{kind}, {} bytes{}",
                active.name,
                active.version,
                active.length,
                since.unwrap_or_default()
            );
            let _ = writeln!(page, "sha256     {}", active.sha256);
        }
    }
    let _ = writeln!(page, "floor      version {}", status.floor);
    for role in &status.metadata {
        let _ = writeln!(
            page,
            "{:<10} version {}, until {}",
            role.role, role.version, role.expires
        );
    }
    for poisoned in &status.poisoned {
        let _ = writeln!(page, "poisoned   {} ({})", poisoned.sha256, poisoned.code);
    }
    if let Some(checked) = &status.last_check {
        let change = status
            .last_change
            .as_deref()
            .unwrap_or("not since the start");
        let age = ago(status.last_check_age);
        let _ = writeln!(page, "checked    {checked}{age}, changed {change}");
    }
    if let Some(success) = &status.last_success {
        let _ = writeln!(page, "success    {success}{}", ago(status.last_success_age));
    }
    if let Some(error) = &status.last_error {
        let _ = writeln!(
            page,
            "error      {} {}: {}",
            error.code, error.place, error.message
        );
        if !error.remedy.is_empty() {
            let _ = writeln!(page, "remedy     {}", error.remedy);
        }
    }
    if let Some(noted) = &status.status_file {
        page.push_str(&noted_text(noted));
    }
    if status.degraded.is_empty() {
        page.push_str("degraded   no\n");
    }
    for code in &status.degraded {
        let why = codes::explain(code).map_or("", |known| known.sentence);
        let _ = writeln!(page, "degraded   {code}: {why}");
    }
    page
}

/// What the process that checks wrote down. Its texts are of a file that anybody may have written.
fn noted_text(noted: &NotedStatus) -> String {
    use std::fmt::Write as _;
    let mut page = String::new();
    let time = |time: &Option<String>, age| match time {
        Some(time) => format!("{time}{}", ago(age)),
        None => "not known".to_owned(),
    };
    let checked = time(&noted.last_check, noted.last_check_age);
    let _ = writeln!(page, "checked    {checked}, as status.json says");
    let success = time(&noted.last_success, noted.last_success_age);
    let _ = writeln!(page, "success    {success}, as status.json says");
    if let Some(error) = &noted.last_error {
        let [code, place, message] =
            [&error.code, &error.place, &error.message].map(|text| one_line(text));
        let _ = writeln!(
            page,
            "error      {code} {place}: {message}, as status.json says"
        );
        if !error.remedy.is_empty() {
            let _ = writeln!(page, "remedy     {}", one_line(&error.remedy));
        }
    }
    page
}

fn ago(seconds: Option<u64>) -> String {
    seconds.map_or_else(String::new, |seconds| format!(", {seconds} s ago"))
}

/// The bundle that a state folder holds, for commands that evaluate.
pub(super) struct Stored {
    pub(super) bundle: Vec<u8>,
    /// Every request is to be blocked.
    pub(super) deny: bool,
}

/// Verifies what is stored, from the pinned root. Another process may be syncing.
pub(super) fn stored(state: &Path, pins: &PinArgs) -> Result<Stored, CliError> {
    let place = state.display().to_string();
    if !state.is_dir() {
        return Err(CliError::new(
            "not_found",
            place,
            "there is no such folder; run `edgerail sync` first",
        ));
    }
    let config = Config::new(
        pins.root()?,
        pins.pins(state)?,
        state,
        nowhere(),
        EngineLoader::default(),
    );
    let sync = Sync::look(config).map_err(|error| of_sync(&error))?;
    let status = sync.status();
    for code in status.degraded.iter().filter(|code| **code != "no_policy") {
        let why = codes::explain(code).map_or("", |known| known.sentence);
        say(&format!("warning: {place}: {code}: {why}"));
    }
    let Some(active) = sync.active() else {
        let why = status.last_error.map_or_else(String::new, |error| {
            format!(": {} ({})", error.message, error.code)
        });
        return Err(CliError::new(
            "no_policy",
            place,
            format!("no bundle can be enforced{why}; run `edgerail sync`"),
        ));
    };
    Ok(Stored {
        bundle: active.bytes.to_vec(),
        deny: status.deny,
    })
}

/// Nothing is fetched.
fn nowhere() -> Box<dyn Transport> {
    Box::new(Packed::new(Archive::default(), "no repository"))
}

fn missing(option: &str, what: &str) -> CliError {
    CliError::new("usage", option, format!("is missing; give {what}"))
}
