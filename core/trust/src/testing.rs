//! For tests: keys that are no secret, a repository in memory, and a driver for the client.
//!
//! Everything is made from seeds, so that a test that fails fails again. The repository publishes what it is
//! told, valid or not.
#![allow(
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    clippy::missing_panics_doc,
    reason = "a test that cannot be set up ends"
)]

use crate::text::{percent_encoded, to_hex};
use crate::{Answer, Client, Error, Step, json};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use sha2::{Digest, Sha256, Sha512};

/// A time when what [`Repository::new`] makes is valid: 2026-01-01T00:00:00Z.
pub const NOW: u64 = 1_767_225_600;

/// When what [`Repository::new`] makes expires.
pub const EXPIRES: &str = "2030-01-01T00:00:00Z";

/// A signing key made from a seed.
#[derive(Clone, Debug)]
pub enum Signer {
    /// Ed25519.
    Ed25519(ed25519_dalek::SigningKey),
    /// ECDSA on P-256 with SHA-256.
    #[cfg(feature = "p256")]
    P256(p256::ecdsa::SigningKey),
}

impl Signer {
    /// The Ed25519 key of a seed.
    #[must_use]
    pub fn ed25519(seed: u64) -> Signer {
        let secret: [u8; 32] = Sha256::digest(seed.to_be_bytes()).into();
        Signer::Ed25519(ed25519_dalek::SigningKey::from_bytes(&secret))
    }

    /// The P-256 key of a seed.
    #[cfg(feature = "p256")]
    #[must_use]
    pub fn p256(seed: u64) -> Signer {
        let secret: [u8; 32] = Sha256::digest(seed.to_be_bytes()).into();
        Signer::P256(p256::ecdsa::SigningKey::from_slice(&secret).expect("a scalar in range"))
    }

    /// The key object of TUF.
    #[must_use]
    pub fn key(&self) -> String {
        match self {
            Signer::Ed25519(key) => format!(
                r#"{{"keytype":"ed25519","keyval":{{"public":"{}"}},"scheme":"ed25519"}}"#,
                to_hex(key.verifying_key().as_bytes())
            ),
            #[cfg(feature = "p256")]
            Signer::P256(key) => format!(
                r#"{{"keytype":"ecdsa","keyval":{{"public":"{}"}},"scheme":"ecdsa-sha2-nistp256"}}"#,
                pem(key.verifying_key().to_sec1_point(false).as_bytes())
            ),
        }
    }

    /// The key id: the hash of the canonical key object.
    #[must_use]
    pub fn id(&self) -> String {
        let key = self.key();
        let value = json::parse(key.as_bytes()).expect("JSON");
        to_hex(&Sha256::digest(value.canonical()))
    }

    /// The signature over a message, as TUF writes it.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> String {
        use ed25519_dalek::Signer as _;
        match self {
            Signer::Ed25519(key) => to_hex(&key.sign(message).to_bytes()),
            #[cfg(feature = "p256")]
            Signer::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                to_hex(signature.to_der().as_bytes())
            }
        }
    }
}

/// The SubjectPublicKeyInfo of an uncompressed point, in PEM as a JSON string has it.
#[cfg(feature = "p256")]
fn pem(point: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut der =
        crate::text::from_hex("3059301306072a8648ce3d020106082a8648ce3d030107034200").expect("hex");
    der.extend_from_slice(point);
    let mut text = String::from(r"-----BEGIN PUBLIC KEY-----");
    for (at, triple) in der.chunks(3).enumerate() {
        if at % 16 == 0 {
            text.push_str("\\n");
        }
        let mut bytes = [0_u8; 4];
        for (to, from) in bytes.iter_mut().skip(1).zip(triple) {
            *to = *from;
        }
        let bits = u32::from_be_bytes(bytes);
        for place in 0..4 {
            let letter = usize::try_from(bits >> (18 - 6 * place) & 63)
                .ok()
                .and_then(|at| LETTERS.get(at));
            let letter = letter.copied().filter(|_| place <= triple.len());
            text.push(char::from(letter.unwrap_or(b'=')));
        }
    }
    text.push_str(r"\n-----END PUBLIC KEY-----\n");
    text
}

/// Signs the text of a `signed` object.
#[must_use]
pub fn envelope(signed: &str, signers: &[Signer]) -> Vec<u8> {
    let value = json::parse(signed.as_bytes()).expect("the signed object is JSON");
    let canonical = value.canonical();
    let signatures: Vec<String> = signers
        .iter()
        .map(|signer| {
            format!(
                r#"{{"keyid":"{}","sig":"{}"}}"#,
                signer.id(),
                signer.sign(&canonical)
            )
        })
        .collect();
    format!(
        r#"{{"signatures":[{}],"signed":{signed}}}"#,
        signatures.join(",")
    )
    .into_bytes()
}

/// A delegation from a role to another.
#[derive(Clone, Debug)]
pub struct Delegated {
    /// The delegated role's name.
    pub name: String,
    /// Whether the search ends with it.
    pub terminating: bool,
    /// `"paths":[…]` or `"path_hash_prefixes":[…]`.
    pub scope: String,
    /// The keys listed for it. The delegated role's own if empty.
    pub keys: Vec<Signer>,
    /// The threshold listed for it.
    pub threshold: u64,
}

/// A role of a [`Repository`].
#[derive(Clone, Debug)]
pub struct Role {
    /// The version in its metadata.
    pub version: u64,
    /// When it expires.
    pub expires: String,
    /// The keys that the root lists for it; for delegated roles see [`Delegated::keys`].
    pub keys: Vec<Signer>,
    /// The threshold that the root lists for it.
    pub threshold: u64,
    /// Who signs it.
    pub signers: Vec<Signer>,
    /// Targets: name and object.
    pub targets: BTreeMap<String, String>,
    /// Delegations in order.
    pub delegations: Vec<Delegated>,
    /// Members to add to the signed object, each with its JSON.
    pub extra: BTreeMap<String, String>,
}

impl Role {
    /// A role of version 1 with one key.
    #[must_use]
    pub fn new(signer: Signer) -> Role {
        Role {
            version: 1,
            expires: EXPIRES.to_string(),
            keys: Vec::from([signer.clone()]),
            threshold: 1,
            signers: Vec::from([signer]),
            targets: BTreeMap::new(),
            delegations: Vec::new(),
            extra: BTreeMap::new(),
        }
    }
}

/// A repository in memory.
#[derive(Clone, Debug)]
pub struct Repository {
    /// Whether it has consistent snapshots.
    pub consistent: bool,
    /// Whether snapshot and timestamp list lengths and hashes.
    pub hashes: bool,
    /// What all roles say of the specification.
    pub spec_version: String,
    /// The roles by name.
    pub roles: BTreeMap<String, Role>,
    /// The metadata that is served, by path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The targets that are served, by path.
    pub contents: BTreeMap<String, Vec<u8>>,
}

const TOP_LEVEL: [&str; 4] = ["root", "targets", "snapshot", "timestamp"];

impl Repository {
    /// A repository whose top-level roles have an Ed25519 key each, published as version 1.
    #[must_use]
    pub fn new(seed: u64) -> Repository {
        let mut repository = Repository {
            consistent: true,
            hashes: true,
            spec_version: "1.0.34".to_string(),
            roles: BTreeMap::new(),
            files: BTreeMap::new(),
            contents: BTreeMap::new(),
        };
        for (name, number) in TOP_LEVEL.iter().zip(1..) {
            let signer = Signer::ed25519(seed.wrapping_mul(1000).wrapping_add(number));
            repository
                .roles
                .insert((*name).to_string(), Role::new(signer));
        }
        for name in TOP_LEVEL {
            repository.write(name);
        }
        repository
    }

    /// A role.
    pub fn role(&mut self, name: &str) -> &mut Role {
        self.roles.get_mut(name).expect("a role of the repository")
    }

    /// Gives a top-level role another key: a rotation. Publish the role and the root.
    pub fn rotate(&mut self, name: &str, signer: Signer) {
        let role = self.role(name);
        role.keys = Vec::from([signer.clone()]);
        role.signers = Vec::from([signer]);
    }

    /// Adds a delegation by paths, and the role if it is new. Publish both.
    pub fn delegate(
        &mut self,
        delegator: &str,
        name: &str,
        signer: Signer,
        paths: &[&str],
    ) -> &mut Delegated {
        let paths: Vec<String> = paths.iter().map(|path| format!("\"{path}\"")).collect();
        self.roles
            .entry(name.to_string())
            .or_insert_with(|| Role::new(signer.clone()));
        let delegations = &mut self.role(delegator).delegations;
        delegations.push(Delegated {
            name: name.to_string(),
            terminating: false,
            scope: format!(r#""paths":[{}]"#, paths.join(",")),
            keys: Vec::from([signer]),
            threshold: 1,
        });
        delegations.last_mut().expect("just added")
    }

    /// Adds a target to a role, `custom` in JSON. Publish the role.
    pub fn target(&mut self, role: &str, name: &str, bytes: &[u8], custom: Option<&str>) {
        let sha256 = to_hex(&Sha256::digest(bytes));
        let sha512 = to_hex(&Sha512::digest(bytes));
        let custom = custom
            .map(|custom| format!(r#""custom":{custom},"#))
            .unwrap_or_default();
        let entry = format!(
            r#"{{{custom}"hashes":{{"sha256":"{sha256}","sha512":"{sha512}"}},"length":{}}}"#,
            bytes.len()
        );
        self.role(role).targets.insert(name.to_string(), entry);
        let (folder, file) = match name.rsplit_once('/') {
            Some((folder, file)) => (format!("{folder}/"), file),
            None => (String::new(), name),
        };
        for hash in [sha256, sha512] {
            self.contents
                .insert(format!("{folder}{hash}.{file}"), bytes.to_vec());
        }
        self.contents.insert(name.to_string(), bytes.to_vec());
    }

    /// Publishes new versions of roles: each version one higher, in the order in which they list each other.
    pub fn publish(&mut self, roles: &[&str]) {
        for name in roles {
            self.role(name).version += 1;
        }
        let mut order: Vec<&str> = roles.to_vec();
        order.sort_by_key(|name| match *name {
            "root" => 0,
            "snapshot" => 2,
            "timestamp" => 3,
            _ => 1,
        });
        for name in order {
            self.write(name);
        }
    }

    /// Publishes new versions of a role's file and of all that list it.
    pub fn update(&mut self, role: &str) {
        match role {
            "root" | "timestamp" => self.publish(&[role]),
            "snapshot" => self.publish(&["snapshot", "timestamp"]),
            _ => self.publish(&[role, "snapshot", "timestamp"]),
        }
    }

    /// Signs and serves a role as it stands.
    pub fn write(&mut self, name: &str) {
        let bytes = envelope(
            &self.signed(name),
            &self.roles.get(name).expect("a role").signers.clone(),
        );
        self.files.insert(self.path(name), bytes);
    }

    /// Where a role of the present version is served.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        let role = self.roles.get(name).expect("a role of the repository");
        let file = percent_encoded(name);
        if name == "root" || (self.consistent && name != "timestamp") {
            format!("{}.{file}.json", role.version)
        } else {
            format!("{file}.json")
        }
    }

    /// The first root: what clients pin.
    #[must_use]
    pub fn pinned(&self) -> &[u8] {
        self.files.get("1.root.json").expect("the first root")
    }

    /// What a metadata path answers.
    #[must_use]
    pub fn fetch(&self, path: &str) -> Option<Vec<u8>> {
        self.files.get(path).cloned()
    }

    /// The text of a role's signed object.
    #[must_use]
    pub fn signed(&self, name: &str) -> String {
        let role = self.roles.get(name).expect("a role of the repository");
        let kind = if TOP_LEVEL.contains(&name) {
            name
        } else {
            "targets"
        };
        let mut members: BTreeMap<String, String> = BTreeMap::new();
        let mut put = |name: &str, json: String| members.insert(name.to_string(), json);
        put("_type", format!("\"{kind}\""));
        put("spec_version", format!("\"{}\"", self.spec_version));
        put("version", role.version.to_string());
        put("expires", format!("\"{}\"", role.expires));
        match kind {
            "root" => {
                put("consistent_snapshot", self.consistent.to_string());
                let listed = TOP_LEVEL
                    .iter()
                    .filter_map(|name| Some((*name, self.roles.get(*name)?)));
                put(
                    "keys",
                    keys(listed.clone().flat_map(|(_, role)| role.keys.iter())),
                );
                let roles = listed.map(|(name, role)| {
                    format!("\"{name}\":{{{}}}", key_ids(&role.keys, role.threshold))
                });
                put(
                    "roles",
                    format!("{{{}}}", roles.collect::<Vec<_>>().join(",")),
                );
            }
            "timestamp" => {
                put(
                    "meta",
                    format!(r#"{{"snapshot.json":{}}}"#, self.meta("snapshot")),
                );
            }
            "snapshot" => {
                let listed = self
                    .roles
                    .keys()
                    .filter(|name| !["root", "snapshot", "timestamp"].contains(&name.as_str()));
                let meta = listed.map(|name| format!("\"{name}.json\":{}", self.meta(name)));
                put(
                    "meta",
                    format!("{{{}}}", meta.collect::<Vec<_>>().join(",")),
                );
            }
            _ => {
                let targets = role
                    .targets
                    .iter()
                    .map(|(name, entry)| format!("\"{name}\":{entry}"));
                put(
                    "targets",
                    format!("{{{}}}", targets.collect::<Vec<_>>().join(",")),
                );
                if !role.delegations.is_empty() {
                    put("delegations", delegations(&role.delegations));
                }
            }
        }
        for (name, json) in &role.extra {
            put(name, json.clone());
        }
        let members: Vec<String> = members
            .iter()
            .map(|(name, json)| format!("\"{name}\":{json}"))
            .collect();
        format!("{{{}}}", members.join(","))
    }

    fn meta(&self, name: &str) -> String {
        let version = self.roles.get(name).map_or(1, |role| role.version);
        match self.files.get(&self.path(name)).filter(|_| self.hashes) {
            Some(bytes) => format!(
                r#"{{"hashes":{{"sha256":"{}"}},"length":{},"version":{version}}}"#,
                to_hex(&Sha256::digest(bytes)),
                bytes.len()
            ),
            None => format!(r#"{{"version":{version}}}"#),
        }
    }
}

fn keys<'s>(signers: impl Iterator<Item = &'s Signer>) -> String {
    let keys: BTreeMap<String, String> =
        signers.map(|signer| (signer.id(), signer.key())).collect();
    let keys: Vec<String> = keys
        .iter()
        .map(|(id, key)| format!("\"{id}\":{key}"))
        .collect();
    format!("{{{}}}", keys.join(","))
}

fn key_ids(signers: &[Signer], threshold: u64) -> String {
    let ids: Vec<String> = signers
        .iter()
        .map(|signer| format!("\"{}\"", signer.id()))
        .collect();
    format!(r#""keyids":[{}],"threshold":{threshold}"#, ids.join(","))
}

fn delegations(list: &[Delegated]) -> String {
    let roles: Vec<String> = list
        .iter()
        .map(|to| {
            let (name, scope, terminating) = (&to.name, &to.scope, to.terminating);
            let keys = key_ids(&to.keys, to.threshold);
            format!(r#"{{{keys},"name":"{name}",{scope},"terminating":{terminating}}}"#)
        })
        .collect();
    let keys = keys(list.iter().flat_map(|to| to.keys.iter()));
    format!(r#"{{"keys":{keys},"roles":[{}]}}"#, roles.join(","))
}

/// What a client stores, and what it asked for.
#[derive(Clone, Debug, Default)]
pub struct Storage {
    /// The files by name.
    pub files: BTreeMap<String, Vec<u8>>,
    /// `fetch <path>`, `store <file>` and `remove <file>` in order; loads are not listed.
    pub log: Vec<String>,
    /// After how many writes and removals the storage fails, as if the process ended there.
    pub writes_left: Option<usize>,
}

/// Why [`Storage::drive`] ended before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The client refused something.
    Refused(Error),
    /// `writes_left` came to its end.
    Crashed,
}

impl Storage {
    /// Drives what the client began to its end. `fetch` answers a path; `None` is status 404.
    ///
    /// # Errors
    ///
    /// What the client refused, or that the storage crashed as it was told.
    pub fn drive(
        &mut self,
        client: &mut Client,
        mut fetch: impl FnMut(&str) -> Option<Vec<u8>>,
    ) -> Result<(), Stop> {
        loop {
            match client.step().map_err(Stop::Refused)? {
                Step::Load { file } => match self.files.get(&file) {
                    Some(bytes) => client.answer(Answer::Bytes(bytes)),
                    None => client.answer(Answer::Absent),
                },
                Step::Fetch { path, max_bytes } => {
                    self.log.push(format!("fetch {path}"));
                    match fetch(&path) {
                        Some(bytes)
                            if u64::try_from(bytes.len())
                                .is_ok_and(|length| length > max_bytes) =>
                        {
                            client.too_large();
                        }
                        Some(bytes) => client.answer(Answer::Bytes(&bytes)),
                        None => client.answer(Answer::Absent),
                    }
                }
                Step::Store { file, bytes } => {
                    self.write(client)?;
                    self.log.push(format!("store {file}"));
                    self.files.insert(file, bytes);
                    client.answer(Answer::Done);
                }
                Step::Remove { file } => {
                    self.write(client)?;
                    self.log.push(format!("remove {file}"));
                    self.files.remove(&file);
                    client.answer(Answer::Done);
                }
                Step::Done => return Ok(()),
            }
        }
    }

    fn write(&mut self, client: &mut Client) -> Result<(), Stop> {
        if let Some(left) = &mut self.writes_left {
            match left.checked_sub(1) {
                Some(rest) => *left = rest,
                None => {
                    client.abort();
                    return Err(Stop::Crashed);
                }
            }
        }
        Ok(())
    }

    /// Refreshes from a repository at [`NOW`].
    ///
    /// # Errors
    ///
    /// The code of what the client refused; `crashed` if the storage ended.
    pub fn refresh(
        &mut self,
        client: &mut Client,
        repository: &Repository,
    ) -> Result<(), &'static str> {
        client.refresh(Some(NOW));
        code(self.drive(client, |path| repository.fetch(path)))
    }

    /// Restores at [`NOW`].
    ///
    /// # Errors
    ///
    /// As [`Storage::refresh`].
    pub fn restore(&mut self, client: &mut Client) -> Result<(), &'static str> {
        client.restore(Some(NOW));
        code(self.drive(client, |_| None))
    }

    /// Searches a target; gives its length.
    ///
    /// # Errors
    ///
    /// As [`Storage::refresh`].
    pub fn find(
        &mut self,
        client: &mut Client,
        repository: &Repository,
        target: &str,
    ) -> Result<Option<u64>, &'static str> {
        client.find(target);
        code(self.drive(client, |path| repository.fetch(path)))?;
        Ok(client.found().map(|target| target.length))
    }
}

fn code(result: Result<(), Stop>) -> Result<(), &'static str> {
    result.map_err(|stop| match stop {
        Stop::Refused(error) => error.code(),
        Stop::Crashed => "crashed",
    })
}
