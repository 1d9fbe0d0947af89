"""Puts the payloads of an incremental answer together, as a 1.10.6 front end does, but strictly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import orjson

Json: TypeAlias = Any


def merged(payloads: Iterable[bytes]) -> Json:
    """The whole answer; fails for a gap, a repeated item, or anything after the last payload."""
    first, *rest = [orjson.loads(payload) for payload in payloads]
    answer = {"data": first["data"]}
    assert [each["hasNext"] for each in (first, *rest)] == [True] * len(rest) + [False]
    for payload in rest:
        for piece in payload.get("incremental", ()):
            apply(answer["data"], piece)
    return answer


def apply(data: Json, piece: Json) -> None:
    if "items" in piece:
        *path, index = piece["path"]
        target = at(data, path)
        assert index == len(target), f"{piece['path']} comes after {len(target)} items"
        target.extend(piece["items"])
    else:
        merge(at(data, piece["path"]), piece["data"])


def at(data: Json, path: Iterable[str | int]) -> Json:
    for step in path:
        data = data[step]
    return data


def merge(target: Json, more: Json) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            merge(target[key], value)
        else:
            assert target.get(key, value) == value, f"{key} changes"
            target[key] = value
