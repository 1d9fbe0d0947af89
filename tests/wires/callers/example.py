"""An example of a request, and what is expected of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Example(NamedTuple):
    """A request, without the parts of its path that `FILLED` has.

    `shows` says that its answer to ann holds the secret. Where `authorize` allows nothing, it is
    refused with 403, unless it is `open` to everybody or a list, which is `empty` then. The
    `status` is the one that ann gets; an `endless` answer is read as far as it begins.
    """

    body: object = None
    shows: bool = False
    open: bool = False
    empty: bool = False
    status: int = 200
    path: str | None = None
    endless: bool = False
    headers: Mapping[str, str] = MappingProxyType({})
