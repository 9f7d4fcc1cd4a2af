"""A repository whose every role is signed by a key in KMS, as python-tuf sees it."""

from __future__ import annotations

import pytest
from tuf.api.metadata import Metadata

from aws.stub import KMS_ARN

KEY = f"aws-kms:///{KMS_ARN}"


@pytest.fixture
def repository(stub, program, tmp_path):
    place = tmp_path / "repository"
    roles = [option for role in ("root", "targets", "timestamp") for option in (f"--{role}-key", KEY)]
    ran = program.run(
        "publish", "init", "--repository", place, *roles, "--key", KEY, AWS_ENDPOINT_URL_KMS=stub.url
    )
    assert ran.status == 0, ran.err
    return place


def test_python_tuf_accepts_the_signatures(stub, repository):
    found = {path.name: Metadata.from_file(str(path)) for path in (repository / "metadata").glob("*.json")}
    root = found["1.root.json"]
    names = {"root": "1.root.json", "timestamp": "timestamp.json", "snapshot": "1.snapshot.json", "targets": "1.targets.json"}
    for role, name in names.items():
        signed = found[name]
        root.signed.verify_delegate(role, signed.signed_bytes, signed.signatures)
    assert {key.scheme for key in root.signed.keys.values()} == {"ecdsa-sha2-nistp256"}
    # KMS was sent digests only.
    signs = [asked for asked in stub.asked if asked.operation == "Sign"]
    assert len(signs) >= 4 and all(asked.input["MessageType"] == "DIGEST" for asked in signs)


@pytest.mark.parametrize("fault", ["denied", "malformed", "array"])
def test_a_key_that_does_not_sign_publishes_nothing(stub, program, tmp_path, fault):
    stub.always["Sign"] = fault
    place = tmp_path / "repository"
    roles = [option for role in ("root", "targets", "timestamp") for option in (f"--{role}-key", KEY)]
    ran = program.run(
        "publish", "init", "--repository", place, *roles, "--key", KEY, AWS_ENDPOINT_URL_KMS=stub.url
    )
    assert ran.status == 2, ran.out
    assert not list(place.rglob("*timestamp.json"))
