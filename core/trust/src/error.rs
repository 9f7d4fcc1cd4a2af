//! What ends an update: a stable code, the role it is about and the place.

use alloc::{boxed::Box, string::String};
use core::fmt;

/// Makes the list of codes: the variant, its name for programs, and rule and remedy in a sentence.
macro_rules! codes {
    ($($(#[doc = $doc:literal])* $variant:ident $code:literal $sentence:literal)*) => {
        /// Why metadata or a target is not accepted. The names are stable; docs/trust.md lists them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Code {
            /// All codes, in the order of docs/trust.md.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The code as programs read it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Code::$variant => $code,)* }
            }

            /// The rule that is broken and what to do about it.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $(Code::$variant => $sentence,)* }
            }
        }
    };
}

codes! {
    /// The bytes are not strict JSON.
    Json "json" "the file is not JSON in the strict form that TUF metadata has: check that the address serves the repository"
    /// A member is missing, unknown in the envelope, or of another type or form than TUF says.
    Schema "schema" "a member is missing or has another form than TUF 1.0 gives it: publish the file again with a TUF tool"
    /// The metadata is for another role.
    RoleType "role_type" "the signed type is not that of the role asked for: the repository serves one role's file under another's name"
    /// Another major version of the specification.
    SpecVersion "spec_version" "only metadata of TUF 1.x is read: publish with a tool for TUF 1.0"
    /// A key that no signature may be checked with.
    Key "key" "a key is malformed or weak: replace it in the role that lists it"
    /// The same key id twice where each may stand once.
    DuplicateKey "duplicate_key" "a key id stands twice where each may stand once: sign or publish the file again"
    /// A threshold below 1.
    Threshold "threshold" "a threshold is at least 1: publish the delegating role again"
    /// Fewer valid signatures by different keys than the threshold.
    Signatures "signatures" "fewer of the role's keys signed than its threshold asks for: add the missing signatures, or suspect the source"
    /// So few keys of the role have a scheme known here that the threshold cannot be met.
    UnknownScheme "unknown_scheme" "the threshold cannot be met by keys of the schemes ed25519 and ecdsa-sha2-nistp256 known here: use a client with the scheme"
    /// Root N+1 does not have the version N+1.
    RootVersion "root_version" "the next root has exactly the version after the trusted one: publish each root under its own number"
    /// Metadata of another version than the role above lists.
    RoleVersion "role_version" "the version differs from the one that the role above lists: files of different publications are mixed"
    /// A version below one that was trusted before.
    Rollback "rollback" "a version is lower than one trusted before, or a role has vanished from the list: an old repository is served"
    /// The same version with other content.
    Equivocation "equivocation" "another content is signed under a version trusted before: a signing key is misused or two publishers collide"
    /// The metadata's time is over.
    Expired "expired" "the metadata has expired: publish it anew; if it was, an old copy is served, or the clock is ahead"
    /// Another number of bytes than listed.
    Length "length" "the file does not have the length that was signed: fetch it again, or suspect the source"
    /// Other bytes than listed.
    HashMismatch "hash_mismatch" "the file does not have the hash that was signed: fetch it again, or suspect the source"
    /// No hash of a kind that can be checked.
    UnknownHash "unknown_hash" "none of the signed hashes is sha256 or sha512: publish with one of them"
    /// More bytes than the limit.
    TooLarge "too_large" "the file is larger than the limit for its role: check the address, or publish less in one role"
    /// The repository does not have a file that it must have.
    NotFound "not_found" "the repository does not have the file: check the address and whether the publication is complete"
    /// Nothing is stored for a role.
    Absent "absent" "nothing is stored for the role: refresh from the repository first"
    /// A delegated role that the snapshot does not list.
    Unlisted "unlisted" "the snapshot does not list the role: publish the snapshot anew"
    /// More roles to visit than the limit.
    Delegations "delegations" "the search went through the most roles allowed: delegate the target in fewer steps"
    /// The driver did not follow the protocol.
    Sequence "sequence" "the client is driven out of order: begin, then step and answer in turns"
}

/// Why an update, a search or a check failed.
///
/// It is one pointer wide: each step of each reader may give one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Details>);

/// What an [`Error`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Details {
    /// What rule is broken.
    pub kind: Code,
    /// The role the error is about (`root`, `timestamp`, a delegated role's name), or the target's name.
    /// Empty where no role is.
    pub role: String,
    /// The member or the file; empty where the whole file is meant.
    pub place: String,
}

impl core::ops::Deref for Error {
    type Target = Details;

    fn deref(&self) -> &Details {
        &self.0
    }
}

impl Error {
    /// An error about no role yet.
    #[cold]
    #[inline(never)]
    pub(crate) fn new(kind: Code, place: &str) -> Error {
        Error(Box::new(Details {
            kind,
            role: String::new(),
            place: String::from(place),
        }))
    }

    /// The same error about a role, if none was named.
    #[cold]
    #[inline(never)]
    pub(crate) fn about(mut self, role: &str) -> Error {
        if self.role.is_empty() {
            self.0.role.push_str(role);
        }
        self
    }

    /// The same error at a place within another.
    #[cold]
    #[inline(never)]
    pub(crate) fn within(mut self, outer: &str) -> Error {
        self.0.place.insert(0, '.');
        self.0.place.insert_str(0, outer);
        self
    }

    /// The stable code, from the list in docs/trust.md.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.kind.name()
    }

    /// The rule and the remedy.
    #[must_use]
    pub fn message(&self) -> &'static str {
        self.kind.message()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.role.is_empty() {
            f.write_str(&self.role)?;
            f.write_str(": ")?;
        }
        if !self.place.is_empty() {
            f.write_str(&self.place)?;
            f.write_str(": ")?;
        }
        f.write_str(self.message())
    }
}

impl core::error::Error for Error {}

/// What a check gives.
pub(crate) type Result<T> = core::result::Result<T, Error>;

/// Ends a check with a code, about a place.
#[cold]
#[inline(never)]
pub(crate) fn fail<T>(kind: Code, place: &str) -> Result<T> {
    Err(Error::new(kind, place))
}
