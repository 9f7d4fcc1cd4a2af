//! Keys that sign: local ones in PKCS#8 files, and whatever else implements [`Signer`].

mod file;

use std::collections::HashMap;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, UnparsedPublicKey,
};
use tough::schema::key::{EcdsaKey, EcdsaScheme, Ed25519Key, Ed25519Scheme};

use crate::error::{Error, Result};
use crate::text::hex;

pub use tough::schema::key::Key;

pub use file::{Passphrase, is_encrypted, write_new};

/// Something that signs: a key in a file, a key of a key management service.
pub trait Signer {
    /// The public key as TUF metadata lists it.
    fn key(&self) -> Key;

    /// Signs a message: Ed25519, or ECDSA P-256 over its SHA-256, the signature in DER.
    ///
    /// # Errors
    /// [`Error`] naming the key, if it cannot sign.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>>;
}

/// A kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyType {
    /// Ed25519.
    Ed25519,
    /// ECDSA on the curve P-256 with SHA-256, as key management services have it.
    EcdsaP256,
}

/// A private key at hand.
pub struct LocalKey(Pair);

enum Pair {
    Ed25519(Ed25519KeyPair),
    EcdsaP256(EcdsaKeyPair),
}

impl core::fmt::Debug for LocalKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("LocalKey")
            .field(&key_id(&self.key()))
            .finish()
    }
}

impl LocalKey {
    /// A new key.
    ///
    /// # Errors
    /// `random` if the machine gives no random numbers.
    pub fn generate(kind: KeyType) -> Result<LocalKey> {
        let pair = match kind {
            KeyType::Ed25519 => Ed25519KeyPair::generate().map(Pair::Ed25519),
            KeyType::EcdsaP256 => {
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map(Pair::EcdsaP256)
            }
        };
        pair.map(LocalKey).map_err(|_| {
            let message = "no key could be made; the machine gives no random numbers";
            Error::new("random", "this machine", message)
        })
    }

    /// Reads a PKCS#8 key; `None` if it is of neither kind.
    fn from_pkcs8(der: &[u8]) -> Option<LocalKey> {
        let ed25519 = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map(Pair::Ed25519);
        let pair = ed25519.or_else(|_| {
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der).map(Pair::EcdsaP256)
        });
        pair.ok().map(LocalKey)
    }

    /// PKCS#8, version 1: what OpenSSL reads, too.
    fn to_pkcs8(&self) -> Result<aws_lc_rs::pkcs8::Document> {
        let document = match &self.0 {
            Pair::Ed25519(pair) => pair.to_pkcs8v1(),
            Pair::EcdsaP256(pair) => pair.to_pkcs8v1(),
        };
        document.map_err(|_| Error::new("key", "the key", "cannot be written as PKCS#8"))
    }
}

impl Signer for LocalKey {
    fn key(&self) -> Key {
        match &self.0 {
            Pair::Ed25519(pair) => Key::Ed25519 {
                keyval: Ed25519Key {
                    public: pair.public_key().as_ref().to_vec().into(),
                    _extra: HashMap::new(),
                },
                scheme: Ed25519Scheme::Ed25519,
                _extra: HashMap::new(),
            },
            Pair::EcdsaP256(pair) => Key::Ecdsa {
                keyval: EcdsaKey {
                    public: pair.public_key().as_ref().to_vec().into(),
                    _extra: HashMap::new(),
                },
                scheme: EcdsaScheme::EcdsaSha2Nistp256,
                _extra: HashMap::new(),
            },
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        match &self.0 {
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::EcdsaP256(pair) => pair
                .sign(&SystemRandom::new(), message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| Error::new("random", "this machine", "gave no random numbers")),
        }
    }
}

/// The id of a key: the SHA-256 of its canonical JSON, in lower-case hexadecimal.
#[must_use]
pub fn key_id(key: &Key) -> String {
    // A key is plain strings, which always have a canonical form.
    key.key_id().map(|id| hex(&id)).unwrap_or_default()
}

/// The key as TUF metadata lists it, from the JSON that `keys show` prints.
///
/// # Errors
/// `key` if it is no key, or of a kind that clients do not verify.
pub fn public_key(place: &str, json: &[u8]) -> Result<Key> {
    let wrong = |why: &str| Error::new("key", place, why);
    let key: Key = serde_json::from_slice(json)
        .map_err(|_| wrong("is no TUF key; `edgerail keys show` prints one"))?;
    let fits = match &key {
        Key::Ed25519 { keyval, .. } => keyval.public.len() == 32,
        Key::Ecdsa { keyval, .. } | Key::EcdsaOld { keyval, .. } => keyval.public.len() == 65,
        Key::Rsa { .. } => false,
    };
    if !fits {
        return Err(wrong(
            "is of a kind that clients do not verify; take Ed25519 or ECDSA P-256",
        ));
    }
    Ok(key)
}

/// A public ECDSA P-256 key in PEM, as key management services give it.
///
/// # Errors
/// `key` if it is something else.
pub fn ecdsa_key(place: &str, pem: &str) -> Result<Key> {
    let key = serde_json::json!({
        "keytype": "ecdsa", "scheme": "ecdsa-sha2-nistp256", "keyval": {"public": pem.trim()},
    });
    public_key(place, key.to_string().as_bytes()).map_err(|_| {
        let message = "has a public key that is none of ECDSA P-256; make one with the key spec ECC_NIST_P256 for SIGN_VERIFY";
        Error::new("key", place, message)
    })
}

/// Whether a signature of a message is by a key.
pub(crate) fn verify(key: &Key, message: &[u8], signature: &[u8]) -> bool {
    let (algorithm, public): (&dyn aws_lc_rs::signature::VerificationAlgorithm, &[u8]) = match key {
        Key::Ed25519 { keyval, .. } => (&ED25519, &keyval.public),
        Key::Ecdsa { keyval, .. } | Key::EcdsaOld { keyval, .. } => {
            (&ECDSA_P256_SHA256_ASN1, &keyval.public)
        }
        Key::Rsa { .. } => return false,
    };
    UnparsedPublicKey::new(algorithm, public)
        .verify(message, signature)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_sign_what_verifies_and_nothing_else() {
        for kind in [KeyType::Ed25519, KeyType::EcdsaP256] {
            let (key, other) = (
                LocalKey::generate(kind).unwrap(),
                LocalKey::generate(kind).unwrap(),
            );
            let signature = key.sign(b"message").unwrap();
            assert!(verify(&key.key(), b"message", &signature));
            assert!(!verify(&key.key(), b"massage", &signature));
            assert!(!verify(&other.key(), b"message", &signature));
            let json = serde_json::to_vec(&key.key()).unwrap();
            let read = public_key("k", &json).unwrap();
            assert_eq!(key_id(&read), key_id(&key.key()));
            assert_eq!(key_id(&read).len(), 64);
        }
    }

    #[test]
    fn keys_that_clients_do_not_verify_are_refused() {
        let ed25519 = |public: &str| {
            format!(
                r#"{{"keytype":"ed25519","scheme":"ed25519","keyval":{{"public":"{public}"}}}}"#
            )
        };
        assert!(public_key("k", ed25519(&"ab".repeat(32)).as_bytes()).is_ok());
        for bad in [
            ed25519("abcd"),
            ed25519("xy"),
            "{}".into(),
            "[".into(),
            String::new(),
        ] {
            assert_eq!(public_key("k", bad.as_bytes()).unwrap_err().code(), "key");
        }
        // The DER of a P-384 key begins so.
        let p384 = "-----BEGIN PUBLIC KEY-----\nMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE\n-----END PUBLIC KEY-----\n";
        for pem in ["no PEM", "", p384] {
            let error = ecdsa_key("aws-kms:///k", pem).unwrap_err();
            assert_eq!((error.code(), error.place()), ("key", "aws-kms:///k"));
            assert!(error.message().contains("ECC_NIST_P256"), "{error}");
        }
    }
}
