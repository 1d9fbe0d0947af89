"""When expressions are due."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest

from agui_runtime.core.errors import InvalidInput
from agui_runtime.runtime.cron import Timetable

BERLIN = "Europe/Berlin"


def at(text: str, zone: str = "UTC") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def times(expression: str, zone: str, after: str, count: int) -> list[str]:
    """The next ones after that time of the zone, as its clocks show them, with their offsets."""
    found = islice(Timetable(expression, zone).times(at(after, zone)), count)
    return [datetime.fromtimestamp(each, ZoneInfo(zone)).strftime("%d %H:%M %z") for each in found]


def test_an_expression_is_due_at_its_times() -> None:
    assert times("30 7 * * 1-5", BERLIN, "2026-11-27T07:30", 3) == [
        "30 07:30 +0100",
        "01 07:30 +0100",
        "02 07:30 +0100",
    ]
    assert times("*/20 9 1 * *", "UTC", "2026-11-27T12:00", 2) == [
        "01 09:00 +0000",
        "01 09:20 +0000",
    ]
    assert times("15 */20 12 27 11 *", "UTC", "2026-11-27T12:00", 2) == [
        "27 12:00 +0000",
        "27 12:20 +0000",
    ]


def test_what_stands_in_a_skipped_hour_comes_once_at_its_end() -> None:
    spring = "2026-03-28T03:30"
    assert times("30 2 * * *", BERLIN, spring, 3) == [
        "29 03:00 +0200",
        "30 02:30 +0200",
        "31 02:30 +0200",
    ]
    assert times("*/15 2,3 * * *", BERLIN, "2026-03-29T01:00", 4) == [
        "29 03:00 +0200",
        "29 03:15 +0200",
        "29 03:30 +0200",
        "29 03:45 +0200",
    ]
    assert times("20 30 2 * * *", BERLIN, spring, 1) == ["29 03:00 +0200"]


def test_of_an_hour_that_comes_twice_the_first_counts() -> None:
    autumn = "2026-10-24T12:00"
    assert times("30 2 * * *", BERLIN, autumn, 2) == ["25 02:30 +0200", "26 02:30 +0100"]
    assert times("0 */2 * * *", BERLIN, "2026-10-24T23:30", 3) == [
        "25 00:00 +0200",
        "25 02:00 +0200",
        "25 04:00 +0100",
    ]
    assert times("0 30 2 * * *", BERLIN, autumn, 2) == ["25 02:30 +0200", "26 02:30 +0100"]


def test_a_time_that_is_computed_within_the_second_of_such_hours_is_not_due_again() -> None:
    within = Timetable("*/20 2 * * *", BERLIN).next(at("2026-10-25T01:10"))
    assert within == at("2026-10-26T02:00", BERLIN)


def test_every_hour_goes_by_the_time_that_passes() -> None:
    assert times("0 * * * *", BERLIN, "2026-10-25T00:30", 4) == [
        "25 01:00 +0200",
        "25 02:00 +0200",
        "25 02:00 +0100",
        "25 03:00 +0100",
    ]
    assert times("*/30 * * * *", BERLIN, "2026-03-29T01:20", 3) == [
        "29 01:30 +0100",
        "29 03:00 +0200",
        "29 03:30 +0200",
    ]
    assert times("0 0-23 * * *", BERLIN, "2026-10-25T00:30", 3)[1:] == [
        "25 02:00 +0200",
        "25 02:00 +0100",
    ]


@pytest.mark.parametrize("zone", ["Africa/Cairo", "America/Santiago", "Australia/Lord_Howe"])
def test_a_day_has_its_midnight_in_zones_that_change_there_and_by_halves_of_hours(
    zone: str,
) -> None:
    table = Timetable("0 0 * * *", zone)
    found = list(islice(table.times(at("2026-01-01T00:00")), 365))
    days = [datetime.fromtimestamp(each, ZoneInfo(zone)).date() for each in found]
    assert len(set(days)) == 365
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "five fields"),
        ("* * * *", "five fields"),
        ("* * * * * * *", "five fields"),
        ("@daily", "five fields"),
        ("* " * 200, "five fields"),
        ("60 * * * *", "minutes are 0 to 59"),
        ("* 24 * * *", "hours are 0 to 23"),
        ("* * 0 * *", "days of the month"),
        ("* * * 13 *", "months are"),
        ("* * * * MOON", "days of the week"),
        ("*/0 * * * *", "minutes are"),
        ("5-1 * * * *", "minutes are"),
        ("0 0 30 2 *", "as far as the month has them"),
    ],
)
def test_an_expression_that_cannot_be_read_is_refused(expression: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        Timetable(expression, "UTC")


@pytest.mark.parametrize(
    "zone",
    ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Europe", "\0", "é", "x" * 999],
)
def test_a_zone_that_nobody_knows_is_refused(zone: str) -> None:
    with pytest.raises(InvalidInput, match="zone: "):
        Timetable("0 7 * * *", zone)


def test_times_that_follow_each_other_too_fast_are_refused() -> None:
    Timetable("* * * * *", "UTC").check(at("2026-11-27"), 60)
    with pytest.raises(InvalidInput, match="60 seconds apart; this server allows 300 or more"):
        Timetable("0,1 7 1 * *", "UTC").check(at("2026-11-27"), 300)
    with pytest.raises(InvalidInput, match="1 seconds apart"):
        Timetable("* * * * * *", "UTC").check(at("2026-11-27"), 60)


def test_times_that_never_come_are_refused() -> None:
    with pytest.raises(InvalidInput, match="never comes"):
        Timetable("0 0 LW * */7", "UTC").check(at("2026-11-27"), 60)


def test_what_was_missed_is_counted() -> None:
    table = Timetable("0 * * * *", "UTC")
    assert table.missed(at("2026-11-27T07:00"), at("2026-11-27T10:00")) == 3
    assert table.missed(at("2026-11-27T07:00"), at("2026-11-27T07:59")) == 0
