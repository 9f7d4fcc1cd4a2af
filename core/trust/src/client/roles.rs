//! Delegated roles one by one, whatever they list: for tools that carry a whole repository. A client that looks for one
//! target needs none of this.

use super::search::Search;
use super::{Client, State};
use crate::error::{Code, Error};
use crate::schema::Targets;

/// A role that lists targets and was verified in this cycle: the top-level one, or a delegated one with the keys of
/// one of its delegators. It names nothing in another cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleId(Option<usize>);

impl RoleId {
    /// The top-level targets.
    pub const TOP: RoleId = RoleId(None);
}

impl Client {
    /// Begins to read a role that `delegator` delegates to, and to verify it by the snapshot and by the keys that this
    /// delegator gives it. As for [`Client::find`], the last [`Client::refresh`] or [`Client::restore`] must have ended
    /// well, and roles that are stored are not fetched again. The result is [`Client::role_read`].
    pub fn read_role(&mut self, delegator: RoleId, role: &str) {
        self.failed = None;
        self.found = None;
        if !self.ready() {
            self.fail(Error::new(Code::Absent, "").about("targets"));
            return;
        }
        self.search = Search::alone(role, delegator.0);
        self.go(match self.role_read() {
            Some(_) => State::Finished,
            None => State::LoadRole,
        });
    }

    /// What the last [`Client::read_role`] read; `None` if it did not end well.
    #[must_use]
    pub fn role_read(&self) -> Option<RoleId> {
        let search = &self.search;
        let at = self.visited.iter().position(|visited| {
            search.alone && visited.role == search.role && visited.delegator == search.delegator
        });
        at.map(|at| RoleId(Some(at)))
    }

    /// Whether a role delegates to the one of this name.
    #[must_use]
    pub fn delegates(&self, delegator: RoleId, role: &str) -> bool {
        self.targets_of(delegator)
            .is_some_and(|targets| targets.role(role).is_some())
    }

    /// The names of the targets that a role lists, in ascending order, whether it is in charge of them or not.
    pub fn listed(&self, role: RoleId) -> impl Iterator<Item = &str> {
        self.targets_of(role).into_iter().flat_map(Targets::names)
    }

    fn targets_of(&self, role: RoleId) -> Option<&Targets> {
        match role.0 {
            None => self.targets.as_ref(),
            Some(at) => self.visited.get(at).map(|visited| &visited.targets),
        }
    }
}
