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

LONGEST = 2000
"""Characters; what stands behind them is not looked at."""

ENGLISH = """
a about an and any are as at be can could do does for from had has have he her his how i if in is it
its me my of on or our she should so that the their them there they this to was we were what when
where which who whom whose why will with would you your
"""
GERMAN = """
aber als am an auch auf aus bei bin bist das dass dein deine dem den der des die dir du ein eine
einem einen einer es fur habe haben hat ich ihr im ist kann man mein meine meinen meiner mich mir
mit nach oder sein seine sich sie sind soll und uns unser von war warum was wann wer wie wir wird wo
zu zum zur
"""
FRENCH = """
au aux avec ce ces cette comment dans de des dois du elle en est et ete etre il ils je la le les
leur lui ma mais mes moi mon ne nous on ou par pas pour pourquoi qu quand que quel quelle quels
quelles qui quoi sa se ses son sont suis sur ta te tes toi ton tu un une vous y
"""
COMMON = frozenset(f"{ENGLISH} {GERMAN} {FRENCH}".split())
"""Words that say nothing of what a text is about. A text of nothing else is taken as it is. Without
accents, as the words of texts are, too."""


class HashingEmbedder:
    """Counts of the character n-grams of words, each in one of 256 places. Deterministic."""

    name = f"hashing-{SIZE}-2"
    size = SIZE
    alike = 0.16

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
    plain = "".join(each for each in plain if not unicodedata.combining(each))[:LONGEST]
    words = re.findall(r"\w+", plain)
    for word in [each for each in words if each not in COMMON] or words:
        edged = f" {word} "
        for length in GRAMS:
            for start in range(max(1, len(edged) - length + 1)):
                yield edged[start : start + length]
