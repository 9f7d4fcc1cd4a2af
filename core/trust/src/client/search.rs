//! Section 5.6.7: the pre-order depth-first search for a target in the delegations.

use super::{Client, State, required};
use crate::error::{Code, Error, Result};
use crate::schema::Targets;
use crate::target::Target;
use alloc::{borrow::ToOwned, boxed::Box, string::String, vec::Vec};

/// A delegated role that was verified against the keys its delegator gives it, and against no other's.
#[derive(Clone, Debug)]
pub(super) struct Visited {
    pub(super) role: String,
    pub(super) delegator: Delegator,
    pub(super) targets: Targets,
}

/// Who delegates: the top-level targets, or a place in the list of roles visited.
type Delegator = Option<usize>;

/// Where the search stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Search {
    target: String,
    /// The role asked for, and who delegates to it.
    pub(super) role: String,
    pub(super) delegator: Delegator,
    /// Only this role is asked for, and no target.
    pub(super) alone: bool,
    /// Roles yet to visit with their delegators, the next one last.
    stack: Vec<(String, Delegator)>,
    names: Vec<String>,
}

impl Search {
    pub(super) fn new(target: &str) -> Search {
        Search {
            target: target.to_owned(),
            stack: Vec::from([(TARGETS.to_owned(), None)]),
            ..Search::default()
        }
    }

    /// For one role, whatever it lists.
    pub(super) fn alone(role: &str, delegator: Option<usize>) -> Search {
        Search {
            role: role.to_owned(),
            delegator,
            alone: true,
            ..Search::default()
        }
    }
}

/// The role that the search begins with. No delegated role has its name.
const TARGETS: &str = "targets";

impl Client {
    /// Visits roles until one has to be read, one lists the target, or none is left.
    pub(super) fn continue_search(&mut self) {
        // The top-level role does not count among the delegated ones.
        let most = usize::try_from(self.limits.delegations).unwrap_or(usize::MAX);
        while let Some((role, delegator)) = self.search.stack.pop() {
            // 5.6.7.1: no role twice, and not too many.
            if self.search.names.contains(&role) {
                continue;
            }
            if self.search.names.len() > most {
                let error = Error::new(Code::Delegations, "");
                self.fail(error.about(&self.search.target));
                return;
            }
            self.search.role = role;
            self.search.delegator = delegator;
            let search = &mut self.search;
            let result = if search.role == TARGETS {
                match &self.targets {
                    Some(targets) => visit(targets, None, search),
                    None => Ok(None),
                }
            } else {
                let known = self.visited.iter().position(|visited| {
                    visited.role == search.role && visited.delegator == delegator
                });
                match known.and_then(|at| Some((at, self.visited.get(at)?))) {
                    Some((at, visited)) => visit(&visited.targets, Some(at), search),
                    None => {
                        self.go(State::LoadRole);
                        return;
                    }
                }
            };
            match result {
                Ok(None) => {}
                Ok(found) => {
                    self.found = found;
                    break;
                }
                Err(error) => {
                    self.fail(error);
                    return;
                }
            }
        }
        self.go(State::Finished);
    }

    /// Verifies a delegated role against the delegator that the search came from. A file accepted for
    /// another delegator proves nothing here.
    fn check_delegated(&self, bytes: &[u8]) -> Result<Targets> {
        let role = &self.search.role;
        let parent = match self.search.delegator {
            None => self.targets.as_ref(),
            Some(at) => self.visited.get(at).map(|visited| &visited.targets),
        };
        let parent = parent.and_then(|parent| Some((parent, parent.role(role)?)));
        let (parent, keys) = parent.ok_or_else(|| Error::new(Code::Unlisted, "delegations"))?;
        self.check_role(role, bytes, &|envelope| envelope.verify(&parent.keys, keys))
    }

    /// The role as it is stored: used if it is what snapshot and delegator ask for, else fetched.
    pub(super) fn loaded_role(&mut self, bytes: Option<&[u8]>) -> Result<()> {
        let checked = match bytes {
            Some(bytes) => self.check_delegated(bytes),
            None => Err(Error::new(Code::Absent, "")),
        };
        match checked {
            Ok(targets) => self.trust_role(targets),
            Err(error) if self.offline => return Err(error.about(&self.search.role)),
            Err(_) => self.go(State::FetchRole),
        }
        Ok(())
    }

    /// The role from the repository. One that cannot be had or verified ends the search.
    pub(super) fn fetched_role(&mut self, bytes: Option<&[u8]>) -> Result<()> {
        let about = |error: Error| error.about(&self.search.role);
        let bytes = required(bytes, self.limits.targets).map_err(about)?;
        let targets = self.check_delegated(bytes).map_err(about)?;
        self.go(State::StoreRole(Box::new(targets), Vec::from(bytes)));
        Ok(())
    }

    pub(super) fn trust_role(&mut self, targets: Targets) {
        let (role, delegator) = (self.search.role.clone(), self.search.delegator);
        self.search.stack.push((role.clone(), delegator));
        self.visited.push(Visited {
            role,
            delegator,
            targets,
        });
        if self.search.alone {
            self.go(State::Finished);
        } else {
            self.continue_search();
        }
    }
}

/// 5.6.7: looks for the target in a role and puts those on the list that it delegates to. `place` is where
/// the role stands in the list of those visited.
fn visit(targets: &Targets, place: Delegator, search: &mut Search) -> Result<Option<Target>> {
    search.names.push(search.role.clone());
    if let Some(target) = targets.target(&search.target) {
        target
            .hashes
            .check_known()
            .map_err(|error| error.about(&target.name))?;
        return Ok(Some(target.clone()));
    }
    // 5.6.7.2: in order of appearance, so the first is put on top.
    let mut children = Vec::new();
    for delegation in &targets.delegations {
        let Some(role) = delegation.role_for(&search.target) else {
            continue;
        };
        children.push((role, place));
        if delegation.terminating {
            // Nothing but this role and what it delegates to is asked any more.
            search.stack.clear();
            break;
        }
    }
    children.reverse();
    search.stack.append(&mut children);
    Ok(None)
}
