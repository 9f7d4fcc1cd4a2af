"""Targets: names, hashes, and the folder in which they are kept."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from conftest import Served
from support.clients import Client, Edgerail
from support.repository import Repository, sample

Serve = Callable[[Repository], Served]
NAME = "policy.bundle"
SCOPE = "aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1.bundle"


def begun(client: Client, serve: Serve, repository: Repository) -> Served:
    assert client.init(repository.trusted_root()).accepted
    return serve(repository)


def test_a_target_is_downloaded_once(edgerail: Edgerail, serve: Serve) -> None:
    served = begun(edgerail, serve, sample())
    assert edgerail.download(served.url, NAME).accepted
    assert edgerail.downloaded(NAME) == b"the first policy"
    assert [path for path in served.taken() if path.startswith("targets/")] != []
    assert edgerail.download(served.url, NAME).accepted
    assert [path for path in served.taken() if path.startswith("targets/")] == []


def test_a_kept_target_is_checked_again(edgerail: Edgerail, serve: Serve) -> None:
    served = begun(edgerail, serve, sample())
    assert edgerail.download(served.url, NAME).accepted
    path = edgerail.targets / NAME
    for bad in (b"", b"The first policy", b"the first policy and more"):
        path.write_bytes(bad)
        assert edgerail.download(served.url, NAME).accepted
        assert path.read_bytes() == b"the first policy"


def test_a_changed_target_stands_under_the_same_name(edgerail: Edgerail, serve: Serve) -> None:
    repository = sample()
    served = begun(edgerail, serve, repository)
    for turn in range(3):
        content = f"policy {turn}".encode()
        repository.add_target(NAME, content)
        repository.publish()
        assert edgerail.download(served.url, NAME).accepted
        assert [path.read_bytes() for path in edgerail.targets.iterdir()] == [content]


def test_several_names_are_taken_in_order_and_end_with_the_first_failure(edgerail: Edgerail, serve: Serve) -> None:
    repository = sample()
    for name in ("a", "b", "c"):
        repository.add_target(name, name.encode())
    repository.publish()
    repository.files = {path: data for path, data in repository.files.items() if not path.endswith(".b")}
    served = begun(edgerail, serve, repository)
    outcome = edgerail.download(served.url, "a", "b", "c")
    assert (outcome.accepted, outcome.code) == (False, "not_found")
    assert [edgerail.downloaded(name) for name in ("a", "b", "c")] == [b"a", None, None]
    assert [target["name"] for target in outcome.report["targets"]] == ["a"]
    assert edgerail.download(served.url, "c", "a").accepted
    assert edgerail.downloaded("c") == b"c"


def test_an_unknown_name_is_refused_after_the_refresh(edgerail: Edgerail, serve: Serve) -> None:
    served = begun(edgerail, serve, sample())
    outcome = edgerail.download(served.url, "no such target")
    assert (outcome.accepted, outcome.code) == (False, "not_found")
    assert edgerail.trusted() == {"root": 1, "snapshot": 1, "targets": 1, "timestamp": 1}
    assert list(edgerail.targets.iterdir()) == []


@pytest.mark.parametrize(
    "algorithms", [["sha256"], ["sha512"], ["sha256", "sha512"], ["sha512", "sha256"]], ids="+".join
)
def test_hashes(edgerail: Edgerail, serve: Serve, algorithms: list[str]) -> None:
    repository = sample()
    target = repository.add_target("other", b"other content", algorithms=algorithms)
    repository.publish()
    served = begun(edgerail, serve, repository)
    assert edgerail.download(served.url, "other").accepted
    paths = [path for path in served.taken() if path.startswith("targets/")]
    assert len(paths) == 1 and paths[0] in [f"targets/{digest}.other" for digest in target.hashes.values()]


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_every_listed_hash_must_be_right(edgerail: Edgerail, serve: Serve, algorithm: str) -> None:
    repository = sample()
    target = repository.add_target("other", b"other content", algorithms=["sha256", "sha512"])
    target.hashes[algorithm] = target.hashes[algorithm][::-1]
    for digest in target.hashes.values():
        repository.files[f"targets/{digest}.other"] = b"other content"
    repository.publish()
    served = begun(edgerail, serve, repository)
    assert edgerail.download(served.url, "other").code == "hash_mismatch"
    assert list(edgerail.targets.iterdir()) == []


@pytest.mark.parametrize("name", [
    SCOPE,
    SCOPE.replace(".bundle", ".browser.next.bundle"),
    "folder/in/folder/file.txt",
    "a name with blanks",
    "50% off",
    "what?",
    "#1",
    "a+b&c=d;e",
    "Größe/ελληνικά/日本",
    "🙂",
    "back\\slash",
    "quote\"d",
    "a%2Fb",
    "trailing.",
    ".hidden",
    "...",
])
def test_names(clients: list[Client], serve: Serve, name: str) -> None:
    """A target's name in the request, on the disk, and in the metadata; all clients find the same content."""
    repository = sample()
    repository.add_target(name, name.encode())
    repository.publish()
    for client in clients:
        served = begun(client, serve, repository)
        outcome = client.download(served.url, name)
        if client.name in LOST_NAMES.get(name, ()):
            assert not outcome.accepted, f"{client.name} finds {name} now"
            continue
        assert outcome.accepted, f"{client.name}: {outcome}"
        files = [path for path in client.targets.iterdir() if path.is_file()]
        assert [path.read_bytes() for path in files] == [name.encode()], client.name


# Names that a client does not find. A target's name is part of an address: what has a meaning there is encoded by us
# and not by the others, except for what is encoded in the name itself, which servers decode. A backslash is a slash
# to browsers' addresses and to Windows; we do not ask for one.
LOST_NAMES = {
    "what?": ("python-tuf", "tuf-js"),
    "#1": ("python-tuf", "tuf-js"),
    "back\\slash": ("edgerail", "tuf-js"),
    "a%2Fb": ("edgerail", "python-tuf", "tuf-js"),
}


@pytest.mark.parametrize("name", ["..", "../outside", "a/../../outside", "/etc/absolute", "a//b", "./here"])
def test_names_that_lead_elsewhere_stay_in_the_folder(edgerail: Edgerail, serve: Serve, name: str) -> None:
    """They may be refused or found, but nothing is written outside of the folder."""
    repository = sample()
    target = repository.add_target(name, b"here or nowhere")
    folder, slash, file = name.rpartition("/")
    repository.files[f"targets/{folder}{slash}{target.hashes['sha256']}.{file}"] = b"here or nowhere"
    repository.publish()
    served = begun(edgerail, serve, repository)
    before = {path for path in edgerail.folder.rglob("*") if edgerail.targets not in path.parents}
    edgerail.download(served.url, name)
    inside = [path for path in edgerail.targets.rglob("*")]
    assert all(path.parent == edgerail.targets and path.read_bytes() == b"here or nowhere" for path in inside)
    added = {path for path in edgerail.folder.rglob("*") if edgerail.targets not in path.parents} - before
    assert all(edgerail.metadata in path.parents for path in added), added


def test_a_folder_that_cannot_be_written_is_said(edgerail: Edgerail, serve: Serve) -> None:
    served = begun(edgerail, serve, sample())
    edgerail.targets.rmdir()
    edgerail.targets.write_text("a file where a folder should be")
    outcome = edgerail.download(served.url, NAME)
    assert not outcome.accepted and outcome.code
    assert edgerail.targets.read_text() == "a file where a folder should be"


def test_nothing_but_targets_is_left_in_the_folder(edgerail: Edgerail, serve: Serve) -> None:
    repository = sample()
    repository.add_target("good", b"good")
    repository.add_target("bad", b"bad")
    repository.publish()
    digest = repository.targets.targets["bad"].hashes["sha256"]
    repository.files[f"targets/{digest}.bad"] = b"BAD"
    served = begun(edgerail, serve, repository)
    assert edgerail.download(served.url, "good", "bad").code == "hash_mismatch"
    assert sorted(os.listdir(edgerail.targets)) == ["good"]
