"""When a cron expression is due in a time zone, also where its clocks are put forward or back.

An expression for every hour goes by the time that passes, so that no change of clocks adds or drops
anything. One that names hours goes by the clock on the wall: what stands in an hour that is skipped
comes at the first moment after it, and of an hour that comes twice the first counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from agui_runtime.core.errors import InvalidInput

LOOKED_AT = 200
"""So many of the next times are compared with the shortest distance that is allowed."""

COUNTED = 1000
"""More times than that are not counted."""

LONGEST = 200
"""Characters of an expression, and of the name of a zone."""

EVERY_HOUR = set(range(24))

_SHAPE = (
    "cron: give five fields (minute, hour, day of the month, month, day of the week), as in"
    " '0 7 * * 1-5'; seconds may stand before them"
)

_FAULTS = {
    "Bad second": "seconds are 0 to 59",
    "Bad minute": "minutes are 0 to 59",
    "Bad hour": "hours are 0 to 23",
    "Bad day-of-month": "days of the month are 1 to 31, as far as the month has them, or L",
    "Bad month": "months are 1 to 12, or JAN to DEC",
    "Bad day-of-week": "days of the week are 0 to 7, or SUN to SAT, also as 5#3 and 5L",
}


class Timetable:
    """The times of an expression; raises InvalidInput for one that cannot be read."""

    def __init__(self, expression: str, zone: str) -> None:
        self._expression = expression
        self._zone = _zone_of(zone)
        fields = expression.split()
        if len(expression) > LONGEST or len(fields) not in (5, 6):
            raise InvalidInput(_SHAPE)
        try:
            read = CronSim(expression, datetime.now(UTC))
        except CronSimError as error:
            raise InvalidInput(f"cron: {_FAULTS.get(str(error), _SHAPE)}") from None
        self._by_the_wall = read.hours != EVERY_HOUR
        if not self._by_the_wall:  # CronSim goes by the wall where an hour is named
            self._expression = " ".join([*fields[:-4], "*", *fields[-3:]])

    def check(self, now: float, seconds: float) -> None:
        """Raises InvalidInput for times that never come, or that follow each other faster."""
        times = list(islice(self.times(now), LOOKED_AT))
        if not times:
            raise InvalidInput(f"cron: {self._expression!r} never comes; correct the day or month")
        shortest = min((after - before for before, after in pairwise(times)), default=seconds)
        if shortest < seconds:
            raise InvalidInput(
                f"cron: {self._expression!r} has times that are {shortest:g} seconds apart; this"
                f" server allows {seconds:g} or more"
            )

    def next(self, after: float) -> float | None:
        """The first time after that one, in seconds since 1970; None if none comes any more."""
        return next(self.times(after), None)

    def missed(self, since: float, until: float) -> int:
        """How many times come after `since`, up to and with `until`, as far as they are counted."""
        return sum(1 for each in islice(self.times(since), COUNTED) if each <= until)

    def times(self, after: float) -> Iterator[float]:
        """The times after that one, in their order."""
        start = datetime.fromtimestamp(after, self._zone)
        if self._by_the_wall:
            walls = CronSim(self._expression, start.replace(tzinfo=None))
            moments = (_first_moment(each, self._zone) for each in walls)
        else:
            moments = (each.timestamp() for each in CronSim(self._expression, start))
        for moment in moments:
            if moment > after:
                after = moment
                yield moment


def _first_moment(wall: datetime, zone: tzinfo) -> float:
    """When a clock in the zone first shows that time or, if it skips it, what comes after it."""
    while True:
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
            return moment.timestamp()
        wall = wall.replace(second=0) + timedelta(minutes=1)


def _zone_of(name: str) -> tzinfo:
    """Raises InvalidInput for a zone that this machine does not know."""
    if name == "UTC":
        return UTC  # also where there is no database of zones
    try:
        return ZoneInfo(name[:LONGEST])
    except (LookupError, OSError, ValueError):  # unknown, a folder, no name at all
        raise InvalidInput(
            f"zone: {name[:LONGEST]!r} is no time zone that this server knows; give a name such as"
            " Europe/Berlin or UTC (on a system without time zones: pip install tzdata)"
        ) from None
