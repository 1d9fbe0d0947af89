"""How a write compares with the log, and who takes what came of it. No behaviour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["ok", "done", "moved", "lost", "too_large"]
"""`done` if it was stored before, `moved` if the log has grown since it was looked at, `lost` if
the thread is another's by now; `too_large` was stored, as the last that was.
"""

NOT_STORED = frozenset({"lost", "moved"})
"""Verdicts on what was not stored."""

Settle: TypeAlias = Callable[[Verdict | Exception], None]
"""Takes what came of an append."""
