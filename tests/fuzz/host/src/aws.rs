//! The targets of what AWS answers, over the network and from files.

use std::time::{Duration, SystemTime};

use edgerail_aws::offline;
use edgerail_aws::operation::OPERATIONS;
use edgerail_aws::pull::Plan;
use edgerail_aws::testing::understand;
use edgerail_fuzz::seeds::Sources;
use serde_json::Value;

use crate::files::{Files, Scratch, changed, input};

const SECRET: &str = "s3cr3t-of-the-caller";

/// An operation's number, a status in two bytes, header lines, an empty line, a body: a document of the operation's
/// form, or an error that is short, on one line, and without the caller's secrets.
pub(crate) fn answer(input: &[u8]) {
    let [number, high, low, rest @ ..] = input else {
        return;
    };
    let operation = OPERATIONS[usize::from(*number) % OPERATIONS.len()];
    let status = u16::from_be_bytes([*high, *low]);
    let mut lines = rest.split(|byte| *byte == b'\n');
    let mut headers = Vec::new();
    let mut at = 0;
    for line in lines.by_ref() {
        at += line.len() + 1;
        let line = std::str::from_utf8(line).unwrap_or_default();
        match line.split_once(": ") {
            Some(pair) => headers.push(pair),
            None => break,
        }
    }
    let body = rest.get(at..).unwrap_or_default();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_284_000);
    match understand(operation, status, &headers, &[SECRET], now, body) {
        Ok(value) => {
            assert_eq!(status, 200);
            assert!(value.is_object());
        }
        Err(refused) => {
            let said = refused.error.message();
            assert!(!said.contains(SECRET), "a secret is shown");
            assert!(!said.contains(['\n', '\r', '\u{1b}']), "more than a line");
            assert!(said.chars().count() < 2500, "{} bytes", said.len());
            let fault = refused.error.fault();
            assert!(fault.is_none_or(|fault| fault.bytes == body && fault.status == status));
            assert!(status != 200 || !refused.again);
        }
    }
}

pub(crate) fn answer_seeds(_: &Sources) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (number, _) in (0_u8..).zip(OPERATIONS) {
        for (_, document) in DOCUMENTS {
            seeds.push([&[number, 0, 200], &b"\n"[..], document.as_bytes()].concat());
        }
    }
    let faults: [(u16, &str, String); 7] = [
        (
            400,
            "x-amzn-errortype: ThrottlingException:http://a/\nretry-after: 3\n",
            String::new(),
        ),
        (
            429,
            "Retry-After: Sun, 21 Nov 2026 18:00:09 GMT\n",
            "{}".into(),
        ),
        (
            403,
            "date: Sat, 21 Nov 2026 18:00:00 GMT\n",
            format!(r#"{{"__type":"com.amazonaws#SignatureDoesNotMatch","message":"{SECRET}"}}"#),
        ),
        (
            403,
            "",
            format!(r#"{{"code":"AccessDeniedException","Message":"not {SECRET}\u0007"}}"#),
        ),
        (
            404,
            "x-amzn-errortype: ResourceNotFoundException\n",
            "{}".into(),
        ),
        (
            302,
            "content-type: text/html\nlocation: http://a/\n",
            "<html>".into(),
        ),
        (503, "", String::new()),
    ];
    for (status, headers, body) in faults {
        let [high, low] = status.to_be_bytes();
        seeds.push([&[7, high, low], headers.as_bytes(), b"\n", body.as_bytes()].concat());
    }
    seeds
}

/// Answers as the AWS CLI prints them, by the names of their files.
const DOCUMENTS: [(&str, &str); 10] = [
    (
        "get-guardrail.json",
        r#"{"name":"g","guardrailId":"k7q2m9x4b1zd","guardrailArn":"arn:aws:bedrock:us-east-1:111122223333:guardrail/k7q2m9x4b1zd","version":"3","status":"READY","blockedInputMessaging":"No.","blockedOutputsMessaging":"No.","wordPolicy":{"words":[{"text":"heron"}]}}"#,
    ),
    (
        "list-guardrails.json",
        r#"{"guardrails":[{"id":"k7q2m9x4b1zd","arn":"arn:aws:bedrock:us-east-1:111122223333:guardrail/k7q2m9x4b1zd","version":"3","status":"READY","name":"g"}]}"#,
    ),
    (
        "list-enforced-guardrails-configuration-us-east-1.json",
        r#"{"guardrailsConfig":[{"configId":"c","guardrailArn":"arn:aws:bedrock:us-east-1:111122223333:guardrail/k7q2m9x4b1zd","guardrailVersion":"3","updatedBy":"arn:aws:iam::111122223333:role/a"}]}"#,
    ),
    (
        "describe-organization.json",
        r#"{"Organization":{"Id":"o-exampleorgid","MasterAccountId":"111122223333"}}"#,
    ),
    (
        "list-roots.json",
        r#"{"Roots":[{"Id":"r-ab12","PolicyTypes":[{"Type":"BEDROCK_POLICY","Status":"ENABLED"}]}]}"#,
    ),
    (
        "list-organizational-units-for-parent-r-ab12.json",
        r#"{"OrganizationalUnits":[{"Id":"ou-ab12-cdef3456"}]}"#,
    ),
    (
        "list-parents-111122223333.json",
        r#"{"Parents":[{"Id":"r-ab12","Type":"ROOT"}]}"#,
    ),
    (
        "list-policies-for-target-r-ab12.json",
        r#"{"Policies":[{"Id":"p-abcdefgh","Name":"n","Type":"BEDROCK_POLICY"}],"NextToken":""}"#,
    ),
    (
        "describe-policy.json",
        r#"{"Policy":{"PolicySummary":{"Id":"p-abcdefgh","Type":"BEDROCK_POLICY"},"Content":"{\"bedrock\":{}}"}}"#,
    ),
    (
        "describe-effective-policy.json",
        r#"{"EffectivePolicy":{"PolicyContent":"{}","PolicyType":"BEDROCK_POLICY","TargetId":"111122223333"}}"#,
    ),
];

fn plan() -> Plan {
    Plan {
        regions: vec!["us-east-1".to_owned()],
        ..Plan::default()
    }
}

/// Files of a folder of answers, of any names: refused by a code; or written as a snapshot they are read as the same
/// answers again, with nothing beside them.
pub(crate) fn folder(input: &[u8]) {
    let (head, files) = changed(input, &Files::new());
    let scratch = Scratch::new("aws");
    scratch.write(&files);
    let own = scratch.path();
    let mut plan = plan();
    plan.allow_draft = head.first() == Some(&1);
    match offline::read(&own, &plan) {
        Err(error) => assert!(!error.code().is_empty() && !error.message().is_empty()),
        Ok(pulled) => {
            let written = own.join("written");
            // A folder that is a snapshot itself may hold a file of that name.
            if !written.exists() {
                let changes = pulled.snapshot.write(&written, SystemTime::UNIX_EPOCH);
                let changes = changes.expect("what was read can be written");
                assert_eq!(changes.added.len(), pulled.snapshot.records().len());
                let again = offline::read(&written, &plan).expect("a snapshot can be read");
                assert_eq!(again.snapshot.records(), pulled.snapshot.records());
            }
        }
    }
    scratch.assert_alone();
}

pub(crate) fn folder_seeds(_: &Sources) -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = DOCUMENTS
        .iter()
        .map(|(name, document)| input(&[0], &[(name, document.as_bytes())]))
        .collect();
    let all = DOCUMENTS.map(|(name, document)| (name, document.as_bytes()));
    seeds.push(input(&[1], &all));
    // A snapshot: the answers with their index.
    let scratch = Scratch::new("aws-seed");
    for (name, document) in DOCUMENTS {
        std::fs::write(scratch.path().join(name), document).expect("a file");
    }
    let pulled = offline::read(&scratch.path(), &plan()).expect("answers");
    let written = scratch.path().join("written");
    let now = SystemTime::UNIX_EPOCH;
    pulled.snapshot.write(&written, now).expect("a snapshot");
    let index = std::fs::read(written.join("index.json")).expect("an index");
    let parsed: Value = serde_json::from_slice(&index).expect("JSON");
    let mut files = vec![("index.json".to_owned(), index)];
    for entry in parsed["answers"].as_array().into_iter().flatten() {
        let name = entry["file"].as_str().expect("a name").to_owned();
        let bytes = std::fs::read(written.join(&name)).expect("an answer");
        files.push((name, bytes));
    }
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    seeds.push(input(&[0], &files));
    seeds
}
