//! The effective policy of an account: the table of `docs/organization.md`, "The effective policy".

use std::collections::{BTreeMap, BTreeSet};

use edgerail_compile::org::Datum;

/// The names of the sections down to a setting.
pub type Path = Vec<String>;

/// The operators that set values, as they are applied.
pub const OPERATORS: [&str; 3] = ["@@assign", "@@append", "@@remove"];

/// A policy flat: operators and controls by their paths.
#[derive(Clone, Debug, Default)]
pub struct OrganizationPolicy {
    /// The policy's id.
    pub id: String,
    /// Operands by setting and operator.
    pub settings: BTreeMap<(Path, &'static str), Datum>,
    /// By setting or section, the operators that policies below may use.
    pub controls: BTreeMap<Path, BTreeSet<&'static str>>,
}

/// An organization: by node its parent, `None` for the root, and its policies in the order of attachment.
#[derive(Clone, Debug, Default)]
pub struct Organization {
    /// Parents by node.
    pub parents: BTreeMap<String, Option<String>>,
    /// Policies by node; every node has its entry.
    pub policies: BTreeMap<String, Vec<OrganizationPolicy>>,
}

/// What has been merged: values by path, and what is denied from here on by path.
#[derive(Clone, Default)]
struct State {
    values: BTreeMap<Path, Datum>,
    denied: BTreeMap<Path, BTreeSet<&'static str>>,
}

impl State {
    fn has(&self, place: &[String]) -> bool {
        // A section is there if anything in it is, be it a control.
        let mut all = self.values.keys().chain(self.denied.keys());
        all.any(|own| own.starts_with(place))
    }

    /// What is denied for a place: by its own control or, if there is nothing yet, by that of the nearest
    /// section that there is.
    fn denied_for(&self, place: &[String]) -> BTreeSet<&'static str> {
        let nearest = (0..=place.len())
            .rev()
            .find(|&length| self.has(&place[..length]));
        let nearest = nearest.unwrap_or(0);
        self.denied
            .get(&place[..nearest])
            .cloned()
            .unwrap_or_default()
    }
}

/// The settings that are in force for an account, by the rules as they are written down, setting by setting.
///
/// # Panics
/// If a list operator of the organization has no list.
#[must_use]
pub fn effective(org: &Organization, account: &str) -> BTreeMap<Path, Datum> {
    let mut line = vec![account.to_owned()];
    while let Some(Some(parent)) = org.parents.get(&line[line.len() - 1]) {
        line.push(parent.clone());
    }
    line.reverse();
    let mut state = State::default();
    for node in line {
        let before = state.clone();
        let own = &org.policies[&node];
        let settings: BTreeSet<&Path> = own
            .iter()
            .flat_map(|p| p.settings.keys().map(|(place, _)| place))
            .collect();
        for place in settings {
            let denied = before.denied_for(place);
            let operands = |operator: &'static str| {
                let all = own
                    .iter()
                    .filter_map(move |p| p.settings.get(&(place.clone(), operator)));
                all.filter(|_| !denied.contains(operator))
                    .cloned()
                    .collect::<Vec<_>>()
            };
            let (assigned, appended, removed) = (
                operands("@@assign"),
                operands("@@append"),
                operands("@@remove"),
            );
            let mut value = assigned
                .first()
                .cloned()
                .or(before.values.get(place).cloned());
            for list in &appended {
                let mut items = value
                    .as_ref()
                    .and_then(Datum::items)
                    .unwrap_or_default()
                    .to_vec();
                for item in items_of(list) {
                    if !items.contains(item) {
                        items.push(item.clone());
                    }
                }
                value = Some(Datum::List(items));
            }
            if let Some(Datum::List(items)) = &mut value {
                items.retain(|item| !removed.iter().any(|list| items_of(list).contains(item)));
            }
            if let Some(value) = value {
                state.values.insert(place.clone(), value);
            }
        }
        // What every place is denied below: what it was, and what the controls of this node add.
        let mut places: BTreeSet<Path> = BTreeSet::new();
        for one in own {
            let all = one
                .settings
                .keys()
                .map(|(place, _)| place)
                .chain(one.controls.keys());
            places.extend(all.flat_map(|place| (0..=place.len()).map(|n| place[..n].to_vec())));
        }
        for place in places {
            let mut denied = before.denied_for(&place);
            for allowed in own.iter().filter_map(|one| one.controls.get(&place)) {
                denied.extend(
                    OPERATORS
                        .into_iter()
                        .filter(|operator| !allowed.contains(operator)),
                );
            }
            if !denied.is_empty() {
                state.denied.insert(place, denied);
            }
        }
    }
    state.values
}

fn items_of(list: &Datum) -> &[Datum] {
    list.items().expect("list operators have lists")
}
