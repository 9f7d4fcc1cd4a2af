"""What our program fetches is what AWS's own client fetches, as the bytes that were sent."""

from __future__ import annotations

import json

import pytest

from aws.stub import CREDENTIALS, KMS_ARN
from aws.support import EU, USE1, files, index, parsed


def call(boto, entry):
    """The same call by boto3."""
    operation = "".join(f"_{c.lower()}" if c.isupper() else c for c in entry["operation"]).lstrip("_")
    client = boto(entry["service"], entry["region"] or "us-east-1")
    value = getattr(client, operation)(**entry["input"])
    value.pop("ResponseMetadata")
    return value


def test_the_whole_organization(stub, boto, program, tmp_path):
    ran = program.pull(stub, tmp_path / "out", "--organization", "--format", "json")
    assert ran.status == 0, ran.err
    entries = index(tmp_path / "out")
    assert ran.json["answers"] == len(entries) == len(ran.json["changes"]["added"])
    asked = {(e["operation"], json.dumps(e["input"], sort_keys=True)) for e in entries}
    assert asked == {(a.operation, json.dumps(a.input, sort_keys=True)) for a in stub.asked}
    for entry in entries:
        sent = stub.bodies[entry["operation"], json.dumps(entry["input"], sort_keys=True)]
        if entry["status"] == 200:
            assert (tmp_path / "out" / entry["file"]).read_bytes() == sent[0]
    before = len(stub.asked)
    for entry in entries:
        if entry["status"] == 200:
            assert parsed(tmp_path / "out", entry) == call(boto, entry), entry["file"]
    assert len(stub.asked) > before

    operations = [entry["operation"] for entry in entries]
    # Four OUs below a root, two a page; every node has its policies listed.
    assert operations.count("ListOrganizationalUnitsForParent") == 6
    targets = {e["input"]["TargetId"] for e in entries if e["operation"] == "ListPoliciesForTarget"}
    assert len(targets) == 1 + 4 + 5
    effective = {e["account"]: e["status"] for e in entries if e["operation"] == "DescribeEffectivePolicy"}
    assert {account for account, status in effective.items() if status == 400} == {"111122223333", "555566667777"}
    assert len(effective) == 5
    got = {(e["region"], e["input"]["guardrailVersion"]) for e in entries if e["operation"] == "GetGuardrail"}
    assert got == {("us-east-1", "10"), ("us-east-1", "9"), ("us-east-1", "3"), ("eu-west-1", "1")}


def test_paginators_of_boto3_give_the_same_lists(stub, boto, program, tmp_path):
    assert program.pull(stub, tmp_path / "out", "--organization").status == 0
    organizations = boto("organizations")
    ours = {}
    for entry in index(tmp_path / "out"):
        if entry["operation"] in ("ListAccountsForParent", "ListOrganizationalUnitsForParent", "ListPoliciesForTarget"):
            value = parsed(tmp_path / "out", entry)
            key = entry["operation"], entry["input"].get("ParentId", entry["input"].get("TargetId"))
            items = next(value[name] for name in ("Accounts", "OrganizationalUnits", "Policies") if name in value)
            ours.setdefault(key, []).extend(item["Id"] for item in items)
    names = {
        "ListAccountsForParent": ("list_accounts_for_parent", "Accounts", "ParentId", {}),
        "ListOrganizationalUnitsForParent": ("list_organizational_units_for_parent", "OrganizationalUnits", "ParentId", {}),
        "ListPoliciesForTarget": ("list_policies_for_target", "Policies", "TargetId", {"Filter": "BEDROCK_POLICY"}),
    }
    assert ours
    for (operation, target), ids in ours.items():
        name, items, parameter, more = names[operation]
        pages = organizations.get_paginator(name).paginate(**{parameter: target}, **more)
        assert [item["Id"] for page in pages for item in page[items]] == ids


def test_one_account_is_read_along_its_way_up(stub, program, tmp_path):
    arguments = ["--organization", "--account", "333344445555", "--region", "us-east-1"]
    assert program.pull(stub, tmp_path / "out", *arguments).status == 0
    targets = [a.input["TargetId"] for a in stub.asked if a.operation == "ListPoliciesForTarget"]
    assert list(dict.fromkeys(targets)) == ["333344445555", "ou-ab12-prodprod", "ou-ab12-cdef3456", "r-ab12"]
    assert not [a for a in stub.asked if a.operation.startswith("ListAccounts")]
    # Only guardrails of the region that was asked for.
    assert {a.region for a in stub.asked if a.operation == "GetGuardrail"} == {"us-east-1"}


def test_without_a_choice_each_guardrail_in_its_newest_version(stub, program, tmp_path):
    ran = program.pull(stub, tmp_path / "out", "--region", "us-east-1,eu-west-1")
    assert ran.status == 0, ran.err
    got = {(a.region, a.input["guardrailVersion"]) for a in stub.asked if a.operation == "GetGuardrail"}
    assert got == {("us-east-1", "10"), ("us-east-1", "3"), ("eu-west-1", "1")}
    assert "note: arn:aws:bedrock:us-east-1:222233334444:guardrail/u0u0u0u0u0u0" in ran.err


@pytest.mark.parametrize("reference", [f"{USE1}:2", "k7q2m9x4b1zd:2"])
def test_a_numbered_version(stub, program, tmp_path, reference):
    assert program.pull(stub, tmp_path / "out", "--guardrail", reference).status == 0
    kept = tmp_path / "out/bedrock/us-east-1/get-guardrail/1.json"
    assert kept.read_bytes() == stub.guardrails[USE1, "2"]


def test_the_region_is_that_of_the_arn(stub, program, tmp_path):
    assert program.pull(stub, tmp_path / "out", "--guardrail", EU).status == 0
    assert [a.region for a in stub.asked if a.operation == "GetGuardrail"][0] == "eu-west-1"


def test_a_draft_only_on_demand(stub, program, tmp_path):
    refused = program.pull(stub, tmp_path / "out", "--guardrail", f"{USE1}:DRAFT")
    assert refused.status == 2 and "--allow-draft" in refused.err
    assert not (tmp_path / "out").exists() and not stub.asked
    allowed = program.pull(stub, tmp_path / "out", "--guardrail", f"{USE1}:DRAFT", "--allow-draft")
    assert allowed.status == 0, allowed.err


def test_a_second_pull_changes_the_times_only(stub, program, tmp_path):
    out = tmp_path / "out"
    assert program.pull(stub, out, "--organization").status == 0
    before = files(out)
    ran = program.pull(stub, out, "--organization", "--format", "json")
    assert ran.json["changes"] == {"added": [], "changed": [], "removed": [], "same": len(before) - 1}
    after = files(out)
    assert {n: b for n, b in before.items() if n != "index.json"} == {n: b for n, b in after.items() if n != "index.json"}
    # A changed definition is named.
    key = USE1, "10"
    stub.guardrails[key] = stub.guardrails[key].replace(b"rivalcorp", b"othercorp")
    ran = program.pull(stub, out, "--organization", "--format", "json")
    assert len(ran.json["changes"]["changed"]) == 1
    assert b"othercorp" in (out / ran.json["changes"]["changed"][0]).read_bytes()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_policy_that_names_no_guardrail_is_a_problem_and_the_rest_is_kept(stub, program, tmp_path):
    content = stub.organization["policies"]["p-europe0001"]["Content"]
    settings = content["bedrock"]["guardrail_inference"]["eu-west-1"]["baseline"]
    settings["identifier"]["@@assign"] = f"{EU}:77"
    ran = program.pull(stub, tmp_path / "out", "--organization")
    assert ran.status == 2
    assert "p-europe0001" in ran.err and f"{EU}:77" in ran.err
    entries = index(tmp_path / "out")
    assert [e["status"] for e in entries if e["input"].get("guardrailVersion") == "77"] == [404]


def test_the_twin_reads_what_the_aws_cli_prints(stub, boto, program, tmp_path):
    """The AWS CLI prints what boto3 parsed: all pages as one, times as ISO strings."""
    cli = tmp_path / "cli"
    (cli / "eu-west-1").mkdir(parents=True)

    def save(name, value):
        value.pop("ResponseMetadata", None)
        text = json.dumps(value, indent=4, default=lambda time: time.isoformat(), ensure_ascii=False)
        (cli / name).write_text(text + "\n")

    organizations, bedrock, europe = boto("organizations"), boto("bedrock"), boto("bedrock", "eu-west-1")
    pages = lambda name, **more: organizations.get_paginator(name).paginate(**more).build_full_result()  # noqa: E731
    save("org.json", organizations.describe_organization())
    save("anything at all.json", pages("list_roots"))
    nodes = ["r-ab12"] + [unit["Id"] for unit in stub.organization["units"]]
    for node in nodes:
        save(f"list-accounts-for-parent-{node}.json", pages("list_accounts_for_parent", ParentId=node))
        units = pages("list_organizational_units_for_parent", ParentId=node)
        save(f"list-organizational-units-for-parent-{node}.json", units)
    for node in nodes + [account["Id"] for account in stub.organization["accounts"]]:
        policies = pages("list_policies_for_target", TargetId=node, Filter="BEDROCK_POLICY")
        save(f"list-policies-for-target-{node}.json", policies)
    save("policies.json", pages("list_policies", Filter="BEDROCK_POLICY"))
    for number, id in enumerate(stub.organization["policies"]):
        save(f"policy {number}.json", organizations.describe_policy(PolicyId=id))
    for account in stub.organization["effective"]:
        effective = organizations.describe_effective_policy(PolicyType="BEDROCK_POLICY", TargetId=account)
        save(f"effective-{account}.json", effective)
    save("baseline.json", bedrock.get_guardrail(guardrailIdentifier=USE1, guardrailVersion="10"))
    save("eu-west-1/baseline.json", europe.get_guardrail(guardrailIdentifier=EU, guardrailVersion="1"))
    save("list-enforced-guardrails-configuration-222233334444-us-east-1.json", bedrock.list_enforced_guardrails_configuration())
    save("eu-west-1/enforced.json", europe.list_enforced_guardrails_configuration())

    ran = program.run("pull", "--from", cli, "--output", tmp_path / "twin", AWS_ACCESS_KEY_ID=None)
    assert ran.status == 0, ran.err
    assert program.pull(stub, tmp_path / "out", "--organization", "--region", "us-east-1,eu-west-1").status == 0

    def known(folder):
        """What is known of the organization: everything that any answer lists, by what it was asked for."""
        found = {}
        for entry in index(folder):
            if entry["status"] != 200 or entry["operation"] == "GetGuardrail":
                continue
            value = json.loads((folder / entry["file"]).read_text())
            input = {k: v for k, v in entry["input"].items() if k != "NextToken"}
            key = entry["operation"], entry["region"], json.dumps(input, sort_keys=True)
            for name, items in value.items():
                ids = [i.get("Id", i.get("configId")) for i in items] if isinstance(items, list) else []
                if name != "NextToken":
                    found.setdefault(key, []).extend(ids)
        return found

    assert known(tmp_path / "twin") == known(tmp_path / "out")
    # A twin of the twin is the same, and so is one of the pull.
    for source in ("twin", "out"):
        copy = tmp_path / f"copy of {source}"
        assert program.run("pull", "--from", tmp_path / source, "--output", copy).status == 0
        first, second = files(tmp_path / source), files(copy)
        assert {n: b for n, b in first.items() if n != "index.json"} == {n: b for n, b in second.items() if n != "index.json"}


def test_what_is_pulled_compiles(stub, program, tmp_path):
    assert program.pull(stub, tmp_path / "out", "--guardrail", f"{USE1}:10").status == 0
    definition = tmp_path / "out/bedrock/us-east-1/get-guardrail/1.json"
    ran = program.run("check", "--guardrail", definition, "Tell me about project kestrel")
    assert ran.status == 1, ran.err


def test_org_and_compile_read_what_is_pulled(stub, program, tmp_path):
    snapshot, bundle = tmp_path / "out", tmp_path / "out.bundle"
    assert program.pull(stub, snapshot, "--organization").status == 0
    # 0 only if the merged policy is what AWS answered for the account.
    for account in stub.organization["effective"]:
        ran = program.run("org", "effective", "--account", account, "--org", snapshot)
        assert ran.status == 0 and f"{USE1}:10" in ran.out, ran.out + ran.err
    ran = program.run("org", "lint", "--org", snapshot)
    assert ran.status == 0, ran.err
    scope = "aws~o-exampleorgid~222233334444~us-east-1"
    ran = program.run("compile", "--org", snapshot, "--scope", scope, "--output", bundle, "--format", "json")
    assert ran.status == 0, ran.err
    for text, status in (("Tell me about project kestrel", 1), ("the moonshot plan", 1), ("hello", 0)):
        ran = program.run("check", "--bundle", bundle, text)
        assert ran.status == status, (text, ran.out, ran.err)


def test_a_member_account_says_what_it_enforces_itself(stub, program, tmp_path):
    """It can only ask for itself, and the bundle for it is refused until it did."""
    snapshot, member, bundle = tmp_path / "out", tmp_path / "member", tmp_path / "out.bundle"
    account, region = "333344445555", "eu-west-1"
    management = {"AWS_ACCOUNT_ID": "111122223333"}
    assert program.pull(stub, snapshot, "--organization", "--region", region, **management).status == 0
    scope = f"aws~o-exampleorgid~{account}~{region}"
    arguments = ["compile", "--org", snapshot, "--scope", scope, "--output", bundle]
    ran = program.run(*arguments)
    assert ran.status == 2 and "account-config-missing" in ran.err and account in ran.err, ran.err
    # Both answers are an empty list: the accounts that asked tell them apart.
    pull = ["--account", account, "--region", region]
    ran = program.pull(stub, member, *pull)
    assert ran.status == 0 and "AWS_ACCOUNT_ID" in ran.err, ran.err
    ran = program.run(*arguments, "--org", member)
    assert ran.status == 2 and "account-config-missing" in ran.err, ran.err
    assert program.pull(stub, member, *pull, AWS_ACCOUNT_ID=account).status == 0
    ran = program.run(*arguments, "--org", member)
    assert ran.status == 0, ran.err


def test_kms_signs_as_boto3_sees_it(stub, boto):
    """The stub's key is a real one; test_kms.py holds our signer against it."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    kms = boto("kms")
    public = serialization.load_der_public_key(kms.get_public_key(KeyId="alias/edgerail-tuf")["PublicKey"])
    signed = kms.sign(KeyId=KMS_ARN, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")
    public.verify(signed["Signature"], b"m", ec.ECDSA(hashes.SHA256()))


def test_environment_and_profiles_say_where(stub, program, tmp_path):
    arguments = ["pull", "--from", "aws", "--output", tmp_path / "out", "--guardrail", f"{USE1}:1"]
    dead = "http://127.0.0.1:9"
    for environment in (
        {"AWS_ENDPOINT_URL": stub.url},
        {"AWS_ENDPOINT_URL_BEDROCK": stub.url, "AWS_ENDPOINT_URL": dead},
        {"EDGERAIL_ENDPOINT_URL": stub.url, "AWS_ENDPOINT_URL_BEDROCK": dead},
    ):
        ran = program.run(*arguments, **environment)
        assert ran.status == 0, (environment, ran.err)
    (program.home / ".aws").mkdir()
    (program.home / ".aws/config").write_text(
        f"[profile one]\nregion = us-east-1\nservices = here\n[services here]\nbedrock =\n  endpoint_url = {stub.url}\n"
    )
    keys = CREDENTIALS
    (program.home / ".aws/credentials").write_text(
        f"[one]\naws_access_key_id = {keys.access_key}\naws_secret_access_key = {keys.secret_key}\n"
        f"aws_session_token = {keys.token}\n"
    )
    none = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"))
    ran = program.run(*arguments, "--profile", "one", **none)
    assert ran.status == 0, ran.err


def test_credentials_of_a_process_are_used_and_never_shown(stub, program, tmp_path):
    answer = program.home / "answer.json"
    script = f"credential_process = cat {answer}"
    (program.home / ".aws").mkdir()
    (program.home / ".aws/config").write_text(f"[default]\nregion = us-east-1\n{script}\n")
    none = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"))
    good = {
        "Version": 1,
        "AccessKeyId": CREDENTIALS.access_key,
        "SecretAccessKey": CREDENTIALS.secret_key,
        "SessionToken": CREDENTIALS.token,
    }
    for content, status in ((good, 0), ({**good, "Version": 7}, 2), ({**good, "Expiration": "soon"}, 2)):
        answer.write_text(json.dumps(content))
        ran = program.pull(stub, tmp_path / "out", "--guardrail", f"{USE1}:1", **none)
        assert ran.status == status, ran.err
    answer.write_text(json.dumps(good)[:-5])
    ran = program.pull(stub, tmp_path / "out", "--guardrail", f"{USE1}:1", **none)
    assert ran.status == 2 and "no credentials" in ran.err


def test_no_credentials_say_where_to_put_them(stub, program, tmp_path):
    none = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"))
    ran = program.pull(stub, tmp_path / "out", **none)
    assert ran.status == 2 and "AWS_ACCESS_KEY_ID" in ran.err and not stub.asked
