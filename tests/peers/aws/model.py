"""The service models of botocore, read strictly.

botocore's own validator looks at required members, types and minimums only. A service also refuses what is not in an
enumeration, does not match a pattern, is too long, or is no member at all: so does this.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from typing import Any

import botocore.session
from botocore.model import OperationModel, ServiceModel, Shape

SERVICES = ("bedrock", "organizations", "kms")

_session = botocore.session.get_session()
MODELS: dict[str, ServiceModel] = {name: _session.get_service_model(name) for name in SERVICES}


def violations(shape: Shape | None, value: Any, path: str = "$", iso: bool = False) -> list[str]:
    """What of a value the shape forbids; with `iso`, times are strings, else seconds."""
    if shape is None:
        return [] if value == {} else [f"{path}: nothing is expected"]
    check = {
        "structure": _structure,
        "list": _list,
        "map": _map,
        "string": _string,
        "integer": _number,
        "long": _number,
        "float": _number,
        "double": _number,
        "boolean": lambda s, v, p, i: [] if isinstance(v, bool) else [f"{p}: no boolean"],
        "timestamp": _timestamp,
        "blob": _blob,
    }
    return check[shape.type_name](shape, value, path, iso)


def _structure(shape, value, path, iso):
    if not isinstance(value, dict):
        return [f"{path}: no object"]
    found = [f"{path}.{name}: no such member" for name in value if name not in _by_wire_name(shape)]
    found += [f"{path}.{name}: missing" for name in shape.required_members if _wire_name(shape, name) not in value]
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        found.append(f"{path}: a union has one member")
    for name, member in _by_wire_name(shape).items():
        if name in value:
            found += violations(member, value[name], f"{path}.{name}", iso)
    return found


def _wire_name(shape, name):
    return shape.members[name].serialization.get("name", name)


def _by_wire_name(shape):
    return {_wire_name(shape, name): member for name, member in shape.members.items()}


def _list(shape, value, path, iso):
    if not isinstance(value, list):
        return [f"{path}: no list"]
    found = _bounds(shape, len(value), path)
    for index, item in enumerate(value):
        found += violations(shape.member, item, f"{path}[{index}]", iso)
    return found


def _map(shape, value, path, iso):
    if not isinstance(value, dict):
        return [f"{path}: no map"]
    found = _bounds(shape, len(value), path)
    for key, item in value.items():
        found += violations(shape.key, key, f"{path} key", iso) + violations(shape.value, item, f"{path}[{key}]", iso)
    return found


def _string(shape, value, path, iso):
    if not isinstance(value, str):
        return [f"{path}: no string"]
    found = _bounds(shape, len(value), path)
    if shape.enum and value not in shape.enum:
        found.append(f"{path}: not in the enumeration")
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        found.append(f"{path}: does not match {pattern}")
    return found


def _number(shape, value, path, iso):
    whole = shape.type_name in ("integer", "long")
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        return [f"{path}: no number of this type"]
    return _bounds(shape, value, path)


def _timestamp(shape, value, path, iso):
    if not iso:
        return [] if isinstance(value, (int, float)) and not isinstance(value, bool) else [f"{path}: no seconds"]
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return [f"{path}: no ISO 8601 time"]
    return []


def _blob(shape, value, path, iso):
    try:
        return _bounds(shape, len(base64.b64decode(value, validate=True)), path)
    except (TypeError, binascii.Error):
        return [f"{path}: no Base64"]


def _bounds(shape, size, path):
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if (low is not None and size < low) or (high is not None and size > high):
        return [f"{path}: {size} is not within {low}..{high}"]
    return []


def operation_for_target(target: str) -> tuple[str, OperationModel] | None:
    """The operation that an X-Amz-Target names."""
    prefix, _, name = target.partition(".")
    for service, model in MODELS.items():
        if model.metadata.get("targetPrefix") == prefix and name in model.operation_names:
            return service, model.operation_model(name)
    return None


def operation_for_path(method: str, segments: list[str]) -> tuple[str, OperationModel, dict[str, str]] | None:
    """The REST operation of a path, whose segments are still encoded, and the labels in it."""
    model = MODELS["bedrock"]
    for name in model.operation_names:
        http = model.operation_model(name).http
        wanted = http["requestUri"].split("?")[0].strip("/").split("/")
        if http["method"] != method or len(wanted) != len(segments):
            continue
        labels = {}
        for want, got in zip(wanted, segments, strict=True):
            if want.startswith("{") and got:
                labels[want.strip("{}")] = got
            elif want != got:
                break
        else:
            return "bedrock", model.operation_model(name), labels
    return None
