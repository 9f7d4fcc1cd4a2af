"""The clients that are compared: ours, python-tuf's and tuf-js."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import urllib3.exceptions
from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.ngclient import Updater
from tuf.ngclient.urllib3_fetcher import Urllib3Fetcher


@dataclass
class Outcome:
    """What a client made of a repository."""

    accepted: bool
    # Our client's stable code, or the other client's error.
    code: str = ""
    message: str = ""
    report: dict[str, Any] = field(default_factory=dict)


class Client(Protocol):
    """A client with its folders: metadata it trusts, targets it has downloaded."""

    name: str
    metadata: Path
    targets: Path

    def init(self, root: bytes) -> Outcome: ...

    def refresh(self, url: str) -> Outcome: ...

    def download(self, url: str, *names: str) -> Outcome: ...


class Folders:
    """The folders of a client, under a folder of its own."""

    name = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / self.name
        self.metadata = self.folder / "metadata"
        self.targets = self.folder / "targets"
        self.metadata.mkdir(parents=True)
        self.targets.mkdir()

    def downloaded(self, name: str) -> bytes | None:
        """The target that the client has under this name."""
        path = self.targets / quote(name, safe="")
        return path.read_bytes() if path.exists() else None

    def trusted(self) -> dict[str, int]:
        """The versions of the metadata that the client keeps."""
        return {
            path.name.removesuffix(".json"): json.loads(path.read_bytes())["signed"]["version"]
            for path in sorted(self.metadata.glob("*.json"))
        }

    def stored(self, role: str) -> bytes | None:
        """The kept metadata of a role, byte for byte."""
        path = self.metadata / f"{quote(role, safe='')}.json"
        return path.read_bytes() if path.exists() else None

    def copy(self, folder: Path) -> Any:
        """A second client in the same state."""
        other = type(self)(folder)
        shutil.copytree(self.folder, other.folder, dirs_exist_ok=True, symlinks=True)
        return other


class Edgerail(Folders):
    """`edgerail tuf-client`."""

    name = "edgerail"
    program = Path(os.environ.get("EDGERAIL_BIN", "target/debug/edgerail"))
    # How long the program may take at all; nothing is decided by it.
    patience = 120

    def run(self, *arguments: str | Path, clock: str | None = None) -> Outcome:
        command = [str(self.program), "tuf-client", "--format", "json", *map(str, arguments)]
        if clock is not None:
            command = ["faketime", clock, *command]
        # The variables of our own options would be defaults.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("EDGERAIL_")}
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=self.patience, env=environment, check=False
        )
        assert done.returncode in (0, 1), f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        report = json.loads(done.stdout)
        error = report.get("error") or {}
        assert (done.returncode == 0) == (not error), (done.returncode, done.stdout, done.stderr)
        return Outcome(done.returncode == 0, error.get("code", ""), error.get("message", ""), report)

    def init(self, root: bytes) -> Outcome:
        path = self.folder / "initial-root.json"
        path.write_bytes(root)
        return self.run("--metadata-dir", self.metadata, "init", path)

    def refresh(self, url: str, *, clock: str | None = None) -> Outcome:
        return self.run("--metadata-dir", self.metadata, "--metadata-url", f"{url}/metadata", "refresh", clock=clock)

    def download(self, url: str, *names: str, clock: str | None = None) -> Outcome:
        chosen = [part for name in names for part in ("--target-name", name)]
        return self.run(
            *("--metadata-dir", self.metadata, "--metadata-url", f"{url}/metadata", *chosen),
            *("--target-base-url", f"{url}/targets", "--target-dir", self.targets, "download"),
            clock=clock,
        )


class PythonTuf(Folders):
    """python-tuf's ngclient."""

    name = "python-tuf"

    def init(self, root: bytes) -> Outcome:
        (self.metadata / "root.json").write_bytes(root)
        return Outcome(True)

    def refresh(self, url: str) -> Outcome:
        return self.download(url)

    def download(self, url: str, *names: str) -> Outcome:
        fetcher = Urllib3Fetcher(socket_timeout=10)
        try:
            updater = Updater(
                str(self.metadata), f"{url}/metadata", str(self.targets), f"{url}/targets", fetcher, bootstrap=None
            )
            updater.refresh()
            for name in names:
                target = updater.get_targetinfo(name)
                if target is None:
                    return Outcome(False, "not_found", f"there is no target {name}")
                if updater.find_cached_target(target) is None:
                    updater.download_target(target)
        # What it does not catch itself counts as refused too: an application would end with it.
        except (RepositoryError, DownloadError, urllib3.exceptions.HTTPError, OSError) as error:
            return Outcome(False, type(error).__name__, str(error))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            return Outcome(False, f"uncaught {type(error).__name__}", str(error))
        return Outcome(True)


class TufJs(Folders):
    """tuf-js, in a Node process that serves all its instances."""

    name = "tuf-js"
    _node: subprocess.Popen[str] | None = None

    @classmethod
    def start(cls) -> None:
        """Starts Node where `tuf-js` is installed."""
        script = Path(__file__).parent.parent / "tuf_js_client.mjs"
        folder = Path(os.environ.get("PEERS_NODE", "target/peers/node")).resolve()
        cls._node = subprocess.Popen(
            ["node", str(script)], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    @classmethod
    def stop(cls) -> None:
        """Ends Node."""
        if cls._node is not None:
            assert cls._node.stdin is not None
            cls._node.stdin.close()
            cls._node.wait(timeout=30)
            cls._node = None

    def init(self, root: bytes) -> Outcome:
        (self.metadata / "root.json").write_bytes(root)
        return Outcome(True)

    def refresh(self, url: str) -> Outcome:
        return self.download(url)

    def download(self, url: str, *names: str) -> Outcome:
        if self._node is None:
            type(self).start()
        node = self._node
        assert node is not None and node.stdin is not None and node.stdout is not None
        request = {
            "metadataDir": str(self.metadata),
            "metadataUrl": f"{url}/metadata",
            "targetDir": str(self.targets),
            "targetUrl": f"{url}/targets",
            "names": names,
        }
        node.stdin.write(json.dumps(request) + "\n")
        node.stdin.flush()
        answer = json.loads(node.stdout.readline())
        return Outcome(answer["accepted"], "", answer.get("message", ""))


CLIENTS = (Edgerail, PythonTuf, TufJs)
