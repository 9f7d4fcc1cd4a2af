"""Which delegations are in charge of a name: our client visits exactly the roles that python-tuf names.

A property test over random patterns and names: every role is non-terminating and lists nothing, so that the client
asks for the metadata of each role whose delegation matches, in order.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

import pytest

from conftest import Served
from support.clients import Edgerail
from support.repository import Repository, later, signer
from tuf.api.metadata import SuccinctRoles, Targets

Serve = Callable[[Repository], Served]
# The seeds run by default; EDGERAIL_ROUNDS multiplies them.
ROUNDS = int(os.environ.get("EDGERAIL_ROUNDS", "1"))
# Below the limit of 32 roles in one search.
ROLES = 30
NAMES = 12
LETTERS = ["a", "b", "A", ".", "-", "_", "~", "é", "🙂"]
WILDCARDS = ["*", "?", "**", "*?", "[ab]", "[!a]", "[a-b]", "[b-a]", "[]a]", "[a-]", "[^a]"]
# What looks like one and is none, or has to be read with care.
WILDCARDS += ["[]", "[", "]", "[!]", "\\"]


def word(dice: random.Random, wildcards: float) -> str:
    """A part of a path; `wildcards` is the share of the characters with a meaning in patterns."""
    choose = [WILDCARDS if dice.random() < wildcards else LETTERS for _ in range(dice.randint(1, 4))]
    return "".join(dice.choice(list_) for list_ in choose)


def path(dice: random.Random, wildcards: float) -> str:
    return "/".join(word(dice, wildcards) for _ in range(dice.choice([1, 1, 1, 2, 2, 3])))


def pattern_near(dice: random.Random, name: str) -> str:
    """A pattern made from a name, so that many match: some characters give way to wildcards."""
    made = [dice.choice(WILDCARDS) if dice.random() < 0.3 and c != "/" else c for c in name]
    if dice.random() < 0.2:
        made.insert(dice.randrange(len(made) + 1), dice.choice(["/", "*", ""]))
    return "".join(made)


def visited(client: Edgerail, served: Served, name: str) -> list[str]:
    """The roles that our client asks for on its search, starting from the top-level metadata alone."""
    for file in client.metadata.glob("role*.json"):
        file.unlink()
    served.taken()
    outcome = client.download(served.url, name)
    assert (outcome.accepted, outcome.code) == (False, "not_found"), outcome
    files = [unquote(request.removeprefix("metadata/")) for request in served.taken()]
    return [file.split(".", 1)[1].removesuffix(".json") for file in files if file.startswith("1.role")]


@pytest.mark.parametrize("seed", range(4 * ROUNDS))
def test_path_patterns(edgerail: Edgerail, serve: Serve, seed: int) -> None:
    dice = random.Random(seed)
    names = [path(dice, 0.05) for _ in range(NAMES)]
    repository = Repository()
    key = signer()
    for number in range(ROLES):
        patterns = [
            pattern_near(dice, dice.choice(names)) if dice.random() < 0.7 else path(dice, 0.4)
            for _ in range(dice.randint(1, 2))
        ]
        repository.delegate("targets", f"role{number}", paths=patterns, keys=[key])
    compare(edgerail, serve, repository, names)


@pytest.mark.parametrize("seed", range(2 * ROUNDS))
def test_path_hash_prefixes(edgerail: Edgerail, serve: Serve, seed: int) -> None:
    dice = random.Random(seed)
    names = [path(dice, 0.05) for _ in range(NAMES)]
    repository = Repository()
    key = signer()
    for number in range(ROLES):
        prefixes = ["".join(dice.choices("0123456789abcdef", k=dice.choice([1, 1, 2]))) for _ in range(4)]
        repository.delegate("targets", f"role{number}", prefixes=prefixes, keys=[key])
    compare(edgerail, serve, repository, names)


def compare(client: Edgerail, serve: Serve, repository: Repository, names: list[str]) -> None:
    repository.publish()
    served = serve(repository)
    assert client.init(repository.trusted_root()).accepted
    assert client.refresh(served.url).accepted
    matches = 0
    for name in names:
        delegations = repository.targets.delegations
        expected = [role for role, _ in delegations.get_roles_for_target(name)]
        got = visited(client, served, name)
        texts = {role: delegations.roles[role].paths for role in {*got} ^ {*expected}}
        assert got == expected, f"{name!r}: {texts}"
        matches += len(got)
    # A test in which nothing matches, or everything does, would prove nothing.
    assert 0 < matches < len(names) * ROLES


@pytest.mark.parametrize("bits", [1, 2, 3, 7, 8, 9, 16, 31, 32])
def test_succinct_bins(edgerail: Edgerail, serve: Serve, bits: int, tmp_path: Path) -> None:
    """Only the bins that are asked for have metadata: 2^32 would be too many."""
    dice = random.Random(bits)
    names = [path(dice, 0.05) for _ in range(6)]
    repository = Repository()
    repository.delegate("targets", "unused")
    key = signer()
    bins = SuccinctRoles([], 1, bits, "role")
    repository.targets.delegations.roles = None
    repository.targets.delegations.succinct_roles = bins
    repository.targets.delegations.keys.clear()
    repository.targets.add_key(key.public_key)
    del repository.signed["unused"]
    for role in {bins.get_role_for_target(name) for name in names}:
        repository.signed[role] = Targets(expires=later(30))
        repository.signers[role] = [key]
    repository.publish()
    served = serve(repository)
    assert edgerail.init(repository.trusted_root()).accepted
    assert edgerail.refresh(served.url).accepted
    for name in names:
        assert visited(edgerail, served, name) == [bins.get_role_for_target(name)], name
