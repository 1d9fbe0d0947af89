"""What clients are shown of a run alike by both of OpenAI's protocols. Pure."""

from __future__ import annotations

from agui_runtime.wires.shared.stated import (
    question as question,
    results_sent as results_sent,
    stated_by as stated_by,
)

FINISHES = {
    "GUARDRAILS_VALIDATION_FAILED": "content_filter",
    "RUN_TOO_LARGE": "length",
    "RUN_TOO_LONG": "length",
}
"""Ends of runs that are ends of an answer, too, and no failures."""
