"""Texts go to servers so many at a time, and not longer than any of them takes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from agui_runtime.memories.embedders.base import Vectors

LONGEST = 4000
"""Characters; what stands behind them is not looked at."""


async def in_batches(
    texts: Sequence[str],
    batch: int,
    size: int,
    step: Callable[[Sequence[str]], Awaitable[Vectors]],
) -> Vectors:
    """What `step` gives for each batch, one after the other, as one."""
    import numpy as np  # an extra

    found = np.empty((len(texts), size), np.float32)
    for start in range(0, len(texts), batch):
        given = [each[:LONGEST] for each in texts[start : start + batch]]
        found[start : start + batch] = await step(given)
    return found
