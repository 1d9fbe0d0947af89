"""How the tests themselves are spread over workers."""

from __future__ import annotations

from tests.distribution import sendable


def test_a_report_is_sent_in_its_own_shape_without_halves_of_characters() -> None:
    report = {"longrepr": ("file.py", 2, "Skipped: \ud83e"), "sections": [["log", "plain"]]}
    assert sendable(report) == {
        "longrepr": ("file.py", 2, "Skipped: \\ud83e"),
        "sections": [["log", "plain"]],
    }
