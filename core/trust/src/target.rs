//! Targets: what a role says of a file, and the check of its bytes.

use crate::error::{Code, Error, Result, fail};
use crate::json::{self, Value};
use crate::text::{read_hex, to_hex};
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use sha2::{Digest, Sha256, Sha512};

/// The hashes of a file that are checked here; those of other kinds are ignored. Where none is left, the file
/// cannot be checked and is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashes {
    /// SHA-256 of the bytes.
    pub sha256: Option<[u8; 32]>,
    /// SHA-512 of the bytes.
    pub sha512: Option<[u8; 64]>,
}

impl Hashes {
    pub(crate) fn read(value: &Value<'_>) -> Result<Hashes> {
        let list = value
            .as_object()
            .ok_or_else(|| Error::new(Code::Schema, "hashes"))?;
        let mut hashes = Hashes {
            sha256: None,
            sha512: None,
        };
        for entry in list {
            let bytes = entry
                .value
                .as_str()
                .ok_or_else(|| Error::new(Code::Schema, "hashes"))?;
            match entry.name.as_ref() {
                "sha256" => hash(bytes, hashes.sha256.insert([0; 32]))?,
                "sha512" => hash(bytes, hashes.sha512.insert([0; 64]))?,
                _ => {}
            }
        }
        Ok(hashes)
    }

    /// Checks that there is a hash to check.
    pub(crate) fn check_known(&self) -> Result<()> {
        if self.sha256.is_none() && self.sha512.is_none() {
            return fail(Code::UnknownHash, "hashes");
        }
        Ok(())
    }

    pub(crate) fn check(&self, bytes: &[u8]) -> Result<()> {
        let mut hasher = Hasher::new(self);
        hasher.update(bytes);
        hasher.finish(self)
    }
}

fn hash(text: &str, bytes: &mut [u8]) -> Result<()> {
    read_hex(text, bytes).ok_or_else(|| Error::new(Code::Schema, "hashes"))
}

/// Computes the hashes that are listed, no others.
#[derive(Clone)]
struct Hasher {
    sha256: Option<Sha256>,
    sha512: Option<Sha512>,
}

impl Hasher {
    fn new(hashes: &Hashes) -> Hasher {
        Hasher {
            sha256: hashes.sha256.map(|_| Sha256::new()),
            sha512: hashes.sha512.map(|_| Sha512::new()),
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        if let Some(hasher) = &mut self.sha256 {
            hasher.update(bytes);
        }
        if let Some(hasher) = &mut self.sha512 {
            hasher.update(bytes);
        }
    }

    fn finish(self, hashes: &Hashes) -> Result<()> {
        hashes.check_known()?;
        let is_256 = match (self.sha256, &hashes.sha256) {
            (Some(hasher), Some(hash)) => hasher.finalize().as_slice() == hash,
            (hasher, hash) => hasher.is_none() && hash.is_none(),
        };
        let is_512 = match (self.sha512, &hashes.sha512) {
            (Some(hasher), Some(hash)) => hasher.finalize().as_slice() == hash,
            (hasher, hash) => hasher.is_none() && hash.is_none(),
        };
        if is_256 && is_512 {
            Ok(())
        } else {
            fail(Code::HashMismatch, "hashes")
        }
    }
}

/// A target as the role in charge of it describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The target's name.
    pub name: String,
    /// How many bytes the file has.
    pub length: u64,
    /// The hashes of the file.
    pub hashes: Hashes,
    /// The `custom` object, as canonical JSON.
    pub custom: Option<Vec<u8>>,
}

impl Target {
    pub(crate) fn read(name: &str, value: &Value<'_>) -> Result<Target> {
        let length = json::required(value, "length")?.as_u64();
        let custom = match value.member("custom") {
            None => None,
            Some(custom) => {
                custom
                    .as_object()
                    .ok_or_else(|| Error::new(Code::Schema, "custom"))?;
                Some(custom.canonical())
            }
        };
        Ok(Target {
            name: name.to_owned(),
            length: length.ok_or_else(|| Error::new(Code::Schema, "length"))?,
            hashes: Hashes::read(json::required(value, "hashes")?)?,
            custom,
        })
    }

    /// Where the file lies below the base of the targets. With consistent snapshots, that is
    /// `dir/<hash>.<file>`, by SHA-256 where it is listed, else by SHA-512; the repository has a copy for
    /// each hash listed (TUF 1.0.34, section 6.2.1). Not percent-encoded.
    #[must_use]
    pub fn path(&self, consistent: bool) -> String {
        if !consistent {
            return self.name.clone();
        }
        let hash = match (&self.hashes.sha256, &self.hashes.sha512) {
            (Some(hash), _) => to_hex(hash),
            (None, Some(hash)) => to_hex(hash),
            (None, None) => String::new(),
        };
        let mut path =
            String::with_capacity(self.name.len().saturating_add(hash.len()).saturating_add(1));
        // What ends with a slash, if there is one.
        let folder = self.name.bytes().rposition(|byte| byte == b'/');
        let folder = folder.map_or(0, |slash| slash.saturating_add(1));
        path.push_str(self.name.get(..folder).unwrap_or_default());
        path.push_str(&hash);
        path.push('.');
        path.push_str(self.name.get(folder..).unwrap_or_default());
        path
    }

    /// Checks a file's bytes: length and all hashes listed.
    ///
    /// # Errors
    ///
    /// [`Code::Length`] or [`Code::HashMismatch`], about the target's name.
    pub fn verify(&self, bytes: &[u8]) -> core::result::Result<(), Error> {
        let mut verifier = self.verifier();
        verifier.update(bytes)?;
        verifier.finish()
    }

    /// Checks a file that comes in pieces.
    #[must_use]
    pub fn verifier(&self) -> Verifier {
        Verifier {
            name: self.name.clone(),
            left: self.length,
            hasher: Hasher::new(&self.hashes),
            hashes: self.hashes.clone(),
        }
    }
}

/// Checks a target's bytes as they come. Nothing of them may be used before [`Verifier::finish`] agrees.
#[derive(Clone)]
pub struct Verifier {
    name: String,
    left: u64,
    hasher: Hasher,
    hashes: Hashes,
}

impl core::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Verifier of ")?;
        f.write_str(&self.name)
    }
}

impl Verifier {
    /// Takes the next bytes.
    ///
    /// # Errors
    ///
    /// [`Code::Length`]: the file is longer than signed; no more of it need be read.
    pub fn update(&mut self, bytes: &[u8]) -> core::result::Result<(), Error> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        match self.left.checked_sub(length) {
            Some(left) => {
                self.left = left;
                self.hasher.update(bytes);
                Ok(())
            }
            None => Err(Error::new(Code::Length, "length").about(&self.name)),
        }
    }

    /// Says whether the bytes taken are the target's.
    ///
    /// # Errors
    ///
    /// [`Code::Length`]: the file is shorter than signed. [`Code::HashMismatch`]: it is another file.
    pub fn finish(self) -> core::result::Result<(), Error> {
        if self.left > 0 {
            return Err(Error::new(Code::Length, "length").about(&self.name));
        }
        self.hasher
            .finish(&self.hashes)
            .map_err(|error| error.about(&self.name))
    }
}
