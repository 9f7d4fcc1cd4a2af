//! What is different between two versions of a guardrail, and which way.

use std::collections::BTreeSet;

use super::snapshot::{Attr, Item, ItemKey, Kind, Nature, Part, Snapshot};

/// Which way a change goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// The new one lets pass more, or holds back less.
    Weakens,
    /// The new one holds back more.
    Strengthens,
    /// Neither can be told from the policy alone.
    Differs,
}

impl Way {
    /// All, what weakens first.
    pub const ALL: [Way; 3] = [Way::Weakens, Way::Strengthens, Way::Differs];

    /// The name in data and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Way::Weakens => "weakens",
            Way::Strengthens => "strengthens",
            Way::Differs => "differs",
        }
    }

    /// More is stronger.
    fn of_ranks(old: Option<i64>, new: Option<i64>) -> Way {
        match (old, new) {
            (Some(old), Some(new)) if new < old => Way::Weakens,
            (Some(old), Some(new)) if new > old => Way::Strengthens,
            _ => Way::Differs,
        }
    }
}

/// What happened to a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The new one has it, the old one has not.
    Added,
    /// The old one has it, the new one has not.
    Removed,
    /// Both have it.
    Changed,
}

impl What {
    /// The name in data and reports.
    pub const fn name(self) -> &'static str {
        match self {
            What::Added => "added",
            What::Removed => "removed",
            What::Changed => "changed",
        }
    }
}

/// A property that is different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttrChange {
    /// Its name.
    pub name: &'static str,
    /// Before; `None` of something added.
    pub old: Option<String>,
    /// After; `None` of something removed.
    pub new: Option<String>,
    /// Which way it goes.
    pub way: Way,
    /// Whether reports do not show the values.
    pub secret: bool,
}

/// A thing that is different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The guardrail; `None` for what holds for all of them.
    pub guardrail: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// Its name, which may be secret.
    pub name: String,
    /// Which way it goes.
    pub way: Way,
    /// What happened to it.
    pub what: What,
    /// The properties.
    pub attrs: Vec<AttrChange>,
    /// Only the cloud evaluates it, so that no corpus shows here what it does.
    pub cloud: bool,
}

/// All that is different.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// What weakens first, then by kind and name.
    pub list: Vec<Change>,
    /// What could not be compared, because only one of the two says it.
    pub not_compared: BTreeSet<String>,
    /// Both say all there is to say, so that what one does not say is not there.
    all_known: bool,
}

impl Changes {
    /// Compares two versions.
    pub fn between(old: &Snapshot, new: &Snapshot) -> Changes {
        let mut changes = Changes {
            all_known: old.is_definition && new.is_definition,
            ..Changes::default()
        };
        changes.part(None, &old.bundle, &new.bundle);
        let mut left: Vec<&Part> = new.guardrails.iter().collect();
        for part in &old.guardrails {
            match take(
                part,
                &mut left,
                old.guardrails.len() == 1 && new.guardrails.len() == 1,
            ) {
                Some(other) => changes.part(Some(&other.name), part, other),
                None => changes.guardrail(part, What::Removed),
            }
        }
        for part in left {
            changes.guardrail(part, What::Added);
        }
        if changes.list.is_empty() {
            changes.tables(old, new);
        }
        changes.list.sort_by(|a, b| {
            let key = |c: &Change| (c.way, c.guardrail.clone(), c.kind, c.name.clone());
            key(a).cmp(&key(b))
        });
        changes
    }

    /// How many go this way.
    pub fn count(&self, way: Way) -> usize {
        self.list.iter().filter(|change| change.way == way).count()
    }

    fn guardrail(&mut self, part: &Part, what: What) {
        let way = match what {
            _ if !part.enforces => Way::Differs,
            What::Added => Way::Strengthens,
            _ => Way::Weakens,
        };
        self.list.push(Change {
            guardrail: Some(part.name.clone()),
            kind: Kind::Guardrail,
            name: part.name.clone(),
            way,
            what,
            attrs: Vec::new(),
            cloud: false,
        });
    }

    fn part(&mut self, guardrail: Option<&str>, old: &Part, new: &Part) {
        let keys: BTreeSet<&ItemKey> = old.items.keys().chain(new.items.keys()).collect();
        for key in keys {
            let (kind, name) = (key.0, key.1.clone());
            let sides = [old.items.get(key), new.items.get(key)];
            let cloud = sides.into_iter().flatten().all(Item::is_cloud);
            let mut push = |what, way, attrs| {
                self.list.push(Change {
                    cloud,
                    guardrail: guardrail.map(str::to_owned),
                    kind,
                    name: name.clone(),
                    way,
                    what,
                    attrs,
                });
            };
            match (old.items.get(key), new.items.get(key)) {
                (Some(a), Some(b)) => {
                    let (mut attrs, missing) = compare(a, b);
                    if self.all_known {
                        attrs.extend(one_sided(a, b));
                    }
                    if !attrs.is_empty() {
                        let ways = attrs.iter().map(|attr| attr.way);
                        push(What::Changed, ways.min().unwrap_or(Way::Differs), attrs);
                    }
                    if !self.all_known {
                        let missing = missing.into_iter();
                        let missing =
                            missing.map(|attr| format!("the {attr} of a {}", kind.words()));
                        self.not_compared.extend(missing);
                    }
                }
                (None, Some(item)) => {
                    let way = match kind.nature() {
                        Nature::Protects if item.acts() => Way::Strengthens,
                        Nature::Permits => Way::Weakens,
                        _ => Way::Differs,
                    };
                    push(What::Added, way, listed(item, false));
                }
                (Some(item), None) => {
                    let way = match kind.nature() {
                        Nature::Protects if item.acts() => Way::Weakens,
                        Nature::Permits => Way::Strengthens,
                        _ => Way::Differs,
                    };
                    push(What::Removed, way, listed(item, true));
                }
                (None, None) => {}
            }
        }
    }

    /// Bundles that are not the same bytes are never said to be the same.
    fn tables(&mut self, old: &Snapshot, new: &Snapshot) {
        for (name, bytes) in &old.sections {
            let other = new.sections.iter().find(|(other, _)| other == name);
            if other.is_some_and(|(_, other)| other == bytes) {
                continue;
            }
            self.list.push(Change {
                guardrail: None,
                kind: Kind::Tables,
                name: (*name).to_owned(),
                way: Way::Differs,
                what: What::Changed,
                attrs: Vec::new(),
                cloud: false,
            });
        }
    }
}

/// The guardrail that goes with `part`: by name, else by id, else because there is but one on either side.
fn take<'p>(part: &Part, left: &mut Vec<&'p Part>, single: bool) -> Option<&'p Part> {
    let by_name = left.iter().position(|other| other.name == part.name);
    let by_id = || {
        left.iter()
            .position(|other| part.id.is_some() && other.id == part.id)
    };
    let alone = || (single && !left.is_empty()).then_some(0);
    let place = by_name.or_else(by_id).or_else(alone)?;
    Some(left.remove(place))
}

/// The properties that differ, and the names of those that only one side has.
fn compare(old: &Item, new: &Item) -> (Vec<AttrChange>, Vec<&'static str>) {
    let find = |item: &Item, name: &str| item.attrs.iter().find(|attr| attr.name == name).cloned();
    let (mut changes, mut missing) = (Vec::new(), Vec::new());
    for attr in &old.attrs {
        match find(new, attr.name) {
            Some(other) if other.value != attr.value => changes.push(AttrChange {
                name: attr.name,
                old: Some(attr.value.clone()),
                new: Some(other.value),
                way: Way::of_ranks(attr.rank, other.rank),
                secret: attr.secret,
            }),
            Some(_) => {}
            None => missing.push(attr.name),
        }
    }
    let only_new = new
        .attrs
        .iter()
        .filter(|attr| find(old, attr.name).is_none());
    missing.extend(only_new.map(|attr| attr.name));
    (changes, missing)
}

/// The properties that one of two has and the other has not.
fn one_sided(old: &Item, new: &Item) -> Vec<AttrChange> {
    let only = |item: &Item, other: &Item| {
        let mut item = item.clone();
        item.attrs
            .retain(|attr| other.attrs.iter().all(|known| known.name != attr.name));
        item
    };
    let mut changes = listed(&only(old, new), true);
    changes.extend(listed(&only(new, old), false));
    changes
}

/// The properties of something added or removed.
fn listed(item: &Item, removed: bool) -> Vec<AttrChange> {
    let one = |attr: &Attr| {
        let value = Some(attr.value.clone());
        let (old, new) = if removed {
            (value, None)
        } else {
            (None, value)
        };
        AttrChange {
            name: attr.name,
            old,
            new,
            way: Way::Differs,
            secret: attr.secret,
        }
    };
    item.attrs.iter().map(one).collect()
}
