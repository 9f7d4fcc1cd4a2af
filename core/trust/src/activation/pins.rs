use alloc::string::String;

/// Who a bundle is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Audience {
    /// Hosts that may see all of the definition.
    Server,
    /// Browsers: sources and confidential rules are left out.
    Browser,
}

impl Audience {
    /// `server` or `browser`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Audience::Server => "server",
            Audience::Browser => "browser",
        }
    }

    /// The audience with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Audience> {
        [Audience::Server, Audience::Browser]
            .into_iter()
            .find(|audience| audience.name() == name)
    }
}

/// How early a client takes part in rollouts. The order is that of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ring {
    /// First.
    Canary,
    /// Second.
    Early,
    /// Everybody else.
    General,
}

impl Ring {
    /// `canary`, `early` or `general`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Ring::Canary => "canary",
            Ring::Early => "early",
            Ring::General => "general",
        }
    }

    /// The ring with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Ring> {
        [Ring::Canary, Ring::Early, Ring::General]
            .into_iter()
            .find(|ring| ring.name() == name)
    }
}

/// What holds once the metadata expired and nothing newer can be had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnExpired {
    /// The active bundle is enforced on, and the client reports that it is degraded.
    #[default]
    Keep,
    /// After a grace every request is blocked with the reason `policy_stale`.
    Deny {
        /// Seconds from the first expiry on.
        grace_seconds: u64,
    },
}

/// What the application lays down about its bundle. It comes with the application, never from the network:
/// otherwise whoever answers for the network could choose whose policy is enforced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pins {
    /// The target's name, `SCOPE.bundle` or `SCOPE.browser.bundle`.
    pub target: String,
    /// Who the bundle must be for.
    pub audience: Audience,
    /// When this client takes part in rollouts.
    pub ring: Ring,
    /// What tells this client from others, for the share of a rollout; any text that stays the same.
    pub instance: String,
    /// The ABI of the engine that will load the bundle.
    pub engine_abi: u64,
    /// What tells releases of the engine apart; any text. What failed with one may load with another, so that a release
    /// with a fault does not outlive itself in the bundles that it refused.
    pub engine_build: String,
    /// What holds once the metadata expired.
    pub on_expired: OnExpired,
}

/// What every target name of a bundle ends with.
const ENDING: &str = ".bundle";
/// What stands before the ending for browsers.
const BROWSER: &str = ".browser";

impl Pins {
    /// The scope that the target's name stands for; `None` if it is no name of a current bundle for the pinned
    /// audience.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        let stem = self.target.strip_suffix(ENDING)?;
        let scope = match self.audience {
            Audience::Server => stem,
            Audience::Browser => stem.strip_suffix(BROWSER)?,
        };
        let other = scope.ends_with(BROWSER) || scope.ends_with(".next");
        (!scope.is_empty() && !other).then_some(scope)
    }

    /// The name of the target that a rollout is offered under; `None` as for [`Pins::scope`].
    #[must_use]
    pub fn next_target(&self) -> Option<String> {
        self.scope()?;
        let stem = self.target.strip_suffix(ENDING)?;
        let mut name = String::from(stem);
        name.push_str(".next");
        name.push_str(ENDING);
        Some(name)
    }
}
