"""Ten thousand wrong requests: whatever comes, no answer is a 5xx, none is in the words of another
protocol, and no log holds an exception.

`FUZZ_SEED` chooses the requests, `FUZZ_COUNT` how many there are; a failure prints both, and the
request as it is to be sent. Where CI judges a change (`CI=true`) they are the same each time. Each
of the tests that were made of what this found stands with the part that was mended.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import Path
from random import Random
from typing import TypeAlias
from uuid import uuid4

import pytest

import agui_runtime
from agui_runtime.stores.base import Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.redis import RedisLimits, RedisStore
from agui_runtime.wires.a2a.params import METHODS
from agui_runtime.wires.agui.envelope import FORMS
from agui_runtime.wires.graphql.resolvers.schema import build_schema
from agui_runtime.wires.websocket.client_frames import KINDS, PLAIN
from tests.seeds import seed
from tests.stores.servers import RedisServer
from tests.wires.fuzz.forms import odd_form
from tests.wires.fuzz.mutator import HEADERS, Mutator
from tests.wires.fuzz.offers import offers
from tests.wires.fuzz.originals import BASE, ORIGINALS, operations
from tests.wires.fuzz.originals_of_a2a import of_a2a
from tests.wires.fuzz.raw import PATIENCE, Answer, Connection, Reading, Request
from tests.wires.fuzz.speech_of_socket import FRAMES
from tests.wires.fuzz.talks import fault, talk
from tests.wires.fuzz.world import Ear, make_app, run_body, serving

SEED = int(os.environ.get("FUZZ_SEED") or seed())
COUNT = int(os.environ.get("FUZZ_COUNT") or 10_000)

TALKS = 10
"""For so many requests there is one conversation on a WebSocket, of several messages."""

PACKAGE = Path(agui_runtime.__file__).parent / "wires"

AT_ONCE = 8
"""Connections; they share the server, and what earlier requests left there."""

MakeStore: TypeAlias = Callable[[], Store]

# What others leave to the garbage collector: Starlette the file of a form that breaks off, which
# lies in memory only; graphql-core the fields that it had not begun when an operation fails.
pytestmark = [
    pytest.mark.usefixtures("swept"),
    *(
        pytest.mark.filterwarnings(f"ignore:.*{each}:pytest.PytestUnraisableExceptionWarning")
        for each in ("SpooledTemporaryFile", "_async_resolver", "_hello", "Executor")
    ),
]

STORES: dict[str, float] = {"memory": 0.8, "redis": 0.2}
"""The share of the requests that each store gets."""


@pytest.fixture(params=list(STORES))
def count(request: pytest.FixtureRequest) -> int:
    return int(COUNT * STORES[request.param])


@pytest.fixture
def make_store(request: pytest.FixtureRequest) -> MakeStore:
    """Makes stores of the kind that `count` is for."""
    if request.node.callspec.params["count"] == "memory":
        return MemoryStore
    redis: RedisServer = request.getfixturevalue("redis")
    return lambda: RedisStore(redis.url, UNHURRIED, prefix=uuid4().hex)


UNHURRIED = RedisLimits(lease=60.0, hung=60.0)
"""The fuzzer is in the server's event loop, which may stand still where the machine is busy."""

DELETED = (b": broken off: THREAD_NOT_FOUND\n\n", b": broken off: HISTORY_GONE\n\n")
"""What ends the stream of a reader whose thread another request deletes, or makes anew."""


class Trial:
    """Requests against one server, each of them in its turn on one of its connections."""

    def __init__(self, port: int, ear: Ear) -> None:
        self._port = port
        self._ear = ear

    async def faults(self, requests: Sequence[Request]) -> list[str]:
        """What is wrong with the answers, and what the logs hold afterwards."""
        connection = Connection(self._port)
        found = []
        for request in requests:
            try:
                fault = _fault(request, await connection.exchange(request))
            except TimeoutError:
                fault = f"no end in {PATIENCE:g} s"
                await connection.close()
            found += [f"{fault}: {request!r}"] if fault else []
        await connection.close()
        return found + self._ear.taken()

    async def serves(self) -> bool:
        """Whether the server still answers a front end that does everything right."""
        body = run_body(f"fine-{uuid4().hex}", "fine")
        head = b"POST %b/agent/default/run HTTP/1.1\r\nhost: 127.0.0.1\r\n" % BASE.encode()
        head += b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        connection = Connection(self._port)
        answer = await connection.exchange(Request(head, body))
        await connection.close()
        return answer.status == 200 and b'"RUN_FINISHED"' in answer.body


def _fault(request: Request, answer: Answer) -> str:
    if answer.status >= 500:
        return f"status {answer.status}, {answer.body[:300]!r}"
    deleted = answer.body.endswith(DELETED)
    if answer.status == 0 and request.reading is not Reading.CUT and not deleted:
        return "the connection was closed without an answer, or in its midst"
    return odd_form(request, answer)


async def test_no_request_whatever_makes_the_server_fail(make_store: MakeStore, count: int) -> None:
    mutator = Mutator(f"{SEED}-{count}", ORIGINALS)
    requests = [mutator.request() for _ in range(count)]
    ear = Ear()
    async with serving(make_store(), ear) as port:
        trial = Trial(port, ear)
        shares = [requests[number::AT_ONCE] for number in range(AT_ONCE)]
        found = await asyncio.gather(*map(trial.faults, shares))
        _expect_none(chain.from_iterable(found))
        assert await trial.serves()
    _expect_none(ear.taken())


async def test_no_conversation_on_a_socket_makes_the_server_fail(
    make_store: MakeStore, count: int
) -> None:
    random = Random(f"{SEED}-{count}")
    talks = [talk(random) for _ in range(count // TALKS)]
    ear = Ear()
    async with serving(make_store(), ear) as port:
        for each in talks:
            wrong = await fault(port, each)
            _expect_none([*([f"{wrong}: {each!r}"] if wrong else []), *ear.taken()])
        assert await Trial(port, ear).serves()
    _expect_none(ear.taken())


def test_every_route_is_tried() -> None:
    """A route that is new has to be given a request in `originals`."""
    tried = list(chain.from_iterable(ORIGINALS))
    untried = [
        offer
        for offer in offers(make_app(MemoryStore()))
        if not any(offer.takes(each.method, each.path) for each in tried)
    ]
    assert untried == []


def test_every_header_that_is_read_is_damaged() -> None:
    sources = (file.read_text() for file in PACKAGE.rglob("*.py"))
    read = re.compile(r"""(?:headers(?:\.get\(|\[)|\.only\(|_single\()["']([a-z-]+)["']""")
    names = {name for source in sources for name in read.findall(source)}
    assert {"origin", "last-event-id"} <= names
    assert names - {name.decode() for name in HEADERS} == set()


def test_every_form_of_an_envelope_is_tried() -> None:
    originals = chain.from_iterable(ORIGINALS)
    bodies = [original.body for original in originals if original.path == BASE]
    methods = {body["method"] for body in bodies if isinstance(body, dict) and "method" in body}
    assert methods == {*FORMS, "resource/request"}


def test_every_method_of_a2a_is_tried() -> None:
    bodies = [each.body for each in of_a2a() if isinstance(each.body, dict)]
    assert {body["method"] for body in bodies if "method" in body} == METHODS


def test_every_frame_of_the_socket_is_tried() -> None:
    frames = {(kind, "") for kind in PLAIN} | {
        (kind, each) for kind in KINDS for each in KINDS[kind]
    }
    assert {(str(each["type"]), str(each.get("kind", ""))) for each in FRAMES} == frames


def test_every_field_at_the_root_of_graphql_is_tried() -> None:
    schema = build_schema()
    roots = [schema.query_type, schema.mutation_type, schema.subscription_type]
    text = " ".join(query for query, _ in operations())
    fields = [name for root in roots if root is not None for name in root.fields]
    assert [name for name in fields if name not in text] == []


def _expect_none(faults: Iterable[str]) -> None:
    """A failure says all that is needed to see it again."""
    found = list(faults)
    head = f"FUZZ_SEED={SEED} FUZZ_COUNT={COUNT}: {len(found)} faults"
    assert not found, "\n".join([head, *found[:8]])
