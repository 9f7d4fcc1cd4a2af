//! Random organizations against a slow, obvious reading of the inheritance rules.

use std::collections::{BTreeMap, BTreeSet};

use edgerail_compile::definition::Guardrail;
use edgerail_compile::org::{
    AssumeNone, BindOptions, Datum, Documents, Input, Scope, bind, effective,
};
use edgerail_compile::overlay::Overlay;
use edgerail_compile::{CompileOptions, compile};
use edgerail_core::{Engine, LoadOptions};
use edgerail_tests::reference::organization::{
    OPERATORS, Organization, OrganizationPolicy, Path, effective as expected,
};
use edgerail_tests::{Random, rounds};

const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];
const KEYS: [&str; 2] = ["c", "d"];
const CONTROL: &str = "@@operators_allowed_for_child_policies";

fn input(name: &str, content: &str) -> Input {
    Input {
        name: name.to_owned(),
        bytes: content.as_bytes().to_vec(),
    }
}

fn arn(id: &str) -> String {
    format!("arn:aws:bedrock:us-east-1:999988887777:guardrail/{id}")
}

/// The answer of DescribePolicy.
fn policy(id: &str, content: &str) -> String {
    let content = text(content).to_json();
    format!(
        r#"{{"Policy": {{"PolicySummary": {{"Id": "{id}", "Type": "BEDROCK_POLICY"}}, "Content": {content}}}}}"#
    )
}

/// The answer of GetGuardrail in a region.
fn get_guardrail(id: &str, region: &str) -> Input {
    let arn = arn(id).replace("us-east-1", region);
    input(
        &format!("get-guardrail-{id}-{region}.json"),
        &format!(
            r#"{{"name": "{id}-{region}", "guardrailId": "{id}", "guardrailArn": "{arn}", "version": "1", "status": "READY",
            "createdAt": "2026-05-04T09:12:44Z", "updatedAt": "2026-05-06T15:30:02Z",
            "blockedInputMessaging": "No.", "blockedOutputsMessaging": "No.",
            "wordPolicy": {{"words": [{{"text": "word-{id}"}}], "managedWordLists": []}}}}"#
        ),
    )
}

/// The answer that an account enforces nothing itself.
fn enforces_nothing(account: &str, region: &str) -> Input {
    input(
        &format!("list-enforced-guardrails-configuration-{account}-{region}.json"),
        r#"{"guardrailsConfig": []}"#,
    )
}

fn path(parts: &[&str]) -> Path {
    parts.iter().map(|&part| part.to_owned()).collect()
}

fn text(text: &str) -> Datum {
    Datum::String(text.to_owned())
}

fn random_policy(random: &mut Random, id: &str, guardrail: &str) -> OrganizationPolicy {
    let mut own = OrganizationPolicy {
        id: id.to_owned(),
        ..OrganizationPolicy::default()
    };
    for region in REGIONS {
        for key in KEYS {
            if random.once_in(2) {
                continue;
            }
            let at = |rest: &[&str]| {
                let top = ["bedrock", "guardrail_inference", region, key];
                path(&[&top[..], rest].concat())
            };
            if !random.once_in(4) {
                let arn = arn(guardrail).replace("us-east-1", region);
                own.settings
                    .insert((at(&["identifier"]), "@@assign"), text(&format!("{arn}:1")));
            }
            if random.once_in(2) {
                let value = ["selective", "comprehensive"][random.below(2)];
                let area = ["system", "messages"][random.below(2)];
                let place = at(&["selective_content_guarding", area]);
                own.settings.insert((place, "@@assign"), text(value));
            }
            if random.once_in(2) {
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
        if random.once_in(4) {
            let length = 1 + random.below(place.len());
            let allowed = OPERATORS
                .into_iter()
                .filter(|_| random.once_in(2))
                .collect();
            own.controls.insert(place[..length].to_vec(), allowed);
        }
    }
    own
}

/// The policy as a document.
fn document(own: &OrganizationPolicy) -> String {
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

fn random_org(random: &mut Random) -> Organization {
    let mut org = Organization {
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
        let own: Vec<OrganizationPolicy> = own.collect();
        org.policies.insert(node, own);
    }
    org
}

fn answers(org: &Organization) -> Vec<Input> {
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
        if node.starts_with('1') {
            inputs.extend(REGIONS.map(|region| enforces_nothing(node, region)));
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
                inputs.extend(REGIONS.map(|region| get_guardrail(&id, region)));
            }
        }
    }
    inputs
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

#[test]
fn random_organizations_merge_as_the_rules_are_written() {
    let mut settings = 0;
    for seed in 0..300 * rounds() as u64 {
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
    for seed in 0..60 * rounds() as u64 {
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
                assume_none: AssumeNone::default(),
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
