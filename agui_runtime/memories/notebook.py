"""What is remembered of one owner, as far as a process has read it; most of it stays sealed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from agui_runtime.core.errors import AguiError
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.memories.entries import TIERS, Entry, Tier
from agui_runtime.memories.sealing import OwnerSeal, Vector
from agui_runtime.stores.sealed_rows import Known, StoredRows

if TYPE_CHECKING:
    from agui_runtime.memories.embedders.base import Vectors


class Match(NamedTuple):
    """An entry, and how near it is to what was asked: the product of two vectors of length 1."""

    id: str
    score: float


class Notebook:
    """Rows by id, and the vectors of those that have one. Not to be shared by event loops."""

    def __init__(self, seal: OwnerSeal, key: bytes) -> None:
        self.seal = seal
        self.known = Known(key, 0)
        self.size = 0
        """Bytes, at most about: of the rows, and of the vectors that were opened."""
        self._bodies: dict[str, bytes] = {}
        self._vectors: dict[str, Vector] = {}
        self._matrices: dict[tuple[str, Tier], tuple[Sequence[str], Vectors]] = {}

    def take(self, news: StoredRows) -> None:
        """What was read after `known`, or before somebody else here read more."""
        if news.version < self.known.version:
            return
        if news.rows:
            self._matrices.clear()
        for id_, body in news.rows.items():
            self.size -= 2 * len(self._bodies.pop(id_, b""))
            self._vectors.pop(id_, None)
            if body is not None:
                self._bodies[id_] = body
                self.size += 2 * len(body)
        self.known = Known(self.known.key, news.version)

    def ids(self, tier: Tier | None = None) -> list[str]:
        """Of all entries, or the tier's, in no order."""
        starts = tuple(f"{each}." for each in (TIERS if tier is None else (tier,)))
        return [id_ for id_ in self._bodies if id_.startswith(starts)]

    def entry(self, id_: str) -> Entry | None:
        """None if there is none; raises MemoryUnreadable."""
        body = self._bodies.get(id_)
        return None if body is None else self.seal.entry(id_, body)

    def entries(self, tier: Tier) -> Iterator[Entry]:
        """Of the tier, in no order, without those that do not open."""
        for id_ in self.ids(tier):
            try:
                yield self.seal.entry(id_, self._bodies[id_])
            except AguiError:
                continue

    def note(self, id_: str) -> JsonObject | None:
        """None if there is none; raises MemoryUnreadable."""
        body = self._bodies.get(id_)
        return None if body is None else self.seal.note(id_, body)

    def notes(self, kind: str) -> Iterator[JsonObject]:
        """Of that kind, in no order; raises MemoryUnreadable."""
        for id_, body in self._bodies.items():
            if id_.startswith(f"{kind}."):
                yield self.seal.note(id_, body)

    def near(self, tier: Tier, vector: Vector, most: int, least: float) -> list[Match]:
        """The nearest first: so many at most, with a score of at least that."""
        import numpy as np  # an extra

        ids, matrix = self._matrix(vector.embedder, tier)
        if not ids:
            return []
        scores = matrix @ np.frombuffer(vector.floats, np.float32)
        best = np.argsort(-scores, kind="stable")[:most]
        return [Match(ids[at], float(scores[at])) for at in best if scores[at] >= least]

    def vector(self, id_: str) -> Vector | None:
        """Raises MemoryUnreadable."""
        found = self._vectors.get(id_)
        if found is None and (body := self._bodies.get(id_)) is not None:
            found = self.seal.vector(id_, body)
            if found is not None:
                self._vectors[id_] = found
        return found

    def _matrix(self, embedder: str, tier: Tier) -> tuple[Sequence[str], Vectors]:
        """Vectors of another embedder, and those that do not open, are left out."""
        import numpy as np  # an extra

        found = self._matrices.get((embedder, tier))
        if found is None:
            rows = [(id_, vector) for id_ in self.ids(tier) if (vector := self._opened(id_))]
            rows = [(id_, vector) for id_, vector in rows if vector.embedder == embedder]
            floats = np.frombuffer(b"".join(each.floats for _, each in rows), np.float32)
            matrix = floats.reshape(len(rows), -1) if rows else floats.reshape(0, 0)
            found = self._matrices[embedder, tier] = [id_ for id_, _ in rows], matrix
        return found

    def _opened(self, id_: str) -> Vector | None:
        try:
            return self.vector(id_)
        except AguiError:
            return None
