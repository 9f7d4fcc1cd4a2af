//! Private keys in files: PKCS#8 as PEM, encrypted by a passphrase or not.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use pkcs8::der::pem::LineEnding;
use pkcs8::rand_core::{TryCryptoRng, TryRng};
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef, SecretDocument};

use super::LocalKey;
use crate::error::{Error, Result};

const PLAIN: &str = "PRIVATE KEY";
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

/// The fewest characters of a passphrase: below it, guessing needs no patience.
const PASSPHRASE_CHARACTERS: usize = 8;

/// What a private key is encrypted with. It has no `Display`, and its `Debug` does not show it.
#[derive(Clone)]
pub struct Passphrase(String);

impl core::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Passphrase")
    }
}

impl Passphrase {
    /// A passphrase as it stands in a file or variable: without the line feed that editors leave behind.
    #[must_use]
    pub fn new(text: &str) -> Passphrase {
        Passphrase(text.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// Whether another one is the same.
    #[must_use]
    pub fn is(&self, other: &Passphrase) -> bool {
        self.0 == other.0
    }

    /// Whether it is long enough to encrypt with.
    ///
    /// # Errors
    /// `passphrase_short`.
    pub fn long_enough(&self) -> Result<()> {
        if self.0.chars().count() < PASSPHRASE_CHARACTERS {
            let message =
                format!("has fewer than {PASSPHRASE_CHARACTERS} characters; take a longer one");
            return Err(Error::new("passphrase_short", "the passphrase", message));
        }
        Ok(())
    }
}

/// The machine's random numbers for the salt and the initialization vector.
struct Random;

impl TryRng for Random {
    type Error = std::io::Error;

    fn try_next_u32(&mut self) -> std::io::Result<u32> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_ne_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> std::io::Result<u64> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> std::io::Result<()> {
        aws_lc_rs::rand::fill(bytes).map_err(|_| ErrorKind::Other.into())
    }
}

impl TryCryptoRng for Random {}

impl LocalKey {
    /// The key as PEM: encrypted by PBES2 with scrypt and AES-256-CBC, which OpenSSL reads, if there is a
    /// passphrase.
    ///
    /// # Errors
    /// `passphrase_short`, or `random` if the machine gives no random numbers.
    pub fn to_pem(&self, passphrase: Option<&Passphrase>) -> Result<String> {
        let document = self.to_pkcs8()?;
        let wrong = || Error::new("key", "the key", "cannot be written as PEM");
        let document = match passphrase {
            None => SecretDocument::try_from(document.as_ref()).map_err(|_| wrong())?,
            Some(passphrase) => {
                passphrase.long_enough()?;
                let info = PrivateKeyInfoRef::try_from(document.as_ref()).map_err(|_| wrong())?;
                info.encrypt_with_rng(&mut Random, passphrase.0.as_bytes())
                    .map_err(|_| wrong())?
            }
        };
        let label = if passphrase.is_some() {
            ENCRYPTED
        } else {
            PLAIN
        };
        let pem = document
            .to_pem(label, LineEnding::LF)
            .map_err(|_| wrong())?;
        Ok(pem.to_string())
    }

    /// Reads a key from PEM; an encrypted one with the first of the passphrases that fits.
    ///
    /// # Errors
    /// `key` if it is no key of a known kind, `passphrase` if none fits or none is given.
    pub fn from_pem(place: &str, pem: &str, passphrases: &[Passphrase]) -> Result<LocalKey> {
        let wrong = |code, why: &str| Error::new(code, place, why);
        let no_key = || {
            wrong(
                "key",
                "is no private key in PEM (PKCS#8); `edgerail keys create` makes one",
            )
        };
        let (label, document) = SecretDocument::from_pem(pem).map_err(|_| no_key())?;
        let document = match label {
            PLAIN => document,
            ENCRYPTED => {
                let info = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes());
                let info = info.map_err(|_| no_key())?;
                if passphrases.is_empty() {
                    return Err(wrong(
                        "passphrase",
                        "is encrypted; set EDGERAIL_PASSPHRASE or give --passphrase-file FILE",
                    ));
                }
                let mut tried = passphrases.iter();
                let opened =
                    tried.find_map(|passphrase| info.decrypt(passphrase.0.as_bytes()).ok());
                opened.ok_or_else(|| {
                    wrong(
                        "passphrase",
                        "the passphrase does not fit; give the one of this key",
                    )
                })?
            }
            _ => return Err(no_key()),
        };
        LocalKey::from_pkcs8(document.as_bytes()).ok_or_else(|| {
            wrong(
                "key",
                "is of a kind that is not known; take Ed25519 or ECDSA P-256",
            )
        })
    }
}

/// Whether a PEM text is an encrypted private key.
#[must_use]
pub fn is_encrypted(pem: &str) -> bool {
    SecretDocument::from_pem(pem).is_ok_and(|(label, _)| label == ENCRYPTED)
}

/// Writes a file that nobody else may read and that did not exist.
///
/// # Errors
/// `exists` if there is a file of this name, `input_output` for all else.
pub fn write_new(path: &Path, content: &[u8]) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            let message = "is there already and is never overwritten; choose another name";
            Error::new("exists", path.display().to_string(), message)
        }
        _ => Error::new(
            "input_output",
            path.display().to_string(),
            error.to_string(),
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{KeyType, Signer as _, key_id};
    use super::*;

    #[test]
    fn a_key_comes_back_from_its_file() {
        let passphrase = Passphrase::new("correct horse battery\n");
        for kind in [KeyType::Ed25519, KeyType::EcdsaP256] {
            let key = LocalKey::generate(kind).unwrap();
            let id = key_id(&key.key());
            let plain = key.to_pem(None).unwrap();
            assert!(!is_encrypted(&plain));
            let read = LocalKey::from_pem("k", &plain, &[]).unwrap();
            assert_eq!(key_id(&read.key()), id);
            let pem = key.to_pem(Some(&passphrase)).unwrap();
            assert!(
                is_encrypted(&pem) && pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
            );
            let others = [
                Passphrase::new("wrong one"),
                Passphrase::new("correct horse battery"),
            ];
            let read = LocalKey::from_pem("k", &pem, &others).unwrap();
            assert_eq!(key_id(&read.key()), id);
        }
    }

    #[test]
    fn a_wrong_passphrase_is_refused_and_not_repeated() {
        let key = LocalKey::generate(KeyType::Ed25519).unwrap();
        let pem = key.to_pem(Some(&Passphrase::new("correct horse"))).unwrap();
        let wrong = Passphrase::new("battery staple");
        for tried in [vec![], vec![wrong.clone()]] {
            let error = LocalKey::from_pem("k.pem", &pem, &tried).unwrap_err();
            assert_eq!(error.code(), "passphrase");
            let told = format!("{error} {error:?} {wrong:?} {key:?}");
            assert!(
                !told.contains("battery") && !told.contains("horse"),
                "{told}"
            );
        }
        let short = key.to_pem(Some(&Passphrase::new("1234567"))).unwrap_err();
        assert_eq!(short.code(), "passphrase_short");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let rsa = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n";
        let not_a_key = "-----BEGIN PRIVATE KEY-----\nMAUCAQAwAA==\n-----END PRIVATE KEY-----\n";
        for bad in ["", "x", rsa, not_a_key] {
            assert_eq!(LocalKey::from_pem("k", bad, &[]).unwrap_err().code(), "key");
        }
    }
}
