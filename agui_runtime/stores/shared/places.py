"""How long a place is held that nobody renews, in every store that several processes may have."""

from __future__ import annotations

PLACE_LEASE = 30.0
"""In seconds; then its process is gone."""
