"""A request that is damaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.wires.fuzz.jsons import Json


@dataclass(frozen=True, slots=True)
class Original:
    """A request that is answered well. `body` is JSON unless it is bytes."""

    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Json = None
    endless: bool = False
