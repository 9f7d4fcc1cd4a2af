"""Whatever AWS or something between answers: a clear error, nothing half-written, the old snapshot stays."""

from __future__ import annotations

import shutil

import pytest

from aws.stub import Stub
from aws.support import USE1, files, index


@pytest.mark.parametrize("fault", ["throttle", "server", "close", "truncated"])
@pytest.mark.parametrize("operation", ["GetGuardrail", "ListEnforcedGuardrailsConfiguration", "DescribePolicy", "ListRoots"])
def test_what_passes_is_tried_again(stub, program, tmp_path, fault, operation):
    stub.faults[operation].append(fault)
    ran = program.pull(stub, tmp_path / "out", "--organization", "--account", "222233334444")
    assert ran.status == 0, ran.err
    faulty = [a for a in stub.asked if a.operation == operation]
    assert len(faulty) >= 2 and faulty[0].input == faulty[1].input
    index(tmp_path / "out")


CASES = [
    ("throttle", "slow down", 3),
    ("server", "AWS failed", 3),
    ("close", "connection failed", 3),
    ("truncated", "connection failed", 3),
    ("denied", "bedrock:GetGuardrail", 1),
    ("missing", "no such resource", 1),
    ("expired", "renew", 1),
    ("html", "text/html", 1),
    ("malformed", "no JSON", 1),
    ("array", "no object", 1),
    ("redirect", "points elsewhere", 1),
    ("huge", "larger than", 1),
]


@pytest.mark.parametrize(("fault", "said", "tries"), CASES)
def test_what_does_not_pass_leaves_the_old_snapshot(stub, program, tmp_path, fault, said, tries):
    out = tmp_path / "out"
    arguments = ["--guardrail", f"{USE1}:2", "--tries", "3"]
    assert program.pull(stub, out, *arguments).status == 0
    before = files(out)
    stub.always["GetGuardrail"] = fault
    stub.asked.clear()
    other = Stub()
    stub.redirect = other.url
    ran = program.pull(stub, out, *arguments)
    other.stop()
    assert ran.status == 2 and said in ran.err, ran.err
    assert "Traceback" not in ran.err and "panicked" not in ran.err
    assert len([a for a in stub.asked if a.operation == "GetGuardrail"]) == tries
    assert files(out) == before and not other.asked and not other.violations
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "out"]


def test_a_denied_action_of_organizations_is_named(stub, program, tmp_path):
    stub.always["DescribePolicy"] = "denied"
    ran = program.pull(stub, tmp_path / "out", "--organization")
    assert ran.status == 2 and "organizations:DescribePolicy" in ran.err
    assert not (tmp_path / "out").exists()


def test_silence_ends(stub, program, tmp_path):
    stub.always["ListRoots"] = "silent"
    arguments = ["--organization", "--timeout", "1", "--tries", "1"]
    ran = program.pull(stub, tmp_path / "out", *arguments)
    assert ran.status == 2 and "answer" in ran.err


def test_a_wrong_key_is_a_wrong_signature(odd_stub, program, tmp_path):
    ran = program.pull(odd_stub, tmp_path / "out", "--guardrail", USE1, AWS_SECRET_ACCESS_KEY="another")
    assert ran.status == 2 and "secret access key" in ran.err
    assert "another" not in ran.err.replace("another signature", "")
    assert "InvalidSignatureException" in odd_stub.violations[0]
    ran = program.pull(odd_stub, tmp_path / "out", "--guardrail", USE1, AWS_ACCESS_KEY_ID="AKIDOTHER")
    assert ran.status == 2 and "does not know these credentials" in ran.err


@pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime sets the clock of our program")
@pytest.mark.parametrize(("shift", "said"), [("-1h", "behind AWS's"), ("+1h", "ahead of AWS's")])
def test_a_wrong_clock_is_said(odd_stub, program, tmp_path, shift, said):
    program.before = ("faketime", "-f", shift)
    ran = program.pull(odd_stub, tmp_path / "out", "--guardrail", USE1)
    assert ran.status == 2 and said in ran.err and "set the clock" in ran.err, ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--guardrail", "Not A Guardrail"], "ARN:VERSION"),
        (["--guardrail", "abc:0"], "99999999"),
        (["--account", "12"], "twelve digits"),
        (["--region", "us-east-1.example.com"], "no region"),
        (["--tries", "0"], "--tries"),
        (["--timeout", "0"], "--timeout"),
        (["--guardrail", "abc", "--region", "us-east-1,eu-west-1"], "give the ARN"),
    ],
)
def test_arguments_that_mean_nothing(stub, program, tmp_path, arguments, said):
    ran = program.pull(stub, tmp_path / "out", *arguments)
    assert ran.status == 2 and said in ran.err, ran.err
    assert not stub.asked and not (tmp_path / "out").exists()


def test_a_folder_of_somebody_else_stays(stub, program, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.txt").write_text("years of work")
    ran = program.pull(stub, tmp_path / "out")
    assert ran.status == 2 and "something else than a snapshot" in ran.err
    assert files(tmp_path / "out") == {"thesis.txt": b"years of work"}


def test_options_of_aws_are_refused_for_a_folder(program, tmp_path):
    (tmp_path / "in").mkdir()
    ran = program.run("pull", "--from", tmp_path / "in", "--output", tmp_path / "out", "--organization")
    assert ran.status == 2 and "--from aws" in ran.err
    ran = program.run("pull", "--from", tmp_path / "in", "--output", tmp_path / "out")
    assert ran.status == 2 and "no JSON files" in ran.err
