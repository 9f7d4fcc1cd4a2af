//! Whole pulls: what is asked, what is kept, and how the folder changes.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use common::{Folder, Request, Response, Server, json, run};
use edgerail_aws::pull::{Plan, Pulled, pull};
use edgerail_aws::snapshot::{Changes, Snapshot};
use edgerail_aws::{Error, Kind, offline};
use serde_json::{Value, json};

const ARN: &str = "arn:aws:bedrock:us-east-1:111122223333:guardrail/k7q2m9x4b1zd";

fn guardrail(arn: &str, version: &str) -> String {
    let id = arn.rsplit('/').next().unwrap_or_default();
    // The odd spacing is what a parser would lose.
    format!(
        r#"{{ "name": "base",  "guardrailId":"{id}","guardrailArn":"{arn}","version":"{version}","status":"READY",
        "createdAt":"2026-05-04T09:12:44Z","updatedAt":"2026-05-06T15:30:02Z",
        "blockedInputMessaging":"no","blockedOutputsMessaging":"no","wordPolicy":{{"words":[{{"text":"kestrel"}}]}} }}"#
    )
}

fn summary(version: &str) -> Value {
    json!({"id": "k7q2m9x4b1zd", "arn": ARN, "status": "READY", "name": "base", "version": version,
        "createdAt": "2026-05-04T09:12:44Z", "updatedAt": "2026-05-06T15:30:02Z"})
}

fn content(arn: &str) -> String {
    json!({"bedrock": {"guardrail_inference": {"us-east-1": {"baseline": {"identifier": {"@@assign": arn}}}}}}).to_string()
}

/// An organization: a root with an OU with two accounts, one policy at the root and one at the OU.
fn organization(request: &Request) -> Value {
    let input = request.json();
    let text = |name: &str| input[name].as_str().unwrap_or_default().to_owned();
    let policy = |id: &str| json!({"Id": id, "Name": "n", "Type": "BEDROCK_POLICY"});
    match (
        request.target(),
        text("ParentId").as_str(),
        text("TargetId").as_str(),
    ) {
        ("DescribeOrganization", ..) => {
            json!({"Organization": {"Id": "o-exampleorgid", "MasterAccountId": "111122223333"}})
        }
        ("ListRoots", ..) => {
            json!({"Roots": [{"Id": "r-ab12", "PolicyTypes": [{"Type": "BEDROCK_POLICY", "Status": "ENABLED"}]}]})
        }
        ("ListOrganizationalUnitsForParent", "r-ab12", _) => {
            json!({"OrganizationalUnits": [{"Id": "ou-ab12-cdef3456"}]})
        }
        ("ListOrganizationalUnitsForParent", ..) => json!({"OrganizationalUnits": []}),
        ("ListAccountsForParent", "ou-ab12-cdef3456", _) if input["NextToken"].is_null() => {
            json!({"Accounts": [{"Id": "222233334444"}], "NextToken": "2"})
        }
        ("ListAccountsForParent", "ou-ab12-cdef3456", _) => {
            json!({"Accounts": [{"Id": "333344445555"}]})
        }
        ("ListAccountsForParent", ..) => json!({"Accounts": []}),
        ("ListParents", ..) if text("ChildId").starts_with("ou-") => {
            json!({"Parents": [{"Id": "r-ab12", "Type": "ROOT"}]})
        }
        ("ListParents", ..) => {
            json!({"Parents": [{"Id": "ou-ab12-cdef3456", "Type": "ORGANIZATIONAL_UNIT"}]})
        }
        ("ListPoliciesForTarget", _, "r-ab12") => json!({"Policies": [policy("p-rootpolicy")]}),
        ("ListPoliciesForTarget", _, "ou-ab12-cdef3456") => {
            json!({"Policies": [policy("p-unitpolicy")]})
        }
        ("ListPoliciesForTarget", ..) => json!({"Policies": []}),
        ("ListPolicies", ..) => {
            json!({"Policies": [policy("p-rootpolicy"), policy("p-unitpolicy"), policy("p-looseends")]})
        }
        ("DescribePolicy", ..) => {
            let arn = match text("PolicyId").as_str() {
                "p-rootpolicy" => format!("{ARN}:3"),
                "p-unitpolicy" => {
                    "arn:aws:bedrock:us-east-1:111122223333:guardrail/missing:1".to_owned()
                }
                _ => "arn:aws:bedrock:eu-west-1:111122223333:guardrail/k7q2m9x4b1zd:1".to_owned(),
            };
            json!({"Policy": {"PolicySummary": policy(&text("PolicyId")), "Content": content(&arn)}})
        }
        _ => {
            json!({"EffectivePolicy": {"PolicyContent": content(&format!("{ARN}:3")), "PolicyType": "BEDROCK_POLICY",
            "TargetId": text("TargetId"), "LastUpdatedTimestamp": 1.5}})
        }
    }
}

fn aws(request: &Request) -> Response {
    if request.target() == "DescribeEffectivePolicy" && request.json()["TargetId"] == "333344445555"
    {
        return json(
            400,
            r#"{"__type":"EffectivePolicyNotFoundException","Message":"none"}"#,
        );
    }
    if !request.target().is_empty() {
        return json(200, &organization(request).to_string());
    }
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let body = match (path.rsplit('/').next().unwrap_or_default(), query) {
        ("enforcedGuardrailsConfiguration", _) => {
            json!({"guardrailsConfig": [{"configId": "a1", "guardrailArn": ARN,
            "guardrailVersion": "10", "updatedBy": "arn:aws:sts::444455556666:assumed-role/x/y"}]})
            .to_string()
        }
        ("guardrails", _) => {
            json!({"guardrails": [summary("DRAFT"), summary("9"), summary("10")]}).to_string()
        }
        (id, _) if id.contains("missing") => {
            return json(404, r#"{"message":"gone"}"#)
                .header("x-amzn-errortype", "ResourceNotFoundException");
        }
        (id, query) => {
            let arn = id.replace("%3A", ":").replace("%2F", "/");
            guardrail(&arn, query.trim_start_matches("guardrailVersion="))
        }
    };
    json(200, &body)
}

fn pulled(server: &Server, plan: &Plan) -> Result<Pulled, Error> {
    run(async { pull(&server.client().await, plan, &mut |_| {}).await })
}

fn refs(guardrails: &[&str]) -> Plan {
    Plan {
        guardrails: guardrails
            .iter()
            .map(|text| text.parse().expect("a reference"))
            .collect(),
        ..Plan::default()
    }
}

fn kept(pulled: &Pulled) -> Vec<String> {
    let records = pulled.snapshot.records().iter();
    records
        .map(|record| format!("{} {}", record.entry.file, record.entry.status))
        .collect()
}

#[test]
fn the_newest_version_is_the_largest_number_and_never_the_draft() {
    let server = Server::new(aws);
    let got = pulled(&server, &refs(&[ARN])).expect("a pull");
    let records = got.snapshot.records();
    let last = records
        .iter()
        .find(|record| record.entry.operation == "GetGuardrail")
        .expect("a definition");
    assert_eq!(last.bytes, guardrail(ARN, "10").as_bytes());
    assert_eq!(last.entry.input["guardrailVersion"], "10");
    assert_eq!(last.entry.account.as_deref(), Some("111122223333"));
    // Enforced in the same version: read once.
    let asked = server.asked();
    assert_eq!(
        asked
            .iter()
            .filter(|request| request.path.contains("guardrailVersion=10"))
            .count(),
        1
    );
    let enforced = records
        .iter()
        .find(|record| record.entry.operation.starts_with("ListEnforced"));
    assert_eq!(
        enforced.and_then(|record| record.entry.account.as_deref()),
        Some("444455556666")
    );
}

#[test]
fn a_draft_is_refused_unless_it_is_asked_for() {
    let server = Server::new(aws);
    let mut plan = refs(&[&format!("{ARN}:DRAFT")]);
    let refused = pulled(&server, &plan)
        .map(drop)
        .map_err(|error| error.kind());
    assert_eq!(refused, Err(Kind::Draft));
    assert!(server.asked().is_empty());
    plan.allow_draft = true;
    assert!(
        kept(&pulled(&server, &plan).expect("a pull"))
            .contains(&"bedrock/us-east-1/get-guardrail/1.json 200".to_owned())
    );
}

#[test]
fn an_answer_about_something_else_is_not_kept() {
    for (body, kind) in [
        (guardrail(ARN, "4"), Kind::Shape),
        (
            guardrail(
                "arn:aws:bedrock:us-east-1:111122223333:guardrail/other",
                "3",
            ),
            Kind::Shape,
        ),
        (
            guardrail(ARN, "3").replace("READY", "FAILED"),
            Kind::GuardrailStatus,
        ),
        (
            guardrail(ARN, "3").replace(r#""guardrailId":"k7q2m9x4b1zd""#, r#""guardrailId":"zz""#),
            Kind::Shape,
        ),
    ] {
        let server = Server::new(move |_| json(200, &body));
        let got = pulled(&server, &refs(&[&format!("{ARN}:3")]));
        assert_eq!(got.map(drop).map_err(|error| error.kind()), Err(kind));
    }
}

#[test]
fn the_whole_organization_is_read_with_what_it_refers_to() {
    let server = Server::new(aws);
    let plan = Plan {
        organization: true,
        ..Plan::default()
    };
    let got = pulled(&server, &plan).expect("a pull");
    let kept = kept(&got);
    for file in [
        "organizations/describe-organization/1.json 200",
        "organizations/list-accounts-for-parent/3.json 200",
        "organizations/list-policies-for-target/4.json 200",
        "organizations/describe-policy/3.json 200",
        "organizations/describe-effective-policy/1.json 200",
        "organizations/describe-effective-policy/2.json 400",
        "bedrock/us-east-1/list-enforced-guardrails-configuration/1.json 200",
    ] {
        assert!(kept.contains(&file.to_owned()), "{file} of {kept:#?}");
    }
    let definitions: BTreeMap<_, _> = got
        .snapshot
        .records()
        .iter()
        .filter(|record| record.entry.operation == "GetGuardrail")
        .map(|record| {
            (
                (
                    record.entry.region.clone(),
                    record.entry.input["guardrailVersion"].clone().to_string(),
                ),
                record.entry.status,
            )
        })
        .collect();
    assert_eq!(
        definitions.get(&(Some("us-east-1".into()), "\"1\"".into())),
        Some(&404),
        "{definitions:?}"
    );
    assert_eq!(
        definitions.get(&(Some("us-east-1".into()), "\"3\"".into())),
        Some(&200)
    );
    let elsewhere = (Some("eu-west-1".into()), "\"1\"".into());
    assert_eq!(
        definitions.get(&elsewhere),
        Some(&200),
        "no --region: all that policies name"
    );
    assert!(
        got.problems
            .iter()
            .any(|note| note.contains("p-unitpolicy") && note.contains("guardrail/missing:1")),
        "{:?}",
        got.problems
    );
}

#[test]
fn one_account_needs_its_way_up_only() {
    let server = Server::new(aws);
    let plan = Plan {
        organization: true,
        accounts: vec!["222233334444".into()],
        regions: vec!["us-east-1".into()],
        ..Plan::default()
    };
    let got = pulled(&server, &plan).expect("a pull");
    let of_whom = got.snapshot.records().iter().find_map(|record| {
        let enforced = record.entry.operation == "ListEnforcedGuardrailsConfiguration";
        enforced.then(|| record.entry.account.clone())
    });
    assert_eq!(of_whom, Some(Some("444455556666".into())), "whoever set it");
    let targets: Vec<_> = server
        .asked()
        .iter()
        .filter(|request| request.target() == "ListPoliciesForTarget")
        .map(|request| {
            request.json()["TargetId"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    assert_eq!(targets, ["222233334444", "ou-ab12-cdef3456", "r-ab12"]);
    assert!(!kept(&got).iter().any(|file| file.contains("list-accounts")));
    let odd = Plan {
        accounts: vec!["12".into()],
        ..Plan::default()
    };
    assert_eq!(
        pulled(&server, &odd)
            .map(drop)
            .map_err(|error| error.kind()),
        Err(Kind::Input)
    );
}

#[test]
fn an_answer_of_nobody_knows_whom_is_told() {
    let server = Server::new(|request| {
        if request.path.contains("enforcedGuardrailsConfiguration") {
            return json(200, r#"{"guardrailsConfig": []}"#);
        }
        aws(request)
    });
    let got = pulled(&server, &refs(&[&format!("{ARN}:3")])).expect("a pull");
    let told = |note: &String| note.contains("AWS_ACCOUNT_ID");
    assert!(got.notes.iter().any(told), "{:?}", got.notes);
}

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).expect("a folder").flatten() {
            if entry.path().is_dir() {
                open.push(entry.path());
            } else {
                let name = entry
                    .path()
                    .strip_prefix(folder)
                    .expect("below")
                    .display()
                    .to_string();
                found.insert(name, fs::read(entry.path()).expect("a file"));
            }
        }
    }
    found
}

#[test]
fn a_second_pull_changes_nothing_but_the_times() {
    let (server, base) = (Server::new(aws), Folder::new("second"));
    let out = base.0.join("new/snapshot");
    let plan = Plan {
        organization: true,
        regions: vec!["us-east-1".into()],
        ..Plan::default()
    };
    let first = pulled(&server, &plan).expect("a pull");
    let changes = first.snapshot.write(&out, at(1_000_000)).expect("written");
    assert_eq!(
        (changes.added.len(), changes.same),
        (first.snapshot.records().len(), 0)
    );
    let before = files(&out);
    let second = pulled(&server, &plan).expect("a pull");
    let changes = second.snapshot.write(&out, at(2_000_000)).expect("written");
    assert_eq!(
        changes,
        Changes {
            same: first.snapshot.records().len(),
            ..Changes::default()
        }
    );
    let after = files(&out);
    assert_eq!(
        before.keys().collect::<Vec<_>>(),
        after.keys().collect::<Vec<_>>()
    );
    assert!(
        before
            .iter()
            .all(|(name, bytes)| name == "index.json" || after[name] == *bytes)
    );
    let times = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).expect("text");
        text.lines()
            .filter(|line| !line.contains("\"received\"") && !line.contains("\"pulled\""))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(times(&before["index.json"]), times(&after["index.json"]));
    assert_ne!(before["index.json"], after["index.json"]);
    assert_eq!(
        fs::read_dir(base.0.join("new")).expect("a folder").count(),
        1,
        "nothing is left beside it"
    );
}

#[test]
fn what_changed_is_named() {
    let base = Folder::new("changed");
    let out = base.0.join("snapshot");
    let server = Server::new(aws);
    let first = pulled(&server, &refs(&[&format!("{ARN}:3")])).expect("a pull");
    first.snapshot.write(&out, at(1)).expect("written");
    let server = Server::new(|request| {
        let response = aws(request);
        let body = String::from_utf8_lossy(&response.body).replace("kestrel", "osprey");
        json(response.status, &body)
    });
    let second =
        pulled(&server, &refs(&[&format!("{ARN}:3"), &format!("{ARN}:4")])).expect("a pull");
    let changes = second.snapshot.write(&out, at(2)).expect("written");
    assert_eq!(
        changes.changed,
        [
            "bedrock/us-east-1/get-guardrail/1.json",
            "bedrock/us-east-1/get-guardrail/3.json"
        ]
    );
    assert_eq!(changes.added, ["bedrock/us-east-1/get-guardrail/2.json"]);
    assert_eq!((changes.removed.len(), changes.same), (0, 1));
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let base = Folder::new("foreign");
    fs::write(base.0.join("thesis.txt"), "years of work").expect("written");
    let error = Snapshot::default()
        .write(&base.0, at(1))
        .expect_err("refused");
    assert_eq!(error.kind(), Kind::Snapshot);
    assert_eq!(
        fs::read(base.0.join("thesis.txt")).ok().as_deref(),
        Some(&b"years of work"[..])
    );
    let file = base.0.join("thesis.txt");
    assert_eq!(
        Snapshot::default()
            .write(&file, at(1))
            .map_err(|error| error.kind()),
        Err(Kind::Snapshot)
    );
    assert_eq!(fs::read_dir(&base.0).expect("a folder").count(), 1);
}

#[test]
fn a_snapshot_set_aside_by_a_run_that_was_stopped_comes_back() {
    let base = Folder::new("stopped");
    let (out, aside) = (base.0.join("s"), base.0.join(".s.4711.old"));
    let server = Server::new(aws);
    let got = pulled(&server, &refs(&[&format!("{ARN}:3")])).expect("a pull");
    got.snapshot.write(&out, at(1)).expect("written");
    fs::rename(&out, &aside).expect("renamed");
    let changes = got.snapshot.write(&out, at(2)).expect("written");
    assert_eq!(changes.same, got.snapshot.records().len());
    assert!(out.join("index.json").is_file() && !aside.exists());
}

#[test]
fn a_snapshot_reads_back_as_it_was_and_not_otherwise() {
    let base = Folder::new("read");
    let out = base.0.join("s");
    let server = Server::new(aws);
    let plan = Plan {
        organization: true,
        regions: vec!["us-east-1".into()],
        ..Plan::default()
    };
    let got = pulled(&server, &plan).expect("a pull");
    got.snapshot.write(&out, at(1)).expect("written");
    let again = offline::read(&out, &Plan::default()).expect("the twin");
    assert_eq!(again.snapshot.records(), got.snapshot.records());
    let file = out.join("bedrock/us-east-1/get-guardrail/1.json");
    let good = fs::read(&file).expect("a file");
    fs::write(
        &file,
        String::from_utf8_lossy(&good).replace("kestrel", "kestre1"),
    )
    .expect("written");
    let kind = |folder: &Path| {
        offline::read(folder, &Plan::default())
            .map(drop)
            .map_err(|error| error.kind())
    };
    assert_eq!(kind(&out), Err(Kind::Snapshot));
    fs::remove_file(&file).expect("removed");
    assert_eq!(kind(&out), Err(Kind::InputOutput));
    fs::write(&file, &good).expect("written");
    assert_eq!(kind(&out), Ok(()));
    let index = fs::read_to_string(out.join("index.json")).expect("an index");
    for (from, to) in [
        (
            "bedrock/us-east-1/get-guardrail/1.json",
            "../../../../etc/hostname",
        ),
        ("bedrock/us-east-1/get-guardrail/1.json", "/etc/hostname"),
        ("\"format\": 1", "\"format\": 2"),
        ("\"GetGuardrail\"", "\"DeleteGuardrail\""),
        ("\"format\"", "format"),
    ] {
        fs::write(out.join("index.json"), index.replacen(from, to, 1)).expect("written");
        assert_eq!(kind(&out), Err(Kind::Snapshot), "{to}");
    }
    // A page whose next page was left out.
    let mut short: Value = serde_json::from_str(&index).expect("an index");
    if let Some(answers) = short["answers"].as_array_mut() {
        answers.retain(|answer| answer["input"]["NextToken"].is_null());
    }
    fs::write(out.join("index.json"), short.to_string()).expect("written");
    assert_eq!(kind(&out), Err(Kind::Incomplete));
}

#[test]
fn files_of_the_aws_cli_give_the_same_snapshot() {
    let (server, base) = (Server::new(aws), Folder::new("cli"));
    let plan = Plan {
        organization: true,
        regions: vec!["us-east-1".into()],
        ..Plan::default()
    };
    let got = pulled(&server, &plan).expect("a pull");
    let by_hand = base.0.join("by-hand");
    let mut lists: BTreeMap<String, Value> = BTreeMap::new();
    for record in got
        .snapshot
        .records()
        .iter()
        .filter(|record| record.entry.status == 200)
    {
        let input = &record.entry.input;
        let target = ["ParentId", "ChildId", "TargetId"]
            .iter()
            .find_map(|name| input.get(*name)?.as_str());
        let command = record.entry.file.rsplit('/').nth(1).unwrap_or_default();
        let unique = input
            .get("PolicyId")
            .or(input.get("guardrailVersion"))
            .and_then(Value::as_str);
        let region = record.entry.region.as_deref();
        let enforced = command.starts_with("list-enf");
        let parts = [
            Some(command),
            target,
            unique,
            record.entry.account.as_deref().filter(|_| enforced),
            region.filter(|_| enforced),
        ];
        let name = parts.into_iter().flatten().collect::<Vec<_>>().join("-");
        let mut value: Value = serde_json::from_slice(&record.bytes).expect("JSON");
        // As the AWS CLI does: pages become one list without a token.
        if let Some(object) = value.as_object_mut() {
            object.remove("NextToken");
        }
        match lists
            .get_mut(&name)
            .and_then(|known| known["Accounts"].as_array_mut())
        {
            Some(known) => {
                known.extend(value["Accounts"].as_array().into_iter().flatten().cloned())
            }
            None => drop(lists.insert(name, value)),
        }
    }
    fs::create_dir_all(&by_hand).expect("a folder");
    for (name, value) in &lists {
        fs::write(by_hand.join(format!("{name}.json")), value.to_string()).expect("written");
    }
    let twin = offline::read(&by_hand, &Plan::default()).expect("the twin");
    let asked = |pulled: &Pulled| {
        let records = pulled.snapshot.records().iter();
        let records = records.filter(|record| {
            record.entry.status == 200 && !record.entry.input.contains_key("NextToken")
        });
        let mut all: Vec<_> = records
            .map(|record| {
                (
                    record.entry.operation.clone(),
                    record.entry.region.clone(),
                    Value::Object(record.entry.input.clone()).to_string(),
                    record
                        .entry
                        .account
                        .clone()
                        .filter(|_| record.entry.operation.starts_with("ListEnforced")),
                )
            })
            .collect();
        all.sort();
        all
    };
    assert_eq!(asked(&twin), asked(&got));
}

#[test]
fn what_each_account_enforces_is_kept_apart() {
    let base = Folder::new("enforced");
    let name = "list-enforced-guardrails-configuration";
    let own = json!({"guardrailsConfig": [{"configId": "a1", "guardrailArn": ARN, "guardrailVersion": "10"}]});
    let files = [
        (
            format!("{name}-111122223333-us-east-1.json"),
            own.to_string(),
        ),
        (
            format!("{name}-444455556666-us-east-1.json"),
            r#"{"guardrailsConfig":[]}"#.to_owned(),
        ),
        (
            format!("{name}-us-east-1.json"),
            r#"{ "guardrailsConfig": [] }"#.to_owned(),
        ),
    ];
    for (file, content) in &files {
        fs::write(base.0.join(file), content).expect("written");
    }
    let accounts = |pulled: &Pulled| {
        let records = pulled.snapshot.records().iter();
        let accounts = records.map(|record| record.entry.account.clone());
        accounts.collect::<std::collections::BTreeSet<_>>()
    };
    let got = offline::read(&base.0, &Plan::default()).expect("three answers");
    let expected = [
        None,
        Some("111122223333".into()),
        Some("444455556666".into()),
    ];
    assert_eq!(accounts(&got), expected.into());
    // One account has one answer.
    let again = format!("{name}-again-444455556666-us-east-1.json");
    fs::write(base.0.join(again), own.to_string()).expect("written");
    let refused = offline::read(&base.0, &Plan::default()).map(drop);
    assert_eq!(refused.map_err(|e| e.kind()), Err(Kind::Snapshot));
}

#[test]
fn files_that_are_no_answers_are_named_with_the_remedy() {
    let base = Folder::new("odd");
    let cases: [(&str, &str, Kind, &str); 9] = [
        ("a.json", "{", Kind::NotJson, "--output json"),
        ("a.json", "{\"Statement\":[]}", Kind::Shape, "list-roots"),
        (
            "list-roots.json",
            "{\"Accounts\":[]}",
            Kind::Shape,
            "rename it",
        ),
        (
            "a.json",
            "{\"Accounts\":[]}",
            Kind::Input,
            "list-accounts-for-parent-ID.json",
        ),
        (
            "a.json",
            "{\"guardrailsConfig\":[]}",
            Kind::Region,
            "--region",
        ),
        (
            "list-roots.json",
            "{\"Roots\":[],\"NextToken\":\"x\"}",
            Kind::Incomplete,
            "--max-items",
        ),
        (
            "a.json",
            "{\"Policies\":[{\"Id\":\"p-abcdefgh\",\"Type\":\"TAG_POLICY\"}]}",
            Kind::Shape,
            "BEDROCK_POLICY",
        ),
        (
            "a.json",
            "{\"Roots\":[{\"Id\":\"r-AB\"}]}",
            Kind::Shape,
            "Roots[0].Id",
        ),
        ("a.txt", "{}", Kind::Snapshot, "no JSON files"),
    ];
    for (name, content, kind, part) in cases {
        let file = base.0.join(name);
        fs::write(&file, content).expect("written");
        let error = offline::read(&base.0, &Plan::default()).expect_err("refused");
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(part), "{error}");
        fs::remove_file(&file).expect("removed");
    }
    fs::write(base.0.join("g.json"), guardrail(ARN, "DRAFT")).expect("written");
    assert_eq!(
        offline::read(&base.0, &Plan::default())
            .map(drop)
            .map_err(|e| e.kind()),
        Err(Kind::Draft)
    );
    let allowed = Plan {
        allow_draft: true,
        ..Plan::default()
    };
    assert!(offline::read(&base.0, &allowed).is_ok());
    // Two different answers to one question.
    fs::write(
        base.0.join("h.json"),
        guardrail(ARN, "DRAFT").replace("kestrel", "osprey"),
    )
    .expect("written");
    assert_eq!(
        offline::read(&base.0, &allowed)
            .map(drop)
            .map_err(|e| e.kind()),
        Err(Kind::Snapshot)
    );
}

#[test]
fn a_place_that_cannot_be_written_is_an_error_and_leaves_nothing() {
    let base = Folder::new("unwritable");
    fs::write(base.0.join("file"), "x").expect("written");
    let server = Server::new(aws);
    let got = pulled(&server, &refs(&[&format!("{ARN}:3")])).expect("a pull");
    for place in ["file/below", "file"] {
        let error = got
            .snapshot
            .write(&base.0.join(place), at(1))
            .expect_err("refused");
        assert!(
            [Kind::InputOutput, Kind::Snapshot].contains(&error.kind()),
            "{error}"
        );
    }
    let error = got
        .snapshot
        .write(Path::new("/"), at(1))
        .expect_err("refused");
    assert!(
        [Kind::InputOutput, Kind::Snapshot].contains(&error.kind()),
        "{error}"
    );
    assert_eq!(fs::read_dir(&base.0).expect("a folder").count(), 1);
}
