"""Fixtures: servers, repositories that they serve, and clients that know where."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.clients import CLIENTS, Client, Edgerail, TufJs
from support.repository import Repository
from support.server import FileServer


@pytest.fixture(scope="session")
def server() -> Iterator[FileServer]:
    one = FileServer()
    yield one
    one.stop()


@pytest.fixture(scope="session", autouse=True)
def node() -> Iterator[None]:
    yield
    TufJs.stop()


@dataclass
class Served:
    """A repository, and where it is served."""

    repository: Repository
    server: FileServer
    name: str

    @property
    def url(self) -> str:
        return f"{self.server.url}/{self.name}"

    def taken(self) -> list[str]:
        """The metadata and targets that were asked for since the last call."""
        return self.server.taken(self.name)

    def answer(self, path: str, status: int, body: bytes = b"") -> None:
        """From now on, this is answered for a path."""
        self.server.answers[self.name, path] = (status, body)


@pytest.fixture
def serve(server: FileServer, request: pytest.FixtureRequest) -> Callable[[Repository], Served]:
    """Serves a repository under the test's name."""

    def serve(repository: Repository, suffix: str = "") -> Served:
        name = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name) + suffix
        server.repositories[name] = repository
        return Served(repository, server, name)

    return serve


@pytest.fixture
def edgerail(tmp_path: Path) -> Edgerail:
    """Our client, with nothing in its folders."""
    return Edgerail(tmp_path)


@pytest.fixture
def clients(tmp_path: Path) -> list[Client]:
    """All clients, with nothing in their folders."""
    return [client(tmp_path) for client in CLIENTS]


@pytest.fixture(scope="session")
def faketime() -> None:
    """For tests that set the clock of our client's process."""
    if shutil.which("faketime") is None:
        pytest.fail("faketime is missing: apt-get install faketime")
