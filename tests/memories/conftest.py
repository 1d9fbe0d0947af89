"""Every kind of store for tests of memories."""

from __future__ import annotations

from tests.stores.conftest import (
    each_store as each_store,
    made as made,
    place as place,
    postgres as postgres,
    redis as redis,
)
