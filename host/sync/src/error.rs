use std::fmt;

/// Why something was not done: a stable code, where, and what to do about it. Never a key or a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    code: &'static str,
    place: String,
    message: String,
    /// What to do, where it is not what the code's explanation says.
    remedy: Option<&'static str>,
    /// Whether nobody answered, as opposed to an answer that cannot be accepted.
    unreachable: bool,
    /// Whether trying again soon may help.
    transient: bool,
    /// How long the server asked to be left alone, in seconds.
    retry_after: Option<u64>,
}

impl Error {
    /// An error of an answer or of the local state: trying again soon does not help.
    pub fn new(code: &'static str, place: impl Into<String>, message: impl Into<String>) -> Error {
        Error {
            code,
            place: place.into(),
            message: message.into(),
            remedy: None,
            unreachable: false,
            transient: false,
            retry_after: None,
        }
    }

    /// An error of the network: trying again soon may help.
    pub fn network(
        code: &'static str,
        place: impl Into<String>,
        message: impl Into<String>,
    ) -> Error {
        Error {
            unreachable: true,
            transient: true,
            ..Error::new(code, place, message)
        }
    }

    /// The same, with what to do in this case: a sentence, in place of the one that the code stands for.
    #[must_use]
    pub fn remedy_is(mut self, remedy: &'static str) -> Error {
        self.remedy = Some(remedy);
        self
    }

    /// The same, with what the server's `Retry-After` asks for.
    #[must_use]
    pub fn after(mut self, seconds: Option<u64>) -> Error {
        self.retry_after = seconds;
        self
    }

    /// The same, but trying again soon does not help: the server answers and refuses.
    #[must_use]
    pub fn permanent(mut self) -> Error {
        self.transient = false;
        self
    }

    /// The stable code; [`crate::codes`] explains each.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The file, address or option that it is about.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What is wrong.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do, in a sentence; empty if the message says it, as those of the TUF client do.
    #[must_use]
    pub fn remedy(&self) -> &str {
        let remedy = self.remedy.or_else(|| {
            let known = crate::codes::explain(self.code)?;
            Some(known.remedy)
        });
        remedy
            .filter(|remedy| !self.message.contains(remedy))
            .unwrap_or_default()
    }

    /// What is wrong and what to do.
    #[must_use]
    pub fn advice(&self) -> String {
        match self.remedy() {
            "" => self.message.clone(),
            remedy => format!("{}: {remedy}", self.message),
        }
    }

    /// Whether nobody answered.
    #[must_use]
    pub const fn is_unreachable(&self) -> bool {
        self.unreachable
    }

    /// Whether trying again soon may help.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        self.transient
    }

    /// How long the server asked to be left alone, in seconds.
    #[must_use]
    pub const fn retry_after(&self) -> Option<u64> {
        self.retry_after
    }

    /// What the TUF client refused.
    pub(crate) fn of_trust(place: &str, error: &edgerail_trust::Error) -> Error {
        Error::new(error.code(), place, error.to_string())
    }

    /// A verified bundle that is not taken.
    pub(crate) fn of_refusal(place: &str, refusal: edgerail_trust::activation::Refusal) -> Error {
        let code = refusal.code();
        let message = crate::codes::explain(code).map_or(code, |known| known.sentence);
        Error::new(code, place, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.place, self.message, self.code)?;
        match self.remedy() {
            "" => Ok(()),
            remedy => write!(f, ": {remedy}"),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes;

    #[test]
    fn every_error_says_once_what_to_do() {
        for known in codes::all() {
            let text = Error::new(known.code, "place", known.sentence).to_string();
            assert_eq!(text.matches(known.remedy).count(), 1, "{text}");
            let own = Error::new(known.code, "place", known.sentence).remedy_is("Do that.");
            let advice = format!("{}: Do that.", known.sentence);
            assert_eq!((own.remedy(), own.advice()), ("Do that.", advice));
            assert!(!own.to_string().contains(known.remedy), "{own}");
        }
        for code in edgerail_trust::Code::ALL {
            let said = Error::new(code.name(), "place", code.message()).to_string();
            let remedy = codes::explain(code.name()).unwrap().remedy;
            assert_eq!(said.matches(remedy).count(), 1, "{said}");
        }
    }
}
