"""AWS, as far as it is needed: answers from files, requests and answers checked with botocore's models and signer.

    python -m aws.stub        # prints what to export, for trying things by hand, in tests/peers
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import sys
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from aws import model

WORLD = Path(__file__).parent / "world"
CREDENTIALS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI-not-a-real-key", "session-token-of-the-stub")
KMS_ARN = "arn:aws:kms:us-east-1:111122223333:key/00000000-1111-2222-3333-444444444444"
#: How far a signature's time may be from ours.
SKEW = 300
#: Items a page, so that every list of the world has several.
PAGE = 2


class Refused(Exception):
    """An error answer: status, exception, text."""

    def __init__(self, status: int, code: str, message: str = "refused by the stub"):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass
class Asked:
    """A request that was understood."""

    service: str
    operation: str
    region: str
    input: dict[str, Any]
    date: str


@dataclass
class Stub:
    """A server; `faults` are what happens to the next requests of an operation, `always` to all of them."""

    world: Path = WORLD
    faults: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))
    always: dict[str, str] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    #: Requests that no service would take, and answers that none would give.
    violations: list[str] = field(default_factory=list)
    bodies: dict[tuple[str, str], list[bytes]] = field(default_factory=lambda: defaultdict(list))
    redirect: str = "http://127.0.0.1:9/"

    def __post_init__(self):
        self.organization = json.loads((self.world / "organization.json").read_text())
        self.enforced = json.loads((self.world / "enforced.json").read_text())
        self.guardrails = {}
        for path in sorted((self.world / "guardrails").glob("*.json")):
            raw = path.read_bytes()
            document = json.loads(raw)
            self.guardrails[document["guardrailArn"], document["version"]] = raw
        self.key = ec.derive_private_key(0x5EED, ec.SECP256R1())
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()

    def fault(self, operation: str) -> str | None:
        if self.faults[operation]:
            return self.faults[operation].popleft()
        return self.always.get(operation)

    # What each operation answers.

    def answer(self, asked: Asked) -> bytes:
        body = getattr(self, asked.operation)(asked)
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        shape = model.MODELS[asked.service].operation_model(asked.operation).output_shape
        found = model.violations(shape, json.loads(raw), asked.operation, iso=asked.service == "bedrock")
        self.violations += found
        return raw

    def paged(self, items: list, asked: Asked, name: str, token: str) -> dict:
        start = int(asked.input.get(token, "0") or "0")
        page = {name: items[start : start + PAGE]}
        if start + PAGE < len(items):
            page[token] = str(start + PAGE)
        return page

    def of_account(self, asked: Asked, identifier: str) -> dict[str, bytes]:
        wanted = {
            version: raw
            for (arn, version), raw in self.guardrails.items()
            if arn.split(":")[3] == asked.region and identifier in (arn, arn.rsplit("/", 1)[1])
        }
        if not wanted:
            raise Refused(404, "ResourceNotFoundException", "Could not find the guardrail")
        return wanted

    def GetGuardrail(self, asked):
        versions = self.of_account(asked, asked.input["guardrailIdentifier"])
        version = asked.input.get("guardrailVersion", "DRAFT")
        if version not in versions:
            raise Refused(404, "ResourceNotFoundException", "Could not find the version")
        return versions[version]

    def ListGuardrails(self, asked):
        identifier = asked.input.get("guardrailIdentifier")
        if identifier:
            raws = list(self.of_account(asked, identifier).values())
        else:
            keys = [k for k in self.guardrails if k[1] == "DRAFT" and k[0].split(":")[3] == asked.region]
            raws = [self.guardrails[key] for key in keys]
        names = {"id": "guardrailId", "arn": "guardrailArn"}
        members = ("id", "arn", "status", "name", "version", "createdAt", "updatedAt")
        items = [{name: json.loads(raw)[names.get(name, name)] for name in members} for raw in raws]
        return self.paged(items, asked, "guardrails", "nextToken")

    def ListEnforcedGuardrailsConfiguration(self, asked):
        return {"guardrailsConfig": self.enforced.get(asked.region, [])}

    def DescribeOrganization(self, asked):
        return {"Organization": self.organization["organization"]}

    def ListRoots(self, asked):
        return {"Roots": [self.organization["root"]]}

    def node(self, id: str, code: str):
        parents = self.organization["parents"]
        if id not in parents and id != self.organization["root"]["Id"]:
            raise Refused(400, code, f"You specified a node that does not exist: {id}")

    def ListOrganizationalUnitsForParent(self, asked):
        return self.children(asked, "units", "OrganizationalUnits")

    def ListAccountsForParent(self, asked):
        return self.children(asked, "accounts", "Accounts")

    def children(self, asked, kind, name):
        parent = asked.input["ParentId"]
        self.node(parent, "ParentNotFoundException")
        items = self.organization[kind]
        own = [item for item in items if self.organization["parents"][item["Id"]] == parent]
        return self.paged(own, asked, name, "NextToken")

    def ListParents(self, asked):
        child = asked.input["ChildId"]
        self.node(child, "ChildNotFoundException")
        parent = self.organization["parents"][child]
        return {"Parents": [{"Id": parent, "Type": "ROOT" if parent.startswith("r-") else "ORGANIZATIONAL_UNIT"}]}

    def summary(self, id: str) -> dict:
        return self.organization["policies"][id]["PolicySummary"]

    def bedrock_policies(self, asked):
        if asked.input["Filter"] != "BEDROCK_POLICY":
            raise Refused(400, "InvalidInputException", "the stub knows Bedrock policies only")

    def ListPoliciesForTarget(self, asked):
        self.bedrock_policies(asked)
        target = asked.input["TargetId"]
        self.node(target, "TargetNotFoundException")
        ids = self.organization["attachments"].get(target, [])
        return self.paged([self.summary(id) for id in ids], asked, "Policies", "NextToken")

    def ListPolicies(self, asked):
        self.bedrock_policies(asked)
        ids = list(self.organization["policies"])
        return self.paged([self.summary(id) for id in ids], asked, "Policies", "NextToken")

    def DescribePolicy(self, asked):
        policy = self.organization["policies"].get(asked.input["PolicyId"])
        if policy is None:
            raise Refused(400, "PolicyNotFoundException")
        return {"Policy": {**policy, "Content": json.dumps(policy["Content"], indent=2)}}

    def DescribeEffectivePolicy(self, asked):
        target = asked.input.get("TargetId", "111122223333")
        self.node(target, "TargetNotFoundException")
        content = self.organization["effective"].get(target)
        if content is None:
            raise Refused(400, "EffectivePolicyNotFoundException", "There is no effective policy for this account")
        return {
            "EffectivePolicy": {
                "PolicyContent": json.dumps(content),
                "LastUpdatedTimestamp": 1779000000.25,
                "TargetId": target,
                "PolicyType": asked.input["PolicyType"],
            }
        }

    def kms_key(self, asked):
        if asked.input["KeyId"] not in (KMS_ARN, KMS_ARN.rsplit("/", 1)[1], "alias/edgerail-tuf"):
            raise Refused(400, "NotFoundException", "Alias or key is not found")

    def GetPublicKey(self, asked):
        self.kms_key(asked)
        form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return {
            "KeyId": KMS_ARN,
            "PublicKey": base64.b64encode(self.key.public_key().public_bytes(*form)).decode(),
            "CustomerMasterKeySpec": "ECC_NIST_P256",
            "KeySpec": "ECC_NIST_P256",
            "KeyUsage": "SIGN_VERIFY",
            "SigningAlgorithms": ["ECDSA_SHA_256"],
        }

    def Sign(self, asked):
        self.kms_key(asked)
        if asked.input["SigningAlgorithm"] != "ECDSA_SHA_256":
            raise Refused(400, "InvalidKeyUsageException")
        message = base64.b64decode(asked.input["Message"])
        algorithm = ec.ECDSA(hashes.SHA256())
        if asked.input.get("MessageType", "RAW") == "DIGEST":
            if len(message) != 32:
                raise Refused(400, "ValidationException", "Digest is invalid length for algorithm ECDSA_SHA_256")
            algorithm = ec.ECDSA(Prehashed(hashes.SHA256()))
        signature = base64.b64encode(self.key.sign(message, algorithm)).decode()
        return {"KeyId": KMS_ARN, "Signature": signature, "SigningAlgorithm": "ECDSA_SHA_256"}


def _handler(stub: Stub):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments):
            pass

        def do_GET(self):
            self.serve()

        def do_POST(self):
            self.serve()

        def serve(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            try:
                region = self.signed(body)
                asked = self.understood(body, region)
            except Refused as refused:
                stub.violations.append(f"{self.command} {self.path}: {refused.code}: {refused.message}")
                return self.refuse(refused, self.headers.get("x-amz-target") is None)
            stub.asked.append(asked)
            rest = asked.service == "bedrock"
            try:
                if not self.faulty(stub.fault(asked.operation), rest):
                    raw = stub.answer(asked)
                    stub.bodies[asked.operation, json.dumps(asked.input, sort_keys=True)].append(raw)
                    self.send(200, raw, rest)
            except Refused as refused:
                self.refuse(refused, rest)

        def signed(self, body: bytes) -> str:
            """Checks the signature as botocore makes it; gives the region that it names."""
            header = self.headers.get("authorization", "")
            scheme, _, rest = header.partition(" ")
            if scheme != "AWS4-HMAC-SHA256":
                raise Refused(403, "MissingAuthenticationTokenException", "no signature")
            parts = dict(part.strip().split("=", 1) for part in rest.split(","))
            key, date, region, service, _ = parts["Credential"].split("/")
            names = parts["SignedHeaders"].split(";")
            if key != CREDENTIALS.access_key:
                raise Refused(403, "UnrecognizedClientException", "The security token is invalid")
            for needed in ("host", "x-amz-date", "x-amz-security-token"):
                if needed not in names:
                    raise Refused(403, "IncompleteSignatureException", f"{needed} is not signed")
            stamp = self.headers["x-amz-date"]
            signed = {name: self.headers[name] for name in names}
            request = AWSRequest(self.command, f"http://{self.headers['host']}{self.path}", signed, body)
            request.context["timestamp"] = stamp
            auth = SigV4Auth(CREDENTIALS, service, region)
            text = auth.string_to_sign(request, auth.canonical_request(request))
            if auth.signature(text, request) != parts["Signature"] or not stamp.startswith(date):
                raise Refused(403, "InvalidSignatureException", f"The Canonical String should have been {text}")
            when = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
            if abs(datetime.now(timezone.utc) - when).total_seconds() > SKEW:
                raise Refused(403, "InvalidSignatureException", "Signature expired")
            self.service, self.stamp = service, stamp
            return region

        def understood(self, body: bytes, region: str) -> Asked:
            target = self.headers.get("x-amz-target")
            if target is None:
                return self.rest(body, region)
            found = model.operation_for_target(target)
            if found is None or self.path != "/" or self.command != "POST":
                raise Refused(400, "UnknownOperationException", target)
            service, operation = found
            if self.headers.get("content-type") != "application/x-amz-json-1.1":
                raise Refused(400, "SerializationException", "content type")
            input = json.loads(body)
            self.valid(service, operation, input)
            home = "us-east-1" if service == "organizations" else region
            if region != home:
                raise Refused(403, "InvalidSignatureException", f"Credential should be scoped to {home}")
            return Asked(service, operation.name, region, input, self.stamp)

        def rest(self, body: bytes, region: str) -> Asked:
            path, _, query = self.path.partition("?")
            found = model.operation_for_path(self.command, path.strip("/").split("/"))
            if found is None or body:
                raise Refused(404, "UnknownOperationException", self.path)
            service, operation, labels = found
            shape = operation.input_shape
            names = {m.serialization.get("name", n): n for n, m in shape.members.items()}
            input = {label: unquote(value) for label, value in labels.items()}
            for name, value in parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []:
                member = names.get(name)
                if member is None or shape.members[member].serialization.get("location") != "querystring":
                    raise Refused(400, "ValidationException", f"no parameter {name}")
                number = shape.members[member].type_name == "integer"
                input[member] = int(value) if number else value
            self.valid(service, operation, input)
            return Asked(service, operation.name, region, input, self.stamp)

        def valid(self, service, operation, input):
            if self.service != service:
                raise Refused(403, "InvalidSignatureException", f"Credential should be scoped to {service}")
            found = model.violations(operation.input_shape, input)
            if found:
                raise Refused(400, "ValidationException", "; ".join(found))

        def refuse(self, refused: Refused, rest: bool):
            if rest:
                body = {"message": refused.message}
                return self.send(refused.status, json.dumps(body).encode(), rest, {"x-amzn-ErrorType": refused.code})
            body = {"__type": refused.code, "Message": refused.message}
            return self.send(refused.status, json.dumps(body).encode(), rest)

        def send(self, status: int, body: bytes, rest: bool, headers: dict[str, str] | None = None):
            own = {"Content-Type": "application/json" if rest else "application/x-amz-json-1.1", **(headers or {})}
            self.send_response(status)
            own.setdefault("Content-Length", str(len(body)))
            for name, value in own.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def faulty(self, fault: str | None, rest: bool) -> bool:
            """Whether a fault took the answer's place."""
            html = {"Content-Type": "text/html"}
            errors = {
                "throttle": (429, "ThrottlingException") if rest else (400, "TooManyRequestsException"),
                "server": (500, "InternalServerException" if rest else "ServiceException"),
                "denied": (403 if rest else 400, "AccessDeniedException"),
                "missing": (404, "ResourceNotFoundException"),
                "expired": (403, "ExpiredTokenException"),
            }
            if fault in errors:
                raise Refused(*errors[fault], f"{fault}, token {CREDENTIALS.token}")
            if fault == "html":
                self.send(200, b"<html>Please sign in</html>", rest, html)
            elif fault == "malformed":
                self.send(200, b'{"guardrails": [', rest)
            elif fault == "array":
                self.send(200, b"[]", rest)
            elif fault == "redirect":
                self.send(307, b"", rest, {"Location": stub.redirect})
            elif fault == "huge":
                self.send(200, b"{", rest, {"Content-Length": str(10 << 30)})
                self.close_connection = True
            elif fault == "truncated":
                self.send(200, b'{"a', rest, {"Content-Length": "1000"})
                self.close_connection = True
            elif fault == "close":
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            elif fault == "silent":
                time.sleep(20)
                self.close_connection = True
            return fault is not None

    return Handler


def sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


if __name__ == "__main__":
    stub = Stub()
    print(f"export AWS_ENDPOINT_URL={stub.url}")
    print(f"export AWS_ACCESS_KEY_ID={CREDENTIALS.access_key} AWS_SECRET_ACCESS_KEY={CREDENTIALS.secret_key}")
    print(f"export AWS_SESSION_TOKEN={CREDENTIALS.token} AWS_REGION=us-east-1", flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        sys.exit(0)
