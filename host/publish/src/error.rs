use core::fmt;

/// Why a step of publishing came to nothing: a stable code, the place, and a sentence with the remedy. It never
/// holds a passphrase, a private key or a text of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    code: &'static str,
    place: String,
    message: String,
}

/// What every step gives.
pub type Result<T> = core::result::Result<T, Error>;

impl Error {
    /// An error with a code in snake case, the file, role or option it is about, and what to do about it.
    pub fn new(code: &'static str, place: impl Into<String>, message: impl Into<String>) -> Error {
        Error {
            code,
            place: place.into(),
            message: message.into(),
        }
    }

    /// The stable code; `docs/publishing.md` lists them.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The file, role or option.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// What is wrong and what to do about it.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl core::error::Error for Error {}
