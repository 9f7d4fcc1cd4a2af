"""Delegations: which roles are looked at, in which order, and by whose keys they are verified."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import quote

import pytest

from conftest import Served
from support.clients import Client, Edgerail
from support.repository import Repository, sample, signer

Serve = Callable[[Repository], Served]


@dataclass
class Graph:
    """Delegations from, to, with options; and the roles that are visited for a target that nobody lists."""

    delegations: list[tuple[str, str, dict[str, object]]]
    visited: list[str]
    target: str = "missing"
    differs: dict[str, list[str]] = field(default_factory=dict)


def to(delegator: str, role: str, *paths: str, terminating: bool = False) -> tuple[str, str, dict[str, object]]:
    return delegator, role, {"paths": list(paths) or ["*"], "terminating": terminating}


GRAPHS = {
    "one": Graph([to("targets", "A")], ["A"]),
    "two in order of appearance": Graph([to("targets", "B"), to("targets", "A")], ["B", "A"]),
    "children before siblings": Graph(
        [to("targets", "A"), to("targets", "B"), to("A", "C"), to("A", "D"), to("C", "E")], ["A", "C", "E", "D", "B"]),
    "a terminating child ends its siblings and those above": Graph(
        [to("targets", "A"), to("targets", "B"), to("A", "C", terminating=True), to("A", "D"), to("C", "E")],
        ["A", "C", "E"]),
    "a terminating role for other paths ends nothing": Graph(
        [to("targets", "A", "other", terminating=True), to("targets", "B")], ["B"]),
    "a role whose path does not match is skipped with its children": Graph(
        [to("targets", "A", "*.py"), to("A", "C"), to("targets", "B")], ["B"]),
    "a cycle": Graph(
        [to("targets", "A"), to("A", "B"), to("B", "C"), to("C", "A"), to("targets", "D")], ["A", "B", "C", "D"]),
    "a role that delegates to itself": Graph([to("targets", "A"), to("A", "A"), to("targets", "B")], ["A", "B"]),
    "two ways to one role": Graph(
        [to("targets", "A"), to("targets", "B"), to("A", "C"), to("B", "C")], ["A", "C", "B"]),
    "the first way to a role is not for this path": Graph(
        [to("targets", "A"), to("targets", "B"), to("A", "C", "*.py"), to("B", "C")], ["A", "B", "C"]),
    "stars do not cross slashes": Graph(
        [to("targets", "A", "*"), to("targets", "B", "*/*"), to("targets", "C", "dir/file")], ["B", "C"],
        target="dir/file"),
    "names that need quoting": Graph(
        [to("targets", "?"), to("targets", "#"), to("targets", "/slash"), to("targets", "../up"), to("targets", "ü")],
        ["?", "#", "/slash", "../up", "ü"]),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_roles_are_visited_in_the_order_of_the_specification(
    clients: list[Client], serve: Serve, name: str
) -> None:
    graph = GRAPHS[name]
    repository = Repository()
    for delegator, role, options in graph.delegations:
        repository.delegate(delegator, role, **options)
    repository.publish()
    served = serve(repository)
    for client in clients:
        assert client.init(repository.trusted_root()).accepted
        assert client.refresh(served.url).accepted
        served.taken()
        assert not client.download(served.url, graph.target).accepted
        taken = [path for path in served.taken() if path != "metadata/2.root.json"]
        wanted = [f"metadata/1.{quote(role, safe='')}.json" for role in graph.visited]
        # tuf-js keeps the escapes that browsers keep; the server gets the same name.
        assert [quote(path, safe="/%") for path in taken] == ["metadata/timestamp.json", *wanted], client.name


@pytest.mark.parametrize("target, found", [
    ("top", b"by targets"),
    ("README.md", b"by A"),
    ("releases/x/x_v1", b"by C"),
    ("releases/y/y_v1.zip", b"by D"),
    ("releases/z/z_v1.zip", None),
    ("both", b"by A"),
])
def test_the_most_trusted_role_that_may_list_it_decides(
    clients: list[Client], serve: Serve, target: str, found: bytes | None
) -> None:
    repository = Repository()
    repository.delegate("targets", "A", paths=["*.doc", "*.md", "both"])
    repository.delegate("targets", "B", paths=["releases/*/*", "both"])
    repository.delegate("B", "C", paths=["releases/x/*"])
    repository.delegate("B", "D", paths=["releases/y/*.zip"])
    repository.add_target("top", b"by targets")
    for name, role in (("README.md", "A"), ("both", "A"), ("both", "B"), ("releases/x/x_v1", "C"),
                       ("releases/y/y_v1.zip", "D"), ("releases/z/z_v1.zip", "D")):
        repository.add_target(name, f"by {role}".encode(), role)
    repository.publish()
    served = serve(repository)
    for client in clients:
        assert client.init(repository.trusted_root()).accepted
        assert client.download(served.url, target).accepted == (found is not None), client.name
        assert client.downloaded(target) == found, client.name


def test_hash_prefixes(clients: list[Client], serve: Serve) -> None:
    """Sixteen roles by the first digit of the hash of the target's name."""
    repository = Repository()
    names = [f"target-{number}" for number in range(40)]
    for digit in "0123456789abcdef":
        repository.delegate("targets", f"bin-{digit}", prefixes=[digit])
    for name in names:
        repository.add_target(name, name.encode(), f"bin-{sha256(name.encode()).hexdigest()[0]}")
    repository.publish()
    served = serve(repository)
    for client in clients:
        assert client.init(repository.trusted_root()).accepted
        assert client.download(served.url, *names).accepted, client.name
        assert all(client.downloaded(name) == name.encode() for name in names)


@pytest.mark.parametrize("bits", [1, 5, 8])
def test_succinct_hash_bins(clients: list[Client], serve: Serve, bits: int) -> None:
    repository = Repository()
    bins = repository.delegate_bins("targets", bits, "bin")
    names = [f"scope-{number}.bundle" for number in range(12)]
    for name in names:
        repository.add_target(name, name.encode(), bins.get_role_for_target(name))
    repository.publish()
    served = serve(repository)
    for client in clients:
        assert client.init(repository.trusted_root()).accepted
        assert client.download(served.url, *names).accepted, client.name
        assert all(client.downloaded(name) == name.encode() for name in names)


@pytest.mark.parametrize("roles", [31, 40])
def test_no_more_than_32_roles_are_visited(edgerail: Edgerail, serve: Serve, roles: int) -> None:
    """A chain of roles, the target in the last."""
    repository = Repository()
    chain = ["targets", *(f"role-{number}" for number in range(1, roles + 1))]
    for delegator, role in zip(chain, chain[1:]):
        repository.delegate(delegator, role)
    repository.add_target("deep", b"deep", chain[-1])
    repository.publish()
    served = serve(repository)
    assert edgerail.init(repository.trusted_root()).accepted
    outcome = edgerail.download(served.url, "deep")
    visited = len([path for path in served.taken() if "role-" in path])
    if roles == 31:
        assert outcome.accepted
    else:
        assert (outcome.accepted, outcome.code) == (False, "delegations")
    assert visited <= 32


def test_l4_a_role_is_verified_by_the_one_who_leads_to_it(edgerail: Edgerail, serve: Serve) -> None:
    """C is reached through A for one target and through B for the next; A and B list other keys for it.

    Who has verified C for A must not take it for verified by B, within one client or from its folder.
    """
    repository = Repository()
    repository.delegate("targets", "A", paths=["a-*"])
    repository.delegate("targets", "B", paths=["b-*"])
    repository.delegate("A", "C")
    repository.delegate("B", "C")
    repository.add_target("a-target", b"a", "C")
    repository.add_target("b-target", b"b", "C")
    # Only the key that A lists signs.
    repository.signers["C"] = repository.signers["C"][:1]
    repository.publish()
    served = serve(repository)
    assert edgerail.init(repository.trusted_root()).accepted
    outcome = edgerail.download(served.url, "a-target", "b-target")
    assert (outcome.accepted, outcome.code) == (False, "signatures")
    assert (edgerail.downloaded("a-target"), edgerail.downloaded("b-target")) == (b"a", None)
    assert edgerail.download(served.url, "b-target").code == "signatures"
    assert edgerail.download(served.url, "a-target").accepted


def test_l4_a_stored_role_is_verified_by_the_present_keys(clients: list[Client], serve: Serve) -> None:
    """The team's key is exchanged; its stored metadata has the right version and hash, and the wrong signature."""
    repository = Repository()
    repository.delegate("targets", "team", paths=["team-*"])
    repository.add_target("team-target", b"team", "team")
    repository.publish()
    served = serve(repository)
    for client in clients:
        assert client.init(repository.trusted_root()).accepted
        assert client.download(served.url, "team-target").accepted
    old = repository.signers["team"][0]
    new = signer()
    repository.targets.add_key(new.public_key, "team")
    repository.targets.revoke_key(old.public_key.keyid, "team")
    repository.publish("targets", "snapshot", "timestamp")
    for client in clients:
        outcome = client.download(served.url, "team-target")
        assert not outcome.accepted, f"{client.name} uses metadata that the present key has not signed"
    assert outcome


def test_a_delegated_role_has_its_own_threshold(edgerail: Edgerail, serve: Serve) -> None:
    repository = Repository()
    repository.delegate("targets", "team", threshold=2)
    repository.add_target("one", b"one", "team")
    repository.publish()
    served = serve(repository)
    assert edgerail.init(repository.trusted_root()).accepted
    assert edgerail.download(served.url, "one").accepted
    repository.signers["team"].pop()
    repository.add_target("two", b"two", "team")
    repository.publish()
    assert edgerail.download(served.url, "two").code == "signatures"
    assert edgerail.downloaded("two") is None


def test_a_delegated_role_that_the_snapshot_does_not_list_ends_the_search(clients: list[Client], serve: Serve) -> None:
    repository = sample()
    repository.delegate("targets", "team", paths=["team-*"])
    repository.add_target("team-target", b"team", "team")
    repository.publish("targets", "snapshot", "timestamp")
    served = serve(repository)
    for client in clients:
        assert client.init(repository.trusted_root()).accepted
        outcome = client.download(served.url, "team-target")
        assert not outcome.accepted
        if client.name == "edgerail":
            assert outcome.code == "unlisted"
