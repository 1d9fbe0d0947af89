"""Vectors of a text's letters: no model and no network. It finds words, not meaning."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from math import log
from zlib import crc32

from agui_runtime.memories.embedders.base import Vectors

SIZE = 256
GRAMS = (3, 4, 5)
"""Letters in a row that are counted."""

LONGEST = 8000
"""Characters; what stands behind them is not looked at."""


class HashingEmbedder:
    """Counts of the character n-grams of words, each in one of 256 places. Deterministic."""

    name = f"hashing-{SIZE}"
    size = SIZE
    alike = 0.12

    async def embed(self, texts: Sequence[str]) -> Vectors:
        import numpy as np  # an extra

        found = np.zeros((len(texts), SIZE), np.float32)
        for row, text in enumerate(texts):
            for gram, count in Counter(_grams(text)).items():
                code = crc32(gram.encode())
                found[row, code % SIZE] += (1 if code & 0x80000000 else -1) * (1 + log(count))
        lengths = np.sqrt(np.einsum("ij,ij->i", found, found))
        found /= np.where(lengths > 0, lengths, 1)[:, None]
        return found


def _grams(text: str) -> Iterator[str]:
    plain = unicodedata.normalize("NFKD", text[:LONGEST]).casefold()
    plain = "".join(each for each in plain if not unicodedata.combining(each))
    for word in re.findall(r"\w+", plain):
        edged = f" {word} "
        for length in GRAMS:
            for start in range(max(1, len(edged) - length + 1)):
                yield edged[start : start + length]
