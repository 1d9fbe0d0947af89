"""Ways to a Redis server other than a plain address: TLS, credentials, and sentinels."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from agui_runtime.core.errors import Misconfigured, StoreUnavailable
from agui_runtime.stores.base import Lease
from agui_runtime.stores.redis import RedisLimits, RedisStore, jobs as redis_jobs
from tests.stores.servers import RedisServer, SecureServer, SentinelServer, opened
from tests.stores.test_contract import Clock, a_run, claimed, delta, finish, ignore, read, whole_run
from tests.stores.test_jobs import QUEUES, adopt, post, run_of, threads_of

SECRET = "p@ss/w:rd%41"
ENCODED = "p%40ss%2Fw%3Ard%2541"


@contextmanager
def running(*servers: RedisServer) -> Iterator[None]:
    """The servers, started in this order and gone after the block."""
    with ExitStack() as stack:
        for server in servers:
            server.start()
            stack.callback(server.kill)
        yield


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110  # servers send no word of it
            await asyncio.sleep(0.02)


def about(server: RedisServer, what: str) -> Any:  # noqa: ANN401  # a word or a number
    """What the server says of its part in the replication."""
    return server.command("INFO", "replication")[what]


async def written_and_followed(url: str) -> None:
    async with opened(RedisStore(url)) as writer, opened(RedisStore(url)) as reader:
        lease = await claimed(writer, a_run())
        reading = asyncio.create_task(read(reader, 2))
        await writer.log.append(lease, [delta(0)])
        await finish(writer, lease)
        assert [record.seq for record in await reading] == [1, 2]
        await post(writer.jobs, run_of("t1", "r2"))
        assert await threads_of(reader.jobs) == ["t1"]
        assert await reader.log.ask_stop("t1", "r2")
        adopted = await adopt(reader.jobs, run_of("t1", "r2"))
        assert adopted is not None
        await finish(reader, adopted)


async def refused(url: str, caplog: pytest.LogCaptureFixture, patience: float = 60) -> str:
    """What a store says that cannot be opened, together with what it logs."""
    with caplog.at_level(logging.DEBUG), pytest.raises(StoreUnavailable) as refusal:
        await RedisStore(url, RedisLimits(patience=patience)).open()
    return f"{refusal.value.message}\n{caplog.text}"


async def test_a_server_is_reached_by_tls_with_the_authority_that_the_url_names(
    tmp_path: Path,
) -> None:
    server = SecureServer(tmp_path)
    with running(server):
        await written_and_followed(
            f"rediss://127.0.0.1:{server.tls_port}/0?ssl_ca_certs={server.ca}"
        )


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = SecureServer(tmp_path)
    with running(server):
        report = await refused(f"rediss://127.0.0.1:{server.tls_port}/0", caplog)
    assert "certificate is not trusted" in report.splitlines()[0]


async def test_a_certificate_for_another_host_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = SecureServer(tmp_path)
    with running(server):
        url = f"rediss://localhost:{server.tls_port}/0?ssl_ca_certs={server.ca}"
        report = await refused(url, caplog)
    assert "certificate is not trusted" in report.splitlines()[0]


@pytest.mark.parametrize("user", ["app", ""])
async def test_credentials_in_the_url_open_the_server(tmp_path: Path, user: str) -> None:
    server = RedisServer(tmp_path)
    with running(server):
        server.command("ACL", "SETUSER", user or "default", "on", "resetpass", f">{SECRET}")
        if user:
            server.command("ACL", "SETUSER", user, "~*", "&*", "+@all")
        await written_and_followed(f"redis://{user}:{ENCODED}@127.0.0.1:{server.port}/0")


@pytest.mark.parametrize("credentials", ["app:wr0ng@", ":wr0ng@", ""])
async def test_wrong_credentials_are_told_at_once_and_not_repeated(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, credentials: str
) -> None:
    server = RedisServer(tmp_path)
    with running(server):
        server.command("CONFIG", "SET", "requirepass", SECRET)
        report = await refused(f"redis://{credentials}127.0.0.1:{server.port}/0", caplog)
    assert "user or password" in report.splitlines()[0]
    assert "wr0ng" not in report
    assert report.count("agui_runtime") == 1, "one attempt, one line in the log"


async def test_a_user_without_the_rights_is_told_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = RedisServer(tmp_path)
    with running(server):
        server.command("ACL", "SETUSER", "app", "on", f">{SECRET}")
        report = await refused(f"redis://app:{ENCODED}@127.0.0.1:{server.port}/0", caplog)
    assert "may not" in report.splitlines()[0]


@pytest.mark.parametrize(
    ("rights", "missing"),
    [
        (("+@all", "-info"), "INFO"),
        (("+@all", "-eval", "-evalsha"), "EVAL"),
        (("+@all", "-publish"), "PUBLISH"),
        (("+@all", "-subscribe"), "SUBSCRIBE"),
        (("+@all", "-xadd"), "XADD"),
        (("+@all", "-time"), "TIME"),
        (("+@all", "resetchannels"), "channel"),
        (("+@all", "resetkeys", "~other:*"), "key"),
    ],
)
async def test_the_first_right_that_is_missing_is_named_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, rights: tuple[str, ...], missing: str
) -> None:
    server = RedisServer(tmp_path)
    with running(server):
        server.command("ACL", "SETUSER", "app", "on", f">{SECRET}", "~*", "&*", *rights)
        report = await refused(f"redis://app:{ENCODED}@127.0.0.1:{server.port}/0", caplog)
    assert "may not" in report.splitlines()[0]
    assert missing in report.splitlines()[0]


async def test_a_user_needs_no_more_than_the_commands_and_keys_of_the_store(
    tmp_path: Path,
) -> None:
    server = RedisServer(tmp_path)
    with running(server):
        rights = ("~agui:*", "&agui:*", "+@all", "-@admin", "-@dangerous", "+info")
        server.command("ACL", "SETUSER", "app", "on", f">{SECRET}", *rights)
        await written_and_followed(f"redis://app:{ENCODED}@127.0.0.1:{server.port}/0")


@pytest.mark.parametrize(
    "options",
    [
        "decode_responses=true",
        "decode_responses=True&protocol=3&encoding=latin-1",
        "protocol=3",
        "socket_timeout=3&socket_connect_timeout=3&health_check_interval=5&client_name=me",
        "max_connections=1&timeout=1",
        "db=3",
        "retry_on_timeout=true&socket_keepalive=true",
    ],
)
async def test_options_of_the_url_are_obeyed_or_change_nothing(
    redis: RedisServer, options: str
) -> None:
    prefix = uuid4().hex
    url = f"redis://127.0.0.1:{redis.port}?{options}"
    async with (
        opened(RedisStore(url, prefix=prefix)) as writer,
        opened(RedisStore(url, prefix=prefix)) as reader,
    ):
        lease = await claimed(writer, a_run())
        reading = asyncio.create_task(read(reader, 2))
        await writer.log.append(lease, [delta(0)])
        await finish(writer, lease)
        assert [record.seq for record in await reading] == [1, 2]
        threads = (await reader.threads.list("ann")).threads
        assert [thread.thread_id for thread in threads] == ["t1"]


@pytest.mark.parametrize(
    "url",
    [
        "redis://127.0.0.1/0?colour=blue",
        "redis://127.0.0.1/0?ssl_ca_certs=/no/tls",
        "redis+sentinel://127.0.0.1/main?colour=blue",
        "redis://127.0.0.1/0?socket_timeout=soon",
    ],
)
async def test_an_option_that_cannot_be_obeyed_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured):
        await RedisStore(url).open()


@pytest.mark.parametrize("scheme", ["redis", "rediss", "redis+sentinel"])
@pytest.mark.parametrize(
    "rest",
    [
        *("//app:wr0ng/part@127.0.0.1/0", "//:6379/wr0ng@127.0.0.1/0", "//:6379#wr0ng@127.0.0.1/0"),
        *("//:6379?wr0ng@127.0.0.1/0", "///:wr0ng@127.0.0.1/0", ":wr0ng@127.0.0.1/0"),
    ],
)
async def test_a_password_that_breaks_the_url_is_not_repeated(scheme: str, rest: str) -> None:
    with pytest.raises(Misconfigured, match="percent-encode") as refusal:
        await RedisStore(f"{scheme}:{rest}").open()
    assert "wr0ng" not in refusal.value.message


async def guarded(stack: AsyncExitStack, folder: Path) -> tuple[RedisServer, RedisServer, str]:
    """A master and its replica, and the URL by which a sentinel knows them."""
    master = RedisServer(folder / "master")
    replica = RedisServer(folder / "replica", "--replicaof", f"127.0.0.1 {master.port}")
    sentinel = SentinelServer(folder / "sentinel", master)
    stack.enter_context(running(master, replica))
    await until(lambda: about(replica, "master_link_status") == "up")
    stack.enter_context(running(sentinel))
    await until(sentinel.has_replica)
    return master, replica, f"redis+sentinel://127.0.0.1:{sentinel.port}/main"


async def test_a_run_goes_on_where_a_replica_takes_over(tmp_path: Path) -> None:
    limits, clock = RedisLimits(patience=60), Clock()
    async with AsyncExitStack() as stack:
        master, replica, url = await guarded(stack, tmp_path)
        writer, reader = [
            await stack.enter_async_context(opened(RedisStore(url, limits, clock=clock)))
            for _ in range(2)
        ]
        lease = await claimed(writer, a_run())
        reading = asyncio.create_task(read(reader, 3))
        await writer.log.append(lease, [delta(0)])
        stored = about(master, "master_repl_offset")
        await until(lambda: about(replica, "master_repl_offset") >= stored)
        master.kill()
        await writer.log.append(lease, [delta(1)])
        await finish(writer, lease)
        assert [record.seq for record in await reading] == [1, 2, 3]
        await whole_run(reader, a_run(run="r2"))
        assert about(replica, "role") == "master"


async def adopted_later(store: RedisStore, run: str) -> Lease:
    """The lease of thread t1's run, as soon as there is no doubt that it waits."""
    async with asyncio.timeout(20):
        while True:
            for offer in await store.jobs.take("w1", QUEUES, 1):
                if adopted := await store.jobs.adopt(*offer[:2], ignore):
                    assert offer.run_id == run
                    return adopted.lease
            await asyncio.sleep(0.05)


async def test_a_run_that_waits_is_adopted_where_a_replica_takes_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_jobs, "RECOVERY", 0.2)
    async with AsyncExitStack() as stack:
        master, replica, url = await guarded(stack, tmp_path)
        limits = RedisLimits(patience=60)
        web, worker = [
            await stack.enter_async_context(opened(RedisStore(url, limits))) for _ in range(2)
        ]
        posted = await post(web.jobs, run_of("t1"))
        reading = asyncio.create_task(read(web, 2, posted.start))
        stored = about(master, "master_repl_offset")
        await until(lambda: about(replica, "master_repl_offset") >= stored)
        master.kill()
        lease = await adopted_later(worker, "r1")
        await worker.log.append(lease, [delta(0)])
        await finish(worker, lease)
        assert [record.seq for record in await reading] == [1, 2]


async def test_sentinels_and_their_master_are_reached_by_tls(tmp_path: Path) -> None:
    master = SecureServer(tmp_path)
    sentinel = SentinelServer(tmp_path / "sentinel", master)
    with running(master, sentinel):
        address = f"127.0.0.1:{sentinel.tls_port}"
        await written_and_followed(f"rediss+sentinel://{address}/main?ssl_ca_certs={master.ca}")


async def test_a_sentinel_that_nobody_vouches_for_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    master = SecureServer(tmp_path)
    sentinel = SentinelServer(tmp_path / "sentinel", master)
    with running(master, sentinel):
        url = f"rediss+sentinel://127.0.0.1:{sentinel.tls_port}/main"
        report = await refused(url, caplog, patience=0.1)
    assert "cannot be reached" in report.splitlines()[0], "redis-py keeps the reason to itself"


@pytest.mark.parametrize("known", [False, True])
async def test_sentinels_take_the_credentials_of_their_master_or_have_none(
    tmp_path: Path, known: bool
) -> None:
    master = RedisServer(tmp_path / "master")
    sentinel = SentinelServer(tmp_path / "sentinel", master)
    with running(master, sentinel):
        master.command("CONFIG", "SET", "requirepass", SECRET)
        if known:
            sentinel.command("ACL", "SETUSER", "default", "resetpass", f">{SECRET}")
        await written_and_followed(f"redis+sentinel://:{ENCODED}@127.0.0.1:{sentinel.port}/main")


async def test_sentinels_that_refuse_the_credentials_are_told_without_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    master = RedisServer(tmp_path / "master")
    sentinel = SentinelServer(tmp_path / "sentinel", master)
    with running(master, sentinel):
        sentinel.command("ACL", "SETUSER", "default", "resetpass", f">{SECRET}")
        url = f"redis+sentinel://:wr0ng@127.0.0.1:{sentinel.port}/main"
        report = await refused(url, caplog, patience=0.1)
    assert "AuthenticationError" in report, "the log says why"
    assert "wr0ng" not in report
