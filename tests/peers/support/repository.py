"""A TUF repository made by python-tuf, as files: what it signs and writes, our client has to accept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from copy import copy, deepcopy
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Key,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    SuccinctRoles,
    TargetFile,
    Targets,
    Timestamp,
)

TOP_LEVEL = ("root", "timestamp", "snapshot", "targets")
# Publishing order: what names another file is signed after it.
ORDER = ("targets", "snapshot", "timestamp")


def now() -> datetime:
    """This moment, in whole seconds, as TUF writes it."""
    return datetime.now(timezone.utc).replace(microsecond=0)


def later(days: float) -> datetime:
    """So many days from now; negative is past."""
    return now() + timedelta(days=days)


def signer(scheme: str = "ed25519") -> CryptoSigner:
    """A new key pair."""
    kinds = {
        "ed25519": CryptoSigner.generate_ed25519,
        "ecdsa": CryptoSigner.generate_ecdsa,
        "rsa": CryptoSigner.generate_rsa,
    }
    return kinds[scheme]()


def key_id(key: dict[str, Any]) -> str:
    """The key id that belongs to a key: the hash of its canonical JSON."""
    return hashlib.sha256(encode_canonical(key).encode()).hexdigest()


class Repository:
    """A repository under construction, and the files that it has published so far.

    `files` maps the paths below the base URLs, `metadata/…` and `targets/…`, to bytes. `publish` signs a role and
    adds its file; nothing is ever taken away unless a test does so.
    """

    def __init__(
        self,
        *,
        scheme: str = "ed25519",
        consistent: bool = True,
        thresholds: dict[str, int] | None = None,
        hashes: bool = False,
        days: float = 30,
    ) -> None:
        self.scheme = scheme
        self.hashes = hashes
        self.files: dict[str, bytes] = {}
        self.signers: dict[str, list[CryptoSigner]] = {}
        self.signed: dict[str, Root | Timestamp | Snapshot | Targets] = {}
        self.published: set[str] = set()
        # What the other roles say about a file: the length and hash of what was published.
        expires = later(days)
        root = Root(expires=expires, consistent_snapshot=consistent)
        self.signed = {
            "root": root,
            "timestamp": Timestamp(expires=expires),
            "snapshot": Snapshot(expires=expires),
            "targets": Targets(expires=expires),
        }
        for role in TOP_LEVEL:
            threshold = (thresholds or {}).get(role, 1)
            self.signers[role] = [signer(scheme) for _ in range(threshold)]
            root.roles[role].threshold = threshold
            for one in self.signers[role]:
                root.add_key(one.public_key, role)

    def copy(self) -> Repository:
        """A repository of its own with the same files, roles and keys."""
        other = Repository.__new__(Repository)
        other.__dict__ = {name: copy(value) for name, value in self.__dict__.items()}
        other.signed = deepcopy(self.signed)
        other.signers = {role: list(keys) for role, keys in self.signers.items()}
        return other

    # Views of the roles with their types.

    @property
    def root(self) -> Root:
        return self.signed["root"]

    @property
    def timestamp(self) -> Timestamp:
        return self.signed["timestamp"]

    @property
    def snapshot(self) -> Snapshot:
        return self.signed["snapshot"]

    @property
    def targets(self) -> Targets:
        return self.signed["targets"]

    def roles(self) -> list[str]:
        """All targets roles, the delegated ones first."""
        delegated = [name for name in self.signed if name not in TOP_LEVEL]
        return [*delegated, "targets"]

    # Changing it.

    def add_target(
        self,
        name: str,
        data: bytes,
        role: str = "targets",
        *,
        custom: dict[str, Any] | None = None,
        algorithms: Iterable[str] = ("sha256",),
    ) -> TargetFile:
        """Lists a target in a role, and puts its file below `targets/`."""
        target = TargetFile.from_data(name, data, list(algorithms))
        if custom is not None:
            target.unrecognized_fields["custom"] = custom
        self.signed[role].targets[name] = target
        folder, slash, file = name.rpartition("/")
        if self.root.consistent_snapshot:
            for digest in target.hashes.values():
                self.files[f"targets/{folder}{slash}{digest}.{file}"] = data
        else:
            self.files[f"targets/{name}"] = data
        return target

    def delegate(
        self,
        delegator: str,
        role: str,
        *,
        paths: list[str] | None = None,
        prefixes: list[str] | None = None,
        terminating: bool = False,
        threshold: int = 1,
        keys: list[CryptoSigner] | None = None,
        days: float = 30,
    ) -> None:
        """Delegates to a role, which is made if there is none of this name; its keys are new, or the given ones."""
        parent = self.signed[delegator]
        if parent.delegations is None:
            parent.delegations = Delegations({}, roles={})
        if paths is None and prefixes is None:
            paths = ["*"]
        parent.delegations.roles[role] = DelegatedRole(role, [], threshold, terminating, paths, prefixes)
        keys = keys or [signer(self.scheme) for _ in range(threshold)]
        for one in keys:
            parent.add_key(one.public_key, role)
        self.signers.setdefault(role, [])
        self.signers[role] += [one for one in keys if one not in self.signers[role]]
        if role not in self.signed:
            self.signed[role] = Targets(expires=later(days))

    def delegate_bins(self, delegator: str, bits: int, prefix: str) -> SuccinctRoles:
        """Delegates to 2^bits hash bins in the succinct form."""
        key = signer(self.scheme)
        bins = SuccinctRoles([], 1, bits, prefix)
        self.signed[delegator].delegations = Delegations({}, succinct_roles=bins)
        self.signed[delegator].add_key(key.public_key)
        for role in bins.get_roles():
            self.signed[role] = Targets(expires=later(30))
            self.signers[role] = [key]
        return bins

    def rotate(self, role: str, *, keys: list[CryptoSigner] | None = None, keep_old_signatures: bool = True) -> None:
        """Gives a top-level role new keys; a new root is signed by the old ones too, as it has to be."""
        old = self.signers[role]
        for one in old:
            self.root.revoke_key(one.public_key.keyid, role)
        new = keys or [signer(self.scheme) for _ in range(self.root.roles[role].threshold)]
        for one in new:
            self.root.add_key(one.public_key, role)
        self.signers[role] = [*new, *(old if role == "root" and keep_old_signatures else [])]

    # Publishing it.

    def publish(self, *roles: str, bump: bool = True) -> None:
        """Signs and publishes roles in the given order; without names, all but root (and root if it is new).

        A role's version grows if it was published before. The one who names it is told its version, and with
        `hashes` its length and hash.
        """
        if not roles:
            roles = (*self.roles(), "snapshot", "timestamp")
            if "root" not in self.published:
                roles = ("root", *roles)
        for role in roles:
            if bump and role in self.published:
                self.signed[role].version += 1
            self.published.add(role)
            document = self.document(role)
            self.put(role, self.signed[role].version, document)
            self.tell(role, document)

    def document(self, role: str) -> bytes:
        """A role's metadata, signed by its keys."""
        metadata = Metadata(deepcopy(self.signed[role]))
        for one in self.signers[role]:
            metadata.sign(one, append=True)
        return metadata.to_bytes()

    def path(self, role: str, version: int) -> str:
        """Where a role's metadata is published."""
        versioned = role == "root" or (self.root.consistent_snapshot and role != "timestamp")
        return f"metadata/{f'{version}.' if versioned else ''}{quote(role, safe='')}.json"

    def put(self, role: str, version: int, document: bytes) -> None:
        """Publishes bytes as a role's metadata, whatever they are."""
        self.files[self.path(role, version)] = document

    def tell(self, role: str, document: bytes) -> None:
        """Tells the role that names this one about it."""
        length = len(document) if self.hashes else None
        digests = {"sha256": hashlib.sha256(document).hexdigest()} if self.hashes else None
        entry = MetaFile(self.signed[role].version, length, digests)
        if role == "snapshot":
            self.timestamp.snapshot_meta = entry
        elif role not in ("root", "timestamp"):
            self.snapshot.meta[f"{role}.json"] = entry

    # What python-tuf's own types refuse to hold is edited as JSON.

    def latest(self, role: str) -> dict[str, Any]:
        """The published metadata of a role, as JSON."""
        return json.loads(self.files[self.path(role, self.signed[role].version)])

    def edit(
        self,
        role: str,
        change: Callable[[dict[str, Any]], None],
        *,
        signers: list[CryptoSigner] | None = None,
        tell: bool = True,
    ) -> None:
        """Changes the latest published `signed` part as JSON, signs it again and publishes it in its place."""
        signed = self.latest(role)["signed"]
        change(signed)
        self.put_signed(role, signed, signers=signers, tell=tell)

    def put_signed(
        self,
        role: str,
        signed: dict[str, Any],
        *,
        signers: list[CryptoSigner] | None = None,
        tell: bool = True,
    ) -> None:
        """Signs a `signed` part and publishes it in the place of the latest."""
        payload = encode_canonical(signed).encode()
        made = [one.sign(payload) for one in (self.signers[role] if signers is None else signers)]
        signatures = [{"keyid": one.keyid, "sig": one.signature} for one in made]
        document = json.dumps({"signatures": signatures, "signed": signed}).encode()
        self.put(role, self.signed[role].version, document)
        if tell:
            self.tell(role, document)

    def envelope(self, role: str, change: Callable[[dict[str, Any]], None], *, tell: bool = True) -> None:
        """Changes the latest published metadata around its `signed` part; nothing is signed again."""
        document = self.latest(role)
        change(document)
        data = json.dumps(document).encode()
        self.put(role, self.signed[role].version, data)
        if tell:
            self.tell(role, data)

    def republish_above(self, role: str) -> None:
        """Publishes the roles that name this one, so that clients look at it."""
        if role not in ("root", "snapshot", "timestamp"):
            self.publish("snapshot")
        if role not in ("root", "timestamp"):
            self.publish("timestamp")

    def trusted_root(self, version: int = 1) -> bytes:
        """What a client is given to begin with."""
        return self.files[self.path("root", version)]


def adopted(folder: Path, keys: dict[str, list[Path]]) -> Repository:
    """A repository that somebody else made in a folder, with the private keys (PEM) of its top-level roles."""
    repository = Repository()
    repository.files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for part in ("metadata", "targets")
        for path in (folder / part).rglob("*")
        if path.is_file()
    }
    numbers = [int(path.name.split(".")[0]) for path in (folder / "metadata").glob("*.root.json")]
    newest = {"root": repository.files[f"metadata/{max(numbers)}.root.json"]}
    newest["timestamp"] = repository.files["metadata/timestamp.json"]
    repository.signed = {role: Metadata.from_bytes(document).signed for role, document in newest.items()}
    for role, version in (
        ("snapshot", lambda: repository.timestamp.snapshot_meta.version),
        ("targets", lambda: repository.snapshot.meta["targets.json"].version),
    ):
        document = repository.files[repository.path(role, version())]
        repository.signed[role] = Metadata.from_bytes(document).signed
    repository.published = set(repository.signed)
    repository.signers = {role: [known_signer(file, repository.root) for file in files] for role, files in keys.items()}
    return repository


def known_signer(file: Path, root: Root) -> CryptoSigner:
    """A private key, under the id that root knows its public key by."""
    private = load_pem_private_key(file.read_bytes(), None)
    public = CryptoSigner(private).public_key
    for key in root.keys.values():
        if key.keytype == public.keytype and key.keyval["public"].strip() == public.keyval["public"].strip():
            return CryptoSigner(private, key)
    raise ValueError(f"root does not list the key of {file.name}")


def sample(**options: Any) -> Repository:
    """A published repository with one target, `policy.bundle`."""
    repository = Repository(**options)
    repository.add_target("policy.bundle", b"the first policy")
    repository.publish()
    return repository


def plain_key(one: CryptoSigner) -> dict[str, Any]:
    """The JSON of a public key, as it stands in root."""
    key: Key = one.public_key
    return key.to_dict()
