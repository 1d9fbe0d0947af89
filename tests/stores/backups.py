"""A store that was put back from a backup."""

from __future__ import annotations

import pytest

from agui_runtime.core.errors import Gone
from agui_runtime.core.events import Cursor
from agui_runtime.stores.base import Lease, Store
from tests.stores.test_contract import a_run, read, whole_run


async def goes_on_without(store: Store, later: Lease) -> None:
    """It has one run, and not the `later` one; nobody takes a cursor of before for one of after."""
    assert len(await read(store, 4)) == 4
    with pytest.raises(Gone):
        await read(store, 1, Cursor(later.start.epoch, 5))
    await whole_run(store, a_run(run="r3"))
    for seq in range(9):
        with pytest.raises(Gone):
            await read(store, 1, Cursor(later.start.epoch, seq))
