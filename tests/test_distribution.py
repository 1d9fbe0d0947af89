"""How the tests themselves are spread over workers."""

from __future__ import annotations

import pytest

from tests.distribution import may_open_a_browser, sendable


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
