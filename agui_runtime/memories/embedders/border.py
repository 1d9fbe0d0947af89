"""The border to embedders, which are users' code, or a server's answer, and may do anything."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from agui_runtime.core import jsontext
from agui_runtime.core.errors import AguiError
from agui_runtime.memories.embedders.base import Embedder
from agui_runtime.memories.entries import Entry, Proposal
from agui_runtime.memories.sealing import Vector
from agui_runtime.off_loop import is_cancelled


class EmbedderFailed(AguiError):
    """What texts are alike cannot be said now: what makes vectors of them failed."""

    code, status = "EMBEDDER_FAILED", 502


def text_of(entry: Entry | Proposal) -> str:
    """What its vector is made of."""
    return f"{entry.entity} {entry.text}".strip()


async def embedded(embedder: Embedder, texts: Sequence[str]) -> Sequence[Vector]:
    """A vector for each text; raises EmbedderFailed, also for what are no vectors of its size, and
    errors of ours as they are.
    """
    import numpy as np  # an extra

    try:
        rows = await embedder.embed([jsontext.whole(text) for text in texts])
        found = np.ascontiguousarray(rows, np.float32)
    except (AguiError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:  # user code, which may also cancel itself
        if isinstance(error, asyncio.CancelledError) and is_cancelled():
            raise
        raise EmbedderFailed(f"the embedder {embedder.name} failed") from error
    if found.shape != (len(texts), embedder.size) or not np.isfinite(found).all():
        raise EmbedderFailed(
            f"the embedder {embedder.name} gave no {len(texts)} vectors of {embedder.size} numbers"
        )
    return [Vector(embedder.name, row.tobytes()) for row in found]
