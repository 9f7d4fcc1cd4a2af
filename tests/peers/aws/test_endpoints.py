"""Which hosts our program asks, seen by a proxy, are those that botocore's rules give."""

from __future__ import annotations

import socketserver
import threading

import botocore.session
import pytest
from botocore.endpoint_provider import EndpointProvider

from aws.support import USE1

REGIONS = [
    "us-east-1",
    "eu-central-1",
    "il-central-1",
    "us-gov-west-1",
    "us-gov-east-1",
    "cn-north-1",
    "eusc-de-east-1",
    "us-iso-east-1",
    "us-isob-east-1",
    "eu-isoe-west-1",
    "us-isof-south-1",
]


@pytest.fixture
def proxy():
    """Notes which host a tunnel is wanted to, and gives none."""
    wanted = []

    class Tunnel(socketserver.StreamRequestHandler):
        def handle(self):
            wanted.append(self.rfile.readline().decode().split()[1])
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Tunnel)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", wanted
    server.shutdown()
    server.server_close()


LOADER = botocore.session.get_session().get_component("data_loader")


def host(service: str, region: str, fips: bool, dual: bool) -> str:
    """What AWS's rules for endpoints come to."""
    rules = LOADER.load_service_model(service, "endpoint-rule-set-1")
    provider = EndpointProvider(rules, LOADER.load_data("partitions"))
    return provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual).url.removeprefix("https://")


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize(("fips", "dual"), [(False, False), (True, False), (False, True), (True, True)])
def test_hosts_are_those_of_botocore(stub, program, proxy, tmp_path, region, fips, dual):
    url, wanted = proxy
    environment = {"HTTPS_PROXY": url, "AWS_USE_DUALSTACK_ENDPOINT": str(dual).lower()}
    arguments = ["pull", "--from", "aws", "--output", tmp_path / "out", "--region", region, "--tries", "1"]
    arguments += ["--use-fips"] if fips else []
    ran = program.run(*arguments, **environment)
    assert ran.status == 2 and "connection failed" in ran.err
    assert wanted == [f"{host('bedrock', region, fips, dual)}:443"]
    wanted.clear()
    # Bedrock at the stub, so that Organizations is what the proxy sees.
    environment["AWS_ENDPOINT_URL_BEDROCK"] = stub.url
    ran = program.run(*arguments, "--account", "111122223333", **environment)
    assert ran.status == 2 and "DescribeEffectivePolicy" in ran.err
    assert wanted == [f"{host('organizations', region, fips, dual)}:443"]


def test_every_region_that_botocore_knows_is_in_its_partition(program, proxy, tmp_path):
    url, wanted = proxy
    partitions = LOADER.load_data("partitions")["partitions"]
    regions = [region for one in partitions for region in one["regions"] if not region.endswith("-global")]
    assert len(regions) > 30
    for region in regions:
        arguments = ["pull", "--from", "aws", "--output", tmp_path / "out", "--region", region, "--tries", "1"]
        assert program.run(*arguments, HTTPS_PROXY=url).status == 2
    assert wanted == [f"{host('bedrock', region, False, False)}:443" for region in regions]


def test_no_proxy_for_the_stub(stub, proxy, program, tmp_path):
    url, wanted = proxy
    assert program.pull(stub, tmp_path / "out", "--guardrail", f"{USE1}:1", HTTP_PROXY=url, HTTPS_PROXY=url).status == 0
    assert wanted == []
