//! What an error answer of AWS means, and what to do about it.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::error::{Error, Fault, Kind, quotable};
use crate::operation::{Operation, Service};

/// What AWS's throttling is called; any 429 is one too.
const THROTTLED: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "SlowDown",
    "PriorRequestNotComplete",
];

/// Failures that pass; any status from 500 is one too.
const PASSING: &[&str] = &[
    "RequestTimeout",
    "RequestTimeoutException",
    "InternalError",
    "InternalServerException",
    "InternalFailure",
    "ServiceException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
    "ConcurrentModificationException",
    "DependencyTimeoutException",
    "KeyUnavailableException",
    "KMSInternalException",
];

/// A signature is good for five minutes around AWS's clock.
const SKEW: Duration = Duration::from_secs(5 * 60);

/// The head of an answer that is not 200, and its body.
pub(crate) struct Refusal<'a> {
    pub(crate) operation: &'static Operation,
    pub(crate) place: &'a str,
    pub(crate) status: u16,
    /// `x-amzn-errortype`.
    pub(crate) error_type: Option<&'a str>,
    pub(crate) content_type: Option<&'a str>,
    /// The answer's time by AWS's clock, and by ours.
    pub(crate) date: Option<SystemTime>,
    pub(crate) now: SystemTime,
    pub(crate) bytes: &'a [u8],
    /// What must not be quoted.
    pub(crate) secrets: &'a [&'a str],
}

/// What a refusal comes to.
pub(crate) struct Verdict {
    pub(crate) error: Error,
    pub(crate) again: bool,
    pub(crate) throttled: bool,
}

impl Refusal<'_> {
    pub(crate) fn verdict(&self) -> Verdict {
        let body: Value = serde_json::from_slice(self.bytes).unwrap_or_default();
        let text = |names: [&str; 2]| {
            let values = names.map(|name| body.get(name).and_then(Value::as_str));
            values.into_iter().flatten().next().unwrap_or_default()
        };
        let code = self.error_type.unwrap_or_else(|| text(["__type", "code"]));
        let code = bare(code);
        let said = quotable(text(["message", "Message"]), self.secrets);
        let throttled = self.status == 429 || THROTTLED.contains(&code);
        let again = throttled || self.status >= 500 || PASSING.contains(&code);
        let (kind, message) = if throttled {
            (
                Kind::Throttled,
                self.quoted("AWS asks to slow down", code, &said),
            )
        } else if again {
            (Kind::Unavailable, self.quoted("AWS failed", code, &said))
        } else {
            self.meaning(code, &said)
        };
        let fault = Fault {
            status: self.status,
            code: code.to_owned(),
            bytes: self.bytes.to_vec(),
        };
        Verdict {
            error: Error::new(kind, self.place, message).with_fault(fault),
            again,
            throttled,
        }
    }

    fn meaning(&self, code: &str, said: &str) -> (Kind, String) {
        match code {
            "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture" => {
                (Kind::ClockSkew, self.skew())
            }
            "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "AuthFailure"
            | "IncompleteSignature"
            | "IncompleteSignatureException" => {
                if self
                    .difference()
                    .is_some_and(|(_, difference)| difference >= SKEW)
                    || said.starts_with("Signature expired")
                    || said.starts_with("Signature not yet current")
                {
                    (Kind::ClockSkew, self.skew())
                } else {
                    // What AWS says here repeats the request's headers, session token included.
                    let message = format!(
                        "AWS computed another signature ({code}); check the secret access key, and that no proxy \
                         changes the request"
                    );
                    (Kind::Signature, message)
                }
            }
            "ExpiredToken" | "ExpiredTokenException" => {
                let message =
                    "the credentials have expired; renew them (for example with `aws sso login`)";
                (Kind::CredentialsExpired, message.to_owned())
            }
            "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidAccessKeyId"
            | "MissingAuthenticationToken"
            | "MissingAuthenticationTokenException" => {
                let remedy = "AWS does not know these credentials; check the profile, the access key's state, and that \
                              key, session token and partition belong together";
                (Kind::Credentials, self.quoted(remedy, code, said))
            }
            _ if self.status == 403 || code.starts_with("AccessDenied") => {
                (Kind::AccessDenied, self.denied(code, said))
            }
            _ if self.status == 404 || code.ends_with("NotFoundException") => (
                Kind::NotFound,
                self.quoted("there is no such resource", code, said),
            ),
            "AWSOrganizationsNotInUseException" => {
                let message = "the account is in no organization; use credentials of the management account or a \
                               delegated administrator, or leave the organization out";
                (Kind::Refused, message.to_owned())
            }
            _ if (300..400).contains(&self.status) => {
                let message = "the answer points elsewhere, and a signed request is for one host only; check the \
                               endpoint URL and proxies";
                (Kind::Redirect, self.quoted(message, code, said))
            }
            _ => (
                Kind::Refused,
                self.quoted("AWS refused the request", code, said),
            ),
        }
    }

    fn quoted(&self, meaning: &str, code: &str, said: &str) -> String {
        let mut message = format!("{meaning} (HTTP {}", self.status);
        if code.is_empty() {
            let kind = quotable(self.content_type.unwrap_or("no content type"), self.secrets);
            message.push_str(", no error code, ");
            message.push_str(&kind);
        } else {
            message.push_str(", ");
            message.push_str(&quotable(code, self.secrets));
        }
        message.push(')');
        if !said.is_empty() {
            message.push_str(": ");
            message.push_str(said);
        }
        message
    }

    fn denied(&self, code: &str, said: &str) -> String {
        let action = self.operation.action;
        let more = match (self.operation.service, self.operation.name) {
            (Service::Bedrock, "GetGuardrail") => {
                "; a guardrail of another account needs a resource policy that allows it too, and one with a customer \
                 key kms:Decrypt on that key"
            }
            (Service::Organizations, _) => {
                "; Organizations answers the management account and delegated administrators only, but any account may \
                 describe its own effective policy"
            }
            (Service::Kms, _) => "; the key's own policy has to allow it too",
            _ => "",
        };
        self.quoted(
            &format!("the caller is not allowed {action}{more}"),
            code,
            said,
        )
    }

    /// By how much the clocks differ, and whether ours is ahead.
    fn difference(&self) -> Option<(bool, Duration)> {
        let date = self.date?;
        Some(match self.now.duration_since(date) {
            Ok(ahead) => (true, ahead),
            Err(behind) => (false, behind.duration()),
        })
    }

    fn skew(&self) -> String {
        let by = match self.difference() {
            Some((true, by)) => format!("is {} s ahead of AWS's", by.as_secs()),
            Some((false, by)) => format!("is {} s behind AWS's", by.as_secs()),
            None => "differs from AWS's".to_owned(),
        };
        format!(
            "this machine's clock {by}, and a signature is good for five minutes; set the clock"
        )
    }
}

/// `com.amazonaws.organizations#TooManyRequestsException:http://…` is `TooManyRequestsException`.
fn bare(code: &str) -> &str {
    let code = code.split_once(':').map_or(code, |(code, _)| code);
    let code = code.rsplit_once('#').map_or(code, |(_, code)| code);
    code.trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{DESCRIBE_POLICY, GET_GUARDRAIL, SIGN};

    fn verdict(
        operation: &'static Operation,
        status: u16,
        error_type: Option<&str>,
        body: &str,
    ) -> Verdict {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000);
        let refusal = Refusal {
            operation,
            place: "here",
            status,
            error_type,
            content_type: Some("text/html"),
            date: Some(now - Duration::from_secs(900)),
            now,
            bytes: body.as_bytes(),
            secrets: &["t0k3n"],
        };
        refusal.verdict()
    }

    #[test]
    fn organizations_throttle_with_400() {
        let body =
            r#"{"__type":"com.amazonaws.organizations#TooManyRequestsException","Message":"slow"}"#;
        let v = verdict(&DESCRIBE_POLICY, 400, None, body);
        assert!(v.again && v.throttled);
        assert_eq!(v.error.kind(), Kind::Throttled);
        let code = v.error.fault().map(|fault| fault.code.as_str());
        assert_eq!(code, Some("TooManyRequestsException"));
    }

    #[test]
    fn each_refusal_has_its_kind_and_remedy() {
        let cases = [
            (429, "", Kind::Throttled, "slow down", true),
            (503, "", Kind::Unavailable, "text/html", true),
            (
                400,
                "ValidationException",
                Kind::Refused,
                "ValidationException",
                false,
            ),
            (
                403,
                "AccessDeniedException",
                Kind::AccessDenied,
                "bedrock:GetGuardrail",
                false,
            ),
            (
                404,
                "ResourceNotFoundException",
                Kind::NotFound,
                "no such",
                false,
            ),
            (
                403,
                "ExpiredTokenException",
                Kind::CredentialsExpired,
                "renew",
                false,
            ),
            (
                403,
                "UnrecognizedClientException",
                Kind::Credentials,
                "profile",
                false,
            ),
            (
                403,
                "InvalidSignatureException",
                Kind::ClockSkew,
                "900 s ahead",
                false,
            ),
            (
                403,
                "RequestTimeTooSkewed",
                Kind::ClockSkew,
                "set the clock",
                false,
            ),
            (302, "", Kind::Redirect, "endpoint URL", false),
        ];
        for (status, code, kind, part, again) in cases {
            let error_type = (!code.is_empty()).then(|| format!("{code}:http://internal.example/"));
            let v = verdict(&GET_GUARDRAIL, status, error_type.as_deref(), "<html>");
            assert_eq!(v.error.kind(), kind, "{code}");
            assert!(v.error.message().contains(part), "{}", v.error);
            assert_eq!(v.again, again, "{code}");
        }
    }

    #[test]
    fn neither_token_nor_canonical_request_is_repeated() {
        let now = SystemTime::UNIX_EPOCH;
        let body =
            r#"{"message":"The Canonical String should have been x-amz-security-token:t0k3n"}"#;
        for error_type in [
            "SignatureDoesNotMatch",
            "ValidationException",
            "AccessDeniedException",
        ] {
            let refusal = Refusal {
                operation: &SIGN,
                place: "here",
                status: 403,
                error_type: Some(error_type),
                content_type: None,
                date: Some(now),
                now,
                bytes: body.as_bytes(),
                secrets: &["t0k3n"],
            };
            let error = refusal.verdict().error;
            assert!(!error.to_string().contains("t0k3n"), "{error}");
        }
    }
}
