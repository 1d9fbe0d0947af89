"""Which worker gets which tests: whole files, and one file after the other of those that need a
browser, as each worker that has one fills a core with it. Clients that run in Node need none.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.needs import needs_of_file

BROWSERS = "tests/clients/"
WORKERS_PER_BROWSER = 3


class Distribution(LoadScopeScheduling):  # type: ignore[misc]  # published without types
    """xdist gives a worker the largest part that is left, and the next when it has done that."""

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        self._browsers = max(1, self.numnodes // WORKERS_PER_BROWSER)

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        if not may_open_a_browser(file):
            return file
        return f"{BROWSERS}{sum(file.encode()) % self._browsers}"


def may_open_a_browser(file: str) -> bool:
    if not file.startswith(BROWSERS):
        return False
    return "node" not in needs_of_file(PurePath(file).relative_to("tests"))


def sendable(report: Any) -> Any:  # noqa: ANN401  # JSON
    """A worker's report with halves of characters spelt out: they cannot be sent, and tests of them
    leave some in their logs.
    """
    match report:
        case str():
            return report.encode(errors="backslashreplace").decode()
        case dict():
            return {name: sendable(value) for name, value in report.items()}
        case list() | tuple():  # pytest tells skipped tests by tuples
            return type(report)(sendable(value) for value in report)
        case _:
            return report
