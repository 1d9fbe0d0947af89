"""The seam by which texts become vectors. Promises only; no behaviour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    Vectors: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.float32]]
else:
    Vectors: TypeAlias = object


class Embedder(Protocol):
    """Texts as vectors of length 1, whose products say how alike texts are.

    `name` stands beside each vector that is kept: those of different names are never compared.
    `alike` is the product from which two texts count as about the same.
    """

    name: str
    size: int
    alike: float

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """A row for each text."""
