"""Connections to a PostgreSQL server, and how steps are carried out over them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, NamedTuple, TypeAlias, TypeVar

import asyncpg

from agui_runtime.stores.shared.patience import SharedPatience
from agui_runtime.stores.sql.postgres.address import PostgresAddress
from agui_runtime.stores.sql.postgres.failures import OF_THE_SERVER, PASSING, failure_of
from agui_runtime.stores.sql.rows import Row
from agui_runtime.stores.sql.step import Statement, Step, Together

T = TypeVar("T")

TIMEOUT = 5.0
"""Seconds for a statement, and for a connection."""

PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between attempts; the last one repeats."""

CLOCK = "extract(epoch from clock_timestamp())::double precision"

PLACE = (
    "(select concat_ws('/', system_identifier,"
    " substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), pg_relation_filenode('agui_thread'))"
    " from pg_control_system())"
)
"""The server, its timeline, and the file of its table: one of them differs after a backup was put
back, or a standby took over. It is looked at in each transaction that may have to know, as both
happen to a process that goes on.
"""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


TURN = "pg_advisory_xact_lock(hashtextextended(each.value, 0))"


class Text(NamedTuple):
    """A statement with numbered places, and the names of the values for them."""

    text: str
    names: Sequence[str]


class PostgresTexts(dict[str, Text]):
    """Statements as PostgreSQL reads them, by their templates. A `clock` replaces the server's;
    `place` is an expression that may be changed before the first statement.
    """

    def __init__(self, clock: Callable[[], float] | None) -> None:
        self.place = PLACE
        self._clock = clock
        self._joined: dict[Sequence[str], str] = {}

    def __missing__(self, template: str) -> Text:
        now = CLOCK if self._clock is None else "cast(:clock as double precision)"
        text = template.replace("{now}", now).replace("{lock}", " for update")
        text = text.replace("{skip}", " for update skip locked")
        text = text.replace("{place}", self.place).replace("{turn}", TURN)
        text = re.sub(r"\{each_(\w+)\}", r"unnest(cast(:\1 as text[])) as each(value)", text)
        names = list(dict.fromkeys(re.findall(r"(?<!:):([a-z_]+)", text)))
        text = re.sub(r"(?<!:):([a-z_]+)", lambda m: f"${names.index(m[1]) + 1}", text)
        found = self[template] = Text(text, names)
        return found

    def bound(self, template: str, values: Mapping[str, object]) -> tuple[str, list[object]]:
        text, names = self[template]
        if self._clock is not None:
            values = {**values, "clock": self._clock()}
        return text, [_storable(values[name]) for name in names]

    def joined(self, together: Together) -> tuple[str, list[object]]:
        """Different statements as one, each but the last a part of its `with`."""
        templates = tuple(template for template, _ in together.statements)
        bound = [self.bound(*each) for each in together.statements]
        if templates not in self._joined:
            self._joined[templates] = _one_of([(text, len(found)) for text, found in bound])
        return self._joined[templates], [each for _, found in bound for each in found]


def _one_of(parts: Sequence[tuple[str, int]]) -> str:
    """One text of several, each with so many numbered places."""
    texts, before = list[str](), 0
    for text, places in parts:
        numbered = partial(_renumbered, before=before)
        texts.append(re.sub(r"\$(\d+)", numbered, text))
        before += places
    *first, last = texts
    named = ", ".join(f"part_{number} as ({text})" for number, text in enumerate(first))
    return f"with {named} {last}"


def _renumbered(place: re.Match[str], before: int) -> str:
    return f"${int(place[1]) + before}"


async def connect(
    address: PostgresAddress, dsn: str | None = None, seconds: float = TIMEOUT
) -> Connection:
    """A connection of its own; raises what asyncpg raises."""
    return await asyncpg.connect(
        dsn or address.dsn,
        timeout=seconds,
        command_timeout=seconds,
        statement_cache_size=100 if address.prepared else 0,
        server_settings={"application_name": "agui-runtime"},
    )


@asynccontextmanager
async def transaction(connection: Connection, *, ends_with: str) -> AsyncIterator[None]:
    """A transaction that commits at the end of the block, in one request with these statements."""
    await connection.execute("begin")
    try:
        yield
        await connection.execute(f"{ends_with} commit")
    except BaseException:
        await _roll_back(connection)
        raise


async def _roll_back(connection: Connection) -> None:
    """Where that cannot be, the connection is given up."""
    try:
        await connection.execute("rollback")
    except OF_THE_SERVER:
        connection.terminate()


async def carry_out(connection: Connection, step: Step[T], texts: PostgresTexts) -> T:
    """What the step returns or raises; its caller has opened a transaction."""
    try:
        request = next(step)
        while True:
            request = step.send(await _rows(connection, request, texts))
    except StopIteration as end:
        found: T = end.value
        return found


async def _rows(
    connection: Connection, request: Statement | Together, texts: PostgresTexts
) -> Sequence[Row]:
    if not isinstance(request, Together):
        text, arguments = texts.bound(*request)
    elif len({template for template, _ in request.statements}) > 1:
        text, arguments = texts.joined(request)
    else:
        bound = [texts.bound(*each) for each in request.statements]
        await connection.executemany(bound[0][0], [arguments for _, arguments in bound])
        return ()
    rows: Sequence[Row] = await connection.fetch(text, *arguments)
    return rows


async def patiently(attempt: Callable[[], Awaitable[T]], patience: SharedPatience) -> T:
    """Attempt it, again and again while that may help; raises StoreUnavailable."""
    loop = asyncio.get_running_loop()
    begun, first_failed = loop.time(), None
    patience.check(begun)
    for number in range(10_000):
        try:
            found = await attempt()
            patience.succeeded()
            return found
        except PASSING as error:
            now = loop.time()
            first_failed = now if first_failed is None else first_failed
            pause = PAUSES[min(number, len(PAUSES) - 1)]
            if now + pause > patience.deadline(begun, first_failed, now):
                failure = failure_of(error)
                patience.give_up(failure.message, hangs=isinstance(error, TimeoutError))
                raise failure from error
            await asyncio.sleep(pause)
        except OF_THE_SERVER as error:
            raise failure_of(error) from error
    raise AssertionError("unreachable")


def _storable(value: object) -> Any:  # noqa: ANN401  # whatever the driver binds
    """PostgreSQL has no U+0000 in texts."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, list):
        return [_storable(each) for each in value]
    return value
