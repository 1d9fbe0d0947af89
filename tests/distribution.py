"""Which worker gets which file next: the longest that is left. Two workers of three may have a file
that needs a browser, as each that has one fills a core with it; they begin with those. Clients that
run in Node need none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import PurePath
from typing import Any

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from tests.needs import needs_of_file

BROWSERS = "tests/clients/"
SLOW = 20
"""A test that starts a server, an interpreter or a page takes as long as so many others."""


class Distribution(LoadScopeScheduling):  # type: ignore[misc]  # published without types
    """xdist gives a worker a file, and the next when it has two tests left of that."""

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        self._browsers = max(1, self.numnodes * 2 // 3)

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0]

    def _assign_work_unit(self, node: WorkerController) -> None:
        others = [work for each, work in self.assigned_work.items() if each is not node]
        open_browsers = sum(any(map(is_under_way, work.items())) for work in others)
        tests = {file: len(each) for file, each in self.workqueue.items()}
        file = next_file(tests, may_browse=open_browsers < self._browsers)
        self.workqueue.move_to_end(file, last=False)
        super()._assign_work_unit(node)


def is_under_way(part: tuple[str, Mapping[str, bool]]) -> bool:
    """Whether a file needs a browser and has tests that are not done."""
    file, done = part
    return may_open_a_browser(file) and not all(done.values())


def next_file(tests: Mapping[str, int], *, may_browse: bool) -> str:
    """Which of the files that are left, by their numbers of tests, a worker does now."""
    return max(
        tests, key=lambda file: (may_open_a_browser(file) is may_browse, length(file, tests))
    )


def length(file: str, tests: Mapping[str, int]) -> int:
    return tests[file] * (SLOW if "slow" in needs(file) else 1)


def may_open_a_browser(file: str) -> bool:
    return file.startswith(BROWSERS) and "node" not in needs(file)


def needs(file: str) -> Collection[str]:
    return [*needs_of_file(PurePath(file).relative_to("tests"))]


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
