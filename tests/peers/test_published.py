"""What `edgerail publish` publishes: python-tuf and tuf-js accept it as we do, and refuse its mutations."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import test_mutations
from conftest import Served
from support.clients import CLIENTS, Client, Edgerail
from support.repository import Repository, adopted

Serve = Callable[[Repository], Served]
SCOPE = "aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1"
TARGET = f"{SCOPE}.bundle"
EXAMPLE = Path(__file__).parents[2] / "examples/demo/guardrail.json"
# Private keys by role; two of three root keys and two targets keys have to sign.
KEYS = {"root": ["root-1", "root-2"], "targets": ["targets-1", "targets-2"], "timestamp": ["online"]}


@dataclass
class Publisher:
    """A repository in a folder, and the commands that publish into it."""

    folder: Path
    key_type: str

    def run(self, *arguments: str | Path) -> str:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("EDGERAIL_")}
        command = [str(Edgerail.program.resolve()), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=self.folder, check=False)
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.pem"

    def signed_by(self, *roles: str) -> list[str | Path]:
        return [part for role in roles for name in KEYS[role] for part in ("--key", self.key(name))]

    def begin(self) -> None:
        """Makes the keys and the repository."""
        for name in [*(name for names in KEYS.values() for name in names), "root-3"]:
            self.run("keys", "create", self.key(name), "--type", self.key_type, "--unencrypted")
        keys = [part for name in (*KEYS["root"], "root-3") for part in ("--root-key", self.public(name))]
        keys += [part for name in KEYS["targets"] for part in ("--targets-key", self.public(name))]
        self.run(
            *("publish", "init", "--repository", "repository", *keys, "--timestamp-key", self.public("online")),
            *("--root-threshold", "2", "--targets-threshold", "2"),
            *self.signed_by("root", "targets", "timestamp"),
        )

    def public(self, name: str) -> Path:
        return self.folder / f"{name}.pub.json"

    def bundle(self, message: str) -> Path:
        """The example, compiled with another message, so that each bundle has other bytes."""
        definition = json.loads(EXAMPLE.read_text())
        definition["blockedInputMessaging"] = message
        source = self.folder / "guardrail.json"
        source.write_text(json.dumps(definition))
        bundle = self.folder / "policy.bundle"
        self.run("compile", source, "--scope", SCOPE, "-o", bundle)
        return bundle

    def publish(self, message: str) -> bytes:
        """Publishes a bundle as the current one, and gives its bytes."""
        bundle = self.bundle(message)
        self.run(
            *("publish", "add", bundle, "--repository", "repository", "--as", "current"),
            *("--approved-by", "Jo Doe", "--reason", "a test"),
            *self.signed_by("targets", "timestamp"),
        )
        return bundle.read_bytes()

    def repository(self) -> Repository:
        """What is published now."""
        files = {role: [self.key(name) for name in names] for role, names in KEYS.items()}
        return adopted(self.folder / "repository", {**files, "snapshot": files["timestamp"]})


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


# The rows that speak of the top-level roles alone.
TOP_LEVEL = [
    mutation
    for mutation in [*test_mutations.SIGNATURES, *test_mutations.FORMS, *test_mutations.VERSIONS, *test_mutations.ROOTS]
    if not mutation.options and not any(word in mutation.name for word in ("delegat", "a target", "target's", "root"))
]


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
