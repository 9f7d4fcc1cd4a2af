"""Network faults over real sockets: each ends with a clear code, and what was there before is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support import mutations as m
from support.clients import Edgerail, Outcome
from support.faults import CODES, FAULTS, SLOW, Exchange, Fault, FaultServer
from support.repository import Repository

# The files of an update from the trusted version to the next, in the order in which they are asked for.
OBJECTS = ("root", "timestamp", "snapshot", "targets", "team", "bundle")


def path(repository: Repository, kind: str) -> str:
    if kind == "bundle":
        digest = repository.targets.targets[m.POLICY].hashes["sha256"]
        return f"targets/{digest}.{m.POLICY}"
    return repository.path(kind, repository.signed[kind].version)


@dataclass
class State:
    """A client that trusts a repository's version, and the repository with the next one."""

    client: Edgerail
    repository: Repository


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory) -> State:
    repository = m.base()
    server = FaultServer(repository)
    client = Edgerail(tmp_path_factory.mktemp("trusting"))
    assert client.init(repository.trusted_root()).accepted
    assert client.download(server.url, m.POLICY, m.TEAM).accepted
    server.stop()
    m.publish(repository, m.NEW)
    repository.publish("root")
    return State(client, repository)


@pytest.fixture
def prepared(trusting: State, tmp_path: Path) -> Iterator[tuple[Edgerail, FaultServer]]:
    """A client of its own in that state, and a server with the update."""
    server = FaultServer(trusting.repository)
    yield trusting.client.copy(tmp_path), server
    server.stop()


def refused(client: Edgerail, server: FaultServer, kind: str, fault: Fault, patience: int = 60) -> str:
    """The code of an update with a fault; afterwards the old targets are there, and the update works."""
    wrong = path(server.repository, kind)
    server.faults[wrong] = fault
    before = [client.downloaded(name) for name in (m.POLICY, m.TEAM)]
    assert before == [m.content(name, m.TRUSTED) for name in (m.POLICY, m.TEAM)]
    outcome = download(client, server.url, patience)
    assert not outcome.accepted
    assert wrong in server.requests
    # The policy comes first: only what comes behind it may fail after it was replaced.
    if kind != "team":
        assert [client.downloaded(name) for name in (m.POLICY, m.TEAM)] == before
    assert not [file for folder in (client.metadata, client.targets) for file in folder.rglob("*.tmp")]
    server.faults.clear()
    assert download(client, server.url, patience).accepted
    assert client.downloaded(m.POLICY) == m.content(m.POLICY, m.NEW)
    return outcome.code


def download(client: Edgerail, url: str, patience: int) -> Outcome:
    names = ("--target-name", m.POLICY, "--target-name", m.TEAM)
    return client.run(
        *("--metadata-dir", client.metadata, "--metadata-url", f"{url}/metadata", *names),
        *("--target-base-url", f"{url}/targets", "--target-dir", client.targets),
        *("--stall-seconds", str(patience), "download"),
    )


@pytest.mark.parametrize("kind", OBJECTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_refused_and_the_policy_kept(
    prepared: tuple[Edgerail, FaultServer], fault: str, kind: str
) -> None:
    client, server = prepared
    code = refused(client, server, kind, FAULTS[fault])
    assert code in CODES[fault]


@pytest.mark.parametrize("kind, fault", [
    ("root", "silence"), ("timestamp", "drip"), ("snapshot", "silence in the body"), ("bundle", "drip"),
])
def test_t_slow_1_a_slow_server_is_given_up(
    prepared: tuple[Edgerail, FaultServer], fault: str, kind: str
) -> None:
    client, server = prepared
    assert refused(client, server, kind, SLOW[fault], patience=1) == "slow"


def test_a_redirect_on_the_same_host_is_followed(prepared: tuple[Edgerail, FaultServer]) -> None:
    client, server = prepared
    files = server.repository.files
    timestamp = path(server.repository, "timestamp")
    # Below the module's repository: no other test asks for it.
    files["metadata/moved/timestamp.json"] = files[timestamp]

    async def moved(exchange: Exchange) -> None:
        exchange.head("307 Temporary Redirect", Location=f"{exchange.url}/metadata/moved/timestamp.json",
                      Content_Length=0, Connection="close")

    server.faults[timestamp] = moved
    assert download(client, server.url, 60).accepted
    assert "metadata/moved/timestamp.json" in server.requests


def test_nobody_is_there(prepared: tuple[Edgerail, FaultServer]) -> None:
    client, server = prepared
    url = server.url
    server.stop()
    outcome = download(client, url, 60)
    assert (outcome.accepted, outcome.code) == (False, "unreachable")
    assert client.downloaded(m.POLICY) == m.content(m.POLICY, m.TRUSTED)


def test_a_password_in_the_address_is_not_repeated(prepared: tuple[Edgerail, FaultServer]) -> None:
    client, server = prepared
    server.faults[path(server.repository, "timestamp")] = FAULTS["status 500"]
    outcome = download(client, server.url.replace("//", "//user:hunter2@"), 60)
    assert outcome.code == "http_status"
    assert "hunter2" not in str(outcome)
