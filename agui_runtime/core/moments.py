"""Moments as people and programs write them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from agui_runtime.core.errors import InvalidInput


def moment_of(text: str, name: str) -> float:
    """Seconds since 1970 of an ISO 8601 date, or date and time (UTC where it says no other); raises
    InvalidInput, naming what it stands for.
    """
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        message = f"{name}: a date as 2026-11-26, or with a time as 2026-11-26T12:00:00Z"
        raise InvalidInput(message) from None
