"""What is made of a foreign kit's report: what was passed, missed and skipped, and what nobody
knew beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.kits.outcomes import Known, Outcomes

PLACE = "tests/test_it.py:7"


def report(*cases: str) -> str:
    return f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>"


def case(name: str, inside: str = "") -> str:
    return f'<testcase classname="tests.test_it" name="{name}">{inside}</testcase>'


REPORT = report(
    case("test_good"),
    case("test_bad", '<failure message="it is bad">trace</failure>'),
    case("test_broken", '<error message="no server">trace</error>'),
    case("test_bad_everywhere", '<skipped type="pytest.xfail" message="as ever" />'),
    case("test_of_grpc", f'<skipped type="pytest.skip" message="no gRPC">{PLACE}: no</skipped>'),
)
MISSES: Known = {"test_bad": "why", "test_broken": "why", "test_bad_everywhere": "why"}
SKIPS: Known = {"gRPC": "gRPC is not served"}


def test_a_failure_that_a_kit_expects_of_everybody_is_a_miss() -> None:
    made = Outcomes()
    made.add(REPORT)
    assert made.counted == "1 of 4 passed, 1 skipped"
    assert set(made.missed) == MISSES.keys()
    assert made.reasons(SKIPS) == {"gRPC is not served": 1}
    assert list(made.surprises(MISSES, SKIPS)) == []


@pytest.mark.parametrize(
    ("misses", "skips", "surprises"),
    [
        ({**MISSES, "test_good": "why"}, SKIPS, ["not missed: test_good; take it off the table"]),
        (
            {"test_bad": "why", "test_broken": "why"},
            SKIPS,
            ["missed: test_bad_everywhere: as ever"],
        ),
        (MISSES, {}, [f"skipped: test_of_grpc at {PLACE}: no gRPC"]),
    ],
)
def test_what_is_in_no_table_or_in_one_for_nothing_is_a_surprise(
    misses: Known, skips: Known, surprises: Sequence[str]
) -> None:
    made = Outcomes()
    made.add(REPORT)
    assert list(made.surprises(misses, skips)) == surprises


def test_parts_of_a_kit_are_told_apart() -> None:
    made = Outcomes()
    made.add(report(case("test_good")), "rest: ")
    made.add(report(case("test_good", '<failure message="bad" />')), "jsonrpc: ")
    assert (made.passed, made.missed) == (["rest: test_good"], {"jsonrpc: test_good": "bad"})
