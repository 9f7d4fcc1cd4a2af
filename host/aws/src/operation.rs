//! The operations of AWS that are called, and no others: the IAM policies of `docs/aws.md` allow exactly these.

use serde_json::{Map, Value};

/// A service of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Amazon Bedrock's control plane (REST and JSON), in each region.
    Bedrock,
    /// AWS Organizations (JSON 1.1), in one region of a partition.
    Organizations,
    /// AWS Key Management Service (JSON 1.1), in each region.
    Kms,
}

impl Service {
    /// All of them.
    pub const ALL: [Service; 3] = [Service::Bedrock, Service::Organizations, Service::Kms];

    /// The host's first label, which is the name in signatures, IAM actions and snapshot folders too.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Service::Bedrock => "bedrock",
            Service::Organizations => "organizations",
            Service::Kms => "kms",
        }
    }

    /// The prefix of `X-Amz-Target`; none for REST.
    pub(crate) fn target(self) -> Option<&'static str> {
        match self {
            Service::Bedrock => None,
            Service::Organizations => Some("AWSOrganizationsV20161128"),
            Service::Kms => Some("TrentService"),
        }
    }
}

/// How the members of an input travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Http {
    /// GET of a path, a member as its last segment, members as the query.
    Get {
        path: &'static str,
        label: Option<&'static str>,
        query: &'static [&'static str],
    },
    /// POST of the input as one JSON document.
    Post,
}

/// How a list goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pages {
    /// The list's member in the answer.
    pub list: &'static str,
    /// The token's member, in the answer and in the next input.
    pub token: &'static str,
}

/// An operation of a service.
#[derive(Debug, PartialEq, Eq)]
pub struct Operation {
    /// Whose it is.
    pub service: Service,
    /// Its name in the API.
    pub name: &'static str,
    /// Its name in the AWS CLI, which is its folder in a snapshot.
    pub command: &'static str,
    /// The IAM action that allows it.
    pub action: &'static str,
    /// How a list goes on; none if the answer is whole.
    pub pages: Option<Pages>,
    pub(crate) http: Http,
}

macro_rules! operations {
    ($($(#[$doc:meta])* $id:ident: $service:ident $name:literal $command:literal $action:literal
        $(pages $list:literal by $token:literal)? $(get $path:literal [$($label:literal)?] [$($query:literal)*])?;)*) => {
        $(
            $(#[$doc])*
            pub static $id: Operation = Operation {
                service: Service::$service,
                name: $name,
                command: $command,
                action: $action,
                pages: operations!(@pages $($list $token)?),
                http: operations!(@http $($path [$($label)?] [$($query)*])?),
            };
        )*
        /// All operations that are ever called.
        pub static OPERATIONS: &[&Operation] = &[$(&$id),*];
    };
    (@pages) => { None };
    (@pages $list:literal $token:literal) => { Some(Pages { list: $list, token: $token }) };
    (@http) => { Http::Post };
    (@http $path:literal [] [$($query:literal)*]) => { Http::Get { path: $path, label: None, query: &[$($query),*] } };
    (@http $path:literal [$label:literal] [$($query:literal)*]) => {
        Http::Get { path: $path, label: Some($label), query: &[$($query),*] }
    };
}

operations! {
    /// A guardrail's definition, by ID or ARN and version.
    GET_GUARDRAIL: Bedrock "GetGuardrail" "get-guardrail" "bedrock:GetGuardrail"
        get "/guardrails" ["guardrailIdentifier"] ["guardrailVersion"];
    /// The guardrails of an account and region, or the versions of one.
    LIST_GUARDRAILS: Bedrock "ListGuardrails" "list-guardrails" "bedrock:ListGuardrails"
        pages "guardrails" by "nextToken"
        get "/guardrails" [] ["guardrailIdentifier" "nextToken"];
    /// What the account enforces in the region.
    LIST_ENFORCED_GUARDRAILS_CONFIGURATION: Bedrock "ListEnforcedGuardrailsConfiguration"
        "list-enforced-guardrails-configuration" "bedrock:ListEnforcedGuardrailsConfiguration"
        pages "guardrailsConfig" by "nextToken"
        get "/enforcedGuardrailsConfiguration" [] ["nextToken"];
    /// The organization's ID and management account.
    DESCRIBE_ORGANIZATION: Organizations "DescribeOrganization" "describe-organization"
        "organizations:DescribeOrganization";
    /// The root, and which policy types are enabled in it.
    LIST_ROOTS: Organizations "ListRoots" "list-roots" "organizations:ListRoots" pages "Roots" by "NextToken";
    /// The OUs below a root or OU.
    LIST_ORGANIZATIONAL_UNITS_FOR_PARENT: Organizations "ListOrganizationalUnitsForParent"
        "list-organizational-units-for-parent" "organizations:ListOrganizationalUnitsForParent"
        pages "OrganizationalUnits" by "NextToken";
    /// The accounts directly below a root or OU.
    LIST_ACCOUNTS_FOR_PARENT: Organizations "ListAccountsForParent" "list-accounts-for-parent"
        "organizations:ListAccountsForParent" pages "Accounts" by "NextToken";
    /// The root or OU above an account or OU.
    LIST_PARENTS: Organizations "ListParents" "list-parents" "organizations:ListParents"
        pages "Parents" by "NextToken";
    /// The policies attached to a root, OU or account.
    LIST_POLICIES_FOR_TARGET: Organizations "ListPoliciesForTarget" "list-policies-for-target"
        "organizations:ListPoliciesForTarget" pages "Policies" by "NextToken";
    /// All policies of a type.
    LIST_POLICIES: Organizations "ListPolicies" "list-policies" "organizations:ListPolicies"
        pages "Policies" by "NextToken";
    /// A policy's document.
    DESCRIBE_POLICY: Organizations "DescribePolicy" "describe-policy" "organizations:DescribePolicy";
    /// What the policies of a type come to for an account.
    DESCRIBE_EFFECTIVE_POLICY: Organizations "DescribeEffectivePolicy" "describe-effective-policy"
        "organizations:DescribeEffectivePolicy";
    /// The public half of a key.
    GET_PUBLIC_KEY: Kms "GetPublicKey" "get-public-key" "kms:GetPublicKey";
    /// A signature by a key.
    SIGN: Kms "Sign" "sign" "kms:Sign";
}

/// The operation of this name, in the API's or the AWS CLI's spelling.
#[must_use]
pub fn operation(name: &str) -> Option<&'static Operation> {
    let named = |operation: &&&Operation| operation.name == name || operation.command == name;
    OPERATIONS.iter().find(named).copied()
}

/// A request's parts that depend on the operation and its input.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wire {
    pub(crate) method: &'static str,
    /// Path and query, percent-encoded; starts with a slash.
    pub(crate) path: String,
    pub(crate) target: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl Operation {
    /// What goes over the wire. The error names a member that is missing, or that the operation does not have.
    pub(crate) fn wire(&self, input: &Map<String, Value>) -> Result<Wire, String> {
        let Http::Get { path, label, query } = self.http else {
            return Ok(Wire {
                method: "POST",
                path: "/".to_owned(),
                target: self
                    .service
                    .target()
                    .map(|prefix| format!("{prefix}.{}", self.name)),
                body: Value::Object(input.clone()).to_string().into_bytes(),
            });
        };
        if let Some(odd) = input
            .keys()
            .find(|key| label != Some(key.as_str()) && !query.contains(&key.as_str()))
        {
            return Err(format!("{} has no parameter {odd}", self.name));
        }
        let mut whole = path.to_owned();
        if let Some(label) = label {
            let value = text(input, label).filter(|value| !value.is_empty());
            let value = value.ok_or_else(|| format!("{} needs {label}", self.name))?;
            whole.push('/');
            percent_encode(value, &mut whole);
        }
        let mut separator = '?';
        for name in query {
            if let Some(value) = text(input, name) {
                whole.push(separator);
                separator = '&';
                whole.push_str(name);
                whole.push('=');
                percent_encode(value, &mut whole);
            }
        }
        Ok(Wire {
            method: "GET",
            path: whole,
            target: None,
            body: Vec::new(),
        })
    }
}

fn text<'i>(input: &'i Map<String, Value>, name: &str) -> Option<&'i str> {
    input.get(name).and_then(Value::as_str)
}

/// RFC 3986: everything but unreserved characters, so ':' and '/' of ARNs too, as the REST protocol of AWS wants.
fn percent_encode(value: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn input(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn path_labels_are_encoded_with_colons_and_slashes() {
        let arn = "arn:aws:bedrock:us-east-1:111122223333:guardrail/k7q2m9x4b1zd";
        let of = input(json!({"guardrailIdentifier": arn, "guardrailVersion": "3"}));
        assert_eq!(
            GET_GUARDRAIL.wire(&of).map(|wire| wire.path),
            Ok("/guardrails/arn%3Aaws%3Abedrock%3Aus-east-1%3A111122223333%3Aguardrail%2Fk7q2m9x4b1zd?guardrailVersion=3".to_owned())
        );
        let of = input(json!({"nextToken": "a+b/c=é &"}));
        assert_eq!(
            LIST_GUARDRAILS.wire(&of).map(|wire| wire.path),
            Ok("/guardrails?nextToken=a%2Bb%2Fc%3D%C3%A9%20%26".to_owned())
        );
    }

    #[test]
    fn an_input_that_does_not_fit_is_refused() {
        assert!(GET_GUARDRAIL.wire(&Map::new()).is_err());
        let empty = input(json!({"guardrailIdentifier": ""}));
        assert!(GET_GUARDRAIL.wire(&empty).is_err());
        let odd = input(json!({"maxResult": "3"}));
        assert!(LIST_GUARDRAILS.wire(&odd).is_err());
    }

    #[test]
    fn json_operations_name_their_target() {
        let of = input(json!({"PolicyId": "p-abcdefgh"}));
        let wire = DESCRIBE_POLICY.wire(&of).ok();
        let wire = wire.as_ref().map(|w| {
            (
                w.method,
                w.path.as_str(),
                w.target.as_deref(),
                w.body.as_slice(),
            )
        });
        let target = Some("AWSOrganizationsV20161128.DescribePolicy");
        assert_eq!(
            wire,
            Some(("POST", "/", target, &br#"{"PolicyId":"p-abcdefgh"}"#[..]))
        );
    }

    #[test]
    fn every_action_is_the_service_and_the_operation() {
        for operation in OPERATIONS {
            let expected = format!("{}:{}", operation.service.name(), operation.name);
            assert_eq!(operation.action, expected);
            assert!(super::operation(operation.command).is_some_and(|found| found == *operation));
        }
    }
}
