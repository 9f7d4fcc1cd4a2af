"""One change to a good repository at a time: our client, python-tuf and tuf-js must come to the same verdict.

Where a verdict differs, the row says of which client and why; a difference that vanishes fails too.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conftest import Served
from support import mutations as m
from support.clients import Client
from support.mutations import Mutation
from support.repository import Repository

JS = "tuf-js"
PY = "python-tuf"
NOTE_KEYS = "counts key ids, not keys"
NOTE_ENVELOPE = "ignores unknown members around the signed part"
NOTE_WEAK = "its library verifies a forged signature by the neutral element"
NOTE_DATE = "never expires: its reader gives an invalid date, which is not before any other"
NOTE_LAST = "takes the last of two members"

SIGNATURES = [
    Mutation("T-SIG-1 one bit of one of two signatures", m.wrapped("targets", m.flip_signature), "signatures"),
    Mutation("T-SIG-1 one bit of the only signature", m.wrapped("timestamp", m.flip_signature), "signatures"),
    Mutation("T-SIG-1 one bit of each signature", m.wrapped("targets", m.flip_both_signatures), "signatures"),
    Mutation("T-SIG-1 a changed member under the old signature", m.wrapped(
        "snapshot", lambda document: document["signed"].update(version=4)), "signatures"),
    Mutation("T-SIG-2 an empty list", m.wrapped("timestamp", lambda d: d.update(signatures=[])), "signatures"),
    Mutation("T-SIG-2 no list", m.wrapped("timestamp", lambda d: d.pop("signatures")), "schema"),
    Mutation("T-SIG-2 an empty signature", m.wrapped(
        "timestamp", lambda d: m.first_signature(d).update(sig="")), "signatures"),
    Mutation("T-SIG-2 an empty signature beside enough good ones", m.wrapped(
        "targets", lambda d: d["signatures"].append({"keyid": "00" * 32, "sig": ""})), ""),
    Mutation("T-SIG-2 only keys of an unknown scheme", m.only_unknown_keys, "unknown_scheme"),
    Mutation("T-SIG-2 an unknown key beside the good one", m.unknown_key, "",
             {PY: "does not read a root with a key of a kind it does not know"}),
    Mutation("T-SIG-3 the neutral element as key", m.weak_key, "key",
             {PY: NOTE_WEAK, JS: NOTE_WEAK}),
    Mutation("a stranger's signature under a known id", m.foreign_key_under_known_id, "signatures"),
    Mutation("T-ROLE-1 the targets signed by the timestamp's key", m.signed_by("targets", "timestamp"), "signatures"),
    Mutation("T-ROLE-1 the snapshot signed by the timestamp's key", m.signed_by("snapshot", "timestamp"), "signatures"),
    Mutation("T-ROLE-1 a delegated role signed by the targets' keys", m.signed_by("team", "targets"), "signatures"),
    Mutation("T-THR-1 a threshold of 0", m.role_in_root("timestamp", threshold=0), "threshold"),
    Mutation("T-THR-2 a threshold of -1", m.role_in_root("timestamp", threshold=-1), "threshold"),
    Mutation("T-THR-3 one key's signature twice", m.wrapped("targets", m.twice_the_same), "duplicate_key"),
    Mutation("T-THR-4 one key id twice in the role", m.new_root(
        lambda s: s["roles"]["targets"].update(keyids=s["roles"]["targets"]["keyids"][:1] * 2)), "duplicate_key"),
    Mutation("T-THR-5 one key under two ids", m.one_key_under_two_ids, "signatures",
             {PY: NOTE_KEYS, JS: NOTE_KEYS}),
    Mutation("T-THR-6 an id that is not the key's hash: ids are names", m.wrong_key_id, ""),
    Mutation("T-THR-7 one of two keys", m.wrapped("targets", lambda d: d["signatures"].pop()), "signatures"),
    Mutation("a threshold above the number of keys", m.role_in_root("timestamp", threshold=2), "signatures"),
    Mutation("an unknown member beside `signed`", m.wrapped("timestamp", lambda d: d.update(extra=1)), "schema",
             {PY: NOTE_ENVELOPE, JS: NOTE_ENVELOPE}),
    Mutation("an unknown member in `signed`", m.member("timestamp", "x-note", {"any": ["thing", 1, None]}), ""),
]

FORMS = [
    Mutation("T-TYPE-1 a snapshot as timestamp", m.snapshot_as_timestamp, "role_type"),
    Mutation("T-TYPE-1 a delegated role's type", m.member("team", "_type", "snapshot"), "role_type"),
    Mutation("T-TYPE-1 a type in capitals", m.member("timestamp", "_type", "TIMESTAMP"), "role_type"),
    Mutation("T-TYPE-1 no type", m.without("timestamp", "_type"), "schema"),
    Mutation("version 2 of the specification", m.member("timestamp", "spec_version", "2.0.0"), "spec_version"),
    Mutation("an older specification of major 1", m.member("timestamp", "spec_version", "1.0.0"), ""),
    Mutation("a specification without numbers", m.member("timestamp", "spec_version", "one"), "spec_version"),
    Mutation("no specification", m.without("timestamp", "spec_version"), "schema"),
    Mutation("a version of 0", m.member("timestamp", "version", 0), "schema"),
    Mutation("a negative version", m.member("timestamp", "version", -3), "schema"),
    Mutation("a version as text", m.member("timestamp", "version", "3"), "schema"),
    Mutation("no version", m.without("timestamp", "version"), "schema"),
    Mutation("no expiry", m.without("timestamp", "expires"), "schema"),
    Mutation("an expiry that is no date", m.member("timestamp", "expires", "next year"), "schema",
             {JS: NOTE_DATE}),
    Mutation("an expiry on the 31st of February", m.member("timestamp", "expires", "2099-02-31T00:00:00Z"), "schema",
             {JS: NOTE_DATE}),
    Mutation("no meta", m.without("timestamp", "meta"), "schema"),
    Mutation("a meta without the snapshot", m.member("timestamp", "meta", {}), "schema"),
    Mutation("a list as meta", m.member("snapshot", "meta", []), "schema"),
    Mutation("a target without length", m.target_entry(lambda t: t.pop("length")), "schema"),
    Mutation("a target with a negative length", m.target_entry(lambda t: t.update(length=-1)), "schema"),
    Mutation("a target without hashes", m.target_entry(lambda t: t.update(hashes={})), "unknown_hash",
             {JS: "has nothing to compare and takes any bytes of the right length"}),
    Mutation("a target with an unknown hash only", m.target_entry(
        lambda t: t.update(hashes={"crc32": "00000000"})), "unknown_hash"),
    Mutation("a delegation without paths", m.edited(
        "targets", lambda s: s["delegations"]["roles"][0].pop("paths")), "schema"),
    Mutation("a delegation to a role `root`", m.edited(
        "targets", lambda s: s["delegations"]["roles"][0].update(name="root")), "schema"),
    Mutation("T-FUZZ-1 a page of HTML", m.replaced("timestamp", lambda _: m.HTML), "html"),
    Mutation("T-FUZZ-1 a page of HTML as root", lambda r: r.put("root", r.root.version + 1, m.HTML), "html"),
    Mutation("T-FUZZ-1 nothing", m.replaced("timestamp", lambda _: b""), "json"),
    Mutation("T-FUZZ-1 half a file", m.replaced("snapshot", lambda data: data[: len(data) // 2]), "json"),
    Mutation("T-FUZZ-1 JSON that is no metadata", m.replaced("timestamp", lambda _: b"[]"), "schema"),
    Mutation("T-FUZZ-1 null", m.replaced("timestamp", lambda _: b"null"), "schema"),
    Mutation("T-FUZZ-1 null as `signed`", m.wrapped("timestamp", lambda d: d.update(signed=None)), "schema"),
    Mutation("T-FUZZ-1 text behind the end", m.replaced("timestamp", lambda data: data + b"x"), "json"),
    Mutation("T-FUZZ-1 not UTF-8", m.replaced("timestamp", lambda data: data.replace(b'"_type"', b'"\xff"')), "json"),
    Mutation("T-FUZZ-1 100,000 brackets", m.replaced("targets", m.deep), "json"),
    Mutation("a member twice", m.replaced("timestamp", m.doubled_member), "json",
             {PY: NOTE_LAST, JS: NOTE_LAST}),
    Mutation("blanks behind the end", m.replaced("timestamp", m.padded(100)), ""),
    Mutation("T-BIG-1 a timestamp above its limit", m.replaced("timestamp", m.padded(70_000)), "too_large"),
    Mutation("T-BIG-2 a root above its limit", lambda r: (
        m.renewed_root(r), m.replaced("root", m.padded(600_000))(r)), "too_large"),
    Mutation("T-BIG-3 a snapshot above its limit", m.replaced("snapshot", m.padded(2_200_000)), "too_large"),
    Mutation("T-BIG-4 targets above their limit", m.replaced("targets", m.padded(5_300_000)), "too_large"),
]

VERSIONS = [
    Mutation("T-RB-1 a lower timestamp", m.rolled_back_timestamp, "rollback"),
    Mutation("T-RB-8 another timestamp of the trusted version: the update ends", m.other_content_same_version, "",
             nothing_new=True),
    Mutation("T-RB-2 a timestamp that names a lower snapshot", m.timestamp_names_old_snapshot, "rollback"),
    Mutation("T-RB-3 a snapshot that names lower targets", m.snapshot_lists(
        lambda meta: meta["targets.json"].update(version=m.OLD)), "rollback"),
    Mutation("T-RB-4 a snapshot that names a lower delegated role", m.snapshot_lists(
        lambda meta: meta["team.json"].update(version=m.OLD)), "rollback"),
    Mutation("T-RB-5 a snapshot that has lost the targets", m.snapshot_lists(
        lambda meta: meta.pop("targets.json")), "rollback"),
    Mutation("T-RB-6 a snapshot that has lost a delegated role", m.snapshot_lists(
        lambda meta: meta.pop("team.json")), "rollback"),
    Mutation("T-MIX-1 the old snapshot's file under the new number", m.old_file("snapshot"), "role_version"),
    Mutation("T-MIX-2 the old targets' file under the new number", m.old_file("targets"), "role_version"),
    Mutation("T-MIX-3 the old delegated file under the new number", m.old_file("team"), "role_version"),
    Mutation("T-MIX-4 the old target's bytes", m.target_file(lambda _: m.content(m.POLICY, m.OLD)), "hash_mismatch"),
    Mutation("T-FRZ-1 an expired timestamp", m.expired("timestamp"), "expired"),
    Mutation("T-FRZ-2 an expired snapshot", m.expired("snapshot"), "expired"),
    Mutation("T-FRZ-3 expired targets", m.expired("targets"), "expired"),
    Mutation("T-FRZ-4 an expired delegated role", m.expired("team"), "expired"),
    Mutation("T-FF-1 new keys for timestamp and snapshot, which begin again", m.new_online_keys, ""),
    Mutation("a snapshot whose hash is another", m.edited(
        "timestamp", lambda s: s["meta"]["snapshot.json"].update(hashes={"sha256": "00" * 32})), "hash_mismatch"),
    Mutation("a snapshot longer than was signed", m.edited(
        "timestamp", lambda s: s["meta"]["snapshot.json"].update(length=10)), "too_large"),
    Mutation("a snapshot shorter than was signed", m.edited(
        "timestamp", lambda s: s["meta"]["snapshot.json"].update(length=100_000)), "length"),
    Mutation("targets whose hash is another", m.snapshot_lists(
        lambda meta: meta["targets.json"].update(hashes={"sha256": "00" * 32})), "hash_mismatch"),
    Mutation("T-BIG-5 a target longer than was signed", m.target_file(lambda data: data + b"!"), "too_large"),
    Mutation("a target shorter than was signed", m.target_file(lambda data: data[:-1]), "length"),
    Mutation("a target with another byte", m.target_file(lambda data: b"P" + data[1:]), "hash_mismatch"),
    Mutation("a target's hash in capitals", m.target_entry(
        lambda t: t.update(hashes={"sha256": t["hashes"]["sha256"].upper()})), "schema"),
    Mutation("a target that is not delegated to the role that lists it", m.not_delegated, "not_found"),
    Mutation("plain files instead of consistent snapshots", lambda _: None, "", options={"consistent": False}),
    Mutation("hashes and lengths of metadata", lambda _: None, "", options={"hashes": True}),
    Mutation("ECDSA keys", lambda _: None, "", options={"scheme": "ecdsa"}),
]

ROOTS = [
    Mutation("T-ROOT-1 the next root", m.renewed_root, ""),
    Mutation("T-ROOT-2 a root that skips a version", m.skipped_root, "root_version"),
    Mutation("T-ROOT-3 the first root again", m.replayed_root, "root_version"),
    Mutation("T-ROOT-4 new keys, signed by the old ones only", m.rotated_root(lambda old, _: old), "signatures"),
    Mutation("T-ROOT-5 new keys, signed by the new ones only", m.rotated_root(lambda _, new: new), "signatures"),
    Mutation("T-ROOT-6 new keys, one of two old signatures", m.rotated_root(
        lambda old, new: [*old[:1], *new]), "signatures"),
    Mutation("T-ROOT-7 new keys, signed by both", m.rotated_root(lambda old, new: [*old, *new]), ""),
    Mutation("T-ROOT-8 an expired root between", m.expired_middle_root, ""),
    Mutation("T-ROOT-9 an expired last root", lambda r: (
        m.renewed_root(r), m.expired("root")(r)), "expired"),
    Mutation("a root without the role timestamp", m.new_root(lambda s: s["roles"].pop("timestamp")), "schema"),
    Mutation("a role whose key is not listed", m.new_root(
        lambda s: s["roles"]["timestamp"].update(keyids=["00" * 32])), "unknown_scheme"),
]


def run(clients: list[Client], served: Served, repository: Repository, mutation: Mutation) -> dict[str, str]:
    """Brings all clients to the trusted version, publishes the changed one, and gives each client's code."""
    for client in clients:
        assert client.init(repository.trusted_root()).accepted
        outcome = client.download(served.url, m.POLICY, m.TEAM)
        assert outcome.accepted, f"{client.name}: {outcome}"
    m.publish(repository, m.NEW)
    mutation.change(repository)
    codes = {}
    for client in clients:
        outcome = client.download(served.url, m.POLICY, m.TEAM)
        codes[client.name] = "" if outcome.accepted else outcome.code or outcome.message
        if client.name in mutation.differs:
            continue
        kept = [client.downloaded(name) for name in (m.POLICY, m.TEAM)]
        # The targets come in order: the first may be the new one when the second is refused.
        old, new = ([m.content(name, version) for name in (m.POLICY, m.TEAM)] for version in (m.TRUSTED, m.NEW))
        states = [old, [new[0], old[1]], new]
        allowed = states[:2] if not outcome.accepted else states[:1] if mutation.nothing_new else states[2:]
        assert kept in allowed, f"{client.name}: {kept}"
    return codes


@pytest.mark.parametrize("mutation", [*SIGNATURES, *FORMS, *VERSIONS, *ROOTS], ids=lambda mutation: mutation.name)
def test_verdicts_agree(
    mutation: Mutation, clients: list[Client], serve: Callable[[Repository], Served]
) -> None:
    repository = m.base(**mutation.options)
    codes = run(clients, serve(repository), repository, mutation)
    ours = codes.pop("edgerail")
    assert ours == mutation.code, f"others: {codes}"
    for name, code in codes.items():
        agrees = (not code) == (not ours)
        assert agrees != (name in mutation.differs), f"{name} says {code!r}, we say {ours!r}"


def test_every_difference_has_a_reason() -> None:
    """And no mutation stands twice."""
    every = [*SIGNATURES, *FORMS, *VERSIONS, *ROOTS]
    assert len({mutation.name for mutation in every}) == len(every)
    for mutation in every:
        for client, reason in mutation.differs.items():
            assert client in (PY, JS) and reason, mutation.name
