"""The model behind sentence embeddings: the encoder of BERT, and the mean of its tokens.

Pure: it reads no files and knows no texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import TYPE_CHECKING, TypeAlias

from agui_runtime.memories.embedders.base import Vectors

if TYPE_CHECKING:
    import numpy as np

    Floats: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
else:
    Floats: TypeAlias = object

HEADS = 12
EPSILON = 1e-12
FAR = -1e9
"""What is added to the score of a place that has no token."""

# Abramowitz and Stegun, 7.1.26: the error function within 1.5e-7, which is all that 32 bits have.
_ERF = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
_ERF_STEP = 0.3275911


class Bert:
    """The encoder with these weights, by the names that PyTorch gives them."""

    def __init__(self, weights: Mapping[str, Floats]) -> None:
        self._weights = weights
        self._layers = 1 + max(
            int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer.")
        )

    def vectors(self, texts: Sequence[Sequence[int]]) -> Vectors:
        """A row for each text, which is the ids of its tokens; none may be without any."""
        import numpy as np  # an extra

        longest = max(map(len, texts))
        ids = np.zeros((len(texts), longest), np.int64)
        there = np.zeros((len(texts), longest, 1), np.float32)
        for row, text in enumerate(texts):
            ids[row, : len(text)] = text
            there[row, : len(text)] = 1
        states = self._embedded(ids)
        far = (1 - there.transpose(0, 2, 1))[:, None] * np.float32(FAR)
        for number in range(self._layers):
            states = self._layer(states, far, f"encoder.layer.{number}.")
        means: Vectors = (states * there).sum(1) / there.sum(1)
        means /= np.sqrt((means * means).sum(1, keepdims=True))
        return means

    def _embedded(self, ids: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> Floats:
        weights = self._weights
        words = weights["embeddings.word_embeddings.weight"][ids]
        words += weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        words += weights["embeddings.token_type_embeddings.weight"][0]
        return self._normed(words, "embeddings.LayerNorm")

    def _layer(self, states: Floats, far: Floats, at: str) -> Floats:
        seen = self._linear(self._attended(states, far, at), f"{at}attention.output.dense")
        states = self._normed(states + seen, f"{at}attention.output.LayerNorm")
        wide = _gelu(self._linear(states, f"{at}intermediate.dense"))
        narrow = self._linear(wide, f"{at}output.dense")
        return self._normed(states + narrow, f"{at}output.LayerNorm")

    def _attended(self, states: Floats, far: Floats, at: str) -> Floats:
        import numpy as np

        count, length, size = states.shape
        split = (count, length, HEADS, size // HEADS)
        query, key, value = (
            self._linear(states, f"{at}attention.self.{name}").reshape(split).swapaxes(1, 2)
            for name in ("query", "key", "value")
        )
        scores = query @ key.swapaxes(2, 3) / np.float32(sqrt(split[3])) + far
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        seen: Floats = (scores @ value).swapaxes(1, 2).reshape(states.shape)
        return seen

    def _linear(self, states: Floats, name: str) -> Floats:
        made: Floats = states @ self._weights[f"{name}.weight"].T
        made += self._weights[f"{name}.bias"]
        return made

    def _normed(self, states: Floats, name: str) -> Floats:
        import numpy as np

        states = states - states.mean(-1, keepdims=True)
        states /= np.sqrt((states * states).mean(-1, keepdims=True) + np.float32(EPSILON))
        normed: Floats = states * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return normed


def _gelu(states: Floats) -> Floats:
    """Half the value, times one more than the error function of it over the root of two."""
    import numpy as np

    scaled = states * np.float32(sqrt(0.5))
    size = np.abs(scaled)
    step = 1 / (1 + np.float32(_ERF_STEP) * size)
    series = np.full_like(step, _ERF[0])
    for factor in _ERF[1:]:
        series *= step
        series += np.float32(factor)
    error = 1 - series * step * np.exp(-size * size)
    made: Floats = states * (1 + np.copysign(error, scaled)) * np.float32(0.5)
    return made
