//! Random organizations against a slow, obvious reading of the inheritance rules.

mod orgs;

use std::collections::{BTreeMap, BTreeSet};

use edgerail_compile::definition::Guardrail;
use edgerail_compile::org::{BindOptions, Datum, Documents, Input, Scope, bind, effective};
use edgerail_compile::overlay::Overlay;
use edgerail_compile::{CompileOptions, compile};
use edgerail_core::{Engine, LoadOptions};
use orgs::{arn, get_guardrail, input, policy};

const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];
const KEYS: [&str; 2] = ["c", "d"];
const OPERATORS: [&str; 3] = ["@@assign", "@@append", "@@remove"];
const CONTROL: &str = "@@operators_allowed_for_child_policies";

/// A small generator: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % limit as u64).unwrap()
    }

    fn one_in(&mut self, limit: usize) -> bool {
        self.below(limit) == 0
    }
}

type Path = Vec<String>;

/// A policy flat: operators and controls by their paths.
#[derive(Clone, Default)]
struct Policy {
    id: String,
    settings: BTreeMap<(Path, &'static str), Datum>,
    controls: BTreeMap<Path, BTreeSet<&'static str>>,
}

/// An organization: by node its parent and its policies.
struct Org {
    parents: BTreeMap<String, Option<String>>,
    policies: BTreeMap<String, Vec<Policy>>,
}

fn path(parts: &[&str]) -> Path {
    parts.iter().map(|&part| part.to_owned()).collect()
}

fn text(text: &str) -> Datum {
    Datum::String(text.to_owned())
}

fn random_policy(random: &mut Random, id: &str, guardrail: &str) -> Policy {
    let mut own = Policy {
        id: id.to_owned(),
        ..Policy::default()
    };
    for region in REGIONS {
        for key in KEYS {
            if random.one_in(2) {
                continue;
            }
            let at = |rest: &[&str]| {
                let top = ["bedrock", "guardrail_inference", region, key];
                path(&[&top[..], rest].concat())
            };
            if !random.one_in(4) {
                let arn = arn(guardrail).replace("us-east-1", region);
                own.settings
                    .insert((at(&["identifier"]), "@@assign"), text(&format!("{arn}:1")));
            }
            if random.one_in(2) {
                let value = ["selective", "comprehensive"][random.below(2)];
                let area = ["system", "messages"][random.below(2)];
                let place = at(&["selective_content_guarding", area]);
                own.settings.insert((place, "@@assign"), text(value));
            }
            if random.one_in(2) {
                for list in ["included_models", "excluded_models"] {
                    let operator = OPERATORS[random.below(3)];
                    let models: BTreeSet<usize> =
                        (0..1 + random.below(2)).map(|_| random.below(4)).collect();
                    let models = models
                        .into_iter()
                        .map(|n| text(["a.b", "c.d", "e.f", "g.h"][n]));
                    let place = at(&["model_enforcement", list]);
                    own.settings
                        .insert((place, operator), Datum::List(models.collect()));
                }
            }
        }
    }
    // Controls at settings and at the sections above them.
    let places: Vec<Path> = own
        .settings
        .keys()
        .map(|(place, _)| place.clone())
        .collect();
    for place in places {
        if random.one_in(4) {
            let length = 1 + random.below(place.len());
            let allowed = OPERATORS.into_iter().filter(|_| random.one_in(2)).collect();
            own.controls.insert(place[..length].to_vec(), allowed);
        }
    }
    own
}

/// The policy as a document.
fn document(own: &Policy) -> String {
    let mut top = Datum::Object(BTreeMap::new());
    let mut insert = |place: &Path, name: &str, value: Datum| {
        let mut at = &mut top;
        for part in place {
            let Datum::Object(members) = at else {
                unreachable!()
            };
            at = members
                .entry(part.clone())
                .or_insert_with(|| Datum::Object(BTreeMap::new()));
        }
        let Datum::Object(members) = at else {
            unreachable!()
        };
        members.insert(name.to_owned(), value);
    };
    for ((place, operator), value) in &own.settings {
        insert(place, operator, value.clone());
    }
    for (place, allowed) in &own.controls {
        let names: Vec<Datum> = match allowed.len() {
            0 => vec![text("@@none")],
            3 => vec![text("@@all")],
            _ => allowed.iter().map(|name| text(name)).collect(),
        };
        insert(place, CONTROL, Datum::List(names));
    }
    top.to_json()
}

fn random_org(random: &mut Random) -> Org {
    let mut org = Org {
        parents: BTreeMap::from([("r-ab12".to_owned(), None)]),
        policies: BTreeMap::new(),
    };
    let mut units = vec!["r-ab12".to_owned()];
    for number in 0..random.below(5) {
        let id = format!("ou-ab12-unit000{number}");
        let parent = units[random.below(units.len())].clone();
        org.parents.insert(id.clone(), Some(parent));
        units.push(id);
    }
    for number in 0..2 + random.below(4) {
        let parent = units[random.below(units.len())].clone();
        org.parents
            .insert(format!("11112222333{number}"), Some(parent));
    }
    let nodes: Vec<String> = org.parents.keys().cloned().collect();
    let mut number = 0;
    for node in nodes {
        let count = [0, 1, 1, 2][random.below(4)];
        let own = (0..count).map(|_| {
            number += 1;
            random_policy(
                random,
                &format!("p-policy{number:03}"),
                &format!("guardrail{number:03}"),
            )
        });
        let own: Vec<Policy> = own.collect();
        org.policies.insert(node, own);
    }
    org
}

fn answers(org: &Org) -> Vec<Input> {
    let mut inputs = Vec::new();
    let mut listed = BTreeSet::new();
    for (node, parent) in &org.parents {
        if let Some(parent) = parent {
            let kind = if parent.starts_with('r') {
                "ROOT"
            } else {
                "ORGANIZATIONAL_UNIT"
            };
            let answer = format!(r#"{{"Parents": [{{"Id": "{parent}", "Type": "{kind}"}}]}}"#);
            inputs.push(input(&format!("list-parents-{node}.json"), &answer));
        }
        let own = &org.policies[node];
        let names: Vec<String> = own
            .iter()
            .map(|p| format!(r#"{{"Id": "{}"}}"#, p.id))
            .collect();
        let answer = format!(r#"{{"Policies": [{}]}}"#, names.join(","));
        inputs.push(input(
            &format!("list-policies-for-target-{node}.json"),
            &answer,
        ));
        for one in own {
            inputs.push(input(
                &format!("describe-policy-{}.json", one.id),
                &policy(&one.id, &document(one)),
            ));
            let id = one.id.replace("p-policy", "guardrail");
            if listed.insert(id.clone()) {
                for region in REGIONS {
                    let mut answer = get_guardrail(&id, "1", &format!("{id}-{region}"));
                    let text = String::from_utf8(answer.bytes).unwrap();
                    answer.bytes = text
                        .replace("us-east-1:9", &format!("{region}:9"))
                        .into_bytes();
                    answer.name = format!("{region}-{}", answer.name);
                    inputs.push(answer);
                }
            }
        }
    }
    inputs
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

/// The rules as they are written down, setting by setting.
fn expected(org: &Org, account: &str) -> BTreeMap<Path, Datum> {
    let mut line = vec![account.to_owned()];
    while let Some(Some(parent)) = org.parents.get(line.last().unwrap()) {
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
                for item in list.items().unwrap() {
                    if !items.contains(item) {
                        items.push(item.clone());
                    }
                }
                value = Some(Datum::List(items));
            }
            if let Some(Datum::List(items)) = &mut value {
                items.retain(|item| {
                    !removed
                        .iter()
                        .any(|list| list.items().unwrap().contains(item))
                });
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

fn flat(value: &Datum, place: &mut Path, out: &mut BTreeMap<Path, Datum>) {
    match value {
        Datum::Object(members) => {
            for (name, value) in members {
                place.push(name.clone());
                flat(value, place, out);
                place.pop();
            }
        }
        leaf => {
            out.insert(place.clone(), leaf.clone());
        }
    }
}

fn rounds() -> u64 {
    std::env::var("EDGERAIL_ROUNDS").map_or(1, |rounds| rounds.parse().unwrap())
}

#[test]
fn random_organizations_merge_as_the_rules_are_written() {
    let mut settings = 0;
    for seed in 0..300 * rounds() {
        let mut random = Random(seed);
        let org = random_org(&mut random);
        let documents = Documents::read(&answers(&org)).unwrap();
        for account in org.parents.keys().filter(|node| node.starts_with('1')) {
            let found = effective(&documents, account, None).unwrap();
            let mut have = BTreeMap::new();
            flat(&found.content, &mut Path::new(), &mut have);
            let want = expected(&org, account);
            assert_eq!(have, want, "seed {seed}, account {account}");
            settings += want.len();
        }
    }
    assert!(settings > 5_000, "{settings}");
}

/// The guardrails that the rules give an account in a region, if its policy is complete.
fn guardrails(values: &BTreeMap<Path, Datum>, region: &str) -> Option<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    let configs: BTreeSet<&[String]> = values.keys().map(|place| &place[..4]).collect();
    for config in configs {
        let get = |rest: &[&str]| values.get(&[config, &path(rest)[..]].concat());
        let identifier = get(&["identifier"])?.text()?.to_owned();
        let lists =
            ["included_models", "excluded_models"].map(|list| get(&["model_enforcement", list]));
        if lists[0].is_some() != lists[1].is_some() {
            return None;
        }
        if config[2] == region {
            found.insert(identifier);
        }
    }
    Some(found)
}

/// The guardrails of a bundle by ARN and version.
fn of_bundle(guardrails: &[Guardrail], bound: CompileOptions) -> BTreeSet<String> {
    let bundle = compile(guardrails, &Overlay::default(), &bound)
        .unwrap()
        .bundle;
    let engine = Engine::load(bundle, LoadOptions::default()).unwrap();
    let all = engine.policy().guardrails.iter();
    all.map(|g| {
        format!(
            "{}:{}",
            g.arn.as_deref().unwrap_or(""),
            g.version.as_deref().unwrap_or("")
        )
    })
    .collect()
}

#[test]
fn t_scope_9_a_bundle_for_one_account_never_has_what_another_is_given() {
    let (mut bundles, mut foreign) = (0, 0);
    for seed in 0..60 * rounds() {
        let mut random = Random(seed ^ 0x5_c09e);
        let org = random_org(&mut random);
        let documents = Documents::read(&answers(&org)).unwrap();
        let accounts: Vec<&String> = org
            .parents
            .keys()
            .filter(|node| node.starts_with('1'))
            .collect();
        let region = REGIONS[random.below(2)];
        for &account in &accounts {
            let scope = Scope::parse(&format!("aws~o-exampleorgid~{account}~{region}")).unwrap();
            let options = BindOptions {
                scope: &scope,
                last_valid: None,
            };
            let bound = bind(&documents, &[], options);
            let want = guardrails(&expected(&org, account), region);
            let Some(want) = want.filter(|want| !want.is_empty()) else {
                assert!(
                    bound.is_err(),
                    "seed {seed}, account {account}: a bundle of an incomplete policy"
                );
                continue;
            };
            let bound =
                bound.unwrap_or_else(|problems| panic!("seed {seed}, {account}: {problems}"));
            let compiled = CompileOptions {
                scope: Some(scope.to_string()),
                enforcement: bound.bindings,
                ..CompileOptions::default()
            };
            let have = of_bundle(&bound.guardrails, compiled);
            assert_eq!(have, want, "seed {seed}, account {account}");
            // What only another account is given directly.
            for &other in accounts.iter().filter(|&&other| other != account) {
                for policy in &org.policies[other] {
                    let id = policy.id.replace("p-policy", "guardrail");
                    foreign += 1;
                    assert!(
                        !have.iter().any(|arn| arn.contains(&id)),
                        "seed {seed}: {account} has {id} of {other}"
                    );
                }
            }
            bundles += 1;
        }
    }
    assert!(
        bundles > 30 && foreign > 30,
        "{bundles} bundles, {foreign} foreign policies"
    );
}
