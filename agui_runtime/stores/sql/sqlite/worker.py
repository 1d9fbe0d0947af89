"""A thread with a connection of its own: carries out steps, those that wait in one transaction.

It wakes an event loop once for all whose futures it settles.
"""

from __future__ import annotations

import asyncio
import queue
import re
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from itertools import groupby, repeat
from typing import Any, NamedTuple, TypeAlias, TypeVar

from agui_runtime.core.errors import AguiError, StoreNotOpen
from agui_runtime.core.jsontext import dumps
from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.stores.shared.verdicts import Settle
from agui_runtime.stores.sql import statements, writes
from agui_runtime.stores.sql.sqlite.copies import OpenedFile
from agui_runtime.stores.sql.sqlite.file import failure_of, give_back, is_full, is_locked, is_of_all
from agui_runtime.stores.sql.sqlite.patience import Patience
from agui_runtime.stores.sql.sqlite.reserve import Reserve
from agui_runtime.stores.sql.step import Addition, Step, Together

logger = lasting_logger_of(__name__)

T = TypeVar("T")

MOST = 512
"""So many steps go into one transaction at most."""


GIVEN_BACK = 256
"""So many pages go to the full disk at a time."""


class Job(NamedTuple):
    """A step to carry out, and who is given what came of it: in the event loop, or `aside` in the
    thread. `news` is the thread that it changes. What is `urgent` is done on a full disk, too.
    """

    step: Callable[[], Step[Any]] | Addition
    settle: Callable[[Any], None]
    news: str | None = None
    urgent: bool = True
    aside: bool = False


Outcome: TypeAlias = tuple[Job, object]
"""A job, and what came of it: what its step returned, or the exception that it ended with."""


class Worker:
    """Carries out jobs in the order of asking. `begin` opens its transactions; `on_news` is called
    in the thread with what was changed, after each commit. A worker that writes has a `reserve`.
    """

    def __init__(
        self,
        connect: Callable[[], sqlite3.Connection],
        begin: str,
        on_news: Callable[[Sequence[str]], None] | None = None,
        reserve: Reserve | None = None,
    ) -> None:
        self.on_commit: Callable[[int], None] | None = None
        self._connect = connect
        self._begin = begin
        self._on_news = on_news
        self._reserve = reserve
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._connection: sqlite3.Connection | None = None
        self._thread: threading.Thread | None = None
        self._texts = SqliteTexts()
        self._patience = Patience()

    def start(self, connection: sqlite3.Connection, opened: OpenedFile, name: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        self._opened = opened
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    async def close(self) -> None:
        """Return when what was asked for is done and the connection is closed."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            await asyncio.to_thread(thread.join)

    def ask(
        self, step: Callable[[], Step[T]], news: str | None = None, *, urgent: bool = True
    ) -> asyncio.Future[T]:
        """What the step returns or raises, to come. It is carried out whoever waits for it."""
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._put(Job(step, partial(_give, future), news, urgent))
        return future

    def append(self, addition: Addition, settle: Settle) -> None:
        """See `Backend`."""
        self._put(Job(addition, settle, addition.thread_id, urgent=False))

    def ask_aside(self, step: Callable[[], Step[T]]) -> Future[T]:
        """The same for a caller in any thread."""
        future: Future[T] = Future()
        self._put(Job(step, partial(_give, future), aside=True))
        return future

    def _put(self, job: Job) -> None:
        if self._thread is None:
            raise StoreNotOpen
        self._jobs.put(job)

    # What follows runs in the thread.

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            batch, closing = self._gathered(job)
            if batch:
                self._settle(self._carried_out(batch))
                if self._reserve is not None and self._reserve.lacks_room:
                    self._give_back()
            if closing:
                break
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _give_back(self) -> None:
        """Make the file smaller by some of what was deleted."""
        connection = self._connection
        if connection is None:
            return
        try:
            self._opened.check()
            if connection.execute("pragma freelist_count").fetchone()[0]:
                give_back(connection, GIVEN_BACK)
                self._patience.lose(connection)  # for readers, who would be waited for
                connection.execute("pragma wal_checkpoint(truncate)").fetchall()
        except (sqlite3.Error, AguiError) as error:  # the next batch finds the same
            self._recover(error)

    def _gathered(self, job: Job | None) -> tuple[list[Job], bool]:
        """All that waits, and whether it is the last."""
        batch: list[Job] = []
        while job is not None:
            batch.append(job)
            if len(batch) == MOST:
                return batch, False
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _carried_out(self, batch: Sequence[Job]) -> list[Outcome]:
        """Each job's outcome. Where the transaction fails, each job gets one of its own, so that
        only the one at fault fails.
        """
        try:
            return self._transaction(batch)
        except sqlite3.Error as error:
            self._recover(error)
            if is_locked(error):
                self._patience.lose(self._connection)
            made_room = is_full(error) and self._reserve is not None and self._reserve.spend()
            if not made_room and (len(batch) == 1 or is_of_all(error)):
                failure = failure_of(error)
                return [(job, failure) for job in batch]
        except AguiError as error:  # of the file, which is no store any longer
            return [(job, error) for job in batch]
        except Exception as error:  # a thread's edge: the caller gets it, and the thread goes on
            self._recover(error)
            if len(batch) == 1:
                logger.exception("SQLite: a step failed")
                return [(batch[0], error)]
        return [outcome for job in batch for outcome in self._carried_out([job])]

    def _transaction(self, batch: Sequence[Job]) -> list[Outcome]:
        self._opened.check()
        connection = self._connected()
        connection.execute(self._begin)
        outcomes = self._outcomes(connection, batch)
        connection.execute("commit")
        self._patience.regain(connection)
        if self.on_commit is not None:
            self.on_commit(len(batch))
        news = [
            job.news
            for job, found in outcomes
            if job.news is not None and not isinstance(found, BaseException)
        ]
        if news and self._on_news is not None:
            self._on_news(news)
        return outcomes

    def _outcomes(self, connection: sqlite3.Connection, batch: Sequence[Job]) -> list[Outcome]:
        made: list[Outcome] = []
        for are_appends, group in groupby(batch, _is_append):
            jobs = list(group)
            if are_appends and self._are_appended(connection, jobs):
                made += zip(jobs, repeat("ok"))
            else:
                made += [(job, self._outcome(connection, job)) for job in jobs]
        return made

    def _are_appended(self, connection: sqlite3.Connection, jobs: Sequence[Job]) -> bool:
        """Append where nothing speaks against any of it: one by one it takes a third more, and more
        turns of the interpreter. False, and nothing is changed, where each has to be looked at.
        """
        if self._reserve is None or not self._reserve.is_there:
            return False
        values = [writes.values_of(job.step) for job in jobs if isinstance(job.step, Addition)]
        connection.execute("savepoint together")
        appended = connection.executemany(self._texts[statements.APPEND_WITHIN], values).rowcount
        if appended == len(jobs):
            connection.executemany(self._texts[statements.CHUNK], values)
        else:
            connection.execute("rollback to together")
        connection.execute("release together")
        return appended == len(jobs)

    def _outcome(self, connection: sqlite3.Connection, job: Job) -> object:
        step = job.step
        try:
            if not job.urgent and self._reserve is not None:
                self._reserve.check()
            if isinstance(step, Addition):
                return self._carry_out(connection, writes.append(step))
            return self._carry_out(connection, step())
        except AguiError as refusal:  # of a step that has changed nothing
            return refusal

    def _carry_out(self, connection: sqlite3.Connection, step: Step[Any]) -> object:
        try:
            request = next(step)
            while True:
                each = request.statements if isinstance(request, Together) else (request,)
                for template, values in each:
                    found = connection.execute(self._texts[template], _plain(values))
                    rows = found.fetchall()  # a statement that has not ended holds up the commit
                request = step.send(rows)
        except StopIteration as end:
            return end.value

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _recover(self, error: Exception) -> None:
        """Leave nothing of a transaction that failed, or else give the connection up."""
        connection = self._connection
        try:
            if connection is not None and connection.in_transaction:
                connection.execute("rollback")
        except sqlite3.Error:
            logger.warning("SQLite: connecting again after: %s", error)
            if connection is not None:
                connection.close()
            self._connection = None

    def _settle(self, outcomes: Sequence[Outcome]) -> None:
        inside = []
        for outcome in outcomes:
            job, found = outcome
            if job.aside:
                job.settle(found)
            else:
                inside.append(outcome)
        if inside:
            try:
                self._loop.call_soon_threadsafe(_settle_all, inside)
            except RuntimeError:
                logger.debug("the event loop is closed: nobody waits any longer")


class SqliteTexts(dict[str, str]):
    """Statements as SQLite reads them, by their templates."""

    def __missing__(self, template: str) -> str:
        text = (
            template.replace("{now}", "seconds()")
            .replace("{place}", "place()")
            .replace("{lock}", "")
            .replace("{skip}", "")
            .replace("{turn}", "1")  # there is one writer at a time
        )
        text = self[template] = re.sub(r"\{each_(\w+)\}", r"json_each(:\1) as each", text)
        return text


def _is_append(job: Job) -> bool:
    return isinstance(job.step, Addition)


def _settle_all(outcomes: Iterable[Outcome]) -> None:
    for job, found in outcomes:
        job.settle(found)


def _give(future: asyncio.Future[Any] | Future[Any], found: object) -> None:
    if future.done():
        return
    if isinstance(found, BaseException):
        future.set_exception(found)
    else:
        future.set_result(found)


def _plain(values: Mapping[str, object]) -> Mapping[str, object]:
    """Lists as JSON."""
    lists = {name: dumps(each).decode() for name, each in values.items() if type(each) is list}
    return {**values, **lists} if lists else values
