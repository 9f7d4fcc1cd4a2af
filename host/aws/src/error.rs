//! What went wrong, for people and for programs.

use std::fmt;

/// The kinds of failure. Their [codes](Kind::code) are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// No credentials, or such as AWS does not know.
    Credentials,
    /// Temporary credentials that are over.
    CredentialsExpired,
    /// No region is known, or it is none.
    Region,
    /// An endpoint URL that is none.
    Endpoint,
    /// The caller may not do this.
    AccessDenied,
    /// The signature is not what AWS computed.
    Signature,
    /// This machine's clock is too far from AWS's.
    ClockSkew,
    /// There is no such resource.
    NotFound,
    /// AWS asked to slow down until tries or time ran out.
    Throttled,
    /// AWS failed until tries or time ran out.
    Unavailable,
    /// No connection, or it broke.
    Network,
    /// No answer in time.
    Timeout,
    /// An answer that points elsewhere.
    Redirect,
    /// An answer above the cap.
    TooLarge,
    /// An answer that is no JSON.
    NotJson,
    /// JSON of another form than the operation's.
    Shape,
    /// AWS refused the request for any other reason.
    Refused,
    /// A request that cannot be made.
    Input,
    /// A guardrail that may change under its version.
    Draft,
    /// A guardrail that is not ready.
    GuardrailStatus,
    /// Lists that say they go on, and do not, or that never end.
    Incomplete,
    /// A snapshot folder, or a folder that should be one.
    Snapshot,
    /// A file or folder could not be read or written.
    InputOutput,
    /// A key that cannot sign repositories.
    Key,
}

impl Kind {
    /// The stable name, in snake case.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Kind::Credentials => "aws_credentials",
            Kind::CredentialsExpired => "aws_credentials_expired",
            Kind::Region => "aws_region",
            Kind::Endpoint => "aws_endpoint",
            Kind::AccessDenied => "aws_access_denied",
            Kind::Signature => "aws_signature",
            Kind::ClockSkew => "aws_clock_skew",
            Kind::NotFound => "aws_not_found",
            Kind::Throttled => "aws_throttled",
            Kind::Unavailable => "aws_unavailable",
            Kind::Network => "aws_network",
            Kind::Timeout => "aws_timeout",
            Kind::Redirect => "aws_redirect",
            Kind::TooLarge => "aws_too_large",
            Kind::NotJson => "aws_not_json",
            Kind::Shape => "aws_shape",
            Kind::Refused => "aws_refused",
            Kind::Input => "aws_input",
            Kind::Draft => "guardrail_draft",
            Kind::GuardrailStatus => "guardrail_status",
            Kind::Incomplete => "incomplete",
            Kind::Snapshot => "snapshot",
            Kind::InputOutput => "input_output",
            Kind::Key => "kms_key",
        }
    }
}

/// An error answer of AWS, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The HTTP status.
    pub status: u16,
    /// The exception's name without namespace; empty if the answer had none.
    pub code: String,
    /// The exact bytes of the body.
    pub bytes: Vec<u8>,
}

/// Why something could not be done: the place, what is wrong there, and what to do about it. Holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    place: String,
    message: String,
    fault: Option<Box<Fault>>,
}

impl Error {
    pub(crate) fn new(kind: Kind, place: impl Into<String>, message: impl Into<String>) -> Error {
        Error {
            kind,
            place: place.into(),
            message: message.into(),
            fault: None,
        }
    }

    pub(crate) fn with_fault(mut self, fault: Fault) -> Error {
        self.fault = Some(Box::new(fault));
        self
    }

    /// A failure to read or write a file.
    pub(crate) fn file(path: &std::path::Path, error: &std::io::Error) -> Error {
        Error::new(
            Kind::InputOutput,
            path.display().to_string(),
            error.to_string(),
        )
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The stable name of the kind.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// The operation and region, the file, or the argument.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What is wrong, and the remedy.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The answer of AWS that said so, if one did.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        self.fault.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for Error {}

/// The longest quotation from an answer, in characters.
const QUOTED: usize = 400;

/// Text of others on one line, cut, and without what must not be shown.
pub(crate) fn quotable(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "[redacted]");
    }
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut short: String = text.chars().take(QUOTED).map(plain).collect();
    if text.chars().nth(QUOTED).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::quotable;

    #[test]
    fn quotations_are_short_plain_and_without_secrets() {
        assert_eq!(
            quotable("a\nb\u{1b}[1m key=s3cr3t", &["s3cr3t", ""]),
            "a b [1m key=[redacted]"
        );
        let long = quotable(&"é".repeat(1000), &[]);
        assert_eq!(long.chars().count(), 401);
        // Redacted before it is cut, so that no half of a secret is left.
        let edge = format!("{}{}", "x".repeat(398), "s3cr3t");
        assert!(!quotable(&edge, &["s3cr3t"]).contains("s3"));
    }
}
