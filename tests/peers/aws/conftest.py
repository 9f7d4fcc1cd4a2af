"""Fixtures: the stub, our program, and boto3 as a second client of the same stub."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from aws.stub import CREDENTIALS, Stub


@pytest.fixture
def stub() -> Iterator[Stub]:
    """A stub; at the end, nothing may have been asked or answered that the service models forbid."""
    one = Stub()
    yield one
    one.stop()
    assert one.violations == []


@pytest.fixture
def odd_stub() -> Iterator[Stub]:
    """A stub that is asked for what no service would answer."""
    one = Stub()
    yield one
    one.stop()


@dataclass
class Ran:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Program:
    """Our program, with credentials for the stub and nothing of this machine's."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()

    def run(self, *arguments: str | Path, **environment: str | None) -> Ran:
        own = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "AWS_ACCESS_KEY_ID": CREDENTIALS.access_key,
            "AWS_SECRET_ACCESS_KEY": CREDENTIALS.secret_key,
            "AWS_SESSION_TOKEN": CREDENTIALS.token,
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1",
            **self.environment,
            **environment,
        }
        own = {name: value for name, value in own.items() if value is not None}
        command = [*self.before, os.environ["EDGERAIL_BIN"], *map(str, arguments)]
        done = subprocess.run(command, env=own, capture_output=True, text=True, timeout=120, cwd=self.home)
        for secret in (CREDENTIALS.secret_key, CREDENTIALS.token):
            assert secret not in done.stdout + done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    def pull(self, stub: Stub, output: Path, *arguments: str | Path, **environment: str | None) -> Ran:
        return self.run(
            "pull", "--from", "aws", "--output", output, "--endpoint-url", stub.url, *arguments, **environment
        )


@pytest.fixture
def program(tmp_path: Path) -> Program:
    home = tmp_path / "home"
    home.mkdir()
    return Program(home)


@pytest.fixture
def boto(stub: Stub):
    """boto3 clients of the same stub."""

    def client(service: str, region: str = "us-east-1"):
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=stub.url,
            aws_access_key_id=CREDENTIALS.access_key,
            aws_secret_access_key=CREDENTIALS.secret_key,
            aws_session_token=CREDENTIALS.token,
            config=Config(retries={"max_attempts": 2}),
        )

    return client
