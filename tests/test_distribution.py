"""How the tests themselves are spread over workers."""

from __future__ import annotations

import pytest

from tests.distribution import may_open_a_browser, next_file, sendable


def test_a_report_is_sent_in_its_own_shape_without_halves_of_characters() -> None:
    report = {"longrepr": ("file.py", 2, "Skipped: \ud83e"), "sections": [["log", "plain"]]}
    assert sendable(report) == {
        "longrepr": ("file.py", 2, "Skipped: \\ud83e"),
        "sections": [["log", "plain"]],
    }


@pytest.mark.parametrize(
    ("file", "may"),
    [
        ("tests/clients/test_page_chat.py", True),
        ("tests/clients/test_graphql_clients.py", False),
        ("tests/stores/test_records.py", False),
    ],
)
def test_files_of_clients_in_node_are_spread_as_all_others(file: str, may: bool) -> None:
    assert may_open_a_browser(file) is may


def test_browsers_come_first_while_one_may_be_opened_and_long_files_before_short_ones() -> None:
    chat, looks = "tests/clients/test_page_chat.py", "tests/clients/test_page_looks.py"
    starts, tries = "tests/commands/test_processes.py", "tests/stores/test_records.py"
    left = {tries: 40, starts: 3, looks: 2, chat: 4}
    first, second = [], dict(left)
    while second:
        first.append(next_file(second, may_browse=True))
        del second[first[-1]]
    assert first == [chat, looks, starts, tries]
    assert next_file(left, may_browse=False) == starts
    assert next_file({looks: 1}, may_browse=False) == looks
