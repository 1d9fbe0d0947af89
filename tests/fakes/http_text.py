"""HTTP/1.1 as text: the heads and bodies that a fake server reads and writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from email import message_from_bytes
from typing import Any


def parsed_head(head: bytes) -> tuple[str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return first.split(" ")[1], {name.strip().lower(): value.strip() for name, _, value in pairs}


def parsed_body(kind: str, body: bytes) -> dict[str, Any]:
    """The JSON object, or the fields of a form by their names: bytes each."""
    if not kind.startswith("multipart/form-data"):
        return dict(json.loads(body or b"{}"))
    form = message_from_bytes(b"content-type: %b\r\n\r\n%b" % (kind.encode(), body))
    named = ((part.get_param("name", header="content-disposition"), part) for part in form.walk())
    return {str(name): part.get_payload(decode=True) for name, part in named if name}


def head_of(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Answer", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()
