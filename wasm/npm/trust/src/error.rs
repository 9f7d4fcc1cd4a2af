//! What is refused, as JavaScript reads it.

use alloc::vec::Vec;

use edgerail_trust::activation::Refusal;

/// Why a call was refused. The TypeScript makes its own error of it.
pub(crate) enum Failure {
    /// Metadata, or a bundle's bytes.
    Trust(edgerail_trust::Error),
    /// A verified target that is not taken, or a state that is none.
    Refusal(Refusal),
    /// A value of JavaScript that is not what the method takes.
    Argument(&'static str),
}

impl From<edgerail_trust::Error> for Failure {
    fn from(error: edgerail_trust::Error) -> Failure {
        Failure::Trust(error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        Failure::Refusal(refusal)
    }
}

impl Failure {
    /// Code, reason and message, a zero byte between them. The first two have none in them.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut put = |text: &str| out.extend_from_slice(text.as_bytes());
        match self {
            Failure::Trust(error) => {
                put("sync_metadata\0");
                put(error.code());
                put("\0");
                for part in [&error.role, &error.place] {
                    if !part.is_empty() {
                        put(part);
                        put(": ");
                    }
                }
                put(error.message());
            }
            Failure::Refusal(refusal) => {
                put("sync_target\0");
                put(refusal.code());
                put("\0");
            }
            Failure::Argument(message) => {
                put("invalid_argument\0\0");
                put(message);
            }
        }
    }
}
