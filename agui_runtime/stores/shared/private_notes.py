"""Notes of wires that hold what others must not have: no export takes them out of the store."""

from __future__ import annotations

WEBHOOKS = "#a2a-webhooks"
"""No agent's name, so that no wire can load or save what is kept there."""

PRIVATE_NOTES = frozenset({WEBHOOKS})
