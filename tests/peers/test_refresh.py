"""What a refresh asks for, what it keeps, and what it leaves alone when it fails."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from conftest import Served
from support.clients import Client, Edgerail, PythonTuf
from support.repository import TOP_LEVEL, Repository, later, sample, signer

Serve = Callable[[Repository], Served]


def begun(client: Client, serve: Serve, repository: Repository) -> Served:
    """A client that trusts the first root, and nothing else yet."""
    assert client.init(repository.trusted_root()).accepted
    return serve(repository)


@pytest.mark.parametrize("consistent", [True, False], ids=["consistent", "plain"])
def test_asks_for_each_role_once_and_in_order(edgerail: Edgerail, serve: Serve, consistent: bool) -> None:
    repository = sample(consistent=consistent)
    served = begun(edgerail, serve, repository)
    assert edgerail.refresh(served.url).accepted
    number = "1." if consistent else ""
    assert served.taken() == [
        "metadata/2.root.json",
        "metadata/timestamp.json",
        f"metadata/{number}snapshot.json",
        f"metadata/{number}targets.json",
    ]
    assert edgerail.refresh(served.url).accepted
    assert served.taken() == ["metadata/2.root.json", "metadata/timestamp.json"], "an idle poll is two requests"


def test_keeps_the_bytes_as_they_came(edgerail: Edgerail, serve: Serve) -> None:
    repository = sample()
    for role in ("timestamp", "snapshot", "targets"):
        document = json.dumps(repository.latest(role), indent=3).encode() + b" \n"
        repository.put(role, 1, document)
    served = begun(edgerail, serve, repository)
    assert edgerail.refresh(served.url).accepted
    for role in TOP_LEVEL:
        assert edgerail.stored(role) == repository.files[repository.path(role, 1)], role


def test_init_asks_for_nothing_and_takes_no_broken_root(edgerail: Edgerail, serve: Serve) -> None:
    repository = sample()
    served = serve(repository)
    broken = repository.latest("root")
    broken["signed"]["version"] = 7
    for root in (json.dumps(broken).encode(), b"", b"{}", b"<html>", repository.files["metadata/timestamp.json"]):
        assert not edgerail.init(root).accepted
        assert not edgerail.refresh(served.url).accepted
        assert edgerail.trusted() == {}
    assert edgerail.init(repository.trusted_root()).accepted
    assert edgerail.trusted() == {"root": 1}
    assert served.taken() == []


def test_a_missing_root_file_is_said(edgerail: Edgerail) -> None:
    outcome = edgerail.run("--metadata-dir", edgerail.metadata, "init", edgerail.folder / "nowhere.json")
    assert (outcome.accepted, outcome.code) == (False, "not_found")
    assert "nowhere.json" in json.dumps(outcome.report)


@pytest.mark.parametrize("role, kept", [
    ("root", {"root": 1}),
    ("timestamp", {"root": 2}),
    ("snapshot", {"root": 2, "timestamp": 2}),
    ("targets", {"root": 2, "timestamp": 2, "snapshot": 2}),
])
def test_each_role_is_kept_once_its_own_checks_pass(
    edgerail: Edgerail, serve: Serve, role: str, kept: dict[str, int]
) -> None:
    repository = sample()
    served = begun(edgerail, serve, repository)
    repository.publish("root", "targets", "snapshot", "timestamp")
    repository.envelope(role, lambda document: document.update(signatures=[]))
    outcome = edgerail.refresh(served.url)
    assert (outcome.accepted, outcome.code) == (False, "signatures")
    assert edgerail.trusted() == kept


@pytest.mark.parametrize("role, kept", [
    ("timestamp", {"root": 1, "snapshot": 1, "targets": 1, "timestamp": 1}),
    ("snapshot", {"root": 1, "snapshot": 1, "targets": 1, "timestamp": 2}),
    ("targets", {"root": 1, "snapshot": 2, "targets": 1, "timestamp": 2}),
])
def test_a_role_that_is_gone_ends_the_refresh(
    edgerail: Edgerail, serve: Serve, role: str, kept: dict[str, int]
) -> None:
    repository = sample()
    served = begun(edgerail, serve, repository)
    assert edgerail.refresh(served.url).accepted
    repository.publish("targets", "snapshot", "timestamp")
    del repository.files[repository.path(role, 2)]
    outcome = edgerail.refresh(served.url)
    assert (outcome.accepted, outcome.code) == (False, "not_found")
    assert edgerail.trusted() == kept


@pytest.mark.parametrize("status", [403, 404])
def test_no_next_root_is_said_by_403_and_404(edgerail: Edgerail, serve: Serve, status: int) -> None:
    served = begun(edgerail, serve, sample())
    served.answer("metadata/2.root.json", status, b"<Error><Code>AccessDenied</Code></Error>")
    assert edgerail.refresh(served.url).accepted


@pytest.mark.parametrize("status", [400, 401, 410, 500, 503])
def test_any_other_status_for_the_next_root_is_a_failure(edgerail: Edgerail, serve: Serve, status: int) -> None:
    """Taken for the end of the chain, it would freeze a client at an old root."""
    served = begun(edgerail, serve, sample())
    served.answer("metadata/2.root.json", status)
    outcome = edgerail.refresh(served.url)
    assert not outcome.accepted and outcome.code
    assert edgerail.trusted() == {"root": 1}


def test_t_rb_8_equivocation_keeps_the_first_content(edgerail: Edgerail, serve: Serve) -> None:
    """Another timestamp under a version already seen: the specification's end of the update, and our alarm."""
    repository = sample()
    served = begun(edgerail, serve, repository)
    assert edgerail.refresh(served.url).accepted
    first = edgerail.stored("timestamp")
    repository.edit("timestamp", lambda signed: signed["meta"]["snapshot.json"].update(version=100))
    served.taken()
    outcome = edgerail.refresh(served.url)
    assert outcome.accepted
    assert outcome.report["alarm"]["code"] == "equivocation"
    assert edgerail.stored("timestamp") == first
    assert served.taken() == ["metadata/2.root.json", "metadata/timestamp.json"], "100.snapshot.json is not asked for"


def test_many_roots_in_one_refresh(edgerail: Edgerail, serve: Serve) -> None:
    repository = sample()
    served = begun(edgerail, serve, repository)
    for _ in range(20):
        repository.rotate("root")
        repository.publish("root")
        repository.signers["root"] = repository.signers["root"][:1]
    assert edgerail.refresh(served.url).accepted
    assert edgerail.trusted()["root"] == 21


def test_expired_stored_metadata_does_not_hinder_an_update(
    edgerail: Edgerail, serve: Serve, faketime: None
) -> None:
    """Day 0: all is well. Day 18: root, timestamp and snapshot are stale here, and fresh in the repository."""
    repository = sample()
    repository.root.expires = later(7)
    repository.snapshot.expires = repository.timestamp.expires = later(7)
    repository.publish("root", "snapshot", "timestamp")
    served = begun(edgerail, serve, repository)
    assert edgerail.refresh(served.url).accepted
    clock = f"{later(18):%Y-%m-%d %H:%M:%S}"
    stale = edgerail.refresh(served.url, clock=clock)
    assert (stale.accepted, stale.code) == (False, "expired")
    for signed in (repository.root, repository.snapshot, repository.timestamp):
        signed.expires = later(40)
    repository.targets.expires = later(40)
    repository.publish("root", "targets", "snapshot", "timestamp")
    assert edgerail.refresh(served.url, clock=clock).accepted
    assert edgerail.trusted() == {"root": 3, "snapshot": 3, "targets": 2, "timestamp": 3}


def test_a_stored_file_that_was_changed_is_not_believed(edgerail: Edgerail, serve: Serve) -> None:
    """T-LKG: what lies in the folder is checked like what comes from the network."""
    repository = sample()
    served = begun(edgerail, serve, repository)
    assert edgerail.refresh(served.url).accepted
    for role in ("timestamp", "snapshot", "targets"):
        good = edgerail.stored(role)
        path = edgerail.metadata / f"{role}.json"
        for bad in (b"", b"{}", good[:-40], good.replace(b'"version":1', b'"version":9')):
            assert bad != good
            path.write_bytes(bad)
            assert edgerail.refresh(served.url).accepted, role
            assert edgerail.stored(role) == good, role


def test_our_folder_is_python_tufs_folder(edgerail: Edgerail, serve: Serve) -> None:
    """The files have the names and contents that python-tuf goes on with."""
    repository = sample()
    served = begun(edgerail, serve, repository)
    assert edgerail.download(served.url, "policy.bundle").accepted
    other = PythonTuf(edgerail.folder.parent)
    for path in edgerail.metadata.glob("*.json"):
        (other.metadata / path.name).write_bytes(path.read_bytes())
    served.taken()
    assert other.download(served.url, "policy.bundle").accepted
    taken = served.taken()
    assert not [path for path in taken if "snapshot" in path or "targets.json" in path], taken


@pytest.mark.parametrize("scheme", ["ed25519", "ecdsa"])
def test_t_root_rotation_by_signatures_old_and_new(edgerail: Edgerail, serve: Serve, scheme: str) -> None:
    """Root goes from 3 of 5 keys to 2 of 4 others; root 3 is signed by the new ones alone."""
    repository = Repository(scheme=scheme, thresholds={"root": 3})
    more = [signer(scheme) for _ in range(2)]
    for one in more:
        repository.root.add_key(one.public_key, "root")
    repository.add_target("policy.bundle", b"the policy")
    repository.publish()
    served = begun(edgerail, serve, repository)
    old = [*repository.signers["root"], *more]
    repository.rotate("root", keys=[signer(scheme) for _ in range(4)], keep_old_signatures=False)
    for one in more:
        repository.root.revoke_key(one.public_key.keyid, "root")
    repository.root.roles["root"].threshold = 2
    new = list(repository.signers["root"])
    repository.signers["root"] = [old[4], old[0], old[3], new[1], new[3]]
    repository.publish("root")
    repository.signers["root"] = [new[0], new[2]]
    repository.publish("root")
    assert edgerail.refresh(served.url).accepted
    assert edgerail.trusted()["root"] == 3
    repository.signers["root"] = [new[0], old[0], old[1], old[2]]
    repository.publish("root")
    assert edgerail.refresh(served.url).code == "signatures"
    assert edgerail.trusted()["root"] == 3


def test_t_ff_1_to_3_new_keys_let_the_versions_begin_again(edgerail: Edgerail, serve: Serve) -> None:
    """An attacker with the online keys has pushed versions far ahead; new keys in root put that right."""
    repository = sample()
    served = begun(edgerail, serve, repository)
    for role in ("snapshot", "timestamp"):
        repository.signed[role].version = 99_999
        repository.publish(role)
    assert edgerail.refresh(served.url).accepted
    assert edgerail.trusted()["timestamp"] == 100_000
    # T-FF-1: without new keys, a lower version is a rollback.
    for role in ("snapshot", "timestamp"):
        repository.signed[role].version = 2
        repository.publish(role, bump=False)
    assert edgerail.refresh(served.url).code == "rollback"
    # T-FF-2: new keys for the timestamp alone let the timestamp begin again, and the snapshot it names.
    repository.rotate("timestamp")
    repository.publish("root")
    repository.publish("timestamp", bump=False)
    assert edgerail.refresh(served.url).accepted
    assert edgerail.trusted()["timestamp"] == 2
    # T-FF-3: the targets' version begins again with a new key of the snapshot.
    repository.targets.version = 9_999
    repository.publish("targets", "snapshot", "timestamp")
    assert edgerail.refresh(served.url).accepted
    repository.targets.version = 1
    repository.publish("targets", "snapshot", "timestamp")
    assert edgerail.refresh(served.url).code == "rollback"
    repository.rotate("snapshot")
    repository.publish("root", "snapshot", "timestamp")
    assert edgerail.refresh(served.url).accepted
    assert edgerail.trusted()["targets"] == 2


@pytest.mark.parametrize("order", ["before", "after"])
def test_options_stand_before_or_behind_the_command(edgerail: Edgerail, serve: Serve, order: str) -> None:
    served = begun(edgerail, serve, sample())
    options = ["--metadata-dir", edgerail.metadata, "--metadata-url", f"{served.url}/metadata/"]
    arguments = [*options, "refresh"] if order == "before" else ["refresh", *options]
    assert edgerail.run(*arguments).accepted


def test_an_option_that_is_missing_is_an_error_of_exit_code_1(edgerail: Edgerail) -> None:
    outcome = edgerail.run("refresh")
    assert (outcome.accepted, outcome.code) == (False, "usage")
    assert "--metadata-dir" in outcome.message
