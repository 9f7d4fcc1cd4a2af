//! The forms of answers: checked when they come, recognised where a file does not say what it is. Members that are not
//! known are let be: AWS adds some every year.

use serde_json::{Map, Value};

use crate::operation::{self, Operation};

type Checked = Result<(), String>;

/// What a member has to be.
#[derive(Clone, Copy)]
enum Is {
    Text,
    /// A string of this set.
    OneOf(&'static [&'static str]),
    /// A string that this accepts; the words say what it should be.
    Like(fn(&str) -> bool, &'static str),
    Object(&'static [Member]),
    List(&'static [Member]),
}

struct Member {
    name: &'static str,
    required: bool,
    is: Is,
}

const fn required(name: &'static str, is: Is) -> Member {
    Member {
        name,
        required: true,
        is,
    }
}

const fn optional(name: &'static str, is: Is) -> Member {
    Member {
        name,
        required: false,
        is,
    }
}

/// `[1-9][0-9]{0,7}`.
pub(crate) fn is_numeric_version(text: &str) -> bool {
    (1..=8).contains(&text.len())
        && !text.starts_with('0')
        && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_version(text: &str) -> bool {
    text == "DRAFT" || is_numeric_version(text)
}

/// `[a-z0-9]+`, at most 64.
pub(crate) fn is_guardrail_id(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}

/// `arn:aws…:bedrock:REGION:ACCOUNT:guardrail/ID`, without a version.
pub(crate) fn is_guardrail_arn(text: &str) -> bool {
    arn_parts(text).is_some()
}

/// Region, account and ID of a guardrail's ARN.
pub(crate) fn arn_parts(text: &str) -> Option<(&str, &str, &str)> {
    let mut parts = text.splitn(6, ':');
    let mut next = || parts.next().unwrap_or_default();
    let (arn, partition, service, region, account, resource) =
        (next(), next(), next(), next(), next(), next());
    let id = resource.strip_prefix("guardrail/")?;
    let partition = partition == "aws"
        || partition
            .strip_prefix("aws-")
            .is_some_and(|p| !p.is_empty());
    let good = arn == "arn"
        && partition
        && service == "bedrock"
        && crate::partition::is_region(region)
        && is_account(account)
        && is_guardrail_id(id);
    good.then_some((region, account, id))
}

/// Twelve digits.
pub(crate) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_root(text: &str) -> bool {
    text.strip_prefix("r-")
        .is_some_and(|rest| lower(rest, 4, 32))
}

fn is_unit(text: &str) -> bool {
    let rest = text
        .strip_prefix("ou-")
        .and_then(|rest| rest.split_once('-'));
    rest.is_some_and(|(root, unit)| lower(root, 4, 32) && lower(unit, 8, 32))
}

fn lower(text: &str, least: usize, most: usize) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (least..=most).contains(&text.len()) && text.bytes().all(fits)
}

fn is_policy(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.strip_prefix("p-")
        .is_some_and(|rest| (8..=128).contains(&rest.len()) && rest.bytes().all(fits))
}

/// A policy's text is JSON itself.
fn is_document(text: &str) -> bool {
    serde_json::from_str::<Map<String, Value>>(text).is_ok()
}

const VERSION: Is = Is::Like(is_version, "a version: a number or DRAFT");
const ARN: Is = Is::Like(is_guardrail_arn, "a guardrail's ARN");
const GUARDRAIL_ID: Is = Is::Like(is_guardrail_id, "a guardrail's ID");
const STATUS: Is = Is::OneOf(&[
    "CREATING",
    "UPDATING",
    "VERSIONING",
    "READY",
    "FAILED",
    "DELETING",
]);
const TYPE: Is = Is::OneOf(&["BEDROCK_POLICY"]);
const DOCUMENT: Is = Is::Like(is_document, "a JSON object as text");
const ACCOUNT: Is = Is::Like(is_account, "an account's ID (twelve digits)");
const NEXT: Member = optional("NextToken", Is::Text);
const NEXT_BEDROCK: Member = optional("nextToken", Is::Text);

const SUMMARY: &[Member] = &[
    required("Id", Is::Like(is_policy, "a policy's ID (p-…)")),
    optional("Name", Is::Text),
    required("Type", TYPE),
];

const GET_GUARDRAIL: &[Member] = &[
    required("name", Is::Text),
    required("guardrailId", GUARDRAIL_ID),
    required("guardrailArn", ARN),
    required("version", VERSION),
    required("status", STATUS),
    required("blockedInputMessaging", Is::Text),
    required("blockedOutputsMessaging", Is::Text),
    optional("topicPolicy", Is::Object(&[])),
    optional("contentPolicy", Is::Object(&[])),
    optional("wordPolicy", Is::Object(&[])),
    optional("sensitiveInformationPolicy", Is::Object(&[])),
    optional("contextualGroundingPolicy", Is::Object(&[])),
];

const LIST_GUARDRAILS: &[Member] = &[
    required(
        "guardrails",
        Is::List(&[
            required("id", GUARDRAIL_ID),
            required("arn", ARN),
            required("version", VERSION),
            required("status", STATUS),
            required("name", Is::Text),
        ]),
    ),
    NEXT_BEDROCK,
];

const LIST_ENFORCED: &[Member] = &[
    required(
        "guardrailsConfig",
        Is::List(&[
            optional("configId", Is::Text),
            optional("guardrailArn", ARN),
            optional("guardrailId", GUARDRAIL_ID),
            optional(
                "guardrailVersion",
                Is::Like(is_numeric_version, "a version's number"),
            ),
            optional("selectiveContentGuarding", Is::Object(&[])),
            optional("modelEnforcement", Is::Object(&[])),
        ]),
    ),
    NEXT_BEDROCK,
];

const ORGANIZATION: &[Member] = &[required(
    "Organization",
    Is::Object(&[
        required("Id", Is::Text),
        optional("MasterAccountId", ACCOUNT),
    ]),
)];

const ROOTS: &[Member] = &[
    required(
        "Roots",
        Is::List(&[required("Id", Is::Like(is_root, "a root's ID (r-…)"))]),
    ),
    NEXT,
];

const UNITS: &[Member] = &[
    required(
        "OrganizationalUnits",
        Is::List(&[required("Id", Is::Like(is_unit, "an OU's ID (ou-…-…)"))]),
    ),
    NEXT,
];

const ACCOUNTS: &[Member] = &[
    required("Accounts", Is::List(&[required("Id", ACCOUNT)])),
    NEXT,
];

const PARENTS: &[Member] = &[
    required(
        "Parents",
        Is::List(&[
            required(
                "Id",
                Is::Like(|id| is_root(id) || is_unit(id), "a root's or OU's ID"),
            ),
            required("Type", Is::OneOf(&["ROOT", "ORGANIZATIONAL_UNIT"])),
        ]),
    ),
    NEXT,
];

const POLICIES: &[Member] = &[required("Policies", Is::List(SUMMARY)), NEXT];

const POLICY: &[Member] = &[required(
    "Policy",
    Is::Object(&[
        required("PolicySummary", Is::Object(SUMMARY)),
        required("Content", DOCUMENT),
    ]),
)];

const EFFECTIVE: &[Member] = &[required(
    "EffectivePolicy",
    Is::Object(&[
        required("PolicyContent", DOCUMENT),
        required("PolicyType", TYPE),
        optional("TargetId", ACCOUNT),
    ]),
)];

const PUBLIC_KEY: &[Member] = &[
    required("KeyId", Is::Text),
    required("PublicKey", Is::Text),
    required("KeyUsage", Is::Text),
];

const SIGNATURE: &[Member] = &[required("KeyId", Is::Text), required("Signature", Is::Text)];

fn members(operation: &Operation) -> &'static [Member] {
    match operation.name {
        "GetGuardrail" => GET_GUARDRAIL,
        "ListGuardrails" => LIST_GUARDRAILS,
        "ListEnforcedGuardrailsConfiguration" => LIST_ENFORCED,
        "DescribeOrganization" => ORGANIZATION,
        "ListRoots" => ROOTS,
        "ListOrganizationalUnitsForParent" => UNITS,
        "ListAccountsForParent" => ACCOUNTS,
        "ListParents" => PARENTS,
        "ListPoliciesForTarget" | "ListPolicies" => POLICIES,
        "DescribePolicy" => POLICY,
        "DescribeEffectivePolicy" => EFFECTIVE,
        "GetPublicKey" => PUBLIC_KEY,
        _ => SIGNATURE,
    }
}

/// Whether a document is an operation's answer. The error names the member and what it should be, never its value.
pub(crate) fn check(operation: &Operation, value: &Value) -> Checked {
    let Some(object) = value.as_object() else {
        return Err(format!(
            "the answer is no answer of {}: it is no object",
            operation.name
        ));
    };
    check_members(members(operation), object, "")
        .map_err(|message| format!("the answer is no answer of {}: {message}", operation.name))
}

fn check_members(members: &[Member], object: &Map<String, Value>, path: &str) -> Checked {
    for member in members {
        let path = if path.is_empty() {
            member.name.to_owned()
        } else {
            format!("{path}.{}", member.name)
        };
        match object.get(member.name) {
            None | Some(Value::Null) if member.required => {
                return Err(format!("{path} is missing"));
            }
            None | Some(Value::Null) => {}
            Some(value) => check_value(member.is, value, &path)?,
        }
    }
    Ok(())
}

fn check_value(is: Is, value: &Value, path: &str) -> Checked {
    let text = || value.as_str().ok_or_else(|| format!("{path} is no string"));
    match is {
        Is::Text => text().map(drop),
        Is::OneOf(set) if !set.contains(&text()?) => {
            Err(format!("{path} is none of {}", set.join(", ")))
        }
        Is::OneOf(_) => Ok(()),
        Is::Like(fits, what) if !fits(text()?) => Err(format!("{path} is not {what}")),
        Is::Like(..) => Ok(()),
        Is::Object(members) => match value.as_object() {
            Some(object) => check_members(members, object, path),
            None => Err(format!("{path} is no object")),
        },
        Is::List(members) => {
            let items = value
                .as_array()
                .ok_or_else(|| format!("{path} is no list"))?;
            for (index, item) in items.iter().enumerate() {
                let path = format!("{path}[{index}]");
                let object = item
                    .as_object()
                    .ok_or_else(|| format!("{path} is no object"))?;
                check_members(members, object, &path)?;
            }
            Ok(())
        }
    }
}

/// Which operation's answer a document looks like, by the member that no other has. `Policies` may be of two:
/// the one without a target is taken, and a file's name says which it is.
pub(crate) fn recognise(value: &Value) -> Option<&'static Operation> {
    let object = value.as_object()?;
    let has = |name: &str| object.contains_key(name);
    Some(if has("guardrails") {
        &operation::LIST_GUARDRAILS
    } else if has("guardrailsConfig") {
        &operation::LIST_ENFORCED_GUARDRAILS_CONFIGURATION
    } else if has("guardrailArn") && has("blockedInputMessaging") {
        &operation::GET_GUARDRAIL
    } else if has("Organization") {
        &operation::DESCRIBE_ORGANIZATION
    } else if has("Roots") {
        &operation::LIST_ROOTS
    } else if has("OrganizationalUnits") {
        &operation::LIST_ORGANIZATIONAL_UNITS_FOR_PARENT
    } else if has("Accounts") {
        &operation::LIST_ACCOUNTS_FOR_PARENT
    } else if has("Parents") {
        &operation::LIST_PARENTS
    } else if has("Policies") {
        &operation::LIST_POLICIES
    } else if has("Policy") {
        &operation::DESCRIBE_POLICY
    } else if has("EffectivePolicy") {
        &operation::DESCRIBE_EFFECTIVE_POLICY
    } else {
        return None;
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::operation::OPERATIONS;

    #[test]
    fn every_operation_of_a_snapshot_is_recognised_by_its_required_members() {
        for operation in OPERATIONS
            .iter()
            .filter(|o| o.service != operation::Service::Kms)
        {
            let document: Map<String, Value> = members(operation)
                .iter()
                .map(|member| (member.name.to_owned(), json!(null)))
                .collect();
            let found = recognise(&Value::Object(document)).map(|found| found.command);
            let expected = match operation.command {
                "list-policies-for-target" => "list-policies",
                command => command,
            };
            assert_eq!(found, Some(expected));
        }
        for other in [json!({}), json!([]), json!({"Statement": []}), json!(null)] {
            assert!(recognise(&other).is_none());
        }
    }

    #[test]
    fn wrong_forms_name_the_member_and_not_its_value() {
        let cases = [
            (&operation::LIST_ROOTS, json!([]), "it is no object"),
            (&operation::LIST_ROOTS, json!({}), "Roots is missing"),
            (
                &operation::LIST_ROOTS,
                json!({"Roots": {}}),
                "Roots is no list",
            ),
            (
                &operation::LIST_ROOTS,
                json!({"Roots": [{"Id": "s3cr3t"}]}),
                "Roots[0].Id is not a root's ID",
            ),
            (
                &operation::LIST_ROOTS,
                json!({"Roots": [], "NextToken": 5}),
                "NextToken is no string",
            ),
            (
                &operation::DESCRIBE_POLICY,
                json!({"Policy": {"PolicySummary":
                {"Id": "p-abcdefgh", "Type": "SERVICE_CONTROL_POLICY"}, "Content": "{}"}}),
                "none of BEDROCK_POLICY",
            ),
            (
                &operation::DESCRIBE_POLICY,
                json!({"Policy": {"PolicySummary":
                {"Id": "p-abcdefgh", "Type": "BEDROCK_POLICY"}, "Content": "s3cr3t"}}),
                "Policy.Content is not a JSON object",
            ),
        ];
        for (operation, value, part) in cases {
            let message = check(operation, &value).err().unwrap_or_default();
            assert!(message.contains(part), "{message}");
            assert!(!message.contains("s3cr3t"), "{message}");
        }
    }

    #[test]
    fn identifiers_are_matched_whole() {
        assert!(is_guardrail_arn(
            "arn:aws-us-gov:bedrock:us-gov-west-1:111122223333:guardrail/abc123"
        ));
        for bad in [
            "arn:aws:bedrock:us-east-1:111122223333:guardrail/abc123:3",
            "arn:aws:bedrock:us-east-1:11112222333:guardrail/abc123",
            "arn:aws-:bedrock:us-east-1:111122223333:guardrail/abc123",
            "arn:aws:bedrock:us-east-1:111122223333:guardrail/ABC",
            "arn:aws:bedrock-runtime:us-east-1:111122223333:guardrail/abc",
            "arn:aws:bedrock:us-east-1/../x:111122223333:guardrail/abc",
            "abc123",
            "",
        ] {
            assert!(!is_guardrail_arn(bad), "{bad}");
        }
        assert!(is_numeric_version("12345678"));
        for bad in ["", "0", "01", "123456789", "1a", "-1", "DRAFT"] {
            assert!(!is_numeric_version(bad), "{bad}");
        }
        assert!(is_unit("ou-ab12-cdef3456") && !is_unit("ou-ab12-cdef345") && !is_unit("r-ab12"));
    }
}
