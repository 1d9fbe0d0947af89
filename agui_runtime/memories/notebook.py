"""What is remembered of one owner, as far as a process has read it; most of it stays sealed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from agui_runtime.core.errors import AguiError
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.memories.entries import TIERS, Entry, Tier
from agui_runtime.memories.sealing import OwnerSeal, Vector
from agui_runtime.stores.sealed_rows import Known, StoredRows

if TYPE_CHECKING:
    from agui_runtime.memories.embedders.base import Vectors


READ_WHOLE: frozenset[Tier] = frozenset({"core", "episodic", "proactive"})
"""The tiers that each recall looks through; the entries of these stay open."""


_Kind: TypeAlias = tuple[str, int]
"""Of vectors: the embedder, and how many bytes long."""


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
        """Bytes, at most about: of the rows, and of what was opened of them."""
        self._bodies: dict[str, dict[str, bytes]] = {}  # by tier, or kind of notes, and id
        self._entries: dict[str, Entry] = {}
        self._vectors: dict[str, Vector] = {}
        self._matrices: dict[tuple[_Kind, Tier], tuple[Sequence[str], Vectors]] = {}

    def take(self, news: StoredRows) -> None:
        """What was read after `known`, or before somebody else here read more."""
        if news.version < self.known.version:
            return
        if news.rows:
            self._matrices.clear()
        for id_, body in news.rows.items():
            bodies = self._bodies.setdefault(_kind(id_), {})
            self.size -= 2 * len(bodies.pop(id_, b""))
            self._entries.pop(id_, None)
            self._vectors.pop(id_, None)
            if body is not None:
                bodies[id_] = body
                self.size += 2 * len(body)
        self.known = Known(self.known.key, news.version)

    def ids(self, tier: Tier | None = None) -> list[str]:
        """Of all entries, or the tier's, in no order."""
        wanted = TIERS if tier is None else (tier,)
        return [id_ for each in wanted for id_ in self._bodies.get(each, ())]

    def entry(self, id_: str) -> Entry | None:
        """None if there is none; raises MemoryUnreadable."""
        found, body = self._entries.get(id_), self._body(id_)
        if found is None and body is not None:
            found = self.seal.entry(id_, body)
            if found.tier in READ_WHOLE:
                self._entries[id_] = found
        return found

    def readable(self, id_: str) -> Entry | None:
        """None if there is none, or it does not open."""
        try:
            return self.entry(id_)
        except AguiError:
            return None

    def entries(self, tier: Tier) -> Iterator[Entry]:
        """Of the tier, in no order, without those that do not open."""
        return filter(None, map(self.readable, self.ids(tier)))

    def note(self, id_: str) -> JsonObject | None:
        """None if there is none, or it does not open."""
        body = self._body(id_)
        try:
            return None if body is None else self.seal.note(id_, body)
        except AguiError:
            return None

    def notes(self, kind: str) -> Iterator[JsonObject]:
        """Of that kind, in no order, without those that do not open."""
        return filter(None, map(self.note, self._bodies.get(kind, ())))

    def near(self, tier: Tier, vector: Vector, most: int, least: float) -> list[Match]:
        """The nearest first: so many at most, with a score of at least that."""
        import numpy as np  # an extra

        ids, matrix = self._matrix(vector, tier)
        if not ids:
            return []
        # Not by BLAS: its threads wait for each other, a hundred times longer on a busy machine.
        scores = np.einsum("ij,j->i", matrix, np.frombuffer(vector.floats, np.float32))
        near = np.flatnonzero(scores >= least)
        best = near[np.argsort(-scores[near], kind="stable")[:most]]
        return [Match(ids[at], float(scores[at])) for at in best]

    def has_vector_of(self, embedder: str, id_: str) -> bool:
        """Whether it has one that opens and is that embedder's."""
        body = self._body(id_)
        vector = None if body is None else self._opened(id_, body)
        return vector is not None and vector.embedder == embedder

    def _body(self, id_: str) -> bytes | None:
        return self._bodies.get(_kind(id_), {}).get(id_)

    def _matrix(self, like: Vector, tier: Tier) -> tuple[Sequence[str], Vectors]:
        """Vectors of another embedder or size, and those that do not open, are left out."""
        import numpy as np  # an extra

        kind = like.embedder, len(like.floats)
        found = self._matrices.get((kind, tier))
        if found is None:
            bodies = self._bodies.get(tier, {})
            every = ((id_, self._opened(id_, body)) for id_, body in bodies.items())
            rows = [
                (id_, each.floats)
                for id_, each in every
                if each and (each.embedder, len(each.floats)) == kind
            ]
            floats = np.frombuffer(b"".join(each for _, each in rows), np.float32)
            matrix = floats.reshape(len(rows), -1) if rows else floats.reshape(0, 0)
            found = self._matrices[kind, tier] = [id_ for id_, _ in rows], matrix
        return found

    def _opened(self, id_: str, body: bytes) -> Vector | None:
        try:
            return self._vector(id_, body)
        except AguiError:
            return None

    def _vector(self, id_: str, body: bytes) -> Vector | None:
        found = self._vectors.get(id_)
        if found is None and (found := self.seal.vector(id_, body)) is not None:
            self._vectors[id_] = found
        return found


def _kind(id_: str) -> str:
    return id_.partition(".")[0]
