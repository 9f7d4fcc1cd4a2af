"""Snapshot folders, as somebody else reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from botocore.parsers import create_parser

from aws import model
from aws.stub import sha256

USE1 = "arn:aws:bedrock:us-east-1:111122223333:guardrail/k7q2m9x4b1zd"
EU = "arn:aws:bedrock:eu-west-1:111122223333:guardrail/p3w8n5r2c6yt"


def index(folder: Path) -> list[dict[str, Any]]:
    """The index's entries, after a check of all files against it."""
    document = json.loads((folder / "index.json").read_text())
    assert document["format"] == 1
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"index.json"}
    assert files == {entry["file"] for entry in document["answers"]}
    for entry in document["answers"]:
        assert sha256((folder / entry["file"]).read_bytes()) == entry["sha256"]
    return document["answers"]


def parsed(folder: Path, entry: dict[str, Any]) -> dict[str, Any]:
    """An answer as botocore parses it from the bytes that we kept."""
    service = model.MODELS[entry["service"]]
    parser = create_parser(service.metadata["protocol"])
    raw = {"body": (folder / entry["file"]).read_bytes(), "headers": {}, "status_code": entry["status"]}
    value = parser.parse(raw, service.operation_model(entry["operation"]).output_shape)
    value.pop("ResponseMetadata", None)
    return value


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
