//! The top level of one guardrail.

use super::fields::{Context, Dialect, Field, Located, Object, Text};
use super::model::Guardrail;
use crate::diagnostic::Diagnostics;
use crate::document::{Node, Value};

const TOP: &[Field] = &[
    Field::new("name"),
    Field::new("description"),
    Field::new("topicPolicyConfig").response("topicPolicy"),
    Field::new("contentPolicyConfig").response("contentPolicy"),
    Field::new("wordPolicyConfig").response("wordPolicy"),
    Field::new("sensitiveInformationPolicyConfig").response("sensitiveInformationPolicy"),
    Field::new("contextualGroundingPolicyConfig").response("contextualGroundingPolicy"),
    Field::new("automatedReasoningPolicyConfig").response("automatedReasoningPolicy"),
    Field::new("crossRegionConfig").response("crossRegionDetails"),
    Field::new("blockedInputMessaging"),
    Field::new("blockedOutputsMessaging"),
    Field::new("kmsKeyId")
        .response("kmsKeyArn")
        .cloudformation("KmsKeyArn")
        .terraform("kms_key_arn"),
    Field::new("tags").not_answered(),
    Field::new("clientRequestToken").request_only(),
    Field::new("guardrailIdentifier").request_only(),
    Field::new("guardrailId").answered(),
    Field::new("guardrailArn").answered(),
    Field::new("version").answered(),
    Field::new("status").answered(),
    Field::new("statusReasons").answered(),
    Field::new("failureRecommendations").answered(),
    Field::new("createdAt").answered(),
    Field::new("updatedAt").answered(),
    // What SDKs add to a response, and Terraform to its attributes.
    Field::new("ResponseMetadata").answered(),
    Field::new("$metadata").answered(),
    Field::new("resultMetadata").answered(),
    Field::new("httpStatusCode").answered(),
    Field::new("contentLength").answered(),
    Field::new("id").terraform_only(),
    Field::new("region").terraform_only(),
    Field::new("tagsAll").terraform_only(),
    Field::new("timeouts").terraform_only(),
];

const STATUSES: &[&str] = &[
    "CREATING",
    "UPDATING",
    "VERSIONING",
    "READY",
    "FAILED",
    "DELETING",
];

const REQUEST_PROFILE: &[Field] =
    &[Field::new("guardrailProfileIdentifier").cloudformation("GuardrailProfileArn")];
const RESPONSE_PROFILE: &[Field] = &[
    Field::new("guardrailProfileId"),
    Field::new("guardrailProfileArn"),
];
const TAG: &[Field] = &[Field::new("key"), Field::new("value")];

/// Reads one guardrail. `None` only if the node is no object; whether the guardrail can be used is for the
/// diagnostics to say.
pub(super) fn read(
    node: &Node,
    path: &str,
    dialect: Dialect,
    diagnostics: &mut Diagnostics,
) -> Option<Guardrail> {
    let mut context = Context {
        dialect,
        diagnostics,
    };
    let here = Located {
        node,
        path: path.to_owned(),
    };
    let top = context.object(here, TOP)?;
    let mut out = Guardrail::default();
    context.head(&top, &mut out);
    context.identity(&top, &mut out);
    context.administration(&top);
    context.profile(&top, &mut out);
    let before = context.diagnostics.errors();
    let configured = [
        context.words(&top, &mut out),
        context.sensitive_information(&top, &mut out),
        context.topics(&top, &mut out),
        context.content(&top, &mut out),
        context.grounding(&top, &mut out),
        context.reasoning(&top, &mut out),
    ];
    // A policy that is there but could not be read is reported already.
    if !configured.contains(&true) && context.diagnostics.errors() == before {
        context.error(
            "no-policy",
            &top.here,
            "the guardrail has no policy with an entry, so it would evaluate nothing",
        );
    }
    Some(out)
}

impl Context<'_> {
    fn head(&mut self, top: &Object<'_>, out: &mut Guardrail) {
        if let Some(at) = self.required(top, "name")
            && let Some(name) = self.string(&at, Text { min: 1, max: 50 })
        {
            if !name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
            {
                let message = "only the letters a to z and A to Z, digits, `-` and `_` are allowed";
                self.error("wrong-pattern", &at, message);
            }
            out.name = name;
        }
        if let Some(at) = self.optional(top, "description") {
            out.description = self.string(&at, Text { min: 1, max: 200 });
        }
        out.blocked_input_messaging = self.messaging(top, "blockedInputMessaging");
        out.blocked_outputs_messaging = self.messaging(top, "blockedOutputsMessaging");
    }

    fn messaging(&mut self, top: &Object<'_>, name: &str) -> String {
        let Some(at) = self.required(top, name) else {
            return String::new();
        };
        let Some(text) = self.string(&at, Text { min: 1, max: 500 }) else {
            return String::new();
        };
        let letters = |s: &str| -> String {
            s.chars()
                .filter(|c| c.is_alphanumeric())
                .flat_map(char::to_lowercase)
                .collect()
        };
        if letters(&text) == letters(name) {
            self.lint(
                "placeholder-message",
                &at,
                "the message is the name of its own field; users would read it when they are blocked",
            );
        } else if text.trim().is_empty() {
            self.lint(
                "blank-message",
                &at,
                "the message is blank; users would see nothing when they are blocked",
            );
        }
        text
    }

    /// What only AWS can say about a guardrail: id, ARN, version, status, dates.
    fn identity(&mut self, top: &Object<'_>, out: &mut Guardrail) {
        let response = self.dialect.is_response();
        let find = |context: &mut Self, name: &str| {
            if response {
                context.required(top, name)
            } else {
                context.optional(top, name)
            }
        };
        let id = find(self, "guardrailId");
        let arn = find(self, "guardrailArn");
        let version = find(self, "version");
        let status = find(self, "status");
        if response {
            for name in ["createdAt", "updatedAt"] {
                if let Some(at) = find(self, name)
                    && matches!(at.node.value, Value::List(_) | Value::Bool(_))
                {
                    let message = format!("a date is expected, this is {}", at.node.kind());
                    self.error("wrong-type", &at, message);
                }
            }
        }
        out.id = id.and_then(|at| self.string(&at, Text { min: 1, max: 64 }));
        out.arn = arn.and_then(|at| self.string(&at, Text { min: 1, max: 2_048 }));
        if let Some(at) = version {
            out.version = self.version(&at);
        }
        if let Some(at) = status
            && let Some(status) = self.choice(&at, STATUSES)
            && status != "READY"
        {
            let message =
                format!("the guardrail's status is {status}: AWS does not enforce it as it is");
            self.warning("not-ready", &at, message);
        }
    }

    fn version(&mut self, at: &Located<'_>) -> Option<String> {
        let version = self.string(at, Text { min: 1, max: 8 })?;
        if version == "DRAFT" {
            self.lint(
                "draft-version",
                at,
                "this is the working draft, which can change under the same name; compile a numbered version to enforce it",
            );
        } else if version.starts_with('0') || !version.bytes().all(|b| b.is_ascii_digit()) {
            let message = "`DRAFT` or a number from 1 is expected";
            self.error("wrong-pattern", at, message);
        }
        Some(version)
    }

    /// Fields that matter to AWS alone, but are part of the model.
    fn administration(&mut self, top: &Object<'_>) {
        if let Some(at) = self.optional(top, "kmsKeyId")
            && !(self.dialect == Dialect::Terraform && at.node.text() == Some(""))
            && let Some(key) = self.string(&at, Text { min: 1, max: 2_048 })
            && !is_kms_key(&key)
        {
            self.error(
                "wrong-pattern",
                &at,
                "a KMS key id, key ARN, `alias/…` name or alias ARN is expected",
            );
        }
        if let Some(at) = self.optional(top, "clientRequestToken")
            && let Some(token) = self.string(&at, Text { min: 1, max: 256 })
            && (!token
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
                || token.starts_with('-')
                || token.ends_with('-'))
        {
            let message = "only letters, digits and inner `-` are allowed";
            self.error("wrong-pattern", &at, message);
        }
        if let Some(at) = self.optional(top, "guardrailIdentifier") {
            self.string(&at, Text { min: 1, max: 2_048 });
        }
        self.tags(top);
    }

    fn tags(&mut self, top: &Object<'_>) {
        // Terraform's tags are a map of its own; nothing of them reaches the guardrail.
        if self.dialect == Dialect::Terraform {
            return;
        }
        for at in self.list(top, "tags", Some(200)) {
            let Some(tag) = self.object(at, TAG) else {
                continue;
            };
            if let Some(at) = self.required(&tag, "key") {
                self.string(&at, Text { min: 1, max: 128 });
            }
            if let Some(at) = self.required(&tag, "value") {
                self.string(&at, Text { min: 0, max: 256 });
            }
        }
    }

    fn profile(&mut self, top: &Object<'_>, out: &mut Guardrail) {
        if self.dialect.is_response() {
            let Some(details) = self.section(top, "crossRegionConfig", RESPONSE_PROFILE) else {
                return;
            };
            let id = self.optional(&details, "guardrailProfileId");
            let arn = self.optional(&details, "guardrailProfileArn");
            let texts = [arn, id].map(|at| {
                at.and_then(|at| {
                    self.string(
                        &at,
                        Text {
                            min: 15,
                            max: 2_048,
                        },
                    )
                })
            });
            out.cross_region_profile = texts.into_iter().flatten().next();
            return;
        }
        let Some(config) = self.section(top, "crossRegionConfig", REQUEST_PROFILE) else {
            return;
        };
        let Some(at) = self.required(&config, "guardrailProfileIdentifier") else {
            return;
        };
        let Some(text) = self.string(
            &at,
            Text {
                min: 15,
                max: 2_048,
            },
        ) else {
            return;
        };
        if !is_profile(&text) {
            let message =
                "a guardrail profile is expected: an id such as `us.guardrail.v1:0`, or its ARN";
            self.error("wrong-pattern", &at, message);
        }
        out.cross_region_profile = Some(text);
    }
}

/// The model's pattern of `kmsKeyId`.
fn is_kms_key(text: &str) -> bool {
    let id = |s: &str| s.len() == 36 && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let alias = |s: &str| {
        !s.is_empty()
            && s.bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/'))
    };
    let resource = |s: &str| match s.strip_prefix("alias/") {
        Some(name) => alias(name),
        None => s.strip_prefix("key/").is_some_and(id),
    };
    let mut parts = text.splitn(6, ':');
    if parts.next() == Some("arn") {
        let partition = parts.next().unwrap_or("");
        let service = parts.next();
        let _region = parts.next();
        let account = parts.next().unwrap_or("");
        return partition.starts_with("aws")
            && service == Some("kms")
            && account.len() == 12
            && account.bytes().all(|b| b.is_ascii_digit())
            && parts.next().is_some_and(resource);
    }
    id(text) || text.strip_prefix("alias/").is_some_and(alias)
}

/// `us.guardrail.v1:0`, or an ARN that ends in one.
fn is_profile(text: &str) -> bool {
    let id = match text.strip_prefix("arn:aws") {
        Some(arn) => match arn.split_once(":guardrail-profile/") {
            Some((_, id)) => id,
            None => return false,
        },
        None => text,
    };
    let Some((region, version)) = id.split_once(".guardrail.v") else {
        return false;
    };
    !region.is_empty()
        && region
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !version.is_empty()
        && version.bytes().all(|b| b.is_ascii_digit() || b == b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kms_keys_and_profiles_follow_the_model() {
        let id = "12345678-1234-1234-1234-123456789012";
        assert!(is_kms_key(id));
        assert!(is_kms_key("alias/team/key"));
        assert!(is_kms_key(&format!(
            "arn:aws-us-gov:kms:us-east-1:111122223333:key/{id}"
        )));
        for bad in [
            "",
            "key",
            "arn:aws:s3:::bucket",
            "arn:aws:kms:us-east-1:1:key/x",
            "alias/",
        ] {
            assert!(!is_kms_key(bad), "{bad}");
        }
        assert!(is_profile("us-gov.guardrail.v1:0"));
        assert!(is_profile(
            "arn:aws:bedrock:us-east-1:111122223333:guardrail-profile/us.guardrail.v1:0"
        ));
        for bad in [
            "us.anthropic.v1:0",
            "arn:aws:bedrock:us-east-1:1:guardrail/abc",
            ".guardrail.v1:0",
        ] {
            assert!(!is_profile(bad), "{bad}");
        }
    }
}
