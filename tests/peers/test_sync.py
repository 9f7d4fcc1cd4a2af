"""`edgerail sync` over real sockets: whatever the network does, a published policy stays in force."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from support.clients import Edgerail
from support.faults import CODES, FAULTS, SLOW, Exchange, Fault, FaultServer
from support.publisher import TARGET, Publisher
from support.repository import Repository

OBJECTS = ("root", "timestamp", "snapshot", "targets", "bundle")


@dataclass
class Machine:
    """An edge: its state folder, and the root that it was built with."""

    folder: Path

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def sync(self, url: str, *more: str) -> tuple[int, dict[str, Any], str]:
        """Checks once: the exit code, the status, and what was said about errors."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("EDGERAIL_")}
        command = [
            *(str(Edgerail.program.resolve()), "sync", "--format", "json", "--url", url, "--target", TARGET),
            *("--root", str(self.folder / "root.json"), "--state", str(self.state)),
            *("--output", str(self.folder / "policy.bundle"), *more),
        ]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
        return done.returncode, json.loads(done.stdout or "{}"), done.stderr

    def enforced(self) -> str:
        """The hash of the bundle that programs read."""
        return sha256((self.folder / "policy.bundle").read_bytes()).hexdigest()


@dataclass
class Update:
    """A machine with the first bundle active, and the repository with the second and another root."""

    machine: Machine
    repository: Repository
    old: str
    new: str


@pytest.fixture(scope="module")
def update(tmp_path_factory: pytest.TempPathFactory) -> Update:
    publisher = Publisher(tmp_path_factory.mktemp("publisher"), "ed25519")
    publisher.begin()
    old = publisher.publish("First.")
    machine = Machine(tmp_path_factory.mktemp("machine"))
    before = publisher.repository()
    (machine.folder / "root.json").write_bytes(before.trusted_root())
    server = FaultServer(before)
    code, status, said = machine.sync(server.url)
    server.stop()
    assert (code, status["active"]["sha256"]) == (0, sha256(old).hexdigest()), said
    new = publisher.publish("Second.")
    repository = publisher.repository()
    repository.publish("root")
    return Update(machine, repository, sha256(old).hexdigest(), sha256(new).hexdigest())


@pytest.fixture
def prepared(update: Update, tmp_path: Path) -> Iterator[tuple[Machine, FaultServer]]:
    """A machine of its own in that state, and a server with the update."""
    server = FaultServer(update.repository)
    shutil.copytree(update.machine.folder, tmp_path / "machine")
    yield Machine(tmp_path / "machine"), server
    server.stop()


def path(repository: Repository, kind: str) -> str:
    if kind == "bundle":
        return f"targets/{repository.targets.targets[TARGET].hashes['sha256']}.{TARGET}"
    return repository.path(kind, repository.signed[kind].version)


def refused(update: Update, machine: Machine, server: FaultServer, kind: str, fault: Fault, *more: str) -> str:
    """The code of a check with a fault: the old bundle stays active, and the next check takes the new one."""
    wrong = path(update.repository, kind)
    server.faults[wrong] = fault
    code, status, said = machine.sync(server.url, *more)
    assert wrong in server.requests
    assert code in (1, 2), said
    assert status["active"]["sha256"] == update.old == machine.enforced()
    assert said or status["degraded"]
    error = status["lastError"]
    assert error["message"] and error["place"]
    server.faults.clear()
    code, status, said = machine.sync(server.url)
    assert (code, status["active"]["sha256"]) == (0, update.new), said
    assert machine.enforced() == update.new
    return error["code"]


@pytest.mark.parametrize("kind", OBJECTS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_leaves_the_active_bundle(
    update: Update, prepared: tuple[Machine, FaultServer], fault: str, kind: str
) -> None:
    machine, server = prepared
    assert refused(update, machine, server, kind, FAULTS[fault]) in CODES[fault]


@pytest.mark.parametrize(
    "kind, fault", [("timestamp", "silence"), ("targets", "silence in the body"), ("bundle", "drip")]
)
def test_t_slow_1_a_slow_server_is_given_up(
    update: Update, prepared: tuple[Machine, FaultServer], fault: str, kind: str
) -> None:
    machine, server = prepared
    code = refused(update, machine, server, kind, SLOW[fault], "--stall-seconds", "1", "--timeout", "2")
    assert code == "slow"


def test_t_frz_5_without_a_network_the_policy_stays_and_it_is_said(
    update: Update, prepared: tuple[Machine, FaultServer]
) -> None:
    machine, server = prepared
    url = server.url
    server.stop()
    code, status, said = machine.sync(url)
    assert code in (1, 2)
    assert status["active"]["sha256"] == update.old == machine.enforced()
    assert status["lastError"]["code"] == "unreachable" and said


def test_an_idle_check_is_two_requests(update: Update, prepared: tuple[Machine, FaultServer]) -> None:
    machine, server = prepared
    assert machine.sync(server.url)[0] == 0
    server.requests.clear()
    assert machine.sync(server.url)[0] == 0
    assert server.requests == ["metadata/3.root.json", "metadata/timestamp.json"]


def test_the_timestamp_is_asked_for_with_its_etag(update: Update, prepared: tuple[Machine, FaultServer]) -> None:
    """And an answer of 304 is taken for what is stored, once it was verified."""
    machine, server = prepared
    asked: list[str] = []

    async def conditional(exchange: Exchange) -> None:
        asked.append(exchange.request_headers.get("if-none-match", ""))
        if asked[-1] == '"one"':
            exchange.head("304 Not Modified", ETag='"one"')
        else:
            exchange.head("200 OK", Content_Length=len(exchange.body), ETag='"one"')
            exchange.writer.write(exchange.body)

    server.faults["metadata/timestamp.json"] = conditional
    for _ in range(2):
        code, status, said = machine.sync(server.url)
        assert (code, status["active"]["sha256"]) == (0, update.new), said
    assert asked == ["", '"one"']
