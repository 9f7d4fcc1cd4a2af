//! Commands that change which bundles there are.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use edgerail_publish::Change;
use edgerail_publish::gate::Candidate;
use edgerail_publish::name::{Audience, Line, Ring, Scope};

use super::super::Outcome;
use super::super::error::CliError;
use super::super::policy::read_bundle;
use super::common::{EndArgs, PublicationArgs, RepositoryArgs};
use super::gate::{AllowArgs, GateArgs};

/// Options of `edgerail publish add`.
#[derive(Debug, clap::Args)]
pub(super) struct Add {
    /// The bundles; each says its scope and audience
    #[arg(value_name = "BUNDLE", required = true)]
    bundles: Vec<PathBuf>,
    /// The scope of bundles that do not say theirs
    #[arg(long, env = "EDGERAIL_SCOPE")]
    scope: Option<Scope>,
    /// What the bundles become; a rollout where there is a current one, current where there is none
    #[arg(long = "as", env = "EDGERAIL_AS", value_enum)]
    placement: Option<Placement>,
    /// The outermost ring of the rollout
    #[arg(long, env = "EDGERAIL_RING", default_value = "canary", value_enum)]
    ring: RingArg,
    /// How many of 1000 clients of these rings take it
    #[arg(
        long,
        value_name = "N",
        env = "EDGERAIL_PERMILLE",
        default_value_t = 1000
    )]
    permille: u16,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    gate: GateArgs,
}

/// What every command here needs.
#[derive(Debug, clap::Args)]
struct Common {
    #[command(flatten)]
    repository: RepositoryArgs,
    #[command(flatten)]
    publication: PublicationArgs,
    #[command(flatten)]
    end: EndArgs,
}

/// What a bundle becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Placement {
    /// For all clients, at once
    Current,
    /// For the clients of a rollout
    Next,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum RingArg {
    /// The first
    Canary,
    /// The second
    Early,
    /// All
    General,
}

impl From<RingArg> for Ring {
    fn from(ring: RingArg) -> Ring {
        match ring {
            RingArg::Canary => Ring::Canary,
            RingArg::Early => Ring::Early,
            RingArg::General => Ring::General,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum AudienceArg {
    /// Machines of the organization
    Server,
    /// Anybody who opens a page
    Browser,
}

/// Which bundles of a scope.
#[derive(Debug, clap::Args)]
struct LineArgs {
    /// The scope
    #[arg(value_name = "SCOPE")]
    scope: Scope,
    /// Only the bundle of this audience; all otherwise
    #[arg(long, env = "EDGERAIL_AUDIENCE", value_enum)]
    audience: Option<AudienceArg>,
}

impl LineArgs {
    /// The lines that have a current bundle, or one in a rollout.
    fn lines(&self, change: &Change<'_>, next: bool) -> Result<Vec<Line>, CliError> {
        let audiences: &[Audience] = match self.audience {
            None => &[Audience::Server, Audience::Browser],
            Some(AudienceArg::Server) => &[Audience::Server],
            Some(AudienceArg::Browser) => &[Audience::Browser],
        };
        let lines = audiences.iter().map(|audience| Line {
            scope: self.scope.clone(),
            audience: *audience,
        });
        let lines: Vec<Line> = lines.filter(|line| change.has(line, next)).collect();
        if lines.is_empty() {
            let message = if next {
                "has no rollout; `edgerail publish add` begins one"
            } else {
                "has no published bundle; `edgerail publish add` publishes one"
            };
            return Err(CliError::new("not_published", self.scope.as_str(), message));
        }
        Ok(lines)
    }
}

impl Common {
    fn change(
        &self,
        make: impl FnOnce(&mut Change<'_>) -> Result<(), CliError>,
    ) -> Result<Outcome, CliError> {
        let store = self.repository.store()?;
        let repository = self.repository.load(&store)?;
        let mut change = Change::new(&repository, &store, self.end.keys.now()?)?;
        make(&mut change)?;
        let stage = change.finish(&self.publication.publication()?)?;
        self.end.end(stage, &store, self.repository.place())
    }
}

pub(super) fn add(args: &Add) -> Result<Outcome, CliError> {
    args.common.change(|change| {
        for path in &args.bundles {
            let place = path.display().to_string();
            let candidate = Candidate::read(&place, read_bundle(path)?, args.scope.as_ref())?;
            let line = candidate.line().clone();
            let verdict = args.gate.check(change, &line, &candidate)?;
            let next = match args.placement {
                Some(placement) => placement == Placement::Next,
                None => change.has(&line, false),
            };
            if next {
                change.add_next(&line, &candidate, args.ring.into(), args.permille, verdict)?;
            } else {
                change.add_current(&line, &candidate, verdict)?;
            }
        }
        Ok(())
    })
}

/// Options of `edgerail publish remove`.
#[derive(Debug, clap::Args)]
pub(super) struct Remove {
    #[command(flatten)]
    line: LineArgs,
    /// Only the rollout: its clients go back to the current bundle
    #[arg(long, env = "EDGERAIL_NEXT", value_parser = BoolishValueParser::new())]
    next: bool,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    allow: AllowArgs,
}

pub(super) fn remove(args: &Remove) -> Result<Outcome, CliError> {
    args.common.change(|change| {
        change.allow(args.allow.into());
        for line in args.line.lines(change, args.next)? {
            change.remove(&line, args.next)?;
        }
        Ok(())
    })
}

/// Options of `edgerail publish promote`.
#[derive(Debug, clap::Args)]
pub(super) struct Promote {
    #[command(flatten)]
    line: LineArgs,
    /// End the rollout: make its bundle the current one, for all
    #[arg(long, env = "EDGERAIL_CURRENT", value_parser = BoolishValueParser::new(), conflicts_with_all = ["ring", "permille"])]
    current: bool,
    /// The outermost ring that takes it
    #[arg(
        long,
        env = "EDGERAIL_RING",
        value_enum,
        required_unless_present = "current"
    )]
    ring: Option<RingArg>,
    /// How many of 1000 clients of these rings take it; as many as before otherwise
    #[arg(long, value_name = "N", env = "EDGERAIL_PERMILLE")]
    permille: Option<u16>,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    gate: GateArgs,
}

pub(super) fn promote(args: &Promote) -> Result<Outcome, CliError> {
    args.common.change(|change| {
        for line in args.line.lines(change, true)? {
            let bytes = change.bundle(&line, true)?.unwrap_or_default();
            let candidate = Candidate::read(&line.target(true), bytes, Some(&line.scope))?;
            let verdict = args.gate.check(change, &line, &candidate)?;
            match args.ring.filter(|_| !args.current) {
                Some(ring) => {
                    let before = change.rollout(&line)?.map(|rollout| rollout.permille);
                    let permille = args.permille.or(before).unwrap_or(1000);
                    change.promote(&line, ring.into(), permille, verdict)?
                }
                None => change.promote_current(&line, verdict)?,
            };
        }
        Ok(())
    })
}

/// Options of `edgerail publish revert`.
#[derive(Debug, clap::Args)]
pub(super) struct Revert {
    #[command(flatten)]
    line: LineArgs,
    /// The version to go back to; the content before the current one otherwise
    #[arg(long, value_name = "VERSION", env = "EDGERAIL_TO")]
    to: Option<u64>,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    gate: GateArgs,
}

pub(super) fn revert(args: &Revert) -> Result<Outcome, CliError> {
    args.common.change(|change| {
        for line in args.line.lines(change, false)? {
            let old = change.old(&line, args.to)?;
            let place = format!("{} version {}", line.target(false), old.custom.version);
            let candidate = Candidate::read(&place, old.bytes, Some(&line.scope))?;
            let verdict = args.gate.check(change, &line, &candidate)?;
            change.revert(&line, &candidate, verdict)?;
        }
        Ok(())
    })
}
