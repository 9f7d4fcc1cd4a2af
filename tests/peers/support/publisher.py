"""A repository published by our own command."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .clients import Edgerail
from .repository import Repository, adopted

SCOPE = "aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1"
TARGET = f"{SCOPE}.bundle"
EXAMPLE = Path(__file__).parents[3] / "examples/demo/guardrail.json"
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
