//! For tests of others: what becomes of an answer, without a connection.

use std::time::{Duration, SystemTime};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use crate::error::Error;
use crate::head::Head;
use crate::operation::Operation;

/// An answer that is not what was asked for.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Why.
    pub error: Error,
    /// Whether the request would be sent again.
    pub again: bool,
    /// How long the answer asks to wait before that.
    pub after: Option<Duration>,
}

/// Understands an answer as [`Client::call`](crate::Client::call) does. Headers that are none are left out; `secrets` must
/// not be quoted.
///
/// # Errors
/// What the call would fail with, or be tried again for.
pub fn understand(
    operation: &'static Operation,
    status: u16,
    headers: &[(&str, &str)],
    secrets: &[&str],
    now: SystemTime,
    body: &[u8],
) -> Result<Value, Refused> {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            map.append(name, value);
        }
    }
    let head = Head {
        status,
        headers: &map,
        secrets,
        now,
    };
    let understood = head.understand(operation, operation.name, body.to_vec());
    let refused = understood.map_err(|failed| Refused {
        error: failed.error,
        again: failed.again,
        after: failed.after,
    });
    refused.map(|(_, value)| value)
}
