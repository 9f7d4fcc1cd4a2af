"""RSA keys (rsassa-pss-sha256), which `tuf-client` knows and what follows bundles does not."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner

from conftest import Served
from support.clients import Edgerail, PythonTuf
from support.repository import Repository, plain_key, sample, signer

Serve = Callable[[Repository], Served]
MGF = padding.MGF1(hashes.SHA256())
PSS = padding.PSS(MGF, padding.PSS.DIGEST_LENGTH)


@pytest.fixture(scope="module")
def repository() -> Repository:
    """One for all tests, which change copies: keys take a while to be found."""
    return sample(scheme="rsa")


def resigned(repository: Repository, role: str, sign: Callable[[RSAPrivateKey, bytes], bytes]) -> Repository:
    """The repository with another signature by the same key under a new version of a role."""
    other = repository.copy()
    other.publish(role)
    other.republish_above(role)
    document = other.latest(role)
    key = other.signers[role][0]
    payload = encode_canonical(document["signed"]).encode()
    document["signatures"] = [{"keyid": key.public_key.keyid, "sig": sign(key._private_key, payload).hex()}]
    other.put(role, other.signed[role].version, json.dumps(document).encode())
    return other


def test_rsa_repository_is_accepted(tmp_path: Path, edgerail: Edgerail, serve: Serve, repository: Repository) -> None:
    served = serve(repository)
    for client in (edgerail, PythonTuf(tmp_path)):
        assert client.init(repository.trusted_root()).accepted
        assert client.download(served.url, "policy.bundle").accepted
        assert client.downloaded("policy.bundle") == b"the first policy"
    assert edgerail.trusted() == {"root": 1, "timestamp": 1, "snapshot": 1, "targets": 1}


@pytest.mark.parametrize("bits", [2048, 4096])
def test_rsa_keys_of_other_lengths_are_rotated_in(
    edgerail: Edgerail, serve: Serve, repository: Repository, bits: int
) -> None:
    other = repository.copy()
    other.rotate("timestamp", keys=[CryptoSigner(rsa.generate_private_key(65537, bits))])
    other.publish("root")
    other.publish("timestamp")
    assert edgerail.init(repository.trusted_root()).accepted
    assert edgerail.refresh(serve(other).url).accepted
    assert edgerail.trusted()["root"] == 2


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_t_sig_1_changed_rsa_signatures_are_refused(
    tmp_path: Path, edgerail: Edgerail, serve: Serve, repository: Repository, role: str
) -> None:
    assert edgerail.init(repository.trusted_root()).accepted
    good = resigned(repository, role, lambda key, payload: key.sign(payload, PSS, hashes.SHA256()))
    changes: dict[str, Callable[[RSAPrivateKey, bytes], bytes]] = {
        "a bit": lambda key, payload: flipped(key.sign(payload, PSS, hashes.SHA256())),
        "the message": lambda key, payload: key.sign(payload + b" ", PSS, hashes.SHA256()),
        "PKCS #1 v1.5": lambda key, payload: key.sign(payload, padding.PKCS1v15(), hashes.SHA256()),
        "SHA-512": lambda key, payload: key.sign(payload, padding.PSS(padding.MGF1(hashes.SHA512()), 64), hashes.SHA512()),
        "no salt": lambda key, payload: key.sign(payload, padding.PSS(MGF, 0), hashes.SHA256()),
        "another key": lambda _, payload: bytes.fromhex(signer("rsa").sign(payload).signature),
        "a byte more": lambda key, payload: key.sign(payload, PSS, hashes.SHA256()) + b"\0",
        "nothing": lambda _, __: b"",
    }
    for name, sign in changes.items():
        outcome = edgerail.copy(tmp_path / name).refresh(serve(resigned(repository, role, sign)).url)
        assert (outcome.accepted, outcome.code) == (False, "signatures"), name
    assert edgerail.refresh(serve(good).url).accepted


def flipped(signature: bytes) -> bytes:
    return bytes([*signature[:-1], signature[-1] ^ 1])


@pytest.mark.parametrize("bits", [1024, 2040])
def test_short_rsa_keys_are_refused_wherever_they_are_listed(
    edgerail: Edgerail, serve: Serve, repository: Repository, bits: int
) -> None:
    short = CryptoSigner(rsa.generate_private_key(65537, bits))
    assert edgerail.init(repository.trusted_root()).accepted
    other = repository.copy()
    other.rotate("timestamp", keys=[short])
    other.publish("root")
    other.publish("timestamp")
    assert edgerail.refresh(serve(other).url).code == "key"
    assert edgerail.trusted()["root"] == 1


def test_rsa_and_other_keys_count_together(tmp_path: Path, edgerail: Edgerail, serve: Serve) -> None:
    """A threshold of two that an RSA key and an Ed25519 key reach together; the RSA key under two ids counts once."""
    repository = Repository(scheme="rsa", thresholds={"timestamp": 2})
    second = repository.signers["timestamp"][1]
    repository.root.revoke_key(second.public_key.keyid, "timestamp")
    repository.signers["timestamp"][1] = signer("ed25519")
    repository.root.add_key(repository.signers["timestamp"][1].public_key, "timestamp")
    repository.publish()
    assert edgerail.init(repository.trusted_root()).accepted
    assert edgerail.refresh(serve(repository).url).accepted

    def alias(signed: dict) -> None:
        key = plain_key(repository.signers["timestamp"][0])
        signed["keys"]["alias"] = key
        signed["roles"]["timestamp"]["keyids"] = [repository.signers["timestamp"][0].public_key.keyid, "alias"]

    repository.edit("root", alias)
    document = repository.latest("timestamp")
    one = next(s for s in document["signatures"] if s["keyid"] == repository.signers["timestamp"][0].public_key.keyid)
    document["signatures"] = [one, {**one, "keyid": "alias"}]
    repository.put("timestamp", 1, json.dumps(document).encode())
    other = edgerail.copy(tmp_path / "alias")
    assert other.init(repository.trusted_root()).accepted
    assert other.refresh(serve(repository).url).code == "signatures"


def test_what_follows_bundles_knows_no_rsa(tmp_path: Path, serve: Serve, repository: Repository) -> None:
    """Browsers could not verify such a repository, so that `edgerail sync` does not, either."""
    root = tmp_path / "root.json"
    root.write_bytes(repository.trusted_root())
    command = [
        *(str(Edgerail.program.resolve()), "sync", "--format", "json", "--url", serve(repository).url),
        *("--target", "aws~o-exampleorgid~ou-ab12-cdef3456~us-east-1.bundle", "--root", str(root)),
        *("--state", str(tmp_path / "state"), "--output", str(tmp_path / "policy.bundle")),
    ]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("EDGERAIL_")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert done.returncode != 0
    assert "unknown_scheme" in done.stdout + done.stderr
    assert not (tmp_path / "policy.bundle").exists()
