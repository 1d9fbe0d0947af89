"""What the step `renew` finds of a lease, in the words of `stores.shared.renewal`."""

from __future__ import annotations

from agui_runtime.stores.shared.renewal import Reply


def reply_of(stop: bool | None) -> Reply:
    """`stop`: whether the run is to stop; None if its lease is held no longer."""
    if stop is None:
        return "lost"
    return "stop" if stop else "ok"
