"""What is done to a good repository, and what each client must make of it.

Every client trusts version 2 of the repository below and has its targets; root has version 1. Then version 3 is
published, and changed by one mutation. A client either takes version 3 whole, or keeps what it had.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from securesystemslib.formats import encode_canonical

from .repository import Repository, key_id, later, plain_key, signer

POLICY = "policy.bundle"
TEAM = "team/policy.bundle"
# The versions of all but root.
OLD, TRUSTED, NEW = 1, 2, 3


def base(**options: Any) -> Repository:
    """What is trusted: a target of our own, one of a delegated role, and thresholds of two where two keys sign."""
    repository = Repository(thresholds={"root": 2, "targets": 2}, **options)
    repository.delegate("targets", "team", paths=["team/*"])
    for version in (OLD, TRUSTED):
        publish(repository, version)
    return repository


def publish(repository: Repository, version: int) -> None:
    """The next version of all but root."""
    for name, role in ((POLICY, "targets"), (TEAM, "team")):
        repository.add_target(name, content(name, version), role)
    repository.publish()


def content(name: str, version: int) -> bytes:
    """What a target holds in a version."""
    return f"{name}, version {version}".encode()


@dataclass
class Mutation:
    """One change, and the verdicts on it."""

    # Begins with the threat's id where it has one.
    name: str
    change: Callable[[Repository], None]
    # The code that our client gives; empty if it takes version 3.
    code: str
    # Clients whose verdict is the other one than ours, with the reason.
    differs: dict[str, str] = field(default_factory=dict)
    # It is taken, and means that nothing is new.
    nothing_new: bool = False
    # How the repository is made.
    options: dict[str, Any] = field(default_factory=dict)


def edited(role: str, change: Callable[[dict[str, Any]], None], **options: Any) -> Callable[[Repository], None]:
    """The signed part is changed and signed again by all keys of the role."""
    return lambda repository: repository.edit(role, change, **options)


def member(role: str, name: str, value: Any) -> Callable[[Repository], None]:
    """One member of the signed part is another."""
    return edited(role, lambda signed: signed.update({name: value}))


def without(role: str, name: str) -> Callable[[Repository], None]:
    """One member of the signed part is missing."""
    return edited(role, lambda signed: signed.pop(name))


def wrapped(role: str, change: Callable[[dict[str, Any]], None]) -> Callable[[Repository], None]:
    """The envelope is changed; nothing is signed again."""
    return lambda repository: repository.envelope(role, change)


def replaced(role: str, make: Callable[[bytes], bytes]) -> Callable[[Repository], None]:
    """The file holds other bytes."""

    def change(repository: Repository) -> None:
        version = repository.signed[role].version
        repository.put(role, version, make(repository.files[repository.path(role, version)]))

    return change


def new_root(change: Callable[[dict[str, Any]], None]) -> Callable[[Repository], None]:
    """A second root, changed as JSON and signed by all root keys; version 3 of the others is in place."""

    def apply(repository: Repository) -> None:
        repository.publish("root")
        repository.edit("root", change)

    return apply


def role_in_root(role: str, **members: Any) -> Callable[[Repository], None]:
    """A second root that says something else about a role."""
    return new_root(lambda signed: signed["roles"][role].update(members))


def expired(role: str) -> Callable[[Repository], None]:
    """Version 3 of a role is signed, and past its expiry."""

    def change(signed: dict[str, Any]) -> None:
        signed["expires"] = "2020-01-01T00:00:00Z"
        # What is issued after its expiry would be refused as such.
        if "x-issued" in signed:
            signed["x-issued"] = "2019-12-31T00:00:00Z"

    return edited(role, change)


def first_signature(document: dict[str, Any]) -> dict[str, Any]:
    return document["signatures"][0]


def flip_signature(document: dict[str, Any]) -> None:
    one = first_signature(document)
    one["sig"] = f"{int(one['sig'][:2], 16) ^ 1:02x}{one['sig'][2:]}"


def flip_both_signatures(document: dict[str, Any]) -> None:
    for one in document["signatures"]:
        one["sig"] = f"{int(one['sig'][:2], 16) ^ 1:02x}{one['sig'][2:]}"


def twice_the_same(document: dict[str, Any]) -> None:
    document["signatures"] = [first_signature(document)] * 2


def one_key_under_two_ids(repository: Repository) -> None:
    """The second id is right: it is the hash of the same key with a member that nobody knows."""
    one = repository.signers["targets"][0]
    again = {**plain_key(one), "x-comment": "the same key again"}

    def change(signed: dict[str, Any]) -> None:
        signed["keys"][key_id(again)] = again
        signed["roles"]["targets"] = {"keyids": [one.public_key.keyid, key_id(again)], "threshold": 2}

    new_root(change)(repository)

    def sign_twice(document: dict[str, Any]) -> None:
        made = one.sign(encode_canonical(document["signed"]).encode())
        document["signatures"] = [
            {"keyid": one.public_key.keyid, "sig": made.signature},
            {"keyid": key_id(again), "sig": made.signature},
        ]

    repository.envelope("targets", sign_twice)


def wrong_key_id(repository: Repository) -> None:
    """The timestamp's key stands in root under an id that is not its own."""
    one = repository.signers["timestamp"][0]
    other = hashlib.sha256(b"not the key").hexdigest()

    def change(signed: dict[str, Any]) -> None:
        signed["keys"][other] = signed["keys"].pop(one.public_key.keyid)
        signed["roles"]["timestamp"]["keyids"] = [other]

    new_root(change)(repository)
    repository.envelope("timestamp", lambda document: first_signature(document).update(keyid=other))


def unknown_key(repository: Repository) -> None:
    """A key of a kind that no client knows stands in root beside the good ones; it signs nothing."""
    key = {"keytype": "quantum", "scheme": "quantum-1", "keyval": {"public": "00"}}

    def change(signed: dict[str, Any]) -> None:
        signed["keys"][key_id(key)] = key
        signed["roles"]["timestamp"]["keyids"].append(key_id(key))

    new_root(change)(repository)


def only_unknown_keys(repository: Repository) -> None:
    """The timestamp's only key is of a kind that no client knows."""
    key = {"keytype": "quantum", "scheme": "quantum-1", "keyval": {"public": "00"}}

    def change(signed: dict[str, Any]) -> None:
        signed["keys"][key_id(key)] = key
        signed["roles"]["timestamp"]["keyids"] = [key_id(key)]

    new_root(change)(repository)
    repository.envelope("timestamp", lambda document: first_signature(document).update(keyid=key_id(key)))


def weak_key(repository: Repository) -> None:
    """The timestamp's only key is the neutral element of the curve: plain verification accepts anything for it."""
    key = {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": "01" + "00" * 31}}

    def change(signed: dict[str, Any]) -> None:
        signed["keys"][key_id(key)] = key
        signed["roles"]["timestamp"]["keyids"] = [key_id(key)]

    new_root(change)(repository)
    forged = "01" + "00" * 63
    signatures = [{"keyid": key_id(key), "sig": forged}]
    repository.envelope("timestamp", lambda document: document.update(signatures=signatures))


def signed_by(role: str, others: str) -> Callable[[Repository], None]:
    """A role's metadata is signed by the keys of another role."""
    return lambda repository: repository.edit(role, lambda _: None, signers=repository.signers[others])


def foreign_key_under_known_id(repository: Repository) -> None:
    """Somebody else's signature under the id of the timestamp's key."""
    stranger = signer()

    def change(document: dict[str, Any]) -> None:
        first_signature(document)["sig"] = stranger.sign(encode_canonical(document["signed"]).encode()).signature

    repository.envelope("timestamp", change)


def snapshot_as_timestamp(repository: Repository) -> None:
    """The snapshot is signed by the timestamp's key too, names a snapshot, and is served as the timestamp."""
    one = repository.signers["timestamp"][0]
    signed = repository.latest("snapshot")["signed"]
    signed["meta"] = {"snapshot.json": {"version": repository.snapshot.version}}
    repository.put_signed("timestamp", signed, signers=[one])


def old_file(role: str) -> Callable[[Repository], None]:
    """Under the new version's path stands the trusted version's file, with its good signatures."""

    def apply(repository: Repository) -> None:
        version = repository.signed[role].version
        repository.put(role, version, repository.files[repository.path(role, version - 1)])

    return apply


def rolled_back_timestamp(repository: Repository) -> None:
    repository.edit("timestamp", lambda signed: signed.update(version=repository.timestamp.version - 2))


def timestamp_names_old_snapshot(repository: Repository) -> None:
    older = repository.snapshot.version - 2
    repository.edit("timestamp", lambda signed: signed["meta"]["snapshot.json"].update(version=older))


def snapshot_lists(change: Callable[[dict[str, Any]], None]) -> Callable[[Repository], None]:
    """What the snapshot says about the targets roles is another."""
    return edited("snapshot", lambda signed: change(signed["meta"]))


def other_content_same_version(repository: Repository) -> None:
    """The version of timestamp that is trusted is served with another content and good signatures."""
    signed = repository.latest("timestamp")["signed"]
    signed["version"] = repository.timestamp.version - 1
    signed["meta"]["snapshot.json"]["version"] = 100
    repository.put_signed("timestamp", signed)


def skipped_root(repository: Repository) -> None:
    """The root after the next where the next is expected."""
    repository.publish("root")
    repository.edit("root", lambda signed: signed.update(version=repository.root.version + 1))


def replayed_root(repository: Repository) -> None:
    """The trusted root where the next is expected."""
    version = repository.root.version
    repository.put("root", version + 1, repository.files[repository.path("root", version)])


def rotated_root(sign: Callable[[list[Any], list[Any]], list[Any]]) -> Callable[[Repository], None]:
    """Root's keys are exchanged; `sign` chooses who signs, of the old and the new ones."""

    def apply(repository: Repository) -> None:
        old = list(repository.signers["root"])
        repository.rotate("root", keep_old_signatures=False)
        new = list(repository.signers["root"])
        repository.signers["root"] = sign(old, new)
        repository.publish("root")

    return apply


def expired_middle_root(repository: Repository) -> None:
    """Root 2 has expired, root 3 has not."""
    good = repository.root.expires
    repository.root.expires = later(-1)
    repository.publish("root")
    repository.root.expires = good
    repository.publish("root")


def renewed_root(repository: Repository) -> None:
    """A plain new version of root."""
    repository.publish("root")


def new_online_keys(repository: Repository) -> None:
    """Root 2 exchanges the keys of timestamp and snapshot, which begin again at version 1: fast-forward recovery."""
    for role in ("timestamp", "snapshot"):
        repository.rotate(role)
    repository.publish("root")
    for role in ("snapshot", "timestamp"):
        repository.signed[role].version = 1
        repository.publish(role, bump=False)


def target_file(make: Callable[[bytes], bytes]) -> Callable[[Repository], None]:
    """The target's file holds other bytes than its metadata says."""

    def apply(repository: Repository) -> None:
        target = repository.targets.targets[POLICY]
        for digest in target.hashes.values():
            path = f"targets/{digest}.{POLICY}" if repository.root.consistent_snapshot else f"targets/{POLICY}"
            repository.files[path] = make(repository.files[path])

    return apply


def target_entry(change: Callable[[dict[str, Any]], None]) -> Callable[[Repository], None]:
    """What the targets role says about the target is another."""

    def apply(repository: Repository) -> None:
        repository.edit("targets", lambda signed: change(signed["targets"][POLICY]))

    return apply


def not_delegated(repository: Repository) -> None:
    """The team's role lists the organization's policy, which is not delegated to it, and nobody else does."""
    repository.targets.targets.pop(POLICY)
    repository.add_target(POLICY, b"the team's idea of it", "team")
    repository.publish()


def doubled_member(data: bytes) -> bytes:
    """The member `version` stands twice, with the same value: python's reader takes the last one."""
    document = json.loads(data)
    version = f'"version": {document["signed"]["version"]}'
    text = json.dumps(document)
    return text.replace(version, f"{version}, {version}", 1).encode()


def deep(data: bytes) -> bytes:
    """A member of the signed part nests 100,000 deep."""
    return data.replace(b'"_type"', b'"deep": ' + b"[" * 100_000 + b"]" * 100_000 + b', "_type"', 1)


def padded(length: int) -> Callable[[bytes], bytes]:
    """Blanks at the end: JSON allows them."""
    return lambda data: data + b" " * length


HTML = b"<!DOCTYPE html><title>Sign in</title><p>Please sign in to the network."
