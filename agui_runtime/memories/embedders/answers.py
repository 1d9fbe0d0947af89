"""What servers answer to texts, as vectors. Pure.

Servers that are compatible with OpenAI differ: some leave out `index`, some answer in another
order, some in base64 though nobody asked for it, and some with NaN.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TYPE_CHECKING

from agui_runtime.connectors.shared.chat.failures import failed, failure, stream_failure
from agui_runtime.core.errors import Misconfigured, ModelFailure
from agui_runtime.memories.embedders.base import Vectors

if TYPE_CHECKING:
    import numpy as np

    Row = np.ndarray[tuple[int], np.dtype[np.float32]]


def vectors_of(answer: object, model: str, count: int, size: int) -> Vectors:
    """A row of length 1 for each of `count` texts, in their order, from the JSON of an answer.

    Raises ModelFailure for what is no answer to them, Misconfigured for vectors of another size.
    """
    import numpy as np  # an extra

    rows = [_row(each) for each in _in_order(_items(answer), count)]
    for row in rows:
        if len(row) != size:
            raise Misconfigured(
                f"{model} gives vectors of {len(row)} numbers, and not {size}: give its embedder"
                f" size={len(row)}"
            )
    found = np.vstack(rows) if rows else np.empty((0, size), np.float32)
    lengths = np.sqrt(np.einsum("ij,ij->i", found, found, dtype=np.float64))
    if not (np.isfinite(lengths) & (lengths > 0)).all():
        raise _no_answer("a vector has no direction: it is zero, or has in it what is no number")
    found /= lengths[:, None].astype(np.float32)
    return found


def _items(answer: object) -> Sequence[object]:
    if isinstance(answer, dict):
        if error := failed(answer):
            raise stream_failure(error)
        if isinstance(items := answer.get("data"), list):
            return items
    raise _no_answer("it has no list of vectors")


def _in_order(items: Sequence[object], count: int) -> Sequence[object]:
    if len(items) != count:
        raise _no_answer(f"it has {len(items)} vectors for {count} texts")
    places = [each.get("index") if isinstance(each, dict) else None for each in items]
    if places == [None] * count:
        return items
    by_place = {place: item for place, item in zip(places, items, strict=True)}
    if set(by_place) != set(range(count)):
        raise _no_answer("its indexes are not those of the texts")
    return [by_place[place] for place in range(count)]


def _row(item: object) -> Row:
    import numpy as np

    given = item.get("embedding") if isinstance(item, dict) else None
    try:
        if isinstance(given, str):
            return np.frombuffer(base64.b64decode(given, validate=True), "<f4")
        if isinstance(given, list):
            with np.errstate(over="ignore"):  # what is too large is infinite, and found later
                row = np.array(given, np.float32)
            if row.ndim == 1:
                return row
    except (ValueError, TypeError, OverflowError, binascii.Error):
        pass
    raise _no_answer("a vector is no list of numbers")


def _no_answer(what: str) -> ModelFailure:
    return failure("UNAVAILABLE", cause=f"malformed answer to texts: {what}")
