//! What an answer comes to, once all of it is here.

use std::time::{Duration, SystemTime};

use reqwest::header::{AsHeaderName, CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use serde_json::Value;

use crate::error::{Error, Kind, quotable};
use crate::fault::Refusal;
use crate::operation::Operation;
use crate::retry::{http_date, retry_after};
use crate::shape;

/// A try that failed: why, and whether to try again.
pub(crate) struct Failed {
    pub(crate) error: Error,
    pub(crate) again: bool,
    pub(crate) throttled: bool,
    pub(crate) after: Option<Duration>,
}

impl Failed {
    pub(crate) fn for_good(error: Error) -> Failed {
        Failed {
            error,
            again: false,
            throttled: false,
            after: None,
        }
    }

    pub(crate) fn passing(error: Error) -> Failed {
        Failed {
            again: true,
            ..Failed::for_good(error)
        }
    }
}

/// What came before an answer's body.
pub(crate) struct Head<'a> {
    pub(crate) status: u16,
    pub(crate) headers: &'a HeaderMap,
    /// What must not be quoted.
    pub(crate) secrets: &'a [&'a str],
    /// When it came, by this machine's clock.
    pub(crate) now: SystemTime,
}

impl Head<'_> {
    fn text(&self, name: impl AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// What an answer comes to: a document of the operation's form, or why there is none.
    pub(crate) fn understand(
        &self,
        operation: &'static Operation,
        place: &str,
        bytes: Vec<u8>,
    ) -> Result<(Vec<u8>, Value), Failed> {
        if self.status == 200 {
            return self.read(operation, place, bytes).map_err(Failed::for_good);
        }
        let verdict = Refusal {
            operation,
            place,
            status: self.status,
            error_type: self.text("x-amzn-errortype"),
            content_type: self.text(CONTENT_TYPE),
            date: self.text(DATE).and_then(http_date),
            now: self.now,
            bytes: &bytes,
            secrets: self.secrets,
        }
        .verdict();
        Err(Failed {
            error: verdict.error,
            again: verdict.again,
            throttled: verdict.throttled,
            after: self
                .text(RETRY_AFTER)
                .and_then(|value| retry_after(value, self.now)),
        })
    }

    fn read(
        &self,
        operation: &'static Operation,
        place: &str,
        bytes: Vec<u8>,
    ) -> Result<(Vec<u8>, Value), Error> {
        let value: Value = serde_json::from_slice(&bytes).map_err(|error| {
            let kind = quotable(self.text(CONTENT_TYPE).unwrap_or("no content type"), &[]);
            let (line, column) = (error.line(), error.column());
            let message = format!(
                "the answer is no JSON (line {line}, column {column}; {kind}); check the endpoint URL and proxies"
            );
            Error::new(Kind::NotJson, place, message)
        })?;
        shape::check(operation, &value)
            .map_err(|message| Error::new(Kind::Shape, place, message))?;
        Ok((bytes, value))
    }
}
