"""What `edgerail publish` publishes: python-tuf and tuf-js accept it as we do, and refuse its mutations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import pytest

import test_mutations
from conftest import Served
from support.clients import CLIENTS, Client
from support.publisher import SCOPE, TARGET, Publisher
from support.repository import Repository

Serve = Callable[[Repository], Served]


@pytest.fixture(scope="module", params=["ed25519", "ecdsa-p256"])
def publisher(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Publisher:
    one = Publisher(tmp_path_factory.mktemp("publisher"), request.param)
    one.begin()
    return one


@dataclass
class History:
    """The repository after three publications and after a fourth, with the last two bundles."""

    before: Repository
    after: Repository
    old: bytes
    new: bytes


@pytest.fixture(scope="module")
def history(publisher: Publisher) -> History:
    for message in ("First.", "Second."):
        publisher.publish(message)
    old = publisher.publish("Third.")
    before = publisher.repository()
    new = publisher.publish("Fourth.")
    return History(before, publisher.repository(), old, new)


def test_all_clients_take_what_is_published(
    publisher: Publisher, history: History, clients: list[Client], serve: Serve
) -> None:
    served = serve(history.before)
    for client in clients:
        assert client.init(history.before.trusted_root()).accepted
        outcome = client.download(served.url, TARGET)
        assert outcome.accepted, f"{client.name}: {outcome}"
        assert client.downloaded(TARGET) == history.old
    served.server.repositories[served.name] = history.after
    for client in clients:
        outcome = client.download(served.url, TARGET)
        assert outcome.accepted, f"{client.name}: {outcome}"
        assert client.downloaded(TARGET) == history.new


def test_the_custom_part_is_what_clients_need(history: History) -> None:
    """As python-tuf reads it."""
    custom = history.after.targets.targets[TARGET].custom
    assert custom["version"] > history.before.targets.targets[TARGET].custom["version"] >= 1
    assert (custom["scope"], custom["audience"]) == (SCOPE, "server")
    assert isinstance(custom["engine_abi"], int) and custom["counts"]["words"] >= 0
    assert "x-issued" in history.after.timestamp.unrecognized_fields


# The rows that speak of the top-level roles alone, of limits that hold where no length is listed, and do not tell the
# snapshot's key from the timestamp's: it is one here.
NOT_HERE = (
    *("delegat", "a target", "target's", "root", "above its", "above their"),
    *("the snapshot signed by the timestamp's key", "an id that is not the key's"),
)
TOP_LEVEL = [
    mutation
    for mutation in [*test_mutations.SIGNATURES, *test_mutations.FORMS, *test_mutations.VERSIONS, *test_mutations.ROOTS]
    if not mutation.options and not any(words in mutation.name for words in NOT_HERE)
]


def list_again(repository: Repository, before: Repository) -> None:
    """Our repositories list each file's length and hash: where a file was changed, who names it is told, and signs."""
    for role, above in (("targets", "snapshot"), ("snapshot", "timestamp")):
        path = before.path(role, before.signed[role].version)
        document = repository.files[path]
        if document == before.files[path]:
            continue
        entry = {"length": len(document), "hashes": {"sha256": sha256(document).hexdigest()}}
        repository.edit(above, lambda signed, entry=entry, role=role: signed["meta"][f"{role}.json"].update(entry))


@pytest.mark.parametrize("mutation", TOP_LEVEL, ids=lambda mutation: mutation.name)
def test_mutations_of_it_are_refused_alike(
    history: History, mutation: test_mutations.Mutation, clients: list[Client], serve: Serve
) -> None:
    served = serve(history.before)
    for client in clients:
        assert client.init(history.before.trusted_root()).accepted
        assert client.download(served.url, TARGET).accepted, client.name
    changed = history.after.copy()
    mutation.change(changed)
    list_again(changed, history.after)
    served.server.repositories[served.name] = changed
    codes = {}
    for client in clients:
        outcome = client.download(served.url, TARGET)
        codes[client.name] = "" if outcome.accepted else outcome.code or outcome.message
        kept = history.new if outcome.accepted and not mutation.nothing_new else history.old
        assert client.downloaded(TARGET) == kept, client.name
    assert codes["edgerail"] == mutation.code
    for name, code in codes.items():
        if name != "edgerail":
            assert ((not code) == (not mutation.code)) != (name in mutation.differs), (name, code)


def test_root_rotation_is_followed(publisher: Publisher, clients: list[Client], serve: Serve, history: History) -> None:
    """One root key of three is exchanged: clients that trust the first root come along."""
    publisher.run("keys", "create", publisher.key("root-4"), "--type", publisher.key_type, "--unencrypted")
    publisher.run(
        *("publish", "rotate", "--repository", "repository", "--role", "root"),
        *("--add-key", publisher.public("root-4"), "--remove-key", publisher.public("root-3")),
        *publisher.signed_by("root"),
    )
    repository = publisher.repository()
    served = serve(repository)
    for client in clients:
        assert client.init(history.before.trusted_root()).accepted
        outcome = client.download(served.url, TARGET)
        assert outcome.accepted, f"{client.name}: {outcome}"
        assert client.trusted()["root"] == 2, client.name


assert len(CLIENTS) == 3 and len(TOP_LEVEL) > 30, "the rows are chosen by their names"
