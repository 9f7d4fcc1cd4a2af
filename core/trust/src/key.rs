//! Public keys and signatures.

use crate::error::{Code, Error, Result};
use crate::json::{self, Value};
use crate::text::from_hex;
use alloc::{boxed::Box, string::String, vec::Vec};

#[cfg(feature = "p256")]
mod p256;
#[cfg(any(feature = "p256", feature = "rsa"))]
mod pem;
#[cfg(feature = "rsa")]
mod rsa;
#[cfg(test)]
mod tests;

/// A key as a role lists it.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    /// The key id: a name, unique in its list. It need not be the hash of the key (see docs/trust.md).
    pub(crate) id: String,
    /// `None`: a scheme that is not known here, whose signatures count nothing.
    pub(crate) public: Option<Public>,
}

/// A public key that signatures are checked with.
#[derive(Clone, Debug)]
pub(crate) enum Public {
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
    #[cfg(feature = "p256")]
    P256(Box<p256::Key>),
    #[cfg(feature = "rsa")]
    Rsa(rsa::Key),
}

/// Schemes that a client knows beside those that all clients know.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Schemes {
    /// `rsassa-pss-sha256`. Not by the feature alone: cargo unites features, and what publishes must not accept by
    /// accident what browsers cannot verify.
    #[cfg(feature = "rsa")]
    pub(crate) rsa: bool,
}

impl Public {
    /// The bytes that say which key it is, whatever id it has: two ids of one key count once.
    pub(crate) fn raw(&self) -> &[u8] {
        match self {
            Public::Ed25519(key) => key.as_bytes(),
            #[cfg(feature = "p256")]
            Public::P256(key) => key.raw(),
            #[cfg(feature = "rsa")]
            Public::Rsa(key) => key.raw(),
        }
    }

    /// Whether a signature, in the hexadecimal of TUF, is the key's signature over the message.
    pub(crate) fn verify(&self, message: &[u8], signature: &str) -> bool {
        let Some(signature) = from_hex(signature) else {
            return false;
        };
        match self {
            Public::Ed25519(key) => match ed25519_dalek::Signature::from_slice(&signature) {
                Ok(signature) => key.verify_strict(message, &signature).is_ok(),
                Err(_) => false,
            },
            #[cfg(feature = "p256")]
            Public::P256(key) => key.verify(message, &signature),
            #[cfg(feature = "rsa")]
            Public::Rsa(key) => key.verify(message, &signature),
        }
    }
}

/// Reads an object of keys. Keys of unknown types and schemes are kept by their ids only.
pub(crate) fn read_all(parent: &Value<'_>, schemes: Schemes) -> Result<Vec<Key>> {
    // Without the feature there are no others.
    let _ = schemes;
    let mut keys = Vec::new();
    for entry in json::object(parent, "keys")? {
        let key = &entry.value;
        let keytype = json::string(key, "keytype")?;
        let scheme = json::string(key, "scheme")?;
        let value = json::required(key, "keyval")?;
        value
            .as_object()
            .ok_or_else(|| Error::new(Code::Schema, "keyval"))?;
        let public = match (keytype, scheme) {
            ("ed25519", "ed25519") => Some(ed25519(json::string(value, "public")?)),
            #[cfg(feature = "p256")]
            ("ecdsa" | "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256") => Some(
                p256::read(json::string(value, "public")?).map(|key| Public::P256(Box::new(key))),
            ),
            #[cfg(feature = "rsa")]
            ("rsa", "rsassa-pss-sha256") if schemes.rsa => {
                Some(rsa::read(json::string(value, "public")?).map(Public::Rsa))
            }
            _ => None,
        };
        let public = match public {
            None => None,
            Some(None) => return Err(Error::new(Code::Key, &entry.name)),
            Some(public) => public,
        };
        keys.push(Key {
            id: String::from(entry.name.as_ref()),
            public,
        });
    }
    Ok(keys)
}

/// Reads a key of 32 bytes. Points of small order are refused, because signatures by them prove nothing,
/// and so are encodings above the field's order, because two of them would be one key.
fn ed25519(public: &str) -> Option<Public> {
    let bytes: [u8; 32] = from_hex(public)?.try_into().ok()?;
    let (low, rest) = bytes.split_first()?;
    let (high, middle) = rest.split_last()?;
    if *low >= 0xed && high & 0x7f == 0x7f && middle.iter().all(|byte| *byte == 0xff) {
        return None;
    }
    let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).ok()?;
    (!key.is_weak()).then(|| Public::Ed25519(Box::new(key)))
}
