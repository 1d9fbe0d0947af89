"""What a text with blocks in it is made of. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Words:
    """Text for people."""

    text: str


@dataclass(frozen=True, slots=True)
class Begun:
    """A block whose kind is known."""

    kind: str


@dataclass(frozen=True, slots=True)
class Written:
    """The block that has begun, to its end."""

    text: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The block that has begun cannot be read; where `kind` is given, one of no kind there is."""

    reason: str
    kind: str | None = None


Piece: TypeAlias = Words | Begun | Written | Broken
