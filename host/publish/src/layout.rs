//! Which role lists which targets.
//!
//! Few targets stand in the top-level metadata. Beyond that, scopes are delegated to roles of their own, by
//! patterns that hold for a scope whatever of its targets there are: a changed bundle then changes one small role,
//! and the top-level metadata changes only when a scope comes.

use std::collections::BTreeMap;

use tough::schema::{PathSet, Targets};

use crate::name::{Line, Scope};

/// How many targets one role lists at most.
pub(crate) const TARGETS: usize = 64;

/// A scope has four targets at most: two audiences, each with a next one.
const SCOPES: usize = TARGETS / 4;

/// The name of the role that lists everything in a small repository.
const TOP: &str = "targets";

/// The scopes of each delegated role; empty while the top-level metadata lists everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    roles: BTreeMap<String, Vec<Scope>>,
}

impl Layout {
    /// What the top-level metadata says.
    pub(crate) fn of(targets: &Targets) -> Layout {
        let roles = targets
            .delegations
            .iter()
            .flat_map(|delegations| &delegations.roles);
        let scopes = |paths: &PathSet| match paths {
            PathSet::Paths(paths) => {
                let scopes = paths
                    .iter()
                    .filter_map(|path| path.value().strip_suffix(".*")?.parse().ok());
                scopes.collect()
            }
            PathSet::PathHashPrefixes(_) => Vec::new(),
        };
        Layout {
            roles: roles
                .map(|role| (role.name.clone(), scopes(&role.paths)))
                .collect(),
        }
    }

    /// Makes room for these targets. Scopes stay where they are.
    pub(crate) fn place<'t>(&mut self, targets: impl Iterator<Item = &'t str> + Clone) {
        if self.roles.is_empty() && targets.clone().count() <= TARGETS {
            return;
        }
        for (line, _) in targets.filter_map(Line::of_target) {
            if self
                .roles
                .values()
                .any(|scopes| scopes.contains(&line.scope))
            {
                continue;
            }
            let room = self.roles.values_mut().find(|scopes| scopes.len() < SCOPES);
            match room {
                Some(scopes) => scopes.push(line.scope),
                None => {
                    let name = self.new_name();
                    self.roles.insert(name, vec![line.scope]);
                }
            }
        }
    }

    fn new_name(&self) -> String {
        let mut number = self.roles.len() + 1;
        while self.roles.contains_key(&role_name(number)) {
            number += 1;
        }
        role_name(number)
    }

    /// The role that lists a target.
    pub(crate) fn home(&self, target: &str) -> &str {
        let Some((line, _)) = Line::of_target(target) else {
            return TOP;
        };
        let mut roles = self.roles.iter();
        roles
            .find_map(|(role, scopes)| scopes.contains(&line.scope).then_some(role.as_str()))
            .unwrap_or(TOP)
    }

    /// The roles that list targets.
    pub(crate) fn homes(&self) -> impl Iterator<Item = &str> {
        self.roles.keys().map(String::as_str).chain([TOP])
    }

    /// The patterns of each delegated role.
    pub(crate) fn patterns(&self) -> BTreeMap<String, Vec<String>> {
        let roles = self.roles.iter();
        roles
            .map(|(role, scopes)| (role.clone(), scopes.iter().map(Scope::pattern).collect()))
            .collect()
    }
}

/// Padded, so that the roles' order by name is that by number.
fn role_name(number: usize) -> String {
    format!("targets-{number:04}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(scopes: usize) -> Vec<String> {
        (0..scopes)
            .flat_map(|n| [format!("s{n}.bundle"), format!("s{n}.browser.bundle")])
            .collect()
    }

    #[test]
    fn few_targets_stay_in_the_top_level_metadata() {
        let mut layout = Layout::default();
        layout.place(names(32).iter().map(String::as_str));
        assert_eq!(layout, Layout::default());
        assert_eq!(layout.home("s1.bundle"), "targets");
    }

    #[test]
    fn many_are_delegated_and_stay_where_they_are() {
        let mut layout = Layout::default();
        let many = names(500);
        layout.place(many.iter().map(String::as_str));
        assert_eq!(layout.roles.len(), 32);
        assert!(layout.roles.values().all(|scopes| scopes.len() <= 16));
        let before = layout.clone();
        layout.place(many.iter().rev().map(String::as_str).chain(["aaa.bundle"]));
        for name in &many {
            assert_eq!(before.home(name), layout.home(name));
        }
        assert_eq!(
            layout.home("s1.bundle"),
            layout.home("s1.browser.next.bundle")
        );
        assert_ne!(layout.home("aaa.bundle"), "targets");
    }
}
